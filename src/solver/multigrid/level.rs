//! A level, and the cycle over it and those below.

use std::{ops::Range, rc::Rc};

use super::{
    fused::Relaxed,
    gather::Gather,
    stencil::{Stencil, StencilRows},
    transfer::Transfer,
};
use crate::{
    field::{Field, Nearby, Real, Team},
    kernel::{Arch, Relaxation, Value, multiply, relax, relax_zero, subtract_from},
    operator::{Helmholtz, HelmholtzRows},
};

/// How often a cycle relaxes before and after it went down to the coarser levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// At least 1.
    pub before: usize,
    pub after: usize,
    /// Whether the second relaxations go through the colours backwards. With as many before as
    /// after, the cycle is symmetric then; otherwise it converges faster.
    pub backwards: bool,
}

/// An operator row by row.
pub trait RowOperator<T>: Sync {
    /// `A x` in row `j`; the rows of `x` have their ghosts filled.
    fn apply(&self, x: &impl Nearby<T>, j: usize, out: &mut [T]);
}

impl<T: Real> RowOperator<T> for HelmholtzRows<'_, T> {
    fn apply(&self, x: &impl Nearby<T>, j: usize, out: &mut [T]) {
        self.run(x, j, 0..out.len(), out, Value);
    }
}

impl<T: Real> RowOperator<T> for StencilRows<'_, T> {
    fn apply(&self, x: &impl Nearby<T>, j: usize, out: &mut [T]) {
        self.run(x, j, 0..out.len(), out);
    }
}

/// An operator on a level.
pub trait Applied<T: Real> {
    /// `y = A x`, and then `work(row, columns, x, y)` on those cells of it that were computed last.
    /// Both have a ghost, zero beyond walls. Collective.
    fn apply_and(
        &mut self,
        x: &mut Field<T>,
        y: &mut Field<T>,
        work: impl Fn(usize, Range<usize>, &[T], &mut [T]) + Sync,
    );

    fn rows(&self) -> impl RowOperator<T>;

    /// Takes notice that all rows were applied so often, one by one.
    fn count(&mut self, applications: usize);
}

impl<T: Real> Applied<T> for Helmholtz<T> {
    fn apply_and(
        &mut self,
        x: &mut Field<T>,
        y: &mut Field<T>,
        work: impl Fn(usize, Range<usize>, &[T], &mut [T]) + Sync,
    ) {
        Helmholtz::apply_and(self, x, y, work);
    }

    fn rows(&self) -> impl RowOperator<T> {
        Helmholtz::rows(self)
    }

    fn count(&mut self, applications: usize) {
        Helmholtz::count(self, applications);
    }
}

impl<T: Real> Applied<T> for Stencil<T> {
    fn apply_and(
        &mut self,
        x: &mut Field<T>,
        y: &mut Field<T>,
        work: impl Fn(usize, Range<usize>, &[T], &mut [T]) + Sync,
    ) {
        Stencil::apply_and(self, x, y, work);
    }

    fn rows(&self) -> impl RowOperator<T> {
        Stencil::rows(self)
    }

    fn count(&mut self, _applications: usize) {}
}

/// What a level has besides its operator.
pub struct Level<T> {
    team: Rc<Team>,
    arch: Arch,
    /// Reciprocals of the diagonal; 0 for 0.
    inverse: Field<T>,
    /// For even and for odd rows, 1 in the red cells of a row and 0 in the black ones. Cells are red
    /// and black like those of a chess board; row `j` is odd if `j + parity` is.
    masks: [Vec<T>; 2],
    parity: usize,
    /// Which axes are periodic, if one rank has all cells.
    whole: Option<[bool; 2]>,
    /// What relaxation writes to, and residuals.
    other: Field<T>,
    /// None if the level has one cell.
    pub down: Option<Down<T>>,
}

