//! Ranks as MPI processes. The only file that names the crate `mpi`.

use std::rc::Rc;

use mpi::{
    Threading,
    collective::SystemOperation,
    environment::Universe,
    ffi::MPI_Comm,
    raw::AsRaw,
    request,
    topology::{Communicator as _, SimpleCommunicator},
    traits::{CommunicatorCollectives, Destination, Root, Source},
};

use super::{Communicator, Message, Poll, Reduce};
use crate::error::{Error, Kind};

/// Tag of messages within collective calls; halos use the small ones.
const COLLECTIVE: i32 = 32_000;

/// Bytes of one MPI call; counts are 32-bit signed integers.
const CHUNK: usize = 1 << 30;

/// A communicator as the C libraries name it.
pub type Raw = MPI_Comm;

/// The ranks that one `mpirun` or `srun` started.
pub struct World {
    comm: SimpleCommunicator,
    /// Finalises MPI when the last communicator is gone.
    universe: Rc<Universe>,
}

impl World {
    /// Initialises MPI. Only the main thread of each rank will call it.
    ///
    /// # Errors
    /// If MPI is initialised already, or offers less than `MPI_THREAD_FUNNELED`.
    pub fn new() -> Result<Self, Error> {
        let (universe, provided) = mpi::initialize_with_threading(Threading::Funneled)
            .ok_or_else(|| Error::new(Kind::Internal, "MPI is initialised already"))?;
        if provided < Threading::Funneled {
            return Err(Error::new(
                Kind::Internal,
                format!("MPI offers thread level {provided:?}; Funneled is needed"),
            )
            .with_help("use an MPI library that is built with thread support"));
        }
        Ok(Self {
            comm: universe.world(),
            universe: Rc::new(universe),
        })
    }

    /// Ends the whole job at once, from any thread, if MPI is running.
    pub fn abort(status: i32) {
        if mpi::environment::is_initialized() && !mpi::environment::is_finalized() {
            SimpleCommunicator::world().abort(status);
        }
    }
}

fn rank(index: usize) -> mpi::Rank {
    mpi::Rank::try_from(index).expect("MPI counts its ranks in 32 bits")
}

fn operation(op: Reduce) -> SystemOperation {
    match op {
        Reduce::Sum => SystemOperation::sum(),
        Reduce::Min => SystemOperation::min(),
        Reduce::Max => SystemOperation::max(),
    }
}

impl Communicator for World {
    fn rank(&self) -> usize {
        usize::try_from(self.comm.rank()).expect("a rank is no negative number")
    }

    fn size(&self) -> usize {
        usize::try_from(self.comm.size()).expect("a size is no negative number")
    }

    fn cartesian(self: Rc<Self>, ranks: [usize; 2], periodic: [bool; 2]) -> Rc<dyn Communicator> {
        // MPI numbers the ranks of a Cartesian grid with the last dimension fastest.
        let dims = [rank(ranks[1]), rank(ranks[0])];
        let periods = [periodic[1], periodic[0]];
        let comm = self
            .comm
            .create_cartesian_communicator(&dims, &periods, true)
            .expect("the process grid holds every rank");
        Rc::new(Self {
            comm: comm.duplicate(),
            universe: Rc::clone(&self.universe),
        })
    }

    fn all_reduce(&self, values: &mut [f64], op: Reduce) {
        let mine = values.to_vec();
        self.comm.all_reduce_into(&mine[..], values, operation(op));
    }

    fn all_reduce_integers(&self, values: &mut [i64], op: Reduce) {
        let mine = values.to_vec();
        self.comm.all_reduce_into(&mine[..], values, operation(op));
    }

    fn all_reduce_integers_while(&self, values: &mut [i64], op: Reduce, overlap: &mut dyn FnMut()) {
        let mine = values.to_vec();
        request::scope(|scope| {
            let request =
                self.comm
                    .immediate_all_reduce_into(scope, &mine[..], values, operation(op));
            overlap();
            request.wait_without_status();
        });
    }

    fn exchange(&self, messages: &mut [Message<'_>], overlap: &mut dyn FnMut(&mut Poll<'_>)) {
        request::scope(|scope| {
            let mut pending = Vec::with_capacity(2 * messages.len());
            let mut outgoing = Vec::with_capacity(messages.len());
            for message in messages.iter_mut() {
                let peer = self.comm.process_at_rank(rank(message.peer));
                pending.push(peer.immediate_receive_into_with_tag(
                    scope,
                    &mut *message.recv,
                    i32::from(message.recv_tag),
                ));
                outgoing.push((peer, message.send, i32::from(message.send_tag)));
            }
            for (peer, bytes, tag) in outgoing {
                pending.push(peer.immediate_send_with_tag(scope, bytes, tag));
            }
            overlap(&mut || {
                pending = std::mem::take(&mut pending)
                    .into_iter()
                    .filter_map(|request| request.test().err())
                    .collect();
                pending.is_empty()
            });
            for request in pending {
                request.wait_without_status();
            }
        });
    }

    fn broadcast(&self, root: usize, bytes: &mut Vec<u8>) {
        let root = self.comm.process_at_rank(rank(root));
        let mut length = bytes.len() as u64;
        root.broadcast_into(&mut length);
        bytes.resize(
            usize::try_from(length).expect("what one rank holds, another can"),
            0,
        );
        for chunk in bytes.chunks_mut(CHUNK) {
            root.broadcast_into(chunk);
        }
    }

    fn gather(&self, root: usize, bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
        if self.rank() != root {
            let root = self.comm.process_at_rank(rank(root));
            root.send_with_tag(&(bytes.len() as u64), COLLECTIVE);
            for chunk in bytes.chunks(CHUNK) {
                root.send_with_tag(chunk, COLLECTIVE);
            }
            return None;
        }
        let receive = |peer: usize| {
            if peer == root {
                return bytes.to_vec();
            }
            let peer = self.comm.process_at_rank(rank(peer));
            let (length, _) = peer.receive_with_tag::<u64>(COLLECTIVE);
            let mut part = vec![0; usize::try_from(length).expect("a length in memory")];
            for chunk in part.chunks_mut(CHUNK) {
                peer.receive_into_with_tag(chunk, COLLECTIVE);
            }
            part
        };
        Some((0..self.size()).map(receive).collect())
    }

    fn barrier(&self) {
        self.comm.barrier();
    }

    fn library(&self) -> Option<String> {
        let version = mpi::environment::library_version().ok()?;
        let first_line = version.trim_end_matches('\0').lines().next()?;
        Some(first_line.trim().to_string())
    }

    fn as_mpi(&self) -> Option<Raw> {
        Some(self.comm.as_raw())
    }
}
