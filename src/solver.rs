//! Solvers of `A x = b` for the Helmholtz operator.
//!
//! A [`Method`] knows how to make a better solution of a solution; the [`Solver`] around it knows
//! when to stop, holds the residual against `b - A x` at the end, and says what went wrong.

mod cg;
mod chebyshev;
mod correction;
mod diagonal;
mod direct;
mod error;
mod jacobi;
mod lanczos;
mod multigrid;
mod pipelined;
mod ppcg;
mod recurrence;
mod tolerance;

use crate::{
    field::{Dots, Field, Real, Team, reproducible_sum},
    kernel::{Arch, xpay},
    operator::Helmholtz,
};

use self::tolerance::Watch;

pub use cg::Cg;
pub use chebyshev::Chebyshev;
pub use diagonal::Diagonal;
pub use direct::Direct;
pub use error::{Reason, SolverError};
pub use jacobi::Jacobi;
pub use multigrid::{Cycle, Lowered, Multigrid, Smoother, VCycle};
pub use pipelined::PipelinedCg;
pub use ppcg::Ppcg;
pub use tolerance::Tolerance;

/// A linear system, an approximate solution, and its residual.
pub struct System<'a, T> {
    pub a: &'a mut Helmholtz<T>,
    pub b: &'a Field<T>,
    /// Has a ghost, zero beyond walls, as has `r`.
    pub x: &'a mut Field<T>,
    /// `b - A x`, as far as the method keeps it so.
    pub r: &'a mut Field<T>,
    /// For `(r, r)`.
    pub rr: Dots<1>,
    /// The norm of `r` that is wanted.
    pub goal: f64,
}

/// An iterative method. Its state is for one operator and one layout.
///
/// Everything is collective. What it returns has the same bits on every rank and from every layout.
pub trait Method<T: Real> {
    /// As users name it, with what belongs to it.
    fn name(&self) -> String;

    /// Iterations without a smaller residual after which there is no hope.
    fn patience(&self) -> u64 {
        1000
    }

    /// Whether the norms it returns are those of `b - A x`, computed from the `x` that it has made.
    fn is_truthful(&self) -> bool {
        false
    }

    /// Begins anew, given the norm of the residual `b - A x` that `r` now is.
    ///
    /// # Errors
    /// If the method cannot go on.
    fn start(&mut self, system: &mut System<'_, T>, norm: f64) -> Result<(), Reason>;

    /// One iteration. Returns the norm of `r` where the method looks at it, which it may do but now
    /// and then; only then are `x` and `r` sure to belong together.
    ///
    /// # Errors
    /// If the method cannot go on.
    fn iterate(&mut self, system: &mut System<'_, T>) -> Result<Option<f64>, Reason>;
}

/// A symmetric positive definite `M` like `A`, for which `M z = r` is easily solved. Everything is
/// collective.
pub trait Preconditioner<T: Real> {
    /// As users name it.
    fn name(&self) -> &'static str;

    /// Is told the operator before it is applied, and whenever the operator may have changed (see
    /// [`Helmholtz::revision`]).
    fn prepare(&mut self, a: &mut Helmholtz<T>);

    /// Makes `z = M^-1 r` of residuals of some norm, with a ghost, and keeps it, for the operator `a` that it
    /// was prepared for; `r` keeps its own cells. Returns `(r, z)`, by products that this solve made before.
    fn apply(
        &mut self,
        a: &mut Helmholtz<T>,
        r: &mut Field<T>,
        norm: f64,
        dots: &mut Dots<1>,
    ) -> f64;

    /// `p = z + beta p`.
    fn turn(&self, team: &Team, beta: T, p: &mut Field<T>);
}

/// `p = z + beta p`.
fn turn_by<T: Real>(team: &Team, z: &Field<T>, beta: T, p: &mut Field<T>) {
    let arch = Arch::new();
    team.update([p], |j, [p]| xpay(arch, z.own_row(j), beta, p));
}

impl<T: Real> Preconditioner<T> for Box<dyn Preconditioner<T>> {
    fn name(&self) -> &'static str {
        self.as_ref().name()
    }

    fn prepare(&mut self, a: &mut Helmholtz<T>) {
        self.as_mut().prepare(a);
    }

    fn apply(
        &mut self,
        a: &mut Helmholtz<T>,
        r: &mut Field<T>,
        norm: f64,
        dots: &mut Dots<1>,
    ) -> f64 {
        self.as_mut().apply(a, r, norm, dots)
    }

    fn turn(&self, team: &Team, beta: T, p: &mut Field<T>) {
        self.as_ref().turn(team, beta, p);
    }
}

/// What a solve took, and where it ended. Residuals are `|b - A x|`, the square root of the sum of
/// squares over all cells.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SolveStats {
    pub iterations: u64,
    /// Of the operator.
    pub applications: u64,
    pub initial_residual: f64,
    /// Computed anew from the solution, whatever the method believed.
    pub residual: f64,
}