/// The way to the next coarser level.
pub struct Down<T> {
    /// The first thing, if other ranks have cells of this level, but not of the next.
    pub gather: Option<Gather<T>>,
    /// Along one axis, or along one after the other.
    pub transfers: Vec<Transfer<T>>,
    /// What is between two of them.
    pub between: Option<Field<T>>,
}

/// All levels but the finest.
pub struct Coarse<T> {
    pub a: Stencil<T>,
    pub level: Level<T>,
    pub b: Field<T>,
    pub x: Field<T>,
}

impl<T: Real> Level<T> {
    /// The level of this operator.
    pub fn new(a: &Stencil<T>, down: Option<Down<T>>) -> Self {
        let (team, cells) = (Rc::clone(&a.team), a.layout.cells());
        let mut inverse = Field::new(&team, cells, 0);
        let diagonal = &a.diagonal;
        team.update([&mut inverse], |j, [row]| {
            for (inverse, diagonal) in row.iter_mut().zip(diagonal.own_row(j)) {
                if *diagonal != T::ZERO {
                    *inverse = T::from_f64(1.0 / diagonal.to_f64());
                }
            }
        });
        let mask = |odd: usize| {
            let is_red = |i: usize| (i + odd).is_multiple_of(2);
            let cells = 0..cells[0];
            cells
                .map(|i| T::from_f64(f64::from(u8::from(is_red(i)))))
                .collect()
        };
        let [x0, y0] = a.layout.start();
        Self {
            arch: Arch::new(),
            inverse,
            masks: [mask(0), mask(1)],
            parity: x0 + y0,
            whole: (!a.layout.is_shared()).then_some(a.layout.periodic),
            other: Field::new(&team, cells, 1),
            team,
            down,
        }
    }

    /// Red-black relaxation by cells of these colours, one after the other: Gauss-Seidel. Starts from zero, not from
    /// `x`, if `from_zero` says so.
    fn sweep<A: Applied<T>>(
        &mut self,
        a: &mut A,
        b: &Field<T>,
        x: &mut Field<T>,
        colors: &[usize],
        from_zero: bool,
    ) {
        for (k, &color) in colors.iter().enumerate() {
            let (arch, inverse, masks) = (self.arch, &self.inverse, &self.masks);
            let parity = self.parity + color;
            let mask = |j: usize| &masks[(j + parity) % 2];
            if k == 0 && from_zero {
                self.team.update([&mut *x], |j, [x]| {
                    relax_zero(arch, mask(j), inverse.own_row(j), b.own_row(j), x);
                });
                continue;
            }
            a.apply_and(x, &mut self.other, |j, columns, x, y| {
                let by = Relaxation {
                    mask: &mask(j)[columns.clone()],
                    inverse: &inverse.own_row(j)[columns.clone()],
                    b: &b.own_row(j)[columns],
                    x,
                };
                relax(arch, &by, y);
            });
            std::mem::swap(x, &mut self.other);
        }
    }

    fn residual<A: Applied<T>>(&mut self, a: &mut A, b: &Field<T>, x: &mut Field<T>) {
        let arch = self.arch;
        a.apply_and(x, &mut self.other, |j, columns, _, y| {
            subtract_from(arch, &b.own_row(j)[columns], y);
        });
    }
}

