//! Geometric multigrid: a V-cycle that works on all scales at once, as a method and as a
//! preconditioner.
//!
//! A level has every second cell of the one above along both axes, or along that of the stronger links
//! only; so any number of cells will do, and the last level has one. Interpolation follows the
//! operator, restriction is its transpose, and the coarse operators are Galerkin's: with them a cycle
//! is a symmetric positive definite approximation of the inverse whatever the conductivities are.
//! Levels of few cells are computed by every rank, so that their number does not depend on how many
//! ranks there are; nor does any bit.

mod band;
mod fused;
mod galerkin;
mod gather;
mod hierarchy;
mod layout;
mod level;
mod lowered;
mod stencil;
#[cfg(test)]
mod tests;
mod transfer;
mod wave;

pub use self::lowered::Lowered;
use self::{hierarchy::Hierarchy, layout::Layout, level::Shape};
use super::{Method, Preconditioner, Reason, System, turn_by};
use crate::{
    domain::Domain,
    field::{Dots, Field, Real, Team},
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

/// Cycles that bring a solution nearer. Everything is collective.
pub trait Cycle<T: Real> {
    /// Is told the operator before anything is made with it, and whenever it may have changed.
    fn prepare(&mut self, a: &Helmholtz<T>);

    /// Adds to `x` what a cycle makes of the residuals `r` of some norm: a full multigrid cycle if
    /// `full` says so, or a V-cycle.
    fn correct(
        &mut self,
        a: &mut Helmholtz<T>,
        r: &Field<T>,
        norm: f64,
        x: &mut Field<T>,
        full: bool,
    );
}

/// One V-cycle with red-black relaxation (Trottenberg, Oosterlee & Schüller, "Multigrid", 2001).
///
/// On the finest level it goes over the operator four times.
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
    /// A preconditioner for operators on this subdomain.
    #[must_use]
    pub fn new(domain: &Domain) -> Self {
        Self::shaped(domain, SYMMETRIC)
    }

    /// Cycles for [`Multigrid`].
    #[must_use]
    pub fn alone(domain: &Domain) -> Self {
        Self::shaped(domain, ALONE)
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
            // The old ones go first: there may not be memory for both.
            self.levels = None;
            self.levels = Some(Hierarchy::new(a, &self.layout));
        }
    }

    /// Makes `z` of the residuals by a full cycle or a V-cycle.
    fn make(&mut self, a: &mut Helmholtz<T>, r: &Field<T>, full: bool) -> &Field<T> {
        let levels = self.levels.as_mut().expect("the cycle is prepared");
        let z = self
            .z
            .get_or_insert_with(|| Field::new(a.team(), a.cells(), 1));
        if full {
            levels.full_cycle(a, r, z, self.shape);
        } else {
            levels.cycle(a, r, z, self.shape);
        }
        z
    }

    /// What was made last.
    fn z(&self) -> &Field<T> {
        self.z.as_ref().expect("a cycle was made")
    }
}

impl<T: Real> Cycle<T> for VCycle<T> {
    fn prepare(&mut self, a: &Helmholtz<T>) {
        self.prepare_for(a);
    }

    fn correct(
        &mut self,
        a: &mut Helmholtz<T>,
        r: &Field<T>,
        _norm: f64,
        x: &mut Field<T>,
        full: bool,
    ) {
        let z = self.make(a, r, full);
        let (arch, one) = (Arch::new(), T::from_f64(1.0));
        a.team()
            .update([x], |j, [x]| axpy(arch, one, z.own_row(j), x));
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
        _norm: f64,
        dots: &mut Dots<1>,
    ) -> f64 {
        let z = self.make(a, r, false);
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
    rr_dots: Dots<1>,
}

impl<T: Real> Multigrid<T> {
    #[must_use]
    pub fn new(by: Box<dyn Cycle<T>>) -> Self {
        Self {
            by,
            is_first: true,
            norm: 0.0,
            rr_dots: Dots::new(),
        }
    }
}

impl<T: Real> Method<T> for Multigrid<T> {
    fn name(&self) -> String {
        "multigrid".to_owned()
    }

    /// Each cycle brings the residual down, until it is round-off.
    fn patience(&self) -> u64 {
        8
    }

    fn start(&mut self, system: &mut System<'_, T>, norm: f64) -> Result<(), Reason> {
        self.by.prepare(system.a);
        self.is_first = true;
        self.norm = norm;
        self.rr_dots = Dots::new();
        Ok(())
    }

    fn iterate(&mut self, system: &mut System<'_, T>) -> Result<Option<f64>, Reason> {
        let System { a, b, x, r, .. } = system;
        let full = std::mem::take(&mut self.is_first);
        self.by.correct(a, r, self.norm, x, full);
        let part = a.residual(b, x, r, self.rr_dots.parts());
        let (comm, team, r) = (a.comm().as_ref(), a.team(), &**r);
        let [rr] = self.rr_dots.totals(comm, team, part, [(r, r)]);
        self.norm = rr.sqrt();
        Ok(Some(self.norm))
    }
}
