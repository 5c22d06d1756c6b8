//! What the operator knows of the walls of its subdomain.

use super::Helmholtz;
use crate::{
    comm::Reduce,
    field::{Field, Real, signed},
    grid::Side,
};

impl<T: Real> Helmholtz<T> {
    /// Sets the weights of the faces of walls of the subdomain. All ranks do it together.
    pub(in crate::operator) fn set_walls(&mut self, walls: Vec<(Side, Vec<T>)>) {
        for (side, weights) in walls {
            self.faces.set_wall(side, weights);
        }
        self.of_walls += 1;
    }

    /// Whether there are cells beyond a side of the subdomain, not a wall.
    #[must_use]
    pub fn goes_on(&self, side: Side) -> bool {
        self.halo.fills(side)
    }

    /// Whether constants are mapped to zero. Collective.
    #[must_use]
    pub fn is_singular(&self) -> bool {
        let [nx, ny] = self.cells;
        let of_walls = |at: [usize; 2], side: Side| {
            self.faces.around(self.cells, at[0], at[1])[side as usize] != T::ZERO
        };
        let takes_heat = |side: Side| match side {
            _ if self.halo.fills(side) => false,
            Side::Left => (0..ny).any(|j| of_walls([0, j], side)),
            Side::Right => (0..ny).any(|j| of_walls([nx - 1, j], side)),
            Side::Bottom => (0..nx).any(|i| of_walls([i, 0], side)),
            Side::Top => (0..nx).any(|i| of_walls([i, ny - 1], side)),
        };
        let mut any = [i64::from(Side::ALL.into_iter().any(takes_heat))];
        self.comm.all_reduce_integers(&mut any, Reduce::Max);
        self.alpha == T::ZERO && any[0] == 0
    }

    /// Whether a vector is what the operator takes it for.
    pub(super) fn is_zero_beyond_walls(&self, x: &Field<T>) -> bool {
        let [nx, ny] = self.cells.map(signed);
        let ghosts = |side: Side| -> Vec<[isize; 2]> {
            match side {
                Side::Left => (0..ny).map(|j| [-1, j]).collect(),
                Side::Right => (0..ny).map(|j| [nx, j]).collect(),
                Side::Bottom => (0..nx).map(|i| [i, -1]).collect(),
                Side::Top => (0..nx).map(|i| [i, ny]).collect(),
            }
        };
        let walls = Side::ALL.into_iter().filter(|side| !self.halo.fills(*side));
        walls.flat_map(ghosts).all(|[i, j]| x.get(i, j) == T::ZERO)
    }
}
