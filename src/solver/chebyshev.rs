//! Chebyshev iteration.

use super::{
    Cg, Diagonal, Method, Reason, System,
    correction::{Correction, LOOK_EVERY},
    lanczos::{Bounds, Lanczos},
    recurrence::Recurrence,
};
use crate::{
    field::{Dots, Field, Real},
    kernel::Arch,
    operator::Helmholtz,
};

/// The residual may be so many times larger than the bounds promise: they are about the norm that
/// belongs to `M`.
const SLACK: f64 = 2.0;

/// Chebyshev iteration, preconditioned by nothing or by the diagonal (Saad, "Iterative Methods for Sparse
/// Linear Systems", 2nd edition, algorithm 12.1).
///
/// It needs no dot products, but bounds of the spectrum. Each solve begins with some iterations of
/// conjugate gradients, which find them. Then an iteration applies the operator once
/// and goes over memory once. It looks at the residual after as many iterations as the bounds say will
/// do, but once in 16 at least, and more often at first; a look takes a pass and a reduction.
///
/// Where the residual is larger by then than the bounds allow, they were too tight: it grows where the
/// highest eigenvalue lies outside, and hardly shrinks where the lowest does. Conjugate
/// gradients go on from there, whose residual is rich in just what the bounds left out, and widen them.
pub struct Chebyshev<T> {
    arch: Arch,
    cg: Cg<T, Diagonal<T>>,
    lanczos: Lanczos,
    /// How far it is, once there are bounds.
    course: Option<Course>,
    e: Field<T>,
    before: Field<T>,
    dots: Dots<1>,
}

impl<T: Real> Chebyshev<T> {
    /// The bounds are found by so many iterations of conjugate gradients, at least 1.
    #[must_use]
    pub fn new(a: &Helmholtz<T>, diagonal: Option<Diagonal<T>>, cg_steps: usize) -> Self {
        let vector = || Field::new(a.team(), a.cells(), 1);
        Self {
            arch: Arch::new(),
            cg: Cg::new(a, diagonal),
            lanczos: Lanczos::new(cg_steps),
            course: None,
            e: vector(),
            before: vector(),
            dots: Dots::new(),
        }
    }

    fn correction(&mut self) -> (Correction<'_, T>, &mut Dots<1>) {
        let correction = Correction {
            arch: self.arch,
            diagonal: self.cg.preconditioner(),
            e: &mut self.e,
            before: &mut self.before,
        };
        (correction, &mut self.dots)
    }

    /// An iteration of conjugate gradients.
    fn probe(&mut self, system: &mut System<'_, T>) -> Result<f64, Reason> {
        let norm = self.cg.step(system)?;
        if let Some(bounds) = self.lanczos.add(self.cg.coefficients()) {
            let course = Course::new(bounds, norm, system.goal);
            let (mut correction, _) = self.correction();
            correction.begin(system.a.team(), system.r, course.recurrence.first());
            self.course = Some(course);
        }
        Ok(norm)
    }
}

impl<T: Real> Method<T> for Chebyshev<T> {
    fn name(&self) -> String {
        match self.cg.preconditioner() {
            None => "chebyshev".to_owned(),
            Some(_) => "chebyshev with jacobi".to_owned(),
        }
    }

    fn start(&mut self, system: &mut System<'_, T>, norm: f64) -> Result<(), Reason> {
        self.course = None;
        self.lanczos.start();
        self.dots = Dots::new();
        self.cg.start(system, norm)
    }

    fn iterate(&mut self, system: &mut System<'_, T>) -> Result<Option<f64>, Reason> {
        let Some(course) = &mut self.course else {
            return self.probe(system).map(Some);
        };
        let weights = course.advance();
        let is_look = course.until_look == 0;
        let (mut correction, dots) = self.correction();
        if !is_look {
            correction.step(system.a, system.r, weights, []);
            return Ok(None);
        }
        let norm = correction.settle(system, weights, dots);
        self.course = self
            .course
            .and_then(|course| course.go_on(norm, system.goal));
        if self.course.is_none() {
            self.cg.start(system, norm)?;
        }
        Ok(Some(norm))
    }
}

/// How far an iteration is, and should be.
#[derive(Debug, Clone, Copy)]
struct Course {
    recurrence: Recurrence,
    /// The norm of the residual at the beginning, and what it should have become.
    initial: f64,
    promised: f64,
    until_look: u64,
    /// Until the next look at most: with bounds that are far off, a residual may grow by orders of
    /// magnitude in each iteration, so the first looks follow each other closely.
    longest: u64,
}

impl Course {
    fn new(bounds: Bounds, norm: f64, goal: f64) -> Self {
        let course = Self {
            recurrence: Recurrence::new(bounds),
            initial: norm,
            promised: norm,
            until_look: 0,
            longest: 1,
        };
        course.until_goal(norm, goal)
    }

    /// An iteration; the weights of its next correction.
    fn advance(&mut self) -> [f64; 2] {
        self.until_look -= 1;
        self.promised *= self.recurrence.factor();
        self.recurrence.next()
    }

    /// Plans the next look, unless the residual shows that the bounds are too tight: that of a
    /// residual well on its way shrinks by a power of at least 3/4 of what is promised.
    fn go_on(self, norm: f64, goal: f64) -> Option<Self> {
        let root = (self.promised / self.initial).sqrt();
        let is_well = norm <= SLACK * self.initial * root * root.sqrt();
        let longest = LOOK_EVERY.min(2 * self.longest);
        is_well.then(|| Self { longest, ..self }.until_goal(norm, goal))
    }

    /// Looks again after as many iterations as should do.
    fn until_goal(mut self, mut norm: f64, goal: f64) -> Self {
        let mut ahead = self.recurrence;
        self.until_look = 0;
        while self.until_look < self.longest && (self.until_look == 0 || norm > goal) {
            norm *= ahead.factor();
            ahead.next();
            self.until_look += 1;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        low: 1.0,
        high: 400.0,
    };

    #[test]
    fn it_looks_when_the_goal_should_be_reached() {
        // The residual shrinks by about a tenth with each iteration, but hardly in the first ones.
        let mut course = Course::new(BOUNDS, 1.0, 1e-9);
        let (mut norm, mut looks) = (1.0, Vec::new());
        while norm > 1e-9 {
            looks.push(course.until_look);
            while course.until_look > 0 {
                course.advance();
            }
            norm = course.promised;
            course = course.go_on(norm, 1e-9).unwrap();
        }
        assert_eq!(looks[..6], [1, 2, 4, 8, 16, 16]);
        // As many as T_k(sigma) says: acosh(1e9) / acosh(401 / 399) = 213.99.
        assert_eq!(looks.iter().sum::<u64>(), 214);
        assert_eq!(Course::new(BOUNDS, 1.0, 2.0).until_look, 1);
    }

    #[test]
    fn it_notices_that_the_bounds_were_too_tight() {
        let mut course = Course::new(BOUNDS, 1.0, 1e-9);
        for _ in 0..100 {
            course.until_look = 1;
            course.advance();
        }
        assert!((1e-5..1e-3).contains(&course.promised), "{course:?}");
        assert!(course.go_on(course.promised, 1e-9).is_some());
        assert!(course.go_on(0.02, 1e-9).is_none());
        assert!(course.go_on(1e3, 1e-9).is_none());
        assert!(course.go_on(f64::NAN, 1e-9).is_none());
    }
}
