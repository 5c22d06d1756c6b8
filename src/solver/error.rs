//! What can go wrong in a solver.

use std::fmt;

use crate::error::{Error, Kind};

/// Why a solver gave up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The right-hand side, the operator or the first guess is not finite.
    NotFinite,
    TooManyIterations,
    /// The residual gets no smaller.
    Stagnated,
    /// The residual grows without end.
    Diverged,
    /// A direction or a residual has no positive size, in words: something that should be positive
    /// definite is not.
    Breakdown(&'static str),
}

/// A solver gave up.
#[derive(Debug, Clone, PartialEq)]
pub struct SolverError {
    /// As users name it.
    pub method: String,
    pub reason: Reason,
    pub iterations: u64,
    /// The residual of the first guess, and the one that was wanted.
    pub initial: f64,
    pub goal: f64,
    /// The last residuals.
    pub last: Vec<f64>,
}

impl fmt::Display for SolverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method,
            iterations,
            initial,
            goal,
            ..
        } = self;
        match self.reason {
            Reason::NotFinite => {
                return write!(f, "{method} cannot start: the residual is {initial}");
            }
            Reason::TooManyIterations => {
                write!(
                    f,
                    "{method} has not converged after {iterations} iterations"
                )
            }
            Reason::Stagnated => {
                write!(
                    f,
                    "{method} does not get further after {iterations} iterations"
                )
            }
            Reason::Diverged => write!(f, "{method} diverges after {iterations} iterations"),
            Reason::Breakdown(what) => {
                write!(
                    f,
                    "{method} broke down after {iterations} iterations: {what}"
                )
            }
        }?;
        let last: Vec<_> = self.last.iter().map(|norm| format!("{norm:.3e}")).collect();
        write!(
            f,
            "; the residual was {initial:.3e} at first, ... {} at last, and {goal:.3e} is wanted",
            last.join(", ")
        )
    }
}

impl std::error::Error for SolverError {}

impl From<SolverError> for Error {
    fn from(error: SolverError) -> Self {
        let help = match error.reason {
            Reason::NotFinite => {
                return Self::new(Kind::NotFinite, error.to_string()).with_help(
                    "look for expressions of sources and sides that are not finite somewhere",
                );
            }
            Reason::TooManyIterations => {
                "raise solver.max_iterations, loosen solver.relative_tolerance, take another \
                 method or preconditioner, or take shorter steps"
            }
            Reason::Stagnated if error.last.last() > Some(&error.initial) => {
                "try another method, such as \"cg\"; one that goes by bounds of the spectrum finds better \
                 ones with more solver.cg_steps"
            }
            Reason::Stagnated => {
                "loosen solver.relative_tolerance, or give a solver.absolute_tolerance: round-off \
                 may allow no more; double precision allows more than single"
            }
            Reason::Diverged | Reason::Breakdown(_) => {
                "try another preconditioner or method, and look for coefficients that differ by \
                 more orders of magnitude than the precision holds"
            }
        };
        Self::new(Kind::NotConverged, error.to_string()).with_help(help)
    }
}
