//! How each of some steps follows from those before it.

use std::ops::Range;

use super::coefficients::OnRows;
use crate::{
    field::{Field, Real},
    kernel::{self, NoPast, Rows, Uniform, Update},
};

/// Gives what a step makes of rows.
pub(super) trait Formula<T: Real>: Sync {
    /// Whether a step needs the state before the last one.
    const LOOKS_BACK: bool;

    type Update<'a, const R: usize>: Update<T, R>
    where
        Self: 'a;
    /// Rows of the state before the last, in a field.
    type Past<'a, const R: usize>: Rows<T, R>
    where
        Self: 'a;
    /// The same, in rows that move along.
    type Kept<'a, const R: usize>: kernel::Past<T, R>;

    /// What a step makes of `R` rows from `j` on.
    fn update<const R: usize>(
        &self,
        step: usize,
        j: isize,
        columns: Range<isize>,
    ) -> Self::Update<'_, R>;

    /// `R` rows from `j` on, of the state one step before the one that the first step begins with.
    fn past<const R: usize>(&self, j: isize, columns: Range<isize>) -> Self::Past<'_, R>;

    /// `R` rows, given with one more value at either end.
    fn kept<const R: usize>(rows: [&mut [T]; R]) -> Self::Kept<'_, R>;
}

/// `u' = u + dt du/dt`.
pub(super) struct Euler<T> {
    /// In seconds.
    pub dt: T,
}

impl<T: Real> Formula<T> for Euler<T> {
    const LOOKS_BACK: bool = false;
    type Update<'a, const R: usize> = kernel::Euler<T>;
    type Past<'a, const R: usize> = Uniform<T>;
    type Kept<'a, const R: usize> = NoPast;

    fn update<const R: usize>(
        &self,
        _step: usize,
        _j: isize,
        _columns: Range<isize>,
    ) -> kernel::Euler<T> {
        kernel::Euler { dt: self.dt }
    }

    fn past<const R: usize>(&self, _j: isize, _columns: Range<isize>) -> Uniform<T> {
        Uniform(T::ZERO)
    }

    fn kept<const R: usize>(_rows: [&mut [T]; R]) -> NoPast {
        NoPast
    }
}

/// A stage of a scheme whose stages follow from the two before them:
/// `D' = before[0] D + before[1] (the D before it) + of_start S + dt dD/dt`, with an `S` that is the same in all
/// of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    pub before: [f64; 2],
    pub of_start: f64,
    /// In seconds.
    pub dt: f64,
    /// When walls and sources are taken, in seconds.
    pub time: f64,
    /// How many seconds what comes in then lasts for the whole step.
    pub counted: f64,
}

/// Stages, and what they begin with.
#[derive(Clone, Copy)]
pub struct Stages<'a, T> {
    pub stages: &'a [Stage],
    /// The `D` of the last stage, and of the one before it.
    pub before: [&'a Field<T>; 2],
    /// `S`.
    pub start: &'a Field<T>,
}

impl<T: Real> Formula<T> for Stages<'_, T> {
    const LOOKS_BACK: bool = true;
    type Update<'a, const R: usize>
        = kernel::Stage<'a, T, R>
    where
        Self: 'a;
    type Past<'a, const R: usize>
        = [&'a [T]; R]
    where
        Self: 'a;
    type Kept<'a, const R: usize> = [&'a mut [T]; R];

    fn update<const R: usize>(
        &self,
        step: usize,
        j: isize,
        columns: Range<isize>,
    ) -> kernel::Stage<'_, T, R> {
        let stage = &self.stages[step];
        kernel::Stage {
            before: stage.before.map(T::from_f64),
            of_start: T::from_f64(stage.of_start),
            start: self.start.rows::<R>(j, columns),
            dt: T::from_f64(stage.dt),
        }
    }

    fn past<const R: usize>(&self, j: isize, columns: Range<isize>) -> [&[T]; R] {
        self.before[1].rows::<R>(j, columns)
    }

    fn kept<const R: usize>(rows: [&mut [T]; R]) -> [&mut [T]; R] {
        rows.map(|row| {
            let n = row.len() - 2;
            &mut row[1..][..n]
        })
    }
}
