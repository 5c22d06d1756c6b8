//! What a rank is about, for a watchdog on another thread.

use std::{
    rc::Rc,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Communicator, Message, Poll, Reduce};

/// What a rank is about: shared by the rank and those who watch it.
#[derive(Debug, Clone, Default)]
pub struct Pulse(Arc<Mutex<Doing>>);

/// What a rank is about at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Doing {
    /// A name of what it does.
    pub phase: &'static str,
    /// Whether it waits for other ranks to do their part.
    pub waits: bool,
    /// Goes on with whatever the rank begins or hears.
    pub beats: u64,
}

impl Pulse {
    #[must_use]
    pub fn look(&self) -> Doing {
        *self.lock()
    }

    /// Something else begins.
    pub fn enter(&self, phase: &'static str) {
        let mut doing = self.lock();
        doing.phase = phase;
        doing.beats += 1;
    }

    fn set_waits(&self, waits: bool) {
        let mut doing = self.lock();
        doing.waits = waits;
        doing.beats += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Doing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A communicator that tells a pulse when its rank waits for others.
pub struct Watched {
    inner: Rc<dyn Communicator>,
    pulse: Pulse,
}

impl Watched {
    #[must_use]
    pub fn new(inner: Rc<dyn Communicator>, pulse: &Pulse) -> Self {
        let pulse = pulse.clone();
        Self { inner, pulse }
    }

    fn wait<R>(&self, call: impl FnOnce(&dyn Communicator) -> R) -> R {
        self.pulse.set_waits(true);
        let result = call(self.inner.as_ref());
        self.pulse.set_waits(false);
        result
    }
}

impl Communicator for Watched {
    fn rank(&self) -> usize {
        self.inner.rank()
    }

    fn size(&self) -> usize {
        self.inner.size()
    }

    fn cartesian(self: Rc<Self>, ranks: [usize; 2], periodic: [bool; 2]) -> Rc<dyn Communicator> {
        let inner = Rc::clone(&self.inner).cartesian(ranks, periodic);
        Rc::new(Self::new(inner, &self.pulse))
    }

    fn all_reduce(&self, values: &mut [f64], op: Reduce) {
        self.wait(|inner| inner.all_reduce(values, op));
    }

    fn all_reduce_integers(&self, values: &mut [i64], op: Reduce) {
        self.wait(|inner| inner.all_reduce_integers(values, op));
    }

    fn all_reduce_integers_while(&self, values: &mut [i64], op: Reduce, overlap: &mut dyn FnMut()) {
        self.wait(|inner| {
            inner.all_reduce_integers_while(values, op, &mut || {
                self.pulse.set_waits(false);
                overlap();
                self.pulse.set_waits(true);
            });
        });
    }

    fn exchange(&self, messages: &mut [Message<'_>], overlap: &mut dyn FnMut(&mut Poll<'_>)) {
        self.wait(|inner| {
            inner.exchange(messages, &mut |poll| {
                self.pulse.set_waits(false);
                overlap(poll);
                self.pulse.set_waits(true);
            });
        });
    }

    fn broadcast(&self, root: usize, bytes: &mut Vec<u8>) {
        self.wait(|inner| inner.broadcast(root, bytes));
    }

    fn gather(&self, root: usize, bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
        self.wait(|inner| inner.gather(root, bytes))
    }

    fn barrier(&self) {
        self.wait(|inner| inner.barrier());
    }

    fn library(&self) -> Option<String> {
        self.inner.library()
    }

    #[cfg(feature = "mpi")]
    fn as_mpi(&self) -> Option<super::world::Raw> {
        self.inner.as_mpi()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comm::Local;
    use std::time::{Duration, Instant};

    /// Whether a rank will be seen like that before long.
    fn comes_to(pulse: &Pulse, phase: &str, waits: bool) -> bool {
        let start = Instant::now();
        loop {
            let doing = pulse.look();
            if (doing.phase, doing.waits) == (phase, waits) {
                return true;
            }
            if start.elapsed() > Duration::from_secs(10) {
                return false;
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_one_for_whom_the_others_wait_does_not_wait() {
        let pulses = [Pulse::default(), Pulse::default(), Pulse::default()];
        Local::run(3, |comm| {
            let own = &pulses[comm.rank()];
            let comm = Watched::new(comm, own);
            own.enter("steps");
            if comm.rank() == 1 {
                // In the midst of an exchange, too, whoever computes does not wait.
                comm.exchange(&mut [], &mut |_| {
                    assert!(comes_to(&pulses[0], "steps", true));
                    assert!(comes_to(&pulses[2], "steps", true));
                    assert!(comes_to(own, "steps", false));
                });
            }
            comm.barrier();
            assert!(comes_to(own, "steps", false));
        });
    }

    #[test]
    fn whoever_begins_or_hears_something_has_a_beat() {
        let pulse = Pulse::default();
        let comm = Watched::new(Rc::new(crate::comm::Solo), &pulse);
        let mut last = pulse.look().beats;
        let mut beats = || {
            let now = pulse.look().beats;
            std::mem::replace(&mut last, now) < now
        };
        assert!(!beats());
        pulse.enter("a");
        assert!(beats() && !beats());
        comm.all_reduce(&mut [1.0], Reduce::Sum);
        assert!(beats() && !beats());
    }
}
