//! Conjugate gradients with one reduction an iteration, behind which the operator is applied.

use std::rc::Rc;

use super::{Diagonal, Method, Preconditioner, Reason, System, cg::positive};
use crate::{
    field::{DotPart, Dots, Field, Real, Team, merge_parts},
    kernel::{Arch, CHUNK, axpy, multiply, xpay},
    operator::Helmholtz,
};

/// Conjugate gradients in which all ranks wait for each other once an iteration, not two times, and meanwhile
/// apply the operator (Ghysels & Vanroose, "Hiding global synchronization latency in the preconditioned
/// Conjugate Gradient algorithm", Parallel Computing 40, 2014, algorithm 4), preconditioned by nothing or by the
/// diagonal.
///
/// It makes the same solutions as [`super::Cg`] but for round-off: what `A p`, `A M^-1 A p` and the residual are
/// is not computed but follows from recurrences, whose errors grow. They are computed anew, which takes
/// five applications, each time that the residual has become much smaller, and at last after 100 iterations
/// (after van der Vorst & Ye, "Residual replacement strategies for Krylov subspace iterative methods for the
/// convergence of true residuals", SIAM J. Sci. Comput. 22, 2000). Else an iteration applies the operator once,
/// and then goes over memory once, where it reads 7 vectors and writes 7. To begin takes two applications.
pub struct PipelinedCg<T> {
    arch: Arch,
    diagonal: Option<Diagonal<T>>,
    /// `A u` with `u = M^-1 r`.
    w: Field<T>,
    /// `M^-1 w`, with a ghost, and `A m`.
    m: Field<T>,
    n: Field<T>,
    /// The direction, `A p`, and `A M^-1 A p`.
    p: Field<T>,
    s: Field<T>,
    z: Field<T>,
    dots: Dots<PRODUCTS>,
    products: Products,
    /// Whether there is a direction before the next one.
    has_direction: bool,
    /// `(r, r)` when all vectors were computed last, and the iterations since then.
    rr_anew: f64,
    since: u32,
}

/// All vectors are computed anew after so many iterations.
const MOST: u32 = 100;

/// How many products an iteration takes.
const PRODUCTS: usize = 6;

type Parts = [DotPart; PRODUCTS];

/// `(r, u)` and so on.
#[derive(Debug, Clone, Copy, Default)]
struct Products {
    ru: f64,
    wu: f64,
    rr: f64,
    us: f64,
    rp: f64,
    ps: f64,
}

impl<T: Real> PipelinedCg<T> {
    #[must_use]
    pub fn new(a: &Helmholtz<T>, diagonal: Option<Diagonal<T>>) -> Self {
        let vector = |ghosts| Field::new(a.team(), a.cells(), ghosts);
        Self {
            arch: Arch::new(),
            diagonal,
            w: vector(0),
            m: vector(1),
            n: vector(0),
            p: vector(0),
            s: vector(0),
            z: vector(0),
            dots: Dots::new(),
            products: Products::default(),
            has_direction: false,
            rr_anew: 0.0,
            since: 0,
        }
    }

    /// All that follows from `r`.
    fn compute(&mut self, system: &mut System<'_, T>) {
        let team = Rc::clone(system.a.team());
        let by = Preconditioned::by(self.diagonal.as_ref());
        by.write(&team, system.r, &mut self.m);
        system.a.apply(&mut self.m, &mut self.w);
        by.write(&team, &self.w, &mut self.m);
        let parts = by.parts(&team, &self.dots, [&*system.r, &self.w, &self.p, &self.s]);
        self.apply_and_sum(system, &parts);
        (self.rr_anew, self.since) = (self.products.rr, 0);
    }

    /// Computes what else follows from recurrences: the residual, and what belongs to the direction.
    fn replace(&mut self, system: &mut System<'_, T>) {
        let team = Rc::clone(system.a.team());
        let p = &self.p;
        team.update([&mut self.m], |j, [m]| m.copy_from_slice(p.own_row(j)));
        system.a.apply(&mut self.m, &mut self.s);
        Preconditioned::by(self.diagonal.as_ref()).write(&team, &self.s, &mut self.m);
        system.a.apply(&mut self.m, &mut self.z);
        let System { a, b, x, r, .. } = system;
        a.residual(b, x, r, Dots::<1>::new().parts());
        self.compute(system);
    }

    /// Whether recurrences have gone on for long enough: from here on their errors, of the size of the numbers
    /// that they began with, would show.
    fn is_due(&self) -> bool {
        let much_smaller = T::EPSILON.to_f64().sqrt();
        self.since >= MOST || self.products.rr < much_smaller * self.rr_anew
    }

    /// `A m`, while the products are summed up over all ranks.
    fn apply_and_sum(&mut self, system: &mut System<'_, T>, parts: &Parts) {
        let System { a, r, .. } = system;
        let comm = Rc::clone(a.comm());
        let (m, n) = (&mut self.m, &mut self.n);
        let reduced = self
            .dots
            .reduce_while(comm.as_ref(), *parts, &mut || a.apply(m, n));
        let by = Preconditioned::by(self.diagonal.as_ref());
        let of = [&**r, &self.w, &self.p, &self.s];
        let again = |dots: &Dots<PRODUCTS>| by.parts(a.team(), dots, of);
        let [ru, wu, rr, us, rp, ps] = self.dots.settle(comm.as_ref(), &reduced, again);
        self.products = Products {
            ru,
            wu,
            rr,
            us,
            rp,
            ps,
        };
    }

