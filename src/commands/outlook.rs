//! What a run would take, before it is made.

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use super::case::Given;
use crate::{
    comm::{Communicator, Solo},
    config::{Precision, Scheme, Step},
    domain::Domain,
    error::Error,
    field::{Field, Real, Team},
    simulation::{Clock, Moment, Schedule},
    stepper::{Explicit, Fused, Rkl2, Steps, TimeStepper, rkl2::longest_step},
};

/// Cells of the blocks in which a large grid is looked at.
const BLOCK: usize = 1 << 22;

/// How long steps are timed for the estimate of the run time.
const TIMED: Duration = Duration::from_millis(200);

/// Steps of more stages take as long for each.
const TIMED_STAGES: usize = 33;

/// Times to land on that are gone through one by one; those of longer runs are taken to go on alike.
const MOST_LANDINGS: usize = 100_000;

/// What a run of a case would take.
pub struct Outlook {
    /// `f64` or `f32`.
    pub precision: &'static str,
    pub process_grid: [usize; 2],
    /// Cells of the largest subdomain.
    pub largest: [usize; 2],
    /// Bytes of a rank.
    pub memory: u64,
    /// The stability limit of the explicit scheme in s.
    pub limit: f64,
    /// The longest step in s.
    pub max_dt: f64,
    /// How many there will be, where that is known.
    pub steps: Option<f64>,
    /// Cell updates a second of the threads here, of schemes without linear systems.
    pub rate: Option<f64>,
}

impl Outlook {
    /// That of a case on a number of ranks; its rate is measured with threads of this machine.
    ///
    /// # Errors
    /// Everything that is wrong with the config.
    pub fn new(given: &Given, ranks: usize, threads: usize) -> Result<Self, Error> {
        match given.case.parallel.precision {
            Precision::F64 | Precision::Mixed => Self::of::<f64>(given, ranks, threads),
            Precision::F32 => Self::of::<f32>(given, ranks, threads),
        }
    }

    fn of<T: Real>(given: &Given, ranks: usize, threads: usize) -> Result<Self, Error> {
        let case = &given.case;
        let process_grid = given.process_grid(ranks)?;
        let comm: Rc<dyn Communicator> = Rc::new(Solo);
        let team = Rc::new(Team::new(threads)?);

        // The grid is looked at in blocks, so that a laptop can check a cluster's case.
        let [nx, ny] = case.grid.cells;
        let down = case.grid.cell_count().div_ceil(BLOCK).min(ny);
        let across = (nx * ny.div_ceil(down)).div_ceil(BLOCK);
        let part = Domain::new(case.grid, process_grid, given.periodic(), 0);
        let prescribed = given.prescribed(&part)?;
        let mut limit = f64::INFINITY;
        let mut covered = vec![false; case.medium.regions.len()];
        let mut sample = None;
        for block in 0..across * down {
            let domain = Domain::new(case.grid, [across, down], given.periodic(), block);
            let diffusion = given.diffusion::<T>(&comm, &team, &domain, 0)?;
            given.initial::<T>(comm.as_ref(), &team, &domain, 0)?;
            for (covered, here) in covered.iter_mut().zip(given.covered(&team, &domain)) {
                *covered |= here;
            }
            limit = limit.min(diffusion.stability_limit());
            sample = Some((domain, diffusion));
        }
        given.check_regions(&covered)?;
        let (domain, diffusion) = sample.expect("a grid has cells");
        let is_within = matches!(case.time.step, Step::Within(_));
        let is_limited = case.time.scheme == Scheme::Explicit || is_within;
        let (max_dt, pace) = given.pace(if is_limited { limit } else { f64::INFINITY })?;
        let largest = [0, 1].map(|axis| case.grid.cells[axis].div_ceil(process_grid[axis]));
        let is_counted = !is_within && case.time.scheme != Scheme::Steady;
        let margin = diffusion.margin();
        let fused = Fused::new(comm, &team, &domain.alone(), diffusion, prescribed);
        let u = || Field::<T>::new(&team, domain.cells, margin + 1);
        let rate = match case.time.scheme {
            Scheme::Explicit => Some(rate(u(), Explicit::new(fused, max_dt), max_dt)?),
            Scheme::Rkl2 => {
                let stages = given.stages(max_dt, limit)?;
                let dt = max_dt.min(limit * longest_step(TIMED_STAGES));
                #[expect(clippy::cast_precision_loss, reason = "a small count")]
                Some(rate(u(), Rkl2::new(fused, dt), dt)? / stages as f64)
            }
            _ => None,
        };
        Ok(Self {
            precision: T::NAME,
            process_grid,
            largest,
            memory: given.memory::<T>(largest[0] as u64 * largest[1] as u64)?,
            limit,
            max_dt,
            steps: is_counted.then(|| {
                let output = &case.output;
                let cadences = [output.snapshots.clone(), output.probing.clone()];
                let cadences = cadences
                    .into_iter()
                    .flatten()
                    .chain([output.diagnostics.clone()]);
                let clock = Clock::new(case.time.end, pace);
                steps(clock, max_dt, Schedule::with_ends(cadences))
            }),
            rate,
        })
    }
}

