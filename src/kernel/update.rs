//! What a step makes of a cell.

use pulp::Simd;

use super::row::{each, vector, vector_mut};
use crate::field::Real;

/// What a step makes of the cells of `R` rows.
pub trait Update<T: Real, const R: usize>: Copy {
    /// What it reads besides, as vectors.
    type Vectors<S: Simd>: Copy;

    /// `count` vectors from column `first` on.
    fn vectors<S: Simd>(self, simd: S, first: usize, count: usize) -> Self::Vectors<S>;
    /// What becomes of vector `k` of row `r`.
    fn of<S: Simd>(
        simd: S,
        vectors: &Self::Vectors<S>,
        cells: Cells<T::Vector<S>>,
        r: usize,
        k: usize,
    ) -> T::Vector<S>;
}

/// A vector of cells before a step.
#[derive(Debug, Clone, Copy)]
pub struct Cells<V> {
    pub u: V,
    /// What they were one step earlier.
    pub past: V,
    /// What comes in: `rho_c du/dt`.
    pub rate: V,
    /// Reciprocal heat capacity.
    pub inverse_capacity: V,
}

/// Forward Euler: `u + dt / rho_c rate`.
#[derive(Debug, Clone, Copy)]
pub struct Euler<T> {
    /// In seconds.
    pub dt: T,
}

/// A stage with three terms: `before[0] u + before[1] past + of_start start + dt / rho_c rate`.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'a, T, const R: usize> {
    /// Of the two stages before.
    pub before: [T; 2],
    pub of_start: T,
    /// The `n` cells of each row, the same in all stages.
    pub start: [&'a [T]; R],
    /// In seconds.
    pub dt: T,
}

/// What a [`Stage`] reads, as vectors.
#[derive(Debug, Clone, Copy)]
pub struct StageVectors<'a, V, const R: usize> {
    before: [V; 2],
    of_start: V,
    start: [&'a [V]; R],
    dt: V,
}

impl<T: Real, const R: usize> Update<T, R> for Euler<T> {
    type Vectors<S: Simd> = T::Vector<S>;

    #[inline(always)]
    fn vectors<S: Simd>(self, simd: S, _first: usize, _count: usize) -> Self::Vectors<S> {
        T::splat(simd, self.dt)
    }

    #[inline(always)]
    fn of<S: Simd>(
        simd: S,
        dt: &Self::Vectors<S>,
        cells: Cells<T::Vector<S>>,
        _r: usize,
        _k: usize,
    ) -> T::Vector<S> {
        let factor = T::product(simd, *dt, cells.inverse_capacity);
        T::sum(simd, cells.u, T::product(simd, factor, cells.rate))
    }
}

impl<'a, T: Real, const R: usize> Update<T, R> for Stage<'a, T, R> {
    type Vectors<S: Simd> = StageVectors<'a, T::Vector<S>, R>;

    #[inline(always)]
    fn vectors<S: Simd>(self, simd: S, first: usize, count: usize) -> Self::Vectors<S> {
        let [u, past] = self.before;
        StageVectors {
            before: [T::splat(simd, u), T::splat(simd, past)],
            of_start: T::splat(simd, self.of_start),
            start: each::<T, S, R>(self.start, first, count),
            dt: T::splat(simd, self.dt),
        }
    }

    #[inline(always)]
    fn of<S: Simd>(
        simd: S,
        by: &Self::Vectors<S>,
        cells: Cells<T::Vector<S>>,
        r: usize,
        k: usize,
    ) -> T::Vector<S> {
        let product = |a, b| T::product(simd, a, b);
        let [of_u, of_past] = by.before;
        let before = T::sum(simd, product(of_u, cells.u), product(of_past, cells.past));
        let factor = product(by.dt, cells.inverse_capacity);
        let of_start = product(by.of_start, by.start[r][k]);
        let gain = T::sum(simd, of_start, product(factor, cells.rate));
        T::sum(simd, before, gain)
    }
}

/// What `R` rows of `n` cells were one step earlier, kept up to date while rows pass through a step.
pub trait Past<T: Real, const R: usize> {
    /// The vector of row `r` from cell `at` on.
    fn get<S: Simd>(&self, simd: S, r: usize, at: usize) -> T::Vector<S>;
    fn put<S: Simd>(&mut self, r: usize, at: usize, value: T::Vector<S>);
}

/// Of steps that look back no further than one.
#[derive(Debug, Clone, Copy)]
pub struct NoPast;

impl<T: Real, const R: usize> Past<T, R> for NoPast {
    #[inline(always)]
    fn get<S: Simd>(&self, simd: S, _r: usize, _at: usize) -> T::Vector<S> {
        T::splat(simd, T::ZERO)
    }

    #[inline(always)]
    fn put<S: Simd>(&mut self, _r: usize, _at: usize, _value: T::Vector<S>) {}
}

impl<T: Real, const R: usize> Past<T, R> for [&mut [T]; R] {
    #[inline(always)]
    fn get<S: Simd>(&self, _simd: S, r: usize, at: usize) -> T::Vector<S> {
        vector::<T, S>(self[r], at)
    }

    #[inline(always)]
    fn put<S: Simd>(&mut self, r: usize, at: usize, value: T::Vector<S>) {
        *vector_mut::<T, S>(self[r], at) = value;
    }
}
