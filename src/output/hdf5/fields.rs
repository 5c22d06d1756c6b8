//! `fields.vtkhdf`: frame after frame into one file, from all ranks at once.

use std::{
    cell::Cell,
    ffi::CString,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    rc::Rc,
};

use hdf5_metno::{H5Type, Result as Hdf5Result};

use super::{
    Heading, Property, Storage, access, failed, is_parallel, layout, on_writers, open_to_write,
    raw, space, verify::verify,
};
use crate::{
    comm::{Communicator, agree},
    domain::Domain,
    error::Error,
    field::{Field, Real},
    grid::Grid,
    output::{
        blocks::{Block, gather_blocks},
        fault, run_directory,
    },
};

/// A file of frames. It is open only while a frame is written: in between it is whole, and other
/// programs may read it.
///
/// Where ranks are MPI processes they write together; otherwise rank 0 gathers and writes. The
/// content is the same either way.
pub struct FieldsFile {
    path: PathBuf,
    /// Of the whole grid.
    cells: [usize; 2],
    storage: Storage,
    frames: Rc<Cell<usize>>,
}

/// The ranks that write a file, and the file. A step that fails on one of them fails on all.
struct Writers<'a> {
    comm: &'a dyn Communicator,
    path: &'a Path,
}

impl Writers<'_> {
    fn agree<R>(&self, what: &str, result: Hdf5Result<R>) -> Result<R, Error> {
        let result = result.map_err(|error| failed(what, self.path, &error));
        agree(self.comm, result)
    }

    /// Makes sure that so many bytes can be written.
    fn reserve(&self, bytes: usize) -> Result<(), Error> {
        let reserved = if self.is_first() {
            space::reserve(self.path, bytes as u64)
        } else {
            Ok(())
        };
        let what = format!("make room for {} MiB in", bytes.div_ceil(1 << 20));
        let reserved = reserved.map_err(|error| run_directory::failed(&what, self.path, &error));
        agree(self.comm, reserved)
    }

    /// Leaves so many frames of what a run that broke off may have left.
    fn cut_back(&self, cells: [usize; 2], frames: usize) -> Result<(), Error> {
        let repaired = if self.is_first() {
            let path = CString::new(self.path.as_os_str().as_bytes());
            path.map_err(|error| error.to_string().into())
                .and_then(|path| raw::clear_status(&path))
        } else {
            Ok(())
        };
        self.agree("open", repaired)?;
        let file = self.agree("open", open_to_write(self.path, self.comm))?;
        let cut = layout::cut_back(&file, cells, frames);
        self.agree("cut back", cut)?;
        self.agree("flush", file.flush())?;
        self.agree("close", file.close())
    }

    fn is_first(&self) -> bool {
        self.comm.rank() == 0
    }
}

impl FieldsFile {
    /// Creates the file, without a frame, for fields on `grid`; or, where there are `frames` already,
    /// cuts it back to these and goes on. Collective.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if it cannot be written, exists though there are no frames, or does
    /// not hold them.
    pub fn open(
        path: &Path,
        heading: &Heading<'_>,
        grid: &Grid,
        storage: Storage,
        frames: &Rc<Cell<usize>>,
        comm: &dyn Communicator,
    ) -> Result<Self, Error> {
        on_writers(comm, |comm| {
            let writers = Writers { comm, path };
            if frames.get() > 0 {
                return writers.cut_back(grid.cells, frames.get());
            }
            let parallel = is_parallel(comm);
            let file = writers.agree("create", access(comm).create_excl(path))?;
            writers.reserve(layout::empty_bytes(heading, grid.cells))?;
            let first = writers.is_first();
            let laid_out = layout::create(&file, heading, grid, storage, first, parallel);
            writers.agree("lay out", laid_out)?;
            writers.agree("close", file.close())
        })?;
        Ok(Self {
            path: path.to_path_buf(),
            cells: grid.cells,
            storage,
            frames: Rc::clone(frames),
        })
    }

