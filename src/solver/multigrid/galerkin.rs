//! Coarse operators.

use std::rc::Rc;

use super::{
    layout::Layout,
    stencil::{Links, Stencil},
    transfer::Transfer,
};
use crate::field::{Field, Real, signed};

/// The operator on every second cell along an axis, `P^T A P` (Galerkin's), and the interpolation `P`
/// that belongs to it. Collective.
///
/// `P` follows the operator, as in Dendy, "Black Box Multigrid" (J. Comput. Phys. 48, 1982), one axis at a
/// time: between two coarse cells lies the mean weighted with the links to their sides, summed across
/// the axis; between a coarse cell and a wall, what the excess there leaves of it. An operator with
/// links to eight neighbours keeps that form, and its symmetry.
pub fn coarsen<T: Real>(fine: &mut Stencil<T>, axis: usize) -> (Transfer<T>, Stencil<T>) {
    let (comm, team) = (Rc::clone(&fine.comm), Rc::clone(&fine.team));
    let layout = fine.layout.coarsened(axis);
    let weights = Weights::new(fine, axis);
    let of_cells = [&weights.lower, &weights.upper];
    let mut transfer = Transfer::new(&comm, &team, axis, &fine.layout, &layout, of_cells);
    let mut excess = Field::new(&team, layout.cells(), 1);
    transfer.restrict(&mut excess_of(fine, &weights), &mut excess);
    let links = links(fine, axis, &layout, &weights);
    let coarse = Stencil::new(comm, team, layout, links, excess);
    (transfer, coarse)
}

/// Of the fine cells; 0 in those that coincide with coarse ones. With a ghost, known all around.
struct Weights<T> {
    lower: Field<T>,
    upper: Field<T>,
    /// What interpolation makes of coarse ones.
    sum: Field<T>,
}

impl<T: Real> Weights<T> {
    fn new(fine: &mut Stencil<T>, axis: usize) -> Self {
        let [mut lower, mut upper, mut sum] =
            [(); 3].map(|()| Field::new(&fine.team, fine.layout.cells(), 1));
        let fields = [&mut lower, &mut upper, &mut sum];
        if axis == 0 {
            Self::along_x(fine, fields);
        } else {
            Self::along_y(fine, fields);
        }
        for field in [&mut lower, &mut upper, &mut sum] {
            fine.fill(field);
        }
        Self { lower, upper, sum }
    }

    fn along_x(fine: &Stencil<T>, fields: [&mut Field<T>; 3]) {
        let (layout, links, excess) = (&fine.layout, &fine.links, &fine.excess);
        let last = last_between(layout, 0);
        fine.team.update(fields, |j, [lower, upper, sum]| {
            sum.fill(T::from_f64(1.0));
            let (row, nx) = (signed(j), signed(sum.len()));
            // From cell `i - 1` to cell `i`.
            let beside = links.east.part(row, -1..nx);
            let rising = links.rising.part(row - 1, -1..nx);
            let falling = links.falling.part(row, -1..nx);
            let link = |i: usize| beside[i].to_f64() + (rising[i].to_f64() + falling[i].to_f64());
            // ... and from there on, where the row above counts.
            let rising_on = links.rising.part(row, 0..nx);
            let falling_on = links.falling.part(row - 1, 0..nx);
            let link_on = |i: usize| {
                beside[i + 1].to_f64() + (rising_on[i].to_f64() + falling_on[i].to_f64())
            };
            let first = 1 - layout.before_first(0);
            for i in (first..sum.len()).step_by(2) {
                let weights = if last == Some(i) {
                    at_wall(link(i), excess.own_row(j)[i].to_f64())
                } else {
                    between(link(i), link_on(i))
                };
                [lower[i], upper[i], sum[i]] = weights.map(T::from_f64);
            }
        });
    }

    fn along_y(fine: &Stencil<T>, fields: [&mut Field<T>; 3]) {
        let (layout, links, excess) = (&fine.layout, &fine.links, &fine.excess);
        let last = last_between(layout, 1);
        fine.team.update(fields, |j, [lower, upper, sum]| {
            sum.fill(T::from_f64(1.0));
            if (j + layout.before_first(1)).is_multiple_of(2) {
                return;
            }
            let (row, nx) = (signed(j), signed(sum.len()));
            let to = |beside: &[T], rising: &[T], falling: &[T], i: usize| {
                beside[i].to_f64() + (rising[i].to_f64() + falling[i].to_f64())
            };
            let [below, here] = [row - 1, row].map(|j| links.north.part(j, 0..nx));
            let rising = [
                links.rising.part(row - 1, -1..nx - 1),
                links.rising.part(row, 0..nx),
            ];
            let falling = [
                links.falling.part(row - 1, 0..nx),
                links.falling.part(row, -1..nx - 1),
            ];
            let excess = excess.own_row(j);
            for i in 0..sum.len() {
                let link = to(below, rising[0], falling[0], i);
                let weights = if last == Some(j) {
                    at_wall(link, excess[i].to_f64())
                } else {
                    between(link, to(here, rising[1], falling[1], i))
                };
                [lower[i], upper[i], sum[i]] = weights.map(T::from_f64);
            }
        });
    }
}

/// The last of all cells along an axis, if it is an own one between a coarse cell and a wall.
fn last_between(layout: &Layout, axis: usize) -> Option<usize> {
    let (all, start) = (layout.all_cells()[axis], layout.start()[axis]);
    let is_own = start + layout.cells()[axis] == all;
    (is_own && !layout.periodic[axis] && all.is_multiple_of(2)).then(|| all - 1 - start)
}

