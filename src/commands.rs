//! The commands: each puts the layers together for its purpose.

mod bench;
mod case;
mod check;
mod compare;
mod convert;
mod info;
mod outlook;
mod plot;
mod predict;
mod results;
mod resume;
mod run;
mod scale;
mod slurm;
mod validate;

pub use bench::bench;
pub use check::check;
pub use compare::compare;
pub use convert::convert;
pub use info::info;
pub use plot::plot;
pub use predict::predict;
pub use resume::resume;
pub use run::run;
pub use scale::scale;
pub use slurm::slurm;
pub use validate::validate;

use std::{fs, path::Path, rc::Rc};

use serde::Serialize;

use crate::{
    comm::{self, Communicator},
    error::Error,
    launch::Launcher,
};

/// In which most people can tell neighbours apart (Okabe and Ito, "Color Universal Design", 2008).
const COLORS: [[u8; 3]; 10] = [
    [0, 114, 178],
    [213, 94, 0],
    [0, 158, 115],
    [204, 121, 167],
    [230, 159, 0],
    [86, 180, 233],
    [40, 40, 46],
    [240, 228, 66],
    [136, 34, 85],
    [153, 153, 51],
];

/// The ranks that the launcher started.
fn connect(launcher: Option<Launcher>) -> Result<Rc<dyn Communicator>, Error> {
    let comm = comm::connect(launcher.is_some_and(|launcher| launcher.needs_mpi()))?;
    Launcher::check(launcher, comm.size())?;
    Ok(comm)
}

/// Refuses to write to a file that was read.
fn refuse_input(file: &Path, inputs: &[&Path]) -> Result<(), Error> {
    let real = |path: &Path| fs::canonicalize(path).ok();
    if real(file).is_none_or(|file| {
        inputs
            .iter()
            .all(|input| real(input).as_ref() != Some(&file))
    }) {
        return Ok(());
    }
    let message = format!("{} is read, and not replaced", file.display());
    Err(Error::input(message).with_help("name another file"))
}

/// Writes a file of JSON.
fn write_json(path: &Path, content: &impl Serialize) -> Result<(), Error> {
    let json = serde_json::to_string_pretty(content).expect("it has a JSON form");
    fs::write(path, json + "\n")
        .map_err(|error| Error::storage(format!("cannot write {}: {error}", path.display())))
}
