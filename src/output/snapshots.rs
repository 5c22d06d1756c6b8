//! Snapshots of the field into `fields.vtkhdf`.

use std::path::Path;

use super::{FieldsFile, Marks};
use crate::{
    comm::Communicator,
    error::Error,
    field::Real,
    grid::Grid,
    simulation::{Cadence, Flow, Observer, Schedule, View},
};

/// Writes the field at both ends of the run, and in between as a cadence says.
pub struct Snapshots {
    schedule: Schedule,
    file: FieldsFile,
}

impl Snapshots {
    /// Creates the file `path` for fields of `T` on `grid`, or goes on with it where `marks` says. Collective.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if it cannot be written, or is not what the marks tell of.
    pub fn open<T: Real>(
        path: &Path,
        title: &str,
        grid: &Grid,
        cadence: Option<Cadence>,
        marks: &Marks,
        comm: &dyn Communicator,
    ) -> Result<Self, Error> {
        Ok(Self {
            schedule: Schedule::with_ends(cadence),
            file: FieldsFile::open::<T>(path, title, grid, &marks.frames, comm)?,
        })
    }
}

impl<T: Real> Observer<T> for Snapshots {
    fn name(&self) -> &'static str {
        "snapshots"
    }

    fn schedule(&mut self) -> &mut Schedule {
        &mut self.schedule
    }

    fn observe(&mut self, view: &View<'_, T>) -> Result<Flow, Error> {
        let time = view.clock.time();
        self.file.append(time, view.u, view.domain, view.comm)?;
        Ok(Flow::Continue)
    }
}
