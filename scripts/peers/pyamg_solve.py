"""PyAMG under conjugate gradients, on one thread: `--ruge-stuben` or `--smoothed`, its two multigrids.

V-cycles of one symmetric sweep of Gauss-Seidel before and one after, PyAMG's default.
"""

import sys
import time

import numpy as np
import pyamg
import system

make = {"--ruge-stuben": pyamg.ruge_stuben_solver, "--smoothed": pyamg.smoothed_aggregation_solver}
make = make[sys.argv.pop(1)]
s = system.System()
a, b = s.matrix(), s.b.ravel()
residuals = []

start = time.perf_counter()
levels = make(a)
ready = time.perf_counter()
x = levels.solve(b, x0=np.zeros_like(b), tol=s.tolerance, maxiter=200, accel="cg", residuals=residuals)
done = time.perf_counter()
s.tell(x, ready - start, done - ready, len(residuals) - 1, f"PyAMG {pyamg.__version__}")
