//! The directory of a study. What ended well has a file in `runs`, and appears there at once and whole.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{collect::RESULTS, plan::Plan};
use crate::{
    config::differences_of_studies,
    error::{Error, Kind},
    output::write_whole,
    study::scaling::Task,
};

/// The config of the runs.
const CONFIG: &str = "study.toml";
/// Where the runs leave their reports and logs.
const RUNS: &str = "runs";

pub struct Directory {
    /// Absolute.
    path: PathBuf,
}

impl Directory {
    /// Makes a directory that of a study, or goes on with the one that it is.
    ///
    /// # Errors
    /// [`Kind::Occupied`] if it has another study or something else in it; [`Kind::Storage`].
    pub fn open(plan: &Plan, overwrite: bool) -> Result<Self, Error> {
        let path = &plan.directory;
        let path = std::path::absolute(path).map_err(|error| failed("find", path, &error))?;
        let directory = Self { path };
        let (config, runs) = (directory.config(), directory.file(RUNS));
        let effective = &plan.case().effective;
        match fs::read_to_string(&config) {
            Ok(_) if overwrite => {
                for name in [RUNS].iter().chain(&RESULTS) {
                    remove(&directory.file(name))?;
                }
            }
            Ok(before) => directory.refuse_another(&before, effective)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                directory.refuse_more_than_runs()?;
            }
            Err(error) => return Err(failed("read", &config, &error)),
        }
        fs::create_dir_all(&runs).map_err(|error| failed("create", &runs, &error))?;
        // Jobs that make one run each may come at the same time: they find it as it is to be.
        if !fs::read_to_string(&config).is_ok_and(|text| text == *effective) {
            write_whole(&config, effective.as_bytes())?;
        }
        Ok(directory)
    }

    fn refuse_another(&self, before: &str, now: &str) -> Result<(), Error> {
        let differences = differences_of_studies(before, now);
        if differences.is_empty() {
            return Ok(());
        }
        let (path, keys) = (self.path.display(), differences.join(", "));
        let message = format!("{path} holds a study of something else: {keys}");
        let help = "choose another --output, or replace it with --overwrite";
        Err(Error::new(Kind::Occupied, message).with_help(help))
    }

    fn refuse_more_than_runs(&self) -> Result<(), Error> {
        let mut entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        if entries.any(|entry| entry.file_name() != RUNS) {
            let message = format!("{} holds something that is no study", self.path.display());
            return Err(Error::new(Kind::Occupied, message).with_help("choose another --output"));
        }
        Ok(())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The config of all runs.
    pub fn config(&self) -> PathBuf {
        self.file(CONFIG)
    }

    /// What a run leaves when it has ended well.
    pub fn result(&self, task: Task) -> PathBuf {
        self.path.join(RUNS).join(task.name() + ".json")
    }

    /// What a run writes on the way.
    pub fn partial(&self, task: Task) -> PathBuf {
        self.path.join(RUNS).join(task.name() + ".partial")
    }

    /// What a run prints.
    pub fn log(&self, task: Task) -> PathBuf {
        self.path.join(RUNS).join(task.name() + ".log")
    }
}

/// Removes a file, or a directory with all that is in it; it need not be there.
pub fn remove(path: &Path) -> Result<(), Error> {
    let removed = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed("remove", path, &error))
        }
        _ => Ok(()),
    }
}

/// A storage error: what was done to which path, and the system's reason.
pub fn failed(what: &str, path: &Path, error: &io::Error) -> Error {
    Error::storage(format!("cannot {what} {}: {error}", path.display()))
}
