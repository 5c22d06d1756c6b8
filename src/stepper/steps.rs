//! Several equal time steps in a row.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Equal time steps that follow each other, to be taken together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Steps {
    /// Seconds; times are counted from here, so that they do not depend on how the steps are dealt
    /// out: a sum of steps would round at every one.
    from: f64,
    dt: f64,
    /// How many steps after `from` the first begins.
    first: u64,
    count: usize,
}

impl Steps {
    /// `count` steps of `dt` seconds from time `from`, in seconds.
    #[must_use]
    pub fn new(from: f64, dt: f64, count: usize) -> Self {
        Self {
            from,
            dt,
            first: 0,
            count,
        }
    }

    /// The time in seconds at which step `index` begins.
    #[expect(clippy::cast_precision_loss, reason = "step counts are far below 2^53")]
    #[must_use]
    pub fn time(&self, index: usize) -> f64 {
        self.from + (self.first + index as u64) as f64 * self.dt
    }

    /// Seconds of each step.
    #[must_use]
    pub fn dt(&self) -> f64 {
        self.dt
    }

    /// How many they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Some of these steps, which begin at the very same times.
    ///
    /// # Panics
    /// If the range is not one of these steps.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= self.count);
        Self {
            first: self.first + range.start as u64,
            count: range.len(),
            ..*self
        }
    }

    /// The first of the fewest batches of at most `most` steps that these can be taken in. They are
    /// of even size: full ones and a small rest would pay as much for the rest as for a full one.
    #[must_use]
    pub fn batch(&self, most: usize) -> Self {
        let batches = self.count.div_ceil(most);
        self.part(0..self.count.div_ceil(batches))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes of the batches in which `count` steps are taken.
    fn sizes(count: usize, most: usize) -> Vec<usize> {
        let mut left = Steps::new(0.0, 0.1, count);
        let mut sizes = Vec::new();
        while !left.is_empty() {
            let size = left.batch(most).len();
            sizes.push(size);
            left = left.part(size..left.len());
        }
        sizes
    }

    #[test]
    fn batches_are_few_and_even() {
        assert_eq!(sizes(3, 1), [1, 1, 1]);
        assert_eq!(sizes(5, 7), [5]);
        assert_eq!(sizes(7, 7), [7]);
        assert_eq!(sizes(8, 7), [4, 4]);
        assert_eq!(sizes(16, 7), [6, 5, 5]);
        for count in 1..60 {
            for most in 1..20 {
                let sizes = sizes(count, most);
                assert_eq!(sizes.len(), count.div_ceil(most));
                assert!(sizes[0] <= most && sizes[0] - sizes[sizes.len() - 1] <= 1);
            }
        }
    }

    #[test]
    fn a_part_begins_at_the_same_times() {
        let steps = Steps::new(0.7, 0.1, 20);
        let part = steps.part(3..9).part(2..6);
        for index in 0..4 {
            assert_eq!(part.time(index), steps.time(5 + index));
        }
        assert_eq!(steps.time(0), 0.7);
        assert_eq!((part.len(), part.dt()), (4, 0.1));
    }
}
