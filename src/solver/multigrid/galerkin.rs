//! Coarse operators.

use std::rc::Rc;

use super::{
    layout::Layout,
    stencil::{Crossing, Links, Stencil},
    transfer::{Interpolation, Transfer},
};
use crate::{
    field::{Field, Real, signed},
    halo::{Halo, Reach},
    kernel::Arch,
};

/// The operator on every second cell along an axis, `P^T A P` (Galerkin's), its excess, and the
/// interpolation `P` that belongs to it. What the fine `excess` was is lost. Collective.
///
/// `P` follows the operator, as in Dendy, "Black Box Multigrid" (J. Comput. Phys. 48, 1982), one axis at a
/// time: between two coarse cells lies the mean weighted with the links to their sides, summed across
/// the axis; between a coarse cell and a wall, what the excess there leaves of it. An operator with
/// links to eight neighbours keeps that form, and its symmetry.
pub fn coarsen<T: Real>(
    fine: &Stencil<T>,
    excess: &mut Field<T>,
    axis: usize,
) -> (Transfer<T>, Stencil<T>, Field<T>) {
    let (comm, team) = (Rc::clone(&fine.comm), Rc::clone(&fine.team));
    let layout = fine.layout.coarsened(axis);
    let weights = weights(fine, excess, axis, &layout);
    let mut transfer = Transfer::new(&comm, &team, axis, [&fine.layout, &layout], weights);
    apply_to_ones(fine, excess, &transfer.by);
    let mut coarse_excess = Field::new(&team, layout.cells(), 1);
    transfer.restrict(excess, &mut coarse_excess);
    let links = links(fine, &layout, &transfer.by);
    let coarse = Stencil::new(comm, team, layout, links, &coarse_excess);
    (transfer, coarse, coarse_excess)
}

/// Of the fine cell behind each coarse one along an axis: the weights of that coarse cell and of the
/// next. 0 where there is no such cell. With a ghost, known all around. Collective.
fn weights<T: Real>(
    fine: &Stencil<T>,
    excess: &Field<T>,
    axis: usize,
    coarse: &Layout,
) -> [Field<T>; 2] {
    let mut weights = [(); 2].map(|()| Field::new(&fine.team, coarse.cells(), 1));
    let along = if axis == 0 {
        weights_along_x
    } else {
        weights_along_y
    };
    along(fine, excess, weights.each_mut());
    let mut halo = Halo::new(Rc::clone(&fine.comm), &coarse.domain(), Reach::Box);
    for weights in &mut weights {
        halo.fill_while(weights, 1, |_, _| {});
    }
    weights
}

fn weights_along_x<T: Real>(fine: &Stencil<T>, excess: &Field<T>, weights: [&mut Field<T>; 2]) {
    let (layout, links) = (&fine.layout, &fine.links);
    let (before, last) = (layout.before_first(0), last_between(layout, 0));
    let own = layout.all_cells()[0] - layout.start()[0];
    let arch = Arch::new();
    fine.team.update(weights, |j, [lower, upper]| {
        let (row, columns) = (signed(j), -1..signed(layout.cells()[0]) + 1);
        // From each cell, the ghost in front first, to the next; over corners too.
        let beside = links.east.part(row, columns.clone());
        let [rising_below, rising] = [row - 1, row].map(|j| links.rising(j, columns.clone()));
        let [falling_below, falling] = [row - 1, row].map(|j| links.falling(j, columns.clone()));
        let link = |i: usize| beside[i].to_f64() + (rising_below[i].to_f64() + falling[i].to_f64());
        // Cells behind a coarse one; rows begin with a ghost.
        let n = lower.len().min((own - before) / 2);
        arch.dispatch(|| {
            let of = |row| pairs::<T>(row, before + 1, n);
            let (beside, rising_below, rising) = (of(beside), of(rising_below), of(rising));
            let (falling_below, falling) = (of(falling_below), of(falling));
            let cells = lower[..n].iter_mut().zip(&mut upper[..n]);
            for (k, (lower, upper)) in cells.enumerate() {
                let [c, q] = [0, 1];
                let back = rising_below[k][c].to_f64() + falling[k][c].to_f64();
                let on = rising[k][q].to_f64() + falling_below[k][q].to_f64();
                [*lower, *upper] =
                    between(beside[k][c].to_f64() + back, beside[k][q].to_f64() + on);
            }
        });
        if let Some(last) = last {
            let k = (last - before) / 2;
            [lower[k], upper[k]] = at_wall(link(last), excess.own_row(j)[last].to_f64());
        }
    });
}

