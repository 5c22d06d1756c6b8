//! The runs of a study, as child processes.

use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    io,
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
    time::Instant,
};

use super::{
    directory::{Directory, failed, remove},
    plan::Plan,
};
use crate::{
    error::{Error, Kind, nearest},
    output::{REPORT, note},
    study::scaling::{Layout, Task, What},
};

/// Columns of the fields that the bandwidth is measured with; as many rows at least, and so many for each
/// core, so that no cache takes them.
const COLUMNS: usize = 4096;
const ROWS_PER_CORE: usize = 1024;

/// Rounds of the bandwidth beside one run.
const ROUNDS: usize = 3;

/// A run that did not end well.
struct Failure {
    task: Task,
    status: ExitStatus,
    line: String,
    log: PathBuf,
}

impl Failure {
    fn message(&self) -> String {
        let (name, log) = (self.task.name(), self.log.display());
        let end = match self.status.code() {
            Some(status) => format!("with status {status}"),
            None => "by a signal".to_owned(),
        };
        format!(
            "run {name} ended {end}\n  command: {}\n  log: {log}",
            self.line
        )
    }
}

/// Makes all runs that have not ended well before. A layout on which one fails is left out from there on.
///
/// The inner result is what became of the runs, whose other results are still good.
///
/// # Errors
/// If nothing can be started or stored.
pub fn make_all(plan: &Plan, directory: &Directory) -> Result<Result<(), Error>, Error> {
    let missing = missing(plan, directory);
    let done = plan.tasks.len() - missing.len();
    if done > 0 {
        note(&format!(
            "{done} of {} runs are there already",
            plan.tasks.len()
        ));
    }
    let mut failures: Vec<Failure> = Vec::new();
    for (k, &task) in missing.iter().enumerate() {
        if failures
            .iter()
            .any(|failure| failure.task.layout == task.layout)
        {
            continue;
        }
        let start = Instant::now();
        let place = format!("[{}/{}] {}", done + k + 1, plan.tasks.len(), task.name());
        match make(plan, directory, task)? {
            None => note(&format!("{place}: {:.1} s", start.elapsed().as_secs_f64())),
            Some(failure) => {
                note(&format!("{place}: {}", failure.message()));
                failures.push(failure);
            }
        }
    }
    Ok(match failures.first() {
        None => Ok(()),
        Some(first) => {
            let layouts: Vec<_> = failures
                .iter()
                .map(|of| of.task.layout.to_string())
                .collect();
            let help = format!(
                "the other runs on {} were left out; the same command goes on with what is missing",
                layouts.join(", ")
            );
            Err(Error::new(Kind::RunFailed, first.message()).with_help(help))
        }
    })
}

/// Makes one run, unless it ended well before.
///
/// # Errors
/// If there is no such run, or it fails.
pub fn make_one(plan: &Plan, directory: &Directory, name: &str) -> Result<(), Error> {
    let names: Vec<_> = plan.tasks.iter().map(Task::name).collect();
    let Some(index) = names.iter().position(|other| other == name) else {
        let known = nearest(name, names.iter().map(String::as_str)).unwrap_or(&names[0]);
        let message = format!("--only {name}: the study has no such run");
        return Err(Error::input(message).with_help(format!("did you mean {known}?")));
    };
    let task = plan.tasks[index];
    if directory.result(task).exists() {
        return Ok(());
    }
    match make(plan, directory, task)? {
        None => Ok(()),
        Some(failure) => Err(Error::new(Kind::RunFailed, failure.message())),
    }
}

/// The runs that have not ended well.
pub fn missing(plan: &Plan, directory: &Directory) -> Vec<Task> {
    let tasks = plan.tasks.iter().copied();
    tasks
        .filter(|task| !directory.result(*task).exists())
        .collect()
}

/// This program.
pub fn program() -> Result<PathBuf, Error> {
    let found = env::current_exe();
    found.map_err(|error| Error::storage(format!("cannot find this program: {error}")))
}

fn make(plan: &Plan, directory: &Directory, task: Task) -> Result<Option<Failure>, Error> {
    let (partial, log) = (directory.partial(task), directory.log(task));
    remove(&partial)?;
    let words = command_line(plan, directory, task)?;
    let opened = File::create(&log).and_then(|file| Ok((file.try_clone()?, file)));
    let (out, err) = opened.map_err(|error| failed("write", &log, &error))?;
    let status = Command::new(&words[0])
        .args(&words[1..])
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .status()
        .map_err(|error| not_started(&words[0], &error))?;
    if !status.success() {
        return Ok(Some(Failure {
            task,
            status,
            line: in_words(&words),
            log,
        }));
    }
    let written = match task.what {
        What::Steps => partial.join(REPORT),
        What::Bandwidth => partial.clone(),
    };
    let result = directory.result(task);
    fs::rename(&written, &result).map_err(|error| failed("write", &result, &error))?;
    remove(&partial)?;
    Ok(None)
}

fn not_started(program: &OsString, error: &io::Error) -> Error {
    let message = format!("cannot start {}: {error}", program.display());
    Error::input(message).with_help("name another launcher in scale.launcher")
}

/// The launcher, this program and its arguments.
fn command_line(plan: &Plan, directory: &Directory, task: Task) -> Result<Vec<OsString>, Error> {
    let Layout { ranks, threads } = task.layout;
    let launcher = plan
        .start
        .words(ranks, threads)
        .into_iter()
        .map(OsString::from);
    let mut words: Vec<OsString> = launcher.collect();
    words.push(program()?.into());
    let mut add = |more: &[&str]| words.extend(more.iter().map(OsString::from));
    match task.what {
        What::Steps => {
            add(&["run"]);
            words.push(directory.config().into());
            for assignment in plan.grid_of(task.layout) {
                words.extend(["--set".into(), assignment.into()]);
            }
            words.push("--output".into());
        }
        What::Bandwidth => {
            let rows = (ROWS_PER_CORE * task.layout.cores()).max(COLUMNS);
            let [columns, rows, rounds] = [COLUMNS, rows, ROUNDS].map(|number| number.to_string());
            add(&["bench", "--bandwidth", "--cells", &columns, &rows]);
            add(&["--rounds", &rounds, "--json"]);
        }
    }
    words.push(directory.partial(task).into());
    words.extend(["--threads".into(), threads.to_string().into()]);
    Ok(words)
}

/// A command line as a shell reads it.
pub fn in_words(words: &[OsString]) -> String {
    let quoted = words.iter().map(|word| {
        let word = word.to_string_lossy();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
        if !word.is_empty() && word.chars().all(is_plain) {
            word.into_owned()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_as_a_shell_reads_them() {
        let words = ["a/b-c", "domain.cells=[1, 2]", "it's", ""].map(OsString::from);
        assert_eq!(
            in_words(&words),
            r"a/b-c 'domain.cells=[1, 2]' 'it'\''s' ''"
        );
    }
}
