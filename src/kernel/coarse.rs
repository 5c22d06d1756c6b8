//! What multigrid does to rows of cells besides applying operators.

use pulp::{Arch, Simd, WithSimd};

use crate::field::Real;

/// What becomes of `A x` in a relaxation of some cells of a row.
pub struct Relaxation<'a, T> {
    /// 1 in the cells that are relaxed, 0 in the others.
    pub mask: &'a [T],
    /// Reciprocals of the diagonal of `A`.
    pub inverse: &'a [T],
    pub b: &'a [T],
    pub x: &'a [T],
}

/// `y = x + mask (inverse (b - y))`, where `y` is `A x`.
pub fn relax<T: Real>(arch: Arch, by: &Relaxation<'_, T>, y: &mut [T]) {
    arch.dispatch(Relax { by, y });
}

/// The same for an `x` that is 0: `y = mask (inverse b)`.
pub fn relax_zero<T: Real>(arch: Arch, mask: &[T], inverse: &[T], b: &[T], y: &mut [T]) {
    arch.dispatch(RelaxZero {
        mask,
        inverse,
        b,
        y,
    });
}

/// `y = b - y`.
pub fn subtract_from<T: Real>(arch: Arch, b: &[T], y: &mut [T]) {
    arch.dispatch(SubtractFrom { b, y });
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
pub fn gather_columns<T: Real>(fine: &[T], lower: &[T], upper: &[T], out: &mut [T]) {
    let n = out.len();
    let (lower, upper, fine) = (&lower[1..][..n], &upper[..n], &fine[..=2 * n]);
    for (k, out) in out.iter_mut().enumerate() {
        let [before, center, behind] = [fine[2 * k], fine[2 * k + 1], fine[2 * k + 2]];
        *out = center + (lower[k] * behind + upper[k] * before);
    }
}

/// Puts or adds to the cells `y` of a row what they take from a coarse one. `coarse`, `lower` and `upper`
/// begin with the coarse cell that coincides with the first of `y`, or with the one before it if
/// `begins_between` says that there is none.
pub fn spread_columns<T: Real, const ADD: bool>(
    coarse: &[T],
    lower: &[T],
    upper: &[T],
    begins_between: bool,
    y: &mut [T],
) {
    let between = |k: usize| lower[k] * coarse[k] + upper[k] * coarse[k + 1];
    let skipped = usize::from(begins_between).min(y.len());
    let (first, rest) = y.split_at_mut(skipped);
    if let [first] = first {
        put::<T, ADD>(first, between(0));
    }
    let (pairs, last) = rest.as_chunks_mut::<2>();
    let count = pairs.len();
    for (k, [at, behind]) in (skipped..).zip(pairs) {
        put::<T, ADD>(at, coarse[k]);
        put::<T, ADD>(behind, between(k));
    }
    if let [last] = last {
        put::<T, ADD>(last, coarse[skipped + count]);
    }
}

#[inline(always)]
fn put<T: Real, const ADD: bool>(y: &mut T, value: T) {
    if ADD {
        *y += value;
    } else {
        *y = value;
    }
}

struct Relax<'a, T> {
    by: &'a Relaxation<'a, T>,
    y: &'a mut [T],
}

struct RelaxZero<'a, T> {
    mask: &'a [T],
    inverse: &'a [T],
    b: &'a [T],
    y: &'a mut [T],
}

struct SubtractFrom<'a, T> {
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

// Plain loops, of which the compiler makes wide vectors inside these functions.

impl<T: Real> WithSimd for Relax<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let n = self.y.len();
        let Relaxation {
            mask,
            inverse,
            b,
            x,
        } = *self.by;
        let (mask, inverse, b, x) = (&mask[..n], &inverse[..n], &b[..n], &x[..n]);
        for (i, y) in self.y.iter_mut().enumerate() {
            *y = x[i] + mask[i] * (inverse[i] * (b[i] - *y));
        }
    }
}

impl<T: Real> WithSimd for RelaxZero<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let n = self.y.len();
        let (mask, inverse, b) = (&self.mask[..n], &self.inverse[..n], &self.b[..n]);
        for (i, y) in self.y.iter_mut().enumerate() {
            *y = mask[i] * (inverse[i] * b[i]);
        }
    }
}

impl<T: Real> WithSimd for SubtractFrom<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for (y, &b) in self.y.iter_mut().zip(self.b) {
            *y = b - *y;
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
