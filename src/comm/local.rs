//! Ranks as threads of one process, so that tests of several ranks need no MPI.

use std::{
    collections::{HashMap, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    rc::Rc,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use super::{Communicator, Message, Poll, Reduce};

/// Sender, receiver, tag.
type Address = (usize, usize, u16);

/// Tags of messages within collective calls; halos use the small ones.
const COLLECTIVE: u16 = u16::MAX;

#[derive(Default)]
struct Post {
    boxes: HashMap<Address, VecDeque<Vec<u8>>>,
    /// A rank panicked: nobody may wait for it any more.
    broken: bool,
}

#[derive(Default)]
struct Shared {
    post: Mutex<Post>,
    arrived: Condvar,
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
        let shared = Arc::new(Shared::default());
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
        post.boxes
            .entry(address)
            .or_default()
            .push_back(bytes.to_vec());
        self.shared.arrived.notify_all();
    }

    fn try_receive(&self, from: usize, tag: u16) -> Option<Vec<u8>> {
        let address = (from, self.rank, tag);
        self.shared.post().boxes.get_mut(&address)?.pop_front()
    }

    fn receive(&self, from: usize, tag: u16) -> Vec<u8> {
        let address = (from, self.rank, tag);
        let mut post = self.shared.post();
        loop {
            if let Some(bytes) = post.boxes.get_mut(&address).and_then(VecDeque::pop_front) {
                return bytes;
            }
            assert!(!post.broken, "another rank panicked");
            post = self
                .shared
                .arrived
                .wait(post)
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