/// How many steps of at most `max_dt` a clock takes to its end, and onto the times of a schedule on the way.
#[expect(clippy::cast_precision_loss, reason = "step counts are far below 2^53")]
fn steps(mut clock: Clock, max_dt: f64, mut schedule: Schedule) -> f64 {
    for _ in 0..MOST_LANDINGS {
        let target = schedule.next_time().unwrap_or(f64::INFINITY);
        let steps = clock.next_steps(max_dt, target, u64::MAX);
        clock.tick(steps.len());
        schedule.take(&clock, Moment::Running);
        if !clock.running() {
            return clock.step() as f64;
        }
    }
    (clock.step() as f64 * clock.end() / clock.time()).round()
}

/// How often this machine's threads update cells of a part of the case in a second: in steps, or in stages where
/// steps have several.
#[expect(clippy::cast_precision_loss, reason = "cell counts are far below 2^53")]
fn rate<T: Real>(mut u: Field<T>, mut stepper: impl TimeStepper<T>, dt: f64) -> Result<f64, Error> {
    let cells = u.cells()[0] * u.cells()[1];
    let mut batch = |seconds: Duration| -> Result<f64, Error> {
        let (start, mut steps) = (Instant::now(), 0);
        let stages = stepper.stages();
        while start.elapsed() < seconds {
            let few = Steps::new(0.0, dt, stepper.most_steps());
            steps += stepper.advance(&mut u, few)? as u64;
        }
        let seconds = start.elapsed().as_secs_f64();
        let taken = match (stages, stepper.stages()) {
            (Some(before), Some(after)) => after - before,
            _ => steps,
        };
        Ok(taken as f64 * cells as f64 / seconds)
    };
    batch(TIMED)?;
    batch(TIMED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::{Cadence, Pace};

    #[test]
    fn steps_land_on_times_of_outputs() {
        let count = |max_dt, cadences: &[Cadence]| {
            let schedule = Schedule::with_ends(cadences.iter().cloned());
            steps(Clock::new(100.0, Pace::Even), max_dt, schedule)
        };
        assert_eq!(count(9.2, &[]), 11.0);
        assert_eq!(count(9.2, &[Cadence::EverySteps(3)]), 11.0);
        assert_eq!(count(10.0, &[]), 10.0);
        assert_eq!(count(9.2, &[Cadence::EveryTime(10.0)]), 20.0);
        assert_eq!(count(9.2, &[Cadence::EveryTime(0.1)]), 1000.0);
        // At 30, 33, 60, 90 and the end.
        let both = [Cadence::EveryTime(30.0), Cadence::Times(vec![33.0, 200.0])];
        assert_eq!(count(9.2, &both), 4.0 + 1.0 + 3.0 + 4.0 + 2.0);
        assert_eq!(count(9.2, &[Cadence::EveryTime(1e-4)]), 1e6);
    }
}
