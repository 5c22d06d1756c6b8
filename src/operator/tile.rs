//! Several time steps of one block of cells, in cache.
//!
//! Rows stream upwards through the steps. In one tick, step 1 computes a few rows from the field,
//! step 2 the rows one below them from what step 1 left, and so on, until the last step writes to
//! the new field: a wavefront in time (Wellein et al., "Efficient temporal blocking for stencil
//! computations by multicore-aware wavefront parallelization", COMPSAC 2009). Between first
//! and last a step keeps only its youngest rows, in a ring that stays in cache. Cells around the
//! block that the later steps need are computed here once more, so that blocks do not wait for each
//! other (overlapped tiling).

use std::{array::from_fn, ops::Range};

use super::{coefficients::OnRows, ring::Ring, sources::SourcesOnRows, walls::WallFaces};
use crate::{
    field::{Field, LINE, Real, Span, signed},
    grid::Side,
    kernel::{Arch, Coefficients, EulerRows, Sources, Surrounded},
};

/// Rows that a step computes in one tick. The ghosts above a wall need one row of the ring that the
/// next step does not read any more, hence three at least.
pub(super) const GROUP: usize = 3;

/// What all tiles of some steps have in common.
pub(super) struct Batch<'a, T, K, C, Q> {
    pub arch: Arch,
    pub u: &'a Field<T>,
    /// Of the faces across x and across y.
    pub weights: [&'a K; 2],
    pub inverse_capacity: &'a C,
    pub sources: &'a Q,
    /// In the order of `Side::ALL`.
    pub walls: &'a [Option<WallFaces<T>>; 4],
    /// The columns and the rows that there are coefficients for; none beyond walls.
    pub known: &'a [Range<isize>; 2],
    pub steps: usize,
    pub dt: f64,
}

/// A block of own cells and where its results go.
pub(super) struct Tile<'a, T> {
    pub span: Span,
    /// Rows after the last step.
    pub out: Vec<&'a mut [T]>,
    /// Accounts of heat of the faces at each wall that it touches, in the order of `Side::ALL`.
    pub wall_heat: [&'a mut [f64]; 4],
    /// Accounts of heat of the cells, row by row, if there are any.
    pub source_heat: Vec<&'a mut [f64]>,
}

/// Memory that a thread needs to advance a tile, kept from one to the next.
pub struct Workspace<T> {
    /// What each step but the last leaves for the next.
    rings: Vec<Ring<T>>,
    sources: Vec<T>,
}

impl<T> Default for Workspace<T> {
    fn default() -> Self {
        Self {
            rings: Vec::new(),
            sources: Vec::new(),
        }
    }
}

/// A block of cells that one step computes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Block {
    columns: Range<isize>,
    rows: Range<isize>,
}

