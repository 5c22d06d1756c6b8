//! Medians, quartiles and a rank test.

use serde::{Deserialize, Serialize};

/// What numbers are around.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    pub median: f64,
    /// The quartiles: linear between the ordered numbers (definition 7 of Hyndman and Fan, "Sample
    /// quantiles in statistical packages", The American Statistician 50, 1996).
    pub q1: f64,
    pub q3: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    /// That of some numbers, of which there is at least one.
    #[must_use]
    pub fn of(numbers: &[f64]) -> Self {
        let mut sorted = numbers.to_vec();
        sorted.sort_by(f64::total_cmp);
        Self {
            median: quantile(&sorted, 0.5),
            q1: quantile(&sorted, 0.25),
            q3: quantile(&sorted, 0.75),
            min: sorted[0],
            max: sorted[sorted.len() - 1],
        }
    }

    /// The spread of as many times the numbers.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self {
            median: self.median * factor,
            q1: self.q1 * factor,
            q3: self.q3 * factor,
            min: self.min * factor,
            max: self.max * factor,
        }
    }
}

/// The median of some numbers, if there are any.
pub(super) fn median(numbers: impl IntoIterator<Item = f64>) -> Option<f64> {
    let numbers: Vec<_> = numbers.into_iter().collect();
    (!numbers.is_empty()).then(|| Spread::of(&numbers).median)
}

/// The number below which a part of some sorted numbers lies.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "samples are small, and a part lies between 0 and 1"
)]
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let at = part * (sorted.len() - 1) as f64;
    let below = at as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (at - below as f64) * (sorted[above] - sorted[below])
}

/// How likely two samples of the same distribution have the second one's numbers at least so far above
/// those of the first: the exact one-sided test of Mann and Whitney ("On a test of whether one of two
/// random variables is stochastically larger than the other", Annals of Mathematical Statistics 18,
/// 1947). Equal numbers count against a difference.
#[must_use]
pub fn mann_whitney(first: &[f64], second: &[f64]) -> f64 {
    let above = |high: &f64| first.iter().filter(|low| high > low).count();
    let pairs: usize = second.iter().map(above).sum();
    let ways = ways(first.len(), second.len());
    let all: f64 = ways.iter().sum();
    ways[pairs..].iter().sum::<f64>() / all
}

/// In how many orders of `n` and `m` numbers each possible count of pairs has the second above the
/// first. Of all orders, those that end with a number of the second sample, which is above all `n`,
/// are those of `n` and `m - 1`; the others are those of `n - 1` and `m`.
fn ways(n: usize, m: usize) -> Vec<f64> {
    // For all sizes of the first sample so far, and the size of the second that the loop has reached.
    let mut columns: Vec<Vec<f64>> = (0..=n).map(|_| vec![1.0]).collect();
    for second in 1..=m {
        for first in 0..=n {
            let mut counts = vec![0.0; first * second + 1];
            for (pairs, ways) in columns[first].iter().enumerate() {
                counts[pairs + first] += ways;
            }
            if first > 0 {
                // Already of this size of the second.
                for (pairs, ways) in columns[first - 1].iter().enumerate() {
                    counts[pairs] += ways;
                }
            }
            columns[first] = counts;
        }
    }
    columns.swap_remove(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_between_the_numbers() {
        let spread = Spread::of(&[4.0, 1.0, 3.0, 2.0]);
        assert_eq!([spread.q1, spread.median, spread.q3], [1.75, 2.5, 3.25]);
        assert_eq!([spread.min, spread.max], [1.0, 4.0]);
        assert_eq!(Spread::of(&[7.0]).q3, 7.0);
        assert_eq!(median([]), None);
    }

    #[test]
    fn the_rank_test_has_the_probabilities_of_the_tables() {
        // Mann and Whitney 1947, table I: n = 5, m = 5, U = 4 has 0.048; n = 3, m = 4, U = 1 has 0.057.
        let low = [1.0, 2.0, 3.0, 4.0, 5.0];
        let p = mann_whitney(&low, &[2.5, 3.5, 6.0, 7.0, 8.0]);
        // Pairs above: 2 + 3 + 5 + 5 + 5 = 20 of 25, five short of all.
        assert!((p - 19.0 / 252.0).abs() < 1e-15, "{p}");
        let p = mann_whitney(&low, &[2.5, 4.5, 6.0, 7.0, 8.0]);
        assert!((p - 12.0 / 252.0).abs() < 1e-15, "{p}");
        let p = mann_whitney(&[1.0, 2.0, 3.0], &[2.5, 4.0, 5.0, 6.0]);
        assert!((p - 2.0 / 35.0).abs() < 1e-15, "{p}");
        assert_eq!(mann_whitney(&low, &[6.0, 7.0, 8.0, 9.0, 10.0]), 1.0 / 252.0);
        assert_eq!(mann_whitney(&[6.0, 7.0], &[1.0, 2.0]), 1.0);
        assert_eq!(mann_whitney(&[1.0; 4], &[1.0; 4]), 1.0);
    }
}
