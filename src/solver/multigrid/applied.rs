//! What a cycle does with the operator of a level, be it the finest or a coarse one.

use super::stencil::{Stencil, StencilRows};
use crate::{
    field::{Field, Nearby, Real},
    kernel::Finish,
    operator::{Helmholtz, HelmholtzRows},
};

/// An operator row by row.
pub trait RowOperator<T: Real>: Sync {
    /// What `finish` makes of `A x` in row `j`; the rows of `x` have their ghosts filled.
    fn apply<F: Finish<T>>(&self, x: &impl Nearby<T>, j: usize, out: &mut [T], finish: F);
}

impl<T: Real> RowOperator<T> for HelmholtzRows<'_, T> {
    fn apply<F: Finish<T>>(&self, x: &impl Nearby<T>, j: usize, out: &mut [T], finish: F) {
        self.run(x, j, 0..out.len(), out, finish);
    }
}

impl<T: Real> RowOperator<T> for StencilRows<'_, T> {
    fn apply<F: Finish<T>>(&self, x: &impl Nearby<T>, j: usize, out: &mut [T], finish: F) {
        self.run(x, j, out, finish);
    }
}

/// An operator on a level.
pub trait Applied<T: Real> {
    /// `y` becomes what `finish(j)` makes of `A x` in row `j`. Both have a ghost, zero beyond walls.
    /// Collective.
    fn apply<F: Finish<T>>(
        &mut self,
        x: &mut Field<T>,
        y: &mut Field<T>,
        finish: impl Fn(usize) -> F + Sync,
    );

    fn rows(&self) -> impl RowOperator<T>;

    /// Takes notice that all rows were applied so often, one by one.
    fn count(&mut self, applications: usize);
}

impl<T: Real> Applied<T> for Helmholtz<T> {
    fn apply<F: Finish<T>>(
        &mut self,
        x: &mut Field<T>,
        y: &mut Field<T>,
        finish: impl Fn(usize) -> F + Sync,
    ) {
        self.apply_finished(x, y, finish);
    }

    fn rows(&self) -> impl RowOperator<T> {
        Helmholtz::rows(self)
    }

    fn count(&mut self, applications: usize) {
        Helmholtz::count(self, applications);
    }
}

impl<T: Real> Applied<T> for Stencil<T> {
    fn apply<F: Finish<T>>(
        &mut self,
        x: &mut Field<T>,
        y: &mut Field<T>,
        finish: impl Fn(usize) -> F + Sync,
    ) {
        self.apply_finished(x, y, finish);
    }

    fn rows(&self) -> impl RowOperator<T> {
        Stencil::rows(self)
    }

    fn count(&mut self, _applications: usize) {}
}
