//! The commands: each puts the layers together for its purpose.

mod bench;
mod case;
mod check;
mod convert;
mod resume;
mod run;
mod validate;

pub use bench::bench;
pub use check::check;
pub use convert::convert;
pub use resume::resume;
pub use run::run;
pub use validate::validate;

use std::{fs, path::Path, rc::Rc};

use serde::Serialize;

use crate::{
    comm::{self, Communicator},
    error::Error,
    launch::Launcher,
};

/// The ranks that the launcher started.
fn connect(launcher: Option<Launcher>) -> Result<Rc<dyn Communicator>, Error> {
    let comm = comm::connect(launcher.is_some_and(|launcher| launcher.needs_mpi()))?;
    Launcher::check(launcher, comm.size())?;
    Ok(comm)
}

/// Writes a file of JSON.
fn write_json(path: &Path, content: &impl Serialize) -> Result<(), Error> {
    let json = serde_json::to_string_pretty(content).expect("it has a JSON form");
    fs::write(path, json + "\n")
        .map_err(|error| Error::storage(format!("cannot write {}: {error}", path.display())))
}
