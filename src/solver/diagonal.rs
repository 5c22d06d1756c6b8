//! The diagonal as a preconditioner.

use super::{Preconditioner, turn_by};
use crate::{
    field::{DotPart, Dots, Field, Real, Team, merge_parts},
    kernel::{Arch, multiply},
    operator::{Helmholtz, Revision},
};

/// `M` is the diagonal of `A`: Jacobi's preconditioner.
pub struct Diagonal<T> {
    arch: Arch,
    inverse: Field<T>,
    /// What it made of residuals last.
    z: Option<Field<T>>,
    /// Of the operator whose diagonal it is.
    revision: Option<Revision<T>>,
}

impl<T: Real> Diagonal<T> {
    #[must_use]
    pub fn new(a: &Helmholtz<T>) -> Self {
        Self {
            arch: Arch::new(),
            inverse: Field::new(a.team(), a.cells(), 0),
            z: None,
            revision: None,
        }
    }

    /// Its reciprocals in row `j`.
    pub(super) fn inverse(&self, j: usize) -> &[T] {
        self.inverse.own_row(j)
    }
}

impl<T: Real> Preconditioner<T> for Diagonal<T> {
    fn name(&self) -> &'static str {
        "jacobi"
    }

    fn prepare(&mut self, a: &mut Helmholtz<T>) {
        if self.revision == Some(a.revision()) {
            return;
        }
        self.revision = Some(a.revision());
        a.diagonal(&mut self.inverse);
        a.team().update([&mut self.inverse], |_, [row]| {
            for value in row {
                *value = T::from_f64(1.0 / value.to_f64());
            }
        });
    }

    fn apply(
        &mut self,
        a: &mut Helmholtz<T>,
        r: &mut Field<T>,
        _norm: f64,
        dots: &mut Dots<1>,
    ) -> f64 {
        let (arch, inverse, r) = (self.arch, &self.inverse, &*r);
        let z = self
            .z
            .get_or_insert_with(|| Field::new(a.team(), a.cells(), 0));
        let work = |[part]: &mut [DotPart; 1], j: usize, [z]: [&mut [T]; 1]| {
            multiply(arch, inverse.own_row(j), r.own_row(j), z);
            part.add(r.own_row(j), z);
        };
        let (rows, empty) = (0..r.cells()[1], dots.parts());
        let fields = [&mut *z];
        let part = a
            .team()
            .sweep(fields, rows, || empty, work, merge_parts, &mut || {});
        let [rz] = dots.totals(a.comm().as_ref(), a.team(), part, [(r, &*z)]);
        rz
    }

    fn turn(&self, team: &Team, beta: T, p: &mut Field<T>) {
        let z = self.z.as_ref().expect("it was applied");
        turn_by(team, z, beta, p);
    }
}
