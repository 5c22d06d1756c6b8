//! `fields.vtkhdf`: frame after frame into one file.

use std::{
    ffi::CString,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    time::Instant,
};

use hdf5_metno::{H5Type, Result as Hdf5Result};

use super::{
    Frames, Heading, Io, Property, Storage, access,
    disk::Disk,
    failed,
    frames::Written,
    gathered::Gathered,
    is_parallel,
    layout::{self, Part},
    on_writers, open_to_write, raw, serial, space,
    verify::verify,
};
use crate::{
    comm::{Communicator, agree},
    domain::Domain,
    error::Error,
    field::{Field, Real, Team},
    output::{blocks::Block, extract::Extract, fault, run_directory},
};

/// A frame of more bytes is not gathered on one rank unless that is asked for.
const MOST_GATHERED: usize = 1 << 30;

/// A file of frames. It is open only while a frame is written: in between it is whole, and other
/// programs may read it.
///
/// Rank 0 gathers a frame and writes it beside the main thread, while steps go on; or ranks that are MPI processes
/// write together, for which steps wait, since MPI serves the main thread alone. The content is the same either way.
pub struct FieldsFile {
    path: PathBuf,
    extract: Extract,
    storage: Storage,
    /// Whether the ranks write together, where they can.
    is_collective: bool,
    frames: Frames,
    /// On ranks that write.
    disk: Option<Disk>,
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
            reserve(self.path, bytes)
        } else {
            Ok(())
        };
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

fn reserve(path: &Path, bytes: usize) -> Result<(), Error> {
    let what = format!("make room for {bytes} bytes in");
    space::reserve(path, bytes as u64).map_err(|error| run_directory::failed(&what, path, &error))
}

impl Storage {
    /// Whether a frame is written by all ranks together, where there are several.
    #[must_use]
    pub fn is_collective(self, io: Io, cells: [usize; 2]) -> bool {
        match io {
            Io::Auto => self.frame_bytes(cells) > MOST_GATHERED,
            Io::Collective => true,
            Io::Gather => false,
        }
    }
}

impl FieldsFile {
    /// Creates the file, without a frame, for fields on the cells of an extract; or, where there are `frames` already,
    /// cuts it back to these and goes on. Collective.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if it cannot be written, exists though there are no frames, or does
    /// not hold them.
    pub fn open(
        path: &Path,
        heading: &Heading<'_>,
        extract: Extract,
        (storage, io): (Storage, Io),
        frames: &Frames,
        comm: &dyn Communicator,
    ) -> Result<Self, Error> {
        let cells = extract.counts();
        on_writers(comm, |comm| {
            let writers = Writers { comm, path };
            if frames.whole() > 0 {
                return writers.cut_back(cells, frames.whole());
            }
            let parallel = is_parallel(comm);
            let file = writers.agree("create", access(comm).create_excl(path))?;
            writers.reserve(layout::empty_bytes(heading, cells))?;
            let first = writers.is_first();
            let laid_out = layout::create(&file, heading, &extract, storage, first, parallel);
            writers.agree("lay out", laid_out)?;
            writers.agree("close", file.close())
        })?;
        let is_collective = storage.is_collective(io, cells) && is_parallel(comm);
        let disk = (is_collective || comm.rank() == 0).then(|| Disk::of(path));
        frames.go_to(disk.clone());
        Ok(Self {
            path: path.to_path_buf(),
            is_collective,
            extract,
            storage,
            frames: frames.clone(),
            disk,
        })
    }

    /// Whether all ranks write together, for which steps wait.
    #[must_use]
    pub fn is_collective(&self) -> bool {
        self.is_collective
    }

    #[must_use]
    pub fn frames(&self) -> &Frames {
        &self.frames
    }

    /// Adds a property of the medium. Collective.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if it cannot be written, or is not there afterwards.
    pub fn add_property(
        &self,
        property: Property,
        values: &Field<f64>,
        domain: &Domain,
        team: &Team,
        comm: &dyn Communicator,
    ) -> Result<(), Error> {
        let part = Part::Property(property);
        if self.storage.single {
            self.write::<f64, f32>(part, values, domain, team, comm)?;
        } else {
            self.write::<f64, f64>(part, values, domain, team, comm)?;
        }
        Ok(())
    }

