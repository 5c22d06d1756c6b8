//! The watch for values that are no numbers.

use crate::{
    comm::{Reduce, agree},
    error::{Error, Kind},
    field::{Real, signed},
    simulation::{Cadence, Flow, Observer, Schedule, View},
};

/// Ends the run when the field holds a NaN or an infinity. It belongs before the observers that
/// write the whole field or go over it, and looks whenever one of them does, so that none of them
/// writes such a field.
pub struct FiniteCheck {
    schedule: Schedule,
    /// The last step at which all values were finite.
    good: Option<u64>,
}

impl FiniteCheck {
    /// Checks as any of the cadences says, and at the start and the end of the run.
    #[must_use]
    pub fn new(cadences: impl IntoIterator<Item = Cadence>) -> Self {
        Self {
            schedule: Schedule::with_ends(cadences),
            good: None,
        }
    }

    fn error<T: Real>(&self, view: &View<'_, T>, cell: [usize; 2]) -> Error {
        let [i, j] = [0, 1].map(|axis| signed(cell[axis]));
        let origin = view.domain.origin();
        let value = view.u.get(i - origin[0], j - origin[1]).to_f64();
        let [x, y] = view.domain.grid.center(i, j);
        let found = match self.good {
            None if view.clock.step() == 0 => "in the initial state".to_string(),
            None => format!("found after step {}", view.clock.step()),
            Some(good) => format!(
                "found after step {} at t = {:e} s (last checked after step {good})",
                view.clock.step(),
                view.clock.time(),
            ),
        };
        Error::new(
            Kind::NotFinite,
            format!("the temperature is {value} in cell ({i}, {j}) at x = {x:e} m, y = {y:e} m: {found}"),
        )
        .with_help("look for a source, a boundary value or a material that leaves the range of numbers near that cell")
    }
}

impl<T: Real> Observer<T> for FiniteCheck {
    fn name(&self) -> &'static str {
        "finite_check"
    }

    fn schedule(&mut self) -> &mut Schedule {
        &mut self.schedule
    }

    fn observe(&mut self, view: &View<'_, T>) -> Result<Flow, Error> {
        let domain = view.domain;
        let nx = domain.grid.cells[0];
        let index = |i: usize, j: usize| {
            i64::try_from((domain.start[1] + j) * nx + domain.start[0] + i)
                .expect("a field in memory has fewer cells than 2^63")
        };
        let mine = view.team.fold_rows(
            domain.cells[1],
            || i64::MAX,
            |first, j| {
                let row = view.u.own_row(j);
                // Without an early end, which would keep it from being vectorised.
                let clean = row
                    .iter()
                    .fold(true, |clean, value| clean & value.is_finite());
                if !clean && let Some(i) = row.iter().position(|value| !value.is_finite()) {
                    *first = index(i, j).min(*first);
                }
            },
            i64::min,
        );
        // Not the values: a maximum over ranks may drop a NaN.
        let mut first = [mine];
        view.comm.all_reduce_integers(&mut first, Reduce::Min);
        if first[0] == i64::MAX {
            self.good = Some(view.clock.step());
            return Ok(Flow::Continue);
        }
        let cell = usize::try_from(mine).map(|at| [at % nx, at / nx]);
        let verdict = match cell {
            Ok(cell) if mine == first[0] => Err(self.error(view, cell)),
            _ => Ok(Flow::Continue),
        };
        agree(view.comm, verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::{LAYOUTS, Run, grid};

    #[test]
    fn the_first_bad_cell_is_named_on_every_layout() {
        for ranks in LAYOUTS {
            for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let errors = Run::new(grid(), ranks).each(|rank| {
                    rank.spoil_at = Some((7, vec![[11, 5], [3, 9], [12, 5]], bad));
                    rank.simulate(vec![Box::new(FiniteCheck::new([Cadence::EverySteps(5)]))])
                        .unwrap_err()
                });
                for error in errors {
                    assert_eq!(error.kind, Kind::NotFinite);
                    let message = error.message;
                    assert!(message.contains(&format!("{bad}")), "{message}");
                    assert!(message.contains("cell (11, 5)"), "{message}");
                    assert!(message.contains("after step 10 "), "{message}");
                    assert!(message.contains("checked after step 5"), "{message}");
                }
            }
        }
    }

    #[test]
    fn a_field_of_numbers_passes() {
        Run::new(grid(), [2, 2]).each(|rank| {
            rank.simulate(vec![Box::new(FiniteCheck::new([Cadence::EverySteps(1)]))])
                .unwrap();
        });
    }
}
