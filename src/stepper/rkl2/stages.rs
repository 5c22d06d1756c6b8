//! The stages of a Runge-Kutta-Legendre step.

/// Above this, round-off, which grows with the square of their number, is no longer small.
pub const MOST_STAGES: usize = 9999;

/// Of a limit that was rounded, so much may be missing.
const SLACK: f64 = 1e-9;

/// The stages of one step of the second order: equations 16 to 18 of Meyer, Balsara and Aslam, "A
/// stabilized Runge-Kutta-Legendre method for explicit super-time-stepping of parabolic and mixed
/// equations", J. Comput. Phys. 257, 2014, written for what each stage adds to the state before the
/// step, `D_j = Y_j - Y_0`:
///
/// ```text
/// D_0 = 0,  D_1 = mu~_1 tau F_0
/// D_j = mu_j D_{j-1} + nu_j D_{j-2} + mu~_j tau (b_{j-1} F_0 + (F_{j-1} - F_0))
/// ```
///
/// with the right-hand side `F_j = F(t + c_j tau, Y_j)` of `du/dt = F`. For `F = lambda u` it makes
/// `Y_s = a_s + b_s P_s(1 + w lambda tau)` of 1, with the Legendre polynomial `P_s`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Legendre {
    /// `mu~_1`.
    pub first: f64,
    /// From the second stage on.
    pub others: Vec<Stage>,
}

/// Stage `j`, from 2 on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stage {
    /// `mu_j` and `nu_j`, of the two stages before.
    pub before: [f64; 2],
    /// `mu~_j`.
    pub own: f64,
    /// `b_{j-1}`.
    pub of_start: f64,
    /// `c_{j-1}`: when `F_{j-1}` is taken, as a part of the step.
    pub node: f64,
    /// The weight of `F_{j-1} - F_0` in the whole step, `D_s = tau (F_0 + sum of weights (F - F_0))`.
    pub weight: f64,
}

/// The number of stages, odd and at least 3, of a step that is so many times as long as the longest
/// stable one of forward Euler: `ratio <= (s^2 + s - 2) / 4`. An even number would hardly damp the fastest
/// modes.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small positive number; too large a one saturates"
)]
#[must_use]
pub fn stage_count(ratio: f64) -> usize {
    let root = (9.0 + 16.0 * ratio * (1.0 - SLACK)).sqrt();
    ((root - 1.0) / 2.0).ceil().max(3.0) as usize | 1
}

/// How many times as long as the longest stable step of forward Euler that of so many stages is.
#[must_use]
pub fn longest_step(stages: usize) -> f64 {
    let s = real(stages);
    (s * s + s - 2.0) / 4.0
}

impl Legendre {
    /// `count` stages, at least 2.
    pub fn new(count: usize) -> Self {
        let w = longest_step(count).recip();
        let mut others: Vec<Stage> = (2..=count).map(|j| Stage::new(j, w)).collect();
        // What a change of D_j makes of D_s, from the last stage back: each passes it on to the two
        // before it.
        let [mut reach, mut to_before] = [1.0, 0.0];
        for stage in others.iter_mut().rev() {
            stage.weight = reach * stage.own;
            let [mu, nu] = stage.before;
            [reach, to_before] = [to_before + reach * mu, reach * nu];
        }
        Self {
            first: b(1) * w,
            others,
        }
    }
}

impl Stage {
    /// But for its weight.
    fn new(number: usize, w: f64) -> Self {
        let j = real(number);
        let mu = (2.0 * j - 1.0) / j * b(number) / b(number - 1);
        let nu = -(j - 1.0) / j * b(number) / b(number - 2);
        let node = match number - 1 {
            1 => b(1),
            before => b(before) * real(before * (before + 1)) / 2.0,
        };
        Self {
            before: [mu, nu],
            own: mu * w,
            of_start: b(number - 1),
            node: node * w,
            weight: 0.0,
        }
    }
}

/// `b_j`, the part of the Legendre polynomial in stage `j`.
fn b(j: usize) -> f64 {
    let j = real(j.max(2));
    (j * j + j - 2.0) / (2.0 * j * (j + 1.0))
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn real(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `P_n(x)`.
    fn legendre(n: usize, x: f64) -> f64 {
        let (mut before, mut p) = (1.0, x);
        for k in 1..n {
            let k = real(k);
            (before, p) = (p, ((2.0 * k + 1.0) * x * p - k * before) / (k + 1.0));
        }
        p
    }

    #[test]
    fn a_step_is_a_legendre_polynomial() {
        for count in [2, 3, 4, 5, 9, 30, 101] {
            let s = real(count);
            let stages = Legendre::new(count);
            let most = (s * s + s - 2.0) / 2.0;
            for part in [0.0, 0.01, 0.3, 0.77, 1.0] {
                let z = -part * most;
                let (mut before, mut d) = (0.0, stages.first * z);
                for stage in &stages.others {
                    let [mu, nu] = stage.before;
                    let next = mu * d + nu * before + stage.own * z * (stage.of_start + d);
                    (before, d) = (d, next);
                }
                let b = (s * s + s - 2.0) / (2.0 * s * (s + 1.0));
                let w = 4.0 / (s * s + s - 2.0);
                let expected = b * (legendre(count, 1.0 + w * z) - 1.0);
                assert!(
                    (d - expected).abs() < 1e-12,
                    "{count} {part}: {d} {expected}"
                );
            }
        }
    }

    #[test]
    fn weights_are_those_of_a_scheme_of_the_second_order() {
        for count in [2, 3, 4, 5, 9, 30, 101] {
            let stages = Legendre::new(count);
            let moments = stages.others.iter().map(|stage| stage.weight * stage.node);
            assert!((moments.sum::<f64>() - 0.5).abs() < 1e-13);
            // What each stage brings, followed through all later ones.
            for (k, stage) in stages.others.iter().enumerate() {
                let (mut before, mut d) = (0.0, stage.own);
                for later in &stages.others[k + 1..] {
                    let [mu, nu] = later.before;
                    (before, d) = (d, mu * d + nu * before);
                }
                assert!((d - stage.weight).abs() < 1e-13, "{count} {k}");
            }
        }
    }

    #[test]
    fn nodes_are_the_times_that_stages_stand_for() {
        // With du/dt = 1, a stage's increment is its time.
        let stages = Legendre::new(9);
        let (mut before, mut d) = (0.0, stages.first);
        for stage in &stages.others {
            assert!((stage.node - d).abs() < 1e-15, "{} {d}", stage.node);
            let [mu, nu] = stage.before;
            let next = mu * d + nu * before + stage.own * stage.of_start;
            (before, d) = (d, next);
        }
        assert!((d - 1.0).abs() < 1e-14);
    }

    #[test]
    fn there_are_as_many_stages_as_stability_asks_for() {
        assert_eq!(
            [0.1, 1.0, 2.5, 2.500_000_000_1, 2.6].map(stage_count),
            [3, 3, 3, 3, 5]
        );
        assert_eq!(
            [7.0, 7.01, 13.5, 2575.0, 2575.1].map(stage_count),
            [5, 7, 7, 101, 103]
        );
        assert!(stage_count(1e300) > 1 << 40);
    }
}
