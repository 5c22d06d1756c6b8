//! Several passes over the rows of a level as one pass over memory: each row goes through all stages
//! while its neighbours are in cache.

use crate::field::{LINE, Real, stride_for};

/// The youngest rows of each stage. A stage makes a row from that of the stage before and the two next
/// to it. Rows have a ghost at either end.
pub struct Wave<T> {
    rings: Vec<Ring<T>>,
    /// The row that each stage makes next.
    next: Vec<isize>,
}

/// A row that is to be made.
pub struct Place {
    pub stage: usize,
    pub row: isize,
}

impl<T: Real> Wave<T> {
    /// Stages whose rows have so many cells.
    pub fn new(widths: &[usize]) -> Self {
        Self {
            rings: widths.iter().map(|&width| Ring::new(width)).collect(),
            next: vec![0; widths.len()],
        }
    }

    /// Begins anew; the last stage begins with this row.
    pub fn begin(&mut self, row: isize) {
        for (next, stages) in self.next.iter_mut().rev().zip(0..) {
            *next = row - stages;
        }
    }

    /// Has a stage make its rows up to this one: `make(place, rows of the stage before, out)`.
    pub fn pull(
        &mut self,
        stage: usize,
        upto: isize,
        make: &mut impl FnMut(Place, Option<[&[T]; 3]>, &mut [T]),
    ) {
        while self.next[stage] <= upto {
            let row = self.next[stage];
            if stage > 0 {
                self.pull(stage - 1, row + 1, make);
            }
            let (before, rest) = self.rings.split_at_mut(stage);
            let around = before.last().map(|ring| ring.around(row));
            make(Place { stage, row }, around, rest[0].row_mut(row));
            self.next[stage] += 1;
        }
    }

    /// The rows around one of the last stage, which were pulled.
    pub fn last(&self, row: isize) -> [&[T]; 3] {
        self.rings.last().expect("there are stages").around(row)
    }
}

/// Three rows, of which the oldest makes room for the next.
struct Ring<T> {
    values: Vec<T>,
    first: usize,
    stride: usize,
    /// With ghosts.
    width: usize,
}

impl<T: Real> Ring<T> {
    /// Rows whose first cell, behind the ghost, is aligned to a cache line.
    fn new(cells: usize) -> Self {
        let line = LINE / size_of::<T>();
        let stride = stride_for::<T>(line + cells + 1);
        let values: Vec<T> = bytemuck::zeroed_vec(line + 3 * stride);
        Self {
            first: values.as_ptr().align_offset(LINE) + line - 1,
            values,
            stride,
            width: cells + 2,
        }
    }

    fn start(&self, row: isize) -> usize {
        self.first + row.rem_euclid(3).cast_unsigned() * self.stride
    }

    fn around(&self, row: isize) -> [&[T]; 3] {
        [-1, 0, 1].map(|step| &self.values[self.start(row + step)..][..self.width])
    }

    fn row_mut(&mut self, row: isize) -> &mut [T] {
        let start = self.start(row);
        &mut self.values[start..][..self.width]
    }
}