fn weights_along_y<T: Real>(fine: &Stencil<T>, excess: &Field<T>, weights: [&mut Field<T>; 2]) {
    let (layout, links) = (&fine.layout, &fine.links);
    let (before, last) = (layout.before_first(1), last_between(layout, 1));
    let own = layout.all_cells()[1] - layout.start()[1];
    let arch = Arch::new();
    fine.team.update(weights, |k, [lower, upper]| {
        let j = before + 2 * k + 1;
        if j >= own {
            return;
        }
        let (row, n) = (signed(j), lower.len());
        let (own, ahead) = (0..signed(n), -1..signed(n) - 1);
        let below = links.north.part(row - 1, own.clone());
        let rising_below = links.rising(row - 1, ahead.clone());
        let falling_below = links.falling(row - 1, own.clone());
        let here = links.north.part(row, own.clone());
        let (rising, falling) = (links.rising(row, own), links.falling(row, ahead));
        let excess = excess.own_row(j);
        let is_last = last == Some(j);
        arch.dispatch(|| {
            let cut = |row| cut::<T>(row, n);
            let (below, rising_below, falling_below) =
                (cut(below), cut(rising_below), cut(falling_below));
            let (here, rising, falling, excess) =
                (cut(here), cut(rising), cut(falling), cut(excess));
            for (i, (lower, upper)) in lower.iter_mut().zip(upper).enumerate() {
                let back = rising_below[i].to_f64() + falling_below[i].to_f64();
                let on = rising[i].to_f64() + falling[i].to_f64();
                let link = below[i].to_f64() + back;
                [*lower, *upper] = if is_last {
                    at_wall(link, excess[i].to_f64())
                } else {
                    between(link, here[i].to_f64() + on)
                };
            }
        });
    });
}

/// The last of all cells along an axis, if it is an own one between a coarse cell and a wall.
fn last_between(layout: &Layout, axis: usize) -> Option<usize> {
    let (all, start) = (layout.all_cells()[axis], layout.start()[axis]);
    let is_own = start + layout.cells()[axis] == all;
    (is_own && !layout.periodic[axis] && all.is_multiple_of(2)).then(|| all - 1 - start)
}

/// The weights of a cell between two coarse ones with these links.
fn between<T: Real>(lower: f64, upper: f64) -> [T; 2] {
    let low = part(lower, upper, 0.5);
    [low, 1.0 - low].map(T::from_f64)
}

/// The weights of a cell between a coarse one and a wall.
fn at_wall<T: Real>(link: f64, excess: f64) -> [T; 2] {
    [part(link, excess, 1.0), 0.0].map(T::from_f64)
}

/// `a / (a + b)` for what should not be negative, or `otherwise` if that says nothing.
fn part(a: f64, b: f64, otherwise: f64) -> f64 {
    let [a, b] = [a, b].map(|value| f64::max(value, 0.0));
    if a + b > 0.0 { a / (a + b) } else { otherwise }
}

/// `A P 1` on the fine cells, in place of `A 1`, the excess: the transpose of `P` makes the coarse excess
/// of it. Where `P 1` is 1 no heat flows: all around but next to a last cell before a wall.
fn apply_to_ones<T: Real>(fine: &Stencil<T>, excess: &mut Field<T>, by: &Interpolation<T>) {
    let axis = by.axis;
    let Some(last) = last_between(&fine.layout, axis).map(signed) else {
        return;
    };
    let coarse = signed(by.lower.cells()[axis]) - 1;
    let place = |along: isize, across: isize| {
        if axis == 0 {
            [along, across]
        } else {
            [across, along]
        }
    };
    let p_one = |i: isize, j: isize| {
        let [along, across] = place(i, j);
        if along == last {
            let [i, j] = place(coarse, across);
            by.lower.get(i, j).to_f64()
        } else {
            1.0
        }
    };
    for across in 0..signed(fine.layout.cells()[1 - axis]) {
        for along in [last - 1, last] {
            let [i, j] = place(along, across);
            let held = excess.get(i, j).to_f64() * p_one(i, j);
            excess.set(i, j, T::from_f64(held + fine.links.flows(p_one, i, j)));
        }
    }
}

