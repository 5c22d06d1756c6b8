//! Rows of a field dealt out to threads.

use std::ops::Range;

use crate::field::{Field, Real, Span, signed};

/// Rows that a thread makes, the first of them, and where they go.
pub struct Band<'a, T> {
    pub first: usize,
    pub rows: Vec<&'a mut [T]>,
}

impl<'a, T: Real> Band<'a, T> {
    /// None at all.
    pub fn none() -> Self {
        Self {
            first: 0,
            rows: Vec::new(),
        }
    }

    /// One for each of these ranges of rows.
    pub fn of(field: &'a mut Field<T>, bands: &[Range<usize>]) -> Vec<Self> {
        let columns = 0..field.cells()[0];
        let spans: Vec<_> = bands
            .iter()
            .map(|rows| Span {
                columns: columns.clone(),
                rows: rows.clone(),
            })
            .collect();
        let parts = field.cut(&spans).into_iter().zip(bands);
        parts
            .map(|(rows, band)| Self {
                first: band.start,
                rows,
            })
            .collect()
    }

    /// Where a row goes, if it is among them.
    pub fn row(&mut self, j: isize) -> Option<&mut [T]> {
        let at = usize::try_from(j - signed(self.first)).ok()?;
        self.rows.get_mut(at).map(|row| &mut **row)
    }
}
