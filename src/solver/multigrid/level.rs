//! A level, and the cycle over it and those below.

use std::rc::Rc;

use super::{
    applied::Applied,
    fused::{Relaxed, Start},
    gather::Gather,
    layout::Layout,
    relaxation::{Pass, Passes, Shape},
    stencil::Stencil,
    transfer::Transfer,
};
use crate::{
    field::{Field, Real, Team},
    kernel::{Arch, Relaxation, Residual, multiply, relax_zero},
};

/// What a level has besides its operator.
pub struct Level<T> {
    team: Rc<Team>,
    arch: Arch,
    /// Reciprocals of the diagonal; 0 for 0.
    inverse: Field<T>,
    passes: Passes<T>,
    /// Row `j` is odd if `j + parity` is.
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
    /// The level of an operator with this diagonal, as relaxation takes it. `other` is any field with a ghost, which is zero
    /// beyond walls.
    pub fn new(
        layout: &Layout,
        team: &Rc<Team>,
        diagonal: Field<T>,
        other: Field<T>,
        down: Option<Down<T>>,
        shape: Shape,
    ) -> Self {
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
        let [x0, y0] = layout.start();
        Self {
            arch,
            inverse,
            passes: Passes::new(shape, layout.cells()[0]),
            parity: x0 + y0,
            whole: (!layout.is_shared()).then_some(layout.periodic),
            other,
            team: Rc::clone(team),
            down,
        }
    }

    /// Relaxes before or after the coarser levels. Starts from zero, not from `x`, if `from_zero` says so.
    fn sweep<A: Applied<T>>(
        &mut self,
        a: &mut A,
        b: &Field<T>,
        x: &mut Field<T>,
        passes: fn(&Passes<T>) -> &[Pass],
        from_zero: bool,
    ) {
        for (k, pass) in passes(&self.passes).iter().enumerate() {
            let (arch, inverse, parity) = (self.arch, &self.inverse, self.parity);
            let weights = |j: usize| &self.passes.weights[pass[(j + parity) % 2]];
            if k == 0 && from_zero {
                self.team.update([&mut *x], |j, [x]| {
                    relax_zero(arch, weights(j), inverse.own_row(j), b.own_row(j), x);
                });
                continue;
            }
            a.apply(x, &mut self.other, |j| Relaxation {
                weights: weights(j),
                inverse: inverse.own_row(j),
                b: b.own_row(j),
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
            passes: &self.passes,
            parity: self.parity,
            periodic: self.whole.expect("one rank has the whole level"),
            b,
        };
        let down = self.down.as_mut().expect("there is a level below");
        (by, &mut self.other, down)
    }

    /// Whether one rank has the whole of it: then the ways down and up take one pass each.
    pub fn is_whole(&self) -> bool {
        self.whole.is_some()
    }

    /// The way down in one pass: relaxes `x`, and restricts the residual.
    pub fn descend<A: Applied<T>>(
        &mut self,
        a: &mut A,
        b: &Field<T>,
        x: &mut Field<T>,
        next: &mut Coarse<T>,
        begin: Begin,
    ) {
        let (by, other, down) = self.relaxed(b);
        if begin == Begin::Below {
            let nearest = down.transfers.last_mut();
            nearest.expect("one axis at least").fill(&mut next.x);
        }
        let transfers = down.transfers.iter();
        let interpolations: Vec<_> = transfers.map(|transfer| &transfer.by).collect();
        let start = match begin {
            Begin::Zero => Start::Zero,
            Begin::Given => Start::Given,
            Begin::Below => Start::Interpolated(&next.x),
        };
        by.descend(a, [x, other], start, &interpolations, &mut next.b);
    }

    /// The way up in one pass: corrects `x` by the next level, and relaxes it.
    fn ascend<A: Applied<T>>(
        &mut self,
        a: &mut A,
        b: &Field<T>,
        x: &mut Field<T>,
        next: &mut Coarse<T>,
    ) {
        let (by, other, down) = self.relaxed(b);
        let to = (&mut *other, |row: &[T], to: &mut [T]| {
            to.copy_from_slice(row);
        });
        by.ascend(a, x, &mut down.transfers, &mut next.x, to);
        std::mem::swap(x, other);
    }

    /// The same, but each row of the outcome goes elsewhere.
    pub fn ascend_to<A: Applied<T>, H: Real>(
        &mut self,
        a: &mut A,
        b: &Field<T>,
        x: &Field<T>,
        next: &mut Coarse<T>,
        to: (&mut Field<H>, impl Fn(&[T], &mut [H]) + Sync),
    ) {
        let (by, _, down) = self.relaxed(b);
        by.ascend(a, x, &mut down.transfers, &mut next.x, to);
    }

    fn residual<A: Applied<T>>(&mut self, a: &mut A, b: &Field<T>, x: &mut Field<T>) {
        a.apply(x, &mut self.other, |j| Residual(b.own_row(j)));
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
    if level.is_whole() {
        level.descend(a, b, x, next, begin);
        next.cycle(below, Begin::Zero);
        level.ascend(a, b, x, next);
        return;
    }
    level.sweep(a, b, x, |passes| &passes.before, begin == Begin::Zero);
    level.residual(a, b, x);
    let down = level.down.as_mut().expect("there is a level below");
    down.restrict(&mut level.other, &mut next.b);
    next.cycle(below, Begin::Zero);
    down.correct(&mut next.x, x);
    level.sweep(a, b, x, |passes| &passes.after, false);
}

/// One full multigrid cycle for `A x = b`, whatever `x` is: begun with what a full cycle on the coarser
/// levels gives for the restricted `b`. For smooth solutions that leaves less than the error of the
/// discretisation. Collective.
fn full_cycle<T: Real, A: Applied<T>>(
    a: &mut A,
    level: &mut Level<T>,
    b: &Field<T>,
    x: &mut Field<T>,
    below: &mut [Coarse<T>],
) {
    let begin = begin_full(a, level, b, x, below);
    cycle(a, level, b, x, below, begin);
}

/// The coarser levels' part of a full multigrid cycle: what the cycle on this one is to begin with. Collective.
pub fn begin_full<T: Real, A: Applied<T>>(
    a: &A,
    level: &mut Level<T>,
    b: &Field<T>,
    x: &mut Field<T>,
    below: &mut [Coarse<T>],
) -> Begin {
    let Some((next, further)) = below.split_first_mut() else {
        return Begin::Zero;
    };
    if level.is_whole() {
        let (by, _, down) = level.relaxed(b);
        let transfers = down.transfers.iter();
        let interpolations: Vec<_> = transfers.map(|transfer| &transfer.by).collect();
        by.restrict_b(a, &interpolations, &mut next.b);
        next.full_cycle(further);
        return Begin::Below;
    }
    let down = level.down.as_mut().expect("there is a level below");
    let copy = |j: usize, [r]: [&mut [T]; 1]| r.copy_from_slice(b.own_row(j));
    level.team.update([&mut level.other], copy);
    down.restrict(&mut level.other, &mut next.b);
    next.full_cycle(further);
    level.team.update([&mut *x], |_, [x]| x.fill(T::ZERO));
    down.correct(&mut next.x, x);
    Begin::Given
}

impl<T: Real> Coarse<T> {
    pub fn cycle(&mut self, below: &mut [Self], begin: Begin) {
        let Self { a, level, b, x } = self;
        cycle(a, level, b, x, below, begin);
    }

    fn full_cycle(&mut self, below: &mut [Self]) {
        let Self { a, level, b, x } = self;
        full_cycle(a, level, b, x, below);
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
