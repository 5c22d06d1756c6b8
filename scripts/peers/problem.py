"""What all peers do alike: read the config that isotherm reads, and tell what was measured.

    PEER.py CONFIG [FIELDS]

The grid has cells of width 1, and a frame of one cell around it that keeps its temperature. FIELDS is
what isotherm wrote for the same config; then the last state is compared with it.
"""

import json
import sys
import tomllib

import numpy as np

with open(sys.argv[1], "rb") as file:
    config = tomllib.load(file)
fields = sys.argv[2] if len(sys.argv) > 2 else None

nx, ny = config["domain"]["cells"]
real = {"f32": np.float32, "f64": np.float64}[config["parallel"]["precision"]]
dt = config["time"]["step"]
steps = round(config["time"]["end"] / dt)
constant = not isinstance(config["material"]["conductivity"], str)


def evaluate(quantity, rows):
    """A number or an expression at the centres of these rows and their frame, as a matrix."""
    names = {"sin": np.sin, "cos": np.cos, "max": np.maximum}
    names["x"] = np.arange(-1, nx + 1)[np.newaxis, :] + 0.5
    names["y"] = np.arange(rows.start - 1, rows.stop + 1)[:, np.newaxis] + 0.5
    shape = (len(rows) + 2, nx + 2)
    return np.array(np.broadcast_to(eval(str(quantity), names), shape))


def temperature(rows=range(ny)):
    """The initial temperature of these rows of cells, in their frame."""
    u = evaluate(config["initial"]["temperature"], rows).astype(real)
    wall = {side: config["boundary"][side]["convection"]["ambient"] for side in config["boundary"]}
    u[:, 0], u[:, -1] = wall["left"], wall["right"]
    if rows.start == 0:
        u[0] = wall["bottom"]
    if rows.stop == ny:
        u[-1] = wall["top"]
    return u


def harmonic_mean(a, b):
    return 2 * a * b / (a + b)


def coefficients(rows=range(ny)):
    """Conductivity of the faces across x and across y, and time step over heat capacity of the cells.

    Three numbers if they are constant, else matrices of len(rows) x (nx + 1), (len(rows) + 1) x nx and
    len(rows) x nx.
    """
    k, rho_c = config["material"]["conductivity"], config["material"]["heat_capacity"]
    if constant:
        return real(k), real(k), real(dt / rho_c)
    k, rho_c = evaluate(k, rows), evaluate(rho_c, rows)
    across_x = harmonic_mean(k[1:-1, :-1], k[1:-1, 1:])
    across_y = harmonic_mean(k[:-1, 1:-1], k[1:, 1:-1])
    return across_x.astype(real), across_y.astype(real), (dt / rho_c[1:-1, 1:-1]).astype(real)


def tell(seconds, u, version):
    """Prints the measurement as a line of JSON; `u` is the last state without its frame."""
    measured = {"seconds": seconds, "version": version}
    if fields:
        import h5py

        with h5py.File(fields) as file:
            expected = file["temperature"][-1]
        measured["difference"] = float(np.max(np.abs(u - expected)) / np.max(np.abs(expected)))
    print(json.dumps(measured))
