//! What was written goes on to the disk while other things go on.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use crate::{error::Error, output::run_directory};

/// Has the system give a file to the disk, where it is safe from a loss of power: beside the next frame, not all of
/// it at the end. Some file systems say only then that there is no room. Clones are of the same file.
#[derive(Debug, Clone)]
pub struct Disk(Arc<State>);

#[derive(Debug)]
struct State {
    path: PathBuf,
    under_way: Mutex<Option<JoinHandle<io::Result<()>>>>,
}

impl Disk {
    pub fn of(path: &Path) -> Self {
        Self(Arc::new(State {
            path: path.to_owned(),
            under_way: Mutex::default(),
        }))
    }

    /// Begins to give what was written so far, unless the last time is not over.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if the last time failed.
    pub fn give(&self) -> Result<(), Error> {
        let under_way = &mut *self.under_way();
        if under_way.as_ref().is_some_and(|last| !last.is_finished()) {
            return Ok(());
        }
        self.join(under_way)?;
        let state = Arc::clone(&self.0);
        // Without a thread it is left to the end.
        let begun = thread::Builder::new().name("disk".to_owned());
        *under_way = begun.spawn(move || sync(&state.path)).ok();
        Ok(())
    }

    /// Waits until nothing is under way.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if the last time failed.
    pub fn wait(&self) -> Result<(), Error> {
        self.join(&mut self.under_way())
    }

    /// Gives all that was written, and waits for it.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if it is not there.
    pub fn settle(&self) -> Result<(), Error> {
        self.wait()?;
        sync(&self.0.path).map_err(|error| self.failed(&error))
    }

    fn under_way(&self) -> MutexGuard<'_, Option<JoinHandle<io::Result<()>>>> {
        let under_way = self.0.under_way.lock();
        under_way.unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, under_way: &mut Option<JoinHandle<io::Result<()>>>) -> Result<(), Error> {
        let last = under_way.take().map(JoinHandle::join);
        match last {
            Some(Ok(Err(error))) => Err(self.failed(&error)),
            _ => Ok(()),
        }
    }

    fn failed(&self, error: &io::Error) -> Error {
        run_directory::failed("write", &self.0.path, error)
    }
}

fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn what_is_gone_cannot_be_given() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("file");
        std::fs::write(&path, "values").unwrap();
        let disk = Disk::of(&path);
        disk.give().unwrap();
        disk.settle().unwrap();
        std::fs::remove_file(&path).unwrap();
        // Told of the next time.
        disk.give().unwrap();
        assert_eq!(disk.settle().unwrap_err().kind, Kind::Storage);
        assert_eq!(disk.settle().unwrap_err().kind, Kind::Storage);
    }
}
