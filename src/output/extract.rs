//! The cells of the grid that a file of fields holds.

use std::ops::Range;

use super::blocks::Block;
use crate::{
    domain::Domain,
    field::{Field, Real, Team},
    grid::Grid,
};

/// Every so many cells, along x and along y, of a part of a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Extract {
    whole: Grid,
    /// Of the part, along x and along y.
    cells: [Range<usize>; 2],
    stride: usize,
}

impl Extract {
    /// Every `stride`-th cell along both axes, from the first on, of a part of `whole`.
    ///
    /// # Panics
    /// If the stride is 0.
    #[must_use]
    pub fn new(whole: Grid, cells: [Range<usize>; 2], stride: usize) -> Self {
        assert!(stride > 0, "cells are some way apart");
        Self {
            whole,
            cells,
            stride,
        }
    }

    /// All cells of a grid.
    #[must_use]
    pub fn all(whole: Grid) -> Self {
        let cells = whole.cells.map(|count| 0..count);
        Self::new(whole, cells, 1)
    }

    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::all(self.whole)
    }

    /// How many cells there are along x and along y.
    #[must_use]
    pub fn counts(&self) -> [usize; 2] {
        let count = |cells: &Range<usize>| cells.len().div_ceil(self.stride);
        self.cells.each_ref().map(count)
    }

    /// The grid whose cells are as wide as they are apart, with the same centres.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "cell counts are far below 2^53")]
    pub fn grid(&self) -> Grid {
        if self.is_all() {
            return self.whole;
        }
        let (counts, spacing) = (self.counts(), self.whole.spacing());
        let width = |axis: usize| spacing[axis] * self.stride as f64;
        let first = [0, 1].map(|axis| self.cells[axis].start.cast_signed());
        let center = self.whole.center(first[0], first[1]);
        Grid {
            cells: counts,
            size: [0, 1].map(|axis| width(axis) * counts[axis] as f64),
            origin: [0, 1].map(|axis| center[axis] - 0.5 * width(axis)),
        }
    }

    /// Their centres along an axis in metres, to the bit those of the whole grid.
    #[must_use]
    pub fn centers(&self, axis: usize) -> Vec<f64> {
        let cells = self.cells[axis].clone().step_by(self.stride);
        let center = |index: usize| {
            let index = index.cast_signed();
            self.whole.center(index, index)[axis]
        };
        cells.map(center).collect()
    }

    /// Which of them a subdomain has, numbered as in the file; it may have none.
    #[must_use]
    pub fn block(&self, domain: &Domain) -> Block {
        let range = |axis: usize| {
            let cells = &self.cells[axis];
            let number = |cell: usize| {
                let cell = cell.clamp(cells.start, cells.end);
                (cell - cells.start).div_ceil(self.stride)
            };
            let first = domain.start[axis];
            [number(first), number(first + domain.cells[axis])]
        };
        let [x, y] = [range(0), range(1)];
        Block {
            start: [x[0], y[0]],
            cells: [x[1] - x[0], y[1] - y[0]],
        }
    }

    /// The values of a field on those of them that a subdomain has, row by row (y outer), into a place of as
    /// many values.
    pub fn copy<T: Real, S: Real>(&self, u: &Field<T>, domain: &Domain, team: &Team, to: &mut [S]) {
        let Block {
            start,
            cells: [nx, ny],
        } = self.block(domain);
        if nx == 0 || ny == 0 {
            return;
        }
        let own = |axis: usize, number: usize| {
            self.cells[axis].start + number * self.stride - domain.start[axis]
        };
        let share = ny.div_ceil(team.size());
        let parts = to.chunks_mut(share * nx).enumerate().collect();
        team.for_parts(parts, &mut || {}, |(part, to), _| {
            for (row, to) in to.chunks_exact_mut(nx).enumerate() {
                let from = u.own_row(own(1, start[1] + part * share + row));
                let from = &from[own(0, start[0])..];
                let convert = |value: &T| S::from_f64(value.to_f64());
                if self.stride == 1 {
                    for (to, from) in to.iter_mut().zip(from) {
                        *to = convert(from);
                    }
                } else {
                    for (to, from) in to.iter_mut().zip(from.iter().step_by(self.stride)) {
                        *to = convert(from);
                    }
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::signed;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_cell_comes_from_the_rank_that_has_it(
            cells in [1..20usize, 1..20usize],
            part in [(0.0..1.0f64, 0.0..1.0f64), (0.0..1.0f64, 0.0..1.0f64)],
            stride in 1..6usize,
            ranks in [1..4usize, 1..4usize],
            threads in 1..3usize,
        ) {
            prop_assume!(ranks[0] <= cells[0] && ranks[1] <= cells[1]);
            let grid = Grid { cells, size: [2.0, 3.0], origin: [-1.0, 0.5] };
            let range = |axis: usize| {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a cell")]
                let cell = |place: f64| (place * cells[axis] as f64) as usize;
                let ends = [cell(part[axis].0), cell(part[axis].1)];
                ends[0].min(ends[1])..ends[0].max(ends[1]) + 1
            };
            let extract = Extract::new(grid, [range(0), range(1)], stride);
            let [nx, ny] = extract.counts();
            let team = Team::new(threads).unwrap();
            let mut found = [0, 1].map(|_| vec![f64::NAN; nx * ny]);
            for rank in 0..ranks[0] * ranks[1] {
                let domain = Domain::new(grid, ranks, [false; 2], rank);
                let block = extract.block(&domain);
                for (axis, found) in found.iter_mut().enumerate() {
                    let mut u = Field::<f64>::new(&team, domain.cells, 1);
                    for j in 0..domain.cells[1] {
                        for i in 0..domain.cells[0] {
                            let [x, y] = [domain.start[0] + i, domain.start[1] + j].map(signed);
                            u.set(signed(i), signed(j), grid.center(x, y)[axis]);
                        }
                    }
                    let mut own = vec![f64::NAN; block.cells[0] * block.cells[1]];
                    extract.copy(&u, &domain, &team, &mut own);
                    for (k, value) in own.into_iter().enumerate() {
                        let [i, j] = [k % block.cells[0], k / block.cells[0]];
                        found[(block.start[1] + j) * nx + block.start[0] + i] = value;
                    }
                }
            }
            let (x, y) = (extract.centers(0), extract.centers(1));
            let shown = extract.grid();
            let [found_x, found_y] = found;
            for (k, found) in found_x.into_iter().zip(found_y).enumerate() {
                let (i, j) = (k % nx, k / nx);
                prop_assert_eq!(found, (x[i], y[j]));
                // A reader that knows origin and spacing alone puts it in the same place.
                let center = shown.center(signed(i), signed(j));
                prop_assert!((center[0] - x[i]).abs() < 1e-14 && (center[1] - y[j]).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn all_cells_are_the_grid_itself() {
        let grid = Grid {
            cells: [7, 3],
            size: [0.3, 0.7],
            origin: [0.1, 0.2],
        };
        let all = Extract::all(grid);
        assert!(all.is_all() && all.grid() == grid);
        assert!(!Extract::new(grid, [0..7, 1..3], 1).is_all());
        assert!(!Extract::new(grid, [0..7, 0..3], 2).is_all());
    }

    #[test]
    fn more_cells_than_32_bits_count_are_numbered() {
        let cells = [200_003, 150_001];
        let grid = Grid {
            cells,
            size: [1.0, 1.0],
            origin: [0.0, 0.0],
        };
        let extract = Extract::new(grid, [3..cells[0], 5..cells[1]], 7);
        assert_eq!(extract.counts(), [28_572, 21_428]);
        let domain = Domain::new(grid, [4, 3], [false; 2], 11);
        let block = extract.block(&domain);
        assert_eq!(block.start[0] + block.cells[0], 28_572);
        assert_eq!(block.start[1] + block.cells[1], 21_428);
        assert!(grid.cell_count() > 1 << 32);
    }
}
