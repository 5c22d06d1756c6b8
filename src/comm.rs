//! Communication between ranks: one trait, three real implementations, and one that watches another.
//!
//! A communicator is held as `Rc<dyn Communicator>`. It is not `Send`, so a closure
//! that runs on worker threads cannot communicate: that only the main thread of a
//! rank calls MPI is enforced by the type system.

mod local;
mod pulse;
mod solo;
#[cfg(feature = "mpi")]
mod world;

use std::rc::Rc;

use serde::{Serialize, de::DeserializeOwned};

use crate::error::{Error, Kind};

pub use local::Local;
pub use pulse::{Doing, Pulse, Watched};
pub use solo::Solo;
#[cfg(feature = "mpi")]
pub use world::World;

/// How values of all ranks are combined, element by element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduce {
    Sum,
    Min,
    Max,
}

/// A pair of messages with one peer: bytes to send and a place for the bytes to receive.
pub struct Message<'a> {
    pub peer: usize,
    /// Tells this message from others to the same peer; equals the receiver's `recv_tag`.
    pub send_tag: u16,
    pub recv_tag: u16,
    pub send: &'a [u8],
    /// As long as what the peer sends under `recv_tag`.
    pub recv: &'a mut [u8],
}

/// Drives the messages in flight; true once all of them have arrived.
pub type Poll<'a> = dyn FnMut() -> bool + 'a;

/// A group of ranks that work on one case.
///
/// Every method but `rank` and `size` is collective: all ranks call it in the same order.
pub trait Communicator {
    fn rank(&self) -> usize;

    fn size(&self) -> usize;

    /// The same group arranged over a grid of `[px, py]` ranks; x varies fastest with the rank.
    /// The ranks of the group may be numbered anew.
    fn cartesian(self: Rc<Self>, ranks: [usize; 2], periodic: [bool; 2]) -> Rc<dyn Communicator>;

    /// Combines `values` over all ranks, in place. NaN is not carried by `Min` and `Max`:
    /// reduce a flag for it.
    fn all_reduce(&self, values: &mut [f64], op: Reduce);

    /// As [`Self::all_reduce`]; a sum of integers does not depend on its order.
    fn all_reduce_integers(&self, values: &mut [i64], op: Reduce);

    /// As [`Self::all_reduce_integers`], with `overlap` run while the numbers are on their way.
    fn all_reduce_integers_while(&self, values: &mut [i64], op: Reduce, overlap: &mut dyn FnMut()) {
        overlap();
        self.all_reduce_integers(values, op);
    }

    /// Posts all receives and sends, runs `overlap` while they fly, then waits for them.
    /// `overlap` may call its argument now and then to drive progress.
    fn exchange(&self, messages: &mut [Message<'_>], overlap: &mut dyn FnMut(&mut Poll<'_>));

    /// Replaces `bytes` everywhere by those of `root`.
    fn broadcast(&self, root: usize, bytes: &mut Vec<u8>);

    /// Every rank's bytes, in rank order, on `root`; `None` elsewhere.
    fn gather(&self, root: usize, bytes: &[u8]) -> Option<Vec<Vec<u8>>>;

    fn barrier(&self);

    /// Name and version of the library that carries the messages, if there is one.
    fn library(&self) -> Option<String> {
        None
    }

    /// The raw MPI communicator as the HDF5 library wants it; `None` where ranks are no processes.
    #[cfg(feature = "mpi")]
    fn as_mpi(&self) -> Option<world::Raw> {
        None
    }
}

/// The ranks that a launcher started, or one rank alone, for which MPI need not even run.
///
/// # Errors
/// If MPI cannot serve the program.
pub fn connect(launched: bool) -> Result<Rc<dyn Communicator>, Error> {
    #[cfg(feature = "mpi")]
    if launched {
        return Ok(Rc::new(World::new()?));
    }
    let _ = launched;
    Ok(Rc::new(Solo))
}

/// Ends this process, and the whole job if it has started.
pub fn abort(status: u8) -> ! {
    #[cfg(feature = "mpi")]
    World::abort(status.into());
    std::process::exit(status.into())
}

/// The name of the machine that this rank runs on.
#[must_use]
pub fn host_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// Every rank's value, in rank order, on every rank.
///
/// # Panics
/// If a value cannot be written as JSON, which is a defect of its type.
pub fn all_gather<T: Serialize + DeserializeOwned>(comm: &dyn Communicator, value: &T) -> Vec<T> {
    let bytes = serde_json::to_vec(value).expect("a plain value has a JSON form");
    let mut all = match comm.gather(0, &bytes) {
        Some(parts) => serde_json::to_vec(&parts).expect("bytes have a JSON form"),
        None => Vec::new(),
    };
    comm.broadcast(0, &mut all);
    let parts: Vec<Vec<u8>> = serde_json::from_slice(&all).expect("written above");
    parts
        .iter()
        .map(|part| serde_json::from_slice(part).expect("written above"))
        .collect()
}

/// What rank 0 makes, on every rank.
///
/// # Errors
/// That of rank 0.
///
/// # Panics
/// If the value cannot be written as JSON, which is a defect of its type.
pub fn from_first<T: Serialize + DeserializeOwned>(
    comm: &dyn Communicator,
    make: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    let mut bytes = Vec::new();
    if comm.rank() == 0 {
        bytes = serde_json::to_vec(&make()).expect("a plain value has a JSON form");
    }
    comm.broadcast(0, &mut bytes);
    serde_json::from_slice(&bytes).expect("written above")
}

/// Makes a failure on any rank the failure of all: the error of the lowest failing rank.
///
/// # Errors
/// That error, the same on every rank.
pub fn agree<T>(comm: &dyn Communicator, result: Result<T, Error>) -> Result<T, Error> {
    let mut failed = [i64::from(result.is_err())];
    comm.all_reduce_integers(&mut failed, Reduce::Max);
    if failed[0] == 0 {
        return result;
    }
    let mine: Option<Error> = result.err();
    let first = all_gather(comm, &mine).into_iter().flatten().next();
    Err(first.unwrap_or_else(|| Error::new(Kind::Internal, "a rank failed without a reason")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ranks_agree_on_the_error_of_the_lowest_that_failed() {
        let results = Local::run(4, |comm| {
            let mine = match comm.rank() {
                rank @ (1 | 3) => Err(Error::input(format!("rank {rank}")).with_help("mend it")),
                rank => Ok(rank),
            };
            agree(comm.as_ref(), mine)
        });
        for result in results {
            assert_eq!(result, Err(Error::input("rank 1").with_help("mend it")));
        }
    }

    #[test]
    fn ranks_without_an_error_keep_their_own_results() {
        let results = Local::run(3, |comm| agree(comm.as_ref(), Ok(10 * comm.rank())));
        assert_eq!(results, [Ok(0), Ok(10), Ok(20)]);
    }
}
