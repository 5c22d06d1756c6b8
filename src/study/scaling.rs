//! `isotherm scale`: how the time of a run changes with the number of cores.
//!
//! A study is a matrix of layouts, each run several times. It is made in rounds in which every layout
//! has its turn, so that a machine that others use too is equally busy for all; speed-ups are medians
//! of the ratios within a round.

mod compare;
mod fit;
mod layout;
mod point;
mod run;
mod statistics;
mod table;
mod task;

use serde::{Deserialize, Serialize};

pub use compare::{Change, Verdict, compare};
pub use fit::{Family, Fit, Law};
pub use layout::{Kind, Layout, layouts};
pub use point::Point;
pub use run::Run;
pub use statistics::{Spread, mann_whitney};
pub use task::{Task, What, tasks};

/// What a study found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Study {
    pub kind: Kind,
    pub title: String,
    /// Of the program.
    pub version: String,
    /// The layout that speed-ups count from: the first of the fewest cores.
    pub base: Layout,
    /// By cores, then by threads.
    pub points: Vec<Point>,
    pub fits: Vec<Fit>,
    /// Runs that ended while plans of fused steps were still being tried.
    pub unsettled: usize,
}

impl Study {
    /// The study that some counted runs make; `None` if there is no round in which the base was run.
    /// `bytes_per_update` are those that one sweep over memory for each step moves, where that is known.
    #[must_use]
    pub fn of(
        kind: Kind,
        title: &str,
        runs: &[Run],
        bytes_per_update: Option<f64>,
    ) -> Option<Self> {
        let base = runs
            .iter()
            .map(|run| run.layout)
            .min_by_key(Layout::order)?;
        let base_runs: Vec<_> = runs.iter().filter(|run| run.layout == base).collect();
        let mut layouts: Vec<_> = runs.iter().map(|run| run.layout).collect();
        layouts.sort_by_key(Layout::order);
        layouts.dedup();
        let points: Vec<_> = layouts
            .into_iter()
            .filter_map(|layout| {
                let own: Vec<_> = runs.iter().filter(|run| run.layout == layout).collect();
                Point::of(kind, &own, &base_runs, bytes_per_update)
            })
            .collect();
        Some(Self {
            kind,
            title: title.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            base,
            fits: fit::fits(kind, base, &points),
            points,
            unsettled: runs.iter().filter(|run| run.settled == Some(false)).count(),
        })
    }

    /// A line for each point that programs can read, in a form that stays:
    /// `RESULT key=value ...`, with SI units and `none` for what is not known.
    #[must_use]
    pub fn result_lines(&self) -> String {
        let lines = self.points.iter().map(|point| {
            let or_none = |number: Option<f64>| number.map_or("none".into(), |n| format!("{n}"));
            format!(
                "RESULT kind={} ranks={} threads={} cells={}x{} repetitions={} seconds={} \
                 cell_updates_per_second={} speedup={} efficiency={} serial_fraction={} \
                 communication={} hidden={} imbalance={} bandwidth={}\n",
                self.kind,
                point.layout.ranks,
                point.layout.threads,
                point.cells[0],
                point.cells[1],
                point.seconds.len(),
                point.time.median,
                point.cell_updates_per_second,
                point.speedup.median,
                point.efficiency.median,
                or_none(point.serial_fraction),
                point.communication,
                or_none(point.hidden),
                or_none(point.imbalance),
                or_none(point.bandwidth),
            )
        });
        lines.collect()
    }

