//! The serial part of the work, by the laws of Amdahl and of Gustafson.

use std::fmt;

use serde::{Deserialize, Serialize};
use statrs::{
    distribution::{ContinuousCDF, StudentsT},
    statistics::Statistics,
};

use super::{Kind, Layout, Point};

/// The part of Student's distribution that lies above a confidence interval of 95 %.
const TAIL: f64 = 0.025;

/// What adds cores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Ranks of as many threads as the base has.
    Ranks,
    /// Threads of as many ranks.
    Threads,
    /// Both.
    All,
}

/// How the time follows from the serial part `s` on `n` cores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Law {
    /// `T(n) / T(1) = s + (1 - s) / n`, for the same work: G. M. Amdahl, "Validity of the single
    /// processor approach to achieving large scale computing capabilities", AFIPS 30 (1967).
    Amdahl,
    /// The speed-up `n - s (n - 1)`, for work that grows with `n`: J. L. Gustafson, "Reevaluating
    /// Amdahl's law", Communications of the ACM 31 (1988).
    Gustafson,
}

/// A law through the points of a family.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    pub law: Law,
    pub family: Family,
    /// By least squares over all repetitions; negative where speed-ups are above the cores.
    pub serial_fraction: f64,
    /// An interval of 95 % confidence, by Student's distribution of the fits through one repetition each: the
    /// points of one share the noise of its base, and there are few of them.
    pub low: f64,
    pub high: f64,
}

impl Fit {
    /// The speed-up on so many times the cores of the base.
    #[must_use]
    pub fn speedup(&self, cores: f64) -> f64 {
        let serial = self.serial_fraction;
        match self.law {
            Law::Amdahl => 1.0 / (serial + (1.0 - serial) / cores),
            Law::Gustafson => cores - serial * (cores - 1.0),
        }
    }
}

impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let law = match self.law {
            Law::Amdahl => "Amdahl",
            Law::Gustafson => "Gustafson",
        };
        let family = match self.family {
            Family::Ranks => "ranks",
            Family::Threads => "threads",
            Family::All => "all",
        };
        let (low, high) = (self.low, self.high);
        write!(
            f,
            "{law}, {family}: serial fraction {:.4} ",
            self.serial_fraction
        )?;
        if low < high {
            write!(f, "({low:.4} to {high:.4} with 95 % confidence)")
        } else {
            f.write_str("(no interval: the repetitions are one, or alike)")
        }
    }
}

impl Family {
    /// Whether a layout belongs to it.
    #[must_use]
    pub fn has(self, layout: Layout, base: Layout) -> bool {
        match self {
            Self::Ranks => layout.threads == base.threads,
            Self::Threads => layout.ranks == base.ranks,
            Self::All => true,
        }
    }
}

/// The fits through families with different numbers of cores; the one through all where both ranks and
/// threads are added.
pub(super) fn fits(kind: Kind, base: Layout, points: &[Point]) -> Vec<Fit> {
    let of = |family: Family| {
        let of_family = points.iter().filter(|point| family.has(point.layout, base));
        let speedups: Vec<_> = of_family
            .map(|point| (point.scale, point.speedups.as_slice()))
            .collect();
        fit(kind, family, &speedups)
    };
    let [ranks, threads] = [Family::Ranks, Family::Threads].map(of);
    let all = if ranks.is_some() && threads.is_some() {
        of(Family::All)
    } else {
        None
    };
    [ranks, threads, all].into_iter().flatten().collect()
}

/// The fit through speed-ups on so many times the cores of the base, in each repetition.
fn fit(kind: Kind, family: Family, speedups: &[(f64, &[f64])]) -> Option<Fit> {
    if speedups.iter().all(|(cores, _)| *cores == speedups[0].0) {
        return None;
    }
    let law = match kind {
        Kind::Strong => Law::Amdahl,
        Kind::Weak => Law::Gustafson,
    };
    let serial_fraction = serial_fraction(law, speedups.iter().copied());
    let repetitions = speedups.iter().map(|(_, values)| values.len()).min()?;
    let each: Vec<f64> = (0..repetitions)
        .map(|k| {
            let of_one = speedups
                .iter()
                .map(|(cores, values)| (*cores, &values[k..=k]));
            self::serial_fraction(law, of_one)
        })
        .collect();
    let margin = margin(&each);
    Some(Fit {
        law,
        family,
        serial_fraction,
        low: serial_fraction - margin,
        high: serial_fraction + margin,
    })
}

