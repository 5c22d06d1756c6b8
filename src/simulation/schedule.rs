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

/// Cadences, and how far they have come; due when any of them is.
#[derive(Debug, Clone)]
pub struct Schedule {
    tracks: Vec<Track>,
    /// Also due at the start and at the end of the run.
    at_ends: bool,
    /// Also due at every chance from this step on.
    from_step: Option<u64>,
    /// The step at which it was last due.
    last: Option<u64>,
}

#[derive(Debug, Clone)]
struct Track {
    cadence: Cadence,
    /// How many of the cadence's times have passed; the first multiple of an interval is one
    /// interval after 0.
    passed: usize,
}

impl Schedule {
    /// Due as any of the cadences says, and at the start and the end of the run.
    #[must_use]
    pub fn with_ends(cadences: impl IntoIterator<Item = Cadence>) -> Self {
        let track = |cadence| Track { cadence, passed: 0 };
        Self {
            tracks: cadences.into_iter().map(track).collect(),
            at_ends: true,
            from_step: None,
            last: None,
        }
    }

    /// Due whenever the loop comes by, from `step` on. It never makes the loop come by: for what
    /// is about wall time, where no exact step is wanted.
    #[must_use]
    pub fn from_step(step: u64) -> Self {
        Self {
            at_ends: false,
            from_step: Some(step),
            ..Self::with_ends(None)
        }
    }

    /// From which step on it is due whenever the loop comes by, from now on.
    pub fn set_from_step(&mut self, step: u64) {
        self.from_step = Some(step);
    }

    /// The next simulated time to land on, if a cadence is one of time.
    #[must_use]
    pub fn next_time(&self) -> Option<f64> {
        self.tracks
            .iter()
            .filter_map(Track::next_time)
            .min_by(f64::total_cmp)
    }

    /// How many steps to take until it is due by their number, if a cadence is one of steps.
    pub(super) fn steps_until_due(&self, clock: &Clock) -> Option<u64> {
        self.tracks
            .iter()
            .filter_map(|track| track.steps_until_due(clock))
            .min()
    }

    /// Whether it is due now; moves on if so. At most once for each step.
    pub fn take(&mut self, clock: &Clock, moment: Moment) -> bool {
        let mut due = self.at_ends && moment != Moment::Running;
        due |= self.from_step.is_some_and(|step| clock.step() >= step);
        for track in &mut self.tracks {
            due |= track.take(clock, moment);
        }
        due &= self.last != Some(clock.step());
        if due {
            self.last = Some(clock.step());
        }
        due
    }
}

impl Track {
    #[expect(
        clippy::cast_precision_loss,
        reason = "outputs are far fewer than 2^53"
    )]
    fn next_time(&self) -> Option<f64> {
        match &self.cadence {
            Cadence::EverySteps(_) => None,
            Cadence::EveryTime(interval) => Some((self.passed + 1) as f64 * interval),
            Cadence::Times(times) => times.get(self.passed).copied(),
        }
    }

    fn steps_until_due(&self, clock: &Clock) -> Option<u64> {
        match self.cadence {
            Cadence::EverySteps(steps) => Some(steps - clock.step() % steps),
            Cadence::EveryTime(_) | Cadence::Times(_) => None,
        }
    }

    fn take(&mut self, clock: &Clock, moment: Moment) -> bool {
        let mut due = match self.cadence {
            Cadence::EverySteps(steps) => {
                moment != Moment::Start && clock.step().is_multiple_of(steps)
            }
            _ => false,
        };
        while self.next_time().is_some_and(|time| clock.has_reached(time)) {
            self.passed += 1;
            due = true;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::Pace;

    /// The times at which a schedule is due on the way to `end`, and the steps between.
    fn looks(mut schedule: Schedule, end: f64, max_dt: f64, pace: Pace) -> (Vec<f64>, Vec<f64>) {
        let mut clock = Clock::new(end, pace);
        let (mut looks, mut steps) = (Vec::new(), Vec::new());
        if schedule.take(&clock, Moment::Start) {
            looks.push(clock.time());
        }
        while clock.running() {
            let target = schedule.next_time().unwrap_or(f64::INFINITY);
            steps.push(clock.next_steps(max_dt, target, 1).dt());
            clock.tick(1);
            let moment = if clock.running() {
                Moment::Running
            } else {
                Moment::End
            };
            if schedule.take(&clock, moment) {
                looks.push(clock.time());
            }
        }
        (looks, steps)
    }

    #[test]
    fn intervals_that_divide_the_span_leave_no_sliver() {
        for end in [0.9, 0.3, 0.7, 1.1, 3e-7, 0.02] {
            for parts in 1..50 {
                let interval = end / f64::from(parts);
                let max_dt = interval / 2.7;
                for pace in [Pace::Even, Pace::Fixed] {
                    let schedule = Schedule::with_ends(Some(Cadence::EveryTime(interval)));
                    let (looks, steps) = looks(schedule, end, max_dt, pace);
                    assert_eq!(
                        looks.len(),
                        usize::try_from(parts).unwrap() + 1,
                        "{end}/{parts}"
                    );
                    assert_eq!(looks.last(), Some(&end));
                    assert!(
                        steps.iter().all(|&dt| dt > 0.5 * max_dt),
                        "{end}/{parts} {steps:?}"
                    );
                }
            }
        }
        let schedule = Schedule::with_ends(Some(Cadence::EveryTime(0.3)));
        assert_eq!(looks(schedule, 0.9, 0.1, Pace::Even).0.len(), 4);
    }

    #[test]
    fn times_and_steps_are_met_once() {
        let schedule = Schedule::with_ends(Some(Cadence::Times(vec![0.0, 0.25, 1.0])));
        assert_eq!(looks(schedule, 1.0, 0.4, Pace::Even).0, [0.0, 0.25, 1.0]);
        let schedule = Schedule::with_ends(Some(Cadence::EverySteps(2)));
        assert_eq!(
            looks(schedule, 1.0, 0.2, Pace::Fixed).0,
            [0.0, 0.4, 0.8, 1.0]
        );
        let schedule = Schedule::from_step(3);
        assert_eq!(looks(schedule, 1.0, 0.25, Pace::Fixed).0, [0.75, 1.0]);
        let schedule = Schedule::with_ends(Some(Cadence::EveryTime(5.0)));
        assert_eq!(looks(schedule, 1.0, 0.3, Pace::Even).0, [0.0, 1.0]);
        assert_eq!(
            looks(Schedule::with_ends(None), 1.0, 0.3, Pace::Even).0,
            [0.0, 1.0]
        );
    }
}
