//! Ranks as threads of one process, so that tests of several ranks need no MPI.

use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    rc::Rc,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::{Communicator, Message, Poll, Reduce};

/// Sender, receiver, tag.
type Address = (usize, usize, u16);

/// Tags of messages within collective calls; halos use the small ones.
const COLLECTIVE: u16 = u16::MAX;

/// Nobody waits longer than this for a message: the ranks wait for each other.
const PATIENCE: Duration = Duration::from_secs(300);

/// The messages of one address, in the order in which they were sent.
#[derive(Default)]
struct Mailbox {
    sent: u64,
    /// Each with the time of its arrival, before which nobody sees it, nor those behind it.
    messages: VecDeque<(Instant, Vec<u8>)>,
}

impl Mailbox {
    /// The first message, or how long it is still on its way, if there is one.
    fn take(&mut self) -> Result<Vec<u8>, Option<Duration>> {
        let (arrival, _) = self.messages.front().ok_or(None)?;
        let left = arrival.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let (_, bytes) = self.messages.pop_front().expect("it was seen");
            Ok(bytes)
        } else {
            Err(Some(left))
        }
    }
}

#[derive(Default)]
struct Post {
    boxes: HashMap<Address, Mailbox>,
    /// A rank panicked: nobody may wait for it any more.
    broken: bool,
}

struct Shared {
    post: Mutex<Post>,
    arrived: Condvar,
    /// Seed of the random times that messages take, if they take any.
    seed: Option<u64>,
}

impl Shared {
    fn post(&self) -> MutexGuard<'_, Post> {
        self.post.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One rank of a group of threads.
pub struct Local {
    rank: usize,
    size: usize,
    shared: Arc<Shared>,
}

impl Local {
    /// Runs `work` on `size` ranks at once and returns what each of them returned, in rank order.
    ///
    /// # Panics
    /// If `work` panics on any rank; ranks that wait for it panic too.
    pub fn run<R: Send>(size: usize, work: impl Fn(Rc<dyn Communicator>) -> R + Sync) -> Vec<R> {
        Self::run_late(size, None, work)
    }

    /// As [`Self::run`]; given a seed, messages take a random time, mostly some microseconds, but
    /// some of them milliseconds. Those from one rank to another with one tag keep their order.
    ///
    /// # Panics
    /// As [`Self::run`].
    pub fn run_late<R: Send>(
        size: usize,
        seed: Option<u64>,
        work: impl Fn(Rc<dyn Communicator>) -> R + Sync,
    ) -> Vec<R> {
        let shared = Arc::new(Shared {
            post: Mutex::default(),
            arrived: Condvar::new(),
            seed,
        });
        let rank_main = |rank| {
            let comm = Self {
                rank,
                size,
                shared: Arc::clone(&shared),
            };
            catch_unwind(AssertUnwindSafe(|| work(Rc::new(comm)))).unwrap_or_else(|panic| {
                shared.post().broken = true;
                shared.arrived.notify_all();
                resume_unwind(panic)
            })
        };
        thread::scope(|scope| {
            let ranks: Vec<_> = (0..size)
                .map(|rank| scope.spawn(move || rank_main(rank)))
                .collect();
            ranks
                .into_iter()
                .map(|rank| rank.join().unwrap_or_else(|panic| resume_unwind(panic)))
                .collect()
        })
    }

    fn send(&self, to: usize, tag: u16, bytes: &[u8]) {
        let address = (self.rank, to, tag);
        let mut post = self.shared.post();
        let mailbox = post.boxes.entry(address).or_default();
        let seed = self.shared.seed;
        let delay = seed.map_or(Duration::ZERO, |seed| delay(seed, address, mailbox.sent));
        mailbox.sent += 1;
        let message = (Instant::now() + delay, bytes.to_vec());
        mailbox.messages.push_back(message);
        self.shared.arrived.notify_all();
    }

    fn try_receive(&self, from: usize, tag: u16) -> Option<Vec<u8>> {
        let address = (from, self.rank, tag);
        self.shared.post().boxes.get_mut(&address)?.take().ok()
    }

