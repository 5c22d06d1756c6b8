//! A level, and the cycle over it and those below.

use std::{ops::Range, rc::Rc};

use super::{
    fused::{Relaxed, Start},
    gather::Gather,
    layout::Layout,
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
    /// What is between two of them, where they are taken one by one.
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
    /// The level of an operator with this diagonal. `other` is any field with a ghost, which is zero
    /// beyond walls.
    pub fn new(
        layout: &Layout,
        team: &Rc<Team>,
        diagonal: Field<T>,
        other: Field<T>,
        down: Option<Down<T>>,
    ) -> Self {
        let cells = layout.cells();
        let mut inverse = diagonal;
        let arch = Arch::new();
        team.update([&mut inverse], |_, [row]| {
            arch.dispatch(|| {
                for value in row {
                    if *value != T::ZERO {
                        *value = T::from_f64(1.0 / value.to_f64());
                    }
                }
            });
        });
        let mask = |odd: usize| {
            let is_red = |i: usize| (i + odd).is_multiple_of(2);
            let cells = 0..cells[0];
            cells
                .map(|i| T::from_f64(f64::from(u8::from(is_red(i)))))
                .collect()
        };
        let [x0, y0] = layout.start();
        Self {
            arch,
            inverse,
            masks: [mask(0), mask(1)],
            parity: x0 + y0,
            whole: (!layout.is_shared()).then_some(layout.periodic),
            other,
            team: Rc::clone(team),
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

    /// The level as one pass over it sees it, for a right-hand side; what that writes to; the way down.
    fn relaxed<'a>(
        &'a mut self,
        b: &'a Field<T>,
    ) -> (Relaxed<'a, T>, &'a mut Field<T>, &'a mut Down<T>) {
        let by = Relaxed {
            team: &self.team,
            arch: self.arch,
            inverse: &self.inverse,
            masks: &self.masks,
            parity: self.parity,
            periodic: self.whole.expect("one rank has the whole level"),
            b,
        };
        let down = self.down.as_mut().expect("there is a level below");
        (by, &mut self.other, down)
    }

    fn residual<A: Applied<T>>(&mut self, a: &mut A, b: &Field<T>, x: &mut Field<T>) {
        let arch = self.arch;
        a.apply_and(x, &mut self.other, |j, columns, _, y| {
            subtract_from(arch, &b.own_row(j)[columns], y);
        });
    }
}

/// What a cycle begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// Zero, whatever `x` is.
    Zero,
    /// The given `x`.
    Given,
    /// What is interpolated from the solution of the level below. On levels that one rank has the whole of.
    Below,
}

/// One V-cycle for `A x = b`. Collective.
pub fn cycle<T: Real, A: Applied<T>>(
    a: &mut A,
    level: &mut Level<T>,
    b: &Field<T>,
    x: &mut Field<T>,
    below: &mut [Coarse<T>],
    shape: Shape,
    begin: Begin,
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
    if level.whole.is_some() {
        let (by, other, down) = level.relaxed(b);
        let transfers = &mut down.transfers[..];
        if begin == Begin::Below {
            transfers
                .last_mut()
                .expect("one axis at least")
                .fill(&mut next.x);
        }
        let interpolations: Vec<_> = transfers.iter().map(|transfer| &transfer.by).collect();
        let start = match begin {
            Begin::Zero => Start::Zero,
            Begin::Given => Start::Given,
            Begin::Below => Start::Interpolated(&next.x),
        };
        let fields = [&mut *x, &mut *other];
        by.descend(a, fields, start, &forth, &interpolations, &mut next.b);
        next.cycle(below, shape, Begin::Zero);
        by.ascend(a, [x, other], &back, transfers, &mut next.x);
        return;
    }
    level.sweep(a, b, x, &forth, begin == Begin::Zero);
    level.residual(a, b, x);
    let down = level.down.as_mut().expect("there is a level below");
    down.restrict(&mut level.other, &mut next.b);
    next.cycle(below, shape, Begin::Zero);
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
    let mut begin = Begin::Zero;
    if let Some((next, further)) = below.split_first_mut() {
        if level.whole.is_some() {
            let (by, _, down) = level.relaxed(b);
            let transfers = down.transfers.iter();
            let interpolations: Vec<_> = transfers.map(|transfer| &transfer.by).collect();
            by.restrict_b(a, &interpolations, &mut next.b);
            next.full_cycle(further, shape);
            begin = Begin::Below;
        } else {
            let down = level.down.as_mut().expect("there is a level below");
            let copy = |j: usize, [r]: [&mut [T]; 1]| r.copy_from_slice(b.own_row(j));
            level.team.update([&mut level.other], copy);
            down.restrict(&mut level.other, &mut next.b);
            next.full_cycle(further, shape);
            level.team.update([&mut *x], |_, [x]| x.fill(T::ZERO));
            down.correct(&mut next.x, x);
            begin = Begin::Given;
        }
    }
    cycle(a, level, b, x, below, shape, begin);
}

impl<T: Real> Coarse<T> {
    fn cycle(&mut self, below: &mut [Self], shape: Shape, begin: Begin) {
        let Self { a, level, b, x } = self;
        cycle(a, level, b, x, below, shape, begin);
    }

    fn full_cycle(&mut self, below: &mut [Self], shape: Shape) {
        let Self { a, level, b, x } = self;
        full_cycle(a, level, b, x, below, shape);
    }
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
