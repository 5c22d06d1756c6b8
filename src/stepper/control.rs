//! Steps as long as their error allows.

use serde::{Deserialize, Serialize};

/// The part of the longest step foretold that is asked for.
const SAFETY: f64 = 0.9;

/// By how much a step may differ from the one before.
const SHRINK: f64 = 0.2;
const GROW: f64 = 5.0;

/// Errors below this part of the tolerance all ask for the longest step.
const LEAST_ERROR: f64 = 1e-4;

/// All that step control carries from one step to the next.
///
/// A proportional-integral controller (Gustafsson, "Control Theoretic Techniques for Stepsize Selection
/// in Explicit Runge-Kutta Methods", 1991) for errors of the third order in the step: of `e`, the error over
/// the tolerance, the next step takes `e_before^(1/8) / e^(1/4)`. These are square roots, which all
/// processors round alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Control {
    /// Seconds of the step that is proposed next.
    pub next: f64,
    /// The error of the last step that was good enough, over the tolerance; 1 at the start.
    pub error: f64,
}

impl Control {
    /// Before the first step, of so many seconds.
    #[must_use]
    pub fn new(first: f64) -> Self {
        Self {
            next: first,
            error: 1.0,
        }
    }

    /// Learns the error of a step of `dt` seconds over the tolerance, and whether the one tried before it
    /// was refused. Returns whether this one is good enough.
    pub fn judge(&mut self, dt: f64, error: f64, was_refused: bool) -> bool {
        let is_good = error <= 1.0;
        let factor = if is_good {
            let error = error.max(LEAST_ERROR);
            let before = std::mem::replace(&mut self.error, error);
            SAFETY * before.sqrt().sqrt().sqrt() / error.sqrt().sqrt()
        } else {
            SAFETY / error.sqrt()
        };
        let most = if was_refused { 1.0 } else { GROW };
        self.next = dt * factor.clamp(SHRINK, most);
        is_good
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps from 0 to 1 where a step of `dt` at `t` has the error `size(t) dt^3` of the tolerance: how many
    /// were taken, and how many refused.
    fn steps(size: impl Fn(f64) -> f64) -> (usize, usize) {
        let mut control = Control::new(1e-6);
        let (mut t, mut taken, mut refused, mut was_refused) = (0.0, 0, 0, false);
        while t < 1.0 {
            let dt = control.next;
            was_refused = !control.judge(dt, size(t) * dt.powi(3), was_refused);
            if was_refused {
                refused += 1;
            } else {
                (t, taken) = (t + dt, taken + 1);
            }
        }
        (taken, refused)
    }

    #[test]
    fn steps_become_as_long_as_the_tolerance_allows() {
        // At rest `0.9 e^(1/8) = e^(1/4)`, and so steps are 0.9^(8/3) of the longest.
        let (taken, refused) = steps(|_| 1e9);
        assert!((1320..1350).contains(&taken), "{taken}");
        assert_eq!(refused, 0);
    }

    #[test]
    fn steps_follow_an_error_that_changes() {
        // As many as the longest steps allow, over the same part.
        for (size, most_refused) in [
            (
                &(|t: f64| 1e9 * (-30.0 * t).exp()) as &dyn Fn(f64) -> f64,
                0,
            ),
            (&|t| 1e9 * (-30.0 * (1.0 - t)).exp(), 5),
            (&|t| if t < 0.5 { 1e3 } else { 1e9 }, 5),
        ] {
            let longest = (0..1000).map(|k| size(f64::from(k) / 1000.0).cbrt() / 1000.0);
            let expected: f64 = longest.sum::<f64>() / 0.9_f64.powf(8.0 / 3.0);
            let (taken, refused) = steps(size);
            let ratio = f64::from(u32::try_from(taken).unwrap()) / expected;
            assert!((0.9..1.25).contains(&ratio), "{taken} {expected}");
            assert!(refused <= most_refused, "{refused}");
        }
    }
}
