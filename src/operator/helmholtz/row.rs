//! The operator on part of a row, whatever its coefficients are.

use std::ops::Range;

use super::super::{
    coefficients::{CellValues, OnRows},
    faces::Faces,
};
use crate::{
    field::{Nearby, Real, signed},
    grid::Side,
    kernel::{Arch, Finish, HelmholtzRow, Rows, Surrounded, Uniform},
};

/// All that the rows of the operator have in common.
pub struct HelmholtzRows<'a, T> {
    pub(super) arch: Arch,
    pub(super) cells: [usize; 2],
    pub(super) faces: &'a Faces<T>,
    pub(super) capacity: &'a CellValues<T>,
    /// Weights of faces across y in a row between walls, if they are all one.
    pub(super) between: &'a [T],
    /// `alpha` and `beta`.
    pub(super) factors: [T; 2],
}

impl<T: Real> HelmholtzRows<'_, T> {
    /// Some columns of row `j`; `finish` is for the whole row.
    pub fn run<F: Finish<T>>(
        &self,
        u: &impl Nearby<T>,
        j: usize,
        columns: Range<usize>,
        out: &mut [T],
        finish: F,
    ) {
        match self.capacity {
            CellValues::Uniform(c) => self.with_capacity(&Uniform(*c), u, j, columns, out, finish),
            CellValues::PerCell(c) => self.with_capacity(c, u, j, columns, out, finish),
        }
    }

    fn with_capacity<C: OnRows<T>, F: Finish<T>>(
        &self,
        capacity: &C,
        u: &impl Nearby<T>,
        j: usize,
        columns: Range<usize>,
        out: &mut [T],
        finish: F,
    ) {
        if columns.is_empty() {
            return;
        }
        let Range { start, end } = columns;
        let row = signed(j);
        let [first, last] = [signed(start), signed(end)];
        let around = |j| u.part(j, first - 1..last + 1);
        let part = Part {
            row: self,
            u: Surrounded {
                south: around(row - 1),
                rows: [around(row)],
                north: around(row + 1),
            },
            capacity: capacity.rows::<1>(row, first..last),
            finish: finish.part(start..end),
            out,
        };
        match self.faces {
            Faces::PerFace { x, y } => {
                let across_x = x.part(row, first..last + 1);
                let [below, above] = [row, row + 1].map(|j| y.part(j, first..last));
                part.run([across_x], [below], [above]);
            }
            Faces::Uniform { between, .. } => {
                let wall = |side, at| self.faces.wall(side).filter(|_| j == at);
                let south = wall(Side::Bottom, 0);
                let north = wall(Side::Top, self.cells[1] - 1);
                let [x, y] = between.map(Uniform);
                let out = if south.is_none() && north.is_none() {
                    part.run(x, y, y)
                } else {
                    let [south, north] = [south, north]
                        .map(|weights| [&weights.unwrap_or(self.between)[start..end]]);
                    part.run(x, south, north)
                };
                // The ends at walls once more, with their own weights.
                for (side, i) in [(Side::Left, 0), (Side::Right, self.cells[0] - 1)] {
                    if self.faces.wall(side).is_some() && (start..end).contains(&i) {
                        let out = &mut out[i - start..=i - start];
                        self.cell(capacity, u, [i, j], out, finish.part(i..i + 1));
                    }
                }
            }
        }
    }

    fn cell<C: OnRows<T>, F: Finish<T>>(
        &self,
        capacity: &C,
        u: &impl Nearby<T>,
        [i, j]: [usize; 2],
        out: &mut [T],
        finish: F,
    ) {
        let [west, east, south, north] = self.faces.around(self.cells, i, j);
        let [column, row] = [i, j].map(signed);
        let around = |j| u.part(j, column - 1..column + 2);
        let part = Part {
            row: self,
            u: Surrounded {
                south: around(row - 1),
                rows: [around(row)],
                north: around(row + 1),
            },
            capacity: capacity.rows::<1>(row, column..column + 1),
            finish,
            out,
        };
        part.run([&[west, east][..]], [&[south][..]], [&[north][..]]);
    }
}

/// Neighbouring cells of a row whose weights are not known yet.
struct Part<'a, 'r, T, C, F> {
    row: &'a HelmholtzRows<'r, T>,
    u: Surrounded<'a, T, 1>,
    capacity: C,
    finish: F,
    out: &'a mut [T],
}

impl<'a, T: Real, C: Rows<T, 1>, F: Finish<T>> Part<'a, '_, T, C, F> {
    /// Computes the cells, and gives back what it was written to.
    fn run(
        self,
        x: impl Rows<T, 1>,
        south: impl Rows<T, 1>,
        north: impl Rows<T, 1>,
    ) -> &'a mut [T] {
        let [alpha, beta] = self.row.factors;
        let out = self.out;
        HelmholtzRow {
            out: &mut *out,
            u: self.u,
            x,
            south,
            north,
            capacity: self.capacity,
            alpha,
            beta,
            finish: self.finish,
        }
        .run(self.row.arch);
        out
    }
}
