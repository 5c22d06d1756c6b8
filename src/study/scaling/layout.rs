//! Ranks and threads of a run, and the grid that it works on.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::grid::Grid;

/// What stays the same as cores are added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The grid.
    #[default]
    Strong,
    /// The cells of each core.
    Weak,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Strong => "strong",
            Self::Weak => "weak",
        })
    }
}

impl Kind {
    /// The grid for some cores, given that of one. In weak studies it has so many times the cells, of
    /// the same size: it grows along both axes by factors as even as possible, along x first.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "cores are far fewer than 2^53")]
    pub fn grid(self, of_one: Grid, cores: usize) -> Grid {
        let factors = match self {
            Self::Strong => [1, 1],
            Self::Weak => even_factors(cores),
        };
        Grid {
            cells: [0, 1].map(|axis| of_one.cells[axis] * factors[axis]),
            size: [0, 1].map(|axis| of_one.size[axis] * factors[axis] as f64),
            ..of_one
        }
    }
}

/// Two numbers whose product is this, as even as possible, the larger first.
fn even_factors(number: usize) -> [usize; 2] {
    let smaller = (1..=number.isqrt())
        .rev()
        .find(|small| number.is_multiple_of(*small));
    let smaller = smaller.unwrap_or(1);
    [number / smaller, smaller]
}

/// How a run is laid out over the cores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    pub ranks: usize,
    /// Of each rank.
    pub threads: usize,
}

impl Layout {
    #[must_use]
    pub fn cores(&self) -> usize {
        self.ranks.saturating_mul(self.threads)
    }

    /// Few cores come first, and of equal ones few threads.
    #[must_use]
    pub fn order(&self) -> (usize, usize) {
        (self.cores(), self.threads)
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {}", self.ranks, self.threads)
    }
}

/// All mixtures of some ranks and some threads that need no more than `cores`, in [`Layout::order`].
/// What is not given is 1, 2, 4, ... up to `cores`.
#[must_use]
pub fn layouts(ranks: Option<&[usize]>, threads: Option<&[usize]>, cores: usize) -> Vec<Layout> {
    let doublings: Vec<_> = std::iter::successors(Some(1_usize), |n| n.checked_mul(2))
        .take_while(|n| *n <= cores)
        .collect();
    let ranks = ranks.unwrap_or(&doublings);
    let threads = threads.unwrap_or(&doublings);
    let mut all: Vec<_> = ranks
        .iter()
        .flat_map(|&ranks| {
            threads
                .iter()
                .map(move |&threads| Layout { ranks, threads })
        })
        .filter(|layout| layout.cores() <= cores)
        .collect();
    all.sort_by_key(Layout::order);
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_all_mixtures_that_fit() {
        let names = |ranks, threads, cores| -> Vec<String> {
            let all = layouts(ranks, threads, cores);
            all.iter().map(Layout::to_string).collect()
        };
        assert_eq!(
            names(None, None, 4),
            ["1 x 1", "2 x 1", "1 x 2", "4 x 1", "2 x 2", "1 x 4"]
        );
        assert_eq!(names(Some(&[3, 1, 3]), Some(&[1]), 8), ["1 x 1", "3 x 1"]);
        assert_eq!(names(Some(&[2]), None, 7), ["2 x 1", "2 x 2"]);
        assert!(names(Some(&[2]), Some(&[2]), 3).is_empty());
        assert_eq!(names(Some(&[5]), Some(&[3]), usize::MAX), ["5 x 3"]);
    }

    #[test]
    fn weak_grids_keep_the_cells_of_a_core_and_their_size() {
        let one = Grid {
            cells: [30, 20],
            size: [3.0, 1.0],
            origin: [-1.0, 2.0],
        };
        assert_eq!(Kind::Strong.grid(one, 6), one);
        for (cores, cells) in [(1, [30, 20]), (2, [60, 20]), (6, [90, 40]), (7, [210, 20])] {
            let grid = Kind::Weak.grid(one, cores);
            assert_eq!(grid.cells, cells);
            assert_eq!(grid.cell_count(), cores * one.cell_count());
            assert_eq!(grid.origin, one.origin);
            for (wide, one) in grid.spacing().into_iter().zip(one.spacing()) {
                assert!((wide / one - 1.0).abs() < 1e-15);
            }
        }
    }
}
