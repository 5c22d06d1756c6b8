//! Geometric multigrid: a V-cycle that works on all scales at once, as a method and as a
//! preconditioner.
//!
//! A level has every second cell of the one above along both axes, or along that of the stronger links
//! only; so any number of cells will do, and the last level has one. Interpolation follows the
//! operator, restriction is its transpose, and the coarse operators are Galerkin's: with them a cycle
//! is a symmetric positive definite approximation of the inverse whatever the conductivities are.
//! Levels of few cells are computed by every rank, so that their number does not depend on how many
//! ranks there are; nor does any bit.

mod fused;
mod galerkin;
mod gather;
mod hierarchy;
mod layout;
mod level;
mod stencil;
#[cfg(test)]
mod tests;
mod transfer;
mod wave;

use self::{hierarchy::Hierarchy, layout::Layout, level::Shape};
use super::{Method, Preconditioner, Reason, System};
use crate::{
    domain::Domain,
    field::{DotPart, Dots, Field, Real, merge_parts},
    kernel::{Arch, axpy},
    operator::{Helmholtz, Revision},
};

/// The cycle as a method of its own.
const ALONE: Shape = Shape {
    before: 2,
    after: 1,
    backwards: false,
};

/// The cycle as a preconditioner: symmetric.
const SYMMETRIC: Shape = Shape {
    before: 1,
    after: 1,
    backwards: true,
};

/// One V-cycle with red-black relaxation (Trottenberg, Oosterlee & Schüller, "Multigrid", 2001).
///
/// On the finest level it goes over the operator four times.
pub struct VCycle<T> {
    layout: Layout,
    shape: Shape,
    levels: Option<Hierarchy<T>>,
    /// Of the operator that the levels belong to.
    revision: Option<Revision<T>>,
}

impl<T: Real> VCycle<T> {
    /// A preconditioner for operators on this subdomain.
    #[must_use]
    pub fn new(domain: &Domain) -> Self {
        Self::shaped(domain, SYMMETRIC)
    }

    fn shaped(domain: &Domain, shape: Shape) -> Self {
        Self {
            layout: Layout::of(domain),
            shape,
            levels: None,
            revision: None,
        }
    }

    /// How many levels there are, the finest included.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.levels.as_ref().map_or(0, Hierarchy::depth)
    }

    /// Makes the levels of the operator, unless they are there. Collective.
    fn prepare_for(&mut self, a: &Helmholtz<T>) {
        if self.revision != Some(a.revision()) {
            self.revision = Some(a.revision());
            // The old ones go first: there may not be memory for both.
            self.levels = None;
            self.levels = Some(Hierarchy::new(a, &self.layout));
        }
    }

    fn levels(&mut self) -> &mut Hierarchy<T> {
        self.levels.as_mut().expect("the cycle is prepared")
    }
}

impl<T: Real> Preconditioner<T> for VCycle<T> {
    fn name(&self) -> &'static str {
        "multigrid"
    }

    fn prepare(&mut self, a: &mut Helmholtz<T>) {
        self.prepare_for(a);
    }

    fn apply(
        &mut self,
        a: &mut Helmholtz<T>,
        r: &mut Field<T>,
        z: &mut Field<T>,
        empty: [DotPart; 1],
    ) -> [DotPart; 1] {
        let shape = self.shape;
        self.levels().cycle(a, r, z, shape);
        let (r, z) = (&*r, &*z);
        let add = |[part]: &mut [DotPart; 1], j: usize| part.add(r.own_row(j), z.own_row(j));
        a.team().fold_rows(r.cells()[1], || empty, add, merge_parts)
    }
}

/// Cycles until the residual is small: `x = x + M^-1 (b - A x)`, of which the first is a full multigrid
/// cycle and the others are V-cycles.
pub struct Multigrid<T> {
    arch: Arch,
    by: VCycle<T>,
    z: Field<T>,
    is_first: bool,
    rr_dots: Dots<1>,
}

impl<T: Real> Multigrid<T> {
    #[must_use]
    pub fn new(a: &Helmholtz<T>, domain: &Domain) -> Self {
        Self {
            arch: Arch::new(),
            by: VCycle::shaped(domain, ALONE),
            z: Field::new(a.team(), a.cells(), 1),
            is_first: true,
            rr_dots: Dots::new(),
        }
    }
}

impl<T: Real> Method<T> for Multigrid<T> {
    fn name(&self) -> String {
        self.by.name().to_owned()
    }

    /// Each cycle brings the residual down, until it is round-off.
    fn patience(&self) -> u64 {
        8
    }

    fn start(&mut self, system: &mut System<'_, T>, _norm: f64) -> Result<(), Reason> {
        self.by.prepare_for(system.a);
        self.is_first = true;
        self.rr_dots = Dots::new();
        Ok(())
    }

    fn iterate(&mut self, system: &mut System<'_, T>) -> Result<Option<f64>, Reason> {
        let System { a, b, x, r, .. } = system;
        let (shape, levels) = (self.by.shape, self.by.levels());
        if std::mem::take(&mut self.is_first) {
            levels.full_cycle(a, r, &mut self.z, shape);
        } else {
            levels.cycle(a, r, &mut self.z, shape);
        }
        let (arch, z, one) = (self.arch, &self.z, T::from_f64(1.0));
        a.team()
            .update([&mut **x], |j, [x]| axpy(arch, one, z.own_row(j), x));
        let part = a.residual(b, x, r, self.rr_dots.parts());
        let (comm, team, r) = (a.comm().as_ref(), a.team(), &**r);
        let [rr] = self.rr_dots.totals(comm, team, part, [[r, r]]);
        Ok(Some(rr.sqrt()))
    }
}
