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

/// Where cell `along` an axis and `across` it stands.
fn at(axis: usize, along: isize, across: isize) -> [isize; 2] {
    if axis == 0 {
        [along, across]
    } else {
        [across, along]
    }
}

/// A field as seen along an axis, and what it holds in cell `(along, across)`.
fn seen<T: Real>(axis: usize, field: &Field<T>) -> impl Fn(isize, isize) -> f64 + Sync + '_ {
    move |along, across| {
        let [i, j] = at(axis, along, across);
        field.get(i, j).to_f64()
    }
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
        Self::compute(fine, axis, [&mut lower, &mut upper, &mut sum]);
        for field in [&mut lower, &mut upper, &mut sum] {
            fine.fill(field);
        }
        Self { lower, upper, sum }
    }

    /// Those of the own cells: lower ones, upper ones and sums.
    fn compute(fine: &Stencil<T>, axis: usize, fields: [&mut Field<T>; 3]) {
        let (layout, links, excess) = (&fine.layout, &fine.links, &fine.excess);
        let beside = if axis == 0 { &links.east } else { &links.north };
        let beside = seen(axis, beside);
        let (rising, falling) = (seen(axis, &links.rising), seen(axis, &links.falling));
        fine.team.update(fields, |j, [lower, upper, sum]| {
            for i in 0..sum.len() {
                let [along, across] = at(axis, signed(i), signed(j));
                let [low, high] = if !layout.is_between(axis, along) {
                    sum[i] = T::from_f64(1.0);
                    continue;
                } else if !layout.periodic[axis] && layout.is_last(axis, along.cast_unsigned()) {
                    let links = beside(along - 1, across)
                        + (rising(along - 1, across - 1) + falling(along - 1, across));
                    let excess = excess.own_row(j)[i].to_f64();
                    [part(links, excess, 1.0), 0.0]
                } else {
                    let lower = beside(along - 1, across)
                        + (rising(along - 1, across - 1) + falling(along - 1, across));
                    let upper = beside(along, across)
                        + (rising(along, across) + falling(along, across - 1));
                    let low = part(lower, upper, 0.5);
                    [low, 1.0 - low]
                };
                [lower[i], upper[i]] = [low, high].map(T::from_f64);
                // Rounded weights of two sides need not add up to 1; what they stand for does.
                sum[i] = if high > 0.0 || low == 1.0 {
                    T::from_f64(1.0)
                } else {
                    lower[i]
                };
            }
        });
    }
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
    fine.team.update([&mut product], |j, [row]| {
        for (i, out) in row.iter_mut().enumerate() {
            let held = excess.own_row(j)[i].to_f64() * sum.own_row(j)[i].to_f64();
            *out = T::from_f64(held + links.flows(sum, signed(i), signed(j)));
        }
    });
    product
}

/// The links of the coarse operator.
fn links<T: Real>(
    fine: &Stencil<T>,
    axis: usize,
    coarse: &Layout,
    weights: &Weights<T>,
) -> Links<T> {
    let Links {
        east,
        north,
        rising,
        falling,
    } = &fine.links;
    let [beside, over] = if axis == 0 {
        [east, north]
    } else {
        [north, east]
    };
    // Links from fine cell `f` along the axis to `f + 1`, across it, and the two diagonals between.
    let (beside, over) = (seen(axis, beside), seen(axis, over));
    let (rising, falling) = (seen(axis, rising), seen(axis, falling));
    let diagonal = seen(axis, &fine.diagonal);
    let (lower, upper) = (seen(axis, &weights.lower), seen(axis, &weights.upper));
    let layout = &fine.layout;
    let before = signed(layout.before_first(axis));
    let is_alone = |along: isize| {
        let cell = (before + 2 * along).cast_unsigned();
        layout.is_last(axis, cell)
    };
    // With coarse cells I and J = I + 1, c the fine cell that coincides with I, p before and q behind it.
    let of_cell = |along: isize, t: isize| {
        let c = before + 2 * along;
        let (p, q, above) = (c - 1, c + 1, t + 1);
        let over_i = over(c, t)
            + (lower(q, above) * rising(c, t) + lower(q, t) * falling(c, t))
            + lower(q, t) * lower(q, above) * over(q, t)
            + (upper(p, above) * falling(p, t) + upper(p, t) * rising(p, t))
            + upper(p, t) * upper(p, above) * over(p, t);
        if is_alone(along) {
            return [beside(c, t), over_i, rising(c, t), falling(c, t)];
        }
        let to_j = upper(q, t) * beside(c, t) + lower(q, t) * beside(q, t)
            - lower(q, t) * upper(q, t) * diagonal(q, t);
        let between = over(q, t);
        let rising_to_j = upper(q, above) * rising(c, t)
            + lower(q, t) * rising(q, t)
            + lower(q, t) * upper(q, above) * between;
        let falling_from_j = lower(q, above) * falling(q, t)
            + upper(q, t) * falling(c, t)
            + upper(q, t) * lower(q, above) * between;
        [to_j, over_i, rising_to_j, falling_from_j]
    };
    let mut links = Links::new(&fine.team, coarse.cells());
    fine.team
        .update(links.each_mut(), |j, [east, north, rising, falling]| {
            for i in 0..east.len() {
                let [along, across] = at(axis, signed(i), signed(j));
                let [beside, over, up, down] = of_cell(along, across).map(T::from_f64);
                [east[i], north[i]] = if axis == 0 {
                    [beside, over]
                } else {
                    [over, beside]
                };
                [rising[i], falling[i]] = [up, down];
            }
        });
    links
}
