//! Where a case comes from.

use std::path::Path;

use super::Given;
use crate::{
    cli,
    comm::{Communicator, agree},
    config::{self, Source},
    error::Error,
    output::Checkpoint,
};

impl Given {
    /// Reads a config on this rank.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(config: &cli::Config, output: Option<&Path>) -> Result<Self, Error> {
        let source = config::load(&config.config)?;
        let mut overrides = config.set.clone();
        if let Some(directory) = output {
            overrides.push(directory_override(directory, "the path given to --output")?);
        }
        let case = config::parse(&source, &overrides, base(&config.config))?;
        Ok(Self {
            case,
            source,
            overrides,
        })
    }

    /// The case of a run that goes on: the config of its checkpoint, with overrides, in its directory.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn of_checkpoint(
        checkpoint: &Checkpoint,
        set: &[String],
        run: &Path,
    ) -> Result<Self, Error> {
        let source = Source {
            name: format!("the config of {}", checkpoint.path.display()),
            text: checkpoint.manifest.config.clone(),
        };
        let mut overrides = set.to_vec();
        overrides.push(directory_override(run, "the path of the run directory")?);
        let case = config::parse(&source, &overrides, Path::new(""))?;
        Ok(Self {
            case,
            source,
            overrides,
        })
    }

    /// Reads a case on rank 0 and tells all ranks of it. Collective.
    ///
    /// # Errors
    /// Everything that is wrong with it, the same on every rank.
    pub fn share(
        comm: &dyn Communicator,
        read: impl FnOnce() -> Result<Self, Error>,
    ) -> Result<Self, Error> {
        let given = if comm.rank() == 0 {
            read().map(Some)
        } else {
            Ok(None)
        };
        let given = agree(comm, given)?;
        let effective = given.as_ref().map(|given| given.case.effective.clone());
        let mut bytes = effective.map_or_else(Vec::new, String::into_bytes);
        comm.broadcast(0, &mut bytes);
        let given = given.map_or_else(
            || {
                let source = Source {
                    name: "the config of rank 0".to_owned(),
                    text: String::from_utf8(bytes).expect("rank 0 sent text"),
                };
                // The files that an effective config names have absolute paths.
                let case = config::parse(&source, &[], Path::new(""))?;
                Ok(Self {
                    case,
                    source,
                    overrides: Vec::new(),
                })
            },
            Ok,
        );
        agree(comm, given)
    }
}

/// The override that makes a directory, in words `what`, that of the run.
fn directory_override(directory: &Path, what: &str) -> Result<String, Error> {
    let directory = directory
        .to_str()
        .ok_or_else(|| Error::input(format!("{what} is not UTF-8")))?;
    Ok(config::assignment("output.directory", directory))
}

/// What paths in a config are relative to.
fn base(config: &Path) -> &Path {
    match config.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
