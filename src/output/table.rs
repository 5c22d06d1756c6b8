//! A CSV file that grows by a row at a time.

use std::{
    fmt::Write as _,
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
};

use super::run_directory::failed;
use crate::{
    comm::{Communicator, agree},
    error::Error,
    simulation::Clock,
};

/// Numbers over time, a row for each look; its first columns are the step and the time in s.
pub struct Table {
    path: PathBuf,
    /// On rank 0.
    file: Option<File>,
}

impl Table {
    /// Creates the file `path` with the names of its columns after `step` and `time`. Collective.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if the file cannot be written.
    pub fn create<'a>(
        path: &Path,
        columns: impl IntoIterator<Item = &'a str>,
        comm: &dyn Communicator,
    ) -> Result<Self, Error> {
        let file = if comm.rank() == 0 {
            let names: Vec<&str> = ["step", "time"].into_iter().chain(columns).collect();
            let header = names.join(",") + "\n";
            File::create(path)
                .and_then(|mut file| file.write_all(header.as_bytes()).map(|()| Some(file)))
                .map_err(|error| failed("write", path, &error))
        } else {
            Ok(None)
        };
        Ok(Self {
            path: path.to_path_buf(),
            file: agree(comm, file)?,
        })
    }

    /// Adds a row: the clock's step and time, and the numbers of the other columns, as short as
    /// they can be without losing a bit. Those of rank 0 count. Collective.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if the file cannot be written.
    pub fn append(
        &mut self,
        clock: &Clock,
        numbers: &[f64],
        comm: &dyn Communicator,
    ) -> Result<(), Error> {
        let written = match &mut self.file {
            Some(file) => {
                let mut row = format!("{},{:?}", clock.step(), clock.time());
                for number in numbers {
                    write!(row, ",{number:?}").expect("a string takes all");
                }
                row.push('\n');
                file.write_all(row.as_bytes())
                    .map_err(|error| failed("write", &self.path, &error))
            }
            None => Ok(()),
        };
        agree(comm, written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{comm::Local, error::Kind, simulation::Pace};

    fn clock() -> Clock {
        Clock::new(1.0, Pace::Even)
    }

    #[test]
    fn rank_0_writes_what_reads_back_as_the_same_numbers() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("table.csv");
        Local::run(3, |comm| {
            let comm = comm.as_ref();
            let mine = if comm.rank() == 0 { 0.1 + 0.2 } else { 7.0 };
            let mut table = Table::create(&path, ["a", "b c"], comm).unwrap();
            table.append(&clock(), &[mine, f64::NAN], comm).unwrap();
            table.append(&clock(), &[-0.0, 1e300], comm).unwrap();
        });
        let text = std::fs::read_to_string(path).unwrap();
        let rows = "0,0.0,0.30000000000000004,NaN\n0,0.0,-0.0,1e300\n";
        assert_eq!(text, format!("step,time,a,b c\n{rows}"));
    }

    #[test]
    fn a_full_disk_is_an_error_on_every_rank() {
        let path = Path::new("/dev/full");
        let errors = Local::run(3, |comm| {
            let comm = comm.as_ref();
            let full = (comm.rank() == 0).then(|| File::create(path).unwrap());
            let mut filled_later = Table {
                path: path.to_path_buf(),
                file: full,
            };
            let first = Table::create(path, ["a"], comm).err().unwrap();
            [
                first,
                filled_later.append(&clock(), &[1.0], comm).unwrap_err(),
            ]
        });
        for error in errors.into_iter().flatten() {
            assert_eq!(error.kind, Kind::Storage);
            assert!(error.message.contains("write /dev/full"), "{error}");
            assert!(error.message.contains("No space left"), "{error}");
        }
    }
}
