//! Results that a command looks at.

use std::path::{Path, PathBuf};

use crate::{
    cli,
    error::Error,
    output::{FIELDS, ResultFile},
};

/// The file of frames that a path stands for: itself, or that of a run directory.
pub fn fields_of(path: &Path) -> PathBuf {
    if path.is_dir() {
        path.join(FIELDS)
    } else {
        path.to_path_buf()
    }
}

/// Opens the results that a path stands for.
///
/// # Errors
/// If they cannot be read.
pub fn open(path: &Path) -> Result<ResultFile, Error> {
    let file = fields_of(path);
    if path.is_dir() && !file.exists() {
        let message = format!("{} holds no {FIELDS}", path.display());
        return Err(Error::input(message).with_help("give the directory of a run"));
    }
    ResultFile::open(&file)
}

/// The frame of a file that the command line asks for, if it asks for any.
///
/// # Errors
/// If the file has no such frame.
pub fn chosen(which: &cli::Which, file: &ResultFile) -> Result<Option<usize>, Error> {
    match *which {
        cli::Which {
            frame: Some(number),
            ..
        } => file.frame(number).map(Some),
        cli::Which {
            time: Some(time), ..
        } => file.frame_at(time).map(Some),
        cli::Which { .. } => Ok(None),
    }
}
