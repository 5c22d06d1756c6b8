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
pub struct Interpolation<T> {
    arch: Arch,
    pub axis: usize,
    /// Own fine cells before the first that coincides with a coarse one.
    before: usize,
    /// Of the fine cell behind each coarse one, with one ghost; 0 where there is none.
    pub lower: Field<T>,
    pub upper: Field<T>,
}

/// An interpolation and its transpose between the fields of two levels.
pub struct Transfer<T> {
    pub by: Interpolation<T>,
    team: Rc<Team>,
    fine_halo: Halo<T>,
    coarse_halo: Halo<T>,
}

impl<T: Real> Transfer<T> {
    /// Between the cells of `fine` and of `coarse`, with the weights of the fine cell behind each
    /// coarse one, which have a known ghost.
    pub fn new(
        comm: &Rc<dyn Communicator>,
        team: &Rc<Team>,
        axis: usize,
        [fine, coarse]: [&Layout; 2],
        [lower, upper]: [Field<T>; 2],
    ) -> Self {
        let halo = |layout: &Layout| Halo::new(Rc::clone(comm), &layout.domain(), Reach::Star);
        Self {
            by: Interpolation {
                arch: Arch::new(),
                axis,
                before: fine.before_first(axis),
                lower,
                upper,
            },
            team: Rc::clone(team),
            fine_halo: halo(fine),
            coarse_halo: halo(coarse),
        }
    }

    /// The coarse right-hand side that belongs to fine residuals. Collective.
    pub fn restrict(&mut self, fine: &mut Field<T>, coarse: &mut Field<T>) {
        self.fine_halo.fill_while(fine, 1, |_, _| {});
        let (by, fine) = (&self.by, &*fine);
        let nx = signed(coarse.cells()[0]);
        self.team.update([coarse], |j, [out]| {
            if by.axis == 0 {
                by.gather_along_x(j, fine.row(signed(j)), out);
            } else {
                let center = signed(by.before + 2 * j);
                let rows = [-1, 0, 1].map(|step| fine.part(center + step, 0..nx));
                by.gather_along_y(j, rows, out);
            }
        });
    }

    /// Interpolates coarse values, which are put or added to the fine ones. Collective.
    pub fn interpolate<const ADD: bool>(&mut self, coarse: &mut Field<T>, fine: &mut Field<T>) {
        self.fill(coarse);
        let (by, coarse) = (&self.by, &*coarse);
        let nx = signed(fine.cells()[0]);
        self.team.update([fine], |j, [out]| {
            if by.axis == 0 {
                by.spread_along_x::<ADD>(j, coarse.row(signed(j)), out);
            } else {
                let below = by.below(j);
                let rows = [0, 1].map(|step| coarse.part(below + step, 0..nx));
                by.spread_along_y::<ADD>(j, rows, out);
            }
        });
    }

    /// Fills the ghosts of coarse values. Collective.
    pub fn fill(&mut self, coarse: &mut Field<T>) {
        self.coarse_halo.fill_while(coarse, 1, |_, _| {});
    }
}

impl<T: Real> Interpolation<T> {
    /// Row `j` of the coarse right-hand side, where columns are coarsened, from the fine row with a
    /// ghost at either end.
    pub fn gather_along_x(&self, j: usize, fine: &[T], out: &mut [T]) {
        let [lower, upper] = [&self.lower, &self.upper].map(|weights| weights.row(signed(j)));
        gather_columns(self.arch, &fine[self.before..], lower, upper, out);
    }

    /// Row `j` of the coarse right-hand side, where rows are coarsened, from the fine row that
    /// coincides with it between the two next to it.
    pub fn gather_along_y(&self, j: usize, [below, center, above]: [&[T]; 3], out: &mut [T]) {
        let (row, nx) = (signed(j), signed(out.len()));
        let above = [self.lower.part(row, 0..nx), above];
        let below = [self.upper.part(row - 1, 0..nx), below];
        gather_rows(self.arch, center, above, below, out);
    }

    /// Fine row `j`, where columns are coarsened, from the coarse row with a ghost at either end.
    pub fn spread_along_x<const ADD: bool>(&self, j: usize, coarse: &[T], out: &mut [T]) {
        let from = 1 - self.before;
        let weights = [&self.lower, &self.upper].map(|it| &it.row(signed(j))[from..]);
        let begins_between = self.before == 1;
        spread_columns::<T, ADD>(self.arch, &coarse[from..], weights, begins_between, out);
    }

    /// The coarse row that coincides with fine row `j`, where rows are coarsened, or else the one
    /// below.
    pub fn below(&self, j: usize) -> isize {
        signed(usize::midpoint(j, self.before)) - signed(self.before)
    }

    /// Fine row `j`, where rows are coarsened, from the coarse row [`Self::below`] and the next.
    pub fn spread_along_y<const ADD: bool>(
        &self,
        j: usize,
        [below, above]: [&[T]; 2],
        out: &mut [T],
    ) {
        let (row, nx) = (self.below(j), signed(out.len()));
        if (j + self.before).is_multiple_of(2) {
            if ADD {
                axpy(self.arch, T::from_f64(1.0), below, out);
            } else {
                out.copy_from_slice(below);
            }
        } else {
            let low = [self.lower.part(row, 0..nx), below];
            let high = [self.upper.part(row, 0..nx), above];
            spread_row::<T, ADD>(self.arch, low, high, out);
        }
    }
}