/// One V-cycle for `A x = b`, begun with zero, whatever `x` is, if `from_zero` says so. Collective.
pub fn cycle<T: Real, A: Applied<T>>(
    a: &mut A,
    level: &mut Level<T>,
    b: &Field<T>,
    x: &mut Field<T>,
    below: &mut [Coarse<T>],
    shape: Shape,
    from_zero: bool,
) {
    let Some((next, below)) = below.split_first_mut() else {
        // One cell, whose operator is its diagonal.
        let (arch, inverse) = (level.arch, &level.inverse);
        level.team.update([x], |j, [x]| {
            multiply(arch, inverse.own_row(j), b.own_row(j), x);
        });
        return;
    };
    let forth = [0, 1].repeat(shape.before);
    let back = if shape.backwards { [1, 0] } else { [0, 1] }.repeat(shape.after);
    if let Some(periodic) = level.whole {
        let down = level.down.as_mut().expect("there is a level below");
        let by = Relaxed {
            team: &level.team,
            arch: level.arch,
            inverse: &level.inverse,
            masks: &level.masks,
            parity: level.parity,
            periodic,
            b,
        };
        let other = &mut level.other;
        let (transfers, coarse) = (&mut down.transfers[..], &mut *next);
        let interpolations: Vec<_> = transfers.iter().map(|transfer| &transfer.by).collect();
        by.descend(
            a,
            [&mut *x, &mut *other],
            &forth,
            from_zero,
            &interpolations,
            &mut coarse.b,
        );
        cycle(
            &mut coarse.a,
            &mut coarse.level,
            &coarse.b,
            &mut coarse.x,
            below,
            shape,
            true,
        );
        by.ascend(a, [x, other], &back, transfers, &mut coarse.x);
        return;
    }
    level.sweep(a, b, x, &forth, from_zero);
    level.residual(a, b, x);
    let down = level.down.as_mut().expect("there is a level below");
    down.restrict(&mut level.other, &mut next.b);
    cycle(
        &mut next.a,
        &mut next.level,
        &next.b,
        &mut next.x,
        below,
        shape,
        true,
    );
    down.correct(&mut next.x, x);
    level.sweep(a, b, x, &back, false);
}

/// One full multigrid cycle for `A x = b`, whatever `x` is: begun with what a full cycle on the coarser
/// levels gives for the restricted `b`. For smooth solutions that leaves less than the error of the
/// discretisation. Collective.
pub fn full_cycle<T: Real, A: Applied<T>>(
    a: &mut A,
    level: &mut Level<T>,
    b: &Field<T>,
    x: &mut Field<T>,
    below: &mut [Coarse<T>],
    shape: Shape,
) {
    if let Some((next, below)) = below.split_first_mut() {
        let down = level.down.as_mut().expect("there is a level below");
        let copy = |j: usize, [r]: [&mut [T]; 1]| r.copy_from_slice(b.own_row(j));
        level.team.update([&mut level.other], copy);
        down.restrict(&mut level.other, &mut next.b);
        full_cycle(
            &mut next.a,
            &mut next.level,
            &next.b,
            &mut next.x,
            below,
            shape,
        );
        level.team.update([&mut *x], |_, [x]| x.fill(T::ZERO));
        down.correct(&mut next.x, x);
    }
    cycle(a, level, b, x, below, shape, false);
}

impl<T: Real> Down<T> {
    /// The right-hand side of the coarse level that belongs to the residuals of this one.
    fn restrict(&mut self, r: &mut Field<T>, b: &mut Field<T>) {
        let r = match &mut self.gather {
            Some(gather) => {
                gather.collect_residual(r);
                &mut gather.r
            }
            None => r,
        };
        match (&mut self.transfers[..], &mut self.between) {
            ([first, second], Some(between)) => {
                first.restrict(r, between);
                second.restrict(between, b);
            }
            ([first], _) => first.restrict(r, b),
            _ => unreachable!("one or two axes are coarsened"),
        }
    }

    /// Adds the solution of the coarse level, interpolated, to `x`.
    fn correct(&mut self, coarse: &mut Field<T>, x: &mut Field<T>) {
        let coarse = match (&mut self.transfers[..], &mut self.between) {
            ([_, second], Some(between)) => {
                second.interpolate::<false>(coarse, between);
                between
            }
            _ => coarse,
        };
        let first = &mut self.transfers[0];
        match &mut self.gather {
            Some(gather) => {
                first.interpolate::<false>(coarse, &mut gather.correction);
                gather.add_correction(x);
            }
            None => first.interpolate::<true>(coarse, x),
        }
    }
}
