//! `fields.vtkhdf`: frame after frame into one file, from all ranks at once.

use std::{
    cell::Cell,
    ffi::CString,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    rc::Rc,
};

use hdf5_metno::Result as Hdf5Result;

use super::{access, failed, is_parallel, layout, on_writers, raw, space};
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
        let file = self.agree("open", access(self.comm).open_rw(self.path))?;
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
    /// Creates the file, without a frame, for fields of `T` on `grid`; or, where there are `frames` already,
    /// cuts it back to these and goes on. Collective.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if it cannot be written, exists though there are no frames, or does
    /// not hold them.
    pub fn open<T: Real>(
        path: &Path,
        title: &str,
        grid: &Grid,
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
            writers.reserve(layout::empty_bytes(grid.cells))?;
            let first = writers.is_first();
            let laid_out = layout::create::<T>(&file, title, grid, first, parallel);
            writers.agree("lay out", laid_out)?;
            writers.agree("close", file.close())
        })?;
        Ok(Self {
            path: path.to_path_buf(),
            cells: grid.cells,
            frames: Rc::clone(frames),
        })
    }

    /// Adds the field at `time`, in seconds, as the next frame. Collective.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if it cannot be written.
    pub fn append<T: Real>(
        &mut self,
        time: f64,
        u: &Field<T>,
        domain: &Domain,
        comm: &dyn Communicator,
    ) -> Result<(), Error> {
        let block = |domain: &Domain| Block {
            start: domain.start,
            cells: domain.cells,
        };
        let own = u.own_values();
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
            self.write(time, block, &values.unwrap_or_default(), comm)
        })?;
        self.frames.set(self.frames.get() + 1);
        Ok(())
    }

    fn write<T: Real>(
        &self,
        time: f64,
        block: Block,
        values: &[T],
        comm: &dyn Communicator,
    ) -> Result<(), Error> {
        let writers = Writers {
            comm,
            path: &self.path,
        };
        let parallel = is_parallel(comm);
        let index = self.frames.get();
        let file = writers.agree("open", access(comm).open_rw(&self.path))?;
        writers.reserve(layout::frame_bytes::<T>(self.cells))?;
        let frames = writers.agree("extend", layout::Frames::extend(&file, index))?;
        let [[i, j], [nx, ny]] = [block.start, block.cells];
        let written = frames.write_block(index, [j, i], [ny, nx], values, parallel);
        writers.agree("write a frame to", written)?;
        fault::point("frame", comm.rank());
        let time = writers.is_first().then_some(time);
        let written = frames.write_time(index, time, parallel);
        writers.agree("write a time to", written)?;
        // Under MPI a file does not close while its datasets are open.
        drop(frames);
        // A frame counts only once it is there.
        writers.agree("flush", file.flush())?;
        fault::point("flushed", comm.rank());
        writers.agree("count the frames of", layout::set_count(&file, index + 1))?;
        fault::point("counted", comm.rank());
        writers.agree("close", file.close())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::Kind,
        output::{
            Marks,
            testing::{LAYOUTS, Run, grid, temperature},
        },
        simulation::Cadence,
    };
    use hdf5_metno::File;

    fn write<T: Real>(path: &Path, ranks: [usize; 2]) {
        Run::new(grid(), ranks).each(|rank| {
            let comm = rank.comm.as_ref();
            let snapshots = crate::output::Snapshots::open::<T>(
                path,
                "A title",
                &rank.domain.grid,
                Some(Cadence::EveryTime(0.3)),
                &Marks::default(),
                comm,
            )
            .unwrap();
            rank.simulate_as::<T>(vec![Box::new(snapshots)]).unwrap();
        });
    }

    #[test]
    fn every_layout_writes_the_field() {
        for ranks in LAYOUTS {
            let scratch = tempfile::tempdir().unwrap();
            let path = scratch.path().join("fields.vtkhdf");
            write::<f64>(&path, ranks);
            let file = File::open(&path).unwrap();
            let field = file.dataset("/temperature").unwrap();
            assert_eq!(field.shape(), [5, 11, 13]);
            assert_eq!(field.read_raw::<f64>().unwrap(), expected());
            let times = file.dataset("/time").unwrap().read_raw::<f64>().unwrap();
            assert_eq!(times[..], [0.0, 0.3, 0.6, 3.0 * 0.3, 1.0]);
            for path in ["/VTKHDF/Steps/Values", "/time"] {
                assert_eq!(
                    file.dataset(path).unwrap().read_raw::<f64>().unwrap(),
                    times
                );
            }
            let offsets = file.dataset("/VTKHDF/Steps/CellDataOffsets/temperature");
            assert_eq!(offsets.unwrap().read_raw::<i64>().unwrap(), [0, 1, 2, 3, 4]);
            let steps = file.group("/VTKHDF/Steps").unwrap();
            let count: i64 = steps.attr("NSteps").unwrap().read_scalar().unwrap();
            assert_eq!(count, 5);
            let x = file.dataset("/x").unwrap().read_raw::<f64>().unwrap();
            assert_eq!(x.len(), 13);
            assert_eq!(x[2..3], grid().center(2, 0)[..1]);
        }
    }

    fn expected() -> Vec<f64> {
        [0, 3, 6, 9, 10]
            .iter()
            .flat_map(|&step| {
                (0..11).flat_map(move |j| (0..13).map(move |i| temperature(i, j, step)))
            })
            .collect()
    }

    #[test]
    fn single_precision_is_kept() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("fields.vtkhdf");
        write::<f32>(&path, [2, 2]);
        let field = File::open(&path).unwrap().dataset("/temperature").unwrap();
        assert_eq!(field.dtype().unwrap().size(), 4);
        let expected: Vec<f32> = expected().iter().map(|&u| f32::from_f64(u)).collect();
        assert_eq!(field.read_raw::<f32>().unwrap(), expected);
    }

    #[test]
    fn every_chunk_has_a_checksum_that_is_checked() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("fields.vtkhdf");
        write::<f64>(&path, [1, 1]);
        let mut bytes = std::fs::read(&path).unwrap();
        let needle = temperature(4, 5, 6).to_le_bytes();
        let at = bytes
            .windows(8)
            .position(|window| window == needle)
            .unwrap();
        bytes[at + 2] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let field = File::open(&path).unwrap().dataset("/temperature").unwrap();
        assert!(field.read_raw::<f64>().is_err());
    }

    #[test]
    fn an_existing_file_and_a_missing_directory_are_refused_on_every_rank() {
        let scratch = tempfile::tempdir().unwrap();
        let existing = scratch.path().join("fields.vtkhdf");
        std::fs::write(&existing, "mine").unwrap();
        let missing = scratch.path().join("none/fields.vtkhdf");
        for (path, reason) in [(existing, "File exists"), (missing, "No such file")] {
            let errors = Run::new(grid(), [1, 2]).each(|rank| {
                let grid = &rank.domain.grid;
                FieldsFile::open::<f64>(&path, "", grid, &Rc::default(), rank.comm.as_ref())
                    .err()
                    .unwrap()
            });
            for error in errors {
                assert_eq!(error.kind, Kind::Storage);
                assert!(error.message.contains(path.to_str().unwrap()), "{error}");
                assert!(error.message.contains(reason), "{error}");
            }
        }
    }
}
