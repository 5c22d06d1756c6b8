//! What was measured of a machine, once.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

use crate::{
    error::count,
    stepper::Plan,
    study::{Network, OneWay},
};

/// How fast some ranks of one machine compute and talk, for one kind of case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// As the system names it.
    pub processor: String,
    pub kind: Kind,
    /// Ranks that were measured together; as many share a node's memory in what is predicted.
    pub ranks: usize,
    pub rates: Vec<Rate>,
    /// Seconds of a processor for each byte of a halo, sent or received: packing and unpacking.
    pub copy: f64,
    /// Between the first and the last of the ranks.
    pub network: Network,
    /// What the latency and the gap of the network were fitted to.
    pub one_way: Vec<OneWay>,
    /// Time steps that were measured besides, to compare predictions with.
    pub points: Vec<Point>,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// `f64` or `f32`.
    pub precision: String,
    /// Of each rank.
    pub threads: usize,
    /// Numbers of coefficients for each cell.
    pub coefficients: u64,
    /// Of the config's grid.
    pub cells: [usize; 2],
}

impl Display for Kind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [nx, ny] = self.cells;
        let threads = count(self.threads, "thread");
        let coefficients = match self.coefficients {
            0 => "constant coefficients".into(),
            some => format!("{some} coefficients a cell"),
        };
        write!(
            f,
            "{threads}, {nx} x {ny} cells, {}, {coefficients}",
            self.precision
        )
    }
}

/// How fast a rank computes by itself, without messages.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Own cells along x and along y.
    pub cells: [usize; 2],
    /// Steps fused.
    pub steps: usize,
    /// Ranks that computed at the same time.
    pub busy: usize,
    /// Cell updates per second of one rank, those that tiles make more than once included.
    pub rate: f64,
}

/// A measured step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Ranks along x and along y.
    pub process_grid: [usize; 2],
    /// Of the whole grid.
    pub cells: [usize; 2],
    pub plan: Plan,
    /// Of one step.
    pub seconds: f64,
}

impl Machine {
    /// Cell updates per second of a rank with so many own cells that fuses so many steps, while `busy` ranks
    /// compute; between what was measured on the logarithms of cells and steps, and beyond it what is nearest.
    ///
    /// # Panics
    /// If nothing was measured.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "cell counts are far below 2^53")]
    pub fn rate(&self, cells: [usize; 2], steps: usize, busy: usize) -> f64 {
        let distance = |rate: &Rate| rate.busy.abs_diff(busy);
        let nearest = self.rates.iter().map(distance).min().unwrap_or(0);
        let rates = || self.rates.iter().filter(|rate| distance(rate) == nearest);
        let mut depths: Vec<usize> = rates().map(|rate| rate.steps).collect();
        depths.sort_unstable();
        depths.dedup();
        let count = |cells: [usize; 2]| cells[0] as f64 * cells[1] as f64;
        let of_depth = depths.into_iter().map(|depth| {
            let same = rates().filter(|rate| rate.steps == depth);
            let curve = same.map(|rate| [count(rate.cells), rate.rate]).collect();
            [depth as f64, between(curve, count(cells))]
        });
        between(of_depth.collect(), steps as f64)
    }
}

/// The value at `x` of a curve through points, straight over the logarithm of x, and constant beyond its
/// ends.
fn between(mut points: Vec<[f64; 2]>, x: f64) -> f64 {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let [first, last] = [points[0], points[points.len() - 1]];
    if x <= first[0] {
        return first[1];
    }
    for ends in points.windows(2) {
        let [[x0, y0], [x1, y1]] = [ends[0], ends[1]];
        if x <= x1 {
            return y0 + (y1 - y0) * (x / x0).ln() / (x1 / x0).ln();
        }
    }
    last[1]
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Of 1e9 cell updates a second, whatever the cells, and a network that costs nothing.
    pub(in crate::study::prediction) fn ideal(threads: usize) -> Machine {
        Machine {
            processor: "ideal".into(),
            kind: Kind {
                precision: "f64".into(),
                threads,
                coefficients: 0,
                cells: [100, 100],
            },
            ranks: 2,
            rates: vec![Rate {
                cells: [100, 100],
                steps: 1,
                busy: 2,
                rate: 1e9,
            }],
            copy: 0.0,
            network: Network {
                latency: 0.0,
                overhead: 0.0,
                gap: 0.0,
                congestion: 1.0,
            },
            one_way: Vec::new(),
            points: Vec::new(),
        }
    }

    #[test]
    fn rates_are_those_measured_and_between_them_in_between() {
        let mut machine = ideal(1);
        let mut rates = Vec::new();
        for (cells, steps, busy, rate) in [
            ([100, 100], 1, 1, 1.0),
            ([100, 100], 1, 2, 2.0),
            ([1000, 1000], 1, 2, 4.0),
            ([100, 100], 16, 2, 10.0),
            ([1000, 1000], 16, 2, 20.0),
        ] {
            rates.push(Rate {
                cells,
                steps,
                busy,
                rate,
            });
        }
        machine.rates = rates;
        assert_eq!(machine.rate([100, 100], 1, 1), 1.0);
        assert_eq!(machine.rate([1000, 1000], 1, 1), 1.0);
        assert_eq!(machine.rate([1000, 1000], 16, 2), 20.0);
        assert_eq!(machine.rate([10, 10], 64, 5), 10.0);
        assert!((machine.rate([100, 1000], 1, 2) - 3.0).abs() < 1e-12);
        assert!((machine.rate([1000, 1000], 4, 2) - 12.0).abs() < 1e-12);
    }
}
