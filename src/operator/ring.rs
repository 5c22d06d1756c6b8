//! The youngest rows of a time step between the first and the last.

use std::ops::Range;

use super::tile::GROUP;
use crate::field::{LINE, Real, stride_for};

/// Rows in a ring: a group that is being computed and the group before it.
const ROWS: usize = 2 * GROUP;

/// Rows of a tile and of some columns around it; a new row takes the place of an old one.
pub(super) struct Ring<T> {
    values: Vec<T>,
    /// Row `origin` of the subdomain stands in slot 0.
    origin: isize,
    /// Column that stands first in a row.
    first_column: isize,
    first: usize,
    stride: usize,
}

impl<T: Real> Ring<T> {
    pub fn new() -> Self {
        Self {
            values: Vec::new(),
            origin: 0,
            first_column: 0,
            first: 0,
            stride: 0,
        }
    }

    /// Makes room for rows over `columns` and one more column at either end; groups of rows start
    /// at `origin` and at multiples of [`GROUP`] from there. What the rows hold is undefined.
    pub fn prepare(&mut self, columns: &Range<isize>, origin: isize) {
        let line = LINE / size_of::<T>();
        let lead = line.cast_signed();
        self.first_column = columns.start.div_euclid(lead) * lead - lead;
        self.origin = origin;
        let width = (columns.end + 1 - self.first_column).cast_unsigned();
        self.stride = stride_for::<T>(width);
        let needed = line + ROWS * self.stride;
        if self.values.len() < needed {
            self.values.resize(needed, T::ZERO);
        }
        self.first = self.values.as_ptr().align_offset(LINE);
    }

    fn slot(&self, j: isize) -> usize {
        (j - self.origin)
            .rem_euclid(ROWS.cast_signed())
            .cast_unsigned()
    }

    fn start(&self, i: isize, j: isize) -> usize {
        self.first + self.slot(j) * self.stride + (i - self.first_column).cast_unsigned()
    }

    pub fn row(&self, j: isize, columns: Range<isize>) -> &[T] {
        &self.values[self.start(columns.start, j)..][..columns.len()]
    }

    pub fn row_mut(&mut self, j: isize, columns: Range<isize>) -> &mut [T] {
        let start = self.start(columns.start, j);
        &mut self.values[start..][..columns.len()]
    }

    /// `R` rows from `j` on, all of one group.
    pub fn rows_mut<const R: usize>(&mut self, j: isize, columns: Range<isize>) -> [&mut [T]; R] {
        let offset = (columns.start - self.first_column).cast_unsigned();
        let start = self.first + self.slot(j) * self.stride;
        let mut rows = self.values[start..][..R * self.stride].chunks_exact_mut(self.stride);
        std::array::from_fn(|_| {
            let row = rows.next().expect("there are R of them");
            &mut row[offset..][..columns.len()]
        })
    }

    /// Two different rows: one to read, one to write.
    pub fn pair(&mut self, from: isize, to: isize, columns: Range<isize>) -> (&[T], &mut [T]) {
        let (from, to) = (
            self.start(columns.start, from),
            self.start(columns.start, to),
        );
        let n = columns.len();
        if from < to {
            let (low, high) = self.values.split_at_mut(to);
            (&low[from..][..n], &mut high[..n])
        } else {
            let (low, high) = self.values.split_at_mut(from);
            (&high[..n], &mut low[to..][..n])
        }
    }
}
