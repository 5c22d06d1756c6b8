//! `diagnostics.csv`: a few scalars over time, bitwise the same from every layout.

use std::path::Path;

use super::{Marks, extremes::extremes, note, run_directory::DIAGNOSTICS, table::Table};
use crate::{
    comm::Communicator,
    error::Error,
    field::{Real, reproducible_sum},
    simulation::{Cadence, Flow, Moment, Observer, Schedule, View},
    stepper::Heat,
};

/// Times in s, temperatures in K, heats in J and flows in W per metre of depth; `balance_relative` has no
/// unit.
const COLUMNS: [&str; 16] = [
    "dt",
    "mean",
    "min",
    "max",
    "energy",
    "heat_left",
    "heat_right",
    "heat_bottom",
    "heat_top",
    "heat_sources",
    "balance",
    "balance_relative",
    "flow_left",
    "flow_right",
    "flow_bottom",
    "flow_top",
];

/// What schemes with a linear solver have besides: the residual that the last solve left, over that
/// at its beginning, and the iterations since the start.
const SOLVER_COLUMNS: [&str; 2] = ["residual", "iterations"];

/// The part of the heat exchanged that may go missing without a word.
const LOST: f64 = 1e-3;

/// What round-off leaves of the heat content in double precision, generously.
const ROUND_OFF: f64 = 1e-11;

/// Writes a row of scalars now and then.
///
/// Heats are those that came in since the start, and flows means since the row before, 0 in the first
/// one. The balance is the heat that is there without having come in, `energy - energy at the start -
/// heats`: round-off, if all is well, and what the tolerance of a linear solver leaves. In a steady
/// state heats are those of one second, and what they add up to is missing in the balance.
pub struct Diagnostics {
    schedule: Schedule,
    table: Table,
    marks: Marks,
}

/// Extremes and mean of the field in K; NaN if a value is not finite.
struct Summary {
    mean: f64,
    min: f64,
    max: f64,
}

impl Diagnostics {
    /// Creates the file `path`, for rows as `cadence` says and at both ends of the run, of a scheme
    /// that has linear solves or not; or goes on with it where `marks` says. Collective.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if the file cannot be written.
    pub fn open(
        path: &Path,
        cadence: Cadence,
        solves: bool,
        marks: &Marks,
        comm: &dyn Communicator,
    ) -> Result<Self, Error> {
        let more = solves.then_some(SOLVER_COLUMNS).into_iter().flatten();
        Ok(Self {
            schedule: Schedule::with_ends(Some(cadence)),
            table: Table::open(
                path,
                COLUMNS.into_iter().chain(more),
                &marks.diagnostics,
                comm,
            )?,
            marks: marks.clone(),
        })
    }
}

impl Diagnostics {
    /// Heat flows through the sides since the last call in W per metre of depth.
    fn flows(&self, time: f64, heats: [f64; 4]) -> [f64; 4] {
        let last = self.marks.last_row.replace(Some((time, heats)));
        let (since, before) = last.unwrap_or((time, heats));
        if time > since {
            [0, 1, 2, 3].map(|side| (heats[side] - before[side]) / (time - since))
        } else {
            [0.0; 4]
        }
    }
}

impl<T: Real> Observer<T> for Diagnostics {
    fn name(&self) -> &'static str {
        "diagnostics"
    }

    fn schedule(&mut self) -> &mut Schedule {
        &mut self.schedule
    }

    fn observe(&mut self, view: &View<'_, T>) -> Result<Flow, Error> {
        let Summary { mean, min, max } = summarize(view);
        let heat = view.stepper.heat(view.u);
        let energy = heat.content;
        let energy_at_start = self.marks.energy_at_start.get().unwrap_or(energy);
        self.marks.energy_at_start.set(Some(energy_at_start));
        let [left, right, bottom, top] = heat.through_sides;
        let [balance, relative] = balance(energy, energy_at_start, &heat);
        let sources = heat.from_sources;
        let mut numbers = vec![
            view.clock.dt(),
            mean,
            min,
            max,
            energy,
            left,
            right,
            bottom,
            top,
            sources,
            balance,
            relative,
        ];
        numbers.extend(self.flows(view.clock.time(), heat.through_sides));
        if let Some(solves) = view.stepper.solves() {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            let iterations = solves.iterations as f64;
            numbers.extend([solves.residual, iterations]);
        }
        self.table.append(view.clock, &numbers, view.comm)?;
        if view.moment == Moment::End && view.comm.rank() == 0 {
            warn_of_lost_heat(balance, relative, &heat);
        }
        Ok(Flow::Continue)
    }
}

