//! Subdomains cut into tiles for threads.

use std::ops::Range;

use super::Plan;
use crate::{
    domain::Domain,
    field::{LINE, Real, Span},
    grid::Side,
};

/// The rim along x has at least this many columns, for rows that fill some vectors.
const RIM_COLUMNS: usize = 128;

/// Rows of a thread, for each step, at least, if rows are what is divided: there is room for seams, and what a
/// tile needs of the one above is there in time.
const ROWS_PER_STEP: usize = 4;

/// A subdomain's cells, each once, by what `steps` steps of them need; spans may be empty.
struct Parts {
    /// Those that are advanced without any ghost from a neighbour.
    interior: Span,
    /// Those below and above the interior.
    ends: [Span; 2],
    /// Those on the left and on the right of all these.
    sides: [Span; 2],
}

impl Parts {
    fn new<T: Real>(cells: [usize; 2], steps: usize, has_neighbor: impl Fn(Side) -> bool) -> Self {
        let [nx, ny] = cells;
        let inner = |axis: usize, depth: usize| {
            let [low, high] = [Side::ALL[2 * axis], Side::ALL[2 * axis + 1]];
            let rim = |side| if has_neighbor(side) { depth } else { 0 };
            let start = rim(low).min(cells[axis]);
            start..cells[axis].saturating_sub(rim(high)).max(start)
        };
        let columns = inner(0, steps.max(RIM_COLUMNS).next_multiple_of(line::<T>()));
        let rows = inner(1, steps);
        let span = |columns: Range<usize>, rows| Span { columns, rows };
        Self {
            interior: span(columns.clone(), rows.clone()),
            ends: [0..rows.start, rows.end..ny].map(|rows| span(columns.clone(), rows)),
            sides: [0..columns.start, columns.end..nx].map(|columns| span(columns, 0..ny)),
        }
    }
}

/// The tiles of each thread for some steps of a plan: those to compute while messages fly, if there
/// are any, and those to compute then.
pub(super) fn tiles<T: Real>(
    domain: &Domain,
    steps: usize,
    plan: Plan,
    threads: usize,
    has_messages: bool,
) -> [Vec<Vec<Span>>; 2] {
    if !(plan.overlap && has_messages) {
        let whole = [Span::whole(domain.cells)];
        return [&[][..], &whole].map(|spans| deal::<T>(spans, threads, steps, plan.tile_columns));
    }
    let parts = Parts::new::<T>(domain.cells, steps, |side| !domain.has_wall(side));
    deal_parts::<T>(&parts, threads, steps, plan.tile_columns)
}

/// Tiles of the interior and of the rim. Those at the ends of the interior are as wide as its own, for seams, if
/// every thread has one then.
fn deal_parts<T: Real>(
    parts: &Parts,
    threads: usize,
    steps: usize,
    width: usize,
) -> [Vec<Vec<Span>>; 2] {
    let interior = deal::<T>(std::slice::from_ref(&parts.interior), threads, steps, width);
    let mut rim = deal::<T>(&parts.sides, threads, steps, width);
    let ends = parts.ends.iter().filter(|end| !end.is_empty());
    let at_seams: Vec<Span> = ends
        .flat_map(|end| {
            let meets =
                |tile: &&Span| tile.rows.start == end.rows.end || tile.rows.end == end.rows.start;
            let tiles = interior.iter().flatten().filter(meets);
            tiles.map(|tile| Span {
                columns: tile.columns.clone(),
                rows: end.rows.clone(),
            })
        })
        .collect();
    let ends = if at_seams.len() < threads {
        deal::<T>(&parts.ends, threads, steps, width)
    } else {
        let first = |k: usize| at_seams.len() * k / threads;
        let of_thread = |k| at_seams[first(k)..first(k + 1)].to_vec();
        (0..threads).map(of_thread).collect()
    };
    for (rim, end) in rim.iter_mut().zip(ends) {
        rim.extend(end);
    }
    [interior, rim]
}

/// Tiles of about `width` columns that cover `spans`, for each of some threads, for `steps` steps.
fn deal<T: Real>(spans: &[Span], threads: usize, steps: usize, width: usize) -> Vec<Vec<Span>> {
    let mut tiles = vec![Vec::new(); threads];
    for span in spans.iter().filter(|span| !span.is_empty()) {
        let Span { columns, rows } = span;
        let is_high = rows.len() >= threads * ROWS_PER_STEP * steps;
        let by_rows = is_high || rows.len() >= columns.len();
        // The cells around a seam are computed by the thread above it.
        let ahead = if is_high { (steps - 1) / 2 } else { 0 };
        let share = |k: usize, range: &Range<usize>, unit: usize, ahead: usize| {
            let units = range.len().div_ceil(unit);
            let cut = |k: usize| match k {
                0 => range.start,
                k if k == threads => range.end,
                k => (range.start + units * k / threads * unit + ahead).min(range.end),
            };
            cut(k)..cut(k + 1)
        };
        let shares = (0..threads).map(|k| {
            if by_rows {
                Span {
                    columns: columns.clone(),
                    rows: share(k, rows, 1, ahead),
                }
            } else {
                Span {
                    columns: share(k, columns, line::<T>(), 0),
                    rows: rows.clone(),
                }
            }
        });
        for (tiles, share) in tiles.iter_mut().zip(shares) {
            tiles.extend(cut::<T>(&share, width));
        }
    }
    tiles
}

/// Tiles of equal width, about `width` columns, with edges at cache lines.
fn cut<T: Real>(span: &Span, width: usize) -> Vec<Span> {
    let Span { columns, rows } = span;
    if span.is_empty() {
        return Vec::new();
    }
    let count = columns.len().div_ceil(width);
    let width = columns.len().div_ceil(count).next_multiple_of(line::<T>());
    let starts = columns.clone().step_by(width);
    starts
        .map(|start| Span {
            columns: start..(start + width).min(columns.end),
            rows: rows.clone(),
        })
        .collect()
}

/// Values in a cache line.
fn line<T>() -> usize {
    LINE / size_of::<T>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn tiles_of_interior_and_rim_cover_every_cell_once(
            cells in [1..300usize, 1..40usize], steps in 1..20usize, threads in 1..5usize,
            width in 1..200usize, neighbors: [bool; 4],
        ) {
            let has_neighbor = |side| {
                neighbors[Side::ALL.iter().position(|&other| other == side).unwrap()]
            };
            let parts = Parts::new::<f64>(cells, steps, has_neighbor);
            let mut visits = vec![0; cells[0] * cells[1]];
            for dealt in deal_parts::<f64>(&parts, threads, steps, width) {
                prop_assert_eq!(dealt.len(), threads);
                for Span { columns, rows } in dealt.concat() {
                    for j in rows {
                        for i in columns.clone() {
                            visits[j * cells[0] + i] += 1;
                        }
                    }
                }
            }
            prop_assert!(visits.iter().all(|&count| count == 1));
            let reads = |range: Range<usize>, axis: usize| {
                let [low, high] = [neighbors[2 * axis], neighbors[2 * axis + 1]];
                range.is_empty()
                    || (!low || range.start >= steps) && (!high || range.end + steps <= cells[axis])
            };
            let Span { columns, rows } = parts.interior.clone();
            prop_assert!(parts.interior.is_empty() || reads(columns, 0) && reads(rows, 1));
        }
    }
}
