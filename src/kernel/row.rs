//! What a kernel reads besides temperatures: one value for all cells, or one for each.

use std::ops::Range;

use pulp::Simd;

use crate::field::Real;

/// A coefficient on `R` rows of cells or faces.
pub trait Rows<T: Real, const R: usize>: Copy {
    /// The same rows as vectors.
    type Vectors<S: Simd>: Copy;

    /// In a column of row `r`.
    fn value(&self, r: usize, column: usize) -> T;
    /// `count` vectors from column `first` on.
    fn vectors<S: Simd>(self, simd: S, first: usize, count: usize) -> Self::Vectors<S>;
    /// Vector `k` of row `r`.
    fn vector<S: Simd>(vectors: &Self::Vectors<S>, r: usize, k: usize) -> T::Vector<S>;
}

/// One value for all cells.
#[derive(Debug, Clone, Copy)]
pub struct Uniform<T>(pub T);

impl<T: Real, const R: usize> Rows<T, R> for Uniform<T> {
    type Vectors<S: Simd> = T::Vector<S>;

    #[inline(always)]
    fn value(&self, _r: usize, _column: usize) -> T {
        self.0
    }

    #[inline(always)]
    fn vectors<S: Simd>(self, simd: S, _first: usize, _count: usize) -> Self::Vectors<S> {
        T::splat(simd, self.0)
    }

    #[inline(always)]
    fn vector<S: Simd>(vectors: &Self::Vectors<S>, _r: usize, _k: usize) -> T::Vector<S> {
        *vectors
    }
}

impl<'a, T: Real, const R: usize> Rows<T, R> for [&'a [T]; R] {
    type Vectors<S: Simd> = [&'a [T::Vector<S>]; R];

    #[inline(always)]
    fn value(&self, r: usize, column: usize) -> T {
        self[r][column]
    }

    #[inline(always)]
    fn vectors<S: Simd>(self, _simd: S, first: usize, count: usize) -> Self::Vectors<S> {
        each(self, first, count)
    }

    #[inline(always)]
    fn vector<S: Simd>(vectors: &Self::Vectors<S>, r: usize, k: usize) -> T::Vector<S> {
        vectors[r][k]
    }
}

/// Heat sources on `R` rows of cells, if there are any at all.
pub trait Sources<T: Real, const R: usize>: Copy {
    /// The same rows as vectors.
    type Vectors<S: Simd>: Copy;

    /// Some of the columns.
    #[must_use]
    fn part(self, columns: Range<usize>) -> Self;
    /// `count` vectors from column `first` on.
    fn vectors<S: Simd>(self, first: usize, count: usize) -> Self::Vectors<S>;
    /// `rate` plus the sources of vector `k` of row `r`.
    fn added<S: Simd>(
        simd: S,
        vectors: &Self::Vectors<S>,
        rate: T::Vector<S>,
        r: usize,
        k: usize,
    ) -> T::Vector<S>;
}

/// No sources anywhere.
#[derive(Debug, Clone, Copy)]
pub struct NoSource;

impl<T: Real, const R: usize> Sources<T, R> for NoSource {
    type Vectors<S: Simd> = ();

    #[inline(always)]
    fn part(self, _columns: Range<usize>) -> Self {
        self
    }

    #[inline(always)]
    fn vectors<S: Simd>(self, _first: usize, _count: usize) -> Self::Vectors<S> {}

    #[inline(always)]
    fn added<S: Simd>(
        _simd: S,
        (): &Self::Vectors<S>,
        rate: T::Vector<S>,
        _r: usize,
        _k: usize,
    ) -> T::Vector<S> {
        rate
    }
}

impl<'a, T: Real, const R: usize> Sources<T, R> for [&'a [T]; R] {
    type Vectors<S: Simd> = [&'a [T::Vector<S>]; R];

    #[inline(always)]
    fn part(self, columns: Range<usize>) -> Self {
        self.map(|row| &row[columns.clone()])
    }

    #[inline(always)]
    fn vectors<S: Simd>(self, first: usize, count: usize) -> Self::Vectors<S> {
        each(self, first, count)
    }

    #[inline(always)]
    fn added<S: Simd>(
        simd: S,
        vectors: &Self::Vectors<S>,
        rate: T::Vector<S>,
        r: usize,
        k: usize,
    ) -> T::Vector<S> {
        T::sum(simd, rate, vectors[r][k])
    }
}

/// `count` vectors of a row from value `first` on.
#[inline(always)]
pub(super) fn vectors<T: Real, S: Simd>(row: &[T], first: usize, count: usize) -> &[T::Vector<S>] {
    &T::vectors::<S>(&row[first..][..count * T::lanes::<S>()])[..count]
}

#[inline(always)]
pub(super) fn vectors_mut<T: Real, S: Simd>(
    row: &mut [T],
    first: usize,
    count: usize,
) -> &mut [T::Vector<S>] {
    &mut T::vectors_mut::<S>(&mut row[first..][..count * T::lanes::<S>()])[..count]
}

/// The vector of a row from value `at` on.
#[inline(always)]
pub(super) fn vector<T: Real, S: Simd>(row: &[T], at: usize) -> T::Vector<S> {
    T::vectors::<S>(&row[at..][..T::lanes::<S>()])[0]
}

#[inline(always)]
pub(super) fn vector_mut<T: Real, S: Simd>(row: &mut [T], at: usize) -> &mut T::Vector<S> {
    &mut T::vectors_mut::<S>(&mut row[at..][..T::lanes::<S>()])[0]
}

/// `count` vectors of each row from value `first` on. A plain loop: through `map`, the compiler would
/// lose sight of the slices' length, and check every access.
#[inline(always)]
pub(super) fn each<T: Real, S: Simd, const R: usize>(
    rows: [&[T]; R],
    first: usize,
    count: usize,
) -> [&[T::Vector<S>]; R] {
    let mut all: [&[T::Vector<S>]; R] = [&[]; R];
    for (all, row) in all.iter_mut().zip(rows) {
        *all = vectors::<T, S>(row, first, count);
    }
    all
}
