//! Loops over rows of cells: slices in, slices out, nothing else.
//!
//! The arithmetic of a cell is written once, in [`inflow`]. Every variant, uniform or per-cell
//! coefficients, any vector width, interior or rim, is that one expression over other loads, so
//! all of them give the same bits. Multiplications and additions are not contracted.

#![allow(
    clippy::inline_always,
    reason = "a row's loop must end up inside one function with wide vectors"
)]

use pulp::{Arch, Simd, WithSimd};

use crate::field::Real;

/// A coefficient along a row: one value for all cells, or one for each.
pub trait Row<T>: Copy {
    /// The first `count` values.
    #[must_use]
    fn first(self, count: usize) -> Self;
    fn at(self, i: usize) -> T;
}

/// One value for all cells.
#[derive(Debug, Clone, Copy)]
pub struct Uniform<T>(pub T);

impl<T: Real> Row<T> for Uniform<T> {
    #[inline(always)]
    fn first(self, _count: usize) -> Self {
        self
    }

    #[inline(always)]
    fn at(self, _i: usize) -> T {
        self.0
    }
}

impl<T: Real> Row<T> for &[T] {
    #[inline(always)]
    fn first(self, count: usize) -> Self {
        &self[..count]
    }

    #[inline(always)]
    fn at(self, i: usize) -> T {
        self[i]
    }
}

/// Heat sources along a row, if there are any at all.
pub trait Source<T>: Copy {
    #[must_use]
    fn first(self, count: usize) -> Self;
    /// `rate` plus the source of cell `i`.
    fn added_to(self, rate: T, i: usize) -> T;
}

/// No sources anywhere.
#[derive(Debug, Clone, Copy)]
pub struct NoSource;

impl<T: Real> Source<T> for NoSource {
    #[inline(always)]
    fn first(self, _count: usize) -> Self {
        self
    }

    #[inline(always)]
    fn added_to(self, rate: T, _i: usize) -> T {
        rate
    }
}

impl<T: Real> Source<T> for &[T] {
    #[inline(always)]
    fn first(self, count: usize) -> Self {
        &self[..count]
    }

    #[inline(always)]
    fn added_to(self, rate: T, i: usize) -> T {
        rate + self[i]
    }
}

/// A cell's temperature and those of its four neighbours, or the weights of its four faces.
#[derive(Debug, Clone, Copy)]
pub struct Cross<T> {
    pub west: T,
    pub east: T,
    pub south: T,
    pub north: T,
}

/// Net heat flow into a cell per volume, in W/m^3: weights are face conductivity over the square
/// of the cell width. A face's flow has the same bits, with opposite sign, seen from its other
/// cell, and the expression is symmetric under reflections and under exchange of the axes.
#[inline(always)]
pub fn inflow<T: Real>(center: T, around: Cross<T>, weight: Cross<T>) -> T {
    (weight.west * (around.west - center) + weight.east * (around.east - center))
        + (weight.south * (around.south - center) + weight.north * (around.north - center))
}

/// Three rows of temperatures around a row of `n` cells.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a, T> {
    /// The `n` cells below.
    pub south: &'a [T],
    /// `n + 2` values: the cells, and one more at either end.
    pub center: &'a [T],
    /// The `n` cells above.
    pub north: &'a [T],
}

/// Coefficients of a row of `n` cells.
#[derive(Debug, Clone, Copy)]
pub struct Coefficients<K, C, Q> {
    /// Weights of the `n` faces at low x.
    pub west: K,
    /// Weights of the `n` faces at high x.
    pub east: K,
    /// Weights of the `n` faces below.
    pub south: K,
    /// Weights of the `n` faces above.
    pub north: K,
    /// Reciprocal heat capacity.
    pub inverse_capacity: C,
    pub source: Q,
}

/// One forward Euler step of length `dt` for a row of cells:
/// `out = u + dt / rho_c * (inflow + source)`.
pub struct EulerRow<'a, T, K, C, Q> {
    /// The `n` cells of the row after the step.
    pub out: &'a mut [T],
    pub u: Rows<'a, T>,
    pub coefficients: Coefficients<K, C, Q>,
    pub dt: T,
}

impl<T: Real, K: Row<T>, C: Row<T>, Q: Source<T>> EulerRow<'_, T, K, C, Q> {
    /// Does it, with the widest vectors that the processor has.
    pub fn run(self) {
        Arch::new().dispatch(self);
    }
}

impl<T: Real, K: Row<T>, C: Row<T>, Q: Source<T>> WithSimd for EulerRow<'_, T, K, C, Q> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let (out, u, dt) = (self.out, self.u, self.dt);
        let n = out.len();
        let (south, north) = (&u.south[..n], &u.north[..n]);
        let (west, center, east) = (&u.center[..n], &u.center[1..][..n], &u.center[2..][..n]);
        let west_weight = self.coefficients.west.first(n);
        let east_weight = self.coefficients.east.first(n);
        let south_weight = self.coefficients.south.first(n);
        let north_weight = self.coefficients.north.first(n);
        let inverse_capacity = self.coefficients.inverse_capacity.first(n);
        let source = self.coefficients.source.first(n);
        for i in 0..n {
            let around = Cross {
                west: west[i],
                east: east[i],
                south: south[i],
                north: north[i],
            };
            let weight = Cross {
                west: west_weight.at(i),
                east: east_weight.at(i),
                south: south_weight.at(i),
                north: north_weight.at(i),
            };
            let rate = source.added_to(inflow(center[i], around, weight), i);
            out[i] = center[i] + dt * inverse_capacity.at(i) * rate;
        }
    }
}