/// Says so where more heat went missing than round-off explains, as in single precision when what
/// a cell takes up in a step is too little to show in its temperature.
fn warn_of_lost_heat(balance: f64, relative: f64, heat: &Heat) {
    let exchanged = gross(heat);
    if balance.abs() > LOST * exchanged && relative.abs() > ROUND_OFF {
        note(&format!(
            "warning: {balance:e} J/m of {exchanged:e} J/m that came in or went out are not \
             accounted for (balance in {DIAGNOSTICS}); double precision mends what is lost to \
             rounding"
        ));
    }
}

/// What went through the sides and came from sources, whatever its direction, in J/m.
fn gross(heat: &Heat) -> f64 {
    let sides: f64 = heat.through_sides.iter().map(|heat| heat.abs()).sum();
    sides + heat.from_sources.abs()
}

/// The balance in J per metre of depth, and relative to the largest heat in play.
fn balance(energy: f64, energy_at_start: f64, heat: &Heat) -> [f64; 2] {
    let [left, right, bottom, top] = heat.through_sides;
    let heats: f64 = [left, right, bottom, top, heat.from_sources].iter().sum();
    let (balance, scale) = if heat.per_second {
        (-heats, gross(heat))
    } else {
        let content = energy.abs().max(energy_at_start.abs());
        (energy - energy_at_start - heats, content.max(gross(heat)))
    };
    let relative = if scale > 0.0 {
        balance / scale
    } else {
        balance
    };
    [balance, relative]
}

#[expect(clippy::cast_precision_loss, reason = "cell counts are far below 2^53")]
fn summarize<T: Real>(view: &View<'_, T>) -> Summary {
    let value = |i: usize, j: usize| view.u.own_row(j)[i].to_f64();
    let sum = reproducible_sum(view.comm, view.team, view.domain.cells, value);
    let mean = sum / view.domain.grid.cell_count() as f64;
    if mean.is_nan() {
        return Summary {
            mean,
            min: mean,
            max: mean,
        };
    }
    let [min, max] = extremes(view);
    Summary { mean, min, max }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::{LAYOUTS, Run, grid, temperature};

    fn run(ranks: [usize; 2], spoil: Option<f64>) -> String {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("diagnostics.csv");
        Run::new(grid(), ranks).each(|rank| {
            rank.spoil_at = spoil.map(|value| (8, vec![[12, 10]], value));
            let cadence = Cadence::EverySteps(4);
            let comm = rank.comm.as_ref();
            let observer =
                Diagnostics::open(&path, cadence, false, &Marks::default(), comm).unwrap();
            rank.simulate(vec![Box::new(observer)]).unwrap();
        });
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn rows_are_the_same_from_every_layout() {
        let expected = run([1, 1], None);
        for ranks in LAYOUTS {
            assert_eq!(run(ranks, None), expected);
        }
        let rows: Vec<Vec<f64>> = expected
            .lines()
            .skip(1)
            .map(|row| row.split(',').map(|value| value.parse().unwrap()).collect())
            .collect();
        let steps: Vec<f64> = rows.iter().map(|row| row[0]).collect();
        assert_eq!(steps, [0.0, 4.0, 8.0, 10.0]);
        let cells = || (0..11).flat_map(|j| (0..13).map(move |i| temperature(i, j, 4)));
        let mean = cells().sum::<f64>() / 143.0;
        assert!((rows[1][3] - mean).abs() < 1e-12 * mean);
        let min = cells().fold(f64::INFINITY, f64::min);
        let max = cells().fold(f64::NEG_INFINITY, f64::max);
        assert_eq!(rows[1][4..6], [min, max]);
        assert_eq!(rows[1][6..12], [1008.0, 12.0, -4.0, 0.0, 1.0, 0.0]);
        assert_eq!(rows[1][12..14], [-1.0, -1.0 / 1008.0]);
        assert_eq!(rows[0][14..], [0.0; 4]);
        // Steps of 0.1 s; the last row comes after two of them.
        for row in &rows[1..] {
            for (flow, exact) in row[14..].iter().zip([30.0, -10.0, 0.0, 2.5]) {
                assert!((flow - exact).abs() < 1e-9, "{row:?}");
            }
        }
        assert_eq!(
            expected.lines().next().unwrap().split(',').count(),
            rows[0].len()
        );
    }

    #[test]
    fn a_nan_anywhere_shows() {
        for ranks in LAYOUTS {
            let text = run(ranks, Some(f64::NAN));
            let last = text.lines().last().unwrap();
            assert!(last.contains(",NaN,NaN,NaN,"), "{last}");
        }
    }

    #[test]
    fn a_negative_zero_is_a_zero() {
        let text = run([2, 2], Some(-0.0));
        assert!(text.lines().last().unwrap().contains(",0.0,304."), "{text}");
    }
}
