//! `isotherm run`.

mod properties;
mod scheme;
mod summaries;
mod words;

use std::{rc::Rc, time::Instant};

use self::{scheme::Prepared, words::summary};
use super::{case::Given, connect, resume::resume_or_start};
use crate::{
    cli,
    comm::{Communicator, Pulse, Reduce, Watched, agree, from_first},
    config::{Precision, WallTime},
    domain::Domain,
    error::Error,
    field::{Field, Real, Team},
    launch::{Launcher, Placement, Watchdog, time_left},
    output::{
        Checkpoint, Checkpoints, DIAGNOSTICS, Diagnostics, FIELDS, Facts, FiniteCheck, Look, Marks,
        PICTURE, PROBES, Picture, Probes, Progress, REPORT, Report, Requests, RunDirectory,
        SNAPSHOTS, STOP, Snapshots, Store, Summaries,
    },
    simulation::{Cadence, Clock, Observer, Pace, Simulation},
    stepper::TimeStepper,
};

/// Steps between two looks for values that are not finite.
const STEPS_BETWEEN_FINITE_CHECKS: u64 = 1000;

/// Runs a simulation. Collective over all processes of the launcher.
///
/// # Errors
/// Whatever ends it before its end, the same on every rank.
pub fn run(options: &cli::Run, launcher: Option<Launcher>) -> Result<(), Error> {
    let start = Instant::now();
    let comm = connect(launcher)?;
    let read = || Given::read(&options.config, options.output.as_deref());
    let given = Given::share(comm.as_ref(), read)?;
    let manner = Manner::new(&options.manner, options.config.threads, start);
    if options.resume {
        return resume_or_start(&given, comm, launcher, &manner);
    }
    let overwrite = options.overwrite;
    execute(
        &given,
        comm,
        launcher,
        &manner,
        Beginning::Anew { overwrite },
    )
}

/// How a run is made, whatever its case.
pub(super) struct Manner {
    threads: Option<usize>,
    quiet: bool,
    /// When it must have ended, if it must.
    deadline: Option<Instant>,
}

impl Manner {
    /// That of a program that was started at `start`.
    pub(super) fn new(options: &cli::Manner, threads: Option<usize>, start: Instant) -> Self {
        let limit = match options.wall_limit {
            Some(WallTime(limit)) => start.checked_add(limit),
            None => time_left().and_then(|left| Instant::now().checked_add(left)),
        };
        Self {
            threads,
            quiet: options.quiet,
            deadline: limit,
        }
    }
}

/// Where a run begins.
pub(super) enum Beginning {
    Anew { overwrite: bool },
    From(RunDirectory, Box<Checkpoint>),
}

/// Runs a case. Collective.
pub(super) fn execute(
    given: &Given,
    comm: Rc<dyn Communicator>,
    launcher: Option<Launcher>,
    manner: &Manner,
    beginning: Beginning,
) -> Result<(), Error> {
    let parallel = given.case.parallel;
    let process_grid = given.process_grid(comm.size())?;
    let pulse = Pulse::default();
    let comm = comm.cartesian(process_grid, given.periodic());
    let comm: Rc<dyn Communicator> = Rc::new(Watched::new(comm, &pulse));
    let placement = Placement::find(comm.as_ref(), launcher, manner.threads, parallel.threads);
    let team = Rc::new(agree(comm.as_ref(), Team::new(placement.threads))?);
    let domain = Domain::new(given.case.grid, process_grid, given.periodic(), comm.rank());
    let run = Run {
        manner,
        given,
        comm,
        pulse,
        launcher,
        placement: &placement,
        team,
        domain,
    };
    match parallel.precision {
        Precision::F64 | Precision::Mixed => run.solve::<f64>(beginning),
        Precision::F32 => run.solve::<f32>(beginning),
    }
}

