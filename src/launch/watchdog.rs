//! A thread that ends the job when a rank does nothing any more: the others would wait for it for ever.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use crate::{
    comm::{Doing, Pulse, abort},
    error::{Error, Kind},
    output::note,
};

/// So often it looks in the time that is allowed. It counts looks and not seconds: a process that
/// was suspended has lost none.
const LOOKS: u32 = 20;

/// Those who only wait leave the word to the one that they wait for, for so long.
const GRACE: Duration = Duration::from_secs(5);

/// Watches until it is dropped.
pub struct Watchdog {
    _watched: Sender<()>,
}

impl Watchdog {
    /// Watches the rank of a pulse, which may do nothing for `limit`.
    ///
    /// # Errors
    /// [`Kind::Internal`] if the system gives no thread.
    pub fn watch(pulse: &Pulse, rank: usize, limit: Duration) -> Result<Self, Error> {
        let (watched, end) = channel();
        let pulse = pulse.clone();
        let watch = move || {
            if let Some(doing) = stuck(&pulse, limit, &end)
                && !(doing.waits && is_over(&end, GRACE))
            {
                note(&words(rank, doing, limit));
                abort(Kind::Internal.exit_status());
            }
        };
        thread::Builder::new()
            .name("watchdog".to_owned())
            .spawn(watch)
            .map_err(|error| {
                Error::new(Kind::Internal, format!("cannot start a thread: {error}"))
            })?;
        Ok(Self { _watched: watched })
    }
}

/// What a rank is about that does nothing for `limit`; none if it comes to its end.
fn stuck(pulse: &Pulse, limit: Duration, end: &Receiver<()>) -> Option<Doing> {
    let mut last = pulse.look();
    let mut looks = 0;
    while !is_over(end, limit / LOOKS) {
        let doing = pulse.look();
        looks = if doing.beats == last.beats {
            looks + 1
        } else {
            0
        };
        last = doing;
        if looks == LOOKS {
            return Some(doing);
        }
    }
    None
}

/// Waits; whether the rank comes to its end meanwhile.
fn is_over(end: &Receiver<()>, time: Duration) -> bool {
    end.recv_timeout(time) != Err(RecvTimeoutError::Timeout)
}

fn words(rank: usize, Doing { phase, waits, .. }: Doing, limit: Duration) -> String {
    let seconds = limit.as_secs();
    let how = if waits {
        "has waited for other ranks"
    } else {
        "is stuck"
    };
    format!(
        "error: rank {rank} {how} in `{phase}` for {seconds} s: the run is ended\n  help: \
         `isotherm resume` goes on from the last checkpoint; where so long is right, raise parallel.watchdog"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(200);

    #[test]
    fn whoever_does_nothing_is_stuck_and_whoever_has_a_beat_is_not() {
        let (_watched, end) = channel();
        let pulse = Pulse::default();
        pulse.enter("steps");
        assert_eq!(stuck(&pulse, LIMIT, &end), Some(pulse.look()));
        let (watched, end) = channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..100 {
                    thread::sleep(LIMIT / LOOKS);
                    pulse.enter("steps");
                }
                drop(watched);
            });
            assert_eq!(stuck(&pulse, LIMIT * 5, &end), None);
        });
    }

    #[test]
    fn the_rank_and_what_it_was_about_are_named() {
        let doing = |waits| Doing {
            phase: "checkpoints",
            waits,
            beats: 7,
        };
        let stuck = words(3, doing(false), Duration::from_secs(90));
        assert!(stuck.starts_with("error: rank 3 is stuck in `checkpoints` for 90 s"));
        let waits = words(3, doing(true), LIMIT);
        assert!(waits.contains("waited for other ranks in `checkpoints`"));
    }
}
