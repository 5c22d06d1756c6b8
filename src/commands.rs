//! The commands: each puts the layers together for its purpose.

mod bench;
mod case;
mod check;
mod run;

pub use bench::bench;
pub use check::check;
pub use run::run;

use std::rc::Rc;

use crate::{
    comm::{Communicator, Solo},
    error::Error,
    launch::Launcher,
};

/// The ranks that the launcher started; without a launcher, one rank and no MPI.
///
/// # Errors
/// If MPI cannot be used, or the launcher is not that of the MPI library.
pub fn connect(launcher: Option<Launcher>) -> Result<Rc<dyn Communicator>, Error> {
    let comm: Rc<dyn Communicator> = match launcher {
        #[cfg(feature = "mpi")]
        Some(_) => Rc::new(crate::comm::World::new()?),
        _ => Rc::new(Solo),
    };
    Launcher::check(launcher, comm.size())?;
    Ok(comm)
}
