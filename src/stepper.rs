//! Time steppers: they move a field from one time to the next.

mod batch;
mod control;
mod explicit;
mod fused;
mod plan;
pub mod rkl2;
mod steady;
mod steps;
mod theta;
mod tiling;
mod tr_bdf2;
mod tuner;

use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    field::{Field, Real},
    operator::{Accounts, Times},
    solver::SolveStats,
};

pub use batch::{Batch, reach};
pub use control::Control;
pub use explicit::Explicit;
pub use fused::Fused;
pub use plan::{Choice, Plan, Prescribed};
pub use rkl2::Rkl2;
pub use steady::Steady;
pub use steps::Steps;
pub use theta::Theta;
pub use tr_bdf2::TrBdf2;

/// Moves a temperature field forward in time.
pub trait TimeStepper<T: Real> {
    /// The largest step it may be asked for at present, in seconds.
    fn max_dt(&self) -> f64;

    /// How many steps it takes best in one call, at least 1; it takes any number.
    fn most_steps(&self) -> usize;

    /// Takes the steps, and returns how many it has taken: all of them, unless one had too large an
    /// error. Then `u` is what it was before that one, and [`Self::max_dt`] is less. Collective.
    ///
    /// # Errors
    /// Where the scheme can fail, the same error on every rank.
    fn advance(&mut self, u: &mut Field<T>, steps: Steps) -> Result<usize, Error>;

    /// Heat in `u`, and what has come in since the start. Collective.
    fn heat(&self, u: &Field<T>) -> Heat;

    /// What it carries from step to step besides the temperatures: all that a run needs to go on later,
    /// with the same bits.
    fn carried(&self) -> Carried;

    /// Goes on with what a stepper for the same case carried on the same subdomain.
    fn go_on_with(&mut self, carried: Carried);

    /// How steps are taken at present, where there is a choice.
    fn choice(&self) -> Option<Choice> {
        None
    }

    /// How many stages were taken so far, where a step has several.
    fn stages(&self) -> Option<u64> {
        None
    }

    /// What linear solves took so far, where the scheme has any.
    fn solves(&self) -> Option<&Solves> {
        None
    }

    /// Where this rank's time went.
    fn times(&self) -> StepTimes;
}

/// What a scheme carries from step to step besides the temperatures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Carried {
    /// Of this rank's subdomain.
    pub accounts: Accounts,
    /// Alike on all ranks.
    pub counts: Counts,
}

/// How much a run did so far, and what the lengths of its steps follow from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// For schemes with linear systems.
    pub solves: Option<Solves>,
    /// For schemes whose steps have stages.
    pub stages: Option<u64>,
    /// For schemes that choose their steps.
    pub control: Option<Control>,
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
    /// Whether what came in is that of one second, the same in every one, and not of all since the
    /// start.
    pub per_second: bool,
}

/// What the linear solves of a run took so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Solves {
    /// As users name it.
    pub method: String,
    pub solves: u64,
    pub iterations: u64,
    /// Of the operator.
    pub applications: u64,
    /// `|b - A u|` after the last solve over that before it; 0 if that was 0, or before the first.
    pub residual: f64,
}

impl Solves {
    fn of(method: String) -> Self {
        Self {
            method,
            solves: 0,
            iterations: 0,
            applications: 0,
            residual: 0.0,
        }
    }

    fn count(&mut self, stats: SolveStats) {
        self.solves += 1;
        self.iterations += stats.iterations;
        self.applications += stats.applications;
        self.residual = if stats.initial_residual > 0.0 {
            stats.residual / stats.initial_residual
        } else {
            0.0
        };
    }
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
    /// Vectors and reductions of linear solvers.
    pub solver: f64,
    /// From the posting of the messages until the last was known to have arrived.
    pub in_flight: f64,
}

impl StepTimes {
    /// Where the time of whole steps, counted as the solver's so far, went.
    fn with_operator(mut self, Times { halo, rim }: Times) -> Self {
        self.pack += halo.pack;
        self.interior += halo.overlap;
        self.wait += halo.wait;
        self.unpack += halo.unpack;
        self.in_flight += halo.in_flight;
        self.rim += rim;
        let operator = halo.pack + halo.overlap + halo.wait + halo.unpack + rim;
        self.solver -= operator + self.walls_and_sources;
        self
    }
}
