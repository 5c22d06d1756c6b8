//! A field on its way into a file: the values of all ranks on the one that writes.

use std::ops::Range;

use crate::{
    comm::{Communicator, Message},
    domain::Domain,
    field::{Field, Real, Team},
    output::{blocks::Block, extract::Extract},
};

/// Bytes of a message: MPI counts with 32 bits.
const MOST: usize = 1 << 30;

/// The values of all ranks, one rank's block after the other: to put rows together is left to who writes them.
pub struct Gathered {
    /// Of all cells of the file.
    pub counts: [usize; 2],
    blocks: Vec<Block>,
    /// Words, so that numbers of either precision can stand there.
    buffer: Vec<u64>,
}

impl Gathered {
    /// Brings the values of `u` together on rank 0, as numbers `S`, in `buffer`, which it gives back elsewhere.
    /// Collective.
    pub fn gather<T: Real, S: Real>(
        u: &Field<T>,
        (extract, domain): (&Extract, &Domain),
        team: &Team,
        comm: &dyn Communicator,
        mut buffer: Vec<u64>,
    ) -> Result<Self, Vec<u64>> {
        let is_first = comm.rank() == 0;
        let ranks = if is_first {
            0..comm.size()
        } else {
            comm.rank()..comm.rank() + 1
        };
        let blocks: Vec<_> = ranks
            .map(|rank| extract.block(&domain.of_rank(rank)))
            .collect();
        let values: usize = blocks.iter().map(Block::len).sum();
        buffer.resize((values * size_of::<S>()).div_ceil(size_of::<u64>()), 0);
        let all = &mut bytemuck::cast_slice_mut::<u64, S>(&mut buffer)[..values];
        let (own, mut rest) = all.split_at_mut(blocks[0].len());
        extract.copy(u, domain, team, own);

        let mut messages = Vec::new();
        if is_first {
            for (peer, block) in blocks.iter().enumerate().skip(1) {
                let (part, others) = rest.split_at_mut(block.len());
                rest = others;
                let parts = bytemuck::cast_slice_mut::<S, u8>(part).chunks_mut(MOST);
                messages.extend(
                    parts
                        .zip(0..)
                        .map(|(recv, tag)| message(peer, tag, &[], recv)),
                );
            }
        } else {
            let parts = bytemuck::cast_slice::<S, u8>(own).chunks(MOST);
            messages.extend((parts.zip(0..)).map(|(send, tag)| message(0, tag, send, &mut [])));
        }
        comm.exchange(&mut messages, &mut |_| {});
        drop(messages);
        if is_first {
            Ok(Self {
                counts: extract.counts(),
                blocks,
                buffer,
            })
        } else {
            Err(buffer)
        }
    }

    /// Copies whole rows, x varying fastest, into a place of as many values. The numbers are those that were
    /// gathered.
    pub fn copy_rows<S: Real>(&self, rows: Range<usize>, to: &mut [S]) {
        let nx = self.counts[0];
        let mut rest = bytemuck::cast_slice::<u64, S>(&self.buffer);
        for block in &self.blocks {
            let (values, others) = rest.split_at(block.len());
            rest = others;
            let [i, width] = [block.start[0], block.cells[0]];
            let [low, high] = [block.start[1], block.start[1] + block.cells[1]];
            for j in rows.start.max(low)..rows.end.min(high) {
                let from = &values[(j - low) * width..][..width];
                to[(j - rows.start) * nx + i..][..width].copy_from_slice(from);
            }
        }
    }

    /// The memory, for the next time.
    pub fn into_buffer(self) -> Vec<u64> {
        self.buffer
    }
}

fn message<'a>(peer: usize, tag: u16, send: &'a [u8], recv: &'a mut [u8]) -> Message<'a> {
    Message {
        peer,
        send_tag: tag,
        recv_tag: tag,
        send,
        recv,
    }
}
