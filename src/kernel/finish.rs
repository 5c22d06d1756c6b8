//! What becomes of an operator's value in the cells of a row, before it leaves the registers.

use std::ops::Range;

use pulp::Simd;

use super::row::vectors;
use crate::field::Real;

/// What is made of `A u` in each cell of a row.
pub trait Finish<T: Real>: Copy {
    /// The rows that it needs, as vectors.
    type Vectors<S: Simd>: Copy;

    /// Some of the columns.
    #[must_use]
    fn part(self, columns: Range<usize>) -> Self;
    /// `count` vectors from column `first` on.
    fn vectors<S: Simd>(self, first: usize, count: usize) -> Self::Vectors<S>;
    /// What is made of `[u, A u]`, vector `k`.
    fn of<S: Simd>(
        simd: S,
        vectors: &Self::Vectors<S>,
        u_and_value: [T::Vector<S>; 2],
        k: usize,
    ) -> T::Vector<S>;
}

/// `A u` itself.
#[derive(Debug, Clone, Copy)]
pub struct Value;

/// The residual `b - A u`, given `b`.
#[derive(Debug, Clone, Copy)]
pub struct Residual<'a, T>(pub &'a [T]);

/// A relaxation of some cells, `u + weights (inverse (b - A u))`.
#[derive(Debug, Clone, Copy)]
pub struct Relaxation<'a, T> {
    /// Which part of its correction each cell takes.
    pub weights: &'a [T],
    /// Reciprocals of the diagonal of `A`.
    pub inverse: &'a [T],
    pub b: &'a [T],
}

/// The rows of a [`Relaxation`].
#[derive(Clone, Copy)]
pub struct Relaxed<'a, V> {
    weights: &'a [V],
    inverse: &'a [V],
    b: &'a [V],
}

impl<T: Real> Finish<T> for Value {
    type Vectors<S: Simd> = ();

    #[inline(always)]
    fn part(self, _columns: Range<usize>) -> Self {
        self
    }

    #[inline(always)]
    fn vectors<S: Simd>(self, _first: usize, _count: usize) {}

    #[inline(always)]
    fn of<S: Simd>(_simd: S, (): &(), [_, value]: [T::Vector<S>; 2], _k: usize) -> T::Vector<S> {
        value
    }
}

impl<'a, T: Real> Finish<T> for Residual<'a, T> {
    type Vectors<S: Simd> = &'a [T::Vector<S>];

    #[inline(always)]
    fn part(self, columns: Range<usize>) -> Self {
        Self(&self.0[columns])
    }

    #[inline(always)]
    fn vectors<S: Simd>(self, first: usize, count: usize) -> Self::Vectors<S> {
        vectors::<T, S>(self.0, first, count)
    }

    #[inline(always)]
    fn of<S: Simd>(
        simd: S,
        b: &Self::Vectors<S>,
        [_, value]: [T::Vector<S>; 2],
        k: usize,
    ) -> T::Vector<S> {
        T::difference(simd, b[k], value)
    }
}

impl<'a, T: Real> Finish<T> for Relaxation<'a, T> {
    type Vectors<S: Simd> = Relaxed<'a, T::Vector<S>>;

    #[inline(always)]
    fn part(self, columns: Range<usize>) -> Self {
        Self {
            weights: &self.weights[columns.clone()],
            inverse: &self.inverse[columns.clone()],
            b: &self.b[columns],
        }
    }

    #[inline(always)]
    fn vectors<S: Simd>(self, first: usize, count: usize) -> Self::Vectors<S> {
        Relaxed {
            weights: vectors::<T, S>(self.weights, first, count),
            inverse: vectors::<T, S>(self.inverse, first, count),
            b: vectors::<T, S>(self.b, first, count),
        }
    }

    #[inline(always)]
    fn of<S: Simd>(
        simd: S,
        by: &Self::Vectors<S>,
        [u, value]: [T::Vector<S>; 2],
        k: usize,
    ) -> T::Vector<S> {
        let change = T::product(simd, by.inverse[k], T::difference(simd, by.b[k], value));
        T::sum(simd, u, T::product(simd, by.weights[k], change))
    }
}
