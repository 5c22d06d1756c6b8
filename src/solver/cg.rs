//! The method of conjugate gradients.

use super::{Method, Preconditioner, Reason, System, turn_by};
use crate::{
    field::{DotPart, Dots, Field, Real, merge_parts},
    kernel::{Arch, CHUNK, axpy},
    operator::Helmholtz,
};

/// Preconditioned conjugate gradients (Hestenes & Stiefel, "Methods of Conjugate Gradients for Solving
/// Linear Systems", 1952; in the form of Saad, "Iterative Methods for Sparse Linear Systems", algorithm
/// 9.1).
///
/// An iteration applies the operator once and goes over memory in three passes, one more with a
/// preconditioner: the new direction; the operator, with `(p, A p)`; the updates of `x` and `r`, with
/// `(r, r)`.
pub struct Cg<T, P = Box<dyn Preconditioner<T>>> {
    arch: Arch,
    preconditioner: Option<P>,
    p: Field<T>,
    q: Field<T>,
    /// `(r, r)` now, and `(r, z)` of the last direction.
    rr: f64,
    rz: f64,
    coefficients: Coefficients,
    pq_dots: Dots<1>,
    rr_dots: Dots<1>,
    rz_dots: Dots<1>,
}

/// What an iteration weighed its vectors with.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Coefficients {
    /// Of the direction in the new solution.
    pub alpha: f64,
    /// Of the direction before in this one; 0 in the first iteration.
    pub beta: f64,
}

impl<T: Real, P: Preconditioner<T>> Cg<T, P> {
    #[must_use]
    pub fn new(a: &Helmholtz<T>, preconditioner: Option<P>) -> Self {
        let vector = |ghosts| Field::new(a.team(), a.cells(), ghosts);
        Self {
            arch: Arch::new(),
            preconditioner,
            p: vector(1),
            q: vector(0),
            rr: 0.0,
            rz: 0.0,
            coefficients: Coefficients::default(),
            pq_dots: Dots::new(),
            rr_dots: Dots::new(),
            rz_dots: Dots::new(),
        }
    }

    pub(super) fn preconditioner(&self) -> Option<&P> {
        self.preconditioner.as_ref()
    }

    pub(super) fn preconditioner_mut(&mut self) -> Option<&mut P> {
        self.preconditioner.as_mut()
    }

    /// Those of the last iteration.
    pub(super) fn coefficients(&self) -> Coefficients {
        self.coefficients
    }

    /// One iteration; returns the norm of the residual.
    pub(super) fn step(&mut self, system: &mut System<'_, T>) -> Result<f64, Reason> {
        let rz = self.turn(system)?;
        let a = &mut *system.a;
        let part = a.apply_dot(&mut self.p, &mut self.q, self.pq_dots.parts());
        let (comm, team) = (a.comm().as_ref(), a.team().as_ref());
        let [pq] = self.pq_dots.totals(comm, team, part, [(&self.p, &self.q)]);
        positive(pq, "the operator is not positive definite")?;
        self.coefficients.alpha = rz / pq;
        self.rr = self.advance(system, rz / pq);
        Ok(self.rr.sqrt())
    }

    /// The new direction `p = z + beta p` with `M z = r`. Returns `(r, z)`.
    fn turn(&mut self, system: &mut System<'_, T>) -> Result<f64, Reason> {
        let rz = match &mut self.preconditioner {
            None => self.rr,
            Some(by) => by.apply(system.a, system.r, self.rr.sqrt(), &mut self.rz_dots),
        };
        positive(rz, "the preconditioner is not positive definite")?;
        self.coefficients.beta = rz / self.rz;
        let (team, beta) = (system.a.team(), T::from_f64(self.coefficients.beta));
        match &self.preconditioner {
            None => turn_by(team, system.r, beta, &mut self.p),
            Some(by) => by.turn(team, beta, &mut self.p),
        }
        self.rz = rz;
        Ok(rz)
    }

    /// `x = x + alpha p`, `r = r - alpha q`. Returns `(r, r)`.
    fn advance(&mut self, system: &mut System<'_, T>, alpha: f64) -> f64 {
        let System { a, x, r, .. } = system;
        let (arch, p, q) = (self.arch, &self.p, &self.q);
        let (forth, back) = (T::from_f64(alpha), T::from_f64(-alpha));
        let work = |[part]: &mut [DotPart; 1], j: usize, [x, r]: [&mut [T]; 2]| {
            let along = x.chunks_mut(CHUNK).zip(p.own_row(j).chunks(CHUNK));
            let against = r.chunks_mut(CHUNK).zip(q.own_row(j).chunks(CHUNK));
            for ((x, p), (r, q)) in along.zip(against) {
                axpy(arch, forth, p, x);
                axpy(arch, back, q, r);
                part.add(r, r);
            }
        };
        let rows = 0..a.cells()[1];
        let empty = self.rr_dots.parts();
        let fields = [&mut **x, &mut **r];
        let part = a
            .team()
            .sweep(fields, rows, || empty, work, merge_parts, &mut || {});
        let r = &**r;
        let [rr] = self
            .rr_dots
            .totals(a.comm().as_ref(), a.team(), part, [(r, r)]);
        rr
    }
}

impl<T: Real, P: Preconditioner<T>> Method<T> for Cg<T, P> {
    fn name(&self) -> String {
        match &self.preconditioner {
            None => "cg".to_owned(),
            Some(by) => format!("cg with {}", by.name()),
        }
    }

    fn start(&mut self, system: &mut System<'_, T>, norm: f64) -> Result<(), Reason> {
        if let Some(by) = &mut self.preconditioner {
            by.prepare(system.a);
        }
        self.rr = norm * norm;
        // The first direction has no other before it: beta is 0.
        self.rz = f64::INFINITY;
        self.pq_dots = Dots::new();
        self.rr_dots = Dots::new();
        self.rz_dots = Dots::new();
        Ok(())
    }

    fn iterate(&mut self, system: &mut System<'_, T>) -> Result<Option<f64>, Reason> {
        self.step(system).map(Some)
    }
}

pub(super) fn positive(value: f64, otherwise: &'static str) -> Result<(), Reason> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(Reason::Breakdown(otherwise))
    }
}
