//! The diagonal as a preconditioner.

use super::Preconditioner;
use crate::{
    field::{DotPart, Field, Real, merge_parts},
    kernel::{Arch, multiply},
    operator::{Helmholtz, Revision},
};

/// `M` is the diagonal of `A`: Jacobi's preconditioner.
pub struct Diagonal<T> {
    arch: Arch,
    inverse: Field<T>,
    /// Of the operator whose diagonal it is.
    revision: Option<Revision<T>>,
}

impl<T: Real> Diagonal<T> {
    #[must_use]
    pub fn new(a: &Helmholtz<T>) -> Self {
        Self {
            arch: Arch::new(),
            inverse: Field::new(a.team(), a.cells(), 0),
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
        z: &mut Field<T>,
        empty: [DotPart; 1],
    ) -> [DotPart; 1] {
        let (arch, inverse, r) = (self.arch, &self.inverse, &*r);
        let work = |[part]: &mut [DotPart; 1], j: usize, [z]: [&mut [T]; 1]| {
            multiply(arch, inverse.own_row(j), r.own_row(j), z);
            part.add(r.own_row(j), z);
        };
        let rows = 0..r.cells()[1];
        a.team()
            .sweep([z], rows, || empty, work, merge_parts, &mut || {})
    }
}