    /// The times as Extra-P reads them (JSON Lines): one line for each layout and phase, values in
    /// seconds.
    #[must_use]
    pub fn extra_p(&self) -> String {
        let mut lines = String::new();
        for point in &self.points {
            let whole = [("run".to_owned(), &point.seconds)];
            let phases = point.phases.iter();
            let phases = phases.map(|(name, seconds)| (format!("run->{name}"), seconds));
            for (path, values) in whole.into_iter().chain(phases) {
                let line = serde_json::json!({
                    "params": { "ranks": point.layout.ranks, "threads": point.layout.threads },
                    "callpath": path,
                    "metric": "time",
                    "value": values,
                });
                lines.push_str(&line.to_string());
                lines.push('\n');
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn run(ranks: usize, threads: usize, repetition: usize, seconds: f64) -> Run {
        Run {
            layout: Layout { ranks, threads },
            repetition,
            cells: [100, 10],
            steps: 50,
            seconds,
            phases: vec![
                ("interior".into(), 0.5 * seconds),
                ("wait".into(), 0.25 * seconds),
            ],
            imbalance: Some(1.5),
            hidden: (ranks > 1).then_some(0.5),
            settled: Some(true),
            bandwidth: Some(1e9),
        }
    }

    /// Rounds in which everything takes twice and three times as long as in the first.
    pub(super) fn strong() -> Study {
        let runs: Vec<_> = [1.0, 2.0, 3.0]
            .into_iter()
            .enumerate()
            .flat_map(|(round, slow)| {
                [
                    run(1, 1, round + 1, 8.0 * slow),
                    run(2, 1, round + 1, 5.0 * slow),
                    run(1, 2, round + 1, 4.0 * slow),
                    run(4, 1, round + 1, 3.5 * slow),
                ]
            })
            .collect();
        Study::of(Kind::Strong, "A case", &runs, Some(24.0)).unwrap()
    }

    #[test]
    fn ratios_are_those_within_a_round() {
        let study = strong();
        let point = |ranks, threads| {
            let layout = Layout { ranks, threads };
            study.points.iter().find(|p| p.layout == layout).unwrap()
        };
        let order: Vec<_> = study.points.iter().map(|p| p.layout.to_string()).collect();
        assert_eq!(order, ["1 x 1", "2 x 1", "1 x 2", "4 x 1"]);
        let two = point(2, 1);
        assert_eq!([two.speedup.q1, two.speedup.q3], [1.6, 1.6]);
        assert_eq!(two.time.median, 10.0);
        assert_eq!(two.efficiency.median, 0.8);
        assert_eq!(two.cell_updates_per_second, 5000.0);
        // 0.25 = (1/1.6 - 1/2) / (1 - 1/2) (Karp and Flatt).
        assert!((two.serial_fraction.unwrap() - 0.25).abs() < 1e-15);
        assert_eq!(point(1, 1).serial_fraction, None);
        assert_eq!(point(1, 2).speedup.median, 2.0);
        assert_eq!(two.communication, 0.25);
        assert_eq!(two.bandwidth_speedup, Some(1.0));
        assert_eq!(two.of_memory_roof, Some(24.0 * 5000.0 / 1e9));
        assert_eq!(
            two.phases.last().unwrap(),
            &("other".to_owned(), vec![1.25, 2.5, 3.75])
        );
    }

    #[test]
    fn a_study_is_the_same_when_it_is_read_again() {
        let study = strong();
        let text = serde_json::to_string(&study).unwrap();
        assert_eq!(serde_json::from_str::<Study>(&text).unwrap(), study);
    }

    #[test]
    fn lines_for_programs_have_every_layout() {
        let study = strong();
        let lines = study.result_lines();
        assert_eq!(lines.lines().count(), 4);
        let line = lines.lines().nth(1).unwrap();
        assert!(
            line.starts_with("RESULT kind=strong ranks=2 threads=1 cells=100x10 "),
            "{line}"
        );
        assert!(line.contains(" speedup=1.6 efficiency=0.8 "), "{line}");
        let first = study.extra_p().lines().next().unwrap().to_owned();
        let first: serde_json::Value = serde_json::from_str(&first).unwrap();
        assert_eq!(
            first["params"],
            serde_json::json!({"ranks": 1, "threads": 1})
        );
        assert_eq!(first["value"], serde_json::json!([8.0, 16.0, 24.0]));
        assert_eq!(study.extra_p().lines().count(), 4 * 4);
    }
}
