//! Putting the shards of a checkpoint together again, for any layout.

use std::{ops::Range, path::PathBuf};

use super::{
    Manifest, accounts_mut, heats,
    shard::{Array, Damage, Reader},
    store::shard_name,
    temperatures,
};
use crate::{
    comm::{Communicator, agree},
    domain::Domain,
    error::Error,
    field::{Field, Real},
    operator::Accounts,
};

/// A checkpoint that was found whole.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    pub path: PathBuf,
    pub manifest: Manifest,
}

/// An array that is wanted, and its values.
struct Wanted<'a> {
    array: Array,
    values: &'a mut [u8],
    /// How many of them have come.
    come: usize,
}

impl Checkpoint {
    /// Reads the state of a subdomain: the temperatures and, where `heat` has room for it, the heat that came
    /// in. Collective.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if it cannot be read, or holds something else than is wanted.
    pub fn read<T: Real>(
        &self,
        u: &mut Field<T>,
        heat: &mut Accounts,
        domain: &Domain,
        comm: &dyn Communicator,
    ) -> Result<(), Error> {
        let read = self.read_shards(u, heat, domain);
        heat.source_seconds = self.manifest.source_seconds;
        agree(comm, read.map_err(Error::storage))
    }

    fn read_shards<T: Real>(
        &self,
        u: &mut Field<T>,
        heat: &mut Accounts,
        domain: &Domain,
    ) -> Result<(), Damage> {
        let [nx, ny] = domain.cells;
        let mut temperature = vec![T::ZERO; nx * ny];
        let own: [(Array, &mut [u8]); 1] = [(
            temperatures::<T>(domain),
            bytemuck::cast_slice_mut(&mut temperature),
        )];
        let heats = heats(domain)
            .into_iter()
            .zip(accounts_mut(heat).map(bytemuck::cast_slice_mut));
        let mut wanted: Vec<_> = own
            .into_iter()
            .chain(heats)
            .filter(|(_, values)| !values.is_empty())
            .map(|(array, values)| Wanted {
                array,
                values,
                come: 0,
            })
            .collect();
        for rank in 0..self.manifest.shards.len() {
            // Of a process grid, the periodic axes make no difference to who has which cells.
            let theirs = Domain::new(domain.grid, self.manifest.ranks, [false; 2], rank);
            let is_near = (0..2).all(|axis| !common(domain, &theirs, axis).is_empty());
            if is_near {
                let path = self.path.join(shard_name(rank));
                read_shard(&path, &mut wanted)
                    .map_err(|damage| format!("{}: {damage}", path.display()))?;
            }
        }
        if let Some(short) = wanted
            .iter()
            .find(|wanted| wanted.come < wanted.values.len())
        {
            let (path, name) = (self.path.display(), &short.array.name);
            return Err(format!("{path} does not hold all of the array {name}"));
        }
        drop(wanted);
        for (j, row) in temperature.chunks(nx).enumerate() {
            u.own_row_mut(j).copy_from_slice(row);
        }
        Ok(())
    }
}

/// The cells along an axis that two subdomains have in common.
fn common(a: &Domain, b: &Domain, axis: usize) -> Range<usize> {
    overlap(
        [a.start[axis], b.start[axis]],
        [a.cells[axis], b.cells[axis]],
    )
}

/// What two ranges have in common, given where they start and how long they are.
fn overlap(start: [usize; 2], count: [usize; 2]) -> Range<usize> {
    let end = (start[0] + count[0]).min(start[1] + count[1]);
    start[0].max(start[1])..end
}

/// Reads of a shard what is wanted.
fn read_shard(path: &std::path::Path, wanted: &mut [Wanted<'_>]) -> Result<(), Damage> {
    let mut reader = Reader::open(path)?;
    for array in reader.header.arrays.clone() {
        let mut row = vec![0; array.cells[0] * array.bytes];
        let mut wanted = wanted
            .iter_mut()
            .find(|wanted| (&wanted.array.name, wanted.array.bytes) == (&array.name, array.bytes));
        for j in array.start[1]..array.start[1] + array.cells[1] {
            reader.take(&mut row)?;
            if let Some(wanted) = &mut wanted {
                wanted.take(&array, j, &row);
            }
        }
    }
    reader.finish().map(drop)
}

impl Wanted<'_> {
    /// Takes what it can of row `j` of an array.
    fn take(&mut self, from: &Array, j: usize, row: &[u8]) {
        let Array {
            start,
            cells,
            bytes,
            ..
        } = self.array;
        let columns = overlap([start[0], from.start[0]], [cells[0], from.cells[0]]);
        if columns.is_empty() || !(start[1]..start[1] + cells[1]).contains(&j) {
            return;
        }
        let count = columns.len() * bytes;
        let there = (columns.start - from.start[0]) * bytes;
        let here = ((j - start[1]) * cells[0] + columns.start - start[0]) * bytes;
        self.values[here..here + count].copy_from_slice(&row[there..there + count]);
        self.come += count;
    }
}
