//! Blocks of cells, and fields cut into them.

use std::ops::Range;

use super::{Field, Real};

/// A block of own cells: columns and rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub columns: Range<usize>,
    pub rows: Range<usize>,
}

impl Span {
    /// All own cells.
    #[must_use]
    pub fn whole(cells: [usize; 2]) -> Self {
        Self {
            columns: 0..cells[0],
            rows: 0..cells[1],
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty() || self.rows.is_empty()
    }
}

/// Parts of `values`, one for each of `ranges`, which are disjoint and stand in any order.
///
/// # Panics
/// If two ranges overlap, or one reaches beyond the values.
pub fn cut<'a, T>(values: &'a mut [T], ranges: &[Range<usize>]) -> Vec<&'a mut [T]> {
    let mut order: Vec<usize> = (0..ranges.len()).collect();
    order.sort_by_key(|&k| ranges[k].start);
    let mut parts: Vec<&mut [T]> = ranges.iter().map(|_| Default::default()).collect();
    let (mut rest, mut at) = (values, 0);
    for k in order {
        let range = &ranges[k];
        if range.is_empty() {
            continue;
        }
        let (_, from_start) = rest.split_at_mut(range.start - at);
        (parts[k], rest) = from_start.split_at_mut(range.len());
        at = range.end;
    }
    parts
}

impl<T: Real> Field<T> {
    /// The rows of every span, which are disjoint: for each span its rows from the lowest on, of
    /// its columns only.
    ///
    /// # Panics
    /// If two spans overlap, or one reaches beyond the own cells.
    pub fn cut(&mut self, spans: &[Span]) -> Vec<Vec<&mut [T]>> {
        let mut order: Vec<usize> = (0..spans.len()).collect();
        order.sort_by_key(|&k| spans[k].columns.start);
        let mut parts: Vec<Vec<&mut [T]>> = spans
            .iter()
            .map(|span| Vec::with_capacity(span.rows.len()))
            .collect();
        let first = self.start(0) + self.ghosts;
        let (stride, [nx, ny]) = (self.stride, self.cells);
        let rows = self.values[first..].chunks_mut(stride).take(ny);
        for (j, row) in rows.enumerate() {
            let (mut rest, mut at) = (&mut row[..nx], 0);
            for &k in &order {
                let Span { columns, rows } = &spans[k];
                if rows.contains(&j) && !columns.is_empty() {
                    let (_, from_start) =
                        std::mem::take(&mut rest).split_at_mut(columns.start - at);
                    let (part, behind) = from_start.split_at_mut(columns.len());
                    parts[k].push(part);
                    (rest, at) = (behind, columns.end);
                }
            }
        }
        parts
    }

    /// Part of row `j`, which may be one of ghosts, from column `columns.start` on.
    #[must_use]
    pub fn part(&self, j: isize, columns: Range<isize>) -> &[T] {
        &self.row(j)[self.column(columns.start)..self.column(columns.end)]
    }
}
