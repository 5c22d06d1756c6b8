//! Seams between two tiles, one above the other, of different threads.
//!
//! The upper one streams away from the seam and the lower one towards it: what the upper one
//! made of rows near the seam in all steps is there long before the lower one needs it. So the cells
//! on both sides of a seam are computed once (parallelograms in time and space, Strzodka et al., "Cache
//! accurate time skewing in iterative stencil computations", ICPP 2011).

use std::{
    iter::zip,
    ops::Range,
    slice::SliceIndex,
    sync::mpsc::{Receiver, Sender, channel},
};

use super::{
    Batch, GROUP, Tile,
    rows::{Group, Workspace},
};
use crate::{
    field::{Real, Span, signed},
    operator::{coefficients::OnRows, formula::Formula, slab::Slab, sources::SourcesOnRows},
};

/// Whether the tile number `i` of thread `k` takes rows from one above it, in passes of `steps` steps.
#[must_use]
pub fn takes_from_above(tiles: &[Vec<Span>], k: usize, i: usize, steps: usize) -> bool {
    let above = tiles.get(k + 1).and_then(|tiles| tiles.get(i));
    above.is_some_and(|above| is_seam(&tiles[k][i], above, steps))
}

/// Tiles have room for all steps of a seam at either end.
fn is_seam(lower: &Span, upper: &Span, steps: usize) -> bool {
    let thinnest = lower.rows.len().min(upper.rows.len());
    steps > 1
        && lower.rows.end == upper.rows.start
        && lower.columns == upper.columns
        && thinnest >= 2 * steps
}

/// What a tile at a seam leaves for the other one: the upper one, or the one of the earlier pass.
pub struct Seam<T> {
    /// Before each step but the first, the two rows next to the seam that it made, with one more value at
    /// either end.
    pub(super) rows: Vec<Slab<T, 2>>,
    /// The accounts of heat at the walls on the left and on the right, of rows of the one tile that the
    /// other one computes in the first steps.
    pub(super) wall_heat: [Vec<f64>; 2],
}

impl<T: Real> Seam<T> {
    /// One that was used before, or a new one.
    pub(super) fn unused(work: &mut [Workspace<T>]) -> Self {
        let used = work.iter_mut().find_map(|work| work.seams.pop());
        used.unwrap_or_else(|| Self {
            rows: Vec::new(),
            wall_heat: [const { Vec::new() }; 2],
        })
    }

    /// Begins with the accounts of heat that a tile has, of the rows that `rows` says among its rows.
    pub(super) fn count_on<R: SliceIndex<[f64], Output = [f64]>>(
        &mut self,
        wall_heat: &[&mut [f64]; 4],
        rows: impl Fn(&[f64]) -> R,
    ) {
        for (heat, of_tile) in zip(&mut self.wall_heat, wall_heat) {
            heat.clear();
            heat.extend_from_slice(&of_tile[rows(of_tile)]);
        }
    }

    /// Has rows for some steps.
    pub(super) fn make_rows(&mut self, steps: usize) {
        while self.rows.len() + 1 < steps {
            self.rows.push(Slab::new());
        }
    }

    /// Makes room for some steps of rows of these columns.
    fn prepare(&mut self, steps: usize, columns: &Range<isize>) {
        self.make_rows(steps);
        for rows in &mut self.rows[..steps - 1] {
            rows.prepare(columns);
        }
    }
}

/// A seam that is made.
pub struct Below<T> {
    seam: Seam<T>,
    to: Sender<Seam<T>>,
}

impl<T: Real> Below<T> {
    /// A seam to a tile below that has these accounts of heat at walls, and where it will come from.
    pub(super) fn new(
        wall_heat: &[&mut [f64]; 4],
        steps: usize,
        work: &mut [Workspace<T>],
    ) -> (Self, Receiver<Seam<T>>) {
        let mut seam = Seam::unused(work);
        seam.count_on(wall_heat, |heat| heat.len().saturating_sub(steps - 1)..);
        let (to, from) = channel();
        (Self { seam, to }, from)
    }

    /// The account of a face at the wall on side `k`, so many rows below the seam.
    pub fn account(&mut self, k: usize, rows_below: usize) -> Option<&mut f64> {
        let heat = self.seam.wall_heat.get_mut(k)?;
        let at = heat.len().checked_sub(rows_below)?;
        heat.get_mut(at)
    }
}

/// A seam that is waited for.
pub struct Above<T> {
    from: Receiver<Seam<T>>,
    seam: Option<Seam<T>>,
}

