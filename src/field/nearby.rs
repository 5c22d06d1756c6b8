//! Rows that a stencil reads, wherever they lie.

use std::ops::Range;

use super::{Field, Real, signed};

/// A row of cells and those around it.
pub trait Nearby<T> {
    /// Part of row `j` from column `columns.start` on.
    fn part(&self, j: isize, columns: Range<isize>) -> &[T];
}

impl<T: Real> Nearby<T> for Field<T> {
    fn part(&self, j: isize, columns: Range<isize>) -> &[T] {
        Field::part(self, j, columns)
    }
}

/// Row `center` between the two next to it, from column -1 on.
pub struct ThreeRows<'a, T> {
    pub center: usize,
    pub rows: [&'a [T]; 3],
}

impl<T> Nearby<T> for ThreeRows<'_, T> {
    fn part(&self, j: isize, columns: Range<isize>) -> &[T] {
        let row = self.rows[(j + 1 - signed(self.center)).cast_unsigned()];
        &row[(columns.start + 1).cast_unsigned()..(columns.end + 1).cast_unsigned()]
    }
}
