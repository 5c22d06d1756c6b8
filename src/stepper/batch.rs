//! What one rank does between two exchanges of halos, as numbers.

use std::ops::Range;

use super::{Plan, Prescribed, tiling::tiles};
use crate::{
    domain::Domain,
    field::{Real, Span, signed},
    grid::Side,
    halo::{Peer, Reach, peers},
    operator::{needed, takes_from_above, takes_from_earlier},
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
        let [interior, rim] = tiles::<T>(domain, steps, plan, threads, !messages.is_empty());
        let count = |tiles: &[Vec<Span>], earlier: &[Vec<Span>]| -> usize {
            let earlier = earlier.concat();
            let all = (0..tiles.len()).flat_map(|k| (0..tiles[k].len()).map(move |i| (k, i)));
            all.map(|(k, i)| {
                let tile = &tiles[k][i];
                let [below, above] = takes_from_earlier(tile, &earlier, steps);
                let takes = [below, above || takes_from_above(tiles, k, i, steps)];
                updates::<T>(tile, steps, known, takes)
            })
            .sum()
        };
        let (interior, rim) = (count(&interior, &[]), count(&rim, &interior));
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
    takes: [bool; 2],
) -> usize {
    (0..steps)
        .map(|left| {
            let [columns, rows] = needed::<T>(tile, left, known, takes);
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
        let plan = Plan::of_depth::<f64>(halo_depth, overlap);
        Batch::new::<f64>(&domain([3, 3], rank), plan, threads)
    }

    fn domain(ranks: [usize; 2], rank: usize) -> Domain {
        let grid = Grid {
            cells: [512 * ranks[0], 256 * ranks[1]],
            size: [1.0; 2],
            origin: [0.0; 2],
        };
        Domain::new(grid, ranks, [false; 2], rank)
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

    #[test]
    fn interior_and_rim_of_whole_rows_compute_no_more_than_one_pass() {
        let plan = |depth, overlap| Plan {
            tile_columns: 128,
            ..Plan::of_depth::<f64>(depth, overlap)
        };
        for rank in 0..3 {
            for threads in [1, 2, 4] {
                let domain = domain([1, 3], rank);
                let batch = |overlap| Batch::new::<f64>(&domain, plan(16, overlap), threads);
                let (overlapped, one) = (batch(true), batch(false));
                assert!(overlapped.interior > overlapped.rim && one.interior == 0);
                assert_eq!(
                    overlapped.interior + overlapped.rim,
                    one.rim,
                    "{rank} {threads}"
                );
            }
        }
    }
}