/// What the links of a coarse cell are made of. With coarse cells I and J = I + 1, `c` is the fine cell
/// that coincides with I, `p` the one before it and `q` the one behind it along the axis, and links
/// lead from there: along the axis (`beside`), across it (`over`), and both.
struct Pieces {
    /// From `c` and `q`.
    beside: [f64; 2],
    /// From `p`, `c` and `q`.
    over: [f64; 3],
    rising: [f64; 3],
    falling: [f64; 3],
    diagonal_q: f64,
    /// Weights of `q`, and of the cell next to it across the axis.
    lower_q: [f64; 2],
    upper_q: [f64; 2],
    upper_p: [f64; 2],
}

impl Pieces {
    /// Links of I: along the axis, across it, and both. The last cell `is_alone` may be without a `q`.
    #[inline]
    fn links(&self, is_alone: bool) -> [f64; 4] {
        let Self {
            beside: [c_to_q, q_on],
            over: [over_p, over_c, over_q],
            rising: [rising_p, rising_c, rising_q],
            falling: [falling_p, falling_c, falling_q],
            diagonal_q,
            lower_q: [lower, lower_next],
            upper_q: [upper, upper_next],
            upper_p: [before, before_next],
        } = *self;
        let over = over_c
            + (lower_next * rising_c + lower * falling_c)
            + lower * lower_next * over_q
            + (before_next * falling_p + before * rising_p)
            + before * before_next * over_p;
        if is_alone {
            return [c_to_q, over, rising_c, falling_c];
        }
        [
            upper * c_to_q + lower * q_on - lower * upper * diagonal_q,
            over,
            upper_next * rising_c + lower * rising_q + lower * upper_next * over_q,
            lower_next * falling_q + upper * falling_c + upper * lower_next * over_q,
        ]
    }
}

/// The links of the coarse operator.
fn links<T: Real>(fine: &Stencil<T>, coarse: &Layout, by: &Interpolation<T>) -> Links<T> {
    let mut links = Links::crossing(&fine.team, coarse.cells());
    let Links {
        east,
        north,
        crossing,
        ..
    } = &mut links;
    let Crossing { rising, falling } = crossing.as_mut().expect("they cross");
    let coarse = [east, north, rising, falling];
    if by.axis == 0 {
        links_along_x(fine, by, coarse);
    } else {
        links_along_y(fine, by, coarse);
    }
    links
}

fn links_along_x<T: Real>(fine: &Stencil<T>, by: &Interpolation<T>, coarse: [&mut Field<T>; 4]) {
    let (of, layout, diagonal) = (&fine.links, &fine.layout, &fine.diagonal);
    let before = layout.before_first(0);
    let last = layout.all_cells()[0] - layout.start()[0] - 1;
    let columns = -1..signed(layout.cells()[0]) + 1;
    let arch = Arch::new();
    fine.team
        .update(coarse, |j, [east, north, rising, falling]| {
            let (row, n) = (signed(j), east.len());
            // Of each coarse cell `[p, c]` and `[c, q]`; rows begin with a ghost.
            let with_p = |row| pairs::<T>(row, before, n);
            let with_q = |row| pairs::<T>(row, before + 1, n);
            let [beside, over, diagonal] = [&of.east, &of.north, diagonal].map(|it| it.row(row));
            let (beside, diagonal) = (with_q(beside), with_q(diagonal));
            let (over, over_q) = (with_p(over), with_q(over));
            let up = of.rising(row, columns.clone());
            let (up, up_q) = (with_p(up), with_q(up));
            let down = of.falling(row, columns.clone());
            let (down, down_q) = (with_p(down), with_q(down));
            let [lower, lower_next] = [row, row + 1].map(|j| &by.lower.row(j)[1..][..n]);
            let [upper, upper_next] = [row, row + 1].map(|j| &by.upper.row(j)[1..][..n]);
            let [ahead, ahead_next] = [row, row + 1].map(|j| &by.upper.row(j)[..n]);
            // The last cell of all may be without a `q`.
            let alone = last.checked_sub(before).filter(|behind| behind % 2 == 0);
            let alone = alone.map_or(n..n, |behind| (behind / 2).min(n)..(behind / 2 + 1).min(n));
            let (north, rising, falling) = (&mut north[..n], &mut rising[..n], &mut falling[..n]);
            arch.dispatch(|| {
                for (cells, is_alone) in [(0..n, false), (alone, true)] {
                    for i in cells {
                        let pieces = Pieces {
                            beside: beside[i].map(T::to_f64),
                            over: [over[i][0], over[i][1], over_q[i][1]].map(T::to_f64),
                            rising: [up[i][0], up[i][1], up_q[i][1]].map(T::to_f64),
                            falling: [down[i][0], down[i][1], down_q[i][1]].map(T::to_f64),
                            diagonal_q: diagonal[i][1].to_f64(),
                            lower_q: [lower[i], lower_next[i]].map(T::to_f64),
                            upper_q: [upper[i], upper_next[i]].map(T::to_f64),
                            upper_p: [ahead[i], ahead_next[i]].map(T::to_f64),
                        };
                        [east[i], north[i], rising[i], falling[i]] =
                            pieces.links(is_alone).map(T::from_f64);
                    }
                }
            });
        });
}

