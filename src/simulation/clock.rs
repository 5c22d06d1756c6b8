//! Simulated time, in steps that land on the times somebody wants to see.

use serde::{Deserialize, Serialize};

use crate::stepper::Steps;

/// Relative slack in counting steps, far above round-off and far below what anybody asks for.
const SLACK: f64 = 1e-9;

/// Times closer than this, relatively, are meant to be the same: `3 * 0.3` is not quite `0.9`.
const ROUND_OFF: f64 = 4.0 * f64::EPSILON;

/// How the largest allowed step is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pace {
    /// Equal steps, each at most the largest, from one output to the next.
    Even,
    /// The largest step as it is, and a shorter one onto an output.
    Fixed,
    /// As far as the largest step goes, which is another one each time; the last two before an output
    /// share what is left.
    Free,
}

/// Equal steps to a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Stride {
    /// Those not yet taken.
    left: Steps,
    /// Where the last of them lands, without the round-off of counting.
    to: f64,
}

/// The time of a run. All that its future depends on is in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    pace: Pace,
    end: f64,
    time: f64,
    step: u64,
    stride: Option<Stride>,
}

impl Clock {
    /// A clock at time 0 that stops at `end`, in seconds.
    #[must_use]
    pub fn new(end: f64, pace: Pace) -> Self {
        Self {
            pace,
            end,
            time: 0.0,
            step: 0,
            stride: None,
        }
    }

    /// Simulated seconds since the start.
    #[must_use]
    pub fn time(&self) -> f64 {
        self.time
    }

    /// The same clock, but that it stops at `end`, in seconds.
    #[must_use]
    pub fn until(&self, end: f64) -> Self {
        Self {
            end,
            ..self.clone()
        }
    }

    #[must_use]
    pub fn end(&self) -> f64 {
        self.end
    }

    /// Steps taken.
    #[must_use]
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Length of the step under way or last taken, in seconds; 0 before the first.
    #[must_use]
    pub fn dt(&self) -> f64 {
        self.stride.map_or(0.0, |stride| stride.left.dt())
    }

    /// Whether `time` has come, but for round-off.
    pub(super) fn has_reached(&self, time: f64) -> bool {
        time <= self.time || Self::is_same(time, self.time)
    }

    fn is_same(a: f64, b: f64) -> bool {
        (a - b).abs() <= ROUND_OFF * b.abs()
    }

    #[must_use]
    pub fn running(&self) -> bool {
        self.time < self.end
    }

