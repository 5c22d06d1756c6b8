//! The levels of an operator.

use super::{
    galerkin::coarsen,
    gather::Gather,
    layout::Layout,
    level::{Begin, Coarse, Down, Level, begin_full, cycle},
    relaxation::Shape,
    stencil::{Links, Stencil},
};
use crate::{
    comm::Reduce,
    field::{Field, Real},
    kernel::Arch,
    operator::Helmholtz,
};

/// Below a level of so many cells or fewer, every rank computes all of them: that takes less time than
/// the messages of a cycle between ranks.
const FEW: usize = 1 << 12;

/// Where cells are so many times as strongly linked along one axis as along the other, only that one is
/// coarsened. Relaxation smooths along strong links only. Every second cell along an axis makes the
/// links along it half as strong and the others twice, so that the next levels are balanced.
const ANISOTROPIC: f64 = 2.0;

/// The levels of an operator, from the finest to one of a single cell.
pub struct Hierarchy<T> {
    finest: Level<T>,
    coarse: Vec<Coarse<T>>,
}

impl<T: Real> Hierarchy<T> {
    /// The levels of an operator, and the links of the finest one. They do not depend on how the cells
    /// are dealt out to ranks. Collective.
    pub fn new<H: Real>(a: &Helmholtz<H>, layout: &Layout, shape: Shape) -> (Self, Links<T>) {
        let (fine, mut excess) = Stencil::of(a, layout);
        let (down, mut next) = descend(&fine, &mut excess);
        let finest = Level::new(&fine.layout, &fine.team, fine.diagonal, excess, down, shape);
        let mut coarse = Vec::new();
        while let Some((a, mut excess)) = next {
            let (down, below) = descend(&a, &mut excess);
            let vector = || Field::new(&a.team, a.layout.cells(), 1);
            let mut diagonal = a.diagonal.converted(&a.team, 0);
            shape.smoother.bound(&a, &mut diagonal);
            coarse.push(Coarse {
                b: vector(),
                x: vector(),
                level: Level::new(&a.layout, &a.team, diagonal, excess, down, shape),
                a,
            });
            next = below;
        }
        (Self { finest, coarse }, fine.links)
    }

    /// Levels, the finest one included.
    pub fn depth(&self) -> usize {
        1 + self.coarse.len()
    }

    /// One V-cycle for `A x = b`, begun with zero. Collective.
    pub fn cycle(&mut self, a: &mut Helmholtz<T>, b: &Field<T>, x: &mut Field<T>) {
        cycle(a, &mut self.finest, b, x, &mut self.coarse, Begin::Zero);
    }

    /// Makes `x` of `b` by a full multigrid cycle, if `full` says so, or by a V-cycle begun with zero, and has
    /// `put` take each row of it to the same one of `to`. What `x` is in the end is undefined. Collective.
    pub fn cycle_to<H: Real>(
        &mut self,
        a: &mut Helmholtz<T>,
        b: &Field<T>,
        x: &mut Field<T>,
        full: bool,
        (to, put): (&mut Field<H>, impl Fn(&[T], &mut [H]) + Sync),
    ) {
        let Self { finest, coarse } = self;
        let begin = if full {
            begin_full(a, finest, b, x, coarse)
        } else {
            Begin::Zero
        };
        match coarse.split_first_mut() {
            Some((next, below)) if finest.is_whole() => {
                finest.descend(a, b, x, next, begin);
                next.cycle(below, Begin::Zero);
                finest.ascend_to(a, b, x, next, (to, put));
            }
            _ => {
                cycle(a, finest, b, x, coarse, begin);
                let x = &*x;
                a.team().update([to], |j, [to]| put(x.own_row(j), to));
            }
        }
    }
}

/// An operator and its excess.
type Operator<T> = (Stencil<T>, Field<T>);

/// The level below one, and the way there; none below a single cell.
fn descend<T: Real>(
    fine: &Stencil<T>,
    excess: &mut Field<T>,
) -> (Option<Down<T>>, Option<Operator<T>>) {
    let layout = &fine.layout;
    let [nx, ny] = layout.all_cells();
    if nx * ny == 1 {
        return (None, None);
    }
    let axes = axes(fine);
    let is_worth_sharing = nx * ny > FEW && layout.thinnest() > 1;
    let mut whole = None;
    let gather = (layout.is_shared() && !is_worth_sharing).then(|| {
        let gather = Gather::new(&fine.comm, &fine.team, layout);
        whole = Some(gather.stencil(fine, excess));
        gather
    });
    let is_whole = gather.is_none() && !layout.is_shared();
    let (fine, excess) = match &mut whole {
        Some((fine, excess)) => (&*fine, excess),
        None => (fine, excess),
    };
    let (first, mut next, mut next_excess) = coarsen(fine, excess, axes[0]);
    let mut transfers = vec![first];
    let mut between = None;
    if let Some(&axis) = axes.get(1) {
        between = (!is_whole).then(|| Field::new(&next.team, next.layout.cells(), 1));
        let second;
        (second, next, next_excess) = coarsen(&next, &mut next_excess, axis);
        transfers.push(second);
    }
    let down = Down {
        gather,
        transfers,
        between,
    };
    (Some(down), Some((next, next_excess)))
}

/// The axes to coarsen, that of the stronger links first. Collective.
fn axes<T: Real>(a: &Stencil<T>) -> Vec<usize> {
    let cells = a.layout.all_cells();
    // Every cell has a vote, wherever conductivities jump.
    let (links, arch) = (&a.links, Arch::new());
    let votes = |[x, y]: &mut [i64; 2], j: usize| {
        let [east, west, north, south, to_ne, to_sw, to_se, to_nw] = links.of_row(j);
        let anisotropic = T::from_f64(ANISOTROPIC);
        arch.dispatch(|| {
            let [mut for_x, mut for_y] = [0_u32; 2];
            let n = east.len();
            let (west, south, north) = (&west[..n], &south[..n], &north[..n]);
            let (to_ne, to_sw) = (&to_ne[..n], &to_sw[..n]);
            let (to_se, to_nw) = (&to_se[..n], &to_nw[..n]);
            for i in 0..n {
                // With the diagonal links, those along an axis are as strong as the conductivity along
                // it, on every level.
                let both = (to_ne[i] + to_sw[i]) + (to_se[i] + to_nw[i]);
                let along_x = both + (east[i] + west[i]);
                let along_y = both + (south[i] + north[i]);
                for_x += u32::from(along_x > anisotropic * along_y);
                for_y += u32::from(along_y > anisotropic * along_x);
            }
            *x += i64::from(for_x);
            *y += i64::from(for_y);
        });
    };
    let sum = |a: [i64; 2], b: [i64; 2]| [a[0] + b[0], a[1] + b[1]];
    let mut all = a.team.fold_rows(a.layout.cells()[1], || [0; 2], votes, sum);
    a.comm.all_reduce_integers(&mut all, Reduce::Sum);
    let order = if all[0] >= all[1] { [0, 1] } else { [1, 0] };
    let long: Vec<usize> = order.into_iter().filter(|&axis| cells[axis] > 1).collect();
    #[expect(clippy::cast_possible_wrap, reason = "a count of cells")]
    let most = (cells[0] * cells[1] / 2) as i64;
    match long[..] {
        [strong, _] if all[strong] > most => vec![strong],
        _ => long,
    }
}
