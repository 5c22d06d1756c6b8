//! Corrections of a solution, each made of the two before it in one pass over memory.

use std::{mem::swap, ops::Range};

use super::{Diagonal, System};
use crate::{
    field::{DotPart, Dots, Field, Real, Team},
    kernel::{Arch, CHUNK, axpy, extrapolate, multiply_by, xpay},
    operator::{Helmholtz, Piece},
};

/// Methods that need no dot products look at the residual once in so many iterations: a look takes
/// a pass more over memory, and all ranks wait for each other.
pub(super) const LOOK_EVERY: u64 = 16;

/// An approximation `e` to `A^-1 r`, and the one before it.
///
/// ```text
/// e_{k+1} = e_k + momentum (e_k - e_{k-1}) + length M^-1 (r - A e_k),      e_0 = e_{-1} = 0
/// ```
///
/// (Golub & Varga, "Chebyshev semi-iterative methods, successive overrelaxation iterative methods, and
/// second order Richardson iterative methods", 1961). The residual `r - A e` is not stored: four vectors
/// are read or written for an application of the operator, five with a preconditioner.
pub(super) struct Correction<'a, T> {
    pub arch: Arch,
    /// `M`, or the identity.
    pub diagonal: Option<&'a Diagonal<T>>,
    /// With a ghost, zero beyond walls, both of them.
    pub e: &'a mut Field<T>,
    pub before: &'a mut Field<T>,
}

impl<'a, T: Real> Correction<'a, T> {
    /// The first one, `e = length M^-1 r`.
    pub fn begin(&mut self, team: &Team, r: &Field<T>, length: f64) {
        let next = self.next([0.0, length]);
        let begin = |j: usize, [e, before]: [&mut [T]; 2]| {
            e.fill(T::ZERO);
            before.fill(T::ZERO);
            let mut s = [T::ZERO; CHUNK];
            for columns in chunks(e.len()) {
                let s = &mut s[..columns.len()];
                s.copy_from_slice(&r.own_row(j)[columns.clone()]);
                next.write(
                    j,
                    columns.clone(),
                    &e[columns.clone()],
                    s,
                    &mut before[columns],
                );
            }
        };
        team.update([&mut *self.e, &mut *self.before], begin);
        self.swap();
    }

    /// The next one, given the weights `[momentum, length]`; applies the operator once. Returns this
    /// rank's part of `(r, e)`, begun with an empty one, if that is asked for.
    pub fn step<const N: usize>(
        &mut self,
        a: &mut Helmholtz<T>,
        r: &Field<T>,
        weights: [f64; 2],
        empty: [DotPart; N],
    ) -> [DotPart; N] {
        let (next, arch) = (self.next(weights), self.arch);
        let minus = T::from_f64(-1.0);
        let parts = a.apply_with(self.e, self.before, empty, |parts, piece| {
            let Piece {
                row,
                columns,
                x: e,
                ax: s,
                y: before,
                ..
            } = piece;
            let r = &r.own_row(row)[columns.clone()];
            xpay(arch, r, minus, s);
            next.write(row, columns, e, s, before);
            for part in parts {
                part.add(r, before);
            }
        });
        self.swap();
        parts
    }

    /// Takes `e` into the solution and its residual, and makes the next one from there; applies the
    /// operator once. Returns the norm of the residual.
    pub fn settle(
        &mut self,
        system: &mut System<'_, T>,
        weights: [f64; 2],
        dots: &mut Dots<1>,
    ) -> f64 {
        let System { a, x, r, .. } = system;
        let arch = self.arch;
        let [one, minus] = [1.0, -1.0].map(T::from_f64);
        let part = a.apply_with(self.e, r, dots.parts(), |[part], piece| {
            axpy(arch, minus, piece.ax, piece.y);
            part.add(piece.y, piece.y);
        });
        let r = &**r;
        let [rr] = dots.totals(a.comm().as_ref(), a.team(), part, [(r, r)]);
        let next = self.next(weights);
        let settle = |j: usize, [x, e, before]: [&mut [T]; 3]| {
            let mut s = [T::ZERO; CHUNK];
            for columns in chunks(e.len()) {
                let s = &mut s[..columns.len()];
                let (x, e) = (&mut x[columns.clone()], &mut e[columns.clone()]);
                let before = &mut before[columns.clone()];
                axpy(arch, one, e, x);
                // Seen from the new solution, this correction is zero.
                axpy(arch, minus, e, before);
                e.fill(T::ZERO);
                s.copy_from_slice(&r.own_row(j)[columns.clone()]);
                next.write(j, columns, e, s, before);
            }
        };
        let fields = [&mut **x, &mut *self.e, &mut *self.before];
        a.team().update(fields, settle);
        self.swap();
        rr.sqrt()
    }

    fn swap(&mut self) {
        swap(self.e, self.before);
    }

    fn next(&self, weights: [f64; 2]) -> Next<'a, T> {
        let [momentum, length] = weights.map(T::from_f64);
        Next {
            arch: self.arch,
            diagonal: self.diagonal,
            momentum,
            length,
        }
    }
}

/// How the next correction is made.
#[derive(Clone, Copy)]
struct Next<'a, T> {
    arch: Arch,
    diagonal: Option<&'a Diagonal<T>>,
    momentum: T,
    length: T,
}

impl<T: Real> Next<'_, T> {
    /// Puts it in the place of the one before, in some columns of row `j`, given the residual `s`,
    /// which is overwritten.
    fn write(&self, j: usize, columns: Range<usize>, e: &[T], s: &mut [T], before: &mut [T]) {
        if let Some(diagonal) = self.diagonal {
            multiply_by(self.arch, &diagonal.inverse(j)[columns], s);
        }
        extrapolate(self.arch, e, self.momentum, self.length, s, before);
    }
}

fn chunks(columns: usize) -> impl Iterator<Item = Range<usize>> {
    let starts = (0..columns).step_by(CHUNK);
    starts.map(move |start| start..columns.min(start + CHUNK))
}
