//! Ghosts beyond walls, and the heat that comes into a tile.

use std::ops::Range;

use super::{
    Batch, Tile,
    rows::{Group, Workspace},
};
use crate::{
    field::{Real, Span, signed},
    grid::Side,
    kernel::Sources,
    operator::{coefficients::OnRows, formula::Formula, sources::SourcesOnRows},
};

impl<T, K, C, Q, F> Batch<'_, T, K, C, Q, F>
where
    T: Real,
    K: OnRows<T>,
    C: OnRows<T>,
    Q: SourcesOnRows<T>,
    F: Formula<T>,
{
    /// Counts the heat of sources of rows from `j` on in a step of a group, for the tile's own cells.
    pub(super) fn account_sources<const R: usize>(
        &self,
        tile: &mut Tile<'_, T>,
        group: &Group<'_>,
        j: isize,
        sources: Q::Rows<'_, R>,
    ) {
        if tile.source_heat.is_empty() {
            return;
        }
        let Span { columns, rows } = &tile.span;
        let offset = (signed(columns.start) - group.columns.start).cast_unsigned();
        let sources = sources.part(offset..offset + columns.len());
        for r in 0..R {
            let row = (j + signed(r)).cast_unsigned();
            if rows.contains(&row) {
                let account = &mut tile.source_heat[row - rows.start];
                let (first, seconds) = (signed(columns.start), self.counted[group.step]);
                self.sources
                    .account([first, j], r, sources, seconds, account);
            }
        }
    }

    /// Fills the ghosts beyond walls next to a group after its step, one of `rows`, and counts the
    /// heat that comes in there during the next step.
    pub(super) fn fill_ghosts(
        &self,
        tile: &mut Tile<'_, T>,
        work: &mut Workspace<T>,
        group: &Group<'_>,
        rows: &Range<isize>,
    ) {
        let (columns, step) = (group.columns, group.step + 1);
        let all = group.start..group.start + signed(super::GROUP);
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
                let behind = face - signed(own.end);
                let account = if behind >= 0 {
                    let later = tile.later.as_mut();
                    later.and_then(|later| later.account(k, behind.cast_unsigned()))
                } else if face >= first {
                    tile.wall_heat[k].get_mut((face - first).cast_unsigned())
                } else {
                    let below = tile.below.as_mut();
                    below.and_then(|below| below.account(k, (first - face).cast_unsigned()))
                };
                if let Some(heat) = account {
                    *heat += wall.heat(face, cell, ghost, self.counted[step]);
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
