//! The directory of a run: one run at a time, and no run over the files of another.

#[cfg(test)]
mod tests;

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::checkpoint::{CHECKPOINTS, Store};
use crate::{
    comm::{Communicator, agree, from_first, host_name},
    error::{Error, Kind},
};

/// The effective config.
pub const CONFIG: &str = "config.toml";
/// The snapshots.
pub const FIELDS: &str = "fields.vtkhdf";
/// Scalars over time.
pub const DIAGNOSTICS: &str = "diagnostics.csv";
/// Temperatures at places of interest over time.
pub const PROBES: &str = "probes.csv";
/// The last state as an image.
pub const PICTURE: &str = "final.png";
/// What the run was and how long it took.
pub const REPORT: &str = "report.json";

/// Asks a run to write a checkpoint and stop.
pub const STOP: &str = "stop";

const LOCK: &str = ".lock";

/// How often a rank looks for the lock of the first one.
const LOOKS: usize = 50;

const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// What isotherm writes into a run directory besides checkpoints, and may therefore remove from one.
const OWN: [&str; 7] = [CONFIG, FIELDS, DIAGNOSTICS, PROBES, PICTURE, REPORT, STOP];

/// Ends the names of files that are not complete yet.
const PARTIAL: &str = ".partial";

/// A directory that belongs to this run as long as the value lives.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    /// Held by rank 0. The system lets go of it when the process ends, however it ends.
    _lock: Option<File>,
}

impl RunDirectory {
    /// Makes `path` the directory of this run, creating it if need be. With `overwrite`, the files
    /// of a former run are removed; files that isotherm does not write are left alone. `inputs` are
    /// the files that this run reads. Collective.
    ///
    /// # Errors
    /// [`Kind::Occupied`] if another run holds the directory, or if it is not empty and
    /// `overwrite` is not given; [`Kind::Input`] if that would remove an input; [`Kind::Storage`] if it cannot be
    /// created or written, or ranks do not see the same one. What a failed claim created is removed again.
    pub fn claim(
        path: &Path,
        overwrite: bool,
        inputs: &[PathBuf],
        comm: &dyn Communicator,
    ) -> Result<Self, Error> {
        let is_first = comm.rank() == 0;
        let created = if is_first {
            create(path)
        } else {
            Ok(Vec::new())
        };
        let created = agree(comm, created)?;
        let is_new = !path.join(LOCK).exists();
        let undo = || {
            if is_first && is_new {
                let _ = fs::remove_file(path.join(LOCK));
            }
            remove(&created);
        };
        let directory = Self::reopen(path, comm).inspect_err(|error| {
            // The lock of another run stays, even if it came at this very moment.
            if error.kind != Kind::Occupied {
                undo();
            }
        })?;
        let cleared = if is_first {
            clear(path, overwrite, inputs)
        } else {
            Ok(())
        };
        agree(comm, cleared).inspect_err(|_| undo())?;
        Ok(directory)
    }

    /// Makes the directory of a former run that of this run, and leaves all that is in it. Collective.
    ///
    /// # Errors
    /// [`Kind::Occupied`] if another run holds it; [`Kind::Storage`] if ranks do not see the same one.
    pub fn reopen(path: &Path, comm: &dyn Communicator) -> Result<Self, Error> {
        let lock = if comm.rank() == 0 {
            lock(path).map(Some)
        } else {
            Ok(None)
        };
        let directory = Self {
            _lock: agree(comm, lock)?,
            path: path.to_path_buf(),
        };
        see_the_same(path, comm)?;
        Ok(directory)
    }

    /// Removes what the run asked for or told at its end, which is not true any more once it goes on.
    /// Collective.
    ///
    /// # Errors
    /// [`Kind::Storage`] if a file cannot be removed.
    pub fn forget_end(&self, comm: &dyn Communicator) -> Result<(), Error> {
        let remove = |name| match fs::remove_file(self.file(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(failed("remove", &self.file(name), &error))
            }
            _ => Ok(()),
        };
        let removed = if comm.rank() == 0 {
            remove(STOP).and_then(|()| remove(REPORT))
        } else {
            Ok(())
        };
        agree(comm, removed)
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the file `name` of this run is.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes the effective config, whole or not at all. Collective.
    ///
    /// # Errors
    /// [`Kind::Storage`] if it cannot be written.
    pub fn write_config(&self, toml: &str, comm: &dyn Communicator) -> Result<(), Error> {
        let written = if comm.rank() == 0 {
            write_whole(&self.file(CONFIG), toml.as_bytes())
        } else {
            Ok(())
        };
        agree(comm, written)
    }
}

/// Writes a file under a temporary name and renames it, so that it is never seen half-written.
///
/// # Errors
/// [`Kind::Storage`] if it cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(PARTIAL);
    let write = || {
        let mut file = File::create(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&partial, path)
    };
    write().map_err(|error| {
        // Best effort: the error to report is the one that came first.
        let _ = fs::remove_file(&partial);
        failed("write", path, &error)
    })
}