impl<T> Above<T> {
    pub(super) fn new(from: Receiver<Seam<T>>) -> Self {
        Self { from, seam: None }
    }

    /// The seam, as soon as it is made. When it comes, accounts of heat go on from what they are there.
    fn seam(&mut self, wall_heat: &mut [&mut [f64]; 4]) -> &mut Seam<T> {
        self.seam.get_or_insert_with(|| {
            let seam = self.from.recv();
            let seam = seam.expect("the thread of the tile above goes on");
            for (heat, of_above) in zip(wall_heat, &seam.wall_heat) {
                let first = heat.len() - of_above.len();
                heat[first..].copy_from_slice(of_above);
            }
            seam
        })
    }

    /// The seam, for another use.
    pub fn used(self) -> Option<Seam<T>> {
        self.seam
    }
}

/// Joins the tiles of neighbouring threads at their seams, for some steps.
///
/// A thread takes its own tiles first, in the same order as the next one takes the tiles above them: one that
/// waits at a seam waits for a tile that is under way, or will be.
pub fn join<T: Real>(tiles: &mut [Vec<Tile<'_, T>>], steps: usize, work: &mut [Workspace<T>]) {
    for k in 1..tiles.len() {
        let (lower, upper) = tiles.split_at_mut(k);
        for (lower, upper) in zip(&mut lower[k - 1], &mut upper[0]) {
            if !is_seam(&lower.span, &upper.span, steps) {
                continue;
            }
            let (below, from) = Below::new(&lower.wall_heat, steps, work);
            upper.below = Some(below);
            lower.above = Some(Above::new(from));
        }
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
    /// Makes room for what a tile leaves to the one below.
    pub(super) fn prepare_below(&self, tile: &mut Tile<'_, T>, columns: &Range<isize>) {
        if let Some(below) = &mut tile.below {
            below.seam.prepare(self.steps(), columns);
        }
    }

    /// Leaves the two rows below the first one of a step, as they are before it, to the tile below.
    pub(super) fn leave_below(
        &self,
        tile: &mut Tile<'_, T>,
        work: &mut Workspace<T>,
        group: &Group<'_>,
    ) {
        let Some(below) = &mut tile.below else { return };
        let before = group.step - 1;
        let made = work.older[before].rows::<2>(0, group.around());
        let left = below.seam.rows[before].rows::<2>(0, group.around());
        for (left, made) in zip(left, made) {
            left.copy_from_slice(made);
        }
        if group.step + 1 == self.steps()
            && let Some(Below { seam, to }) = tile.below.take()
        {
            // Nobody listens if the thread of the tile below has failed, which ends the job.
            let _ = to.send(seam);
        }
    }

    /// Takes what a step of a group among `rows` needs of the tile above: the last row of the step and the one
    /// beyond it, as they are before the step.
    pub(super) fn take_from_above(
        &self,
        tile: &mut Tile<'_, T>,
        work: &mut Workspace<T>,
        group: &Group<'_>,
        rows: &Range<isize>,
    ) {
        let all = group.start..group.start + signed(GROUP);
        // Rows lie one place lower before the step.
        let places = [rows.end - 2, rows.end - 1];
        let Some(above) = &mut tile.above else { return };
        if !places.iter().any(|j| all.contains(j)) {
            return;
        }
        let seam = above.seam(&mut tile.wall_heat);
        let before = group.step - 1;
        let taken = seam.rows[before].rows::<2>(0, group.around());
        for (j, taken) in zip(places, taken) {
            if all.contains(&j) {
                let row = work.group.row(group.place(j), group.around());
                row.copy_from_slice(taken);
            }
        }
        let last = rows.end - 1;
        if !all.contains(&last) {
            return;
        }
        if F::LOOKS_BACK {
            let columns = group.columns.clone();
            let place = GROUP + group.place(last);
            let past = work.group.row(place, columns.clone());
            past.copy_from_slice(match before.checked_sub(1) {
                Some(before) => seam.rows[before].row(1, columns),
                None => self.u.part(last, columns),
            });
        }
        if group.step + 1 == self.steps()
            && let Some(out) = tile.out_before.last_mut()
        {
            let Span { columns, .. } = &tile.span;
            let columns = signed(columns.start)..signed(columns.end);
            out.copy_from_slice(seam.rows[before].row(0, columns));
        }
        for step in 0..group.step {
            let (columns, room) = (group.columns.clone(), &mut work.sources);
            let sources = self.sources.rows::<1>(step, last, columns, room);
            let earlier = Group {
                rows: group.rows.clone(),
                step,
                ..*group
            };
            self.account_sources(tile, &earlier, last, sources);
        }
    }
}
