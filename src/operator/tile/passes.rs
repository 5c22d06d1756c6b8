//! Seams between tiles of one pass, the interior, and those of the next, the rim.
//!
//! Where the later tile is the lower one, a seam is what it is between threads. Where it is the upper one, it
//! goes on in every step behind the last row that the earlier one made, with the two rows that are kept of
//! those that have passed.

use std::{
    iter::zip,
    mem::swap,
    sync::mpsc::{Receiver, Sender, channel},
};

use super::{
    Batch, Tile,
    rows::{Block, Group, Workspace},
    seam::{Above, Below, Seam},
};
use crate::{
    field::{Real, Span, signed},
    operator::{coefficients::OnRows, formula::Formula, sources::SourcesOnRows},
};

/// Whether a tile takes rows from one below it and from one above it in passes of `steps` steps, if these were
/// computed in the pass before.
#[must_use]
pub fn takes_from_earlier(tile: &Span, earlier: &[Span], steps: usize) -> [bool; 2] {
    let takes = |ends_meet: fn(&Span, &Span) -> bool| {
        earlier
            .iter()
            .any(|other| fits(tile, other, steps) && ends_meet(tile, other))
    };
    [is_below, is_above].map(takes)
}

/// Whether there is room for all steps in the later tile; the earlier one has at least a row in each.
fn fits(later: &Span, earlier: &Span, steps: usize) -> bool {
    steps > 1 && later.columns == earlier.columns && later.rows.len() >= steps
}

fn is_below(tile: &Span, other: &Span) -> bool {
    other.rows.end == tile.rows.start
}

fn is_above(tile: &Span, other: &Span) -> bool {
    other.rows.start == tile.rows.end
}

/// What tiles of a pass leave to one of the next.
pub struct Left<T> {
    below: Option<Receiver<Seam<T>>>,
    above: Option<Receiver<Seam<T>>>,
}

/// A seam to a tile above of the next pass.
pub struct Later<T> {
    seam: Seam<T>,
    to: Sender<Seam<T>>,
}

impl<T> Later<T> {
    /// The account of a face at the wall on side `k`, so many rows above the first one of the later tile.
    pub fn account(&mut self, k: usize, rows_above: usize) -> Option<&mut f64> {
        self.seam.wall_heat.get_mut(k)?.get_mut(rows_above)
    }
}

/// Joins tiles to those of the next pass, `later`, whose accounts of heat at walls are `wall_heat`.
pub fn join_later<T: Real>(
    tiles: &mut [Vec<Tile<'_, T>>],
    later: &[Span],
    wall_heat: &[[&mut [f64]; 4]],
    steps: usize,
    work: &mut [Workspace<T>],
) -> Vec<Left<T>> {
    let join = |(later, wall_heat): (&Span, &[&mut [f64]; 4])| {
        let [mut below, mut above] = [None, None];
        let all = tiles.iter_mut().flatten();
        for earlier in all.filter(|tile| fits(later, &tile.span, steps)) {
            if is_below(later, &earlier.span) {
                let mut seam = Seam::unused(work);
                seam.count_on(wall_heat, |heat| ..heat.len().min(steps - 1));
                let (to, from) = channel();
                earlier.later = Some(Later { seam, to });
                below = Some(from);
            } else if is_above(later, &earlier.span) {
                let (seam, from) = Below::new(wall_heat, steps, work);
                earlier.below = Some(seam);
                above = Some(from);
            }
        }
        Left { below, above }
    };
    zip(later, wall_heat).map(join).collect()
}

/// Gives tiles what those of the pass before have left to them.
pub fn join_earlier<T: Real>(tiles: &mut [Vec<Tile<'_, T>>], left: &mut Vec<Left<T>>) {
    debug_assert!(
        left.is_empty() || left.len() == tiles.iter().flatten().count(),
        "the tiles of the pass are those that were to come"
    );
    for (tile, Left { below, above }) in zip(tiles.iter_mut().flatten(), left.drain(..)) {
        let begun = below.map(|from| from.recv());
        tile.begun = begun.map(|seam| seam.expect("the pass before is over"));
        tile.above = above.map(Above::new).or(tile.above.take());
    }
}

impl<T, K, C, Q, F> Batch<'_, T, K, C, Q, F>
where
    T: Real,
    K: OnRows<T>,
    C: OnRows<T>,
    Q: SourcesOnRows<T>,
    F: Formula<T>,
{
    /// Goes on from what a tile below has left, if there is one.
    pub(super) fn go_on(&self, tile: &mut Tile<'_, T>, work: &mut Workspace<T>, blocks: &[Block]) {
        let Some(mut seam) = tile.begun.take() else {
            return;
        };
        swap_rows(&mut seam, work, self.steps());
        for (heat, of_below) in zip(&mut tile.wall_heat, &seam.wall_heat) {
            heat[..of_below.len()].copy_from_slice(of_below);
        }
        work.seams.push(seam);
        if tile.source_heat.is_empty() {
            return;
        }
        for (step, Block { columns, rows }) in blocks.iter().enumerate() {
            let made = signed(tile.span.rows.start)..rows.start;
            for j in made.clone() {
                let sources = self
                    .sources
                    .rows::<1>(step, j, columns.clone(), &mut work.sources);
                let group = Group {
                    step,
                    start: j,
                    rows: made.clone(),
                    columns,
                };
                self.account_sources(tile, &group, j, sources);
            }
        }
    }

    /// Leaves the last rows of all steps to the tile above in the next pass, if there is one.
    pub(super) fn leave_later(&self, tile: &mut Tile<'_, T>, work: &mut Workspace<T>) {
        if let Some(Later { mut seam, to }) = tile.later.take() {
            swap_rows(&mut seam, work, self.steps());
            // Nobody listens if the rank has failed.
            let _ = to.send(seam);
        }
    }
}

/// Changes the rows of a seam for those that a workspace keeps of what has passed through each step.
fn swap_rows<T: Real>(seam: &mut Seam<T>, work: &mut Workspace<T>, steps: usize) {
    seam.make_rows(steps);
    for (kept, other) in zip(&mut work.older[..steps - 1], &mut seam.rows) {
        swap(kept, other);
    }
}
