//! The commands: each puts the layers together for its purpose.

mod bench;
mod case;
mod check;
mod convert;
mod run;

pub use bench::bench;
pub use check::check;
pub use convert::convert;
pub use run::run;

use std::rc::Rc;

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
