//! `isotherm run`.

mod scheme;
mod summaries;

use std::{fmt::Write as _, rc::Rc, time::Instant};

use self::scheme::Prepared;
use super::{case::Given, connect};
use crate::{
    cli,
    comm::{Communicator, Reduce, agree},
    config::{Precision, Scheme},
    domain::Domain,
    error::{Error, count},
    field::{Real, Team},
    launch::{Launcher, Placement, memory},
    output::{
        DIAGNOSTICS, Diagnostics, FIELDS, Facts, FiniteCheck, Look, PICTURE, PROBES, Picture,
        Probes, Progress, REPORT, Report, RunDirectory, Snapshots, StopOnSignal, Summaries, note,
    },
    simulation::{Cadence, Clock, Observer, Simulation},
    stepper::Choice,
};

/// Steps between two looks for values that are not finite.
const STEPS_BETWEEN_FINITE_CHECKS: u64 = 1000;

/// Runs a simulation. Collective over all processes of the launcher.
///
/// # Errors
/// Whatever ends it before its end, the same on every rank.
pub fn run(options: &cli::Run, launcher: Option<Launcher>) -> Result<(), Error> {
    let comm = connect(launcher)?;
    let given = Given::share(comm.as_ref(), &options.config, options.output.as_deref())?;
    let parallel = given.case.parallel;
    let process_grid = given.process_grid(comm.size())?;
    let comm = comm.cartesian(process_grid, given.periodic());
    let placement = Placement::find(
        comm.as_ref(),
        launcher,
        options.config.threads,
        parallel.threads,
    );
    let team = Rc::new(agree(comm.as_ref(), Team::new(placement.threads))?);
    let domain = Domain::new(given.case.grid, process_grid, given.periodic(), comm.rank());
    let run = Run {
        options,
        given: &given,
        comm,
        placement: &placement,
        team,
        domain,
    };
    match parallel.precision {
        Precision::F64 | Precision::Mixed => run.solve::<f64>(),
        Precision::F32 => run.solve::<f32>(),
    }
}

/// A run whose layout is settled.
struct Run<'a> {
    options: &'a cli::Run,
    given: &'a Given,
    comm: Rc<dyn Communicator>,
    placement: &'a Placement,
    team: Rc<Team>,
    domain: Domain,
}

