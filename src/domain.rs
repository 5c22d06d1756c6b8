//! The part of the grid that one rank owns, and who its neighbours are.

use crate::grid::{Grid, Side};

/// The process grid `[px, py]` for `size` ranks with the smallest halo on `grid`: the fewest cell
/// faces cut, wrap-around faces of periodic axes included; among equals the one with whole rows.
/// `None` if no process grid gives every rank a cell.
#[must_use]
pub fn choose_ranks(grid: &Grid, size: usize, periodic: [bool; 2]) -> Option<[usize; 2]> {
    (1..=size.min(grid.cells[0]))
        .filter(|px| size.is_multiple_of(*px))
        .map(|px| [px, size / px])
        .filter(|&[_, py]| py <= grid.cells[1])
        .min_by_key(|&ranks| (faces_cut(grid, ranks, periodic), ranks[0]))
}

/// The number of cell faces that lie between ranks.
#[must_use]
pub fn faces_cut(grid: &Grid, ranks: [usize; 2], periodic: [bool; 2]) -> usize {
    let lines = |axis: usize| match (ranks[axis], periodic[axis]) {
        (1, _) => 0,
        (ranks, true) => ranks,
        (ranks, false) => ranks - 1,
    };
    lines(0) * grid.cells[1] + lines(1) * grid.cells[0]
}

/// One rank's part of the grid.
#[derive(Debug, Clone)]
pub struct Domain {
    pub grid: Grid,
    /// Ranks along x and along y.
    pub ranks: [usize; 2],
    pub periodic: [bool; 2],
    /// This rank's place in the process grid.
    pub place: [usize; 2],
    /// First own cell, in global indices.
    pub start: [usize; 2],
    /// Own cells.
    pub cells: [usize; 2],
}

impl Domain {
    /// The part of rank `rank`; x varies fastest with the rank. Where the cells of an axis do not
    /// divide, the parts differ by one cell.
    #[must_use]
    pub fn new(grid: Grid, ranks: [usize; 2], periodic: [bool; 2], rank: usize) -> Self {
        let place = [rank % ranks[0], rank / ranks[0]];
        let first = |axis: usize, place: usize| grid.cells[axis] * place / ranks[axis];
        let start = [first(0, place[0]), first(1, place[1])];
        let cells = [0, 1].map(|axis| first(axis, place[axis] + 1) - start[axis]);
        Self {
            grid,
            ranks,
            periodic,
            place,
            start,
            cells,
        }
    }

    /// The rank whose part it is.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.place[1] * self.ranks[0] + self.place[0]
    }

    /// The part of another rank of the same process grid.
    #[must_use]
    pub fn of_rank(&self, rank: usize) -> Self {
        Self::new(self.grid, self.ranks, self.periodic, rank)
    }

    /// The same cells without neighbours, walled in where these would be.
    #[must_use]
    pub fn alone(&self) -> Self {
        Self {
            ranks: [1, 1],
            place: [0, 0],
            periodic: [false; 2],
            ..self.clone()
        }
    }

    /// The rank one place further in direction `step` (each -1, 0 or 1), over a periodic wrap if
    /// need be; this rank itself where a periodic axis has one rank. `None` beyond a wall.
    #[must_use]
    pub fn neighbor(&self, step: [isize; 2]) -> Option<usize> {
        let mut place = self.place;
        for axis in 0..2 {
            let ranks = self.ranks[axis].cast_signed();
            let next = self.place[axis].cast_signed() + step[axis];
            if !self.periodic[axis] && !(0..ranks).contains(&next) {
                return None;
            }
            place[axis] = next.rem_euclid(ranks).cast_unsigned();
        }
        Some(place[1] * self.ranks[0] + place[0])
    }

    /// Whether this part touches the given side of the rectangle, and the side is a wall.
    #[must_use]
    pub fn has_wall(&self, side: Side) -> bool {
        let axis = side.axis();
        let end = if side.is_high() {
            self.ranks[axis] - 1
        } else {
            0
        };
        !self.periodic[axis] && self.place[axis] == end
    }

    /// The deepest halo that every part of the process grid can fill: its cells along the axes that
    /// have neighbours. Without limit where nobody has any.
    #[must_use]
    pub fn deepest_halo(&self) -> usize {
        let axes = (0..2).filter(|&axis| self.periodic[axis] || self.ranks[axis] > 1);
        axes.map(|axis| self.grid.cells[axis] / self.ranks[axis])
            .min()
            .unwrap_or(usize::MAX)
    }

    /// Global index of own cell `(0, 0)`, signed for arithmetic with ghosts.
    #[must_use]
    pub fn origin(&self) -> [isize; 2] {
        self.start.map(usize::cast_signed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grid(nx: usize, ny: usize) -> Grid {
        Grid {
            cells: [nx, ny],
            size: [1.0, 1.0],
            origin: [0.0, 0.0],
        }
    }

    #[test]
    fn the_process_grid_follows_the_aspect_ratio() {
        assert_eq!(choose_ranks(&grid(1000, 1000), 4, [false; 2]), Some([2, 2]));
        assert_eq!(choose_ranks(&grid(4000, 100), 4, [false; 2]), Some([4, 1]));
        assert_eq!(choose_ranks(&grid(100, 4000), 6, [false; 2]), Some([1, 6]));
        assert_eq!(choose_ranks(&grid(3000, 2000), 6, [false; 2]), Some([3, 2]));
        assert_eq!(choose_ranks(&grid(100, 100), 5, [false; 2]), Some([1, 5]));
    }

    #[test]
    fn a_periodic_axis_costs_its_wrap() {
        // Cutting x once costs two columns there, so cutting y is cheaper although rows are longer.
        assert_eq!(
            choose_ranks(&grid(150, 100), 2, [true, false]),
            Some([1, 2])
        );
        assert_eq!(
            choose_ranks(&grid(150, 100), 2, [false, false]),
            Some([2, 1])
        );
    }

    #[test]
    fn more_ranks_than_cells_have_no_process_grid() {
        assert_eq!(choose_ranks(&grid(2, 3), 7, [false; 2]), None);
        assert_eq!(choose_ranks(&grid(203, 4), 6, [false; 2]), Some([6, 1]));
    }

    proptest! {
        #[test]
        fn parts_tile_the_grid_evenly_and_neighbors_are_mutual(
            nx in 1..40usize, ny in 1..40usize, px in 1..6usize, py in 1..6usize,
            wrap_x: bool, wrap_y: bool,
        ) {
            let ranks = [px.min(nx), py.min(ny)];
            let domains: Vec<_> = (0..ranks[0] * ranks[1])
                .map(|rank| Domain::new(grid(nx, ny), ranks, [wrap_x, wrap_y], rank))
                .collect();
            let mut owners = vec![0; nx * ny];
            for (rank, domain) in domains.iter().enumerate() {
                for (cells, (all, ranks)) in domain.cells.iter().zip([nx, ny].iter().zip(ranks)) {
                    let even = all / ranks;
                    prop_assert!((even..=even + 1).contains(cells));
                }
                for j in 0..domain.cells[1] {
                    for i in 0..domain.cells[0] {
                        owners[(domain.start[1] + j) * nx + domain.start[0] + i] += 1;
                    }
                }
                for step in [[1, 0], [0, 1], [1, 1], [1, -1]] {
                    if let Some(other) = domain.neighbor(step) {
                        let back = step.map(|s: isize| -s);
                        prop_assert_eq!(domains[other].neighbor(back), Some(rank));
                    }
                }
            }
            prop_assert!(owners.iter().all(|&count| count == 1));
        }
    }
}