/// Half of a confidence interval of the mean of these; nothing for a single one.
#[expect(clippy::cast_precision_loss, reason = "samples are small")]
fn margin(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let quantile = |student: StudentsT| student.inverse_cdf(1.0 - TAIL);
    StudentsT::new(0.0, 1.0, count - 1.0).map_or(0.0, |student| {
        quantile(student) * values.std_dev() / count.sqrt()
    })
}

/// Both laws are straight lines in quantities whose noise does not grow with the cores: Amdahl's
/// `n T(n) / T(1) = (1 - s) + s n`, and Gustafson's speed-up over cores, `(1 - s) + s / n`. The height
/// of the line is fitted too, so that noise in the base does not pass for a serial part.
fn serial_fraction<'a>(law: Law, speedups: impl Iterator<Item = (f64, &'a [f64])>) -> f64 {
    let points = speedups.flat_map(|(n, speedups)| {
        speedups.iter().map(move |speedup| match law {
            Law::Amdahl => [n, n / speedup],
            Law::Gustafson => [1.0 / n, speedup / n],
        })
    });
    let [intercept, slope] = line(&points.collect::<Vec<_>>());
    slope / (intercept + slope)
}

/// Intercept and slope of the line of least squares.
#[expect(clippy::cast_precision_loss, reason = "samples are small")]
fn line(points: &[[f64; 2]]) -> [f64; 2] {
    let count = points.len() as f64;
    let mean = |axis: usize| points.iter().map(|point| point[axis]).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(0), mean(1));
    let sum = |of: &dyn Fn(&[f64; 2]) -> f64| points.iter().map(of).sum::<f64>();
    let slope = sum(&|[x, y]| (x - mean_x) * (y - mean_y)) / sum(&|[x, _]| (x - mean_x).powi(2));
    [mean_y - slope * mean_x, slope]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Speed-ups by a law on 1 to 16 cores, each off by some parts in a thousand.
    fn speedups(law: Law, serial_fraction: f64, noise: &[f64]) -> Vec<(f64, Vec<f64>)> {
        let exact = Fit {
            law,
            family: Family::All,
            serial_fraction,
            low: 0.0,
            high: 0.0,
        };
        let cores = [1.0, 2.0, 4.0, 8.0, 16.0];
        let with_noise = |n| noise.iter().map(move |off| exact.speedup(n) * (1.0 + off));
        cores.map(|n| (n, with_noise(n).collect())).into()
    }

    #[test]
    fn a_known_serial_part_is_found() {
        for (kind, law) in [(Kind::Strong, Law::Amdahl), (Kind::Weak, Law::Gustafson)] {
            for serial in [0.0, 0.03, 0.5, 1.0] {
                let exact = speedups(law, serial, &[0.0]);
                let exact: Vec<_> = exact
                    .iter()
                    .map(|(n, values)| (*n, values.as_slice()))
                    .collect();
                let fit = fit(kind, Family::All, &exact).unwrap();
                assert!((fit.serial_fraction - serial).abs() < 1e-14, "{fit}");
                assert!((fit.low - serial).abs() < 1e-14 && (fit.high - serial).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        // Uniform noise, without a pattern and the same each time.
        let mut state = 1_u64;
        let mut noise = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let uniform = f64::from(u32::try_from(state >> 32).unwrap()) / 2.0_f64.powi(32);
            1.0 + 0.04 * (uniform - 0.5)
        };
        for repetitions in [2, 3, 5] {
            let mut held = 0;
            for _ in 0..1000 {
                let cores = [1.0, 2.0, 4.0, 8.0];
                let bases: Vec<f64> = (0..repetitions).map(|_| noise()).collect();
                let speedups = cores.map(|n| {
                    let exact: f64 = 1.0 / (0.05 + 0.95 / n);
                    let is_base = n == 1.0;
                    let of = |base: &f64| if is_base { 1.0 } else { exact * base / noise() };
                    (n, bases.iter().map(of).collect::<Vec<_>>())
                });
                let speedups = speedups.each_ref();
                let speedups = speedups.map(|(n, values)| (*n, values.as_slice()));
                let fit = fit(Kind::Strong, Family::All, &speedups).unwrap();
                held += usize::from(fit.low < 0.05 && 0.05 < fit.high);
            }
            assert!((920..=980).contains(&held), "{held} of 1000, {repetitions}");
        }
    }

    #[test]
    fn one_number_of_cores_has_no_law() {
        let one: &[f64] = &[1.0, 1.1];
        assert_eq!(
            fit(Kind::Strong, Family::All, &[(1.0, one), (1.0, one)]),
            None
        );
    }
}
