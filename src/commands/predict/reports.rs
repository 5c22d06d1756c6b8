//! Steps that runs took, from their reports.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;

use super::files;
use crate::{
    error::Error,
    stepper::Plan,
    study::prediction::{Kind, Point},
};

/// The phases of a step.
const PHASES: [&str; 6] = [
    "walls_and_sources",
    "pack",
    "interior",
    "wait",
    "unpack",
    "rim",
];

/// The part of `report.json` that is of use here.
#[derive(Deserialize)]
struct Report {
    layout: Layout,
    run: Run,
    plan: Option<Plan>,
    phases: BTreeMap<String, Spread>,
}

#[derive(Deserialize)]
struct Layout {
    process_grid: [usize; 2],
    threads_per_rank: usize,
}

#[derive(Deserialize)]
struct Run {
    precision: String,
    cells: [usize; 2],
    steps: u64,
    /// Of schemes whose steps have several.
    stages: Option<u64>,
    #[serde(default)]
    resumed_after_step: u64,
}

#[derive(Deserialize)]
struct Spread {
    mean: f64,
}

/// The step of a run: the mean over its ranks, without what looked on.
pub(super) fn point(path: &Path, kind: &Kind) -> Result<Point, Error> {
    let report: Report = files::read(path)?;
    let Report {
        layout,
        run,
        plan,
        phases,
    } = report;
    let name = path.display();
    let (Some(plan), None) = (plan, run.stages) else {
        return Err(Error::input(format!(
            "{name} is of a run without explicit steps"
        )));
    };
    let same = (&run.precision, layout.threads_per_rank) == (&kind.precision, kind.threads);
    if !same {
        let message = format!(
            "{name} is of {} and {} threads a rank, and the machine was measured for {kind}",
            run.precision, layout.threads_per_rank
        );
        return Err(Error::input(message));
    }
    let seconds: f64 = PHASES
        .iter()
        .filter_map(|name| Some(phases.get(*name)?.mean))
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let steps = (run.steps - run.resumed_after_step) as f64;
    Ok(Point {
        process_grid: layout.process_grid,
        cells: run.cells,
        plan,
        seconds: seconds / steps,
    })
}
