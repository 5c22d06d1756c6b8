//! From a level to one with every second cell along one axis, and back.

use std::rc::Rc;

use super::layout::Layout;
use crate::{
    comm::Communicator,
    field::{Field, Real, Team, signed},
    halo::{Halo, Reach},
    kernel::{Arch, axpy, gather_columns, gather_rows, spread_columns, spread_row},
};

/// Interpolation along an axis: a fine cell that coincides with a coarse one takes its value, one
/// between two coarse ones `lower` times the one before plus `upper` times the one behind it.
/// Restriction is the transpose.
pub struct Transfer<T> {
    team: Rc<Team>,
    arch: Arch,
    axis: usize,
    /// Own fine cells before the first that coincides with a coarse one.
    before: usize,
    fine_halo: Halo<T>,
    coarse_halo: Halo<T>,
    /// Of the fine cell behind each coarse one; those with one ghost.
    lower: Field<T>,
    upper: Field<T>,
}

impl<T: Real> Transfer<T> {
    /// Between the cells of `fine` and of `coarse`, with the weights of the fine cells, which have a
    /// known ghost.
    pub fn new(
        comm: &Rc<dyn Communicator>,
        team: &Rc<Team>,
        axis: usize,
        fine: &Layout,
        coarse: &Layout,
        weights: [&Field<T>; 2],
    ) -> Self {
        let before = fine.before_first(axis);
        let [of_columns, of_rows] = [0, 1].map(|this| if this == axis { 2 } else { 1 });
        let [lower, upper] = weights.map(|weights| {
            let mut packed = Field::new(team, coarse.cells(), 1);
            let [nx, ny] = coarse.cells().map(signed);
            let first = [0, 1].map(|this| if this == axis { -1 } else { 0 });
            let behind = [0, 1].map(|this| if this == axis { signed(before) + 1 } else { 0 });
            team.for_rows(&mut packed, first[1]..ny, |j, row| {
                for i in first[0]..nx {
                    let [fine_i, fine_j] = [of_columns * i + behind[0], of_rows * j + behind[1]];
                    row[(i + 1).cast_unsigned()] = weights.get(fine_i, fine_j);
                }
            });
            packed
        });
        let halo = |layout: &Layout| Halo::new(Rc::clone(comm), &layout.domain(), Reach::Star);
        Self {
            team: Rc::clone(team),
            arch: Arch::new(),
            axis,
            before,
            fine_halo: halo(fine),
            coarse_halo: halo(coarse),
            lower,
            upper,
        }
    }

    /// The coarse right-hand side that belongs to fine residuals. Collective.
    pub fn restrict(&mut self, fine: &mut Field<T>, coarse: &mut Field<T>) {
        self.fine_halo.fill_while(fine, 1, |_, _| {});
        let (arch, before, fine) = (self.arch, self.before, &*fine);
        let (lower, upper) = (&self.lower, &self.upper);
        let nx = signed(coarse.cells()[0]);
        self.team.update([coarse], |j, [out]| {
            let row = signed(j);
            if self.axis == 0 {
                let from = fine.column(signed(before) - 1);
                let fine = &fine.row(row)[from..];
                gather_columns(fine, lower.row(row), upper.row(row), out);
            } else {
                let center = signed(before + 2 * j);
                let above = [lower.part(row, 0..nx), fine.part(center + 1, 0..nx)];
                let below = [upper.part(row - 1, 0..nx), fine.part(center - 1, 0..nx)];
                gather_rows(arch, fine.part(center, 0..nx), above, below, out);
            }
        });
    }

    /// Interpolates coarse values, which are put or added to the fine ones. Collective.
    pub fn interpolate<const ADD: bool>(&mut self, coarse: &mut Field<T>, fine: &mut Field<T>) {
        self.coarse_halo.fill_while(coarse, 1, |_, _| {});
        let (arch, before, coarse) = (self.arch, self.before, &*coarse);
        let (lower, upper) = (&self.lower, &self.upper);
        let nx = signed(fine.cells()[0]);
        self.team.update([fine], |j, [out]| {
            if self.axis == 0 {
                let row = signed(j);
                let from = 1 - before;
                let [coarse, lower, upper] = [coarse, lower, upper].map(|it| &it.row(row)[from..]);
                spread_columns::<T, ADD>(coarse, lower, upper, before == 1, out);
                return;
            }
            let row = signed(usize::midpoint(j, before)) - signed(before);
            let below = coarse.part(row, 0..nx);
            if (j + before).is_multiple_of(2) {
                if ADD {
                    axpy(arch, T::from_f64(1.0), below, out);
                } else {
                    out.copy_from_slice(below);
                }
            } else {
                let low = [lower.part(row, 0..nx), below];
                let high = [upper.part(row, 0..nx), coarse.part(row + 1, 0..nx)];
                spread_row::<T, ADD>(arch, low, high, out);
            }
        });
    }
}
