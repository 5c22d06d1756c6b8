//! What messages cost, in the `LogGP` model.
//!
//! Culler et al., "`LogP`: towards a realistic model of parallel computation", `PPoPP` 1993; Alexandrov et
//! al., "`LogGP`: incorporating long messages into the `LogP` model", SPAA 1995. A message of `n` bytes
//! keeps either processor busy for the overhead `o`, and arrives `L + n G` after it was sent: latency,
//! and gap per byte. The gap `g` between short messages is taken for the overhead.

use serde::{Deserialize, Serialize};

/// A network between ranks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// `L` in seconds.
    pub latency: f64,
    /// `o` in seconds: what a processor spends on each message that it sends or receives.
    pub overhead: f64,
    /// `G` in seconds per byte: one over the bandwidth.
    pub gap: f64,
    /// How many times as long bytes take because others share the links, at least 1.
    pub congestion: f64,
}

impl Network {
    /// Seconds from the posting of messages of so many bytes, all together, until the last has arrived,
    /// besides overheads: a rank's messages leave one after the other.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "messages are far below 2^53 bytes"
    )]
    pub fn flight(&self, bytes: usize) -> f64 {
        self.latency + self.congestion * self.gap * bytes as f64
    }

    /// Seconds from the start of the sending of one message to the end of its receiving.
    #[must_use]
    pub fn one_way(&self, bytes: usize) -> f64 {
        2.0 * self.overhead + self.flight(bytes)
    }
}

/// What some bytes take: a constant in seconds, and seconds per byte; neither is negative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    pub constant: f64,
    pub slope: f64,
}

impl Line {
    /// The line with the least squares of relative errors at points of bytes and positive seconds: small
    /// messages count as much as large ones.
    #[must_use]
    pub fn fit(points: &[[f64; 2]]) -> Self {
        let sum = |term: &dyn Fn(f64, f64) -> f64| -> f64 {
            points.iter().map(|[x, y]| term(*x, *y)).sum()
        };
        let [one, x, xx] = [
            sum(&|_, y| 1.0 / (y * y)),
            sum(&|x, y| x / (y * y)),
            sum(&|x, y| x * x / (y * y)),
        ];
        let [y, xy] = [sum(&|_, y| 1.0 / y), sum(&|x, y| x / y)];
        let determinant = one * xx - x * x;
        if determinant > 1e-12 * one * xx {
            let constant = (y * xx - xy * x) / determinant;
            let slope = (one * xy - x * y) / determinant;
            if constant >= 0.0 && slope >= 0.0 {
                return Self { constant, slope };
            }
            if constant < 0.0 {
                return Self {
                    constant: 0.0,
                    slope: xy / xx,
                };
            }
        }
        Self {
            constant: if one > 0.0 { y / one } else { 0.0 },
            slope: 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SIZES: [usize; 6] = [0, 64, 1 << 10, 1 << 14, 1 << 18, 1 << 22];

    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn points(mut seconds: impl FnMut(usize) -> f64) -> Vec<[f64; 2]> {
        (SIZES.iter())
            .map(|&bytes| [bytes as f64, seconds(bytes)])
            .collect()
    }

    proptest! {
        #[test]
        fn the_parameters_of_a_network_are_found_again(
            latency in 1e-7..1e-2f64, overhead in 1e-8..1e-5f64, gap in 1e-12..1e-7f64,
            error in -0.03..0.03f64,
        ) {
            let network = Network { latency, overhead, gap, congestion: 1.0 };
            let near = |a: f64, b: f64, tolerance: f64| (a - b).abs() <= tolerance * b;
            let line = Line::fit(&points(|bytes| network.one_way(bytes)));
            prop_assert!(near(line.constant, 2.0 * overhead + latency, 1e-9));
            // The largest message says all that is known of the gap, and it may be short beside latency.
            let part = gap * 4e6 / network.one_way(1 << 22);
            prop_assert!(near(line.slope, gap, 1e-9 / part));
            // Every second point is off.
            let mut sign = 1.0;
            let noisy: Vec<_> = points(|bytes| network.one_way(bytes))
                .into_iter()
                .map(|[x, y]| { sign = -sign; [x, y * (1.0 + sign * error)] })
                .collect();
            let line = Line::fit(&noisy);
            for [x, y] in points(|bytes| network.one_way(bytes)) {
                prop_assert!(near(line.constant + line.slope * x, y, 0.06), "{line:?} {network:?}");
            }
        }

        #[test]
        fn no_part_of_a_fit_is_negative(
            times in proptest::array::uniform6(1e-7..1e-3f64), same: bool,
        ) {
            let mut times = times.into_iter();
            let points: Vec<_> = points(|_| times.next().unwrap())
                .into_iter()
                .map(|[x, y]| [if same { 8.0 } else { x }, y])
                .collect();
            let Line { constant, slope } = Line::fit(&points);
            prop_assert!(constant >= 0.0 && slope >= 0.0 && constant + slope > 0.0);
        }
    }

    #[test]
    fn congestion_lengthens_bytes_and_not_latency() {
        let free = Network {
            latency: 2e-6,
            overhead: 1e-6,
            gap: 1e-9,
            congestion: 1.0,
        };
        let full = Network {
            congestion: 3.0,
            ..free
        };
        assert_eq!(full.flight(0), free.flight(0));
        assert!((full.flight(1000) - free.flight(1000) - 2e-6).abs() < 1e-15);
        assert!((free.one_way(1000) - 5e-6).abs() < 1e-15);
    }
}
