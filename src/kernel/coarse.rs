//! What multigrid does to rows of cells besides applying operators.

use pulp::{Arch, Simd, WithSimd};

use crate::field::Real;

/// A [`super::Relaxation`] of an `x` that is 0: `y = weights (inverse b)`.
pub fn relax_zero<T: Real>(arch: Arch, weights: &[T], inverse: &[T], b: &[T], y: &mut [T]) {
    arch.dispatch(RelaxZero {
        weights,
        inverse,
        b,
        y,
    });
}

/// `out = center + (lower above + upper below)`: what a coarse row takes from three fine ones.
pub fn gather_rows<T: Real>(
    arch: Arch,
    center: &[T],
    [lower, above]: [&[T]; 2],
    [upper, below]: [&[T]; 2],
    out: &mut [T],
) {
    arch.dispatch(GatherRows {
        center,
        above: [lower, above],
        below: [upper, below],
        out,
    });
}

/// `lower a + upper b`, put to or added to `y`: what a fine row between two coarse ones takes from
/// them.
pub fn spread_row<T: Real, const ADD: bool>(
    arch: Arch,
    [lower, a]: [&[T]; 2],
    [upper, b]: [&[T]; 2],
    y: &mut [T],
) {
    arch.dispatch(SpreadRow::<T, ADD> {
        low: [lower, a],
        high: [upper, b],
        y,
    });
}

/// What the `n` coarse cells `out` of a row take from it: the cell each coincides with, and the one
/// behind and the one before it by the weights `lower[k + 1]` and `upper[k]`. `fine` begins with
/// the cell before the first of those that coincide, and `lower` and `upper` one coarse cell before.
pub fn gather_columns<T: Real>(arch: Arch, fine: &[T], lower: &[T], upper: &[T], out: &mut [T]) {
    arch.dispatch(GatherColumns {
        fine,
        lower,
        upper,
        out,
    });
}

/// Puts or adds to the cells `y` of a row what they take from a coarse one. `coarse`, `lower` and `upper`
/// begin with the coarse cell that coincides with the first of `y`, or with the one before it if
/// `begins_between` says that there is none.
pub fn spread_columns<T: Real, const ADD: bool>(
    arch: Arch,
    coarse: &[T],
    [lower, upper]: [&[T]; 2],
    begins_between: bool,
    y: &mut [T],
) {
    arch.dispatch(SpreadColumns::<T, ADD> {
        coarse,
        lower,
        upper,
        begins_between,
        y,
    });
}

#[inline(always)]
fn put<T: Real, const ADD: bool>(y: &mut T, value: T) {
    if ADD {
        *y += value;
    } else {
        *y = value;
    }
}

struct RelaxZero<'a, T> {
    weights: &'a [T],
    inverse: &'a [T],
    b: &'a [T],
    y: &'a mut [T],
}

struct GatherRows<'a, T> {
    center: &'a [T],
    above: [&'a [T]; 2],
    below: [&'a [T]; 2],
    out: &'a mut [T],
}

struct SpreadRow<'a, T, const ADD: bool> {
    low: [&'a [T]; 2],
    high: [&'a [T]; 2],
    y: &'a mut [T],
}

struct GatherColumns<'a, T> {
    fine: &'a [T],
    lower: &'a [T],
    upper: &'a [T],
    out: &'a mut [T],
}

struct SpreadColumns<'a, T, const ADD: bool> {
    coarse: &'a [T],
    lower: &'a [T],
    upper: &'a [T],
    begins_between: bool,
    y: &'a mut [T],
}

// Plain loops, of which the compiler makes wide vectors inside these functions.

impl<T: Real> WithSimd for RelaxZero<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let n = self.y.len();
        let (weights, inverse, b) = (&self.weights[..n], &self.inverse[..n], &self.b[..n]);
        for (i, y) in self.y.iter_mut().enumerate() {
            *y = weights[i] * (inverse[i] * b[i]);
        }
    }
}

impl<T: Real> WithSimd for GatherRows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let n = self.out.len();
        let center = &self.center[..n];
        let [lower, above] = self.above.map(|row| &row[..n]);
        let [upper, below] = self.below.map(|row| &row[..n]);
        for (i, out) in self.out.iter_mut().enumerate() {
            *out = center[i] + (lower[i] * above[i] + upper[i] * below[i]);
        }
    }
}

impl<T: Real, const ADD: bool> WithSimd for SpreadRow<'_, T, ADD> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let n = self.y.len();
        let [lower, a] = self.low.map(|row| &row[..n]);
        let [upper, b] = self.high.map(|row| &row[..n]);
        for (i, y) in self.y.iter_mut().enumerate() {
            put::<T, ADD>(y, lower[i] * a[i] + upper[i] * b[i]);
        }
    }
}

impl<T: Real> WithSimd for GatherColumns<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let n = self.out.len();
        let (lower, upper) = (&self.lower[1..][..n], &self.upper[..n]);
        let (before, _) = self.fine[..2 * n].as_chunks::<2>();
        let (from_center, _) = self.fine[1..=2 * n].as_chunks::<2>();
        let (before, from_center) = (&before[..n], &from_center[..n]);
        for (k, out) in self.out.iter_mut().enumerate() {
            let [center, behind] = from_center[k];
            *out = center + (lower[k] * behind + upper[k] * before[k][0]);
        }
    }
}

impl<T: Real, const ADD: bool> WithSimd for SpreadColumns<'_, T, ADD> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self {
            coarse,
            lower,
            upper,
            begins_between,
            y,
        } = self;
        let between = |k: usize| lower[k] * coarse[k] + upper[k] * coarse[k + 1];
        let skipped = usize::from(begins_between).min(y.len());
        let (first, rest) = y.split_at_mut(skipped);
        if let [first] = first {
            put::<T, ADD>(first, between(0));
        }
        let (pairs, last) = rest.as_chunks_mut::<2>();
        let n = pairs.len();
        if let [last] = last {
            put::<T, ADD>(last, coarse[skipped + n]);
        }
        let (lower, upper) = (&lower[skipped..][..n], &upper[skipped..][..n]);
        let (at_pairs, next) = (&coarse[skipped..][..n], &coarse[skipped..][1..=n]);
        for (k, [at, behind]) in pairs.iter_mut().enumerate() {
            put::<T, ADD>(at, at_pairs[k]);
            put::<T, ADD>(behind, lower[k] * at_pairs[k] + upper[k] * next[k]);
        }
    }
}
