//! How `fields.vtkhdf` is laid out: a VTKHDF image over time for `ParaView` and, through links and
//! dimension scales, a netCDF-like file with CF attributes for xarray.
//!
//! ```text
//! /                        Conventions, title, source
//! /time /y /x              coordinates
//! /temperature             the same dataset as /VTKHDF/CellData/temperature
//! /VTKHDF                  Version, Type, WholeExtent, Origin, Spacing, Direction
//! /VTKHDF/CellData/temperature         (time, y, x)
//! /VTKHDF/Steps            NSteps, Values, CellDataOffsets/temperature
//! /provenance              version, commit and config of the run
//! ```
//!
//! A property of the medium is a field with one frame, `(static, y, x)`, under `/VTKHDF/CellData` and in the
//! root; its offsets are zeros, which tells `ParaView` to show that frame at all times.

use std::str::FromStr;

use hdf5_metno::{
    Dataset, Extent, File, Group, Location, Result,
    dataset::{AllocTime, FillTime},
    types::{FixedAscii, FloatSize, IntSize, TypeDescriptor, VarLenUnicode},
};

use super::{Heading, Property, Storage, raw};
use crate::{
    field::Real,
    grid::Grid,
    output::{blocks::Block, extract::Extract},
};

/// Largest size of a chunk in bytes: what readers hold in their chunk cache by default.
const CHUNK_BYTES: usize = 1 << 20;

/// More bytes than a chunk takes in an index.
const CHUNK_ENTRY: usize = 128;

/// More bytes than all else that is written at a time.
const METADATA: usize = 1 << 18;

/// Of properties, beside y and x: they have one frame.
const STATIC: &str = "static";

/// Values per chunk of what grows by one value per frame.
const SERIES_CHUNK: usize = 512;

const FLOAT: TypeDescriptor = TypeDescriptor::Float(FloatSize::U8);
const INTEGER: TypeDescriptor = TypeDescriptor::Integer(IntSize::U8);

/// When what grows gets its place in the file: as it grows. Writing collectively needs that (HDF5 1.10 reads a
/// chunk with a checksum before it writes to it), and a file that one process began may be gone on with by
/// several.
const AT_ONCE: Option<AllocTime> = Some(AllocTime::Early);

/// What is written at a time.
#[derive(Debug, Clone, Copy)]
pub enum Part {
    /// The field at a time in s.
    Frame {
        index: usize,
        time: f64,
    },
    Property(Property),
}

impl Part {
    /// The dataset.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Frame { .. } => "temperature",
            Self::Property(property) => property.name,
        }
    }

    /// Where it stands in the dataset.
    pub fn index(&self) -> usize {
        match self {
            Self::Frame { index, .. } => *index,
            Self::Property(_) => 0,
        }
    }
}

/// The datasets of a file that grow with every frame.
pub struct Frames {
    temperature: Dataset,
    /// Times, twice, and offsets.
    time: Dataset,
    values: Dataset,
    offsets: Dataset,
}

impl Storage {
    fn number(self) -> TypeDescriptor {
        TypeDescriptor::Float(if self.single {
            FloatSize::U4
        } else {
            FloatSize::U8
        })
    }

    fn number_bytes(self) -> usize {
        if self.single { 4 } else { 8 }
    }

    /// Creates a dataset of fields on a grid, of one frame or, without `frames`, of any number.
    fn create(
        self,
        group: &Group,
        name: &str,
        [nx, ny]: [usize; 2],
        frames: Option<usize>,
    ) -> Result<Dataset> {
        let mut builder = group.new_dataset_builder();
        if let Some(level) = self.compression {
            builder = builder.shuffle().deflate(level);
        }
        let frames = frames.map_or(Extent::resizable(0), Extent::fixed);
        builder
            .fletcher32()
            .fill_time(FillTime::Never)
            .alloc_time(AT_ONCE)
            .chunk((1, self.chunk_rows([nx, ny]), nx))
            .empty_as(self.number())
            .shape((frames, ny, nx))
            .create(name)
    }

    /// Rows of a chunk: whole rows, and all chunks about equally large.
    pub(super) fn chunk_rows(self, [nx, ny]: [usize; 2]) -> usize {
        let most = (CHUNK_BYTES / (nx * self.number_bytes())).max(1);
        ny.div_ceil(ny.div_ceil(most))
    }