impl<T, K, C, Q> Batch<'_, T, K, C, Q>
where
    T: Real,
    K: OnRows<T>,
    C: OnRows<T>,
    Q: SourcesOnRows<T>,
{
    /// Advances a tile by all steps. Calls `meanwhile` every so often.
    pub fn advance(
        &self,
        tile: &mut Tile<'_, T>,
        work: &mut Workspace<T>,
        meanwhile: &mut dyn FnMut(),
    ) {
        let widest = self.needed(&tile.span, 1);
        let first = widest.rows.start;
        while work.rings.len() + 1 < self.steps {
            work.rings.push(Ring::new());
        }
        for (lag, ring) in (0..).zip(&mut work.rings[..self.steps - 1]) {
            ring.prepare(&widest.columns, first - lag);
        }
        let blocks: Vec<Block> = (1..=self.steps)
            .map(|after| self.needed(&tile.span, after))
            .collect();
        let lag = signed(self.steps) - 1;
        let rows = signed(tile.span.rows.end) + lag - first;
        for tick in 0..signed(rows.cast_unsigned().div_ceil(GROUP)) {
            for (step, block) in blocks.iter().enumerate() {
                let start = first + tick * signed(GROUP) - signed(step);
                let end = (start + signed(GROUP)).min(block.rows.end);
                let rows = start.max(block.rows.start)..end;
                if rows.len() == GROUP {
                    self.compute::<GROUP>(tile, work, step, rows.start, &block.columns);
                } else {
                    for j in rows.clone() {
                        self.compute::<1>(tile, work, step, j, &block.columns);
                    }
                }
                if step + 1 < self.steps {
                    self.fill_ghosts(tile, &mut work.rings[step], step + 1, &block.columns, rows);
                }
            }
            meanwhile();
        }
    }

    /// What has to be known of a tile and around it after some of the steps. Columns start and end
    /// at cache lines where they can.
    fn needed(&self, span: &Span, after: usize) -> Block {
        let reach = signed(self.steps - after);
        let line = signed(LINE / size_of::<T>());
        let grow = |range: &Range<usize>, unit: isize, limit: &Range<isize>| {
            let start = (signed(range.start) - reach).div_euclid(unit) * unit;
            let end = signed(range.end) + reach;
            let end = -((-end).div_euclid(unit) * unit);
            start.max(limit.start)..end.min(limit.end)
        };
        let unit = if reach == 0 { 1 } else { line };
        let [columns, rows] = self.known;
        Block {
            columns: grow(&span.columns, unit, columns),
            rows: grow(&span.rows, 1, rows),
        }
    }

    /// Computes `R` rows from `j` on in a step.
    fn compute<const R: usize>(
        &self,
        tile: &mut Tile<'_, T>,
        work: &mut Workspace<T>,
        step: usize,
        j: isize,
        columns: &Range<isize>,
    ) {
        let (older, newer) = work.rings[..self.steps - 1].split_at_mut(step);
        let around = columns.start - 1..columns.end + 1;
        let row = |j| match older.last() {
            None => self.u.part(j, around.clone()),
            Some(ring) => ring.row(j, around.clone()),
        };
        let sources = self
            .sources
            .rows::<R>(step, j, columns.clone(), &mut work.sources);
        self.account_sources(tile, j, columns.start, sources);
        let [x, y] = self.weights;
        let coefficients = Coefficients {
            x: x.rows::<R>(j, columns.start..columns.end + 1),
            south: y.rows::<1>(j, columns.clone()),
            north: y.rows::<R>(j + 1, columns.clone()),
            inverse_capacity: self.inverse_capacity.rows::<R>(j, columns.clone()),
            sources,
        };
        let out = if let Some(ring) = newer.first_mut() {
            ring.rows_mut::<R>(j, columns.clone())
        } else {
            let first = (j - signed(tile.span.rows.start)).cast_unsigned();
            let mut rows = tile.out[first..][..R].iter_mut();
            from_fn(|_| &mut **rows.next().expect("there are R of them"))
        };
        let u = Surrounded {
            south: row(j - 1),
            rows: from_fn(|r| row(j + signed(r))),
            north: row(j + signed(R)),
        };
        EulerRows {
            out,
            u,
            coefficients,
            dt: T::from_f64(self.dt),
        }
        .run(self.arch);
    }

    /// Counts the heat of sources of rows from `j` on, given over columns from `first` on, for the
    /// tile's own cells.
    fn account_sources<const R: usize>(
        &self,
        tile: &mut Tile<'_, T>,
        j: isize,
        first: isize,
        sources: Q::Rows<'_, R>,
    ) {
        if tile.source_heat.is_empty() {
            return;
        }
        let Span { columns, rows } = &tile.span;
        let offset = (signed(columns.start) - first).cast_unsigned();
        let sources = sources.part(offset..offset + columns.len());
        for r in 0..R {
            let row = (j + signed(r)).cast_unsigned();
            if rows.contains(&row) {
                let account = &mut tile.source_heat[row - rows.start];
                self.sources
                    .account(j, r, signed(columns.start), sources, account);
            }
        }
    }

    /// Fills the ghosts beyond walls next to new rows of a ring at the beginning of a step, and
    /// counts the heat that comes in there during the step.
    fn fill_ghosts(
        &self,
        tile: &mut Tile<'_, T>,
        ring: &mut Ring<T>,
        step: usize,
        columns: &Range<isize>,
        rows: Range<isize>,
    ) {
        for (k, side) in Side::ALL.into_iter().enumerate() {
            let Some(wall) = &self.walls[k] else { continue };
            let axis = side.axis();
            let limit = &self.known[axis];
            let (cell, ghost) = if side.is_high() {
                (limit.end - 1, limit.end)
            } else {
                (limit.start, limit.start - 1)
            };
            let own = if axis == 0 {
                &tile.span.rows
            } else {
                &tile.span.columns
            };
            let first = signed(own.start);
            let mut count = |face: isize, cell: T, ghost: T| {
                let account = (face - first).cast_unsigned();
                if let Some(heat) = tile.wall_heat[k].get_mut(account) {
                    *heat += wall.heat(face, cell, ghost, self.dt);
                }
            };
            if axis == 0 && columns.contains(&cell) {
                for j in rows.clone() {
                    let [value] = ring.row(j, cell..cell + 1) else {
                        unreachable!("one cell")
                    };
                    let (value, beyond) = (*value, wall.ghost(step, j, *value));
                    ring.row_mut(j, ghost..ghost + 1)[0] = beyond;
                    count(j, value, beyond);
                }
            } else if axis == 1 && rows.contains(&cell) {
                let (cells, ghosts) = ring.pair(cell, ghost, columns.clone());
                wall.ghost_row(step, columns.start, cells, ghosts);
                for (face, (&cell, &ghost)) in (columns.start..).zip(cells.iter().zip(&*ghosts)) {
                    count(face, cell, ghost);
                }
            }
        }
    }
}
