//! A CSV file that grows by a row at a time.

use std::{
    cell::Cell,
    fmt::Write as _,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write as _},
    path::{Path, PathBuf},
    rc::Rc,
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
    /// Bytes written, on rank 0.
    mark: Rc<Cell<u64>>,
}

impl Table {
    /// Creates the file `path` with the names of its columns after `step` and `time`; or, with a `mark` above
    /// 0, goes on behind so many bytes of the file that is there. Collective.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if the file cannot be written, or is not the one that the mark was
    /// made in.
    pub fn open<'a>(
        path: &Path,
        columns: impl IntoIterator<Item = &'a str>,
        mark: &Rc<Cell<u64>>,
        comm: &dyn Communicator,
    ) -> Result<Self, Error> {
        let file = if comm.rank() == 0 {
            let names: Vec<&str> = ["step", "time"].into_iter().chain(columns).collect();
            let header = names.join(",") + "\n";
            match mark.get() {
                0 => create(path, &header, mark),
                mark => cut_back(path, &header, mark),
            }
            .map(Some)
            .map_err(|error| failed("write", path, &error))
        } else {
            Ok(None)
        };
        Ok(Self {
            path: path.to_path_buf(),
            file: agree(comm, file)?,
            mark: Rc::clone(mark),
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
                self.mark.set(self.mark.get() + row.len() as u64);
                file.write_all(row.as_bytes())
                    .map_err(|error| failed("write", &self.path, &error))
            }
            None => Ok(()),
        };
        agree(comm, written)
    }
}

fn create(path: &Path, header: &str, mark: &Cell<u64>) -> io::Result<File> {
    let mut file = File::create(path)?;
    file.write_all(header.as_bytes())?;
    mark.set(header.len() as u64);
    Ok(file)
}

fn cut_back(path: &Path, header: &str, length: u64) -> io::Result<File> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut found = vec![0; header.len()];
    let is_short = file.metadata()?.len() < length;
    if is_short || file.read_exact(&mut found).is_err() || found != header.as_bytes() {
        let message =
            format!("it is not the file whose first {length} bytes the checkpoint tells of");
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    file.set_len(length)?;
    file.sync_all()?;
    file.seek(SeekFrom::End(0))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        comm::{Local, Solo},
        error::Kind,
        simulation::Pace,
    };

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
            let mut table = Table::open(&path, ["a", "b c"], &Rc::default(), comm).unwrap();
            table.append(&clock(), &[mine, f64::NAN], comm).unwrap();
            table.append(&clock(), &[-0.0, 1e300], comm).unwrap();
        });
        let text = std::fs::read_to_string(path).unwrap();
        let rows = "0,0.0,0.30000000000000004,NaN\n0,0.0,-0.0,1e300\n";
        assert_eq!(text, format!("step,time,a,b c\n{rows}"));
    }

    #[test]
    fn a_table_goes_on_behind_its_mark() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("table.csv");
        let rows = |mark: &Rc<Cell<u64>>, values: &[f64]| {
            let mut table = Table::open(&path, ["a"], mark, &Solo).unwrap();
            for value in values {
                table.append(&clock(), &[*value], &Solo).unwrap();
            }
            mark.get()
        };
        let mark = Rc::default();
        let early = rows(&mark, &[1.0, 2.0]);
        rows(&mark, &[3.0, 4.0]);
        rows(&Rc::new(Cell::new(early)), &[5.0]);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "step,time,a\n0,0.0,1.0\n0,0.0,2.0\n0,0.0,5.0\n");

        let refused = |columns: [&'static str; 1], mark: u64| {
            let mark = Rc::new(Cell::new(mark));
            Table::open(&path, columns, &mark, &Solo).err().unwrap()
        };
        for error in [refused(["b"], 20), refused(["a"], 1000)] {
            assert_eq!(error.kind, Kind::Storage);
            assert!(error.message.contains("table.csv"), "{error}");
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), text);
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
                mark: Rc::default(),
            };
            let first = Table::open(path, ["a"], &Rc::default(), comm)
                .err()
                .unwrap();
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
