"""The greatest difference of two states over the greatest temperature: difference.py DIRECTORY STATE STATE

A state is a file of isotherm's, or a solution of the system in DIRECTORY that assemble.py wrote.
"""

import sys
from pathlib import Path

import h5py
import numpy as np


def state(path):
    if path.endswith(".vtkhdf"):
        with h5py.File(path) as file:
            return file["temperature"][-1].ravel()
    return np.fromfile(Path(directory) / "initial") + np.fromfile(path)


directory, one, other = sys.argv[1:]
expected = state(one)
print(np.max(np.abs(state(other) - expected)) / np.max(np.abs(expected)))
