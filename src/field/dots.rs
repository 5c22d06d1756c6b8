//! Dot products that do not depend on the order of their terms, made again and again in passes
//! that do other work too.
//!
//! A [`ReproducibleSum`] needs a bound on its terms before the first of them. A solver makes the
//! same product in every iteration, and its terms change little from one to the next: the bound is
//! foretold, the largest term is watched, and the product is made anew, with the true bound, in the
//! rare case that it was not as foretold. Whether it was is known to all ranks from the
//! reduction that also brings the sum, and does not depend on the layout; so neither do the bits.

#![allow(
    clippy::inline_always,
    reason = "a row's loop must end up inside one function with wide vectors"
)]

use std::array::from_fn;

use pulp::{Arch, Simd, WithSimd};

use super::{
    Field, Real, ReproducibleSum, Team,
    sum::{BLOCKS, LANES, LIMBS, exponent_above},
};
use crate::comm::{Communicator, Reduce};

/// By how many bits the bound foretold lies above the largest term met.
const HEADROOM: i32 = 4;

/// A largest term so many bits below the bound is as foretold; from here to twice as many, the
/// bound is lowered for the next time; below that, the sum would lack digits.
const ROOM: i32 = 8;

/// Bits of the counts of ranks that travel in one integer.
const COUNT_BITS: u32 = 21;

/// The share of a dot product that one thread has summed.
#[derive(Debug, Clone, Copy)]
pub struct DotPart {
    arch: Arch,
    sum: ReproducibleSum,
    /// The largest magnitude among the terms that are numbers.
    largest: f64,
}

impl DotPart {
    fn below(arch: Arch, exponent: i32) -> Self {
        Self {
            arch,
            sum: ReproducibleSum::below(exponent),
            largest: 0.0,
        }
    }

    /// Adds `x[0] y[0] + x[1] y[1] + ...`, each product rounded to f64.
    pub fn add<X: Real, Y: Real>(&mut self, x: &[X], y: &[Y]) {
        self.arch.dispatch(Products { part: self, x, y });
    }

    fn merge(self, other: Self) -> Self {
        Self {
            arch: self.arch,
            sum: self.sum.merge(other.sum),
            largest: self.largest.max(other.largest),
        }
    }

    /// The largest magnitude among the terms, infinite if one is not finite.
    fn bound(&mut self) -> f64 {
        if self.sum.is_spoilt() {
            f64::INFINITY
        } else {
            self.largest
        }
    }
}

struct Products<'a, X, Y> {
    part: &'a mut DotPart,
    x: &'a [X],
    y: &'a [Y],
}

impl<X: Real, Y: Real> WithSimd for Products<'_, X, Y> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { part, x, y } = self;
        let count = x.len().min(y.len());
        let (x, x_rest) = x[..count].as_chunks::<LANES>();
        let (y, y_rest) = y[..count].as_chunks::<LANES>();
        let mut largest = part.largest;
        let product = |(x, y): (&[X; LANES], &[Y; LANES])| -> [f64; LANES] {
            from_fn(|k| x[k].to_f64() * y[k].to_f64())
        };
        for (x, y) in x.chunks(BLOCKS).zip(y.chunks(BLOCKS)) {
            largest = part
                .sum
                .add_blocks(simd, x.iter().zip(y).map(product), largest);
        }
        if !x_rest.is_empty() {
            // Zeros add nothing.
            let (mut x, mut y) = ([X::ZERO; LANES], [Y::ZERO; LANES]);
            x[..x_rest.len()].copy_from_slice(x_rest);
            y[..y_rest.len()].copy_from_slice(y_rest);
            let rest = std::iter::once(product((&x, &y)));
            largest = part.sum.add_blocks(simd, rest, largest);
        }
        part.largest = largest;
    }
}

/// `N` dot products that one solver makes again and again, with one reduction for all of them.
#[derive(Debug, Clone)]
pub struct Dots<const N: usize> {
    arch: Arch,
    /// The terms of each are foretold to lie below two to this.
    exponents: [i32; N],
}