    /// More bytes than a frame takes: its chunks, each stored whole and with an entry in an index. What
    /// cannot be compressed is stored as it is.
    #[must_use]
    pub fn frame_bytes(self, cells: [usize; 2]) -> usize {
        let rows = self.chunk_rows(cells);
        let chunks = cells[1].div_ceil(rows);
        METADATA + chunks * (rows * cells[0] * self.number_bytes() + CHUNK_ENTRY)
    }
}

/// More bytes than a file without a frame takes.
pub fn empty_bytes(heading: &Heading<'_>, [nx, ny]: [usize; 2]) -> usize {
    METADATA + heading.config.len() + 2 * (nx + ny) * size_of::<f64>()
}

/// Lays out an empty file. All ranks that opened it call it alike; `first` tells the one
/// that writes what is written once.
pub fn create(
    file: &File,
    heading: &Heading<'_>,
    extract: &Extract,
    storage: Storage,
    first: bool,
    parallel: bool,
) -> Result<()> {
    text(file, "Conventions", "CF-1.11")?;
    text(file, "title", heading.title)?;
    text(
        file,
        "source",
        concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")),
    )?;
    let provenance = file.create_group("provenance")?;
    text(&provenance, "version", env!("CARGO_PKG_VERSION"))?;
    text(
        &provenance,
        "commit",
        option_env!("ISOTHERM_COMMIT").unwrap_or("unknown"),
    )?;
    text(&provenance, "config", heading.config)?;

    let image = file.create_group("VTKHDF")?;
    describe_image(&image, &extract.grid())?;
    let data = image.create_group("CellData")?;
    let temperature = storage.create(&data, "temperature", extract.counts(), None)?;
    text(&temperature, "units", "K")?;
    text(&temperature, "long_name", "temperature")?;

    let steps = image.create_group("Steps")?;
    steps.new_attr::<i64>().create("NSteps")?.write_scalar(&0)?;
    series(&steps, "Values", FLOAT)?;
    series(
        &steps.create_group("CellDataOffsets")?,
        "temperature",
        INTEGER,
    )?;

    let time = series(file, "time", FLOAT)?;
    raw::attach_scale(&time, c"time", &temperature, 0)?;
    axis(&time, "s", "T")?;
    for (direction, name, letter, dimension) in [(1, c"y", "Y", 1), (0, c"x", "X", 2)] {
        let centers = extract.centers(direction);
        let scale = file
            .new_dataset_builder()
            .fletcher32()
            .chunk(centers.len().min(SERIES_CHUNK))
            .empty_as(FLOAT)
            .shape(centers.len())
            .create(letter.to_ascii_lowercase().as_str())?;
        let mine = if first { centers.as_slice() } else { &[] };
        raw::write(&scale, &[0], &[mine.len()], mine, parallel)?;
        raw::attach_scale(&scale, name, &temperature, dimension)?;
        axis(&scale, "m", letter)?;
    }
    file.link_hard("/VTKHDF/CellData/temperature", "/temperature")
}

/// Lays out a property of the medium, without its values.
pub fn create_property(
    file: &File,
    property: &Property,
    cells: [usize; 2],
    storage: Storage,
) -> Result<Dataset> {
    let name = property.name;
    let data = file.group("/VTKHDF/CellData")?;
    let dataset = storage.create(&data, name, cells, Some(1))?;
    text(&dataset, "units", property.units)?;
    text(&dataset, "long_name", property.words)?;
    series(&file.group("/VTKHDF/Steps/CellDataOffsets")?, name, INTEGER)?;
    let scale = if file.link_exists(STATIC) {
        file.dataset(STATIC)?
    } else {
        let builder = file.new_dataset_builder().fletcher32().chunk(1);
        let scale = builder.empty_as(INTEGER).shape(1).create(STATIC)?;
        text(&scale, "long_name", "what does not change with time")?;
        scale
    };
    raw::attach_scale(&scale, c"static", &dataset, 0)?;
    raw::attach_scale(&file.dataset("y")?, c"y", &dataset, 1)?;
    raw::attach_scale(&file.dataset("x")?, c"x", &dataset, 2)?;
    file.link_hard(&format!("/VTKHDF/CellData/{name}"), name)?;
    Ok(dataset)
}