/// `n` pairs of neighbours in a row, from one place on.
fn pairs<T>(row: &[T], first: usize, n: usize) -> &[[T; 2]] {
    &row[first..].as_chunks().0[..n]
}

fn links_along_y<T: Real>(fine: &Stencil<T>, by: &Interpolation<T>, coarse: [&mut Field<T>; 4]) {
    let (of, layout, diagonal) = (&fine.links, &fine.layout, &fine.diagonal);
    let before = layout.before_first(1);
    let arch = Arch::new();
    fine.team
        .update(coarse, |j, [east, north, rising, falling]| {
            let n = east.len();
            let c = signed(before + 2 * j);
            let is_alone = layout.is_last(1, before + 2 * j);
            let own = 0..signed(n);
            let next = 1..signed(n) + 1;
            let [p, q] = [c - 1, c + 1];
            let (beside_c, beside_q) =
                (of.north.part(c, own.clone()), of.north.part(q, own.clone()));
            let over = |row| of.east.part(row, own.clone());
            let (over_p, over_c, over_q) = (over(p), over(c), over(q));
            let up = |row| of.rising(row, own.clone());
            let (up_p, up_c, up_q) = (up(p), up(c), up(q));
            let down = |row| of.falling(row, own.clone());
            let (down_p, down_c, down_q) = (down(p), down(c), down(q));
            let diagonal = diagonal.part(q, own.clone());
            let row = signed(j);
            let (lower, lower_next) = (
                by.lower.part(row, own.clone()),
                by.lower.part(row, next.clone()),
            );
            let (upper, upper_next) = (
                by.upper.part(row, own.clone()),
                by.upper.part(row, next.clone()),
            );
            let (ahead, ahead_next) = (
                by.upper.part(row - 1, own.clone()),
                by.upper.part(row - 1, next),
            );
            arch.dispatch(|| {
                let cut = |row| cut::<T>(row, n);
                let (beside_c, beside_q) = (cut(beside_c), cut(beside_q));
                let (over_p, over_c, over_q) = (cut(over_p), cut(over_c), cut(over_q));
                let (up_p, up_c, up_q) = (cut(up_p), cut(up_c), cut(up_q));
                let (down_p, down_c, down_q) = (cut(down_p), cut(down_c), cut(down_q));
                let diagonal = cut(diagonal);
                let (lower, lower_next) = (cut(lower), cut(lower_next));
                let (upper, upper_next) = (cut(upper), cut(upper_next));
                let (ahead, ahead_next) = (cut(ahead), cut(ahead_next));
                let (north, rising, falling) =
                    (&mut north[..n], &mut rising[..n], &mut falling[..n]);
                for i in 0..n {
                    let pieces = Pieces {
                        beside: [beside_c[i], beside_q[i]].map(T::to_f64),
                        over: [over_p[i], over_c[i], over_q[i]].map(T::to_f64),
                        rising: [up_p[i], up_c[i], up_q[i]].map(T::to_f64),
                        falling: [down_p[i], down_c[i], down_q[i]].map(T::to_f64),
                        diagonal_q: diagonal[i].to_f64(),
                        lower_q: [lower[i], lower_next[i]].map(T::to_f64),
                        upper_q: [upper[i], upper_next[i]].map(T::to_f64),
                        upper_p: [ahead[i], ahead_next[i]].map(T::to_f64),
                    };
                    [north[i], east[i], rising[i], falling[i]] =
                        pieces.links(is_alone).map(T::from_f64);
                }
            });
        });
}

/// The first `n` of a row: all of them, as the compiler then knows.
fn cut<T>(row: &[T], n: usize) -> &[T] {
    &row[..n]
}
