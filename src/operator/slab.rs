//! A few rows that stay in cache while others take their place.

use std::ops::Range;

use crate::field::{LINE, Real, stride_for};

/// `N` rows over the columns of a tile and over some around it.
pub(super) struct Slab<T, const N: usize> {
    values: Vec<T>,
    /// Column that stands first in a row.
    first_column: isize,
    first: usize,
    stride: usize,
}

impl<T: Real, const N: usize> Slab<T, N> {
    pub fn new() -> Self {
        Self {
            values: Vec::new(),
            first_column: 0,
            first: 0,
            stride: 0,
        }
    }

    /// Makes room for rows over `columns` and one more column at either end. What the rows hold is
    /// undefined.
    pub fn prepare(&mut self, columns: &Range<isize>) {
        let line = LINE / size_of::<T>();
        let lead = line.cast_signed();
        self.first_column = columns.start.div_euclid(lead) * lead - lead;
        let width = (columns.end + 1 - self.first_column).cast_unsigned();
        self.stride = stride_for::<T>(width);
        let needed = line + N * self.stride;
        if self.values.len() < needed {
            self.values.resize(needed, T::ZERO);
        }
        self.first = self.values.as_ptr().align_offset(LINE);
    }

    pub fn row(&mut self, r: usize, columns: Range<isize>) -> &mut [T] {
        let [row] = self.rows(r, columns);
        row
    }

    /// `R` rows from row `r` on.
    pub fn rows<const R: usize>(&mut self, r: usize, columns: Range<isize>) -> [&mut [T]; R] {
        let (rows, []) = self.two_runs([r, r + R], columns);
        rows
    }

    /// `R` rows from one row on, and `S` more from another on, which lies above them.
    pub fn two_runs<const R: usize, const S: usize>(
        &mut self,
        [first, second]: [usize; 2],
        columns: Range<isize>,
    ) -> ([&mut [T]; R], [&mut [T]; S]) {
        let offset = (columns.start - self.first_column).cast_unsigned();
        let rows = &mut self.values[self.first..][..N * self.stride];
        let (low, high) = rows.split_at_mut(second * self.stride);
        let part = |row| -> &mut [T] {
            let row: &mut [T] = row;
            &mut row[offset..][..columns.len()]
        };
        let mut low = low[first * self.stride..]
            .chunks_exact_mut(self.stride)
            .map(part);
        let mut high = high.chunks_exact_mut(self.stride).map(part);
        (
            std::array::from_fn(|_| low.next().expect("there are R of them")),
            std::array::from_fn(|_| high.next().expect("there are S of them")),
        )
    }
}