fn describe_image(image: &Group, grid: &Grid) -> Result<()> {
    let [nx, ny] = grid.cells.map(|cells| cells as u64);
    let [dx, dy] = grid.spacing();
    let version = image.new_attr::<i64>().shape(2).create("Version")?;
    version.write(&[2i64, 0])?;
    // VTK wants a string of fixed length here.
    let name = FixedAscii::<9>::from_ascii(b"ImageData").expect("nine ASCII characters");
    let kind = image.new_attr::<FixedAscii<9>>().create("Type")?;
    kind.write_scalar(&name)?;
    let extent = image.new_attr::<u64>().shape(6).create("WholeExtent")?;
    extent.write(&[0, nx, 0, ny, 0, 0])?;
    let identity = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    let [x, y] = grid.origin;
    for (name, values) in [
        ("Origin", &[x, y, 0.0][..]),
        ("Spacing", &[dx, dy, 1.0]),
        ("Direction", &identity),
    ] {
        let attribute = image.new_attr::<f64>().shape(values.len()).create(name)?;
        attribute.write(values)?;
    }
    Ok(())
}

/// A dataset of one value per frame.
fn series(group: &Group, name: &str, kind: TypeDescriptor) -> Result<Dataset> {
    group
        .new_dataset_builder()
        .fletcher32()
        .alloc_time(AT_ONCE)
        .chunk(SERIES_CHUNK)
        .empty_as(kind)
        .shape(Extent::resizable(0))
        .create(name)
}

fn axis(scale: &Dataset, units: &str, axis: &str) -> Result<()> {
    text(scale, "units", units)?;
    text(scale, "axis", axis)
}

fn text(location: &Location, name: &str, value: &str) -> Result<()> {
    let value = VarLenUnicode::from_str(value).map_err(|error| error.to_string())?;
    let attribute = location.new_attr::<VarLenUnicode>().create(name)?;
    attribute.write_scalar(&value)
}

impl Frames {
    /// Opens what grows and gives it room up to frame `index`, and no further.
    pub fn extend(file: &File, index: usize) -> Result<Self> {
        let temperature = file.dataset("/temperature")?;
        let shape = temperature.shape();
        temperature.resize((index + 1, shape[1], shape[2]))?;
        let grown = |path: &str| -> Result<Dataset> {
            let dataset = file.dataset(path)?;
            dataset.resize(index + 1)?;
            Ok(dataset)
        };
        // Those of properties stay zeros.
        for offsets in file.group("/VTKHDF/Steps/CellDataOffsets")?.datasets()? {
            offsets.resize(index + 1)?;
        }
        Ok(Self {
            temperature,
            time: grown("/time")?,
            values: grown("/VTKHDF/Steps/Values")?,
            offsets: file.dataset("/VTKHDF/Steps/CellDataOffsets/temperature")?,
        })
    }

    pub fn temperature(&self) -> &Dataset {
        &self.temperature
    }

    /// Writes the time of frame `index` in seconds; `None` on all ranks but one.
    pub fn write_time(&self, index: usize, time: Option<f64>, parallel: bool) -> Result<()> {
        let time = time.as_slice();
        let offset = &[index as u64][..time.len()];
        let count = [time.len()];
        raw::write(&self.time, &[index], &count, time, parallel)?;
        raw::write(&self.values, &[index], &count, time, parallel)?;
        raw::write(&self.offsets, &[index], &count, offset, parallel)
    }
}

/// Leaves `count` frames of a file of fields of so many cells along x and y.
pub fn cut_back(file: &File, [nx, ny]: [usize; 2], count: usize) -> Result<()> {
    let temperature = file.dataset("/temperature")?;
    let shape = temperature.shape();
    if shape.len() != 3 || shape[0] < count || shape[1..] != [ny, nx] {
        return Err(format!("it has no {count} frames of {nx} x {ny} cells").into());
    }
    // First it holds fewer, then the others go.
    set_count(file, count)?;
    Frames::extend(file, count - 1).map(drop)
}

/// Writes the blocks of all ranks of frame `index` of a dataset of fields.
pub fn write_block<T: Real>(
    dataset: &Dataset,
    index: usize,
    block: Block,
    values: &[T],
) -> Result<()> {
    let [[i, j], [nx, ny]] = [block.start, block.cells];
    raw::write(dataset, &[index, j, i], &[1, ny, nx], values, true)
}

/// Says that the file holds `count` frames.
pub fn set_count(file: &File, count: usize) -> Result<()> {
    let steps = file.group("/VTKHDF/Steps")?;
    steps
        .attr("NSteps")?
        .write_scalar(&(count as u64).cast_signed())
}
