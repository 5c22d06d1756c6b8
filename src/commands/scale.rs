//! `isotherm scale`.

mod array;
mod charts;
mod collect;
mod directory;
mod plan;
mod runs;

use std::{
    fmt::Write as _,
    fs,
    io::{self, IsTerminal as _, Write as _},
    path::Path,
};

use self::{directory::Directory, plan::Plan};
use crate::{
    cli,
    error::{Error, Kind},
    launch::Launcher,
    output::note,
    study::scaling::{self, Study, Verdict},
};

/// Makes the runs of a study that are missing, and its results; or what the options ask for instead.
///
/// # Errors
/// Everything that is wrong with the config, a run that failed, or points that got slower.
pub fn scale(options: &cli::Scale, launcher: Option<Launcher>) -> Result<(), Error> {
    if launcher.is_some_and(|launcher| launcher.needs_mpi()) {
        let message = "a scaling study starts its runs itself";
        let help = "start it without a launcher, and name one in scale.launcher";
        return Err(Error::input(message).with_help(help));
    }
    if let Some(studies) = &options.compare {
        return compare(&studies[0], &studies[1]);
    }
    let plan = Plan::read(options)?;
    let directory = Directory::open(&plan, options.overwrite)?;
    if let Some(script) = &options.array {
        return array::write(&plan, &directory, script);
    }
    if let Some(name) = &options.only {
        return runs::make_one(&plan, &directory, name);
    }
    let made = runs::make_all(&plan, &directory)?;
    let study = collect::study(&plan, &directory)?;
    if let Some(study) = study {
        collect::write(&plan, &directory, &study)?;
        let mut out = io::stdout();
        let lines = if out.is_terminal() {
            String::new()
        } else {
            study.result_lines()
        };
        // A reader that has gone away is no failure.
        let _ = write!(out, "{study}{lines}");
        note(&format!("results in {}", directory.path().display()));
    }
    made
}

/// Prints what became of the points of a study.
fn compare(old: &Path, new: &Path) -> Result<(), Error> {
    let [before, after] = [read(old)?, read(new)?];
    let changes = scaling::compare(&before, &after).map_err(Error::input)?;
    let mut text = format!(
        "{}: {} to {}; medians, and the one-sided test of Mann and Whitney on all repetitions\n",
        before.title,
        old.display(),
        new.display()
    );
    for change in &changes {
        writeln!(text, "{change}").expect("a string takes all");
    }
    let _ = io::stdout().write_all(text.as_bytes());
    let slower = changes
        .iter()
        .filter(|change| change.verdict == Verdict::Slower)
        .count();
    if slower > 0 {
        let message = format!("{slower} of {} points got slower", changes.len());
        return Err(Error::new(Kind::Differs, message));
    }
    Ok(())
}

/// The study of a directory, or of a `scale.json` itself.
fn read(path: &Path) -> Result<Study, Error> {
    let file = if path.is_dir() {
        path.join(collect::JSON)
    } else {
        path.to_path_buf()
    };
    let unreadable = |error: &dyn std::fmt::Display| {
        let message = format!("cannot read {}: {error}", file.display());
        Error::input(message).with_help("give the directory of a scaling study that has ended")
    };
    let text = fs::read(&file).map_err(|error| unreadable(&error))?;
    serde_json::from_slice(&text).map_err(|error| unreadable(&error))
}
