//! The results of a study from those of its runs.

use std::{fs, io, path::Path};

use super::{
    charts,
    directory::{Directory, failed},
    plan::Plan,
};
use crate::{
    error::Error,
    output::write_whole,
    study::scaling::{Run, Study, Task, What},
};

/// The files of a study: the whole of it, a line for each layout, the times for Extra-P, and charts.
pub const RESULTS: [&str; 7] = [
    JSON,
    "results.csv",
    "extra-p.jsonl",
    "speedup.png",
    "efficiency.png",
    "rate.png",
    "phases.png",
];
pub const JSON: &str = "scale.json";

/// The study of the counted runs that are there; `None` if no speed-up can be told.
///
/// # Errors
/// If a result of a run cannot be read.
pub fn study(plan: &Plan, directory: &Directory) -> Result<Option<Study>, Error> {
    let mut runs = Vec::new();
    let counted = |task: &&Task| task.what == What::Steps && task.repetition > 0;
    for &task in plan.tasks.iter().filter(counted) {
        let file = directory.result(task);
        let Some(report) = content(&file)? else {
            continue;
        };
        let beside = Task {
            what: What::Bandwidth,
            ..task
        };
        let bandwidth = content(&directory.result(beside))?;
        let run = Run::read(task.layout, task.repetition, &report, bandwidth.as_deref());
        runs.push(run.map_err(|error| {
            let message = format!("cannot make sense of {}: {error}", file.display());
            Error::storage(message).with_help("remove it, and it will be run again")
        })?);
    }
    let title = &plan.case().title;
    Ok(Study::of(plan.kind, title, &runs, plan.bytes_per_update))
}

/// What is in a file, if it is there.
fn content(file: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", file, &error)),
    }
}

/// Writes all files of a study.
///
/// # Errors
/// If one cannot be written.
pub fn write(plan: &Plan, directory: &Directory, study: &Study) -> Result<(), Error> {
    let json = serde_json::to_string_pretty(study).expect("a study has a JSON form") + "\n";
    let (texts, charts) = RESULTS.split_at(3);
    for (name, text) in texts.iter().zip([json, study.csv(), study.extra_p()]) {
        write_whole(&directory.file(name), text.as_bytes())?;
    }
    for (name, chart) in charts
        .iter()
        .zip(charts::charts(study, plan.bytes_per_update))
    {
        chart.write(&directory.file(name))?;
    }
    Ok(())
}
