//! How far two fields are apart.

/// What two fields differ by, over the cells that were seen so far.
///
/// Two values that are equal (`0.0` and `-0.0`, infinities of one sign) or both no numbers are 0 apart; where one
/// alone is no number, the fields are infinitely far apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    cells: usize,
    /// Whether all bits agree, those of zeros and of what is no number included.
    pub identical: bool,
    /// Cells whose values are apart.
    pub apart: usize,
    /// The largest difference.
    pub max: f64,
    /// Where it is: the number of the cell, in the order in which they were seen.
    pub at: usize,
    /// Sum of the squares of all differences.
    squares: f64,
    /// The largest value of the first field, whatever its sign, and the sum of its squares.
    largest: f64,
    squares_of_first: f64,
}

impl Default for Difference {
    fn default() -> Self {
        Self {
            cells: 0,
            identical: true,
            apart: 0,
            max: 0.0,
            at: 0,
            squares: 0.0,
            largest: 0.0,
            squares_of_first: 0.0,
        }
    }
}

impl Difference {
    /// Looks at the next cells of both fields.
    ///
    /// # Panics
    /// If they are not equally many.
    pub fn add(&mut self, first: &[f64], second: &[f64]) {
        assert_eq!(first.len(), second.len(), "cells come in pairs");
        for (&a, &b) in first.iter().zip(second) {
            self.identical &= a.to_bits() == b.to_bits();
            let difference = distance(a, b);
            if difference > 0.0 {
                self.apart += 1;
                self.squares += difference * difference;
            }
            if difference > self.max {
                (self.max, self.at) = (difference, self.cells);
            }
            if a.is_finite() {
                self.largest = self.largest.max(a.abs());
                self.squares_of_first += a * a;
            }
            self.cells += 1;
        }
    }

    /// The root of the mean square of all differences: the L2 norm over the rectangle's root area.
    #[must_use]
    pub fn l2(&self) -> f64 {
        root_mean(self.squares, self.cells)
    }

    /// The largest difference over the largest value of the first field, and the L2 norms likewise;
    /// infinite where that field is 0.
    #[must_use]
    pub fn relative(&self) -> [f64; 2] {
        let over = |difference: f64, scale: f64| match difference {
            0.0 => 0.0,
            difference => difference / scale,
        };
        let scale = root_mean(self.squares_of_first, self.cells);
        [over(self.max, self.largest), over(self.l2(), scale)]
    }
}

fn distance(a: f64, b: f64) -> f64 {
    if a == b || (a.is_nan() && b.is_nan()) {
        0.0
    } else if a.is_nan() || b.is_nan() {
        f64::INFINITY
    } else {
        (a - b).abs()
    }
}

#[expect(clippy::cast_precision_loss, reason = "cell counts are far below 2^53")]
fn root_mean(squares: f64, count: usize) -> f64 {
    (squares / count.max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(a: &[f64], b: &[f64]) -> Difference {
        let mut difference = Difference::default();
        for (a, b) in a.chunks(2).zip(b.chunks(2)) {
            difference.add(a, b);
        }
        difference
    }

    #[test]
    fn the_largest_difference_and_the_norms_are_told() {
        let found = between(&[3.0, -4.0, 1.0, 0.0], &[3.0, -7.0, 5.0, 0.0]);
        assert!(!found.identical);
        assert_eq!((found.apart, found.max, found.at), (2, 4.0, 2));
        assert_eq!(found.l2(), 2.5);
        assert_eq!(found.relative(), [1.0, 2.5 / 6.5f64.sqrt()]);
    }

    #[test]
    fn one_flipped_bit_is_found() {
        let a = [300.0, 301.0, 302.0, 303.0, 304.0];
        assert!(between(&a, &a).identical);
        for k in 0..5 {
            let mut b = a;
            b[k] = f64::from_bits(b[k].to_bits() ^ 1);
            let found = between(&a, &b);
            assert!(!found.identical && found.max > 0.0);
            assert_eq!((found.apart, found.at), (1, k));
        }
    }

    #[test]
    fn zeros_and_nans_are_told_apart_sensibly() {
        let found = between(&[0.0, f64::INFINITY], &[-0.0, f64::INFINITY]);
        assert!(!found.identical);
        assert_eq!((found.max, found.apart), (0.0, 0));
        assert_eq!(found.relative(), [0.0; 2]);
        let found = between(&[f64::NAN, 1.0], &[f64::NAN, 1.0]);
        assert!(found.identical);
        for (a, b) in [(f64::NAN, 1.0), (1.0, f64::NAN), (f64::INFINITY, 1.0)] {
            let found = between(&[1.0, 2.0, a], &[1.0, 2.0, b]);
            assert_eq!((found.max, found.at), (f64::INFINITY, 2));
        }
    }
}
