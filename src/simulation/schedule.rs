//! When something periodic is due.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Clock, Moment};

/// How often something happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cadence {
    /// Steps.
    EverySteps(u64),
    /// Simulated seconds.
    EveryTime(f64),
    /// Simulated seconds, ascending.
    Times(Vec<f64>),
}

/// A cadence and how far it has come.
#[derive(Debug, Clone)]
pub struct Schedule {
    cadence: Option<Cadence>,
    /// Also due at the start and at the end of the run.
    at_ends: bool,
    /// How many of the cadence's times have passed; the first multiple of an interval is one
    /// interval after 0.
    passed: usize,
    /// The step at which it was last due.
    last: Option<u64>,
}

impl Schedule {
    /// Due as `cadence` says, and at the start and the end of the run.
    #[must_use]
    pub fn with_ends(cadence: Option<Cadence>) -> Self {
        Self {
            cadence,
            at_ends: true,
            passed: 0,
            last: None,
        }
    }

    /// Due every `steps` steps.
    #[must_use]
    pub fn every_steps(steps: u64) -> Self {
        Self {
            cadence: Some(Cadence::EverySteps(steps)),
            at_ends: false,
            passed: 0,
            last: None,
        }
    }

    /// Changes the number of steps between two looks from here on.
    pub fn set_every_steps(&mut self, steps: u64) {
        self.cadence = Some(Cadence::EverySteps(steps));
    }

    /// The next simulated time to land on, if the cadence is one of time.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "outputs are far fewer than 2^53"
    )]
    pub fn next_time(&self) -> Option<f64> {
        match self.cadence.as_ref()? {
            Cadence::EverySteps(_) => None,
            Cadence::EveryTime(interval) => Some((self.passed + 1) as f64 * interval),
            Cadence::Times(times) => times.get(self.passed).copied(),
        }
    }

    /// Whether it is due now; moves on if so. At most once for each step.
    pub(super) fn take(&mut self, clock: &Clock, moment: Moment) -> bool {
        let mut due = self.at_ends && moment != Moment::Running;
        if let Some(Cadence::EverySteps(steps)) = self.cadence {
            due |= moment != Moment::Start && clock.step().is_multiple_of(steps);
        }
        while self.next_time().is_some_and(|time| time <= clock.time()) {
            self.passed += 1;
            due = true;
        }
        due &= self.last != Some(clock.step());
        if due {
            self.last = Some(clock.step());
        }
        due
    }
}
