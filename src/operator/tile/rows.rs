//! The rows of a tile that are under way through its steps.

use std::ops::Range;

use super::{super::slab::Slab, GROUP, seam::Seam};
use crate::field::{LINE, Real, Span, signed};

/// Memory that a thread needs to advance a tile, kept from one to the next.
pub struct Workspace<T> {
    /// The group and, above it where steps look back, the rows that a step makes as they were one step
    /// earlier.
    pub(super) group: Slab<T, { 2 * GROUP }>,
    /// What each step but the last leaves behind for the next: the two rows below the group.
    pub(super) older: Vec<Slab<T, 2>>,
    pub(super) sources: Vec<T>,
    /// Seams that are used up, for others.
    pub(super) seams: Vec<Seam<T>>,
}

impl<T: Real> Default for Workspace<T> {
    fn default() -> Self {
        Self {
            group: Slab::new(),
            older: Vec::new(),
            sources: Vec::new(),
            seams: Vec::new(),
        }
    }
}

impl<T: Real> Workspace<T> {
    /// Makes room for some steps of rows of these columns.
    pub(super) fn prepare(&mut self, steps: usize, columns: &Range<isize>) {
        while self.older.len() + 1 < steps {
            self.older.push(Slab::new());
        }
        for older in &mut self.older[..steps - 1] {
            older.prepare(columns);
        }
        self.group.prepare(columns);
    }

    /// The row at some place of the group after a step, and before it the one below.
    pub(super) fn neighbors(
        &mut self,
        step: usize,
        place: usize,
        columns: &Range<isize>,
    ) -> [&mut [T]; 2] {
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
pub(super) struct Block {
    pub columns: Range<isize>,
    pub rows: Range<isize>,
}

/// The columns and the rows, of those that are known, that have to be computed for a block of cells
/// `steps` steps before its last one, where rows beyond those of its last step come from the tile below or
/// do not, and from the tile above or do not. Columns start and end at cache lines where they can.
#[must_use]
pub fn needed<T: Real>(
    span: &Span,
    steps: usize,
    known: &[Range<isize>; 2],
    [takes_from_below, takes_from_above]: [bool; 2],
) -> [Range<isize>; 2] {
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
    let columns = grow(&span.columns, unit, columns);
    let mut rows = grow(&span.rows, 1, rows);
    if takes_from_below {
        rows.start = signed(span.rows.start) + reach;
    }
    if takes_from_above {
        rows.end = signed(span.rows.end) - reach;
    }
    [columns, rows]
}

/// Rows that pass through a step.
pub(super) struct Group<'a> {
    pub step: usize,
    /// Where they lie after the step.
    pub start: isize,
    /// Those of them that the step computes.
    pub rows: Range<isize>,
    pub columns: &'a Range<isize>,
}

impl Group<'_> {
    /// The place of a row after the step.
    pub fn place(&self, j: isize) -> usize {
        (j - self.start).cast_unsigned()
    }

    /// The columns and one more at either end.
    pub fn around(&self) -> Range<isize> {
        self.columns.start - 1..self.columns.end + 1
    }
}
