//! Cycles in numbers that take less memory than those of the system.

use std::rc::Rc;

use super::{Cycle, Smoother, VCycle, stencil::Links};
use crate::{
    domain::Domain,
    field::{Dots, Field, Real, Team},
    kernel::{Arch, add_converted, combine_converted, convert},
    operator::{Helmholtz, Revision},
    solver::{Preconditioner, System},
};

/// A V-cycle of numbers `L` for systems of `T`. What a cycle makes need only be about right, for it
/// mends what is left of a residual: so half as long numbers, of which memory brings twice as many
/// in the same time, do not change what the solver gets to (Göddeke & Strzodka, "Cyclic reduction
/// tridiagonal solvers on GPUs applied to mixed-precision multigrid", IEEE TPDS 22, 2011).
pub struct Lowered<T, L> {
    arch: Arch,
    domain: Domain,
    cycle: VCycle<L>,
    low: Option<Low<L>>,
    /// Of the operator that was lowered.
    revision: Option<Revision<T>>,
    /// Whether the residuals are the lowered ones.
    has_residual: bool,
}

/// The system in other numbers.
struct Low<L> {
    a: Helmholtz<L>,
    r: Field<L>,
    /// What the residuals were divided by.
    unit: f64,
}

impl<T: Real, L: Real> Lowered<T, L> {
    /// A preconditioner for operators on this subdomain.
    #[must_use]
    pub fn new(domain: &Domain, smoother: Smoother) -> Self {
        Self::of(domain, VCycle::new(domain, smoother))
    }

    /// Cycles for [`super::Multigrid`].
    #[must_use]
    pub fn alone(domain: &Domain, smoother: Smoother) -> Self {
        Self::of(domain, VCycle::alone(domain, smoother))
    }

    fn of(domain: &Domain, cycle: VCycle<L>) -> Self {
        Self {
            arch: Arch::new(),
            domain: domain.clone(),
            cycle,
            low: None,
            revision: None,
            has_residual: false,
        }
    }

    fn prepare_for(&mut self, a: &Helmholtz<T>) {
        if self.revision == Some(a.revision()) {
            return;
        }
        self.revision = Some(a.revision());
        let before = self.low.take();
        let r = before.map_or_else(|| Field::new(a.team(), a.cells(), 1), |low| low.r);
        let Links { east, north, .. } = self.cycle.rebuild(a);
        let a = a.lowered(&self.domain, [east, north]);
        self.low = Some(Low { a, r, unit: 1.0 });
    }

    fn unit(&self) -> f64 {
        self.low.as_ref().expect("it is prepared").unit
    }

    /// Takes over the residuals over a number near their norm: all the numbers are of a size that `L` knows,
    /// whatever the units are.
    fn lower(&mut self, team: &Team, r: &Field<T>, norm: f64) {
        let (arch, low) = (self.arch, self.low.as_mut().expect("it is prepared"));
        low.unit = power_of_two_below(norm);
        let part = 1.0 / low.unit;
        team.update([&mut low.r], |j, [low]| {
            convert(arch, part, r.own_row(j), low);
        });
    }

    /// Does something with the cycle, the lowered operator and its residuals.
    fn work<R>(
        &mut self,
        a: &mut Helmholtz<T>,
        work: impl FnOnce(&mut VCycle<L>, &mut Helmholtz<L>, &Field<L>) -> R,
    ) -> R {
        let low = self.low.as_mut().expect("it is prepared");
        let before = low.a.applications();
        let result = work(&mut self.cycle, &mut low.a, &low.r);
        a.count(usize::try_from(low.a.applications() - before).expect("a few"));
        result
    }
}

impl<T: Real, L: Real> Cycle<T> for Lowered<T, L> {
    fn name(&self) -> &'static str {
        Cycle::name(&self.cycle)
    }

    fn prepare(&mut self, a: &Helmholtz<T>) {
        self.prepare_for(a);
        self.has_residual = false;
    }

    fn correct(&mut self, system: &mut System<'_, T>, norm: f64, full: bool) {
        let System { a, x, r, .. } = system;
        if !self.has_residual {
            self.lower(a.team(), r, norm);
        }
        let (arch, unit) = (self.arch, self.unit());
        let add = |row: &[L], x: &mut [T]| add_converted(arch, unit, row, x);
        self.work(a, |cycle, a, r| cycle.make_to(a, r, full, (x, add)));
    }

    fn residual(&mut self, system: &mut System<'_, T>, norm: f64) -> f64 {
        let System { a, b, x, rr, .. } = system;
        let low = self.low.as_mut().expect("it is prepared");
        low.unit = power_of_two_below(norm);
        self.has_residual = true;
        let comm = Rc::clone(a.comm());
        let [rr] = rr.made_by(comm.as_ref(), |dots| {
            a.residual_converted(b, x, (&mut low.r, 1.0 / low.unit), dots.parts())
        });
        rr.sqrt()
    }
}

impl<T: Real, L: Real> Preconditioner<T> for Lowered<T, L> {
    fn name(&self) -> &'static str {
        Cycle::name(&self.cycle)
    }

    fn prepare(&mut self, a: &mut Helmholtz<T>) {
        self.prepare_for(a);
    }

    fn apply(
        &mut self,
        a: &mut Helmholtz<T>,
        r: &mut Field<T>,
        norm: f64,
        dots: &mut Dots<1>,
    ) -> f64 {
        self.lower(a.team(), r, norm);
        self.work(a, |cycle, a, r| {
            cycle.make(a, r);
        });
        let [rz] = dots.of(a.comm().as_ref(), a.team(), [(&*r, self.cycle.z())]);
        self.unit() * rz
    }

    fn turn(&self, team: &Team, beta: T, p: &mut Field<T>) {
        let (arch, z, weights) = (self.arch, self.cycle.z(), [self.unit(), beta.to_f64()]);
        team.update([p], |j, [p]| {
            combine_converted(arch, weights, z.own_row(j), p);
        });
    }
}

/// The largest power of two that is at most a positive number; 1 for what is none or nearly 0. To multiply
/// by it, or by its reciprocal, does not round.
fn power_of_two_below(norm: f64) -> f64 {
    const EXPONENT: u64 = 0x7ff << 52;
    let power = f64::from_bits(norm.to_bits() & EXPONENT);
    let has_reciprocal = power.is_normal() && (1.0 / power).is_normal();
    if has_reciprocal { power } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::power_of_two_below;

    #[test]
    fn a_norm_is_scaled_without_rounding() {
        for (norm, power) in [
            (1.0, 1.0),
            (3.9, 2.0),
            (0.3, 0.25),
            (1e-300, 2f64.powi(-997)),
            (0.0, 1.0),
            (5e-324, 1.0),
            (f64::INFINITY, 1.0),
            (f64::NAN, 1.0),
        ] {
            assert_eq!(power_of_two_below(norm), power, "{norm}");
        }
    }
}
