"""Draws what scripts/compare-peers measured: plot.py RESULTS.csv PICTURE.png"""

import csv
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

results, picture = sys.argv[1:]
with open(results, newline="") as file:
    rows = list(csv.DictReader(file))
threads = max(int(row["threads"]) for row in rows)
rows = [row for row in rows if int(row["threads"]) == threads]
kinds = list(dict.fromkeys((row["coefficients"], row["precision"]) for row in rows))
sizes = list(dict.fromkeys(row["cells"] for row in rows))
programs = list(dict.fromkeys(row["program"] for row in rows))

# One hue, darker for larger grids; isotherm's line is shaded.
colors = [plt.get_cmap("viridis")(0.85 - 0.75 * i / max(1, len(sizes) - 1)) for i in range(len(sizes))]
columns = min(2, len(kinds))
lines = -(-len(kinds) // columns)
figure, axes = plt.subplots(
    lines,
    columns,
    figsize=(4.6 * columns, 0.5 + 2.6 * lines),
    sharex=True,
    sharey=True,
    squeeze=False,
    layout="constrained",
)
for ax, (coefficients, precision) in zip(axes.flat, kinds):
    ax.axhspan(-0.5, 0.5, color="0.93", zorder=0)
    for size, color in zip(sizes, colors):
        measured = [
            (float(row["gcells_per_s"]), programs.index(row["program"]))
            for row in rows
            if row["gcells_per_s"]
            and (row["coefficients"], row["precision"], row["cells"]) == (coefficients, precision, size)
        ]
        ax.scatter(*zip(*measured), color=color, s=30, label=size.replace("x", " × "), zorder=2)
    ax.set_title(f"{coefficients} coefficients, {precision}", fontsize=10)
    ax.set_yticks(range(len(programs)), programs)
    ax.set_ylim(len(programs) - 0.5, -0.5)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter("{x:g}")
    ax.grid(axis="x", which="both", color="0.85", linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
figure.supxlabel(f"cell updates a second on {threads} threads, 10⁹/s", fontsize=10)
handles, labels = axes[0, 0].get_legend_handles_labels()
figure.legend(handles, labels, title="cells", loc="outside right center", frameon=False)
figure.savefig(picture, dpi=150)
