//! Blocks of all ranks put together on one.

use crate::{comm::Communicator, field::Real};

/// A rectangle of values: where it starts and how far it reaches, along x and y.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    pub start: [usize; 2],
    pub cells: [usize; 2],
}

impl Block {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.cells[0] * self.cells[1]
    }
}

/// The whole of `cells` values, row by row (y outer), on rank 0; `None` elsewhere. Collective.
/// `part` tells the block of each rank, and `own` is this rank's, row by row.
pub fn gather_blocks<T: Real>(
    comm: &dyn Communicator,
    cells: [usize; 2],
    part: impl Fn(usize) -> Block,
    own: &[T],
) -> Option<Vec<T>> {
    let parts = comm.gather(0, bytemuck::cast_slice(own))?;
    let mut whole = vec![T::ZERO; cells[0] * cells[1]];
    for (rank, bytes) in parts.iter().enumerate() {
        let Block {
            start,
            cells: [nx, ny],
        } = part(rank);
        let values: Vec<T> = bytemuck::pod_collect_to_vec(bytes);
        for j in 0..ny {
            let to = (start[1] + j) * cells[0] + start[0];
            whole[to..to + nx].copy_from_slice(&values[j * nx..(j + 1) * nx]);
        }
    }
    Some(whole)
}
