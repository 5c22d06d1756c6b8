//! Several time steps of one block of cells, in cache.
//!
//! Rows stream upwards through the steps, a few at a time. Step 1 computes them from the field,
//! step 2 the rows one below from what step 1 left, in their place, and so on, until the last step
//! leaves them to the new field: a wavefront in time (Wellein et al., "Efficient temporal blocking
//! for stencil computations by multicore-aware wavefront parallelization", COMPSAC 2009). Of the
//! rows that have passed, a step keeps the two youngest. Cells around the block that the later
//! steps need are computed here once more, so that blocks do not wait for each other (overlapped
//! tiling).

use std::{array::from_fn, ops::Range};

use super::{coefficients::OnRows, slab::Slab, sources::SourcesOnRows, walls::WallFaces};
use crate::{
    field::{Field, LINE, Real, Span, signed},
    grid::Side,
    kernel::{Arch, Coefficients, EulerPassing, EulerRows, Sources, Surrounded},
};

/// Rows that pass through the steps together.
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
    group: Slab<T, GROUP>,
    /// What each step but the last leaves behind for the next: the two rows below the group.
    older: Vec<Slab<T, 2>>,
    sources: Vec<T>,
}

impl<T: Real> Default for Workspace<T> {
    fn default() -> Self {
        Self {
            group: Slab::new(),
            older: Vec::new(),
            sources: Vec::new(),
        }
    }
}

impl<T: Real> Workspace<T> {
    /// The row at some place of the group after a step, and before it the one below.
    fn neighbors(&mut self, step: usize, place: usize, columns: &Range<isize>) -> [&mut [T]; 2] {
        if place == 0 {
            [
                self.older[step].row(1, columns.clone()),
                self.group.row(0, columns.clone()),
            ]
        } else {
            self.group.rows(place - 1, columns.clone())
        }
    }
}

/// A block of cells that one step computes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Block {
    columns: Range<isize>,
    rows: Range<isize>,
}

/// The columns and the rows, of those that are known, that have to be computed for a block of cells
/// `steps` steps before its last one. Columns start and end at cache lines where they can.
#[must_use]
pub fn needed<T: Real>(span: &Span, steps: usize, known: &[Range<isize>; 2]) -> [Range<isize>; 2] {
    let reach = signed(steps);
    let line = signed(LINE / size_of::<T>());
    let grow = |range: &Range<usize>, unit: isize, limit: &Range<isize>| {
        let start = (signed(range.start) - reach).div_euclid(unit) * unit;
        let end = signed(range.end) + reach;
        let end = -((-end).div_euclid(unit) * unit);
        start.max(limit.start)..end.min(limit.end)
    };
    let unit = if reach == 0 { 1 } else { line };
    let [columns, rows] = known;
    [
        grow(&span.columns, unit, columns),
        grow(&span.rows, 1, rows),
    ]
}

/// Rows that pass through a step.
struct Group<'a> {
    step: usize,
    /// Where they lie after the step.
    start: isize,
    /// Those of them that the step computes.
    rows: Range<isize>,
    columns: &'a Range<isize>,
}

impl Group<'_> {
    /// The place of a row after the step.
    fn place(&self, j: isize) -> usize {
        (j - self.start).cast_unsigned()
    }

    /// The columns and one more at either end.
    fn around(&self) -> Range<isize> {
        self.columns.start - 1..self.columns.end + 1
    }
}

/// The coefficients of some rows.
type OfRows<'a, T, K, C, Q, const R: usize> = Coefficients<
    <K as OnRows<T>>::Rows<'a, R>,
    <K as OnRows<T>>::Rows<'a, 1>,
    <K as OnRows<T>>::Rows<'a, R>,
    <C as OnRows<T>>::Rows<'a, R>,
    <Q as SourcesOnRows<T>>::Rows<'a, R>,