    /// Adds a property of the medium, of which `own` are the values on this rank's cells, row by row.
    /// Collective.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn add_property(
        &self,
        property: &Property,
        own: Vec<f64>,
        domain: &Domain,
        comm: &dyn Communicator,
    ) -> Result<(), Error> {
        let part = Part::Property(property, &domain.grid);
        self.write(&part, own, domain, comm)
    }

    /// Adds the field at `time`, in seconds, as the next frame. What was written is read back before
    /// it counts. Collective.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if it cannot be written, or is not there afterwards.
    pub fn append<T: Real>(
        &mut self,
        time: f64,
        u: &Field<T>,
        domain: &Domain,
        comm: &dyn Communicator,
    ) -> Result<(), Error> {
        self.write(&Part::Frame(time), u.own_values(), domain, comm)?;
        self.frames.set(self.frames.get() + 1);
        Ok(())
    }

    /// Writes values in the file's precision.
    fn write<T: Real>(
        &self,
        part: &Part<'_>,
        own: Vec<T>,
        domain: &Domain,
        comm: &dyn Communicator,
    ) -> Result<(), Error> {
        let own = own.into_iter().map(T::to_f64);
        if self.storage.single {
            self.write_as::<f32>(part, own.map(f32::from_f64).collect(), domain, comm)
        } else {
            self.write_as::<f64>(part, own.collect(), domain, comm)
        }
    }

    fn write_as<T: Real + H5Type>(
        &self,
        part: &Part<'_>,
        own: Vec<T>,
        domain: &Domain,
        comm: &dyn Communicator,
    ) -> Result<(), Error> {
        let block = |domain: &Domain| Block {
            start: domain.start,
            cells: domain.cells,
        };
        let (block, values) = if is_parallel(comm) {
            (block(domain), Some(own))
        } else {
            let part = |rank| block(&domain.of_rank(rank));
            let cells = domain.grid.cells;
            let whole = Block {
                start: [0, 0],
                cells,
            };
            (whole, gather_blocks(comm, cells, part, &own))
        };
        on_writers(comm, |comm| {
            let writers = Writers {
                comm,
                path: &self.path,
            };
            let values = values.unwrap_or_default();
            let (dataset, index) = self.write_block(part, block, &values, &writers)?;
            if let Part::Frame(_) = part {
                fault::point("flushed", comm.rank());
            }
            let read_back = verify(&self.path, dataset, index, block, &values);
            agree(comm, read_back)?;
            match part {
                Part::Frame(_) => Self::count(index + 1, &writers),
                Part::Property(..) => Ok(()),
            }
        })
    }

    /// Writes a block of a frame or of a property; tells where it stands.
    fn write_block<'a, T: Real>(
        &self,
        part: &Part<'a>,
        block: Block,
        values: &[T],
        writers: &Writers<'_>,
    ) -> Result<(&'a str, usize), Error> {
        let parallel = is_parallel(writers.comm);
        let file = writers.agree("open", open_to_write(&self.path, writers.comm))?;
        writers.reserve(self.storage.frame_bytes(self.cells))?;
        let place = match *part {
            Part::Frame(time) => {
                let index = self.frames.get();
                let frames = writers.agree("extend", layout::Frames::extend(&file, index))?;
                let dataset = frames.temperature();
                let written = layout::write_block(dataset, index, block, values, parallel);
                writers.agree("write a frame to", written)?;
                fault::point("frame", writers.comm.rank());
                let time = writers.is_first().then_some(time);
                let written = frames.write_time(index, time, parallel);
                writers.agree("write a time to", written)?;
                ("temperature", index)
            }
            Part::Property(property, grid) => {
                let created = layout::create_property(&file, property, grid, self.storage);
                let dataset = writers.agree("extend", created)?;
                let written = layout::write_block(&dataset, 0, block, values, parallel);
                writers.agree("write a property to", written)?;
                (property.name, 0)
            }
        };
        // Under MPI a file does not close while its datasets are open; they are gone here.
        writers.agree("flush", file.flush())?;
        writers.agree("close", file.close())?;
        Ok(place)
    }

    /// Counts frames: one counts only once it is there.
    fn count(frames: usize, writers: &Writers<'_>) -> Result<(), Error> {
        let file = writers.agree("open", open_to_write(writers.path, writers.comm))?;
        writers.agree("count the frames of", layout::set_count(&file, frames))?;
        fault::point("counted", writers.comm.rank());
        writers.agree("close", file.close())
    }
}

/// What is written at a time.
enum Part<'a> {
    /// The field at a time in s.
    Frame(f64),
    Property(&'a Property, &'a Grid),
}

#[cfg(test)]
mod tests;