    /// The next steps, of one length and at most `most`: none longer than `max_dt` nor over
    /// `target` (or the end, if that comes first), on which steps land without a sliver before it.
    pub fn next_steps(&mut self, max_dt: f64, target: f64, most: u64) -> Steps {
        let target = if Self::is_same(target, self.end) {
            self.end
        } else {
            target.min(self.end)
        };
        let go_on = self.stride.filter(|stride| {
            self.pace != Pace::Free
                && !stride.left.is_empty()
                && stride.to <= target
                && stride.left.dt() <= max_dt * (1.0 + SLACK)
        });
        let stride = go_on.unwrap_or_else(|| self.plan(max_dt, target));
        self.stride = Some(stride);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        stride.left.part(0..stride.left.len().min(most))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "step counts are positive and far below 2^53"
    )]
    fn plan(&self, max_dt: f64, target: f64) -> Stride {
        let span = target - self.time;
        let count = span / max_dt;
        let whole = count.round();
        let divides = (count - whole).abs() <= SLACK * whole.max(1.0);
        let (steps, dt, to) = match self.pace {
            Pace::Fixed if count < 1.0 => (1.0, span, target),
            Pace::Fixed if divides => (whole, max_dt, target),
            Pace::Fixed => {
                let steps = count.floor();
                (steps, max_dt, self.time + steps * max_dt)
            }
            Pace::Free if count <= 1.0 + SLACK => (1.0, span, target),
            Pace::Free => {
                let dt = max_dt.min(0.5 * span);
                (1.0, dt, self.time + dt)
            }
            Pace::Even => {
                let steps = if divides { whole } else { count.ceil() }.max(1.0);
                (steps, span / steps, target)
            }
        };
        Stride {
            left: Steps::new(self.time, dt, (steps as usize).max(1)),
            to,
        }
    }

    /// Moves on by so many of the steps that [`Self::next_steps`] gave.
    pub fn tick(&mut self, taken: usize) {
        let stride = self
            .stride
            .as_mut()
            .expect("steps have a length before they are taken");
        stride.left = stride.left.part(taken..stride.left.len());
        self.step += taken as u64;
        self.time = if stride.left.is_empty() {
            stride.to
        } else {
            stride.left.time(0)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::*, sample::select};

    /// The time and the length of each step to a target, taken in batches of these sizes in turn.
    fn batches(clock: &mut Clock, max_dt: f64, target: f64, sizes: &[u64]) -> Vec<[f64; 2]> {
        let mut steps = Vec::new();
        for &most in sizes.iter().cycle() {
            if clock.time() >= target {
                break;
            }
            let batch = clock.next_steps(max_dt, target, most);
            assert!((1..=most).contains(&(batch.len() as u64)));
            assert_eq!(batch.time(0), clock.time());
            assert_eq!(batch.dt(), clock.dt());
            steps.extend((0..batch.len()).map(|index| [batch.time(index), batch.dt()]));
            clock.tick(batch.len());
        }
        steps
    }

    fn run(clock: &mut Clock, max_dt: f64, target: f64) -> Vec<f64> {
        let steps = batches(clock, max_dt, target, &[1]);
        steps.into_iter().map(|[_, dt]| dt).collect()
    }

    #[test]
    fn a_step_that_divides_the_span_is_taken_as_it_is() {
        let mut clock = Clock::new(0.025, Pace::Fixed);
        let steps = run(&mut clock, 5e-5, 0.025);
        assert_eq!(steps.len(), 500);
        assert!(steps.iter().all(|&dt| dt == 5e-5));
        assert_eq!(clock.time(), 0.025);
    }

    #[test]
    fn a_fixed_step_is_shortened_only_onto_the_output() {
        let mut clock = Clock::new(1.0, Pace::Fixed);
        assert_eq!(run(&mut clock, 0.3, 0.5), [0.3, 0.2]);
        assert_eq!(clock.time(), 0.5);
        assert_eq!(run(&mut clock, 0.3, 1.0).len(), 2);
        assert!(!clock.running());
    }

    #[test]
    fn even_steps_share_the_span() {
        let mut clock = Clock::new(1.0, Pace::Even);
        assert_eq!(run(&mut clock, 0.3, 1.0), [0.25; 4]);
    }

    #[test]
    fn free_steps_follow_the_largest_and_leave_no_sliver() {
        let mut clock = Clock::new(1.0, Pace::Free);
        let mut steps = Vec::new();
        for max_dt in [0.25, 0.125, 0.5, 0.5] {
            let step = clock.next_steps(max_dt, 1.0, 9);
            steps.push(step.dt());
            clock.tick(step.len());
        }
        assert_eq!(steps, [0.25, 0.125, 0.3125, 0.3125]);
        assert_eq!(clock.time(), 1.0);
    }

    proptest! {
        #[test]
        fn every_target_is_hit_exactly_and_no_step_is_too_long(
            max_dt in 1e-3..0.5f64,
            mut targets in prop::collection::vec(1e-3..1.0f64, 1..6),
            pace in select(&[Pace::Even, Pace::Fixed, Pace::Free][..]),
        ) {
            targets.sort_by(f64::total_cmp);
            let mut clock = Clock::new(1.0, pace);
            for target in targets {
                for dt in run(&mut clock, max_dt, target) {
                    prop_assert!(dt > 0.0 && dt <= max_dt * (1.0 + 2.0 * SLACK));
                }
                prop_assert_eq!(clock.time(), target);
            }
        }

        #[test]
        fn steps_are_the_same_in_batches_of_any_sizes(
            max_dt in 1e-3..0.5f64,
            mut targets in prop::collection::vec(1e-3..1.0f64, 1..6),
            sizes in prop::collection::vec(1..40_u64, 1..6),
            fixed: bool,
        ) {
            targets.sort_by(f64::total_cmp);
            let pace = if fixed { Pace::Fixed } else { Pace::Even };
            let mut single = Clock::new(1.0, pace);
            let mut batched = single.clone();
            for target in targets {
                let expected = batches(&mut single, max_dt, target, &[1]);
                prop_assert_eq!(batches(&mut batched, max_dt, target, &sizes), expected);
                prop_assert_eq!(batched.time(), target);
                prop_assert_eq!(batched.step(), single.step());
            }
        }
    }
}