/// The weights of a cell between two coarse ones with these links, and what they stand for: rounded, they
/// need not add up to 1.
fn between(lower: f64, upper: f64) -> [f64; 3] {
    let low = part(lower, upper, 0.5);
    [low, 1.0 - low, 1.0]
}

/// The weights of a cell between a coarse one and a wall.
fn at_wall(link: f64, excess: f64) -> [f64; 3] {
    let low = part(link, excess, 1.0);
    [low, 0.0, low]
}

/// `a / (a + b)` for what should not be negative, or `otherwise` if that says nothing.
fn part(a: f64, b: f64, otherwise: f64) -> f64 {
    let [a, b] = [a, b].map(|value| f64::max(value, 0.0));
    if a + b > 0.0 { a / (a + b) } else { otherwise }
}

/// `A P 1` on the fine cells: the transpose of `P` makes the coarse excess of it.
fn excess_of<T: Real>(fine: &Stencil<T>, weights: &Weights<T>) -> Field<T> {
    let mut product = Field::new(&fine.team, fine.layout.cells(), 1);
    let (links, excess, sum) = (&fine.links, &fine.excess, &weights.sum);
    let one = T::from_f64(1.0);
    fine.team.update([&mut product], |j, [row]| {
        let near = [-1, 0, 1].map(|step| sum.row(signed(j) + step));
        let is_constant = |i: usize| near.iter().all(|row| row[i..i + 3] == [one; 3]);
        for (i, out) in row.iter_mut().enumerate() {
            // No heat flows in what is constant.
            *out = excess.own_row(j)[i];
            if !is_constant(i) {
                let held = out.to_f64() * sum.own_row(j)[i].to_f64();
                *out = T::from_f64(held + links.flows(sum, signed(i), signed(j)));
            }
        }
    });
    product
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
fn links<T: Real>(
    fine: &Stencil<T>,
    axis: usize,
    coarse: &Layout,
    weights: &Weights<T>,
) -> Links<T> {
    let mut links = Links::new(&fine.team, coarse.cells());
    if axis == 0 {
        links_along_x(fine, weights, &mut links);
    } else {
        links_along_y(fine, weights, &mut links);
    }
    links
}

fn links_along_x<T: Real>(fine: &Stencil<T>, weights: &Weights<T>, coarse: &mut Links<T>) {
    let (of, layout, diagonal) = (&fine.links, &fine.layout, &fine.diagonal);
    let before = layout.before_first(0);
    fine.team
        .update(coarse.each_mut(), |j, [east, north, rising, falling]| {
            let row = signed(j);
            let [beside, over, up, down, diagonal] =
                [&of.east, &of.north, &of.rising, &of.falling, diagonal].map(|it| it.row(row));
            let [lower, upper] = [&weights.lower, &weights.upper]
                .map(|weights| [weights.row(row), weights.row(row + 1)]);
            for i in 0..east.len() {
                // Rows begin with a ghost.
                let p = before + 2 * i;
                let at = |row: &[T], place: usize| row[place].to_f64();
                let q = p + 2;
                let three = |row: &[T]| [at(row, p), at(row, p + 1), at(row, q)];
                let two = |rows: [&[T]; 2], place: usize| rows.map(|row| at(row, place));
                let pieces = Pieces {
                    beside: [at(beside, p + 1), at(beside, q)],
                    over: three(over),
                    rising: three(up),
                    falling: three(down),
                    diagonal_q: at(diagonal, q),
                    lower_q: two(lower, q),
                    upper_q: two(upper, q),
                    upper_p: two(upper, p),
                };
                let [along, across, up, down] = pieces.links(layout.is_last(0, p)).map(T::from_f64);
                (east[i], north[i], rising[i], falling[i]) = (along, across, up, down);
            }
        });
}

fn links_along_y<T: Real>(fine: &Stencil<T>, weights: &Weights<T>, coarse: &mut Links<T>) {
    let (of, layout, diagonal) = (&fine.links, &fine.layout, &fine.diagonal);
    let before = layout.before_first(1);
    fine.team
        .update(coarse.each_mut(), |j, [east, north, rising, falling]| {
            let n = signed(east.len());
            let c = signed(before + 2 * j);
            let is_alone = layout.is_last(1, before + 2 * j);
            let three = |field| [-1, 0, 1].map(|step| Field::part(field, c + step, 0..n));
            let two = |field, row| [0, 1].map(|next| Field::part(field, row, next..n + next));
            let [_, beside @ ..] = three(&of.north);
            let [over, up, down] = [&of.east, &of.rising, &of.falling].map(three);
            let diagonal = diagonal.part(c + 1, 0..n);
            let lower_q = two(&weights.lower, c + 1);
            let [upper_p, upper_q] = [c - 1, c + 1].map(|row| two(&weights.upper, row));
            for i in 0..east.len() {
                let pieces = Pieces {
                    beside: beside.map(|row: &[T]| row[i].to_f64()),
                    over: over.map(|row: &[T]| row[i].to_f64()),
                    rising: up.map(|row: &[T]| row[i].to_f64()),
                    falling: down.map(|row: &[T]| row[i].to_f64()),
                    diagonal_q: diagonal[i].to_f64(),
                    lower_q: lower_q.map(|row: &[T]| row[i].to_f64()),
                    upper_q: upper_q.map(|row: &[T]| row[i].to_f64()),
                    upper_p: upper_p.map(|row: &[T]| row[i].to_f64()),
                };
                let [along, across, up, down] = pieces.links(is_alone).map(T::from_f64);
                (east[i], north[i], rising[i], falling[i]) = (across, along, up, down);
            }
        });
}