impl<const N: usize> Default for Dots<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Dots<N> {
    /// Products of which nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            arch: Arch::new(),
            exponents: [0; N],
        }
    }

    /// What a thread begins to sum with in a pass.
    #[must_use]
    pub fn parts(&self) -> [DotPart; N] {
        self.exponents
            .map(|exponent| DotPart::below(self.arch, exponent))
    }

    /// The products over all ranks, given the shares that this rank's threads summed up in a pass
    /// over the own cells `of` each pair of fields: the same bits from any layout, NaN if a
    /// term is not finite. Collective.
    pub fn totals<X: Real, Y: Real>(
        &mut self,
        comm: &dyn Communicator,
        team: &Team,
        parts: [DotPart; N],
        of: [(&Field<X>, &Field<Y>); N],
    ) -> [f64; N] {
        let reduced = self.reduced(comm, parts, None);
        self.settle(comm, &reduced, |dots| dots.pass(team, of))
    }

    /// The first half of [`Self::totals`]: sums up over all ranks, with `overlap` run while the numbers are on their way.
    /// Collective.
    pub fn reduce_while(
        &self,
        comm: &dyn Communicator,
        parts: [DotPart; N],
        overlap: &mut dyn FnMut(),
    ) -> Reduced<N> {
        self.reduced(comm, parts, Some(overlap))
    }

    /// The second half of [`Self::totals`], given what makes the shares anew if they were not as foretold.
    /// Collective.
    pub fn settle(
        &mut self,
        comm: &dyn Communicator,
        reduced: &Reduced<N>,
        again: impl FnOnce(&Self) -> [DotPart; N],
    ) -> [f64; N] {
        let Reduced {
            mut parts,
            totals,
            verdicts: mut good,
        } = *reduced;
        for (exponent, verdict) in self.exponents.iter_mut().zip(&mut good) {
            if *verdict == Verdict::Low {
                *exponent -= ROOM;
                *verdict = Verdict::Good;
            }
        }
        if good.iter().all(|verdict| *verdict == Verdict::Good) {
            return totals;
        }
        let mut bounds = parts.each_mut().map(DotPart::bound);
        comm.all_reduce(&mut bounds, Reduce::Max);
        self.exponents = bounds.map(exponent_above);
        let Reduced { totals, .. } = self.reduced(comm, again(self), None);
        for (exponent, total) in self.exponents.iter_mut().zip(totals) {
            *exponent = if total.is_nan() {
                0
            } else {
                *exponent + HEADROOM
            };
        }
        totals
    }

    /// The products in a pass of their own. Collective.
    pub fn of<X: Real, Y: Real>(
        &mut self,
        comm: &dyn Communicator,
        team: &Team,
        of: [(&Field<X>, &Field<Y>); N],
    ) -> [f64; N] {
        self.made_by(comm, |dots| dots.pass(team, of))
    }

    /// The products in passes that `make` makes: one, and another if the terms were not as foretold. Collective.
    pub fn made_by(
        &mut self,
        comm: &dyn Communicator,
        mut make: impl FnMut(&Self) -> [DotPart; N],
    ) -> [f64; N] {
        let reduced = self.reduced(comm, make(self), None);
        self.settle(comm, &reduced, make)
    }

    fn pass<X: Real, Y: Real>(&self, team: &Team, of: [(&Field<X>, &Field<Y>); N]) -> [DotPart; N] {
        let rows = of.first().map_or(0, |(x, _)| x.cells()[1]);
        let add = |parts: &mut [DotPart; N], j| {
            for (part, (x, y)) in parts.iter_mut().zip(of) {
                part.add(x.own_row(j), y.own_row(j));
            }
        };
        team.fold_rows(rows, || self.parts(), add, merge)
    }

    /// Sums over all ranks, and whether each was as foretold.
    fn reduced(
        &self,
        comm: &dyn Communicator,
        mut parts: [DotPart; N],
        overlap: Option<&mut dyn FnMut()>,
    ) -> Reduced<N> {
        let mut words = [[0; LIMBS + 1]; N];
        for ((words, part), exponent) in words.iter_mut().zip(&mut parts).zip(self.exponents) {
            let below = exponent - exponent_above(part.bound());
            words[..LIMBS].copy_from_slice(&part.sum.limbs());
            words[LIMBS] = match below {
                ..0 => 1 << (2 * COUNT_BITS),
                _ if below < ROOM => 1 << COUNT_BITS,
                _ if below < 2 * ROOM => 1,
                _ => 0,
            };
        }
        let numbers = words.as_flattened_mut();
        match overlap {
            Some(overlap) => comm.all_reduce_integers_while(numbers, Reduce::Sum, overlap),
            None => comm.all_reduce_integers(numbers, Reduce::Sum),
        }
        let mut totals = [0.0; N];
        let mut verdicts = [Verdict::Wrong; N];
        for (k, words) in words.into_iter().enumerate() {
            let [limbs @ .., counts] = words;
            totals[k] = parts[k].sum.value(limbs);
            verdicts[k] = match counts {
                _ if counts >> (2 * COUNT_BITS) > 0 => Verdict::Wrong,
                _ if counts >> COUNT_BITS > 0 => Verdict::Good,
                1.. => Verdict::Low,
                _ => Verdict::Wrong,
            };
        }
        Reduced {
            parts,
            totals,
            verdicts,
        }
    }
}

