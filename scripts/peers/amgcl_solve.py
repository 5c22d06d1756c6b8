"""AMGCL under conjugate gradients: smoothed aggregation and SPAI-0, its defaults."""

import time
from importlib.metadata import version

import pyamgcl
import system

s = system.System()
a, b = s.matrix(), s.b.ravel()

start = time.perf_counter()
preconditioner = pyamgcl.amg(a, {"coarsening.type": "smoothed_aggregation", "relax.type": "spai0"})
cg = pyamgcl.solver(preconditioner, {"type": "cg", "tol": s.tolerance, "maxiter": 200})
ready = time.perf_counter()
x = cg(b)
done = time.perf_counter()
s.tell(x, ready - start, done - ready, cg.iters, f"pyamgcl {version('pyamgcl')}")