>;

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
        let blocks: Vec<Block> = (1..=self.steps)
            .map(|after| self.needed(&tile.span, after))
            .collect();
        let widest = &blocks[0];
        work.group.prepare(&widest.columns);
        while work.older.len() + 1 < self.steps {
            work.older.push(Slab::new());
        }
        for older in &mut work.older[..self.steps - 1] {
            older.prepare(&widest.columns);
        }
        let first = widest.rows.start;
        let rows = signed(tile.span.rows.end) + signed(self.steps) - 1 - first;
        for tick in 0..signed(rows.cast_unsigned().div_ceil(GROUP)) {
            for (step, Block { columns, rows }) in blocks.iter().enumerate() {
                let start = first + tick * signed(GROUP) - signed(step);
                let group = Group {
                    step,
                    start,
                    rows: start.max(rows.start)..(start + signed(GROUP)).min(rows.end),
                    columns,
                };
                if step == 0 {
                    self.enter(tile, work, &group);
                } else {
                    self.pass(tile, work, &group, rows.start);
                }
                if step + 1 < self.steps {
                    self.fill_ghosts(tile, work, &group, rows);
                } else if step > 0 {
                    Self::leave(tile, work, &group);
                }
            }
            meanwhile();
        }
    }

    /// What has to be known of a tile and around it after some of the steps.
    fn needed(&self, span: &Span, after: usize) -> Block {
        let [columns, rows] = needed::<T>(span, self.steps - after, self.known);
        Block { columns, rows }
    }

    /// The first step, from the field.
    fn enter(&self, tile: &mut Tile<'_, T>, work: &mut Workspace<T>, group: &Group<'_>) {
        if group.rows.len() == GROUP {
            self.first_step::<GROUP>(tile, work, group, group.start);
        } else {
            for j in group.rows.clone() {
                self.first_step::<1>(tile, work, group, j);
            }
        }
    }

    fn first_step<const R: usize>(
        &self,
        tile: &mut Tile<'_, T>,
        work: &mut Workspace<T>,
        group: &Group<'_>,
        j: isize,
    ) {
        let row = |j| self.u.part(j, group.around());
        let coefficients = self.coefficients::<R>(tile, group, j, &mut work.sources);
        let out = if self.steps > 1 {
            work.group.rows(group.place(j), group.columns.clone())
        } else {
            let first = (j - signed(tile.span.rows.start)).cast_unsigned();
            let mut rows = tile.out[first..][..R].iter_mut();
            from_fn(|_| &mut **rows.next().expect("there are R of them"))
        };
        EulerRows {
            out,
            u: Surrounded {
                south: row(j - 1),
                rows: from_fn(|r| row(j + signed(r))),
                north: row(j + signed(R)),
            },
            coefficients,
            dt: T::from_f64(self.dt),
        }
        .run(self.arch);
    }

    /// A later step, in place. Of the rows that pass below its first one, it needs the last two.
    fn pass(
        &self,
        tile: &mut Tile<'_, T>,
        work: &mut Workspace<T>,
        group: &Group<'_>,
        first: isize,
    ) {
        if group.rows.len() == GROUP {
            self.later_step::<GROUP>(tile, work, group, group.start);
            return;
        }
        for j in group.start..group.start + signed(GROUP) {
            if group.rows.contains(&j) {
                self.later_step::<1>(tile, work, group, j);
            } else if (first - 2..first).contains(&j) {
                let [below, above] = work.older[group.step - 1].rows(0, group.around());
                below.copy_from_slice(above);
                above.copy_from_slice(work.group.row(group.place(j), group.around()));
            }
        }
    }

    fn later_step<const R: usize>(
        &self,
        tile: &mut Tile<'_, T>,
        work: &mut Workspace<T>,
        group: &Group<'_>,
        j: isize,
    ) {
        EulerPassing {
            older: work.older[group.step - 1].rows(0, group.around()),
            group: work.group.rows(group.place(j), group.around()),
            coefficients: self.coefficients::<R>(tile, group, j, &mut work.sources),
            dt: T::from_f64(self.dt),
        }
        .run(self.arch);
    }

    /// The last step's rows go to the new field.
    fn leave(tile: &mut Tile<'_, T>, work: &mut Workspace<T>, group: &Group<'_>) {
        for j in group.rows.clone() {
            let out = &mut tile.out[(j - signed(tile.span.rows.start)).cast_unsigned()];
            out.copy_from_slice(work.group.row(group.place(j), group.columns.clone()));
        }
    }

    /// The coefficients of `R` rows from `j` on in a step, whose sources are counted.
    fn coefficients<'a, const R: usize>(
        &'a self,
        tile: &mut Tile<'_, T>,
        group: &Group<'_>,
        j: isize,
        room: &'a mut Vec<T>,
    ) -> OfRows<'a, T, K, C, Q, R> {
        let columns = group.columns;
        let sources = self.sources.rows::<R>(group.step, j, columns.clone(), room);
        self.account_sources(tile, j, columns.start, sources);
        let [x, y] = self.weights;
        Coefficients {
            x: x.rows::<R>(j, columns.start..columns.end + 1),
            south: y.rows::<1>(j, columns.clone()),
            north: y.rows::<R>(j + 1, columns.clone()),
            inverse_capacity: self.inverse_capacity.rows::<R>(j, columns.clone()),
            sources,
        }
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

    /// Fills the ghosts beyond walls next to a group after its step, one of `rows`, and counts the
    /// heat that comes in there during the next step.
    fn fill_ghosts(
        &self,
        tile: &mut Tile<'_, T>,
        work: &mut Workspace<T>,
        group: &Group<'_>,
        rows: &Range<isize>,
    ) {
        let (columns, step) = (group.columns, group.step + 1);
        let all = group.start..group.start + signed(GROUP);
        for (k, side) in Side::ALL.into_iter().enumerate() {
            let Some(wall) = &self.walls[k] else { continue };
            let limit = &self.known[side.axis()];
            let (cell, ghost) = if side.is_high() {
                (limit.end - 1, limit.end)
            } else {
                (limit.start, limit.start - 1)
            };
            let own = if side.axis() == 0 {
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
            if side.axis() == 0 && columns.contains(&cell) {
                let at = |i: isize| (i - group.around().start).cast_unsigned();
                for j in group.rows.clone() {
                    let row = work.group.row(group.place(j), group.around());
                    let value = row[at(cell)];
                    let beyond = wall.ghost(step, j, value);
                    row[at(ghost)] = beyond;
                    count(j, value, beyond);
                }
            } else if side.axis() == 1 && rows.contains(&cell) && all.contains(&cell.max(ghost)) {
                let upper = group.place(cell.max(ghost));
                let [lower, upper] = work.neighbors(group.step, upper, columns);
                let (cells, ghosts) = if side.is_high() {
                    (lower, upper)
                } else {
                    (upper, lower)
                };
                wall.ghost_row(step, columns.start, cells, ghosts);
                for (face, (&cell, &ghost)) in (columns.start..).zip(cells.iter().zip(&*ghosts)) {
                    count(face, cell, ghost);
                }
            }
        }
    }
}
