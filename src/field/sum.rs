//! Sums that do not depend on the order of their terms, on ranks or on threads.
//!
//! Every term is rounded to `2^-73` of a bound on all terms and split exactly into multiples of two
//! fixed quanta (pre-rounding: Demmel & Nguyen, "Fast Reproducible Floating-Point
//! Summation", ARITH 2013). Multiples of one quantum add exactly while they are few enough, and
//! are then carried into integers, where every addition is exact; so any grouping gives the same
//! bits. What is rounded away lies below `2^-73` of the bound, for each term.

use pulp::Simd;

use super::{Lanes, Team};
use crate::comm::{Communicator, Reduce};

/// Width of the multiples of one quantum, in bits.
const BIN_BITS: i32 = 36;

/// Independent running sums, so that the additions vectorise.
pub(super) const LANES: usize = 16;

/// Blocks of [`LANES`] terms that are added in one go, at most.
pub(super) const BLOCKS: usize = 256;

/// Terms per lane between two carries: `2^12` multiples below `2^37` stay below `2^53`.
const TERMS_PER_CARRY: usize = 1 << 12;

/// Mantissa bits of an f64.
const MANTISSA_BITS: i32 = 52;

/// Bits of the limbs in which the integer sum travels between ranks; 20 bits are left for carries.
const LIMB_BITS: u32 = 43;

/// Limbs of a sum.
pub(super) const LIMBS: usize = 3;

/// A sum in the making. All parts of one sum are made with the same bound.
#[derive(Debug, Clone, Copy)]
pub struct ReproducibleSum {
    /// `1.5 * 2^k` such that adding it to a term rounds the term to the coarse quantum.
    coarse_shift: f64,
    fine_shift: f64,
    /// Exponent of the fine quantum.
    exponent: i32,
    /// Exact sums of multiples of the quanta since the last carry.
    coarse_lanes: [f64; LANES],
    fine_lanes: [f64; LANES],
    /// Terms per lane since the last carry.
    terms: usize,
    coarse: i128,
    fine: i128,
    /// Whether a term was not finite: sums of its parts are not, either.
    is_spoilt: bool,
}

impl ReproducibleSum {
    /// An empty sum of terms of magnitude at most `bound`. Sums whose bound is NaN or above
    /// `2^1000` are NaN.
    #[must_use]
    pub fn new(bound: f64) -> Self {
        Self::below(exponent_above(bound))
    }

    /// An empty sum of terms of magnitude below `2^exponent`.
    pub(super) fn below(exponent: i32) -> Self {
        let shift = |bits| 1.5 * power_of_two(exponent + bits);
        Self {
            coarse_shift: shift(MANTISSA_BITS - BIN_BITS),
            fine_shift: shift(MANTISSA_BITS - 2 * BIN_BITS - 1),
            exponent: exponent - 2 * BIN_BITS - 1,
            coarse_lanes: [0.0; LANES],
            fine_lanes: [0.0; LANES],
            terms: 0,
            coarse: 0,
            fine: 0,
            is_spoilt: false,
        }
    }

    /// Adds `term(0)`, ..., `term(count - 1)`.
    pub fn add(&mut self, count: usize, term: impl Fn(usize) -> f64) {
        let mut at = 0;
        while at < count {
            if self.terms == TERMS_PER_CARRY {
                self.carry();
            }
            for lane in 0..LANES.min(count - at) {
                let [high, low] = self.split(term(at + lane));
                self.coarse_lanes[lane] += high;
                self.fine_lanes[lane] += low;
            }
            at += LANES;
            self.terms += 1;
        }
    }

    /// The multiples of the two quanta that a term is rounded to.
    fn split(&self, term: f64) -> [f64; 2] {
        let high = (term + self.coarse_shift) - self.coarse_shift;
        let low = ((term - high) + self.fine_shift) - self.fine_shift;
        [high, low]
    }