/// A run whose layout is settled.
struct Run<'a> {
    manner: &'a Manner,
    given: &'a Given,
    comm: Rc<dyn Communicator>,
    pulse: Pulse,
    launcher: Option<Launcher>,
    placement: &'a Placement,
    team: Rc<Team>,
    domain: Domain,
}

/// Where a run begins, and in which directory.
struct Start {
    directory: RunDirectory,
    clock: Clock,
    marks: Marks,
}

impl Run<'_> {
    fn solve<T: Real>(&self, beginning: Beginning) -> Result<(), Error> {
        let (comm, case) = (self.comm.as_ref(), &self.given.case);
        // From here on a signal ends the run in good order.
        let stop_file = case.output.directory.join(STOP);
        let grace = self.launcher.and_then(|launcher| launcher.grace());
        let requests = agree(
            comm,
            Requests::listen(stop_file, self.manner.deadline, grace),
        )?;
        let ranks_here = self.placement.ranks_beside(comm.rank()) + 1;
        agree(comm, self.given.check_memory::<T>(&self.domain, ranks_here))?;
        self.check_regions()?;
        let Prepared {
            mut stepper,
            mut u,
            max_dt,
            pace,
            search,
        } = self.prepare::<T>()?;

        let Start {
            directory,
            clock,
            marks,
        } = self.start(beginning, pace, &mut u, stepper.as_mut())?;
        directory.write_config(&case.effective, comm)?;
        let solves = stepper.solves().is_some();
        let (summaries, last_summary) = self.summaries()?.unzip();
        let mut observers = self.observers(&directory, solves, summaries, &marks)?;
        let (checkpoints, stopped) = Checkpoints::new(
            directory.path(),
            case.output.checkpoint.clone(),
            requests,
            &case.effective,
            &clock,
            &marks,
        );
        observers.push(Box::new(checkpoints));
        observers.push(Box::new(Progress::new(self.manner.quiet, &clock, comm)));
        self.announce(max_dt, &clock);

        let first_step = clock.step();
        let start = Instant::now();
        let mut simulation = Simulation {
            comm: Rc::clone(&self.comm),
            team: Rc::clone(&self.team),
            domain: self.domain.clone(),
            u,
            stepper,
            clock,
            observers,
            observer_seconds: Vec::new(),
            pulse: self.pulse.clone(),
        };
        let watchdog = Watchdog::watch(&self.pulse, comm.rank(), case.parallel.watchdog);
        let watchdog = agree(comm, watchdog)?;
        simulation.run()?;
        // Of files, too, though no observer looks on any more.
        let closing = Instant::now();
        marks.frames.close(comm)?;
        let closing = closing.elapsed().as_secs_f64();
        drop(watchdog);
        let of_observers = simulation
            .observers
            .iter()
            .zip(&simulation.observer_seconds);
        let of_observers = of_observers.map(|(observer, seconds)| match observer.name() {
            SNAPSHOTS => (SNAPSHOTS, seconds + closing),
            name => (name, *seconds),
        });
        let facts = Facts {
            domain: &self.domain,
            clock: &simulation.clock,
            first_step,
            threads: self.team.size(),
            cores: &self.placement.cores,
            precision: T::NAME,
            mpi: comm.library(),
            wall: start.elapsed().as_secs_f64(),
            times: simulation.stepper.times(),
            plan: simulation.stepper.choice(),
            stages: simulation.stepper.stages(),
            solves: simulation.stepper.solves(),
            tealeaf: last_summary.and_then(|last| last.get()),
            frames: marks.frames.times(),
            observers: of_observers.collect(),
        };
        if let (Some(search), 0, Some(choice)) = (search, comm.rank(), facts.plan) {
            search.remember(choice);
        }
        let report = Report::gather(&facts, comm);
        report.write(&directory.file(REPORT), comm)?;
        self.say(&format!(
            "{}\nresults in {}",
            summary(&report),
            case.output.directory.display()
        ));
        match stopped.get() {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// Makes the directory this run's; where it goes on, takes field and stepper to where it was. Collective.
    fn start<T: Real>(
        &self,
        beginning: Beginning,
        pace: Pace,
        u: &mut Field<T>,
        stepper: &mut dyn TimeStepper<T>,
    ) -> Result<Start, Error> {
        let (comm, case) = (self.comm.as_ref(), &self.given.case);
        let (path, end) = (&case.output.directory, case.time.end);
        match beginning {
            Beginning::Anew { overwrite } => Ok(Start {
                directory: RunDirectory::claim(path, overwrite, &self.given.inputs(), comm)?,
                clock: Clock::new(end, pace),
                marks: Marks::default(),
            }),
            Beginning::From(directory, checkpoint) => {
                let mut carried = stepper.carried();
                checkpoint.read(u, &mut carried.accounts, &self.domain, comm)?;
                carried.counts = checkpoint.manifest.counts.clone();
                stepper.go_on_with(carried);
                let clock = checkpoint.manifest.clock.until(end);
                let forget = || Store::of(directory.path()).forget_after(clock.step());
                from_first(comm, forget)?;
                directory.forget_end(comm)?;
                Ok(Start {
                    directory,
                    clock,
                    marks: Marks::from(&checkpoint.manifest.positions),
                })
            }
        }
    }

    /// Those who look on and write files, in the order in which they are called.
    fn observers<T: Real>(
        &self,
        directory: &RunDirectory,
        solves: bool,
        summaries: Option<Summaries>,
        marks: &Marks,
    ) -> Result<Vec<Box<dyn Observer<T>>>, Error> {
        let (comm, case) = (self.comm.as_ref(), &self.given.case);
        let output = &case.output;
        let look = Look {
            title: case.title.clone(),
            colormap: output.plot.colormap,
            range: output.plot.range,
            contours: output.plot.contours,
        };
        let checks = [
            Cadence::EverySteps(STEPS_BETWEEN_FINITE_CHECKS),
            output.diagnostics.clone(),
        ];
        let of_summaries = case.tealeaf.and_then(|tealeaf| tealeaf.every_steps);
        let checks = (checks.into_iter())
            .chain(output.snapshots.clone())
            .chain(of_summaries.map(Cadence::EverySteps));
        let mut observers: Vec<Box<dyn Observer<T>>> = vec![
            Box::new(FiniteCheck::new(checks)),
            Box::new(Diagnostics::open(
                &directory.file(DIAGNOSTICS),
                output.diagnostics.clone(),
                solves,
                marks,
                comm,
            )?),
        ];
        if let Some(cadence) = output.probing.clone() {
            let path = directory.file(PROBES);
            let probes = Probes::open(&path, &output.probes, cadence, &self.domain, marks, comm)?;
            observers.push(Box::new(probes));
        }
        let fields = directory.file(FIELDS);
        observers.push(Box::new(Snapshots::new(
            self.fields_file(&fields, &marks.frames)?,
            output.snapshots.clone(),
        )));
        // Of cells that the picture does not show there are no outlines.
        let medium = (output.medium && output.extract.is_all()).then_some(fields);
        let picture = Picture::new(&directory.file(PICTURE), look, medium);
        observers.push(Box::new(picture));
        if let Some(summaries) = summaries {
            observers.push(Box::new(summaries));
        }
        Ok(observers)
    }

    /// Refuses regions that cover no cell of any rank. Collective.
    fn check_regions(&self) -> Result<(), Error> {
        let covered = self.given.covered(&self.team, &self.domain);
        let mut flags: Vec<i64> = covered.into_iter().map(i64::from).collect();
        self.comm.all_reduce_integers(&mut flags, Reduce::Max);
        let covered: Vec<bool> = flags.into_iter().map(|flag| flag == 1).collect();
        agree(self.comm.as_ref(), self.given.check_regions(&covered))
    }
}
