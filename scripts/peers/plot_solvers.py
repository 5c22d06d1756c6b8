"""Draws what scripts/compare-solvers measured: plot_solvers.py RESULTS.csv PICTURE.png"""

import csv
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

results, picture = sys.argv[1:]
with open(results, newline="") as file:
    rows = [row for row in csv.DictReader(file) if row["seconds"]]
cores = max(int(row["cores"]) for row in rows)
rows = [row for row in rows if int(row["cores"]) == cores]
problems = list(dict.fromkeys(row["problem"] for row in rows))
sizes = sorted({int(row["cells"]) for row in rows})
programs = list(dict.fromkeys(row["program"] for row in rows))

# One hue, darker for larger grids; isotherm's lines are shaded.
colors = [plt.get_cmap("viridis")(0.85 - 0.75 * i / max(1, len(sizes) - 1)) for i in range(len(sizes))]
figure, axes = plt.subplots(
    1,
    len(problems),
    figsize=(3 + 2.6 * len(problems), 1 + 0.3 * len(programs)),
    sharex=True,
    sharey=True,
    squeeze=False,
    layout="constrained",
)
handles = {}
for ax, problem in zip(axes.flat, problems):
    for line, program in enumerate(programs):
        if program.startswith("isotherm"):
            ax.axhspan(line - 0.5, line + 0.5, color="0.93", zorder=0)
    for size, color in zip(sizes, colors):
        measured = [
            (1e9 * float(row["seconds"]) / size**2, programs.index(row["program"]))
            for row in rows
            if row["problem"] == problem and int(row["cells"]) == size
        ]
        if measured:
            handles[size] = ax.scatter(*zip(*measured), color=color, s=30, label=f"{size}²", zorder=2)
    ax.set_title(problem, fontsize=10)
    ax.set_yticks(range(len(programs)), programs)
    ax.set_ylim(len(programs) - 0.5, -0.5)
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(plt.LogLocator(subs=[1, 2, 5]))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter("")
    ax.grid(axis="x", which="both", color="0.85", linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
figure.supxlabel(f"set-up and solve on {cores} core{'s' * (cores > 1)}, ns a cell", fontsize=10)
figure.legend(handles=list(handles.values()), title="cells", loc="outside right center", frameon=False)
figure.savefig(picture, dpi=150)
