"""Plain C with OpenMP: compiles sweep.c for this machine and calls it.

c_sweep.py CONFIG [FIELDS]            ordinary stores
c_sweep.py --stream CONFIG [FIELDS]   stores that go past the caches
"""

import ctypes
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

streaming = sys.argv[1] == "--stream"
if streaming:
    del sys.argv[1]

import problem  # noqa: E402, reads the arguments

real = {np.float32: (ctypes.c_float, "float"), np.float64: (ctypes.c_double, "double")}[problem.real]
with tempfile.TemporaryDirectory() as scratch:
    library = Path(scratch) / "sweep.so"
    flags = ["-O3", "-march=native", "-fopenmp", "-shared", "-fPIC", f"-DREAL={real[1]}"]
    source = Path(__file__).with_name("sweep.c")
    subprocess.run(["gcc", *flags, "-o", library, source], check=True)
    run = ctypes.CDLL(library).run
gcc = subprocess.run(["gcc", "-dumpfullversion"], check=True, capture_output=True, text=True)

matrix = np.ctypeslib.ndpointer(problem.real, flags="C_CONTIGUOUS")
faces = ctypes.c_void_p if problem.constant else matrix
run.argtypes = [matrix, faces, faces, faces, real[0], *[ctypes.c_long] * 3, ctypes.c_int]
run.restype = ctypes.c_double

u = problem.temperature()
kx, ky, s = problem.coefficients()
per_cell, r = ([None] * 3, kx * s) if problem.constant else ([kx, ky, s], 0)
seconds = run(u, *per_cell, r, problem.nx, problem.ny, problem.steps, streaming)
problem.tell(seconds, u[1:-1, 1:-1], f"gcc {gcc.stdout.strip()}")