/// A method, and when to stop it.
pub struct Solver<T> {
    method: Box<dyn Method<T>>,
    tolerance: Tolerance,
    r: Field<T>,
}

/// A restart must at least bring the true residual down to this part of what it was.
const WORTH_RESTARTING: f64 = 0.5;

impl<T: Real> Solver<T> {
    /// A solver for systems with this operator.
    #[must_use]
    pub fn new(a: &Helmholtz<T>, method: Box<dyn Method<T>>, tolerance: Tolerance) -> Self {
        Self {
            method,
            tolerance,
            r: Field::new(a.team(), a.cells(), 1),
        }
    }

    /// The method, as users name it.
    #[must_use]
    pub fn name(&self) -> String {
        self.method.name()
    }

    /// Solves `A x = b`, beginning with the `x` given. Collective.
    ///
    /// The method stops at a residual that meets the tolerance. Then the true residual must meet
    /// it too, or be no larger than the round-off of computing it; else the method begins anew
    /// from the true residual, as long as that helps.
    ///
    /// # Errors
    /// If it does not get there, the same on every rank.
    pub fn solve(
        &mut self,
        a: &mut Helmholtz<T>,
        b: &Field<T>,
        x: &mut Field<T>,
    ) -> Result<SolveStats, SolverError> {
        let mut system = System {
            a,
            b,
            x,
            r: &mut self.r,
            rr: Dots::new(),
            goal: 0.0,
        };
        let before = system.a.applications();
        let initial = residual(&mut system);
        let mut watch = Watch::new(self.tolerance, self.method.patience(), initial);
        system.goal = watch.goal();
        let method = self.method.as_mut();
        let reached = reach(method, &mut system, &mut watch, initial);
        let residual = reached.map_err(|reason| watch.error(method.name(), reason))?;
        Ok(SolveStats {
            iterations: watch.iterations(),
            applications: system.a.applications() - before,
            initial_residual: initial,
            residual,
        })
    }
}

/// Iterates to the goal, and returns the norm of the true residual.
fn reach<T: Real>(
    method: &mut dyn Method<T>,
    system: &mut System<'_, T>,
    watch: &mut Watch,
    initial: f64,
) -> Result<f64, Reason> {
    let mut truth = initial;
    if !truth.is_finite() {
        return Err(Reason::NotFinite);
    }
    while !watch.is_reached(truth) {
        method.start(system, truth)?;
        let before = truth;
        let (stuck, norm) = iterate(method, system, watch, before)?;
        truth = if method.is_truthful() && !stuck {
            norm
        } else {
            residual(system)
        };
        if watch.is_reached(truth) || truth <= round_off(system) {
            break;
        }
        if stuck || truth > WORTH_RESTARTING * before {
            return Err(Reason::Stagnated);
        }
        // The look at the round-off overwrote it.
        residual(system);
    }
    Ok(truth)
}

/// Iterates until the method believes that it is there, or gets no further: then true. Also returns the last norm
/// that it saw.
fn iterate<T: Real>(
    method: &mut dyn Method<T>,
    system: &mut System<'_, T>,
    watch: &mut Watch,
    mut norm: f64,
) -> Result<(bool, f64), Reason> {
    while !watch.is_reached(norm) {
        let seen = method.iterate(system)?;
        norm = seen.unwrap_or(norm);
        match watch.count(seen) {
            Err(Reason::Stagnated) => return Ok((true, norm)),
            counted => counted?,
        }
    }
    Ok((false, norm))
}

/// `r = b - A x`, and its norm.
fn residual<T: Real>(system: &mut System<'_, T>) -> f64 {
    let System { a, b, x, r, rr, .. } = system;
    let part = a.residual(b, x, r, rr.parts());
    let [rr] = rr.totals(a.comm().as_ref(), a.team(), part, [(&**r, &**r)]);
    rr.sqrt()
}

/// What rounding may leave of the residual of an exact solution: a row of `A` has a diagonal
/// element and others whose sizes add up to no more. Overwrites `r`.
fn round_off<T: Real>(system: &mut System<'_, T>) -> f64 {
    let System { a, b, x, r, .. } = system;
    a.diagonal(r);
    let (r, x, b) = (&**r, &**x, &**b);
    let square = |value: f64| value * value;
    let sum = |term: &(dyn Fn(usize, usize) -> f64 + Sync)| {
        reproducible_sum(a.comm().as_ref(), a.team(), a.cells(), term)
    };
    let of_product = sum(&|i, j| square(r.own_row(j)[i].to_f64() * x.own_row(j)[i].to_f64()));
    let of_b = sum(&|i, j| square(b.own_row(j)[i].to_f64()));
    T::EPSILON * (8.0 * of_product.sqrt() + of_b.sqrt())
}

#[cfg(test)]
mod tests;
