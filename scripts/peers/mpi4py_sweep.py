"""NumPy slices on MPI ranks, each with a block of rows; one message to either side a step."""

from time import perf_counter

import mpi4py
import numpy as np
from mpi4py import MPI

import problem

comm = MPI.COMM_WORLD
rank, size = comm.rank, comm.size
below = rank - 1 if rank > 0 else MPI.PROC_NULL
above = rank + 1 if rank < size - 1 else MPI.PROC_NULL
rows = range(problem.ny * rank // size, problem.ny * (rank + 1) // size)

u = problem.temperature(rows)
out = u.copy()
kx, ky, s = problem.coefficients(rows)
# Scratch arrays, so that no step allocates.
flow, part = np.empty((2, len(rows), problem.nx), problem.real)


def exchange(u):
    comm.Sendrecv(u[1], dest=below, recvbuf=u[-1], source=above)
    comm.Sendrecv(u[-2], dest=above, recvbuf=u[0], source=below)


def step_constant(u, out):
    center = u[1:-1, 1:-1]
    np.add(u[1:-1, :-2], u[1:-1, 2:], out=flow)
    np.add(flow, u[:-2, 1:-1], out=flow)
    np.add(flow, u[2:, 1:-1], out=flow)
    np.multiply(center, problem.real(4), out=part)
    np.subtract(flow, part, out=flow)
    np.multiply(flow, kx * s, out=flow)
    np.add(center, flow, out=out[1:-1, 1:-1])


def step_per_cell(u, out):
    center = u[1:-1, 1:-1]
    np.subtract(u[1:-1, :-2], center, out=flow)
    np.multiply(flow, kx[:, :-1], out=flow)
    for beyond, weight in ((u[1:-1, 2:], kx[:, 1:]), (u[:-2, 1:-1], ky[:-1]), (u[2:, 1:-1], ky[1:])):
        np.subtract(beyond, center, out=part)
        np.multiply(part, weight, out=part)
        np.add(flow, part, out=flow)
    np.multiply(flow, s, out=flow)
    np.add(center, flow, out=out[1:-1, 1:-1])


step = step_constant if problem.constant else step_per_cell
comm.Barrier()
start = perf_counter()
for _ in range(problem.steps):
    exchange(u)
    step(u, out)
    u, out = out, u
comm.Barrier()
seconds = perf_counter() - start

if problem.fields:
    blocks = comm.gather(u[1:-1, 1:-1])
    u = np.concatenate(blocks) if rank == 0 else None
if rank == 0:
    problem.tell(seconds, u, f"{mpi4py.__version__}, NumPy {np.__version__}")
