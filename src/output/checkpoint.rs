//! Checkpoints: what a run needs to go on with the same bits, whatever happened to it.
//!
//! A checkpoint is a directory `checkpoints/NNNNNNNNN` of a run directory, named after its step: a shard
//! of each rank ([`shard`]), and a manifest ([`Manifest`]). It gets its name when all of it was
//! written, given to the disk, and read back; what has another name is none. Reading
//! checks every byte again, and puts the parts together for any layout.

mod manifest;
mod observer;
mod read;
mod shard;
mod store;
#[cfg(test)]
mod tests;

pub use manifest::Manifest;
pub use observer::{Checkpoints, When};
pub use read::Checkpoint;
pub use store::{Newest, Store};

use crate::{domain::Domain, field::Real, grid::Side, operator::Accounts};
use shard::Array;

/// The name of the directory.
pub const CHECKPOINTS: &str = "checkpoints";

/// Names of arrays.
const TEMPERATURE: &str = "temperature";
const SOURCES: &str = "heat_sources";

/// The array of the temperatures of a subdomain.
fn temperatures<T: Real>(domain: &Domain) -> Array {
    on_cells(TEMPERATURE, domain, size_of::<T>())
}

/// The arrays of the heat that has come in, in the order of [`accounts`].
fn heats(domain: &Domain) -> [Array; 5] {
    let side = |side: Side| {
        let mut array = on_cells(&format!("heat_{}", side.name()), domain, size_of::<f64>());
        (array.start[side.axis()], array.cells[side.axis()]) = (0, 1);
        array
    };
    let [left, right, bottom, top] = Side::ALL.map(side);
    let sources = on_cells(SOURCES, domain, size_of::<f64>());
    [left, right, bottom, top, sources]
}

/// The values of the heat that has come in; none on sides that a subdomain does not have, or from sources
/// that do not move.
fn accounts(accounts: &Accounts) -> [&[f64]; 5] {
    let [left, right, bottom, top] = accounts.walls.each_ref().map(Vec::as_slice);
    [left, right, bottom, top, &accounts.sources]
}

fn accounts_mut(accounts: &mut Accounts) -> [&mut [f64]; 5] {
    let [left, right, bottom, top] = accounts.walls.each_mut().map(Vec::as_mut_slice);
    [left, right, bottom, top, &mut accounts.sources]
}

fn on_cells(name: &str, domain: &Domain, bytes: usize) -> Array {
    Array {
        name: name.to_owned(),
        start: domain.start,
        cells: domain.cells,
        bytes,
    }
}
