//! Cycles in numbers that take less memory than those of the system.

use super::{Cycle, VCycle};
use crate::{
    domain::Domain,
    field::{DotPart, Field, Real, merge_parts},
    kernel::{Arch, add_converted, convert},
    operator::{Helmholtz, Revision},
    solver::Preconditioner,
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
}

/// The system in other numbers.
struct Low<L> {
    a: Helmholtz<L>,
    r: Field<L>,
    z: Field<L>,
}

impl<T: Real, L: Real> Lowered<T, L> {
    /// A preconditioner for operators on this subdomain.
    #[must_use]
    pub fn new(domain: &Domain) -> Self {
        Self::of(domain, VCycle::new(domain))
    }

    /// Cycles for [`super::Multigrid`].
    #[must_use]
    pub fn alone(domain: &Domain) -> Self {
        Self::of(domain, VCycle::alone(domain))
    }

    fn of(domain: &Domain, cycle: VCycle<L>) -> Self {
        Self {
            arch: Arch::new(),
            domain: domain.clone(),
            cycle,
            low: None,
            revision: None,
        }
    }

    fn prepare_for(&mut self, a: &Helmholtz<T>) {
        if self.revision == Some(a.revision()) {
            return;
        }
        self.revision = Some(a.revision());
        let (fields, cells) = (self.low.take(), a.cells());
        let vector = || Field::new(a.team(), cells, 1);
        let [r, z] = fields.map_or_else(|| [vector(), vector()], |low| [low.r, low.z]);
        let a = a.converted(&self.domain);
        self.cycle.prepare_for(&a);
        self.low = Some(Low { a, r, z });
    }

    /// Makes `z` of the residuals, both over a number near their norm, which it returns: all
    /// the numbers are of a size that `L` knows, whatever the units are.
    fn make(&mut self, a: &mut Helmholtz<T>, r: &Field<T>, norm: f64, full: bool) -> f64 {
        let unit = power_of_two_below(norm);
        let (arch, low) = (self.arch, self.low.as_mut().expect("it is prepared"));
        a.team().update([&mut low.r], |j, [low]| {
            convert(arch, 1.0 / unit, r.own_row(j), low);
        });
        let before = low.a.applications();
        self.cycle.make(&mut low.a, &low.r, &mut low.z, full);
        a.count(usize::try_from(low.a.applications() - before).expect("a few"));
        unit
    }

    fn z(&self) -> &Field<L> {
        &self.low.as_ref().expect("it is prepared").z
    }
}

impl<T: Real, L: Real> Cycle<T> for Lowered<T, L> {
    fn prepare(&mut self, a: &Helmholtz<T>) {
        self.prepare_for(a);
    }

    fn correct(
        &mut self,
        a: &mut Helmholtz<T>,
        r: &Field<T>,
        norm: f64,
        x: &mut Field<T>,
        full: bool,
    ) {
        let unit = self.make(a, r, norm, full);
        let (arch, z) = (self.arch, self.z());
        a.team().update([x], |j, [x]| {
            add_converted(arch, unit, z.own_row(j), x);
        });
    }
}

impl<T: Real, L: Real> Preconditioner<T> for Lowered<T, L> {
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
        norm: f64,
        z: &mut Field<T>,
        empty: [DotPart; 1],
    ) -> [DotPart; 1] {
        let unit = self.make(a, r, norm, false);
        let (arch, low, r) = (self.arch, self.z(), &*r);
        let work = |[part]: &mut [DotPart; 1], j: usize, [z]: [&mut [T]; 1]| {
            convert(arch, unit, low.own_row(j), z);
            part.add(r.own_row(j), z);
        };
        let rows = 0..r.cells()[1];
        a.team()
            .sweep([z], rows, || empty, work, merge_parts, &mut || {})
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
