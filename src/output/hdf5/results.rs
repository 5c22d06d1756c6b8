//! Results read back: a file of frames, a slab of rows at a time, so that it may be larger than memory.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use hdf5_metno::{Dataset, File, Location, types::VarLenUnicode};
use ndarray::{Ix2, s};

use super::failed;
use crate::{
    error::{Error, Kind},
    grid::Grid,
    output::short,
};

/// Values of a slab, about.
const SLAB: usize = 1 << 19;

/// Times that differ by less, relatively, are meant to be the same.
const SAME: f64 = 1e-9;

/// A `fields.vtkhdf`, open for reading.
pub struct ResultFile {
    path: PathBuf,
    temperature: Dataset,
    /// Properties of the medium, by name.
    properties: Vec<(String, Dataset)>,
    /// Rows that are read at once: whole chunks, if a slab holds any.
    slab: usize,
    pub title: String,
    /// The program that wrote it, and the commit that it was built from.
    pub source: String,
    pub commit: String,
    /// Of its temperatures: `f64` or `f32`.
    pub precision: &'static str,
    pub grid: Grid,
    /// Of all frames that are whole, in s.
    pub times: Vec<f64>,
}

impl ResultFile {
    /// Opens a file that is not being written.
    ///
    /// # Errors
    /// [`Kind::Input`] if it cannot be read, or is no file of frames.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|error| unreadable("open", path, &error))?;
        if !file.link_exists("VTKHDF") {
            let message = format!("{} holds no frames of a field", path.display());
            let help = "give the fields.vtkhdf of a run, or its directory";
            return Err(Error::input(message).with_help(help));
        }
        Self::read(path, &file).map_err(|error| unreadable("read", path, &error))
    }

    fn read(path: &Path, file: &File) -> hdf5_metno::Result<Self> {
        let image = file.group("VTKHDF")?;
        let numbers = |name| image.attr(name)?.read_raw::<f64>();
        let (origin, spacing) = (numbers("Origin")?, numbers("Spacing")?);
        let steps = image.group("Steps")?;
        let count: u64 = steps.attr("NSteps")?.read_scalar()?;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let data = image.group("CellData")?;
        let temperature = data.dataset("temperature")?;
        let values = steps.dataset("Values")?;
        let [frames, ny, nx] = temperature.shape()[..] else {
            return Err("its temperature is no series of plane fields".into());
        };
        if frames < count || values.size() < count {
            return Err("it is cut short".into());
        }
        if [origin.len(), spacing.len()] != [3; 2] || nx == 0 || ny == 0 {
            return Err("its image has no extent".into());
        }
        let mut properties = Vec::new();
        for name in data.member_names()? {
            let dataset = data.dataset(&name)?;
            if dataset.shape() == [1, ny, nx] && name != "temperature" {
                properties.push((name, dataset));
            }
        }
        let chunk = temperature.chunk().map_or(1, |chunk| chunk[1]);
        let rows = (SLAB / nx).max(1);
        #[expect(clippy::cast_precision_loss, reason = "cell counts are far below 2^53")]
        let grid = Grid {
            cells: [nx, ny],
            size: [spacing[0] * nx as f64, spacing[1] * ny as f64],
            origin: [origin[0], origin[1]],
        };
        Ok(Self {
            path: path.to_path_buf(),
            slab: if rows > chunk {
                rows / chunk * chunk
            } else {
                rows
            },
            title: text(file, "title"),
            source: text(file, "source"),
            commit: file
                .group("provenance")
                .map_or_else(|_| String::new(), |provenance| text(&provenance, "commit")),
            precision: match temperature.dtype()?.size() {
                4 => "f32",
                _ => "f64",
            },
            grid,
            times: values.read_slice_1d::<f64, _>(..count)?.to_vec(),
            temperature,
            properties,
        })
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All rows of a frame, in the slabs in which they are best read.
    pub fn slabs(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (rows, slab) = (self.grid.cells[1], self.slab);
        (0..rows)
            .step_by(slab)
            .map(move |first| first..rows.min(first + slab))
    }

    /// Temperatures of whole rows of a frame in K, x varying fastest.
    ///
    /// # Errors
    /// [`Kind::Input`] if they cannot be read, or a checksum is wrong.
    pub fn read_rows(&self, frame: usize, rows: Range<usize>) -> Result<Vec<f64>, Error> {
        let read = read_rows(&self.temperature, frame, rows);
        read.map_err(|error| unreadable(&format!("read frame {frame} of"), &self.path, &error))
    }

    /// Names of the properties of the medium that the file holds.
    pub fn properties(&self) -> impl Iterator<Item = &str> {
        self.properties.iter().map(|(name, _)| name.as_str())
    }

    #[must_use]
    pub fn has_property(&self, name: &str) -> bool {
        self.properties().any(|known| known == name)
    }

    /// Values of whole rows of a property that the file holds, x varying fastest.
    ///
    /// # Errors
    /// As [`Self::read_rows`].
    ///
    /// # Panics
    /// If the file does not hold it.
    pub fn read_property(&self, name: &str, rows: Range<usize>) -> Result<Vec<f64>, Error> {
        let mut known = self.properties.iter();
        let (_, dataset) = known.find(|(known, _)| known == name).expect("it is there");
        let read = read_rows(dataset, 0, rows);
        read.map_err(|error| unreadable(&format!("read {name} of"), &self.path, &error))
    }

    /// The frame at a time in s.
    ///
    /// # Errors
    /// [`Kind::Input`] if there is none, with the nearest.
    pub fn frame_at(&self, time: f64) -> Result<usize, Error> {
        let found = self.times.iter().position(|other| same_time(*other, time));
        found.ok_or_else(|| {
            let distance = |frame: &usize| (self.times[*frame] - time).abs();
            let nearest = (0..self.times.len()).min_by(|a, b| distance(a).total_cmp(&distance(b)));
            let message = format!("{} has no frame at t = {time} s", self.path.display());
            Error::input(message).with_help(match nearest {
                Some(frame) => {
                    let time = short(self.times[frame]);
                    format!("the nearest is frame {frame}, at t = {time} s: --frame {frame}")
                }
                None => "it has no frame at all".to_owned(),
            })
        })
    }

    /// A frame by its number, from 0.
    ///
    /// # Errors
    /// [`Kind::Input`] if there is none.
    pub fn frame(&self, number: usize) -> Result<usize, Error> {
        if number < self.times.len() {
            return Ok(number);
        }
        let message = format!("{} has no frame {number}", self.path.display());
        Err(Error::input(message).with_help(match self.times.len() {
            0 => "it has no frame at all".to_owned(),
            count => format!("its frames are 0 to {}", count - 1),
        }))
    }
}

/// A text that files of other programs may not have.
fn text(location: &Location, name: &str) -> String {
    let text = location.attr(name).and_then(|attribute| {
        let text: VarLenUnicode = attribute.read_scalar()?;
        Ok(text.to_string())
    });
    text.unwrap_or_default()
}

fn read_rows(field: &Dataset, frame: usize, rows: Range<usize>) -> hdf5_metno::Result<Vec<f64>> {
    let slice = field.read_slice::<f64, _, Ix2>(s![frame, rows, ..])?;
    Ok(slice.into_iter().collect())
}

/// Whether two times in s are meant to be the same.
#[must_use]
pub fn same_time(a: f64, b: f64) -> bool {
    (a - b).abs() <= SAME * a.abs().max(b.abs())
}

fn unreadable(what: &str, path: &Path, error: &hdf5_metno::Error) -> Error {
    Error {
        kind: Kind::Input,
        ..failed(what, path, error)
    }
}
