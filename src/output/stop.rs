//! The end of a run by a signal: all ranks stop after the same step.

use std::{
    cell::OnceCell,
    ffi::c_int,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use signal_hook::{
    consts::{SIGINT, SIGTERM, SIGUSR1},
    flag,
};

use crate::{
    comm::Reduce,
    error::{Error, Kind},
    field::Real,
    simulation::{Flow, Moment, Observer, Schedule, View},
};

const SIGNALS: [(c_int, &str); 3] = [
    (SIGINT, "SIGINT"),
    (SIGTERM, "SIGTERM"),
    // Of the three, mpirun hands on this one alone at once and without a deadline.
    (SIGUSR1, "SIGUSR1"),
];

/// Wall time between two agreements, about.
const BETWEEN_AGREEMENTS: Duration = Duration::from_millis(100);

/// The number of steps between two agreements grows at most by this factor at a time.
const GROWTH: u64 = 8;

/// Ends the run early after SIGINT, SIGTERM or SIGUSR1 reached any rank. A second signal of the same kind
/// ends the process at once, with status 128 + signal.
pub struct StopOnSignal {
    schedule: Schedule,
    /// Set by the signals, in the order of [`SIGNALS`].
    flags: [Arc<AtomicBool>; SIGNALS.len()],
    /// Steps and wall clock at the last agreement.
    last: (u64, Instant),
    stopped: Rc<OnceCell<Error>>,
}

impl StopOnSignal {
    /// Begins to listen. The cell is filled, on every rank, with an error of kind
    /// [`Kind::Stopped`] once the run was ended by a signal.
    ///
    /// # Errors
    /// [`Kind::Internal`] if the system refuses the signal handlers.
    pub fn new() -> Result<(Self, Rc<OnceCell<Error>>), Error> {
        let flags: [Arc<AtomicBool>; SIGNALS.len()] = Default::default();
        for ((signal, name), flag) in SIGNALS.iter().zip(&flags) {
            // In this order: the first signal finds the flag down.
            flag::register_conditional_shutdown(*signal, 128 + signal, Arc::clone(flag))
                .and_then(|_| flag::register(*signal, Arc::clone(flag)))
                .map_err(|error| {
                    Error::new(Kind::Internal, format!("cannot listen for {name}: {error}"))
                })?;
        }
        let observer = Self::with_flags(flags);
        let stopped = Rc::clone(&observer.stopped);
        Ok((observer, stopped))
    }

    fn with_flags(flags: [Arc<AtomicBool>; SIGNALS.len()]) -> Self {
        Self {
            schedule: Schedule::from_step(1),
            flags,
            last: (0, Instant::now()),
            stopped: Rc::default(),
        }
    }
}

/// How many steps to take until the next agreement, after `steps` steps took `nanoseconds` on the
/// slowest rank.
fn steps_until_next(steps: u64, nanoseconds: u64) -> u64 {
    let budget = u64::try_from(BETWEEN_AGREEMENTS.as_nanos()).expect("a short time");
    let fitting = steps.saturating_mul(budget) / nanoseconds.max(1);
    fitting.clamp(1, steps.saturating_mul(GROWTH))
}

impl<T: Real> Observer<T> for StopOnSignal {
    fn name(&self) -> &'static str {
        "stop_on_signal"
    }

    fn schedule(&mut self) -> &mut Schedule {
        &mut self.schedule
    }

    fn observe(&mut self, view: &View<'_, T>) -> Result<Flow, Error> {
        let raised = |flag: &Arc<AtomicBool>| i64::from(flag.load(Ordering::Relaxed));
        let step = view.clock.step();
        let (last_step, last_time) = self.last;
        let elapsed = i64::try_from(last_time.elapsed().as_nanos()).unwrap_or(i64::MAX);
        let mut agreed: Vec<i64> = self.flags.iter().map(raised).chain([elapsed]).collect();
        view.comm.all_reduce_integers(&mut agreed, Reduce::Max);
        let signal = SIGNALS.iter().zip(&agreed).find(|&(_, raised)| *raised > 0);
        match signal {
            // At the end there is nothing left to stop.
            Some(((_, name), _)) if view.moment == Moment::Running => {
                let error = Error::new(
                    Kind::Stopped,
                    format!(
                        "stopped by {name} after step {step}, at t = {:e} s of {:e} s",
                        view.clock.time(),
                        view.clock.end()
                    ),
                );
                self.stopped.get_or_init(|| error);
                Ok(Flow::Stop)
            }
            _ => {
                let steps =
                    steps_until_next(step - last_step, agreed[SIGNALS.len()].cast_unsigned());
                self.schedule = Schedule::from_step(step + steps);
                self.last = (step, Instant::now());
                Ok(Flow::Continue)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::{LAYOUTS, Run, grid};

    #[test]
    fn agreements_come_every_tenth_of_a_second() {
        assert_eq!(steps_until_next(1, 1_000_000_000), 1);
        assert_eq!(steps_until_next(1, 10_000_000), 8);
        assert_eq!(steps_until_next(1, 1), 8);
        assert_eq!(steps_until_next(64, 6_400_000), 512);
        assert_eq!(steps_until_next(64, 64_000_000), 100);
        assert_eq!(steps_until_next(64, 6_400_000_000), 1);
    }

    #[test]
    fn a_signal_to_one_rank_stops_all_after_the_same_step() {
        for ranks in LAYOUTS {
            let errors = Run::new(grid(), ranks).each(|rank| {
                let is_last = rank.comm.rank() + 1 == rank.comm.size();
                let flags = [
                    Arc::default(),
                    Arc::new(AtomicBool::new(is_last)),
                    Arc::default(),
                ];
                let observer = StopOnSignal::with_flags(flags);
                let stopped = Rc::clone(&observer.stopped);
                rank.simulate(vec![Box::new(observer)]).unwrap();
                stopped.get().cloned().unwrap()
            });
            for error in errors {
                assert_eq!(error.kind, Kind::Stopped);
                assert!(error.message.contains("SIGTERM after step 1,"), "{error}");
            }
        }
    }

    #[test]
    fn a_signal_to_the_process_is_noticed() {
        let stopped = Run::new(grid(), [1, 1]).each(|rank| {
            let (observer, stopped) = StopOnSignal::new().unwrap();
            signal_hook::low_level::raise(SIGINT).unwrap();
            rank.simulate(vec![Box::new(observer)]).unwrap();
            stopped.get().map(|error| error.message.clone())
        });
        assert!(stopped[0].as_ref().unwrap().contains("SIGINT"));
    }

    #[test]
    fn without_a_signal_the_run_goes_to_its_end() {
        Run::new(grid(), [2, 1]).each(|rank| {
            let observer = StopOnSignal::with_flags(Default::default());
            let stopped = Rc::clone(&observer.stopped);
            rank.simulate(vec![Box::new(observer)]).unwrap();
            assert!(stopped.get().is_none());
        });
    }
}
