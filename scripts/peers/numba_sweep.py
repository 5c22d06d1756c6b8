"""Loops over cells, compiled by Numba, with rows dealt to threads."""

from time import perf_counter

import numba
import numpy as np
from numba import njit, prange

import problem


@njit(parallel=True)
def spread(a):
    """A copy whose pages are first touched by the threads that will use them."""
    copy = np.empty_like(a)
    for j in prange(a.shape[0]):
        copy[j] = a[j]
    return copy


@njit(parallel=True)
def sweep_constant(u, out, r):
    for j in prange(1, u.shape[0] - 1):
        for i in range(1, u.shape[1] - 1):
            c = u[j, i]
            out[j, i] = c + r * (
                (u[j, i - 1] - c) + (u[j, i + 1] - c) + (u[j - 1, i] - c) + (u[j + 1, i] - c)
            )


@njit(parallel=True)
def sweep_per_cell(u, out, kx, ky, s):
    for j in prange(1, u.shape[0] - 1):
        for i in range(1, u.shape[1] - 1):
            c = u[j, i]
            out[j, i] = c + s[j - 1, i - 1] * (
                kx[j - 1, i - 1] * (u[j, i - 1] - c)
                + kx[j - 1, i] * (u[j, i + 1] - c)
                + ky[j - 1, i - 1] * (u[j - 1, i] - c)
                + ky[j, i - 1] * (u[j + 1, i] - c)
            )


@njit
def run(sweep, steps, u, out, coefficients):
    for _ in range(steps):
        sweep(u, out, *coefficients)
        u, out = out, u
    return u


kx, ky, s = problem.coefficients()
if problem.constant:
    sweep, coefficients = sweep_constant, (kx * s,)
else:
    sweep, coefficients = sweep_per_cell, (spread(kx), spread(ky), spread(s))
u = spread(problem.temperature())
out = spread(u)
run(sweep, 0, u, out, coefficients)  # compiles

start = perf_counter()
u = run(sweep, problem.steps, u, out, coefficients)
problem.tell(perf_counter() - start, u[1:-1, 1:-1], numba.__version__)
