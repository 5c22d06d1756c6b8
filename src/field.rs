//! Values on the cells of a subdomain, with ghost cells around them.

mod dots;
mod nearby;
mod real;
mod span;
mod sum;
mod sweep;
mod team;

pub use dots::{DotPart, Dots, merge as merge_parts};
pub use nearby::{Nearby, ThreeRows};
pub use real::{Lanes, Real};
pub use span::{Span, cut};
pub use sum::{ReproducibleSum, reproducible_sum};
pub use team::Team;

use std::ops::Range;

use pulp::Arch;

/// Bytes of a cache line, to which the first own cell of every row is aligned: vectors of cells
/// then lie in one line each.
pub const LINE: usize = 64;

/// Bytes of the memory that the system gives to who touches it first, at least.
const PAGE: usize = 4096;

/// Cache lines after which addresses look alike to a processor that checks loads against stores
/// under way.
const ALIKE: usize = 64;

/// Cache lines by which neighbouring rows are kept from looking alike.
const APART: usize = 17;

/// Values from one row to the next, for rows of `width` values: whole cache lines, and such that
/// rows nearby do not look alike to the processor.
#[must_use]
pub fn stride_for<T>(width: usize) -> usize {
    let line = LINE / size_of::<T>();
    let mut lines = width.div_ceil(line);
    while !(APART..ALIKE - APART).contains(&(lines % ALIKE)) {
        lines += 1;
    }
    lines * line
}

/// Values on `cells[0] x cells[1]` cells and `ghosts` rings around them, row by row (y outer).
///
/// Cell `(0, 0)` is the subdomain's first own cell; ghosts have negative indices or
/// indices from `cells` on.
#[derive(Debug, Clone)]
pub struct Field<T> {
    /// Rows of `stride` values from `first` on; in each, `margin` unused ones, the row with its
    /// ghosts, and unused ones again.
    values: Vec<T>,
    first: usize,
    stride: usize,
    margin: usize,
    cells: [usize; 2],
    ghosts: usize,
}

impl<T: Real> Field<T> {
    /// A field of zeros. Each of the team's threads touches its own rows first, so that on a
    /// machine with several memory nodes they lie next to the thread that will compute them.
    #[must_use]
    pub fn new(team: &Team, cells: [usize; 2], ghosts: usize) -> Self {
        let line = LINE / size_of::<T>();
        let lead = ghosts.next_multiple_of(line);
        let stride = stride_for::<T>(lead + cells[0] + ghosts);
        let values: Vec<T> = bytemuck::zeroed_vec(line + stride * (cells[1] + 2 * ghosts));
        let mut field = Self {
            first: values.as_ptr().align_offset(LINE),
            values,
            stride,
            margin: lead - ghosts,
            cells,
            ghosts,
        };
        let rows = -field.signed_ghosts()..signed(cells[1] + ghosts);
        team.for_rows(&mut field, rows, |_, row| {
            for value in row.iter_mut().step_by(PAGE / size_of::<T>()) {
                *value = T::ZERO;
            }
        });
        field
    }

    /// The own cells in other numbers, and zeros in so many ghosts.
    #[must_use]
    pub fn converted<L: Real>(&self, team: &Team, ghosts: usize) -> Field<L> {
        let mut other = Field::new(team, self.cells, ghosts);
        let arch = Arch::new();
        team.update([&mut other], |j, [row]| {
            arch.dispatch(|| {
                for (to, from) in row.iter_mut().zip(self.own_row(j)) {
                    *to = L::from_f64(from.to_f64());
                }
            });
        });
        other
    }

    /// These cells alone, ghosts among them, as a field without ghosts.
    ///
    /// # Panics
    /// If there are no such cells.
    #[must_use]
    pub fn into_window(self, columns: Range<isize>, rows: Range<isize>) -> Self {
        let ghosts = self.signed_ghosts();
        let [nx, ny] = self.cells.map(|cells| signed(cells) + ghosts);
        assert!(-ghosts <= columns.start && columns.start <= columns.end && columns.end <= nx);
        assert!(-ghosts <= rows.start && rows.start <= rows.end && rows.end <= ny);
        Self {
            first: self.first + (rows.start + ghosts).cast_unsigned() * self.stride,
            margin: self.margin + (columns.start + ghosts).cast_unsigned(),
            cells: [columns, rows].map(|range| (range.end - range.start).cast_unsigned()),
            ghosts: 0,
            ..self
        }
    }

