//! What was written, read back: MPI libraries were seen to lose data on a full disk without an error.

use std::path::Path;

use hdf5_metno::{Dataset, File, H5Type};
use ndarray::{Ix2, s};

use super::failed;
use crate::{error::Error, field::Real, output::blocks::Block};

/// Values that are read at once, about.
const SLAB: usize = 1 << 17;

/// Makes sure that a dataset holds these bits in a block of frame `index`. The file is closed and opened anew,
/// by this rank alone, so that no cache of the library answers for it.
///
/// # Errors
/// [`crate::error::Kind::Storage`] if it holds others, or cannot be read.
pub fn verify<T: Real + H5Type>(
    path: &Path,
    dataset: &str,
    index: usize,
    block: Block,
    values: &[T],
) -> Result<(), Error> {
    let [[i, j], [nx, ny]] = [block.start, block.cells];
    let unreadable = |error| failed("read back what was written to", path, &error);
    let file = File::open(path).map_err(unreadable)?;
    let dataset = file.dataset(dataset).map_err(unreadable)?;
    let rows = (SLAB / nx.max(1)).max(1);
    for first in (0..ny).step_by(rows) {
        let end = ny.min(first + rows);
        let slice = s![index, j + first..j + end, i..i + nx];
        let found = dataset.read_slice::<T, _, Ix2>(slice).map_err(unreadable)?;
        let found = found.as_slice().expect("it was read in this order");
        let written = &values[first * nx..end * nx];
        if bytemuck::cast_slice::<T, u8>(found) != bytemuck::cast_slice::<T, u8>(written) {
            return Err(lost(path, &dataset));
        }
    }
    Ok(())
}

/// The error where a dataset does not hold what was written to it.
pub fn lost(path: &Path, dataset: &Dataset) -> Error {
    let message = format!(
        "{} does not hold what was written to it: values of {} are lost",
        path.display(),
        dataset.name()
    );
    Error::storage(message).with_help("look whether its disk is full or failing")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use ndarray::Array3;

    #[test]
    fn lost_values_are_noticed_and_kept_ones_pass() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("field.h5");
        let field = Array3::from_shape_fn((2, 4, 5), |(t, j, i)| {
            f64::from(u8::try_from(50 * t + 10 * j + i).unwrap())
        });
        let file = File::create(&path).unwrap();
        let dataset = file
            .new_dataset_builder()
            .with_data(&field)
            .create("u")
            .unwrap();
        drop((dataset, file));
        let block = Block {
            start: [1, 2],
            cells: [3, 2],
        };
        let written = [71.0, 72.0, 73.0, 81.0, 82.0, 83.0];
        verify(&path, "u", 1, block, &written).unwrap();
        for lost in 0..6 {
            let mut other = written;
            other[lost] = -other[lost];
            let error = verify(&path, "u", 1, block, &other).unwrap_err();
            assert_eq!(error.kind, Kind::Storage);
            assert!(error.message.contains("values of /u are lost"), "{error}");
        }
        let length = std::fs::metadata(&path).unwrap().len();
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(length - 8 * 8).unwrap();
        let error = verify(&path, "u", 1, block, &written).unwrap_err();
        assert_eq!(error.kind, Kind::Storage);
    }
}
