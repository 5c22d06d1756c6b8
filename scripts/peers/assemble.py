"""The linear system of a config's first solve, as isotherm makes it: assemble.py CONFIG DIRECTORY

alpha x + (the sum over the faces of a cell of face (x - x of the neighbour)) = b, with 0 for neighbours
outside: a cell is a row of the matrix, and x runs fastest. x is what the solve adds to the initial state,
so that all solvers begin with 0 and b is the first residual. Both sides are multiplied by the area of a
cell, and those of backward Euler also by the time step. DIRECTORY gets alpha, b, across_x, across_y and
the initial state as plain doubles.
"""

import sys
import tomllib
from pathlib import Path

import numpy as np

with open(sys.argv[1], "rb") as file:
    config = tomllib.load(file)
directory = Path(sys.argv[2])

nx, ny = config["domain"]["cells"]
(width, height), corner = config["domain"]["size"], config["domain"].get("origin", [0, 0])
assert width * ny == height * nx, "cells are squares"
area = (width / nx) * (height / ny)
x = corner[0] + (np.arange(nx) + 0.5)[np.newaxis, :] * (width / nx)
y = corner[1] + (np.arange(ny) + 0.5)[:, np.newaxis] * (height / ny)
functions = {name: getattr(np, name) for name in ("exp", "sin", "cos", "tanh", "sqrt", "pi")}


def evaluate(section, key):
    """A number or an expression at the centres of cells, and what regions (rectangles) make of it."""
    text = str(config[section].get(key, 0.0)).replace("^", "**")
    values = eval(text, functions | {"x": x, "y": y})
    values = np.array(np.broadcast_to(values, (ny, nx)), dtype=float)
    for region in config.get("region", []):
        low, high = (region["shape"]["rectangle"][end] for end in ("min", "max"))
        inside_x, inside_y = ((a <= c) & (c < b) for a, c, b in zip(low, (x[0], y[:, 0]), high))
        if key in region:
            values[np.ix_(inside_y, inside_x)] = region[key]
    return values


def mean(a, b):
    arithmetic = config["material"].get("face_mean") == "arithmetic"
    return (a + b) / 2 if arithmetic else 2 * a * b / (a + b)


def wall(side, k):
    """Half a cell away, at temperature 0; or insulated."""
    held = config.get("boundary", {}).get(side)
    assert held in (None, {"temperature": 0.0}), "other walls are not known here"
    return 2 * k if held else 0 * k


k, u = evaluate("material", "conductivity"), evaluate("initial", "temperature")
alpha, dt = 0 * k, 1.0
if config["time"]["scheme"] == "backward-euler":
    alpha, dt = evaluate("material", "heat_capacity") * area, config["time"]["step"]
across_x, across_y = np.empty((ny, nx + 1)), np.empty((ny + 1, nx))
across_x[:, 1:-1], across_y[1:-1] = mean(k[:, :-1], k[:, 1:]), mean(k[:-1], k[1:])
across_x[:, 0], across_x[:, -1] = wall("left", k[:, 0]), wall("right", k[:, -1])
across_y[0], across_y[-1] = wall("bottom", k[0]), wall("top", k[-1])

b = evaluate("material", "source") * area
b += np.diff(across_x * np.diff(u, axis=1, prepend=0, append=0), axis=1)
b += np.diff(across_y * np.diff(u, axis=0, prepend=0, append=0), axis=0)

arrays = {"initial": u, "alpha": alpha, "b": b * dt, "across_x": across_x * dt, "across_y": across_y * dt}
for name, values in arrays.items():
    values.tofile(directory / name)
