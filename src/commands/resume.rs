//! `isotherm resume`, and `isotherm run --resume`.

use std::{fs, path::Path, rc::Rc, time::Instant};

use super::{
    case::Given,
    connect,
    run::{Beginning, Manner, execute},
};
use crate::{
    cli,
    comm::{Communicator, from_first},
    config::{Scheme, differences},
    error::Error,
    launch::Launcher,
    output::{CONFIG, Checkpoint, Newest, REPORT, RunDirectory, Store, note},
};

/// Goes on with a run. Collective over all processes of the launcher.
///
/// # Errors
/// Whatever ends it before its end, the same on every rank.
pub fn resume(options: &cli::Resume, launcher: Option<Launcher>) -> Result<(), Error> {
    let start = Instant::now();
    let comm = connect(launcher)?;
    let path = &options.directory;
    let moves = |set: &&String| set.trim_start().starts_with("output.directory");
    if let Some(set) = options.set.iter().find(moves) {
        let error = Error::input(format!("--set {set}: a run goes on in its own directory"));
        return Err(error.with_help("leave it out, or copy the directory and resume the copy"));
    }
    if !has_checkpoints(path, comm.as_ref())? {
        let error = Error::input(format!("{} holds no checkpoint", path.display()));
        return Err(error.with_help(
            "give the directory of a run; one that ended before its first checkpoint starts anew with \
             `isotherm run --overwrite`",
        ));
    }
    let reopened = reopen(path, comm.as_ref())?;
    let read = || Given::of_checkpoint(&reopened.1, &options.set, path);
    let given = Given::share(comm.as_ref(), read)?;
    let manner = Manner::new(&options.manner, options.threads, start);
    go_on(&given, reopened, comm, launcher, &manner)
}

/// Goes on with the run of a config, or starts it.
pub(super) fn resume_or_start(
    given: &Given,
    comm: Rc<dyn Communicator>,
    launcher: Option<Launcher>,
    manner: &Manner,
) -> Result<(), Error> {
    let path = &given.case.output.directory;
    if has_checkpoints(path, comm.as_ref())? {
        let reopened = reopen(path, comm.as_ref())?;
        return go_on(given, reopened, comm, launcher, manner);
    }
    // Of a run that broke off before its first checkpoint this one makes all again, if it is the same.
    let (has_ended, former) = from_first(comm.as_ref(), || {
        let config = fs::read_to_string(path.join(CONFIG));
        Ok((path.join(REPORT).exists(), config.ok()))
    })?;
    if let Some(former) = former {
        refuse_another(path, &former, given)?;
    }
    let overwrite = !has_ended;
    execute(given, comm, launcher, manner, Beginning::Anew { overwrite })
}

fn has_checkpoints(path: &Path, comm: &dyn Communicator) -> Result<bool, Error> {
    from_first(comm, || Ok(!Store::of(path).steps()?.is_empty()))
}

/// Locks the directory of a run, and finds its newest checkpoint that is whole.
fn reopen(path: &Path, comm: &dyn Communicator) -> Result<(RunDirectory, Checkpoint), Error> {
    let directory = RunDirectory::reopen(path, comm)?;
    let Newest {
        checkpoint,
        damaged,
    } = Store::of(path).newest(comm)?;
    let Some(checkpoint) = checkpoint else {
        let message = format!("no checkpoint is whole: {}", damaged.join("; "));
        return Err(Error::storage(message).with_help("start anew with `isotherm run --overwrite`"));
    };
    if comm.rank() == 0 {
        for damage in damaged {
            note(&format!(
                "warning: {damage}: an earlier checkpoint is taken"
            ));
        }
    }
    Ok((directory, checkpoint))
}

/// Refuses to go on with the run of another config.
fn refuse_another(path: &Path, former: &str, given: &Given) -> Result<(), Error> {
    let differences = differences(former, &given.case.effective);
    if differences.is_empty() {
        return Ok(());
    }
    let (path, differences) = (path.display(), differences.join(", "));
    let error = Error::input(format!("the run in {path} is another one: {differences}"));
    Err(error.with_help("leave that as it was, or start a new run in another directory"))
}

fn go_on(
    given: &Given,
    (directory, checkpoint): (RunDirectory, Checkpoint),
    comm: Rc<dyn Communicator>,
    launcher: Option<Launcher>,
    manner: &Manner,
) -> Result<(), Error> {
    refuse_another(directory.path(), &checkpoint.manifest.config, given)?;
    let path = directory.path().display();
    let (clock, end) = (&checkpoint.manifest.clock, given.case.time.end);
    let (step, time) = (clock.step(), clock.time());
    if end < time {
        let message = format!("time.end = {end} lies before the checkpoint, at t = {time} s");
        return Err(Error::input(message).with_help("give a later end"));
    }
    // What was killed while it wrote its last files is not finished, though there are no steps left.
    let is_told = from_first(comm.as_ref(), || Ok(directory.file(REPORT).exists()))?;
    if is_told && !clock.until(end).running() {
        if comm.rank() == 0 {
            let help = match given.case.time.scheme {
                Scheme::Steady => "",
                _ => "; --set time.end=... goes further",
            };
            note(&format!(
                "the run in {path} is finished: {step} steps to t = {time} s{help}"
            ));
        }
        return Ok(());
    }
    let beginning = Beginning::From(directory, Box::new(checkpoint));
    execute(given, comm, launcher, manner, beginning)
}
