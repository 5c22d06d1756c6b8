//! Simulated time, in steps that land on the times somebody wants to see.

/// Relative slack in counting steps, far above round-off and far below what anybody asks for.
const SLACK: f64 = 1e-9;

/// Times closer than this, relatively, are meant to be the same: `3 * 0.3` is not quite `0.9`.
const ROUND_OFF: f64 = 4.0 * f64::EPSILON;

/// How the largest allowed step is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Equal steps, each at most the largest, from one output to the next.
    Even,
    /// The largest step as it is, and a shorter one onto an output.
    Fixed,
}

/// Equal steps from one time to another.
#[derive(Debug, Clone, Copy)]
struct Stride {
    from: f64,
    to: f64,
    dt: f64,
    steps: u64,
    taken: u64,
}

/// The time of a run.
#[derive(Debug, Clone)]
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
        self.stride.map_or(0.0, |stride| stride.dt)
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

    /// Length of the next step: at most `max_dt`, landing on `target` (or on the end, if that
    /// comes first) without a sliver of a step before it.
    pub fn next_dt(&mut self, max_dt: f64, target: f64) -> f64 {
        let target = if Self::is_same(target, self.end) {
            self.end
        } else {
            target.min(self.end)
        };
        let go_on = self.stride.filter(|stride| {
            stride.taken < stride.steps
                && stride.to <= target
                && stride.dt <= max_dt * (1.0 + SLACK)
        });
        let stride = go_on.unwrap_or_else(|| self.plan(max_dt, target));
        self.stride = Some(stride);
        stride.dt
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
            Pace::Even => {
                let steps = if divides { whole } else { count.ceil() }.max(1.0);
                (steps, span / steps, target)
            }
        };
        Stride {
            from: self.time,
            to,
            dt,
            steps: (steps as u64).max(1),
            taken: 0,
        }
    }

    /// Moves on by the step that [`Self::next_dt`] gave.
    #[expect(clippy::cast_precision_loss, reason = "step counts are far below 2^53")]
    pub fn tick(&mut self) {
        let stride = self
            .stride
            .as_mut()
            .expect("a step has a length before it is taken");
        stride.taken += 1;
        self.step += 1;
        self.time = if stride.taken == stride.steps {
            stride.to
        } else {
            stride.from + stride.taken as f64 * stride.dt
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(clock: &mut Clock, max_dt: f64, target: f64) -> Vec<f64> {
        let mut steps = Vec::new();
        while clock.time() < target {
            steps.push(clock.next_dt(max_dt, target));
            clock.tick();
        }
        steps
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

    proptest! {
        #[test]
        fn every_target_is_hit_exactly_and_no_step_is_too_long(
            max_dt in 1e-3..0.5f64,
            mut targets in prop::collection::vec(1e-3..1.0f64, 1..6),
            fixed: bool,
        ) {
            targets.sort_by(f64::total_cmp);
            let pace = if fixed { Pace::Fixed } else { Pace::Even };
            let mut clock = Clock::new(1.0, pace);
            for target in targets {
                for dt in run(&mut clock, max_dt, target) {
                    prop_assert!(dt > 0.0 && dt <= max_dt * (1.0 + 2.0 * SLACK));
                }
                prop_assert_eq!(clock.time(), target);
            }
        }
    }
}