    /// All vectors after a step of length `alpha` along the new direction, and this rank's share of their
    /// products.
    fn advance(&mut self, system: &mut System<'_, T>, [alpha, beta]: [f64; 2]) -> Parts {
        let System { a, x, r, .. } = system;
        let by = Preconditioned::by(self.diagonal.as_ref());
        let (arch, n) = (self.arch, &self.n);
        let [forth, back, beta] = [alpha, -alpha, beta].map(T::from_f64);
        let empty = self.dots.parts();
        let fields = [
            &mut **x,
            &mut **r,
            &mut self.w,
            &mut self.m,
            &mut self.p,
            &mut self.s,
            &mut self.z,
        ];
        let work = |parts: &mut Parts, j: usize, rows: [&mut [T]; 7]| {
            let mut chunks = rows.map(|row| row.chunks_mut(CHUNK));
            for (k, n) in n.own_row(j).chunks(CHUNK).enumerate() {
                let [x, r, w, m, p, s, z] = chunks
                    .each_mut()
                    .map(|chunks| chunks.next().expect("rows are equally long"));
                let first = k * CHUNK;
                xpay(arch, n, beta, z);
                xpay(arch, w, beta, s);
                by.of(j, first, r, |u| xpay(arch, u, beta, p));
                axpy(arch, forth, p, x);
                axpy(arch, back, s, r);
                axpy(arch, back, z, w);
                by.of(j, first, w, |w| m.copy_from_slice(w));
                by.add(parts, j, first, [r, w, p, s]);
            }
        };
        let rows = 0..a.cells()[1];
        a.team()
            .sweep(fields, rows, || empty, work, merge_parts, &mut || {})
    }
}

/// The preconditioner, piece by piece of a row.
#[derive(Clone, Copy)]
struct Preconditioned<'a, T> {
    arch: Arch,
    diagonal: Option<&'a Diagonal<T>>,
}

impl<'a, T: Real> Preconditioned<'a, T> {
    fn by(diagonal: Option<&'a Diagonal<T>>) -> Self {
        Self {
            arch: Arch::new(),
            diagonal,
        }
    }

    /// `to = M^-1 of`.
    fn write(&self, team: &Team, of: &Field<T>, to: &mut Field<T>) {
        team.update([to], |j, [to]| {
            for (k, to) in to.chunks_mut(CHUNK).enumerate() {
                let first = k * CHUNK;
                let of = &of.own_row(j)[first..][..to.len()];
                self.of(j, first, of, |of| to.copy_from_slice(of));
            }
        });
    }

    /// This rank's share of the products of `r`, `w`, `p` and `s`.
    fn parts(&self, team: &Team, dots: &Dots<PRODUCTS>, of: [&Field<T>; 4]) -> Parts {
        let add = |parts: &mut Parts, j: usize| {
            self.add(parts, j, 0, of.map(|field| field.own_row(j)));
        };
        team.fold_rows(of[0].cells()[1], || dots.parts(), add, merge_parts)
    }

    /// Looks at `M^-1 v` of a piece `v` of row `j` that begins with cell `first`.
    fn of(&self, j: usize, first: usize, v: &[T], look: impl FnOnce(&[T])) {
        let Some(diagonal) = self.diagonal else {
            return look(v);
        };
        let mut room = [T::ZERO; CHUNK];
        let room = &mut room[..v.len()];
        multiply(self.arch, &diagonal.inverse(j)[first..][..v.len()], v, room);
        look(room);
    }

    /// Adds what `r`, `w`, `p` and `s` bring to the products, over a row or a piece of it.
    fn add(&self, parts: &mut Parts, j: usize, first: usize, [r, w, p, s]: [&[T]; 4]) {
        let [ru, wu, rr, us, rp, ps] = parts;
        for start in (0..r.len()).step_by(CHUNK) {
            let columns = start..(start + CHUNK).min(r.len());
            let [r, w, p, s] = [r, w, p, s].map(|row| &row[columns.clone()]);
            self.of(j, first + start, r, |u| {
                ru.add(r, u);
                wu.add(w, u);
                us.add(u, s);
            });
            rr.add(r, r);
            rp.add(r, p);
            ps.add(p, s);
        }
    }
}

impl<T: Real> Method<T> for PipelinedCg<T> {
    fn name(&self) -> String {
        match &self.diagonal {
            None => "pipelined-cg".to_owned(),
            Some(diagonal) => format!("pipelined-cg with {}", diagonal.name()),
        }
    }

    fn start(&mut self, system: &mut System<'_, T>, _norm: f64) -> Result<(), Reason> {
        if let Some(diagonal) = &mut self.diagonal {
            diagonal.prepare(system.a);
        }
        self.dots = Dots::new();
        self.has_direction = false;
        // What they hold must not count, not even in the products.
        let directions = [&mut self.p, &mut self.s, &mut self.z];
        system.a.team().update(directions, |_, rows| {
            for row in rows {
                row.fill(T::ZERO);
            }
        });
        self.compute(system);
        Ok(())
    }

    fn iterate(&mut self, system: &mut System<'_, T>) -> Result<Option<f64>, Reason> {
        if self.is_due() {
            self.replace(system);
        }
        let Products {
            ru, wu, us, rp, ps, ..
        } = self.products;
        positive(ru, "the preconditioner is not positive definite")?;
        // What makes the new direction p' conjugate to the last one, (p', A p'), and (r, p'), all from products of the
        // vectors as they are: errors of one step are not carried into the next.
        let beta = if self.has_direction { -us / ps } else { 0.0 };
        let curvature = wu + beta * us;
        positive(curvature, "the operator is not positive definite")?;
        let parts = self.advance(system, [(ru + beta * rp) / curvature, beta]);
        self.has_direction = true;
        self.apply_and_sum(system, &parts);
        self.since += 1;
        Ok(Some(self.products.rr.sqrt()))
    }
}
