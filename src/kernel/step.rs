//! The arithmetic of a time step, once for all loops over rows.

use pulp::Simd;

use super::{Cells, Rows, Sources, Update};
use crate::field::Real;

/// Coefficients of `R` rows of `n` cells. A weight is the conductivity of a face over the square
/// of the cell width.
#[derive(Debug, Clone, Copy)]
pub struct Coefficients<X, Y1, Y, C, Q> {
    /// Weights of the `n + 1` faces across x of each row.
    pub x: X,
    /// Weights of the `n` faces below the first row.
    pub south: Y1,
    /// Weights of the `n` faces above each row.
    pub north: Y,
    /// Reciprocal heat capacity.
    pub inverse_capacity: C,
    pub sources: Q,
}

/// A step of `rho_c du/dt = rate`, of which an [`Update`] makes the next `u`:
///
/// ```text
/// flow = weight * (u beyond the face - u before it)      for each face, along its axis
/// rate = (flow_east - flow_west) + (flow_north - flow_south) + source
/// ```
///
/// A face's flow is one number, whichever of its cells looks at it, and the expression is
/// symmetric under reflections and under exchange of the axes.
pub(super) struct Step<T, X, Y1, Y, C, Q, U, S, const R: usize>
where
    T: Real,
    X: Rows<T, R>,
    Y1: Rows<T, 1>,
    Y: Rows<T, R>,
    C: Rows<T, R>,
    Q: Sources<T, R>,
    U: Update<T, R>,
    S: Simd,
{
    pub simd: S,
    /// Of the faces west of the first vectors.
    first_west: [T; R],
    east: X::Vectors<S>,
    south: Y1::Vectors<S>,
    north: Y::Vectors<S>,
    inverse_capacity: C::Vectors<S>,
    sources: Q::Vectors<S>,
    update: U::Vectors<S>,
}

impl<T, X, Y1, Y, C, Q, U, S, const R: usize> Step<T, X, Y1, Y, C, Q, U, S, R>
where
    T: Real,
    X: Rows<T, R>,
    Y1: Rows<T, 1>,
    Y: Rows<T, R>,
    C: Rows<T, R>,
    Q: Sources<T, R>,
    U: Update<T, R>,
    S: Simd,
{
    /// For `count` vectors of each row from column `first` on.
    #[inline(always)]
    pub fn new(
        simd: S,
        of: &Coefficients<X, Y1, Y, C, Q>,
        update: U,
        first: usize,
        count: usize,
    ) -> Self {
        let mut first_west = [T::ZERO; R];
        for (r, weight) in first_west.iter_mut().enumerate() {
            *weight = of.x.value(r, first);
        }
        Self {
            simd,
            first_west,
            east: of.x.vectors(simd, first + 1, count),
            south: of.south.vectors(simd, first, count),
            north: of.north.vectors(simd, first, count),
            inverse_capacity: of.inverse_capacity.vectors(simd, first, count),
            sources: of.sources.vectors::<S>(first, count),
            update: update.vectors(simd, first, count),
        }
    }

    /// The flows that come from below vector `k` of the first row.
    #[inline(always)]
    pub fn south_flow(&self, k: usize, south: T::Vector<S>, u: T::Vector<S>) -> T::Vector<S> {
        self.flow(Y1::vector(&self.south, 0, k), south, u)
    }

    /// The flows that come from west of the first vector of each row, in the last lane, given the values at both sides.
    #[inline(always)]
    pub fn west_flows(&self, sides: impl Fn(usize) -> [T; 2]) -> [T::Vector<S>; R] {
        let mut flows = [T::splat(self.simd, T::ZERO); R];
        for (r, flow) in flows.iter_mut().enumerate() {
            let [west, u] = sides(r);
            *flow = T::splat(self.simd, self.first_west[r] * (u - west));
        }
        flows
    }

    /// Vector `k` of row `r` after the step, given what it was before it and one step earlier, and the flows
    /// from there to the east and to the row above. A flow to the east comes from the west in the next lane:
    /// `from_west` holds those of the vector before.
    #[inline(always)]
    pub fn advance(
        &self,
        r: usize,
        k: usize,
        [u, past]: [T::Vector<S>; 2],
        [east, north]: [T::Vector<S>; 2],
        [from_west, from_south]: [T::Vector<S>; 2],
    ) -> [T::Vector<S>; 3] {
        let simd = self.simd;
        let to_east = self.flow(X::vector(&self.east, r, k), u, east);
        let to_north = self.flow(Y::vector(&self.north, r, k), u, north);
        let from_west = T::moved_on::<S>(from_west, to_east);
        let across_x = T::difference(simd, to_east, from_west);
        let across_y = T::difference(simd, to_north, from_south);
        let inflow = T::sum(simd, across_x, across_y);
        let rate = Q::added(simd, &self.sources, inflow, r, k);
        let cells = Cells {
            u,
            past,
            rate,
            inverse_capacity: C::vector(&self.inverse_capacity, r, k),
        };
        let value = U::of(simd, &self.update, cells, r, k);
        [value, to_east, to_north]
    }

    #[inline(always)]
    fn flow(&self, weight: T::Vector<S>, low: T::Vector<S>, high: T::Vector<S>) -> T::Vector<S> {
        T::product(self.simd, weight, T::difference(self.simd, high, low))
    }
}