    /// Adds `blocks` blocks of terms, of which there are at most [`BLOCKS`], in whole vectors. Returns
    /// the largest of `largest` and the magnitudes of those terms that are numbers.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "see `Lanes`")]
    pub(super) fn add_blocks<S: Simd>(
        &mut self,
        simd: S,
        blocks: impl ExactSizeIterator<Item = [f64; LANES]>,
        largest: f64,
    ) -> f64 {
        let terms_per_lane = blocks.len() * LANES / (2 * f64::lanes::<S>());
        if self.terms + terms_per_lane > TERMS_PER_CARRY {
            self.carry();
        }
        self.terms += terms_per_lane;
        let coarse_shift = simd.splat_f64s(self.coarse_shift);
        let fine_shift = simd.splat_f64s(self.fine_shift);
        let rounded = |term, shift| simd.sub_f64s(simd.add_f64s(term, shift), shift);
        let (coarse, _) = S::as_mut_simd_f64s(&mut self.coarse_lanes);
        let (fine, _) = S::as_mut_simd_f64s(&mut self.fine_lanes);
        let (mut coarse_sums, mut fine_sums) = ([coarse[0], coarse[1]], [fine[0], fine[1]]);
        let mut most = [simd.splat_f64s(largest); 2];
        for block in blocks {
            for pair in S::as_simd_f64s(&block).0.chunks_exact(2) {
                for k in 0..2 {
                    let term = pair[k];
                    most[k] = simd.max_f64s(most[k], simd.abs_f64s(term));
                    let high = rounded(term, coarse_shift);
                    let low = rounded(simd.sub_f64s(term, high), fine_shift);
                    coarse_sums[k] = simd.add_f64s(coarse_sums[k], high);
                    fine_sums[k] = simd.add_f64s(fine_sums[k], low);
                }
            }
        }
        [coarse[0], coarse[1]] = coarse_sums;
        [fine[0], fine[1]] = fine_sums;
        simd.reduce_max_f64s(simd.max_f64s(most[0], most[1]))
    }

    /// Empties the lanes into the integers.
    fn carry(&mut self) {
        let fine_quantum = power_of_two(self.exponent);
        let coarse_quantum = power_of_two(self.exponent + BIN_BITS + 1);
        for lane in 0..LANES {
            self.coarse += integer(self.coarse_lanes[lane] / coarse_quantum);
            self.fine += integer(self.fine_lanes[lane] / fine_quantum);
            self.is_spoilt |= !self.fine_lanes[lane].is_finite();
        }
        self.coarse_lanes = [0.0; LANES];
        self.fine_lanes = [0.0; LANES];
        self.terms = 0;
    }

    /// The sum of both.
    #[must_use]
    pub fn merge(mut self, mut other: Self) -> Self {
        debug_assert_eq!(
            self.exponent, other.exponent,
            "parts of one sum share its bound"
        );
        self.carry();
        other.carry();
        self.coarse += other.coarse;
        self.fine += other.fine;
        self.is_spoilt |= other.is_spoilt;
        self
    }

    /// The sum over all ranks, rounded once. Collective.
    #[must_use]
    pub fn total(mut self, comm: &dyn Communicator) -> f64 {
        let mut limbs = self.limbs();
        comm.all_reduce_integers(&mut limbs, Reduce::Sum);
        self.value(limbs)
    }

    /// The sum as integers that add up over ranks.
    pub(super) fn limbs(&mut self) -> [i64; LIMBS] {
        self.carry();
        // Terms above the bound may leave any bits, of which nobody will make use.
        let mine = (self.coarse << (BIN_BITS + 1)).wrapping_add(self.fine);
        let limb = |k: u32| {
            let shifted = mine >> (k * LIMB_BITS);
            let limb = if k < 2 {
                shifted & ((1 << LIMB_BITS) - 1)
            } else {
                shifted
            };
            i64::try_from(limb).expect("a limb fits in 64 bits")
        };
        [limb(0), limb(1), limb(2)]
    }

    /// Whether a term was not finite.
    pub(super) fn is_spoilt(&mut self) -> bool {
        self.carry();
        self.is_spoilt
    }

    /// What limbs of sums with this one's bound stand for, rounded once.
    #[expect(clippy::cast_precision_loss, reason = "the one rounding of the sum")]
    pub(super) fn value(&self, limbs: [i64; LIMBS]) -> f64 {
        let total = limbs.iter().rev().fold(0, |total: i128, &limb| {
            (total << LIMB_BITS).wrapping_add(i128::from(limb))
        });
        if self.coarse_shift.is_finite() {
            total as f64 * power_of_two(self.exponent)
        } else {
            f64::NAN
        }
    }
}

/// The sum of `term(i, j)` over `cells[0] x cells[1]` cells of every rank: the same bits from any
/// layout; NaN if a term is not finite. Evaluates every term twice. Collective.
pub fn reproducible_sum(
    comm: &dyn Communicator,
    team: &Team,
    cells: [usize; 2],
    term: impl Fn(usize, usize) -> f64 + Sync,
) -> f64 {
    let [columns, rows] = cells;
    let largest = |bound: f64, i, j| {
        let size = f64::abs(term(i, j));
        // MPI's maximum may drop NaN, so it counts as infinite.
        if size.is_nan() {
            f64::INFINITY
        } else {
            size.max(bound)
        }
    };
    let bound = team.fold_rows(
        rows,
        || 0.0,
        |bound, j| *bound = (0..columns).fold(*bound, |bound, i| largest(bound, i, j)),
        f64::max,
    );
    let mut bound = [bound];
    comm.all_reduce(&mut bound, Reduce::Max);
    let sum = team.fold_rows(
        rows,
        || ReproducibleSum::new(bound[0]),
        |sum, j| sum.add(columns, |i| term(i, j)),
        ReproducibleSum::merge,
    );
    sum.total(comm)
}

