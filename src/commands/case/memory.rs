//! The memory that a case takes.

use super::Given;
use crate::{
    config::{Method, Preconditioning, Scheme, Solver},
    domain::Domain,
    error::Error,
    field::Real,
    launch::available_memory,
};

impl Given {
    /// Bytes that a rank of `cells` cells holds: the field and a copy for output, what the scheme
    /// needs besides, the coefficients, what of the medium is on its way to a file.
    ///
    /// # Errors
    /// If a property of the medium is not what it must be.
    pub fn memory<T: Real>(&self, cells: u64) -> Result<u64, Error> {
        let besides = match (self.case.time.scheme, self.case.solver) {
            // What the first stage adds and, where the others are not all fused, the last two and the next two.
            (Scheme::Rkl2, _) => 5,
            // The middle and the end of a step, and its error before and after it is solved for.
            (Scheme::TrBdf2, Some(solver)) => 4 + vectors::<T>(solver),
            (_, solver) => solver.map_or(1, vectors::<T>),
        };
        let fields = 2 + besides + self.coefficient_fields::<T>()?;
        // The density of summaries.
        let density = u64::from(self.case.tealeaf.is_some());
        let medium = 3 * u64::from(self.case.output.medium);
        Ok((fields * size_of::<T>() as u64 + 8 * (density + medium)) * cells)
    }

    /// Refuses a case that does not fit into this node's memory, with `ranks` ranks on it.
    ///
    /// # Errors
    /// If it does not.
    pub fn check_memory<T: Real>(&self, domain: &Domain, ranks: usize) -> Result<(), Error> {
        let cells = domain.cells[0] as u64 * domain.cells[1] as u64;
        let output = &self.case.output;
        let counts = output.extract.counts();
        // On the rank that writes; the copy for output of one that is alone is enough.
        let is_gathered =
            domain.ranks != [1, 1] && !output.storage.is_collective(output.io, counts);
        let frame = output.storage.frame_bytes(counts) * usize::from(is_gathered);
        let needed = self.memory::<T>(cells)? * ranks as u64 + frame as u64;
        match available_memory() {
            Some(available) if needed > available => {
                let message = format!(
                    "the ranks of a node need {} GiB, and {} GiB are free",
                    needed.div_ceil(1 << 30),
                    available >> 30
                );
                Err(self.fault("domain.cells", message, "use more nodes, or fewer cells"))
            }
            _ => Ok(()),
        }
    }
}

/// Vectors that a solver needs besides the solution: the right-hand side, the residual, its method's.
fn vectors<T: Real>(solver: Solver) -> u64 {
    // The levels of multigrid while the first of them are made.
    const LEVELS: u64 = 11;
    let own = match solver.method {
        // Two corrections; the direction and its image; both.
        Method::Jacobi | Method::Cg => 2,
        Method::Chebyshev | Method::Ppcg => 4,
        Method::PipelinedCg => 6,
        // The correction; own cells, lines, modes and pivots, in double precision.
        Method::Multigrid => 1 + LEVELS,
        Method::Direct => 4 * size_of::<f64>() as u64 / size_of::<T>() as u64,
    };
    // The diagonal or the levels, and what they make of the residual.
    let of_preconditioner = match (solver.method, solver.preconditioner) {
        (Method::Jacobi, _) | (Method::Ppcg | Method::PipelinedCg, Preconditioning::Jacobi) => 1,
        (_, Preconditioning::Jacobi) => 2,
        (_, Preconditioning::Multigrid) => 1 + LEVELS,
        (_, Preconditioning::None) => 0,
    };
    2 + own + of_preconditioner
}