    #[must_use]
    pub fn cells(&self) -> [usize; 2] {
        self.cells
    }

    #[must_use]
    pub fn ghosts(&self) -> usize {
        self.ghosts
    }

    /// Length of a row with its ghosts.
    #[must_use]
    pub fn width(&self) -> usize {
        self.cells[0] + 2 * self.ghosts
    }

    fn signed_ghosts(&self) -> isize {
        signed(self.ghosts)
    }

    /// Where in a row with ghosts column `i` stands.
    #[must_use]
    pub fn column(&self, i: isize) -> usize {
        (i + self.signed_ghosts()).cast_unsigned()
    }

    fn start(&self, j: isize) -> usize {
        self.first + (j + self.signed_ghosts()).cast_unsigned() * self.stride + self.margin
    }

    /// Row `j` with its ghosts; column `i` stands at `self.column(i)`.
    #[must_use]
    pub fn row(&self, j: isize) -> &[T] {
        &self.values[self.start(j)..][..self.width()]
    }

    pub fn row_mut(&mut self, j: isize) -> &mut [T] {
        let (start, width) = (self.start(j), self.width());
        &mut self.values[start..][..width]
    }

    /// The own cells of row `j`.
    #[must_use]
    pub fn own_row(&self, j: usize) -> &[T] {
        &self.row(signed(j))[self.ghosts..][..self.cells[0]]
    }

    pub fn own_row_mut(&mut self, j: usize) -> &mut [T] {
        let (ghosts, nx) = (self.ghosts, self.cells[0]);
        &mut self.row_mut(signed(j))[ghosts..][..nx]
    }

    #[must_use]
    pub fn get(&self, i: isize, j: isize) -> T {
        self.values[self.start(j) + self.column(i)]
    }

    pub fn set(&mut self, i: isize, j: isize, value: T) {
        let at = self.start(j) + self.column(i);
        self.values[at] = value;
    }

    /// The own cells as one block without ghosts, row by row.
    #[must_use]
    pub fn own_values(&self) -> Vec<T> {
        let mut values = Vec::with_capacity(self.cells[0] * self.cells[1]);
        for j in 0..self.cells[1] {
            values.extend_from_slice(self.own_row(j));
        }
        values
    }
}

/// An index or count as a signed number; memory holds fewer than `isize::MAX` elements.
#[must_use]
pub fn signed(index: usize) -> isize {
    index.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Real>() {
        let team = Team::new(2).unwrap();
        for (cells, ghosts) in [
            ([0, 0], 0),
            ([1, 1], 0),
            ([7, 3], 1),
            ([64, 2], 3),
            ([65, 5], 20),
        ] {
            let mut field = Field::<T>::new(&team, cells, ghosts);
            let [nx, ny] = cells.map(signed);
            let d = signed(ghosts);
            let value =
                |i: isize, j: isize| T::from_f64(f64::from(i32::try_from(100 * j + i).unwrap()));
            for j in -d..ny + d {
                for i in -d..nx + d {
                    field.set(i, j, value(i, j));
                }
            }
            for j in -d..ny + d {
                let row = field.row(j);
                assert_eq!(row.len(), cells[0] + 2 * ghosts);
                assert_eq!(row[field.column(0)..].as_ptr().align_offset(LINE), 0);
                for i in -d..nx + d {
                    assert_eq!(row[field.column(i)], value(i, j));
                }
            }
            team.for_rows(&mut field, -d..ny + d, |j, row| {
                assert_eq!(row[0], value(-d, j));
                assert_eq!(row[row.len() - 1], value(nx + d - 1, j));
            });
            assert_eq!(field.own_values().len(), cells[0] * cells[1]);
        }
    }

    #[test]
    fn rows_start_at_cache_lines_and_hold_what_was_put_there() {
        check::<f64>();
        check::<f32>();
    }
}
