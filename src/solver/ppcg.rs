//! Conjugate gradients preconditioned by a polynomial.

use std::fmt::Write as _;

use super::{
    Cg, Diagonal, Method, Preconditioner, Reason, System,
    correction::Correction,
    lanczos::{Bounds, Lanczos},
    recurrence::Recurrence,
    turn_by,
};
use crate::{
    field::{Dots, Field, Real, Team},
    kernel::Arch,
    operator::Helmholtz,
};

/// Conjugate gradients whose preconditioner is some steps of Chebyshev iteration, themselves
/// preconditioned by nothing or by the diagonal (Saad, "Iterative Methods for Sparse Linear Systems", 2nd
/// edition, section 12.3.2; `TeaLeaf`'s PPCG).
///
/// As in [`super::Chebyshev`], each solve begins with some iterations of conjugate gradients, which find
/// the bounds. Then an iteration applies the operator once for each inner step, which needs no dot
/// product, and once for the outer one.
///
/// A lower bound that is too high only costs iterations. With an even number of inner steps, so does an
/// upper bound that is too low: the polynomial is of even degree, and positive above the bounds.
/// With an odd number it may not be; when that shows, conjugate gradients widen the bounds.
pub struct Ppcg<T> {
    cg: Cg<T, Polynomial<T>>,
    lanczos: Lanczos,
    /// Of the residual.
    norm: f64,
}

impl<T: Real> Ppcg<T> {
    /// The bounds are found by so many iterations of conjugate gradients, at least 1.
    #[must_use]
    pub fn new(
        a: &Helmholtz<T>,
        diagonal: Option<Diagonal<T>>,
        cg_steps: usize,
        inner_steps: usize,
    ) -> Self {
        let polynomial = Polynomial {
            arch: Arch::new(),
            diagonal,
            inner_steps,
            bounds: None,
            z: Field::new(a.team(), a.cells(), 1),
            before: Field::new(a.team(), a.cells(), 1),
        };
        Self {
            cg: Cg::new(a, Some(polynomial)),
            lanczos: Lanczos::new(cg_steps),
            norm: 0.0,
        }
    }

    /// Begins conjugate gradients anew with other bounds.
    fn turn_to(
        &mut self,
        bounds: Option<Bounds>,
        system: &mut System<'_, T>,
    ) -> Result<(), Reason> {
        if let Some(polynomial) = self.cg.preconditioner_mut() {
            polynomial.bounds = bounds;
        }
        self.cg.start(system, self.norm)
    }

    fn bounds(&self) -> Option<Bounds> {
        self.cg
            .preconditioner()
            .and_then(|polynomial| polynomial.bounds)
    }
}

impl<T: Real> Method<T> for Ppcg<T> {
    fn name(&self) -> String {
        let mut name = "ppcg".to_owned();
        if let Some(polynomial) = self.cg.preconditioner() {
            write!(name, " with {} inner steps", polynomial.inner_steps)
                .expect("a string takes all");
            if polynomial.diagonal.is_some() {
                name += " and jacobi";
            }
        }
        name
    }

    fn start(&mut self, system: &mut System<'_, T>, norm: f64) -> Result<(), Reason> {
        self.norm = norm;
        self.lanczos.start();
        self.turn_to(None, system)
    }

    fn iterate(&mut self, system: &mut System<'_, T>) -> Result<Option<f64>, Reason> {
        let mut stepped = self.cg.step(system);
        if let (Err(Reason::Breakdown(_)), Some(_)) = (&stepped, self.bounds()) {
            self.turn_to(None, system)?;
            stepped = self.cg.step(system);
        }
        self.norm = stepped?;
        if self.bounds().is_none()
            && let Some(bounds) = self.lanczos.add(self.cg.coefficients())
        {
            self.turn_to(Some(bounds), system)?;
        }
        Ok(Some(self.norm))
    }
}

/// `M^-1 r` before there are bounds; then what some more steps of Chebyshev iteration make of it.
struct Polynomial<T> {
    arch: Arch,
    diagonal: Option<Diagonal<T>>,
    inner_steps: usize,
    bounds: Option<Bounds>,
    z: Field<T>,
    before: Field<T>,
}

impl<T: Real> Preconditioner<T> for Polynomial<T> {
    fn name(&self) -> &'static str {
        "chebyshev"
    }

    fn prepare(&mut self, a: &mut Helmholtz<T>) {
        if let Some(diagonal) = &mut self.diagonal {
            diagonal.prepare(a);
        }
    }

    fn apply(
        &mut self,
        a: &mut Helmholtz<T>,
        r: &mut Field<T>,
        norm: f64,
        dots: &mut Dots<1>,
    ) -> f64 {
        let Some(bounds) = self.bounds else {
            if let Some(diagonal) = &mut self.diagonal {
                let rz = diagonal.apply(a, r, norm, dots);
                diagonal.turn(a.team(), T::ZERO, &mut self.z);
                return rz;
            }
            let copy = |j: usize, [z]: [&mut [T]; 1]| z.copy_from_slice(r.own_row(j));
            a.team().update([&mut self.z], copy);
            return norm * norm;
        };
        let mut recurrence = Recurrence::new(bounds);
        let mut correction = Correction {
            arch: self.arch,
            diagonal: self.diagonal.as_ref(),
            e: &mut self.z,
            before: &mut self.before,
        };
        correction.begin(a.team(), r, recurrence.first());
        for _ in 1..self.inner_steps {
            correction.step(a, r, recurrence.next(), []);
        }
        let part = correction.step(a, r, recurrence.next(), dots.parts());
        let [rz] = dots.totals(a.comm().as_ref(), a.team(), part, [(&*r, &self.z)]);
        rz
    }

    fn turn(&self, team: &Team, beta: T, p: &mut Field<T>) {
        turn_by(team, &self.z, beta, p);
    }
}
