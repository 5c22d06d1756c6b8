"""Devito: the finite differences as symbols; it writes and compiles the C, with OpenMP."""

from time import perf_counter

import devito
import numpy as np
from devito import Eq, Function, Grid, Operator, TimeFunction

import problem

devito.configuration["language"] = "openmp"
devito.configuration["log-level"] = "WARNING"

shape = (problem.ny, problem.nx)
grid = Grid(shape=shape, extent=(problem.ny - 1, problem.nx - 1), dtype=problem.real)
y, x = grid.dimensions
u = TimeFunction(name="u", grid=grid, space_order=2, time_order=1)


def reset():
    """The initial state; what lies beyond the frame is never read."""
    framed = problem.temperature()
    beyond = [(halo - 1, halo - 1) for halo, _ in u._size_halo[1:]]
    u.data_with_halo[:] = np.pad(framed, beyond)


def beyond(f, dimension, cells):
    return f.subs(dimension, dimension + cells * dimension.spacing)


def symbol(name, values):
    """A coefficient: a number, or a function of the cell whose last face lies in the halo."""
    if problem.constant:
        return values
    f = Function(name=name, grid=grid, space_order=2)
    (top, _), (left, _) = f._size_halo
    f.data_with_halo[top : top + values.shape[0], left : left + values.shape[1]] = values
    return f


kx, ky, s = (symbol(*named) for named in zip(("kx", "ky", "s"), problem.coefficients()))
east, north = (kx, ky) if problem.constant else (beyond(kx, x, 1), beyond(ky, y, 1))
inflow = (
    kx * (beyond(u, x, -1) - u)
    + east * (beyond(u, x, 1) - u)
    + ky * (beyond(u, y, -1) - u)
    + north * (beyond(u, y, 1) - u)
)
operator = Operator(Eq(u.forward, u + s * inflow))
operator.apply(time_M=0)  # compiles
reset()

# Without autotuning: it finds nothing to tune in two dimensions.
start = perf_counter()
operator.apply(time_M=problem.steps - 1)
seconds = perf_counter() - start
problem.tell(seconds, u.data[problem.steps % 2], devito.__version__)