/// A storage error: what was done to which path, and the system's reason.
pub(super) fn failed(what: &str, path: &Path, error: &io::Error) -> Error {
    Error::storage(format!("cannot {what} {}: {error}", path.display()))
}

/// Creates the directory and its parents; returns those that were not there, innermost first.
fn create(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let missing: Vec<PathBuf> = path
        .ancestors()
        .take_while(|parent| !parent.as_os_str().is_empty() && !parent.exists())
        .map(Path::to_path_buf)
        .collect();
    fs::create_dir_all(path).map_err(|error| {
        remove(&missing);
        failed("create the directory", path, &error)
    })?;
    Ok(missing)
}

/// Removes directories as far as they are there and empty.
fn remove(directories: &[PathBuf]) {
    for directory in directories {
        let _ = fs::remove_dir(directory);
    }
}

fn lock(directory: &Path) -> Result<File, Error> {
    let path = directory.join(LOCK);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| failed("write", &path, &error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            return Err(Error::new(
                Kind::Occupied,
                format!(
                    "{} is in use by another run ({})",
                    directory.display(),
                    holder.trim()
                ),
            )
            .with_help("wait for it to end, or choose another directory with --output"));
        }
        // Some parallel file systems are mounted without locks; there is nothing to hold then.
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
        Err(TryLockError::Error(error)) => return Err(failed("lock", &path, &error)),
    }
    let host = host_name();
    file.set_len(0)
        .and_then(|()| writeln!(file, "process {} on {host}", std::process::id()))
        .map_err(|error| failed("write", &path, &error))?;
    Ok(file)
}

/// Makes sure that what the first rank wrote into its lock is what all ranks find there. Collective.
fn see_the_same(directory: &Path, comm: &dyn Communicator) -> Result<(), Error> {
    let read = || fs::read_to_string(directory.join(LOCK)).ok();
    let holder = from_first(comm, || Ok(read()))?;
    // A network file system may show it late.
    let sees_late = |_| {
        thread::sleep(BETWEEN_LOOKS);
        read() == holder
    };
    let sees = read() == holder || (1..LOOKS).any(sees_late);
    let (name, rank) = (directory.display(), comm.rank());
    let unseen = || {
        let message = format!("rank {rank} does not see the directory {name} of rank 0");
        let help = "give --output the whole path of a directory on a disk that all nodes share";
        Error::storage(message).with_help(help)
    };
    agree(comm, sees.then_some(()).ok_or_else(unseen))
}

/// Makes sure that no former run is left in the directory.
fn clear(directory: &Path, overwrite: bool, inputs: &[PathBuf]) -> Result<(), Error> {
    let unreadable = |error| failed("read the directory", directory, &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        names.push(entry.map_err(unreadable)?.file_name());
    }
    names.retain(|name| name != LOCK);
    if !overwrite && !names.is_empty() {
        names.sort();
        return Err(Error::new(
            Kind::Occupied,
            format!(
                "{} is not empty: it holds {}",
                directory.display(),
                names[0].to_string_lossy()
            ),
        )
        .with_help(
            "--overwrite replaces the files of a former run; --output DIR writes elsewhere",
        ));
    }
    let own = |name: &str| OWN.contains(&name.strip_suffix(PARTIAL).unwrap_or(name));
    let former: Vec<PathBuf> = names
        .iter()
        .filter(|name| name.to_str().is_some_and(own))
        .map(|name| directory.join(name))
        .collect();
    let real = |path: &Path| path.canonicalize().ok();
    let inputs: Vec<PathBuf> = inputs.iter().filter_map(|input| real(input)).collect();
    if let Some(input) = former
        .iter()
        .find(|path| real(path).is_some_and(|path| inputs.contains(&path)))
    {
        let message = format!(
            "{} is an input of this run: it is not replaced",
            input.display()
        );
        return Err(Error::input(message).with_help("choose another directory with --output"));
    }
    // First, so that nothing goes on from the checkpoints of a run whose files are gone.
    if names.iter().any(|name| name == CHECKPOINTS) {
        Store::of(directory).clear()?;
    }
    for path in former {
        fs::remove_file(&path).map_err(|error| failed("remove", &path, &error))?;
    }
    Ok(())
}
