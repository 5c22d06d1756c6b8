//! Files of predictions.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::Path,
};

use serde::de::DeserializeOwned;

use super::{Outcome, table::words};
use crate::{
    commands::{COLORS, write_json},
    error::Error,
    field::Real,
    output::{Chart, Mark, Panel, Scale, Series},
    stepper::Plan,
    study::prediction::{Model, Prediction, Scaling, write_trace},
};

/// Batches of a trace: enough for ranks to wait for each other.
const BATCHES: usize = 3;

/// What a file of JSON holds.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text = fs::read_to_string(path)
        .map_err(|error| Error::input(format!("cannot read {}: {error}", path.display())))?;
    serde_json::from_str(&text)
        .map_err(|error| Error::input(format!("{} is of another kind: {error}", path.display())))
}

/// Writes `prediction.json`, `prediction.csv` and `prediction.png`.
pub(super) fn write(directory: &Path, outcome: &Outcome<'_>) -> Result<(), Error> {
    create(directory)?;
    write_json(&directory.join("prediction.json"), outcome)?;
    let path = directory.join("prediction.csv");
    fs::write(&path, csv(&outcome.predictions)).map_err(|error| failed(&path, &error))?;
    chart(outcome).write(&directory.join("prediction.png"))
}

/// Writes a trace for each prediction: `RANKS-DEPTH-OVERLAP.trace`.
pub(super) fn trace<T: Real>(
    directory: &Path,
    model: &Model<'_>,
    scaling: &Scaling,
    predictions: &[Prediction],
    plans: &[Plan],
) -> Result<(), Error> {
    create(directory)?;
    for prediction in predictions {
        let &Prediction {
            ranks,
            halo_depth,
            overlap,
            ..
        } = prediction;
        let path = directory.join(format!("{ranks}-{halo_depth}-{overlap}.trace"));
        let same = |plan: &&Plan| (plan.halo_depth, plan.overlap) == (halo_depth, overlap);
        let plan = plans.iter().find(same).expect("it was predicted");
        let layout = scaling.layout(ranks).expect("it was predicted");
        let write = || {
            let mut out = BufWriter::new(File::create(&path)?);
            write_trace::<T>(&mut out, model, &layout, *plan, BATCHES)?;
            out.flush()
        };
        write().map_err(|error| failed(&path, &error))?;
    }
    Ok(())
}

fn create(directory: &Path) -> Result<(), Error> {
    fs::create_dir_all(directory).map_err(|error| failed(directory, &error))
}

fn failed(path: &Path, error: &io::Error) -> Error {
    Error::storage(format!("cannot write {}: {error}", path.display()))
}

fn csv(predictions: &[Prediction]) -> String {
    let mut text = String::from(
        "ranks,px,py,nx,ny,halo_depth,overlap,step_seconds,efficiency,communication,hidden,best\n",
    );
    for prediction in predictions {
        let Prediction {
            ranks,
            process_grid: [px, py],
            cells: [nx, ny],
            halo_depth,
            overlap,
            step_seconds,
            efficiency,
            communication,
            ..
        } = prediction;
        let optional = |number: Option<f64>| number.map_or(String::new(), |n| n.to_string());
        let (hidden, best) = (optional(prediction.hidden), optional(prediction.best));
        writeln!(
            text,
            "{ranks},{px},{py},{nx},{ny},{halo_depth},{overlap},{step_seconds:e},{efficiency},\
             {communication},{hidden},{best}"
        )
        .expect("a string takes all");
    }
    text
}

/// Efficiency over ranks.
fn chart(outcome: &Outcome<'_>) -> Chart {
    let all = &outcome.predictions;
    let plan = |prediction: &Prediction| (prediction.halo_depth, prediction.overlap);
    let mut plans: Vec<_> = Vec::new();
    for prediction in all {
        if !plans.contains(&plan(prediction)) {
            plans.push(plan(prediction));
        }
    }
    let mut depths: Vec<_> = plans.iter().map(|(depth, _)| *depth).collect();
    depths.dedup();
    let series = plans.into_iter().map(|(depth, overlap)| {
        let same = all.iter().filter(|other| plan(other) == (depth, overlap));
        let place = depths.iter().position(|other| *other == depth).unwrap_or(0);
        #[expect(clippy::cast_precision_loss, reason = "counts of ranks")]
        let points = same.map(|of| [of.ranks as f64, of.efficiency]).collect();
        Series {
            label: format!("depth {depth}, overlap {}", words(overlap)),
            color: COLORS[place % COLORS.len()],
            mark: if overlap { Mark::Line } else { Mark::Dashes },
            points,
        }
    });
    let kind = if outcome.strong { "Strong" } else { "Weak" };
    Chart {
        title: format!("{kind} scaling, predicted: {}", outcome.machine.kind),
        axes: ["ranks".into(), "parallel efficiency".into()],
        scales: [Scale::Logarithmic, Scale::Linear],
        panels: vec![Panel {
            title: String::new(),
            series: series.collect(),
        }],
    }
}
