//! Several time steps of one block of cells, in cache.
//!
//! Rows stream upwards through the steps, a few at a time. Step 1 computes them from the field,
//! step 2 the rows one below from what step 1 left, in their place, and so on, until the last step
//! leaves them to the new field: a wavefront in time (Wellein et al., "Efficient temporal blocking
//! for stencil computations by multicore-aware wavefront parallelization", COMPSAC 2009). Of the
//! rows that have passed, a step keeps the two youngest; where steps look back by two, what they
//! make of rows moves along one step behind. Cells around the block that the later
//! steps need are computed here once more, so that blocks do not wait for each other (overlapped
//! tiling), but for those beyond a seam.

mod ghosts;
mod passes;
mod rows;
mod seam;

use std::{array::from_fn, ops::Range};

pub use self::{
    passes::{Left, takes_from_earlier},
    rows::{Workspace, needed},
    seam::takes_from_above,
};

pub(super) use self::{
    passes::{join_earlier, join_later},
    seam::join,
};

use self::{
    passes::Later,
    rows::{Block, Group},
    seam::{Above, Below, Seam},
};
use super::{coefficients::OnRows, formula::Formula, sources::SourcesOnRows, walls::WallFaces};
use crate::{
    field::{Field, Real, Span, signed},
    kernel::{Arch, Coefficients, StepPassing, StepRows, Surrounded, axpy},
};

/// Rows that pass through the steps together.
pub(super) const GROUP: usize = 3;

/// What all tiles of some steps have in common.
pub(super) struct Batch<'a, T, K, C, Q, F> {
    pub arch: Arch,
    /// What the first step begins with.
    pub u: &'a Field<T>,
    pub formula: &'a F,
    /// Of the faces across x and across y.
    pub weights: [&'a K; 2],
    pub inverse_capacity: &'a C,
    pub sources: &'a Q,
    /// In the order of `Side::ALL`.
    pub walls: &'a [Option<WallFaces<T>>; 4],
    /// The columns and the rows that there are coefficients for; none beyond walls.
    pub known: &'a [Range<isize>; 2],
    /// For how many seconds what comes in during each step counts.
    pub counted: &'a [f64],
    /// Whether what the last step leaves is added to what is there.
    pub adds: bool,
}

/// A block of own cells and where its results go.
pub(super) struct Tile<'a, T> {
    pub span: Span,
    /// Rows after the last step.
    pub out: Vec<&'a mut [T]>,
    /// Rows before the last step, if somebody wants them.
    pub out_before: Vec<&'a mut [T]>,
    /// Accounts of heat of the faces at each wall that it touches, in the order of `Side::ALL`.
    pub wall_heat: [&'a mut [f64]; 4],
    /// Accounts of heat of the cells, row by row, if there are any.
    pub source_heat: Vec<&'a mut [f64]>,
    /// The seam to the tile above, if rows come from there.
    pub above: Option<Above<T>>,
    /// The one to the tile below, if rows go there.
    pub below: Option<Below<T>>,
    /// What a tile below has made of rows of this one and left in an earlier pass.
    pub begun: Option<Seam<T>>,
    /// The seam to a tile above of a later pass.
    pub later: Option<Later<T>>,
}

/// The coefficients of some rows.
type OfRows<'a, T, K, C, Q, const R: usize> = Coefficients<
    <K as OnRows<T>>::Rows<'a, R>,
    <K as OnRows<T>>::Rows<'a, 1>,
    <K as OnRows<T>>::Rows<'a, R>,
    <C as OnRows<T>>::Rows<'a, R>,
    <Q as SourcesOnRows<T>>::Rows<'a, R>,
>;

