//! What one rank does between two exchanges of halos, as numbers.

use std::ops::Range;

use super::{Plan, Prescribed, tiling::tiles};
use crate::{
    domain::Domain,
    field::{Real, Span, signed},
    grid::Side,
    halo::{Peer, Reach, peers},
    operator::{needed, takes_from_above},
};

/// Which ghosts the exchanges fill, if no more than so many steps are taken with one.
#[must_use]
pub fn reach(most_steps: Option<usize>) -> Reach {
    match most_steps {
        Some(1) => Reach::Star,
        _ => Reach::Box,
    }
}

/// The explicit steps of one rank that take one exchange together: as many as the plan's halo is deep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub steps: usize,
    /// Cell updates that need no message, where they are made while messages fly.
    pub interior: usize,
    /// The other ones. Those of cells around tiles, which are computed more than once, count each
    /// time.
    pub rim: usize,
    /// The messages, and the bytes that each sends and receives.
    pub messages: Vec<(Peer, usize)>,
}

impl Batch {
    /// That of a rank with so many threads.
    #[must_use]
    pub fn new<T: Real>(domain: &Domain, plan: Plan, threads: usize) -> Self {
        let steps = plan.halo_depth;
        let messages: Vec<_> = peers(domain, reach(Some(steps)))
            .into_iter()
            .map(|peer| (peer, size_of::<T>() * peer.cells(domain.cells, steps)))
            .collect();
        let margin = Prescribed::from(plan).margin::<T>(domain);
        let known = Side::ALL.map(|side| {
            let beyond = if domain.has_wall(side) { 0 } else { margin };
            if side.is_high() {
                signed(domain.cells[side.axis()] + beyond)
            } else {
                -signed(beyond)
            }
        });
        let known = &[known[0]..known[1], known[2]..known[3]];
        let parts = tiles::<T>(domain, steps, plan, threads, !messages.is_empty());
        let [interior, rim] = parts.map(|tiles| {
            let of_thread = |k: usize| {
                let tiles = &tiles;
                (0..tiles[k].len()).map(move |i| {
                    let takes = takes_from_above(tiles, k, i, steps);
                    updates::<T>(&tiles[k][i], steps, known, takes)
                })
            };
            (0..tiles.len()).flat_map(of_thread).sum()
        });
        Self {
            steps,
            interior,
            rim,
            messages,
        }
    }

    /// Bytes that are sent, and as many received.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.messages.iter().map(|(_, bytes)| bytes).sum()
    }
}

/// Cells that the steps of a tile compute.
fn updates<T: Real>(
    tile: &Span,
    steps: usize,
    known: &[Range<isize>; 2],
    takes_from_above: bool,
) -> usize {
    (0..steps)
        .map(|left| {
            let [columns, rows] = needed::<T>(tile, left, known, takes_from_above);
            columns.len() * rows.len()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Grid;

    /// Of ranks of 512 x 256 cells with one thread.
    fn batch(rank: usize, halo_depth: usize, overlap: bool) -> Batch {
        of_threads(1, rank, halo_depth, overlap)
    }

    fn of_threads(threads: usize, rank: usize, halo_depth: usize, overlap: bool) -> Batch {
        let grid = Grid {
            cells: [3 * 512, 3 * 256],
            size: [1.0; 2],
            origin: [0.0; 2],
        };
        let plan = Plan::of_depth::<f64>(halo_depth, overlap);
        let domain = Domain::new(grid, [3, 3], [false; 2], rank);
        Batch::new::<f64>(&domain, plan, threads)
    }

    fn bytes(batch: &Batch) -> Vec<usize> {
        batch.messages.iter().map(|(_, bytes)| *bytes).collect()
    }

    #[test]
    fn single_steps_compute_each_cell_once() {
        let middle = batch(4, 1, false);
        assert_eq!((middle.interior, middle.rim), (0, 512 * 256));
        assert_eq!(bytes(&middle), [512 * 8, 256 * 8, 256 * 8, 512 * 8]);
        // Columns of the rim fill some vectors.
        let overlapped = batch(4, 1, true);
        assert_eq!(overlapped.interior, (512 - 2 * 128) * (256 - 2));
        assert_eq!(overlapped.interior + overlapped.rim, 512 * 256);
    }

    #[test]
    fn fused_steps_compute_cells_around_those_of_the_last_one() {
        // A corner, walled in on two sides. Columns end at cache lines.
        let corner = batch(0, 3, false);
        assert_eq!(corner.rim, 512 * 256 + 520 * 257 + 520 * 258);
        let mut sizes = bytes(&corner);
        sizes.sort_unstable();
        assert_eq!(sizes, [3 * 3 * 8, 3 * 256 * 8, 3 * 512 * 8]);
        // Rim and interior have such cells each.
        let overlapped = batch(0, 3, true);
        assert!(overlapped.interior + overlapped.rim > corner.rim);
    }

    #[test]
    fn threads_compute_no_more_than_one_thread_does() {
        for rank in [0, 4, 8] {
            let one = batch(rank, 16, false);
            for threads in 2..=4 {
                assert_eq!(of_threads(threads, rank, 16, false), one, "{threads}");
            }
            // More of them have too few rows for seams.
            assert!(of_threads(5, rank, 16, false).rim > one.rim);
        }
    }
}
