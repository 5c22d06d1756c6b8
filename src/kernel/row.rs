//! What a kernel reads along a row besides temperatures: one value for all cells, or one for each.

use std::ops::Range;

use pulp::Simd;

use crate::field::Real;

/// A coefficient along a row.
pub trait Row<T: Real>: Copy {
    /// The same row as vectors.
    type Vectors<S: Simd>: Copy;

    /// Some of the values.
    #[must_use]
    fn part(self, columns: Range<usize>) -> Self;
    fn vectors<S: Simd>(self, simd: S) -> Self::Vectors<S>;
    fn vector<S: Simd>(vectors: Self::Vectors<S>, k: usize) -> T::Vector<S>;
}

/// One value for all cells.
#[derive(Debug, Clone, Copy)]
pub struct Uniform<T>(pub T);

impl<T: Real> Row<T> for Uniform<T> {
    type Vectors<S: Simd> = T::Vector<S>;

    #[inline(always)]
    fn part(self, _columns: Range<usize>) -> Self {
        self
    }

    #[inline(always)]
    fn vectors<S: Simd>(self, simd: S) -> Self::Vectors<S> {
        T::splat(simd, self.0)
    }

    #[inline(always)]
    fn vector<S: Simd>(vectors: Self::Vectors<S>, _k: usize) -> T::Vector<S> {
        vectors
    }
}

impl<'a, T: Real> Row<T> for &'a [T] {
    type Vectors<S: Simd> = &'a [T::Vector<S>];

    #[inline(always)]
    fn part(self, columns: Range<usize>) -> Self {
        &self[columns]
    }

    #[inline(always)]
    fn vectors<S: Simd>(self, _simd: S) -> Self::Vectors<S> {
        T::vectors(self)
    }

    #[inline(always)]
    fn vector<S: Simd>(vectors: Self::Vectors<S>, k: usize) -> T::Vector<S> {
        vectors[k]
    }
}

/// Heat sources along a row, if there are any at all.
pub trait Source<T: Real>: Copy {
    /// The same row as vectors.
    type Vectors<S: Simd>: Copy;

    /// Some of the sources.
    #[must_use]
    fn part(self, columns: Range<usize>) -> Self;
    fn vectors<S: Simd>(self, simd: S) -> Self::Vectors<S>;
    /// `rate` plus the sources of vector `k`.
    fn added<S: Simd>(
        simd: S,
        vectors: Self::Vectors<S>,
        rate: T::Vector<S>,
        k: usize,
    ) -> T::Vector<S>;
}

/// No sources anywhere.
#[derive(Debug, Clone, Copy)]
pub struct NoSource;

impl<T: Real> Source<T> for NoSource {
    type Vectors<S: Simd> = ();

    #[inline(always)]
    fn part(self, _columns: Range<usize>) -> Self {
        self
    }

    #[inline(always)]
    fn vectors<S: Simd>(self, _simd: S) -> Self::Vectors<S> {}

    #[inline(always)]
    fn added<S: Simd>(
        _simd: S,
        (): Self::Vectors<S>,
        rate: T::Vector<S>,
        _k: usize,
    ) -> T::Vector<S> {
        rate
    }
}

impl<'a, T: Real> Source<T> for &'a [T] {
    type Vectors<S: Simd> = &'a [T::Vector<S>];

    #[inline(always)]
    fn part(self, columns: Range<usize>) -> Self {
        &self[columns]
    }

    #[inline(always)]
    fn vectors<S: Simd>(self, _simd: S) -> Self::Vectors<S> {
        T::vectors(self)
    }

    #[inline(always)]
    fn added<S: Simd>(
        simd: S,
        vectors: Self::Vectors<S>,
        rate: T::Vector<S>,
        k: usize,
    ) -> T::Vector<S> {
        T::sum(simd, rate, vectors[k])
    }
}