    fn receive(&self, from: usize, tag: u16) -> Vec<u8> {
        let address = (from, self.rank, tag);
        let start = Instant::now();
        let mut post = self.shared.post();
        loop {
            let left = match post.boxes.entry(address).or_default().take() {
                Ok(bytes) => return bytes,
                Err(left) => left,
            };
            assert!(!post.broken, "another rank panicked");
            assert!(start.elapsed() < PATIENCE, "no message from rank {from}");
            (post, _) = self
                .shared
                .arrived
                .wait_timeout(post, left.unwrap_or(PATIENCE))
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn reduce<T: bytemuck::Pod>(&self, values: &mut [T], combine: impl Fn(T, T) -> T) {
        if let Some(parts) = self.gather(0, bytemuck::cast_slice(values)) {
            for part in &parts[1..] {
                let part: Vec<T> = bytemuck::pod_collect_to_vec(part);
                for (value, other) in values.iter_mut().zip(part) {
                    *value = combine(*value, other);
                }
            }
        }
        let mut bytes = bytemuck::cast_slice(values).to_vec();
        self.broadcast(0, &mut bytes);
        values.copy_from_slice(&bytemuck::pod_collect_to_vec::<u8, T>(&bytes));
    }
}

impl Communicator for Local {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn cartesian(self: Rc<Self>, ranks: [usize; 2], _periodic: [bool; 2]) -> Rc<dyn Communicator> {
        assert_eq!(ranks[0] * ranks[1], self.size, "every rank has a place");
        self
    }

    fn all_reduce(&self, values: &mut [f64], op: Reduce) {
        match op {
            Reduce::Sum => self.reduce(values, |a, b| a + b),
            Reduce::Min => self.reduce(values, f64::min),
            Reduce::Max => self.reduce(values, f64::max),
        }
    }

    fn all_reduce_integers(&self, values: &mut [i64], op: Reduce) {
        match op {
            Reduce::Sum => self.reduce(values, |a, b| a + b),
            Reduce::Min => self.reduce(values, i64::min),
            Reduce::Max => self.reduce(values, i64::max),
        }
    }

    fn exchange(&self, messages: &mut [Message<'_>], overlap: &mut dyn FnMut(&mut Poll<'_>)) {
        for message in messages.iter() {
            self.send(message.peer, message.send_tag, message.send);
        }
        let mut arrived = vec![false; messages.len()];
        overlap(&mut || {
            for (message, arrived) in messages.iter_mut().zip(&mut arrived) {
                if !*arrived && let Some(bytes) = self.try_receive(message.peer, message.recv_tag) {
                    message.recv.copy_from_slice(&bytes);
                    *arrived = true;
                }
            }
            arrived.iter().all(|&arrived| arrived)
        });
        for (message, arrived) in messages.iter_mut().zip(arrived) {
            if !arrived {
                let bytes = self.receive(message.peer, message.recv_tag);
                message.recv.copy_from_slice(&bytes);
            }
        }
    }

    fn broadcast(&self, root: usize, bytes: &mut Vec<u8>) {
        if self.rank == root {
            for peer in (0..self.size).filter(|&peer| peer != root) {
                self.send(peer, COLLECTIVE, bytes);
            }
        } else {
            *bytes = self.receive(root, COLLECTIVE);
        }
    }

    fn gather(&self, root: usize, bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
        self.send(root, COLLECTIVE, bytes);
        (self.rank == root).then(|| {
            (0..self.size)
                .map(|peer| self.receive(peer, COLLECTIVE))
                .collect()
        })
    }

    fn barrier(&self) {
        self.all_reduce_integers(&mut [], Reduce::Sum);
    }
}

/// The time that a message takes, the same whenever it is sent: 1 microsecond for every second one,
/// twice that for every fourth one, and so on to some milliseconds.
fn delay(seed: u64, address: Address, number: u64) -> Duration {
    let mut hasher = DefaultHasher::new();
    (seed, address, number).hash(&mut hasher);
    Duration::from_micros(1 << hasher.finish().trailing_zeros().min(12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_messages_are_late_the_same_ones_for_the_same_seed() {
        let delays = |seed| -> Vec<_> { (0..1000).map(|n| delay(seed, (0, 1, 2), n)).collect() };
        assert_eq!(delays(1), delays(1));
        assert_ne!(delays(1), delays(2));
        let late = |least| delays(1).iter().filter(|delay| **delay >= least).count();
        assert!((200..300).contains(&late(Duration::from_micros(4))));
        assert!(late(Duration::from_micros(256)) > 0);
    }

    #[test]
    fn late_messages_keep_their_order() {
        // All ranks but the first run ahead.
        let gathered = Local::run_late(3, Some(7), |comm| {
            let parts = (0..200).filter_map(|number| comm.gather(0, &[number]));
            parts.map(|parts| parts.concat()).collect::<Vec<_>>()
        });
        let expected: Vec<_> = (0..200).map(|number| vec![number; 3]).collect();
        assert_eq!(gathered, [expected, Vec::new(), Vec::new()]);
    }

    #[test]
    fn a_late_message_is_not_seen_before_its_time() {
        // How often a rank looks in vain for what it has sent to itself.
        let looks_in_vain = |seed| {
            let counts = Local::run_late(1, seed, |comm| {
                let mut count = 0;
                for number in 0..100 {
                    let mut got = [0];
                    let message = Message {
                        peer: 0,
                        send_tag: 1,
                        recv_tag: 1,
                        send: &[number],
                        recv: &mut got,
                    };
                    comm.exchange(&mut [message], &mut |poll| {
                        while !poll() {
                            count += 1;
                        }
                    });
                    assert_eq!(got, [number]);
                }
                count
            });
            counts[0]
        };
        assert_eq!(looks_in_vain(None), 0);
        assert!(looks_in_vain(Some(7)) > 0);
    }
}
