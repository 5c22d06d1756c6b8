//! Messages that go back and forth between two ranks.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::comm::{Communicator, Message, Reduce};

/// Bytes of one sample, about, and how often its messages go there and back at most and at least.
const SAMPLE: usize = 1 << 20;
const REPEATS: [usize; 2] = [2, 20];

/// From none to some megabytes.
const SIZES: [usize; 10] = [
    0,
    64,
    1 << 9,
    1 << 12,
    1 << 14,
    1 << 16,
    1 << 18,
    1 << 20,
    1 << 21,
    1 << 22,
];

/// The time of a message.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OneWay {
    pub bytes: usize,
    /// From the start of its sending to the end of its receiving.
    pub seconds: f64,
}

/// Times of messages between the first and the last rank, each the least of some rounds, in which all
/// sizes take their turns. Collective.
///
/// # Panics
/// If there is but one rank.
#[must_use]
pub fn ping_pong(comm: &dyn Communicator, rounds: usize) -> Vec<OneWay> {
    assert!(comm.size() > 1, "messages need two ranks");
    let mut least = [f64::INFINITY; SIZES.len()];
    for _ in 0..rounds {
        for (least, bytes) in least.iter_mut().zip(SIZES) {
            *least = least.min(sample(comm, bytes));
        }
    }
    comm.all_reduce(&mut least, Reduce::Max);
    let time = |(bytes, seconds)| OneWay { bytes, seconds };
    SIZES.into_iter().zip(least).map(time).collect()
}

/// Seconds of one way; 0 on ranks that only look on.
fn sample(comm: &dyn Communicator, bytes: usize) -> f64 {
    let last = comm.size() - 1;
    let repeats = (SAMPLE / bytes.max(1)).clamp(REPEATS[0], REPEATS[1]);
    let (send, mut recv) = (vec![1; bytes], vec![0; bytes]);
    comm.barrier();
    let peer = match comm.rank() {
        0 => last,
        rank if rank == last => 0,
        _ => return 0.0,
    };
    let start = Instant::now();
    for _ in 0..repeats {
        for sender in [0, last] {
            let is_sender = sender == comm.rank();
            // What goes back meanwhile is empty, and has arrived before.
            let message = Message {
                peer,
                send_tag: 0,
                recv_tag: 0,
                send: if is_sender { &send } else { &[] },
                recv: if is_sender { &mut [] } else { &mut recv },
            };
            comm.exchange(&mut [message], &mut |_| {});
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a small count")]
    let ways = (2 * repeats) as f64;
    start.elapsed().as_secs_f64() / ways
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comm::Local;

    #[test]
    fn all_ranks_learn_the_times_of_the_first_and_the_last() {
        let all = Local::run(3, |comm| ping_pong(comm.as_ref(), 2));
        assert!(all.iter().all(|times| *times == all[0]));
        assert!(all[0].iter().all(|time| time.seconds > 0.0));
    }
}