    /// Adds the field at `time`, in seconds, as the next frame, in the file's precision. It counts when
    /// [`Frames::settle`] has waited for it; what was written is read back before. Collective.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if there is no room for it, or it or the one before it could not be written.
    pub fn append<T: Real>(
        &self,
        time: f64,
        u: &Field<T>,
        domain: &Domain,
        team: &Team,
        comm: &dyn Communicator,
    ) -> Result<(), Error> {
        self.frames.settle(comm)?;
        let start = Instant::now();
        let index = self.frames.whole();
        let part = Part::Frame { index, time };
        let is_whole = if self.storage.single {
            self.write::<T, f32>(part, u, domain, team, comm)?
        } else {
            self.write::<T, f64>(part, u, domain, team, comm)?
        };
        self.frames.steps_waited_since(start);
        if is_whole {
            self.frames.count();
            let first = self.disk.as_ref().filter(|_| comm.rank() == 0);
            agree(comm, first.map_or(Ok(()), Disk::give))?;
        }
        Ok(())
    }

    /// Writes a part; false if it is still being written.
    fn write<T: Real, S: Real + H5Type>(
        &self,
        part: Part,
        u: &Field<T>,
        domain: &Domain,
        team: &Team,
        comm: &dyn Communicator,
    ) -> Result<bool, Error> {
        let extract = (&self.extract, domain);
        if self.is_collective {
            // To close a file takes locks off it that MPI may hold.
            let given = self.disk.as_ref().map_or(Ok(()), Disk::wait);
            agree(comm, given)?;
            let block = self.extract.block(domain);
            let mut values = vec![S::ZERO; block.len()];
            self.extract.copy(u, domain, team, &mut values);
            return self
                .write_together(part, block, &values, comm)
                .map(|()| true);
        }
        let room = if comm.rank() == 0 {
            reserve(&self.path, self.storage.frame_bytes(self.extract.counts()))
        } else {
            Ok(())
        };
        agree(comm, room)?;
        let gathered = Gathered::gather::<T, S>(u, extract, team, comm, self.frames.buffer());
        let gathered = gathered
            .map_err(|buffer| self.frames.give_back(buffer))
            .ok();
        let (path, storage, disk) = (self.path.clone(), self.storage, self.disk.clone());
        let write = gathered.map(|values| {
            move || Written {
                result: serial::write::<S>(&path, &part, storage, &values)
                    .and_then(|()| disk.as_ref().map_or(Ok(()), Disk::give)),
                buffer: values.into_buffer(),
            }
        });
        if let Part::Frame { .. } = part {
            agree(comm, self.frames.begin(write))?;
            return Ok(false);
        }
        let written = write.map_or(Ok(()), |write| {
            let Written { result, buffer } = write();
            self.frames.give_back(buffer);
            result
        });
        agree(comm, written).map(|()| true)
    }

    /// Writes a part of which every rank has a block, maybe an empty one.
    fn write_together<S: Real + H5Type>(
        &self,
        part: Part,
        block: Block,
        values: &[S],
        comm: &dyn Communicator,
    ) -> Result<(), Error> {
        let writers = Writers {
            comm,
            path: &self.path,
        };
        let file = writers.agree("open", open_to_write(&self.path, comm))?;
        writers.reserve(self.storage.frame_bytes(self.extract.counts()))?;
        match part {
            Part::Frame { index, time } => {
                let frames = writers.agree("extend", layout::Frames::extend(&file, index))?;
                let dataset = frames.temperature();
                let written = layout::write_block(dataset, index, block, values);
                writers.agree("write a frame to", written)?;
                fault::point("frame", comm.rank());
                let time = writers.is_first().then_some(time);
                let written = frames.write_time(index, time, true);
                writers.agree("write a time to", written)?;
            }
            Part::Property(property) => {
                let counts = self.extract.counts();
                let created = layout::create_property(&file, &property, counts, self.storage);
                let dataset = writers.agree("extend", created)?;
                let written = layout::write_block(&dataset, 0, block, values);
                writers.agree("write a property to", written)?;
            }
        }
        // Under MPI a file does not close while its datasets are open; they are gone here.
        writers.agree("flush", file.flush())?;
        writers.agree("close", file.close())?;
        if let Part::Frame { .. } = part {
            fault::point("flushed", comm.rank());
        }
        let read_back = verify(&self.path, part.name(), part.index(), block, values);
        agree(comm, read_back)?;
        if let Part::Frame { index, .. } = part {
            let file = writers.agree("open", open_to_write(&self.path, comm))?;
            let counted = layout::set_count(&file, index + 1);
            writers.agree("count the frames of", counted)?;
            fault::point("counted", comm.rank());
            writers.agree("close", file.close())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
