//! Snapshots of the field into `fields.vtkhdf`.

use super::FieldsFile;
use crate::{
    error::Error,
    field::Real,
    simulation::{Cadence, Flow, Moment, Observer, Schedule, View},
};

/// The name of [`Snapshots`] in a report.
pub const SNAPSHOTS: &str = "snapshots";

/// Writes the field at both ends of the run, and in between as a cadence says.
pub struct Snapshots {
    schedule: Schedule,
    file: FieldsFile,
}

impl Snapshots {
    #[must_use]
    pub fn new(file: FieldsFile, cadence: Option<Cadence>) -> Self {
        Self {
            schedule: Schedule::with_ends(cadence),
            file,
        }
    }
}

impl<T: Real> Observer<T> for Snapshots {
    fn name(&self) -> &'static str {
        SNAPSHOTS
    }

    fn schedule(&mut self) -> &mut Schedule {
        &mut self.schedule
    }

    fn observe(&mut self, view: &View<'_, T>) -> Result<Flow, Error> {
        let time = view.clock.time();
        let (domain, team, comm) = (view.domain, view.team, view.comm);
        self.file.append(time, view.u, domain, team, comm)?;
        if view.moment == Moment::End {
            self.file.frames().settle(comm)?;
        }
        Ok(Flow::Continue)
    }
}
