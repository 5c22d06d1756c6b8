//! The summaries of the benchmark `TeaLeaf`.

use std::{cell::Cell, fmt, rc::Rc};

use serde::Serialize;

use super::note;
use crate::{
    error::Error,
    field::{Field, Real, reproducible_sum},
    simulation::{Cadence, Flow, Observer, Schedule, View},
};

/// Sums over all cells of volume `V` (per unit of depth), density `rho`, specific energy `e` and what
/// `TeaLeaf` calls temperature, `u = rho e`; the same bits from every layout. NaN where a term is not
/// finite.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Summary {
    /// `sum of V`.
    pub volume: f64,
    /// `sum of V rho`.
    pub mass: f64,
    /// `sum of V rho e`.
    pub energy: f64,
    /// `sum of V rho u`, by which `TeaLeaf` checks its results.
    pub u: f64,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            volume,
            mass,
            energy,
            u,
        } = self;
        write!(
            f,
            "Volume {volume:?}, Mass {mass:?}, Energy {energy:?}, U {u:?}"
        )
    }
}

/// Where the last summary is kept.
pub type LastSummary = Rc<Cell<Option<Summary>>>;

/// Sums up now and then, and says so.
pub struct Summaries {
    schedule: Schedule,
    density: Field<f64>,
    quiet: bool,
    last: LastSummary,
}

impl Summaries {
    /// Summaries as `cadence` says and at both ends of the run, spoken of by rank 0 unless `quiet`.
    /// `density` holds that of this rank's cells.
    #[must_use]
    pub fn new(density: Field<f64>, cadence: Option<Cadence>, quiet: bool) -> (Self, LastSummary) {
        let last = LastSummary::default();
        let observer = Self {
            schedule: Schedule::with_ends(cadence),
            density,
            quiet,
            last: Rc::clone(&last),
        };
        (observer, last)
    }

    fn summarize<T: Real>(&self, view: &View<'_, T>) -> Summary {
        let grid = view.domain.grid;
        let of_cell = grid.cell_area();
        let sum = |term: &(dyn Fn(usize, usize) -> f64 + Sync)| {
            of_cell * reproducible_sum(view.comm, view.team, view.domain.cells, term)
        };
        let (density, u) = (&self.density, view.u);
        let density = |i: usize, j: usize| density.own_row(j)[i];
        let u = |i: usize, j: usize| u.own_row(j)[i].to_f64();
        Summary {
            volume: grid.size[0] * grid.size[1],
            mass: sum(&density),
            energy: sum(&u),
            u: sum(&|i, j| density(i, j) * u(i, j)),
        }
    }
}

impl<T: Real> Observer<T> for Summaries {
    fn name(&self) -> &'static str {
        "tealeaf"
    }

    fn schedule(&mut self) -> &mut Schedule {
        &mut self.schedule
    }

    fn observe(&mut self, view: &View<'_, T>) -> Result<Flow, Error> {
        let summary = self.summarize(view);
        self.last.set(Some(summary));
        if view.comm.rank() == 0 && !self.quiet {
            let (step, time) = (view.clock.step(), view.clock.time());
            note(&format!("step {step}, t = {time} s: {summary}"));
        }
        Ok(Flow::Continue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        field::Team,
        output::testing::{LAYOUTS, Run, grid, temperature},
    };

    fn density(i: usize, j: usize) -> f64 {
        if (i + 2 * j).is_multiple_of(3) {
            100.0
        } else {
            0.1
        }
    }

    /// The last summary of each rank.
    fn last(ranks: [usize; 2]) -> Vec<Summary> {
        Run::new(grid(), ranks).each(|rank| {
            let (start, cells) = (rank.domain.start, rank.domain.cells);
            let mut field = Field::new(&Team::new(1).unwrap(), cells, 0);
            for j in 0..cells[1] {
                for (i, density) in field.own_row_mut(j).iter_mut().enumerate() {
                    *density = self::density(start[0] + i, start[1] + j);
                }
            }
            let (observer, last) = Summaries::new(field, Some(Cadence::EverySteps(4)), true);
            rank.simulate(vec![Box::new(observer)]).unwrap();
            last.get().unwrap()
        })
    }

    #[test]
    fn the_last_summary_is_of_the_last_state() {
        let [summary] = last([1, 1])[..] else {
            panic!("one rank")
        };
        let area = 0.002 * 0.001;
        let sum = |term: &dyn Fn(usize, usize) -> f64| -> f64 {
            let cells = (0..11).flat_map(|j| (0..13).map(move |i| (i, j)));
            area * cells.map(|(i, j)| term(i, j)).sum::<f64>()
        };
        let close = |found: f64, expected: f64| {
            assert!((found / expected - 1.0).abs() < 1e-13, "{found} {expected}");
        };
        close(summary.volume, 0.026 * 0.011);
        close(summary.mass, sum(&density));
        close(summary.energy, sum(&|i, j| temperature(i, j, 10)));
        close(
            summary.u,
            sum(&|i, j| density(i, j) * temperature(i, j, 10)),
        );
    }

    #[test]
    fn summaries_are_the_same_from_every_layout() {
        let expected = last([1, 1])[0];
        for ranks in LAYOUTS {
            for summary in last(ranks) {
                assert_eq!(summary, expected, "{ranks:?}");
            }
        }
    }

    #[test]
    fn a_summary_is_told_to_all_digits() {
        let summary = Summary {
            volume: 100.0,
            mass: 8401.6,
            energy: 3.49,
            u: 157.550_841_832_792_94,
        };
        let text = "Volume 100.0, Mass 8401.6, Energy 3.49, U 157.55084183279294";
        assert_eq!(summary.to_string(), text);
    }
}
