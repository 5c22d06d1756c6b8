//! The frames of a file, and the one that is being written while steps go on.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::disk::Disk;
use crate::{
    comm::{Communicator, agree},
    error::{Error, Kind},
};

/// How many frames of a file are whole, and the one that is under way, if there is one: shared by those who write
/// and those who wait. Every rank counts.
#[derive(Debug, Clone, Default)]
pub struct Frames(Rc<State>);

#[derive(Debug, Default)]
struct State {
    whole: Cell<usize>,
    is_under_way: Cell<bool>,
    /// On the rank that writes.
    writer: RefCell<Option<JoinHandle<(Written, Duration)>>>,
    /// Memory for the next frame.
    buffer: RefCell<Vec<u64>>,
    /// Where they end up, on ranks that write.
    disk: RefCell<Option<Disk>>,
    times: Cell<FrameTimes>,
}

/// What a writer leaves.
#[derive(Debug)]
pub(super) struct Written {
    pub result: Result<(), Error>,
    pub buffer: Vec<u64>,
}

/// What the frames of a run took on this rank.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FrameTimes {
    pub frames: usize,
    /// Seconds from when a frame was due until it was whole, waiting for the one before it left out; and for
    /// the disk in the end.
    pub writing: f64,
    /// Seconds for which steps waited.
    pub waiting: f64,
}

impl Frames {
    /// Those of a file that holds `whole` already.
    #[must_use]
    pub fn of(whole: usize) -> Self {
        let frames = Self::default();
        frames.0.whole.set(whole);
        frames
    }

    /// How many are whole.
    #[must_use]
    pub fn whole(&self) -> usize {
        self.0.whole.get()
    }

    #[must_use]
    pub fn times(&self) -> FrameTimes {
        self.0.times.get()
    }

    /// Waits for the frame that is under way. Collective.
    ///
    /// # Errors
    /// [`Kind::Storage`] if it could not be written.
    pub fn settle(&self, comm: &dyn Communicator) -> Result<(), Error> {
        if !self.0.is_under_way.replace(false) {
            return Ok(());
        }
        let start = Instant::now();
        let result = self.0.join();
        self.took(|times| times.waiting += start.elapsed().as_secs_f64());
        agree(comm, result)?;
        self.count();
        Ok(())
    }

    /// Waits for all that there is to be on the disk. Collective.
    ///
    /// # Errors
    /// [`Kind::Storage`] if it is not.
    pub fn close(&self, comm: &dyn Communicator) -> Result<(), Error> {
        self.settle(comm)?;
        let start = Instant::now();
        let disk = self.0.disk.borrow().clone();
        agree(comm, disk.map_or(Ok(()), |disk| disk.settle()))?;
        self.steps_waited_since(start);
        Ok(())
    }

    /// Steps have waited for all of some writing.
    pub(super) fn steps_waited_since(&self, start: Instant) {
        let seconds = start.elapsed().as_secs_f64();
        self.took(|times| {
            times.writing += seconds;
            times.waiting += seconds;
        });
    }

    /// Frames go to this disk.
    pub(super) fn go_to(&self, disk: Option<Disk>) {
        *self.0.disk.borrow_mut() = disk;
    }

    /// A frame is whole.
    pub(super) fn count(&self) {
        self.0.whole.set(self.whole() + 1);
        self.took(|times| times.frames += 1);
    }

    /// Memory that the frame before has left.
    pub(super) fn buffer(&self) -> Vec<u64> {
        self.0.buffer.take()
    }

    pub(super) fn give_back(&self, buffer: Vec<u64>) {
        *self.0.buffer.borrow_mut() = buffer;
    }

    /// From now on a frame is under way, for which `write` is called beside the main thread, on ranks that write.
    pub(super) fn begin(
        &self,
        write: Option<impl FnOnce() -> Written + Send + 'static>,
    ) -> Result<(), Error> {
        if let Some(write) = write {
            let writer = thread::Builder::new().name("frames".to_owned());
            let writer = writer.spawn(move || {
                let start = Instant::now();
                (write(), start.elapsed())
            });
            let writer = writer.map_err(|error| {
                Error::new(Kind::Internal, format!("cannot start a thread: {error}"))
            })?;
            *self.0.writer.borrow_mut() = Some(writer);
        }
        self.0.is_under_way.set(true);
        Ok(())
    }

    pub(super) fn took(&self, change: impl FnOnce(&mut FrameTimes)) {
        self.0.took(change);
    }
}

impl State {
    fn took(&self, change: impl FnOnce(&mut FrameTimes)) {
        let mut times = self.times.get();
        change(&mut times);
        self.times.set(times);
    }

    /// Waits for the writer of this rank, if it has one at work.
    fn join(&self) -> Result<(), Error> {
        let Some(writer) = self.writer.take() else {
            return Ok(());
        };
        let (Written { result, buffer }, time) = writer
            .join()
            .map_err(|_| Error::new(Kind::Internal, "the writer of frames panicked"))?;
        self.took(|times| times.writing += time.as_secs_f64());
        *self.buffer.borrow_mut() = buffer;
        result
    }
}

/// A run that ends early, too, leaves a file that is whole.
impl Drop for State {
    fn drop(&mut self) {
        // The error to report is the one that ends the run.
        let _ = self.join();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comm::Local;
    use std::sync::mpsc;

    /// A writer on the first rank that ends, with `result`, when it is told to.
    fn writer(
        rank: usize,
        result: Result<(), Error>,
    ) -> (mpsc::Sender<()>, Option<impl FnOnce() -> Written + Send>) {
        let (end, ended) = mpsc::channel();
        let write = move || {
            let _ = ended.recv();
            let buffer = vec![7; 3];
            Written { result, buffer }
        };
        (end, (rank == 0).then_some(write))
    }

    #[test]
    fn a_frame_counts_once_it_is_waited_for() {
        Local::run(3, |comm| {
            let frames = Frames::of(4);
            let (end, write) = writer(comm.rank(), Ok(()));
            frames.begin(write).unwrap();
            assert_eq!(frames.whole(), 4);
            end.send(()).or(Err(())).ok();
            frames.settle(comm.as_ref()).unwrap();
            frames.settle(comm.as_ref()).unwrap();
            assert_eq!((frames.whole(), frames.times().frames), (5, 1));
            let buffer = frames.buffer();
            assert_eq!(buffer.len(), if comm.rank() == 0 { 3 } else { 0 });
        });
    }

    #[test]
    fn what_went_wrong_is_told_to_all_and_does_not_count() {
        let errors = Local::run(3, |comm| {
            let frames = Frames::default();
            let (end, write) = writer(comm.rank(), Err(Error::storage("full")));
            frames.begin(write).unwrap();
            drop(end);
            let error = frames.settle(comm.as_ref()).unwrap_err();
            assert_eq!(frames.whole(), 0);
            error
        });
        assert!(errors.iter().all(|error| *error == Error::storage("full")));
    }

    #[test]
    fn nobody_leaves_while_a_frame_is_written() {
        let (said, heard) = mpsc::channel();
        let frames = Frames::default();
        let write = move || {
            thread::sleep(Duration::from_millis(50));
            said.send(()).unwrap();
            let (result, buffer) = (Ok(()), Vec::new());
            Written { result, buffer }
        };
        frames.begin(Some(write)).unwrap();
        drop(frames);
        heard.try_recv().unwrap();
    }
}
