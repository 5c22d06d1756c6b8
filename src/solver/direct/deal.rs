//! Cells that are dealt out to the ranks anew.

use crate::{
    comm::{Communicator, Message},
    field::{Field, Span},
};

/// Halos use the small tags.
const TAG: u16 = 64;

/// Values of a message at most: MPI counts bytes in 32 bits.
const MOST: usize = 1 << 16;

/// What goes from the one dealing to the other between this rank and another one, or itself.
struct Parcel {
    peer: usize,
    /// Own cells in the dealing before.
    mine: Span,
    /// Own cells in the dealing after, which come from the peer.
    theirs: Span,
}

/// Two ways of dealing out the cells of a rectangle, each a block to every rank.
pub struct Deal {
    parcels: Vec<Parcel>,
}

impl Deal {
    /// From the blocks of all ranks before to those after, as rank `rank` sees it.
    pub fn new(rank: usize, before: &[Span], after: &[Span]) -> Self {
        let parcels = (before.iter().zip(after).enumerate())
            .map(|(peer, (before_there, after_there))| Parcel {
                peer,
                mine: common(&before[rank], after_there),
                theirs: common(&after[rank], before_there),
            })
            .filter(|parcel| !(parcel.mine.is_empty() && parcel.theirs.is_empty()))
            .collect();
        Self { parcels }
    }

    /// Collective.
    pub fn forth(&self, comm: &dyn Communicator, before: &Field<f64>, after: &mut Field<f64>) {
        let parcels = self.parcels.iter();
        let parcels = parcels.map(|parcel| (parcel.peer, &parcel.mine, &parcel.theirs));
        pass(comm, parcels, before, after);
    }

    /// Collective.
    pub fn back(&self, comm: &dyn Communicator, after: &Field<f64>, before: &mut Field<f64>) {
        let parcels = self.parcels.iter();
        let parcels = parcels.map(|parcel| (parcel.peer, &parcel.theirs, &parcel.mine));
        pass(comm, parcels, after, before);
    }
}

/// The cells that two blocks share, as the first one counts its own.
fn common(block: &Span, other: &Span) -> Span {
    let [columns, rows] =
        [[&block.columns, &other.columns], [&block.rows, &other.rows]].map(|[block, other]| {
            let start = block.start.max(other.start);
            let end = block.end.min(other.end).max(start);
            start - block.start..end - block.start
        });
    Span { columns, rows }
}

/// For each peer, the cells that it is sent and those that it sends.
fn pass<'a>(
    comm: &dyn Communicator,
    parcels: impl Iterator<Item = (usize, &'a Span, &'a Span)>,
    from: &Field<f64>,
    to: &mut Field<f64>,
) {
    let mut letters: Vec<_> = parcels
        .map(|(peer, out, into)| (peer, packed(from, out), into, vec![0.0; size(into)]))
        .collect();
    let mut messages = Vec::new();
    for (peer, out, _, into) in &mut letters {
        let count = out.len().max(into.len()).div_ceil(MOST);
        let (mut out, mut into) = (out.chunks(MOST), into.chunks_mut(MOST));
        messages.extend((0..count).map(|_| Message {
            peer: *peer,
            send_tag: TAG,
            recv_tag: TAG,
            send: bytemuck::cast_slice(out.next().unwrap_or_default()),
            recv: bytemuck::cast_slice_mut(into.next().unwrap_or_default()),
        }));
    }
    comm.exchange(&mut messages, &mut |_| {});
    for (_, _, span, values) in &letters {
        if span.is_empty() {
            continue;
        }
        let rows = span
            .rows
            .clone()
            .zip(values.chunks_exact(span.columns.len()));
        for (j, row) in rows {
            to.own_row_mut(j)[span.columns.clone()].copy_from_slice(row);
        }
    }
}

fn packed(field: &Field<f64>, span: &Span) -> Vec<f64> {
    let mut values = Vec::with_capacity(size(span));
    for j in span.rows.clone() {
        values.extend_from_slice(&field.own_row(j)[span.columns.clone()]);
    }
    values
}

fn size(span: &Span) -> usize {
    span.columns.len() * span.rows.len()
}