impl<T, K, C, Q, F> Batch<'_, T, K, C, Q, F>
where
    T: Real,
    K: OnRows<T>,
    C: OnRows<T>,
    Q: SourcesOnRows<T>,
    F: Formula<T>,
{
    fn steps(&self) -> usize {
        self.counted.len()
    }

    /// Advances a tile by all steps. Calls `meanwhile` every so often.
    pub fn advance(
        &self,
        tile: &mut Tile<'_, T>,
        work: &mut Workspace<T>,
        meanwhile: &mut dyn FnMut(),
    ) {
        let steps = self.steps();
        let blocks: Vec<Block> = (1..=steps).map(|after| self.needed(tile, after)).collect();
        let widest = &blocks[0];
        work.prepare(steps, &widest.columns);
        self.prepare_below(tile, &widest.columns);
        self.go_on(tile, work, &blocks);
        let first = widest.rows.start;
        let rows = signed(tile.span.rows.end) + signed(steps) - 1 - first;
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
                    self.enter(tile, work, &group, rows);
                } else {
                    self.pass(tile, work, &group, rows);
                }
                if step + 1 < steps {
                    self.fill_ghosts(tile, work, &group, rows);
                }
                self.leave(tile, work, &group);
            }
            meanwhile();
        }
        if let Some(above) = tile.above.take() {
            work.seams.extend(above.used());
        }
        self.leave_later(tile, work);
    }

    /// What has to be known of a tile and around it after some of the steps.
    fn needed(&self, tile: &Tile<'_, T>, after: usize) -> Block {
        let left = self.steps() - after;
        let takes = [tile.begun.is_some(), tile.above.is_some()];
        let [columns, rows] = needed::<T>(&tile.span, left, self.known, takes);
        Block { columns, rows }
    }

    /// Whether what the first step makes is what is wanted.
    fn is_direct(&self) -> bool {
        self.steps() == 1 && !self.adds
    }

    /// The first step, from the field, of a group among `rows`.
    fn enter(
        &self,
        tile: &mut Tile<'_, T>,
        work: &mut Workspace<T>,
        group: &Group<'_>,
        rows: &Range<isize>,
    ) {
        if group.rows.len() == GROUP {
            self.first_step::<GROUP>(tile, work, group, group.start);
        } else {
            for j in group.rows.clone() {
                self.first_step::<1>(tile, work, group, j);
            }
        }
        if F::LOOKS_BACK && self.steps() > 1 {
            for j in group.start..group.start + signed(GROUP) {
                if j > rows.start && j <= rows.end {
                    let before = self.u.part(j - 1, group.columns.clone());
                    let past = work
                        .group
                        .row(GROUP + group.place(j), group.columns.clone());
                    past.copy_from_slice(before);
                }
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
        let columns = group.columns;
        let coefficients = self.coefficients::<R>(tile, group, j, &mut work.sources);
        let out = if self.is_direct() {
            let first = (j - signed(tile.span.rows.start)).cast_unsigned();
            let mut rows = tile.out[first..][..R].iter_mut();
            from_fn(|_| &mut **rows.next().expect("there are R of them"))
        } else {
            work.group.rows(group.place(j), columns.clone())
        };
        StepRows {
            out,
            u: Surrounded {
                south: row(j - 1),
                rows: from_fn(|r| row(j + signed(r))),
                north: row(j + signed(R)),
            },
            past: self.formula.past::<R>(j, columns.clone()),
            coefficients,
            update: self.formula.update::<R>(0, j, columns.clone()),
        }
        .run(self.arch);
    }

    /// A later step, in place, of a group among `rows`. Of the rows that pass below the first of these, it
    /// needs the last two.
    fn pass(
        &self,
        tile: &mut Tile<'_, T>,
        work: &mut Workspace<T>,
        group: &Group<'_>,
        rows: &Range<isize>,
    ) {
        self.take_from_above(tile, work, group, rows);
        if group.rows.len() == GROUP {
            self.later_step::<GROUP>(tile, work, group, group.start);
            return;
        }
        for j in group.start..group.start + signed(GROUP) {
            if group.rows.contains(&j) {
                self.later_step::<1>(tile, work, group, j);
            } else if (rows.start - 2..rows.start).contains(&j) {
                let [below, above] = work.older[group.step - 1].rows(0, group.around());
                below.copy_from_slice(above);
                above.copy_from_slice(work.group.row(group.place(j), group.around()));
                if j == rows.start - 1 {
                    self.leave_below(tile, work, group);
                }
            } else if F::LOOKS_BACK && j == rows.end {
                // The last row moves along below this one, which is beyond a wall or done without.
                let below = work.older[group.step - 1].row(0, group.columns.clone());
                let past = work
                    .group
                    .row(GROUP + group.place(j), group.columns.clone());
                past.copy_from_slice(below);
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
        let (place, columns) = (group.place(j), group.columns);
        let places = [place, GROUP + place];
        let (rows, past) = work.group.two_runs::<R, R>(places, group.around());
        StepPassing {
            older: work.older[group.step - 1].rows(0, group.around()),
            group: rows,
            past: F::kept::<R>(past),
            coefficients: self.coefficients::<R>(tile, group, j, &mut work.sources),
            update: self.formula.update::<R>(group.step, j, columns.clone()),
        }
        .run(self.arch);
    }

    /// What the last step makes of rows goes to the new field, and what they were before it to another.
    fn leave(&self, tile: &mut Tile<'_, T>, work: &mut Workspace<T>, group: &Group<'_>) {
        let Span { columns, rows } = &tile.span;
        let first = signed(rows.start);
        if group.step + 1 == self.steps() {
            for j in group.rows.clone() {
                let at = (j - first).cast_unsigned();
                if !tile.out_before.is_empty() && self.steps() == 1 {
                    let before = self.u.part(j, group.columns.clone());
                    tile.out_before[at].copy_from_slice(before);
                }
                let made = work.group.row(group.place(j), group.columns.clone());
                if self.adds {
                    axpy(self.arch, T::from_f64(1.0), made, tile.out[at]);
                } else if !self.is_direct() {
                    tile.out[at].copy_from_slice(made);
                }
            }
        } else if group.step + 2 == self.steps() && !tile.out_before.is_empty() {
            for j in group.rows.clone() {
                let at = (j - first).cast_unsigned();
                if let Some(out) = tile.out_before.get_mut(at) {
                    let columns = signed(columns.start)..signed(columns.end);
                    out.copy_from_slice(work.group.row(group.place(j), columns));
                }
            }
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
        self.account_sources(tile, group, j, sources);
        let [x, y] = self.weights;
        Coefficients {
            x: x.rows::<R>(j, columns.start..columns.end + 1),
            south: y.rows::<1>(j, columns.clone()),
            north: y.rows::<R>(j + 1, columns.clone()),
            inverse_capacity: self.inverse_capacity.rows::<R>(j, columns.clone()),
            sources,
        }
    }
}
