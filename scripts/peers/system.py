"""What all solvers in Python do alike: read the linear system that assemble.py wrote, and tell what they
measured.

    SOLVER.py DIRECTORY NX NY TOLERANCE [SOLUTION]

assemble.py says what system it is. The solution is written as it writes the system.
"""

import json
import sys
from pathlib import Path

import numpy as np


class System:
    """What the arguments say; arrays are of (rows, columns)."""

    def __init__(self):
        directory, nx, ny, tolerance, *self._solution = sys.argv[1:]
        self.directory, self.nx, self.ny = Path(directory), int(nx), int(ny)
        self.tolerance = float(tolerance)
        self.b = self.array("b")

    def array(self, name):
        rows, columns = self.ny + (name == "across_y"), self.nx + (name == "across_x")
        return np.fromfile(self.directory / name).reshape(rows, columns)

    def matrix(self):
        """As a sparse matrix in rows, without zeros."""
        import scipy.sparse

        across_x, across_y = self.array("across_x"), self.array("across_y")
        diagonal = self.array("alpha")
        diagonal += across_x[:, :-1] + across_x[:, 1:] + across_y[:-1] + across_y[1:]
        # The element beside the last cell of a row of cells belongs to no neighbour.
        beside = -across_x[:, 1:]
        beside[:, -1] = 0
        beside = beside.ravel()[:-1]
        above = -across_y[1:-1].ravel()
        bands = [above, beside, diagonal.ravel(), beside, above]
        a = scipy.sparse.diags_array(bands, offsets=[-self.nx, -1, 0, 1, self.nx], format="csr")
        a.eliminate_zeros()
        return a

    def tell(self, x, setup, solve, iterations, version):
        """Prints the measurement as a line of JSON, and writes the solution if it is wanted."""
        for path in self._solution:
            np.asarray(x).tofile(path)
        print(json.dumps({"setup": setup, "solve": solve, "iterations": iterations, "version": version}))
