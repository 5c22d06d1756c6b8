//! Which cells of a level belong to which rank.

use crate::{domain::Domain, grid::Grid};

/// The cells of a level, dealt out to a grid of ranks. A coarse cell belongs to the rank of the fine
/// cell that it coincides with.
#[derive(Debug, Clone)]
pub struct Layout {
    pub periodic: [bool; 2],
    ranks: [usize; 2],
    /// This rank's place in the process grid.
    place: [usize; 2],
    /// Along each axis the first cell of each place, and the number of all cells.
    cuts: [Vec<usize>; 2],
}

impl Layout {
    pub fn of(domain: &Domain) -> Self {
        let [px, py] = domain.ranks;
        let first = |rank: usize, axis: usize| domain.of_rank(rank).start[axis];
        let mut cuts = [
            (0..px).map(|place| first(place, 0)).collect::<Vec<_>>(),
            (0..py).map(|place| first(place * px, 1)).collect(),
        ];
        for (cuts, all) in cuts.iter_mut().zip(domain.grid.cells) {
            cuts.push(all);
        }
        Self {
            periodic: domain.periodic,
            ranks: domain.ranks,
            place: domain.place,
            cuts,
        }
    }

    /// Every second cell along an axis, from the first on.
    pub fn coarsened(&self, axis: usize) -> Self {
        let mut coarse = self.clone();
        for cut in &mut coarse.cuts[axis] {
            *cut = cut.div_ceil(2);
        }
        coarse
    }

    /// The same cells on one rank.
    pub fn gathered(&self) -> Self {
        Self {
            periodic: self.periodic,
            ranks: [1, 1],
            place: [0, 0],
            cuts: self.all_cells().map(|all| vec![0, all]),
        }
    }

    pub fn is_shared(&self) -> bool {
        self.ranks != [1, 1]
    }

    /// The fewest cells that a rank has along an axis that is dealt out.
    pub fn thinnest(&self) -> usize {
        let shared = self.cuts.iter().filter(|cuts| cuts.len() > 2);
        let widths = shared.flat_map(|cuts| cuts.windows(2).map(|pair| pair[1] - pair[0]));
        widths.min().unwrap_or(usize::MAX)
    }

    /// Cells of all ranks along x and along y.
    pub fn all_cells(&self) -> [usize; 2] {
        [0, 1].map(|axis| self.cuts[axis][self.ranks[axis]])
    }

    /// The first own cell.
    pub fn start(&self) -> [usize; 2] {
        self.part_at(self.place)[0]
    }

    /// Own cells along x and along y.
    pub fn cells(&self) -> [usize; 2] {
        self.part_at(self.place)[1]
    }

    /// The first cell of a rank, and how many it has.
    pub fn part(&self, rank: usize) -> [[usize; 2]; 2] {
        self.part_at([rank % self.ranks[0], rank / self.ranks[0]])
    }

    fn part_at(&self, place: [usize; 2]) -> [[usize; 2]; 2] {
        let cut = |axis: usize, further: usize| self.cuts[axis][place[axis] + further];
        let start = [0, 1].map(|axis| cut(axis, 0));
        [start, [0, 1].map(|axis| cut(axis, 1) - start[axis])]
    }

    /// How many own cells lie before the first that coincides with a coarse one along an axis: none or
    /// one.
    pub fn before_first(&self, axis: usize) -> usize {
        self.start()[axis] % 2
    }

    /// Whether own cell `along` an axis is the last one of all along it.
    pub fn is_last(&self, axis: usize, along: usize) -> bool {
        self.start()[axis] + along + 1 == self.all_cells()[axis]
    }

    /// What halos know of the cells.
    pub fn domain(&self) -> Domain {
        Domain {
            grid: Grid {
                cells: self.all_cells(),
                size: [1.0; 2],
                origin: [0.0; 2],
            },
            ranks: self.ranks,
            periodic: self.periodic,
            place: self.place,
            start: self.start(),
            cells: self.cells(),
        }
    }
}
