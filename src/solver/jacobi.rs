//! Jacobi's method.

use super::{
    Diagonal, Method, Preconditioner, Reason, System,
    correction::{Correction, LOOK_EVERY},
};
use crate::{
    field::{Dots, Field, Real},
    kernel::Arch,
    operator::Helmholtz,
};

/// Neither momentum nor damping.
const WEIGHTS: [f64; 2] = [0.0, 1.0];

/// Jacobi's method, `x = x + D^-1 (b - A x)` with the diagonal `D` of `A` (Saad, "Iterative Methods for
/// Sparse Linear Systems", 2nd edition, section 4.1). It takes as many iterations as conjugate gradients
/// squared, and is here for comparisons. It converges unless the operator is singular.
///
/// An iteration applies the operator once and goes over memory once. It looks at the residual once in 16
/// iterations.
pub struct Jacobi<T> {
    arch: Arch,
    diagonal: Diagonal<T>,
    e: Field<T>,
    before: Field<T>,
    until_look: u64,
    dots: Dots<1>,
}

impl<T: Real> Jacobi<T> {
    #[must_use]
    pub fn new(a: &Helmholtz<T>) -> Self {
        let vector = || Field::new(a.team(), a.cells(), 1);
        Self {
            arch: Arch::new(),
            diagonal: Diagonal::new(a),
            e: vector(),
            before: vector(),
            until_look: LOOK_EVERY,
            dots: Dots::new(),
        }
    }

    fn correction(&mut self) -> (Correction<'_, T>, &mut Dots<1>) {
        let correction = Correction {
            arch: self.arch,
            diagonal: Some(&self.diagonal),
            e: &mut self.e,
            before: &mut self.before,
        };
        (correction, &mut self.dots)
    }
}

impl<T: Real> Method<T> for Jacobi<T> {
    fn name(&self) -> String {
        "jacobi".to_owned()
    }

    fn start(&mut self, system: &mut System<'_, T>, _norm: f64) -> Result<(), Reason> {
        self.diagonal.prepare(system.a);
        self.until_look = LOOK_EVERY;
        self.dots = Dots::new();
        let [_, length] = WEIGHTS;
        let (mut correction, _) = self.correction();
        correction.begin(system.a.team(), system.r, length);
        Ok(())
    }

    fn iterate(&mut self, system: &mut System<'_, T>) -> Result<Option<f64>, Reason> {
        self.until_look -= 1;
        let is_look = self.until_look == 0;
        if is_look {
            self.until_look = LOOK_EVERY;
        }
        let (mut correction, dots) = self.correction();
        if is_look {
            return Ok(Some(correction.settle(system, WEIGHTS, dots)));
        }
        correction.step(system.a, system.r, WEIGHTS, []);
        Ok(None)
    }
}
