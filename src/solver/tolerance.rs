//! When to stop a solver.

use std::collections::VecDeque;

use super::{Reason, SolverError};

/// A residual that has grown by this factor will not come back.
const DIVERGED: f64 = 1e10;

/// Residuals that are remembered for messages.
const REMEMBERED: usize = 5;

/// A solution is good enough when its residual is at most `max(relative * first, absolute)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Of the residual at the first guess.
    pub relative: f64,
    /// In the unit of the right-hand side.
    pub absolute: f64,
    pub max_iterations: u64,
}

/// Looks on while a method iterates.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    goal: f64,
    max_iterations: u64,
    /// Iterations without a smaller residual after which there is no hope.
    patience: u64,
    initial: f64,
    iterations: u64,
    least: f64,
    /// The iteration that brought the least residual.
    least_at: u64,
    last: VecDeque<f64>,
}

impl Watch {
    pub fn new(tolerance: Tolerance, patience: u64, initial: f64) -> Self {
        Self {
            goal: f64::max(tolerance.relative * initial, tolerance.absolute),
            max_iterations: tolerance.max_iterations,
            patience,
            initial,
            iterations: 0,
            least: initial,
            least_at: 0,
            last: VecDeque::with_capacity(REMEMBERED),
        }
    }

    pub fn goal(&self) -> f64 {
        self.goal
    }

    pub fn iterations(&self) -> u64 {
        self.iterations
    }

    pub fn is_reached(&self, residual: f64) -> bool {
        residual <= self.goal
    }

    /// Counts an iteration, and looks at the residual that it left where that is known.
    ///
    /// # Errors
    /// If no more of them will help.
    pub fn count(&mut self, residual: Option<f64>) -> Result<(), Reason> {
        self.iterations += 1;
        match residual {
            Some(residual) => self.look(residual),
            None if self.iterations >= self.max_iterations => Err(Reason::TooManyIterations),
            None => Ok(()),
        }
    }

    fn look(&mut self, residual: f64) -> Result<(), Reason> {
        self.last.truncate(REMEMBERED - 1);
        self.last.push_front(residual);
        if residual < self.least {
            (self.least, self.least_at) = (residual, self.iterations);
        }
        if self.is_reached(residual) {
            Ok(())
        } else if !residual.is_finite() || residual > DIVERGED * self.initial {
            Err(Reason::Diverged)
        } else if self.iterations >= self.max_iterations {
            Err(Reason::TooManyIterations)
        } else if self.iterations - self.least_at >= self.patience {
            Err(Reason::Stagnated)
        } else {
            Ok(())
        }
    }

    pub fn error(&self, method: String, reason: Reason) -> SolverError {
        SolverError {
            method,
            reason,
            iterations: self.iterations,
            initial: self.initial,
            goal: self.goal,
            last: self.last.iter().rev().copied().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: u64 = 100;

    fn watch(relative: f64, absolute: f64) -> Watch {
        let tolerance = Tolerance {
            relative,
            absolute,
            max_iterations: 3000,
        };
        Watch::new(tolerance, PATIENCE, 8.0)
    }

    #[test]
    fn the_looser_of_both_tolerances_counts() {
        assert!(watch(0.25, 0.0).is_reached(2.0));
        assert!(!watch(0.25, 0.0).is_reached(2.1));
        assert!(watch(0.25, 3.0).is_reached(3.0));
        assert!(!watch(0.0, 0.0).is_reached(f64::MIN_POSITIVE));
        assert!(!watch(0.25, 3.0).is_reached(f64::NAN));
    }

    #[test]
    fn what_will_not_end_is_ended() {
        let ends = |residual: &dyn Fn(u64) -> f64| {
            let mut watch = watch(1e-9, 0.0);
            let end = (1..).find_map(|k| {
                watch
                    .count(Some(residual(k)))
                    .err()
                    .map(|reason| (k, reason))
            });
            let error = watch.error("method".into(), end.unwrap().1);
            assert_eq!(error.iterations, end.unwrap().0);
            assert!(error.last.len() <= REMEMBERED);
            end.unwrap()
        };
        let slowly = |k: u64| 8.0 * 0.9999_f64.powi(i32::try_from(k).unwrap());
        assert_eq!(ends(&slowly), (3000, Reason::TooManyIterations));
        assert_eq!(ends(&|_| 8.0), (PATIENCE, Reason::Stagnated));
        assert_eq!(
            ends(&|k| slowly(k.min(7))),
            (PATIENCE + 7, Reason::Stagnated)
        );
        let fast = |k: u64| 10.0_f64.powi(i32::try_from(k).unwrap());
        assert_eq!(ends(&fast), (11, Reason::Diverged));
        assert_eq!(ends(&|_| f64::NAN), (1, Reason::Diverged));
        let mut blind = watch(1e-9, 0.0);
        let end = (1..=3001).find(|_| blind.count(None).is_err());
        assert_eq!(end, Some(3000));
    }
}
