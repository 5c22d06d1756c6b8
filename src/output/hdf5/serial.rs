//! A field written by one process, chunk after chunk.

use std::{fs::OpenOptions, io, ops::Range, os::unix::fs::FileExt, path::Path};

use hdf5_metno::{Dataset, File, H5Type, Result as Hdf5Result};
use ndarray::{Ix2, s};

use super::{
    Storage, chunks::Chunk, failed, gathered::Gathered, layout, layout::Part, open_to_write, raw,
    verify::lost,
};
use crate::{
    comm::Solo,
    error::Error,
    field::Real,
    output::{fault, run_directory},
};

/// Bytes of the superblock of a file, which is at its beginning (version 2 or 3; HDF5 File Format
/// Specification 3.0, II.A).
const SUPERBLOCK: usize = 48;

/// Writes what was gathered as numbers `S`, reads it back, and then counts it if it is a frame.
///
/// # Errors
/// [`crate::error::Kind::Storage`] if it cannot be written, or is not there afterwards.
pub fn write<S: Real + H5Type>(
    path: &Path,
    part: &Part,
    storage: Storage,
    values: &Gathered,
) -> Result<(), Error> {
    let cannot = |what: &'static str| move |error| failed(what, path, &error);
    let file = open_unmarked(path)?;
    let rows = storage.chunk_rows(values.counts);
    let seals = match *part {
        Part::Frame { index, time } => {
            let frames = layout::Frames::extend(&file, index).map_err(cannot("extend"))?;
            let dataset = frames.temperature();
            let seals = write_chunks::<S>(dataset, index, storage, values, rows)
                .map_err(cannot("write a frame to"))?;
            fault::point("frame", 0);
            frames
                .write_time(index, Some(time), false)
                .map_err(cannot("write a time to"))?;
            seals
        }
        Part::Property(property) => {
            layout::create_property(&file, &property, values.counts, storage)
                .and_then(|dataset| write_chunks::<S>(&dataset, 0, storage, values, rows))
                .map_err(cannot("write a property to"))?
        }
    };
    file.flush().map_err(cannot("flush"))?;
    file.close().map_err(cannot("close"))?;
    if let Part::Frame { .. } = part {
        fault::point("flushed", 0);
    }
    // Anew, so that no cache of the library answers for it.
    let file = File::open(path).map_err(cannot("open"))?;
    let dataset = file.dataset(part.name()).map_err(cannot("read"))?;
    if !holds::<S>(&dataset, part.index(), &seals, values, rows)
        .map_err(cannot("read back what was written to"))?
    {
        return Err(lost(path, &dataset));
    }
    drop((dataset, file));
    if let Part::Frame { index, .. } = *part {
        let file = open_unmarked(path)?;
        layout::set_count(&file, index + 1).map_err(cannot("count the frames of"))?;
        fault::point("counted", 0);
        file.close().map_err(cannot("close"))?;
    }
    Ok(())
}

/// Opens a file for writing without the mark that it is open. The library sets it at once and
/// refuses files that a killed process left with it, though all they hold is whole: frames are
/// behind what was there, and nothing leads to them before they count. Whoever opens the file at the same time is
/// kept out by its lock.
fn open_unmarked(path: &Path) -> Result<File, Error> {
    let disk = OpenOptions::new().read(true).write(true).open(path);
    let unmarked = |error: io::Error| run_directory::failed("write", path, &error);
    let disk = disk.map_err(unmarked)?;
    let mut superblock = [0; SUPERBLOCK];
    disk.read_exact_at(&mut superblock, 0).map_err(unmarked)?;
    let file = open_to_write(path, &Solo).map_err(|error| failed("open", path, &error))?;
    disk.write_all_at(&superblock, 0).map_err(unmarked)?;
    Ok(file)
}

/// The rows of each chunk.
fn chunks(rows: usize, all: usize) -> impl Iterator<Item = Range<usize>> {
    (0..all)
        .step_by(rows)
        .map(move |first| first..all.min(first + rows))
}

/// Returns the checksums of the chunks; none if the library makes them, of what it has compressed.
fn write_chunks<S: Real>(
    dataset: &Dataset,
    index: usize,
    storage: Storage,
    values: &Gathered,
    rows: usize,
) -> Hdf5Result<Vec<u32>> {
    let [nx, ny] = values.counts;
    let mut chunk = Chunk::<S>::new(rows, nx);
    let mut seals = Vec::new();
    for part in chunks(rows, ny) {
        let start = [index, part.start, 0];
        let count = part.len();
        values.copy_rows(part, chunk.values());
        if storage.compression.is_some() {
            let values = &chunk.values()[..count * nx];
            raw::write(dataset, &start, &[1, count, nx], values, false)?;
        } else {
            seals.push(chunk.write(dataset, start)?);
        }
    }
    Ok(seals)
}

/// Whether a dataset holds all the bits, or all chunks by their checksums, if there are any.
fn holds<S: Real + H5Type>(
    dataset: &Dataset,
    index: usize,
    seals: &[u32],
    values: &Gathered,
    rows: usize,
) -> Hdf5Result<bool> {
    let [nx, ny] = values.counts;
    let mut chunk = Chunk::<S>::new(rows, nx);
    for (k, part) in chunks(rows, ny).enumerate() {
        let start = [index, part.start, 0];
        let is_there = if let Some(seal) = seals.get(k) {
            chunk.read(dataset, start, *seal)?
        } else {
            let count = part.len();
            values.copy_rows(part.clone(), chunk.values());
            let expected = &chunk.values()[..count * nx];
            let slice = dataset.read_slice::<S, _, Ix2>(s![index, part, ..])?;
            let slice = slice.as_slice().expect("it was read in this order");
            bytemuck::cast_slice::<S, u8>(slice) == bytemuck::cast_slice::<S, u8>(expected)
        };
        if !is_there {
            return Ok(false);
        }
    }
    Ok(true)
}
