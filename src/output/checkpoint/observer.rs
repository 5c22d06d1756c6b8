//! Checkpoints while a run goes, and before it stops.

use std::{
    cell::OnceCell,
    path::{Path, PathBuf},
    rc::Rc,
    time::{Duration, Instant, SystemTime},
};

use super::{Manifest, Store};
use crate::{
    comm::Communicator,
    error::{Error, Kind},
    field::Real,
    output::{
        FiniteCheck,
        marks::Marks,
        progress::note,
        run_directory::{DIAGNOSTICS, FIELDS, PROBES},
        stop::{Request, Requests},
    },
    simulation::{Cadence, Clock, Flow, Moment, Observer, Schedule, View},
    stepper::Carried,
};

/// When checkpoints are written, besides at the end of the run: as soon as one of them says so.
#[derive(Debug, Clone, PartialEq)]
pub struct When {
    pub every_steps: Option<u64>,
    /// In simulated seconds. No step is shortened for it: the next one that ends after it counts.
    pub every_time: Option<f64>,
    pub every_wall: Option<Duration>,
    /// How many of the newest are left; with 0 none is written.
    pub keep: usize,
}

/// Bytes a second that a checkpoint is taken to be written with before one was.
const GUESSED_SPEED: f64 = 1e8;

/// Writes checkpoints, and stops the run where somebody asks for it. It belongs behind all observers
/// that write files, so that a checkpoint knows how far they have come.
pub struct Checkpoints {
    schedule: Schedule,
    when: When,
    requests: Requests,
    store: Store,
    /// The effective config of the run.
    config: String,
    marks: Marks,
    /// The files that the marks are about.
    files: Vec<PathBuf>,
    finite: FiniteCheck,
    /// When the last one was written, or the run began: simulated seconds, and on the wall.
    last: (f64, Instant),
    /// How long the last one took.
    cost: Option<Duration>,
    stopped: Rc<OnceCell<Error>>,
}

impl Checkpoints {
    /// Checkpoints of the run directory `run` with the effective `config`, for a run at the time of
    /// `clock`. The cell is filled, on every rank, with an error of kind [`Kind::Stopped`] once
    /// the run was stopped.
    #[must_use]
    pub fn new(
        run: &Path,
        when: When,
        mut requests: Requests,
        config: &str,
        clock: &Clock,
        marks: &Marks,
    ) -> (Self, Rc<OnceCell<Error>>) {
        let mut schedule = Schedule::with_ends(when.every_steps.map(Cadence::EverySteps));
        schedule.set_from_step(clock.step() + 1);
        requests.begin(clock.step());
        let files = [DIAGNOSTICS, PROBES, FIELDS].map(|name| run.join(name));
        let stopped = Rc::new(OnceCell::new());
        let observer = Self {
            schedule,
            when,
            requests,
            store: Store::of(run),
            config: config.to_owned(),
            marks: marks.clone(),
            files: files.into_iter().filter(|file| file.exists()).collect(),
            finite: FiniteCheck::new(None),
            last: (clock.time(), Instant::now()),
            cost: None,
            stopped: Rc::clone(&stopped),
        };
        (observer, stopped)
    }

    /// Whether so many steps or so much simulated time has passed.
    fn is_due(&self, clock: &Clock) -> bool {
        let by_steps = |steps| clock.step().is_multiple_of(steps);
        let by_time = |interval: f64| clock.time() >= self.next_time(interval);
        self.when.every_steps.is_some_and(by_steps) || self.when.every_time.is_some_and(by_time)
    }

    /// The first multiple of an interval after the last checkpoint.
    fn next_time(&self, interval: f64) -> f64 {
        interval * ((self.last.0 / interval).floor() + 1.0)
    }

