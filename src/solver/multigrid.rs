//! Geometric multigrid: a V-cycle that works on all scales at once, as a method and as a
//! preconditioner.
//!
//! A level has every second cell of the one above along both axes, or along that of the stronger links
//! only; so any number of cells will do, and the last level has one. Interpolation follows the
//! operator, restriction is its transpose, and the coarse operators are Galerkin's: with them a cycle
//! is a symmetric positive definite approximation of the inverse whatever the conductivities are.
//! Levels of few cells are computed by every rank, so that their number does not depend on how many
//! ranks there are; nor does any bit.

mod applied;
mod band;
mod fused;
mod galerkin;
mod gather;
mod hierarchy;
mod layout;
mod level;
mod lowered;
mod relaxation;
mod stencil;
#[cfg(test)]
mod tests;
mod transfer;
mod wave;

use self::{hierarchy::Hierarchy, layout::Layout, relaxation::Shape, stencil::Links};
pub use self::{lowered::Lowered, relaxation::Smoother};
use super::{Method, Preconditioner, Reason, System, residual, turn_by};
use crate::{
    domain::Domain,
    field::{Dots, Field, Real, Team},
    kernel::{Arch, axpy},
    operator::{Helmholtz, Revision},
};

/// Cycles that bring a solution nearer. Everything is collective.
pub trait Cycle<T: Real> {
    /// As reports tell it.
    fn name(&self) -> &'static str;

    /// Is told the operator and that there are new residuals, before anything is made with them.
    fn prepare(&mut self, a: &Helmholtz<T>);

    /// Adds to `x` what a cycle makes of its residuals `r` of some norm: a full multigrid cycle if
    /// `full` says so, or a V-cycle.
    fn correct(&mut self, system: &mut System<'_, T>, norm: f64, full: bool);

    /// Makes the residuals anew, for the next cycle at least, and returns their norm, given the one before.
    fn residual(&mut self, system: &mut System<'_, T>, norm: f64) -> f64;
}

/// One V-cycle (Trottenberg, Oosterlee & Schüller, "Multigrid", 2001).
///
/// On the finest level it goes over the operator six times, or four times for a symmetric red-black one.
pub struct VCycle<T> {
    layout: Layout,
    shape: Shape,
    levels: Option<Hierarchy<T>>,
    /// Of the operator that the levels belong to.
    revision: Option<Revision<T>>,
    /// What a cycle adds to a solution.
    z: Option<Field<T>>,
}

impl<T: Real> VCycle<T> {
    /// A preconditioner for operators on this subdomain: symmetric.
    #[must_use]
    pub fn new(domain: &Domain, smoother: Smoother) -> Self {
        Self::shaped(domain, Shape::symmetric(smoother))
    }

    /// Cycles for [`Multigrid`].
    #[must_use]
    pub fn alone(domain: &Domain, smoother: Smoother) -> Self {
        Self::shaped(domain, Shape::alone(smoother))
    }

    fn shaped(domain: &Domain, shape: Shape) -> Self {
        Self {
            layout: Layout::of(domain),
            shape,
            levels: None,
            revision: None,
            z: None,
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
            self.rebuild(a);
        }
    }

    /// Makes the levels of an operator, and returns the links of the finest one. Collective.
    fn rebuild<H: Real>(&mut self, a: &Helmholtz<H>) -> Links<T> {
        // The old ones go first: there may not be memory for both.
        self.levels = None;
        let (levels, links) = Hierarchy::new(a, &self.layout, self.shape);
        self.levels = Some(levels);
        links
    }

    /// Makes `z` of the residuals by a V-cycle.
    fn make(&mut self, a: &mut Helmholtz<T>, r: &Field<T>) -> &Field<T> {
        let (levels, z) = self.levels_and_z(a);
        levels.cycle(a, r, z);
        z
    }

    /// Makes something of the residuals by a full cycle or by a V-cycle, and has `put` take each row of it to
    /// the same one of `to`.
    fn make_to<H: Real>(
        &mut self,
        a: &mut Helmholtz<T>,
        r: &Field<T>,
        full: bool,
        to: (&mut Field<H>, impl Fn(&[T], &mut [H]) + Sync),
    ) {
        let (levels, z) = self.levels_and_z(a);
        levels.cycle_to(a, r, z, full, to);
    }

    fn levels_and_z(&mut self, a: &Helmholtz<T>) -> (&mut Hierarchy<T>, &mut Field<T>) {
        let levels = self.levels.as_mut().expect("the cycle is prepared");
        let z = &mut self.z;
        let z = z.get_or_insert_with(|| Field::new(a.team(), a.cells(), 1));
        (levels, z)
    }

    /// What was made last.
    fn z(&self) -> &Field<T> {
        self.z.as_ref().expect("a cycle was made")
    }
}

impl<T: Real> Cycle<T> for VCycle<T> {
    fn name(&self) -> &'static str {
        self.shape.smoother.of_multigrid()
    }

    fn prepare(&mut self, a: &Helmholtz<T>) {
        self.prepare_for(a);
    }

    fn correct(&mut self, system: &mut System<'_, T>, _norm: f64, full: bool) {
        let System { a, x, r, .. } = system;
        let (arch, one) = (Arch::new(), T::from_f64(1.0));
        let add = |row: &[T], x: &mut [T]| axpy(arch, one, row, x);
        self.make_to(a, r, full, (x, add));
    }

    fn residual(&mut self, system: &mut System<'_, T>, _norm: f64) -> f64 {
        residual(system)
    }
}

impl<T: Real> Preconditioner<T> for VCycle<T> {
    fn name(&self) -> &'static str {
        self.shape.smoother.of_multigrid()
    }

    fn prepare(&mut self, a: &mut Helmholtz<T>) {
        self.prepare_for(a);
    }

    fn apply(
        &mut self,
        a: &mut Helmholtz<T>,
        r: &mut Field<T>,
        _norm: f64,
        dots: &mut Dots<1>,
    ) -> f64 {
        let z = self.make(a, r);
        let [rz] = dots.of(a.comm().as_ref(), a.team(), [(&*r, z)]);
        rz
    }

    fn turn(&self, team: &Team, beta: T, p: &mut Field<T>) {
        turn_by(team, self.z(), beta, p);
    }
}

/// Cycles until the residual is small: `x = x + M^-1 (b - A x)`, of which the first is a full multigrid
/// cycle and the others are V-cycles.
pub struct Multigrid<T> {
    by: Box<dyn Cycle<T>>,
    is_first: bool,
    /// Of the residual.
    norm: f64,
}

impl<T: Real> Multigrid<T> {
    #[must_use]
    pub fn new(by: Box<dyn Cycle<T>>) -> Self {
        Self {
            by,
            is_first: true,
            norm: 0.0,
        }
    }
}

impl<T: Real> Method<T> for Multigrid<T> {
    fn name(&self) -> String {
        self.by.name().to_owned()
    }

    fn is_truthful(&self) -> bool {
        true
    }

    /// Each cycle brings the residual down, until it is round-off.
    fn patience(&self) -> u64 {
        8
    }

    fn start(&mut self, system: &mut System<'_, T>, norm: f64) -> Result<(), Reason> {
        self.by.prepare(system.a);
        self.is_first = true;
        self.norm = norm;
        Ok(())
    }

    fn iterate(&mut self, system: &mut System<'_, T>) -> Result<Option<f64>, Reason> {
        let full = std::mem::take(&mut self.is_first);
        self.by.correct(system, self.norm, full);
        self.norm = self.by.residual(system, self.norm);
        Ok(Some(self.norm))
    }
}