/// Sums over all ranks that may have to be made anew.
pub struct Reduced<const N: usize> {
    parts: [DotPart; N],
    totals: [f64; N],
    verdicts: [Verdict; N],
}

/// How the largest term of all compares with what was foretold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    /// Good, but lower than last time.
    Low,
    Wrong,
}

/// The shares of two threads together.
#[must_use]
pub fn merge<const N: usize>(mut a: [DotPart; N], b: [DotPart; N]) -> [DotPart; N] {
    for (a, b) in a.iter_mut().zip(b) {
        *a = a.merge(b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comm::{Local, Solo};
    use proptest::prelude::*;

    fn field<T: Real>(team: &Team, columns: usize, values: &[f64]) -> Field<T> {
        let mut field = Field::new(team, [columns, values.len() / columns], 1);
        for (j, row) in values.chunks_exact(columns).enumerate() {
            for (to, &value) in field.own_row_mut(j).iter_mut().zip(row) {
                *to = T::from_f64(value);
            }
        }
        field
    }

    /// The sum of products with the bound known beforehand.
    fn exact(terms: impl Iterator<Item = f64>) -> f64 {
        let terms: Vec<_> = terms.collect();
        let bound = terms.iter().fold(0.0, |bound, term| term.abs().max(bound));
        let mut sum = ReproducibleSum::new(bound);
        sum.add(terms.len(), |k| terms[k]);
        sum.total(&Solo)
    }

    #[test]
    fn a_bound_that_was_wrong_does_no_harm() {
        let team = Team::new(1).unwrap();
        let mut dots = Dots::new();
        for size in [1.0, 1e-3, 1e-30, 1e30, 7e29, 1e-300, 0.0, 2e5] {
            let values: Vec<f64> = (0..1000_u32).map(|k| size * f64::from(k).sin()).collect();
            let x = field::<f64>(&team, 100, &values);
            let one = field::<f64>(&team, 100, &[1.0; 1000]);
            let [sum, squares] = dots.of(&Solo, &team, [(&x, &one), (&x, &x)]);
            let expected = exact(values.iter().copied());
            assert!((sum - expected).abs() <= 1e-15 * size, "{sum} {expected}");
            let expected = exact(values.iter().map(|x| x * x));
            assert!((squares - expected).abs() <= 1e-15 * size * size);
        }
    }

    #[test]
    fn what_is_not_finite_shows() {
        let team = Team::new(1).unwrap();
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e200] {
            for at in [0, 57, 99] {
                let mut values = [1.0; 100];
                values[at] = bad;
                let x = field::<f64>(&team, 50, &values);
                let one = field::<f64>(&team, 50, &[1.0; 100]);
                let mut dots = Dots::new();
                let [xx, ones] = dots.of(&Solo, &team, [(&x, &x), (&one, &one)]);
                assert!(xx.is_nan() && ones == 100.0, "{xx} {ones}");
                // And is forgotten.
                let [ones, again] = dots.of(&Solo, &team, [(&one, &one); 2]);
                assert_eq!([ones, again], [100.0; 2]);
            }
        }
    }

    proptest! {
        #[test]
        fn any_layout_gives_the_same_bits(
            values in prop::collection::vec((-1e3..1e3f64, -6..6i32), 60..400),
            columns in 1..30usize,
            ranks in 1..5usize,
            threads in 1..4usize,
            shrink in 0.001..2.0f64,
        ) {
            let rows = values.len() / columns;
            let values: Vec<f64> = values[..rows * columns]
                .iter()
                .map(|(value, exponent)| value * 10.0_f64.powi(*exponent))
                .collect();
            // A row of products, each of another size than the one before, as in a solver.
            let products = |comm: &dyn Communicator, team: &Team, rows: std::ops::Range<usize>| {
                let mine = &values[rows.start * columns..rows.end * columns];
                let mut dots = Dots::new();
                (0..6).map(|k| {
                    let scaled: Vec<_> = mine.iter().map(|x| x * shrink.powi(k)).collect();
                    let x = field::<f64>(team, columns, &scaled);
                    let y = field::<f64>(team, columns, mine);
                    dots.of(comm, team, [(&x, &y), (&y, &y)])
                }).collect::<Vec<_>>()
            };
            let expected = products(&Solo, &Team::new(1).unwrap(), 0..rows);
            let all = Local::run(ranks, |comm| {
                let team = Team::new(threads).unwrap();
                let cut = |rank: usize| rows * rank / ranks;
                products(comm.as_ref(), &team, cut(comm.rank())..cut(comm.rank() + 1))
            });
            for got in all {
                prop_assert_eq!(&got, &expected);
            }
            let yy = exact(values.iter().map(|y| y * y));
            prop_assert!((expected[0][1] - yy).abs() <= 1e-14 * yy);
        }
    }
}
