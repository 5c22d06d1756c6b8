//! What looks on while the loop runs.

use super::{Clock, Schedule};
use crate::{
    comm::Communicator,
    domain::Domain,
    error::Error,
    field::{Field, Real, Team},
    stepper::TimeStepper,
};

/// Where in the run an observer is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before the first step.
    Start,
    Running,
    /// After the last step, also when an observer ended the run early.
    End,
}

/// Whether the run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Continue,
    Stop,
}

/// What an observer sees.
pub struct View<'a, T: Real> {
    pub comm: &'a dyn Communicator,
    pub team: &'a Team,
    pub domain: &'a Domain,
    /// Temperature in K; its ghosts are stale.
    pub u: &'a Field<T>,
    pub stepper: &'a dyn TimeStepper<T>,
    pub clock: &'a Clock,
    pub moment: Moment,
}

/// Something that looks at the field when its schedule says so.
pub trait Observer<T: Real> {
    /// Its name in reports.
    fn name(&self) -> &'static str;

    fn schedule(&mut self) -> &mut Schedule;

    /// Looks. Collective: it is called on every rank, and what it returns is the same on every
    /// rank (see [`crate::comm::agree`]).
    ///
    /// # Errors
    /// Whatever makes the run not worth going on.
    fn observe(&mut self, view: &View<'_, T>) -> Result<Flow, Error>;
}
