//! Time steppers: they move a field from one time to the next.

mod explicit;
mod plan;
mod steps;
mod tiling;

use crate::{
    error::Error,
    field::{Field, Real},
};

pub use explicit::Explicit;
pub use plan::{Choice, Plan, Prescribed};
pub use steps::Steps;

/// Moves a temperature field forward in time.
pub trait TimeStepper<T: Real> {
    /// The largest step it may be asked for, in seconds.
    fn max_dt(&self) -> f64;

    /// How many steps it takes best in one call, at least 1; it takes any number.
    fn most_steps(&self) -> usize;

    /// Takes all of the steps. Collective.
    ///
    /// # Errors
    /// Where the scheme can fail, the same error on every rank.
    fn advance(&mut self, u: &mut Field<T>, steps: Steps) -> Result<(), Error>;

    /// Heat in `u`, and what has come in since the start. Collective.
    fn heat(&self, u: &Field<T>) -> Heat;

    /// How steps are taken at present, where there is a choice.
    fn choice(&self) -> Option<Choice> {
        None
    }

    /// Where this rank's time went.
    fn times(&self) -> StepTimes;
}

/// Heat content and heat that came in, in joules per metre of depth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heat {
    /// `sum of V rho_c u`.
    pub content: f64,
    /// Through each side since the start, inward positive, in the order of `Side::ALL`.
    pub through_sides: [f64; 4],
    /// From the sources since the start.
    pub from_sources: f64,
}

/// Seconds of one rank's wall clock, summed over the steps.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StepTimes {
    /// Walls and sources brought up to the time.
    pub walls_and_sources: f64,
    /// Edges packed and messages posted.
    pub pack: f64,
    /// Cells that need no message.
    pub interior: f64,
    /// Waiting for messages after the interior was done.
    pub wait: f64,
    /// Messages unpacked into ghosts.
    pub unpack: f64,
    /// Cells next to ghosts that came by message.
    pub rim: f64,
    /// From the posting of the messages until the last was known to have arrived.
    pub in_flight: f64,
}
