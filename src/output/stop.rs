//! What is asked of a run while it goes: all ranks hear of it after the same step.

use std::{
    ffi::c_int,
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use signal_hook::{
    consts::{SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXFSZ},
    flag,
};

use crate::{
    comm::{Communicator, Reduce},
    error::{Error, Kind},
};

/// Those that stop a run.
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

/// Wall time that the last results take, besides the checkpoint.
const FOR_RESULTS: Duration = Duration::from_secs(1);

/// What is asked of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    GoOn,
    /// A checkpoint.
    Save,
    /// A checkpoint and the end of the run, and what asks for it.
    Stop(&'static str),
}

/// Ends a run early after SIGINT, SIGTERM or SIGUSR1 reached any rank, when there is a stop file, or before
/// a deadline; has it write a checkpoint after SIGUSR2. A second signal of the same kind of the
/// first three ends the process at once, with status 128 + signal.
pub struct Requests {
    /// Set by the signals, in the order of [`SIGNALS`].
    stop: [Arc<AtomicBool>; SIGNALS.len()],
    /// Set by SIGUSR2.
    save: Arc<AtomicBool>,
    stop_file: PathBuf,
    /// When the run must have ended, if it must.
    deadline: Option<Instant>,
    /// How long the launcher leaves the ranks after SIGINT or SIGTERM, where that is short.
    grace: Option<Duration>,
    /// Steps and wall clock at the last agreement.
    last: (u64, Instant),
}

impl Requests {
    /// Begins to listen.
    ///
    /// # Errors
    /// [`Kind::Internal`] if the system refuses the signal handlers.
    pub fn listen(
        stop_file: PathBuf,
        deadline: Option<Instant>,
        grace: Option<Duration>,
    ) -> Result<Self, Error> {
        let requests = Self {
            grace,
            ..Self::silent(stop_file, deadline)
        };
        for ((signal, name), flag) in SIGNALS.iter().zip(&requests.stop) {
            // In this order: the first signal finds the flag down.
            flag::register_conditional_shutdown(*signal, 128 + signal, Arc::clone(flag))
                .and_then(|_| flag::register(*signal, Arc::clone(flag)))
                .map_err(|error| refused(name, &error))?;
        }
        flag::register(SIGUSR2, Arc::clone(&requests.save))
            .map_err(|error| refused("SIGUSR2", &error))?;
        // A file above the limit of its size is an error of whoever writes it, not the end of the process.
        flag::register(SIGXFSZ, Arc::default()).map_err(|error| refused("SIGXFSZ", &error))?;
        Ok(requests)
    }

    /// Those of a run that no signal reaches.
    pub(super) fn silent(stop_file: PathBuf, deadline: Option<Instant>) -> Self {
        Self {
            stop: Default::default(),
            save: Arc::default(),
            stop_file,
            deadline,
            grace: None,
            last: (0, Instant::now()),
        }
    }

    /// Does what the signal of that name would, if `raised`.
    #[cfg(test)]
    pub(super) fn raise(&self, signal: &str, raised: bool) {
        for ((_, name), flag) in SIGNALS.iter().zip(&self.stop) {
            flag.fetch_or(raised && *name == signal, Ordering::Relaxed);
        }
    }

    /// The run begins after `step` steps.
    pub(super) fn begin(&mut self, step: u64) {
        self.last = (step, Instant::now());
    }

    /// What is asked of all ranks after step `step`, and the step at which to ask again, about a tenth of a
    /// second later. A checkpoint takes `for_checkpoint`, and is wanted by this rank for reasons of
    /// its own if `save`. Collective.
    pub fn agree(
        &mut self,
        step: u64,
        for_checkpoint: Duration,
        save: bool,
        comm: &dyn Communicator,
    ) -> (Request, u64) {
        let elapsed = self.last.1.elapsed();
        let margin = 2 * (for_checkpoint + elapsed) + FOR_RESULTS;
        let in_time = |deadline: Instant| Instant::now() + margin < deadline;
        let save = self.save.swap(false, Ordering::Relaxed) || save;
        let [interrupt, terminate, user] = self
            .stop
            .each_ref()
            .map(|flag| flag.load(Ordering::Relaxed));
        let flags = [
            interrupt,
            terminate,
            user,
            comm.rank() == 0 && self.stop_file.exists(),
            !self.deadline.is_none_or(in_time),
            save,
        ];
        let nanoseconds = i64::try_from(elapsed.as_nanos()).unwrap_or(i64::MAX);
        let mut agreed = flags.map(i64::from).to_vec();
        agreed.push(nanoseconds);
        comm.all_reduce_integers(&mut agreed, Reduce::Max);

        let reasons = SIGNALS.map(|(_, name)| name);
        let reasons = reasons
            .into_iter()
            .chain(["the stop file", "the wall-clock limit"]);
        let stop = reasons.zip(&agreed).find(|(_, asked)| **asked > 0);
        let request = match stop {
            Some((reason, _)) => Request::Stop(reason),
            None if agreed[flags.len() - 1] > 0 => Request::Save,
            None => Request::GoOn,
        };
        let steps = steps_until_next(step - self.last.0, agreed[flags.len()].cast_unsigned());
        self.last = (step, Instant::now());
        (request, step + steps)
    }

    /// What to know where a checkpoint takes `cost`: said once, and only if signals of the launcher leave less time.
    pub fn warn(&mut self, cost: Duration) -> Option<String> {
        let grace = self.grace.take_if(|grace| cost > *grace)?;
        Some(format!(
            "warning: a checkpoint takes {:.1} s, and after Ctrl-C or SIGTERM the launcher ends the ranks about {} s \
             later: to stop, send SIGUSR1, `touch {}`, or start with scripts/mpirun-graceful",
            cost.as_secs_f64(),
            grace.as_secs(),
            self.stop_file.display()
        ))
    }

    /// Takes back what a file asked for.
    pub fn forget(&self) {
        // One that cannot be removed ends the next run, too, and says so.
        let _ = fs::remove_file(&self.stop_file);
    }
}

fn refused(name: &str, error: &std::io::Error) -> Error {
    Error::new(Kind::Internal, format!("cannot listen for {name}: {error}"))
}

/// How many steps to take until the next agreement, after `steps` steps took `nanoseconds` on the
/// slowest rank.
fn steps_until_next(steps: u64, nanoseconds: u64) -> u64 {
    let budget = u64::try_from(BETWEEN_AGREEMENTS.as_nanos()).expect("a short time");
    let fitting = steps.saturating_mul(budget) / nanoseconds.max(1);
    fitting.clamp(1, steps.saturating_mul(GROWTH).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comm::{Local, Solo};

    const COST: Duration = Duration::from_secs(3);

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
    fn a_run_that_goes_on_looks_soon_however_many_steps_came_before() {
        let mut requests = Requests::silent(PathBuf::from("none"), None);
        requests.begin(1_000_000);
        let (_, next) = requests.agree(1_000_001, COST, false, &Solo);
        assert!((1_000_002..=1_000_009).contains(&next), "{next}");
    }

    #[test]
    fn what_one_rank_is_asked_all_ranks_hear_of() {
        let asked = Local::run(3, |comm| {
            let mut requests = Requests::silent(PathBuf::from("none"), None);
            let is_last = comm.rank() == 2;
            let mut ask = |step| requests.agree(step, COST, false, comm.as_ref()).0;
            let nothing = ask(1);
            requests.save.store(is_last, Ordering::Relaxed);
            let mut ask = |step| requests.agree(step, COST, false, comm.as_ref()).0;
            let [save, again] = [ask(2), ask(3)];
            requests.stop[1].store(is_last, Ordering::Relaxed);
            let stop = requests.agree(4, COST, is_last, comm.as_ref()).0;
            [nothing, save, again, stop]
        });
        let expected = [
            Request::GoOn,
            Request::Save,
            Request::GoOn,
            Request::Stop("SIGTERM"),
        ];
        assert!(asked.iter().all(|asked| *asked == expected), "{asked:?}");
    }

    #[test]
    fn a_deadline_leaves_time_for_the_checkpoint() {
        let after = |seconds| {
            let deadline = Instant::now() + Duration::from_secs(seconds);
            let mut requests = Requests::silent(PathBuf::from("none"), Some(deadline));
            requests.agree(1, COST, false, &Solo).0
        };
        assert_eq!(after(6), Request::Stop("the wall-clock limit"));
        assert_eq!(after(60), Request::GoOn);
    }

    #[test]
    fn a_stop_file_is_seen_until_it_is_forgotten() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("stop");
        let mut requests = Requests::silent(path.clone(), None);
        fs::write(&path, "").unwrap();
        let (request, _) = requests.agree(1, COST, false, &Solo);
        assert_eq!(request, Request::Stop("the stop file"));
        requests.forget();
        assert!(!path.exists());
        assert_eq!(requests.agree(2, COST, true, &Solo).0, Request::Save);
    }

    #[test]
    fn a_checkpoint_that_takes_longer_than_the_launcher_leaves_is_told_of_once() {
        let mut requests = Requests::silent(PathBuf::from("run/stop"), None);
        assert_eq!(requests.warn(COST), None);
        requests.grace = Some(Duration::from_secs(1));
        assert_eq!(requests.warn(Duration::from_millis(900)), None);
        let warning = requests.warn(COST).unwrap();
        assert!(warning.contains("takes 3.0 s") && warning.contains("touch run/stop"));
        assert_eq!(requests.warn(COST), None);
    }

    #[test]
    fn a_signal_to_the_process_is_noticed() {
        let mut requests = Requests::listen(PathBuf::from("none"), None, None).unwrap();
        let mut after = |signal| {
            signal_hook::low_level::raise(signal).unwrap();
            requests.agree(1, COST, false, &Solo).0
        };
        assert_eq!(after(SIGUSR2), Request::Save);
        assert_eq!(after(SIGINT), Request::Stop("SIGINT"));
    }
}