impl Run<'_> {
    fn solve<T: Real>(&self) -> Result<(), Error> {
        let (comm, case) = (self.comm.as_ref(), &self.given.case);
        // From here on a signal ends the run in good order.
        let (stop, stopped) = agree(comm, StopOnSignal::new())?;
        let ranks_here = self.placement.ranks_beside(comm.rank()) + 1;
        agree(comm, self.given.check_memory::<T>(&self.domain, ranks_here))?;
        self.check_regions()?;
        let Prepared {
            stepper,
            u,
            max_dt,
            pace,
            situation,
        } = self.prepare::<T>()?;

        let directory = RunDirectory::claim(
            &case.output.directory,
            self.options.overwrite,
            &self.given.inputs(),
            comm,
        )?;
        directory.write_config(&case.effective, comm)?;
        let solves = stepper.solves().is_some();
        let (summaries, last_summary) = self.summaries()?.unzip();
        let observers = self.observers(&directory, solves, summaries, stop)?;
        self.announce(max_dt);

        let start = Instant::now();
        let mut simulation = Simulation {
            comm: Rc::clone(&self.comm),
            team: Rc::clone(&self.team),
            domain: self.domain.clone(),
            u,
            stepper,
            clock: Clock::new(case.time.end, pace),
            observers,
            observer_seconds: Vec::new(),
        };
        simulation.run()?;
        let names = simulation.observers.iter().map(|observer| observer.name());
        let facts = Facts {
            domain: &self.domain,
            clock: &simulation.clock,
            threads: self.team.size(),
            precision: T::NAME,
            mpi: comm.library(),
            wall: start.elapsed().as_secs_f64(),
            times: simulation.stepper.times(),
            plan: simulation.stepper.choice(),
            stages: simulation.stepper.stages(),
            solves: simulation.stepper.solves(),
            tealeaf: last_summary.and_then(|last| last.get()),
            observers: names
                .zip(simulation.observer_seconds.iter().copied())
                .collect(),
        };
        if let (
            Some(situation),
            0,
            Some(Choice {
                plan,
                settled: true,
            }),
        ) = (situation, comm.rank(), facts.plan)
        {
            memory::remember(&situation, plan);
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

    /// Those who look on, in the order in which they are called.
    fn observers<T: Real>(
        &self,
        directory: &RunDirectory,
        solves: bool,
        summaries: Option<Summaries>,
        stop: StopOnSignal,
    ) -> Result<Vec<Box<dyn Observer<T>>>, Error> {
        let (comm, case) = (self.comm.as_ref(), &self.given.case);
        let output = &case.output;
        let look = Look {
            title: case.title.clone(),
            colormap: output.plot.colormap,
            range: output.plot.range,
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
            Box::new(Diagnostics::create(
                &directory.file(DIAGNOSTICS),
                output.diagnostics.clone(),
                solves,
                comm,
            )?),
        ];
        if let Some(cadence) = output.probing.clone() {
            let path = directory.file(PROBES);
            let probes = Probes::create(&path, &output.probes, cadence, &self.domain, comm)?;
            observers.push(Box::new(probes));
        }
        observers.push(Box::new(Snapshots::create::<T>(
            &directory.file(FIELDS),
            &case.title,
            &case.grid,
            output.snapshots.clone(),
            comm,
        )?));
        observers.push(Box::new(Picture::new(&directory.file(PICTURE), look)));
        if let Some(summaries) = summaries {
            observers.push(Box::new(summaries));
        }
        observers.push(Box::new(stop));
        observers.push(Box::new(Progress::new(self.options.quiet, comm)));
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

    /// Says what is about to be run, and what stands in its way.
    fn announce(&self, max_dt: f64) {
        let (case, domain, placement) = (&self.given.case, &self.domain, self.placement);
        let [nx, ny] = case.grid.cells;
        let [px, py] = domain.ranks;
        let course = match case.time.scheme {
            Scheme::Steady => "to the steady state".to_owned(),
            _ => format!(
                "to t = {} s in steps of at most {max_dt:.4e} s",
                case.time.end
            ),
        };
        self.say(&format!(
            "{}: {nx} x {ny} cells {course}\n{} x {} x {} ({}), process grid {px} x {py}",
            case.title,
            count(placement.nodes(), "node"),
            count(self.comm.size() / placement.nodes(), "rank"),
            count(placement.threads, "thread"),
            placement.threads_from,
        ));
        if self.comm.rank() == 0 {
            for warning in &placement.warnings {
                note(&format!("warning: {warning}"));
            }
        }
    }

    fn say(&self, text: &str) {
        if self.comm.rank() == 0 && !self.options.quiet {
            note(text);
        }
    }
}

/// One line of what a run was.
fn summary(report: &Report) -> String {
    let run = &report.run;
    let mut line = format!(
        "{} in {:.2} s: {:.3e} cell updates a second",
        count(usize::try_from(run.steps).unwrap_or(usize::MAX), "step"),
        run.wall_seconds,
        run.cell_updates_per_second,
    );
    let overlaps = report.plan.is_none_or(|choice| choice.plan.overlap);
    if let (Some(hidden), true) = (report.communication.hidden_fraction, overlaps) {
        let hidden = 100.0 * hidden;
        write!(line, ", {hidden:.0} % of the halo time hidden").expect("a string takes all");
    }
    if let Some(stages) = run.stages {
        write!(line, "\nrkl2: {stages} stages").expect("a string takes all");
    }
    if let Some(solver) = &report.solver {
        let iterations = usize::try_from(solver.iterations).unwrap_or(usize::MAX);
        let iterations = count(iterations, "iteration");
        write!(line, "\n{}: {iterations}", solver.method).expect("a string takes all");
    }
    if let Some(Choice { plan, settled }) = report.plan {
        let trying = if settled {
            ""
        } else {
            " (others were still being tried)"
        };
        write!(line, "\n{plan}{trying}").expect("a string takes all");
    }
    line
}