#[expect(clippy::cast_possible_truncation, reason = "an integer below 2^53")]
fn integer(value: f64) -> i128 {
    i128::from(value as i64)
}

/// The least `e >= -800` with `bound < 2^e`; beyond the range of f64 for bounds that have none.
pub(super) fn exponent_above(bound: f64) -> i32 {
    let biased = i32::try_from((bound.abs().to_bits() >> MANTISSA_BITS) & 0x7ff)
        .expect("eleven bits fit in an integer");
    let exponent = biased - 1022;
    if exponent > 1000 {
        2000
    } else {
        exponent.max(-800)
    }
}

/// `2^exponent`, infinite above the range of f64.
fn power_of_two(exponent: i32) -> f64 {
    if exponent > 1023 {
        return f64::INFINITY;
    }
    let biased = u64::try_from(exponent + 1023).expect("exponents here are above -1022");
    f64::from_bits(biased << MANTISSA_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comm::{Local, Solo};
    use proptest::prelude::*;

    fn sum(terms: &[f64], bound: f64) -> f64 {
        let mut sum = ReproducibleSum::new(bound);
        sum.add(terms.len(), |i| terms[i]);
        sum.total(&Solo)
    }

    fn largest(terms: &[f64]) -> f64 {
        terms.iter().fold(0.0, |bound, term| term.abs().max(bound))
    }

    #[test]
    fn sums_of_integers_are_exact() {
        let terms: Vec<f64> = (0..100_000).map(f64::from).collect();
        assert_eq!(sum(&terms, 99_999.0), 99_999.0 * 50_000.0);
    }

    #[test]
    fn cancellation_leaves_the_small_term() {
        assert_eq!(sum(&[1e16, 1.0, -1e16], 1e16), 1.0);
    }

    #[test]
    fn many_equal_terms_do_not_overflow_a_bin() {
        let count = 3_000_001;
        let term = 1.0 - f64::EPSILON / 2.0;
        let mut sum = ReproducibleSum::new(term);
        sum.add(count, |_| term);
        assert_eq!(sum.total(&Solo), 3_000_001.0 * term);
    }

    #[test]
    fn nothing_and_zeros_sum_to_zero() {
        assert_eq!(sum(&[], 0.0), 0.0);
        assert_eq!(sum(&[0.0, -0.0], 0.0), 0.0);
    }

    #[test]
    fn terms_without_a_bound_give_nan() {
        assert!(sum(&[f64::NAN], f64::NAN).is_nan());
        assert!(sum(&[f64::MAX], f64::MAX).is_nan());
    }

    proptest! {
        #[test]
        fn any_order_grouping_and_rank_count_gives_the_same_bits(
            mut terms in prop::collection::vec(-1e9..1e9f64, 1..300),
            ranks in 1..5usize,
            seed in any::<u64>(),
        ) {
            let bound = largest(&terms);
            let expected = sum(&terms, bound);
            let state = &mut seed.clone();
            for i in (1..terms.len()).rev() {
                *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                terms.swap(i, usize::try_from(*state >> 33).unwrap() % (i + 1));
            }
            let totals = Local::run(ranks, |comm| {
                let mut parts = terms.chunks(terms.len().div_ceil(ranks)).skip(comm.rank());
                let mine = parts.next().unwrap_or_default();
                let (first, second) = mine.split_at(mine.len() / 2);
                let part = |terms: &[f64]| {
                    let mut part = ReproducibleSum::new(bound);
                    part.add(terms.len(), |i| terms[i]);
                    part
                };
                part(first).merge(part(second)).total(comm.as_ref())
            });
            for total in totals {
                prop_assert_eq!(total.to_bits(), expected.to_bits());
            }
        }

        #[test]
        fn agrees_with_exact_integer_arithmetic(terms in prop::collection::vec(-(1i64 << 52)..1 << 52, 1..200)) {
            let exact: i128 = terms.iter().map(|&term| i128::from(term)).sum();
            #[expect(clippy::cast_precision_loss, reason = "the terms have 52 bits")]
            let floats: Vec<f64> = terms.iter().map(|&term| term as f64).collect();
            #[expect(clippy::cast_precision_loss, reason = "the rounding under test")]
            let expected = exact as f64;
            prop_assert_eq!(sum(&floats, largest(&floats)), expected);
        }
    }
}
