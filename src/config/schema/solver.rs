//! What a config file may hold about linear solvers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    config::case::{Method, Preconditioning},
    solver::Smoother,
};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Solver {
    /// `"cg"`: conjugate gradients; `"pipelined-cg"`: the same with one reduction an iteration, hidden behind the
    /// operator, for many ranks on a slow network: it goes over memory more often; `"multigrid"`: V-cycles over ever coarser grids; `"ppcg"`: conjugate
    /// gradients with a polynomial of the operator for a preconditioner, so that ranks wait for each
    /// other less often; `"chebyshev"`: Chebyshev iteration, which goes over memory least; `"jacobi"`:
    /// Jacobi's method, slow; `"direct"`: Fourier transforms along one axis and elimination along the other,
    /// the fastest by far where it is possible: with one conductivity and one heat capacity everywhere, and
    /// convection, if there is any, on the sides of one axis only, the same along each side.
    pub method: Method,
    /// What helps the method on: `"none"`; `"jacobi"`, the operator's diagonal; or, for `"cg"`,
    /// `"multigrid"`, one V-cycle. With that an iteration takes some five times as long, but their
    /// number hardly grows with the number of cells, nor where conductivities jump: the best choice
    /// for all but short steps. `"ppcg"` has its polynomial besides.
    pub preconditioner: Preconditioning,
    /// The first iterations of `"chebyshev"` and `"ppcg"` in each solve, at least 2, are those of `"cg"` and
    /// find the bounds of the spectrum that the others need; 25 if absent.
    pub cg_steps: Option<usize>,
    /// How often an iteration of `"ppcg"` applies the operator besides the once that one of `"cg"`
    /// does, at least 1; 10 if absent.
    pub inner_steps: Option<usize>,
    /// What takes the rough part of errors on the grids of multigrid, be it the method or the preconditioner:
    /// `"chebyshev"`, a polynomial of the operator, or `"red-black"`, Gauss-Seidel by the cells of a chess board, which
    /// goes over them less often, and takes half as many iterations of `"cg"` again; `"chebyshev"` if absent.
    pub smoother: Option<Smoother>,
    /// A solution is good enough when its residual, in the norm of the sum of squares over all
    /// cells, is at most this part of what it was before the solve.
    pub relative_tolerance: f64,
    /// ... or at most this: in J/m^3, or W/m^3 for `"steady"`.
    pub absolute_tolerance: f64,
    /// A solve that needs more iterations ends the run with an error.
    pub max_iterations: u64,
}

impl Default for Solver {
    fn default() -> Self {
        Self {
            method: Method::default(),
            preconditioner: Preconditioning::default(),
            cg_steps: None,
            inner_steps: None,
            smoother: None,
            relative_tolerance: 1e-8,
            absolute_tolerance: 0.0,
            max_iterations: 10_000,
        }
    }
}