    /// The first step that may end after it, as long as steps do not get longer.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "step counts are positive and far below 2^53"
    )]
    fn step_after(&self, interval: f64, clock: &Clock) -> u64 {
        let steps = (self.next_time(interval) - clock.time()) / clock.dt();
        clock.step().saturating_add((steps.floor() as u64).max(1))
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    fn cost<T: Real>(&self, view: &View<'_, T>) -> Duration {
        let bytes = view.domain.grid.cell_count() as f64 * size_of::<T>() as f64;
        let guess = || Duration::from_secs_f64(bytes / GUESSED_SPEED);
        self.cost.unwrap_or_else(guess)
    }

    fn save<T: Real>(&mut self, view: &View<'_, T>) -> Result<(), Error> {
        if self.when.keep == 0 {
            return Ok(());
        }
        let start = Instant::now();
        self.finite.observe(view)?;
        // What is still on its way into a file is not in it yet.
        self.marks.frames.settle(view.comm)?;
        let Carried { accounts, counts } = view.stepper.carried();
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let manifest = Manifest {
            program: program(),
            written: since_1970.map_or(0, |time| time.as_secs()),
            config: self.config.clone(),
            clock: view.clock.clone(),
            grid: view.domain.grid.cells,
            precision: T::NAME.to_owned(),
            source_seconds: accounts.source_seconds,
            counts,
            positions: self.marks.positions(),
            ranks: view.domain.ranks,
            shards: Vec::new(),
        };
        let state = (view.u, view.domain);
        let keep = self.when.keep;
        self.store
            .write(manifest, state, &accounts, &self.files, keep, view.comm)?;
        self.last = (view.clock.time(), Instant::now());
        let cost = start.elapsed();
        self.cost = Some(cost);
        if view.comm.rank() == 0
            && let Some(warning) = self.requests.warn(cost)
        {
            note(&warning);
        }
        Ok(())
    }

    fn stop(&self, reason: &str, clock: &Clock, comm: &dyn Communicator) {
        if comm.rank() == 0 {
            self.requests.forget();
        }
        let (step, time, end) = (clock.step(), clock.time(), clock.end());
        let message =
            format!("stopped by {reason} after step {step}, at t = {time:e} s of {end:e} s");
        let help = match self.when.keep {
            0 => "it cannot go on: output.checkpoint.keep = 0".to_owned(),
            _ => format!("`isotherm resume {}` goes on", self.store.run().display()),
        };
        let error = Error::new(Kind::Stopped, message).with_help(help);
        self.stopped.get_or_init(|| error);
    }
}

/// Name and version of the program, and the commit it was built from, if that is known.
fn program() -> String {
    let version = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
    match option_env!("ISOTHERM_COMMIT") {
        Some(commit) => format!("{version} ({commit})"),
        None => version.to_owned(),
    }
}

impl<T: Real> Observer<T> for Checkpoints {
    fn name(&self) -> &'static str {
        "checkpoints"
    }

    fn schedule(&mut self) -> &mut Schedule {
        &mut self.schedule
    }

    fn observe(&mut self, view: &View<'_, T>) -> Result<Flow, Error> {
        let clock = view.clock;
        match view.moment {
            Moment::Start => return Ok(Flow::Continue),
            Moment::Running => {}
            // There is nothing left to stop.
            Moment::End => return self.save(view).map(|()| Flow::Continue),
        }
        let is_late = |most: Duration| self.last.1.elapsed() >= most;
        let is_late = self.when.every_wall.is_some_and(is_late);
        let cost = self.cost(view);
        let (request, next) = self.requests.agree(clock.step(), cost, is_late, view.comm);
        if request != Request::GoOn || self.is_due(clock) {
            self.save(view)?;
        }
        let by_time = |interval| self.step_after(interval, clock);
        let by_time = self.when.every_time.map_or(next, by_time);
        self.schedule.set_from_step(next.min(by_time));
        match request {
            Request::Stop(reason) => {
                self.stop(reason, clock, view.comm);
                Ok(Flow::Stop)
            }
            _ => Ok(Flow::Continue),
        }
    }
}
