//! The only HDF5 of the program.

mod chunks;
mod disk;
mod fields;
mod frames;
mod gathered;
mod layout;
mod raw;
mod read;
mod results;
mod serial;
mod space;
mod verify;

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use hdf5_metno::{File, FileBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    comm::{Communicator, Solo, agree},
    error::Error,
};

pub use fields::FieldsFile;
pub use frames::{FrameTimes, Frames};
pub use read::{Window, read_block};
pub use results::{ResultFile, same_time};

/// How long a writer waits for readers.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the library says of a file that another program has locked, and of one that is being written.
const LOCKED: &str = "unable to lock file";
const OPEN: &str = "file is already open for write";

/// What a file of frames says of its run.
#[derive(Debug, Clone, Copy)]
pub struct Heading<'a> {
    pub title: &'a str,
    /// The effective config.
    pub config: &'a str,
}

/// How fields are stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Storage {
    /// In single precision.
    pub single: bool,
    /// The level of lossless compression, 1 to 9; none if absent.
    pub compression: Option<u8>,
}

/// Who writes frames, where there are several ranks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Io {
    #[default]
    Auto,
    /// All of them together.
    Collective,
    /// One of them.
    Gather,
}

/// A property of the medium: a field that does not change with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Property {
    pub name: &'static str,
    pub units: &'static str,
    /// What it is, for axes and legends.
    pub words: &'static str,
}

/// Version of the HDF5 library.
pub fn version() -> String {
    let (major, minor, patch) = hdf5_metno::library_version();
    format!("{major}.{minor}.{patch}")
}

/// Whether all ranks of `comm` write a file together. Otherwise rank 0 writes it alone.
fn is_parallel(comm: &dyn Communicator) -> bool {
    #[cfg(feature = "mpi")]
    let processes = comm.as_mpi().is_some();
    #[cfg(not(feature = "mpi"))]
    let processes = false;
    processes && comm.size() > 1
}

/// Runs `work` on the ranks that write, with the group they form. Collective over `comm`.
fn on_writers(
    comm: &dyn Communicator,
    work: impl FnOnce(&dyn Communicator) -> Result<(), Error>,
) -> Result<(), Error> {
    let result = if is_parallel(comm) {
        work(comm)
    } else if comm.rank() == 0 {
        work(&Solo)
    } else {
        Ok(())
    };
    agree(comm, result)
}

/// How the writers `comm` open a file for writing.
#[cfg_attr(
    not(feature = "mpi"),
    expect(unused_variables, reason = "without MPI there is one writer")
)]
fn access(comm: &dyn Communicator) -> FileBuilder {
    let mut builder = File::with_options();
    builder.with_fapl(|access| {
        #[cfg(feature = "mpi")]
        if is_parallel(comm)
            && let Some(comm) = comm.as_mpi()
        {
            access.mpio(comm, None);
        }
        // From this version on, metadata carry checksums.
        access.libver_v110()
    });
    builder
}

/// Opens a file for writing. A program that reads it just now may take its time, to a limit.
fn open_to_write(path: &Path, comm: &dyn Communicator) -> hdf5_metno::Result<File> {
    let start = Instant::now();
    loop {
        match access(comm).open_rw(path) {
            // Writers of several processes take no locks, and must not part here.
            Err(error)
                if reason(&error).contains(LOCKED)
                    && !is_parallel(comm)
                    && start.elapsed() < PATIENCE =>
            {
                thread::sleep(PATIENCE / 100);
            }
            other => return other,
        }
    }
}

/// The library's reason for an error.
fn reason(error: &hdf5_metno::Error) -> String {
    let stack = error.stack();
    // The innermost frame is the cause; the outer ones are what it led to.
    match stack.as_ref().and_then(|stack| stack.last()) {
        Some(frame) => frame
            .desc()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        None if stack.is_some() => "HDF5 gives no reason".to_string(),
        None => error.to_string(),
    }
}

/// A storage error: what was done to which file, and the library's reason.
fn failed(what: &str, path: &Path, error: &hdf5_metno::Error) -> Error {
    let reason = reason(error);
    let (locked, open) = (reason.contains(LOCKED), reason.contains(OPEN));
    let error = Error::storage(format!("cannot {what} {}: {reason}", path.display()));
    if locked {
        error.with_help(
            "another program has the file open: try again, or close it; on a file system without locks, set HDF5_USE_FILE_LOCKING=FALSE",
        )
    } else if open {
        error.with_help(
            "a run is writing it: try again; if the run was killed while it wrote, `h5clear -s` mends the file",
        )
    } else {
        error
    }
}
