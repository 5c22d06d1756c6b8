//! The recurrence of Chebyshev polynomials over a spectrum.

use super::lanczos::Bounds;

/// Weights of the corrections that make the residual of the k-th one a Chebyshev polynomial of
/// `M^-1 A`, scaled to 1 at 0: no other polynomial of its degree is as small on all of the spectrum. It
/// is at most `1 / T_k(sigma)` there (Saad, "Iterative Methods for Sparse Linear Systems", 2nd edition,
/// algorithm 12.1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Recurrence {
    /// Half the width of the spectrum.
    delta: f64,
    /// Its middle over that.
    sigma: f64,
    /// `T_k(sigma) / T_{k+1}(sigma)` for the k-th correction.
    rho: f64,
}

impl Recurrence {
    pub fn new(Bounds { low, high }: Bounds) -> Self {
        let (middle, delta) = (f64::midpoint(low, high), 0.5 * (high - low));
        let sigma = middle / delta;
        Self {
            delta,
            sigma,
            rho: 1.0 / sigma,
        }
    }

    /// The weight of `M^-1 r` in the first correction.
    pub fn first(self) -> f64 {
        1.0 / (self.sigma * self.delta)
    }

    /// By how much the next residual's bound lies below this one's.
    pub fn factor(self) -> f64 {
        self.rho
    }

    /// The weights of the next correction: of the step before, and of `M^-1 r`.
    pub fn next(&mut self) -> [f64; 2] {
        let rho = 1.0 / (2.0 * self.sigma - self.rho);
        let weights = [rho * self.rho, 2.0 * rho / self.delta];
        self.rho = rho;
        weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `T_k(x)` for any `x`.
    fn chebyshev(k: i32, x: f64) -> f64 {
        match x {
            x if x > 1.0 => (f64::from(k) * x.acosh()).cosh(),
            x if x < -1.0 => (-1.0_f64).powi(k) * (f64::from(k) * (-x).acosh()).cosh(),
            x => (f64::from(k) * x.acos()).cos(),
        }
    }

    #[test]
    fn residuals_are_chebyshev_polynomials() {
        let bounds = Bounds {
            low: 0.3,
            high: 7.0,
        };
        let argument = |lambda: f64| (7.3 - 2.0 * lambda) / 6.7;
        for lambda in [0.1, 0.3, 1.0, 3.65, 6.9, 7.0, 7.5] {
            let mut recurrence = Recurrence::new(bounds);
            let (mut before, mut e, mut bound) = (0.0, recurrence.first(), 1.0);
            for k in 1..20 {
                bound *= recurrence.factor();
                let expected = chebyshev(k, argument(lambda)) / chebyshev(k, argument(0.0));
                let residual = 1.0 - lambda * e;
                let size = expected.abs().max(1.0);
                assert!((residual - expected).abs() < 1e-13 * size, "{k} {lambda}");
                assert!((bound * chebyshev(k, argument(0.0)) - 1.0).abs() < 1e-13);
                let [momentum, length] = recurrence.next();
                let next = e + momentum * (e - before) + length * residual;
                (before, e) = (e, next);
            }
        }
    }
}
