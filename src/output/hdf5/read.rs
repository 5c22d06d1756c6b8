//! Blocks of fields from HDF5 files, for initial states.

use std::path::Path;

use hdf5_metno::{Dataset, File, Group};
use ndarray::{Ix2, s};

use super::failed;
use crate::error::{Error, Kind};

/// A rectangle of cells of a field that is `grid` cells large, along x and y.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub grid: [usize; 2],
    pub start: [usize; 2],
    pub cells: [usize; 2],
}

/// Reads a window of a dataset of shape `(y, x)`, or `(time, y, x)` of which the last time is
/// taken, row by row (y outer). Each rank reads on its own; nothing here is collective.
///
/// # Errors
/// [`Kind::Input`] if the file or the dataset cannot be read, or has not the shape of the grid.
pub fn read_block(path: &Path, dataset: &str, window: Window) -> Result<Vec<f64>, Error> {
    let unreadable = |what: &str, error: &hdf5_metno::Error| Error {
        kind: Kind::Input,
        ..failed(what, path, error)
    };
    let file = File::open(path).map_err(|error| unreadable("open", &error))?;
    if !file.link_exists(dataset) {
        return Err(missing(path, dataset, &file));
    }
    let what = format!("read the dataset {dataset} of");
    let field = file
        .dataset(dataset)
        .map_err(|error| unreadable(&what, &error))?;
    let shape = field.shape();
    let [nx, ny] = window.grid;
    let last = match shape[..] {
        [y, x] if [x, y] == window.grid => None,
        [times, y, x] if [x, y] == window.grid && times > 0 => Some(times - 1),
        _ => {
            return Err(Error::input(format!(
                "the dataset {dataset} of {} has the shape {shape:?}; the grid needs [{ny}, {nx}] \
                 (y, x), or [times, {ny}, {nx}]",
                path.display()
            ))
            .with_help("the cells of the field and domain.cells must agree"));
        }
    };
    read(&field, last, window).map_err(|error| unreadable(&what, &error))
}

fn read(field: &Dataset, time: Option<usize>, window: Window) -> hdf5_metno::Result<Vec<f64>> {
    let [i, j] = window.start;
    let [nx, ny] = window.cells;
    let block = match time {
        Some(time) => field.read_slice::<f64, _, Ix2>(s![time, j..j + ny, i..i + nx]),
        None => field.read_slice::<f64, _, Ix2>(s![j..j + ny, i..i + nx]),
    }?;
    Ok(block.into_iter().collect())
}

fn missing(path: &Path, dataset: &str, file: &File) -> Error {
    let mut names = Vec::new();
    list(file, &mut names);
    let error = Error::input(format!("{} has no dataset {dataset}", path.display()));
    if names.is_empty() {
        error.with_help("the file holds no dataset")
    } else {
        error.with_help(format!("it holds {}", names.join(", ")))
    }
}

/// Names of all datasets below a group, as far as they can be read.
fn list(group: &Group, names: &mut Vec<String>) {
    let datasets = group.datasets().unwrap_or_default();
    names.extend(datasets.iter().map(|dataset| dataset.name()));
    for group in group.groups().unwrap_or_default() {
        list(&group, names);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, Array3};
    use std::path::PathBuf;

    const WINDOW: Window = Window {
        grid: [5, 4],
        start: [1, 2],
        cells: [3, 2],
    };

    fn file(scratch: &Path) -> PathBuf {
        let path = scratch.join("field.h5");
        let file = File::create(&path).unwrap();
        let flat = Array2::from_shape_fn((4, 5), |(j, i)| {
            f64::from(u8::try_from(10 * j + i).unwrap())
        });
        let deep = Array3::from_shape_fn((3, 4, 5), |(t, j, i)| {
            f32::from(u8::try_from(50 * t + 10 * j + i).unwrap())
        });
        let group = file.create_group("start").unwrap();
        file.new_dataset_builder()
            .with_data(&flat)
            .create("flat")
            .unwrap();
        group
            .new_dataset_builder()
            .with_data(&deep)
            .create("deep")
            .unwrap();
        path
    }

    #[test]
    fn the_window_of_the_last_time_is_read() {
        let scratch = tempfile::tempdir().unwrap();
        let path = file(scratch.path());
        let flat = [21.0, 22.0, 23.0, 31.0, 32.0, 33.0];
        assert_eq!(read_block(&path, "flat", WINDOW).unwrap(), flat);
        let deep = flat.map(|value| value + 100.0);
        assert_eq!(read_block(&path, "start/deep", WINDOW).unwrap(), deep);
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let scratch = tempfile::tempdir().unwrap();
        let path = file(scratch.path());
        let window = Window {
            grid: [4, 5],
            ..WINDOW
        };
        let error = read_block(&path, "start/deep", window).unwrap_err();
        assert_eq!(error.kind, Kind::Input);
        assert!(error.message.contains("[3, 4, 5]"), "{error}");
        assert!(error.message.contains("[5, 4]"), "{error}");

        let error = read_block(&path, "none", WINDOW).unwrap_err();
        assert_eq!(error.kind, Kind::Input);
        assert_eq!(error.help.unwrap(), "it holds /flat, /start/deep");
    }

    #[test]
    fn a_file_that_is_no_hdf5_or_not_there_is_bad_input() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("text.h5");
        let absent = read_block(&path, "flat", WINDOW).unwrap_err();
        assert_eq!(absent.kind, Kind::Input);
        assert!(absent.message.contains("No such file"), "{absent}");
        std::fs::write(&path, "no field").unwrap();
        let error = read_block(&path, "flat", WINDOW).unwrap_err();
        assert_eq!(error.kind, Kind::Input);
        assert!(error.message.contains(path.to_str().unwrap()), "{error}");
    }
}
