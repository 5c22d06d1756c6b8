//! Runge-Kutta-Legendre super-time-stepping: explicit steps far above the limit of forward Euler.

mod stages;

use std::time::Instant;

pub use self::stages::{MOST_STAGES, longest_step, stage_count};

use self::stages::Legendre;
use super::{Carried, Choice, Counts, Fused, Heat, Plan, StepTimes, Steps, TimeStepper};
use crate::{
    error::Error,
    field::{Field, Real},
    operator::{Results, Stage, Stages},
};

/// The scheme RKL2 of Meyer, Balsara and Aslam (J. Comput. Phys. 257, 2014), of the second order in time:
/// `s` stages, each of which applies the operator once, make a step `(s^2 + s - 2) / 4` times as long as
/// the longest stable one of forward Euler.
///
/// It takes the operator of what the stages add to the state before the step, not of the state: that is
/// one field less to read, and what rounds is small beside the temperatures. Several stages of a
/// tile are taken in cache, as [`super::Explicit`] takes steps: with all of them in one batch, a step reads the
/// state twice and the first stage once from memory, and writes each once.
///
/// As the scheme is linear in what comes in at each stage, so is the heat: what a stage brings beyond
/// what came in at the start counts by the weight with which the whole step holds it, and energy and heat
/// agree to round-off.
pub struct Rkl2<T> {
    fused: Fused<T>,
    /// What the first stage adds to the state.
    start: Field<T>,
    /// What the last stage added to the state, and the one before it; and room for the next two.
    gains: Vec<[Field<T>; 2]>,
    max_dt: f64,
    taken: u64,
}

impl<T: Real> Rkl2<T> {
    /// A stepper that is never asked for more than `max_dt` seconds.
    #[must_use]
    pub fn new(fused: Fused<T>, max_dt: f64) -> Self {
        Self {
            start: fused.field(),
            gains: Vec::new(),
            fused,
            max_dt,
            taken: 0,
        }
    }

    /// See [`Fused::follow`].
    pub fn follow(&mut self, plan: Plan) {
        self.fused.follow(plan);
    }

    fn step(&mut self, u: &mut Field<T>, from: f64, dt: f64) {
        let count = stage_count(dt / self.fused.diffusion.stability_limit());
        let legendre = Legendre::new(count);
        let stages = of_step(&legendre, from, dt);
        let most = self.fused.tuner.plan().halo_depth.min(stages.len());
        let batches = stages.len().div_ceil(most);
        while self.gains.len() < (batches - 1).min(2) {
            self.gains.push([self.fused.field(), self.fused.field()]);
        }
        let start = Instant::now();
        self.first(u, from, dt, legendre.first, most);
        let mut rest = &stages[..];
        for left in (1..=batches).rev() {
            let (batch, after) = rest.split_at(rest.len().div_ceil(left));
            let place = Place {
                is_first: left == batches,
                is_last: left == 1,
            };
            self.batch(u, batch, place);
            rest = after;
        }
        self.taken += count as u64;
        self.fused.tune(count, start);
    }

    /// The first stage of a step of `dt` seconds, from a time on. At most `most` of the others are taken at once.
    fn first(&mut self, u: &mut Field<T>, from: f64, dt: f64, weight: f64, most: usize) {
        let stage = Stage {
            before: [0.0; 2],
            of_start: 0.0,
            dt: weight * dt,
            time: from,
            counted: dt,
        };
        let at_walls = Instant::now();
        self.fused.diffusion.begin_first(u, &stage);
        self.fused.times.walls_and_sources += at_walls.elapsed().as_secs_f64();
        let depth = self.fused.diffusion.depth_around(most);
        let out = &mut self.start;
        self.fused
            .take(&mut [u], 1, depth, |diffusion, fields, share| {
                let stages = Stages {
                    stages: &[stage],
                    before: [fields[0]; 2],
                    start: fields[0],
                };
                diffusion.advance_stages(stages, Results::Last(out), share);
            });
        let at_walls = Instant::now();
        self.fused
            .diffusion
            .add_inflow(u, stage.dt, &mut self.start);
        self.fused.times.walls_and_sources += at_walls.elapsed().as_secs_f64();
    }

    /// Some of the other stages, of which the last add what they made to `u`.
    fn batch(&mut self, u: &mut Field<T>, stages: &[Stage], place: Place) {
        let count = stages.len();
        let (before, next) = match &mut self.gains[..] {
            [] => (None, None),
            [gains] => (Some(gains), None),
            [gains, next, ..] => (Some(gains), Some(next)),
        };
        // The first batch begins with what the first stage made, which stands for the start in all of them.
        let (mut fields, start, next) = if place.is_first {
            (vec![&mut self.start], None, before)
        } else {
            let before = before.expect("the first batch left something");
            (before.each_mut().into(), Some(&self.start), next)
        };
        let at_walls = Instant::now();
        self.fused.diffusion.begin_stages(fields[0], stages, u);
        self.fused.times.walls_and_sources += at_walls.elapsed().as_secs_f64();

        let mut next = next.filter(|_| !place.is_last);
        self.fused
            .take(&mut fields, count, count, |diffusion, fields, share| {
                let stages = Stages {
                    stages,
                    before: [fields[0], fields[fields.len() - 1]],
                    start: start.unwrap_or(fields[0]),
                };
                let results = match &mut next {
                    Some(next) => Results::Both(next.each_mut()),
                    None => Results::Added(&mut *u),
                };
                diffusion.advance_stages(stages, results, share);
            });
        if !place.is_first && !place.is_last {
            self.gains.swap(0, 1);
        }
    }
}

/// Where a batch stands in its step.
#[derive(Clone, Copy)]
struct Place {
    is_first: bool,
    is_last: bool,
}

/// The stages after the first of a step of `dt` seconds from a time on, where what the first adds to the state stands
/// for the rate at the start.
fn of_step(legendre: &Legendre, from: f64, dt: f64) -> Vec<Stage> {
    let mut stages: Vec<Stage> = legendre
        .others
        .iter()
        .map(|stage| Stage {
            before: stage.before,
            of_start: stage.own * stage.of_start / legendre.first,
            dt: stage.own * dt,
            time: from + stage.node * dt,
            counted: stage.weight * dt,
        })
        .collect();
    // Before the first stage, nothing was added.
    stages[0].before[1] = 0.0;
    stages
}

impl<T: Real> TimeStepper<T> for Rkl2<T> {
    fn max_dt(&self) -> f64 {
        self.max_dt
    }

    fn most_steps(&self) -> usize {
        1
    }

    fn advance(&mut self, u: &mut Field<T>, steps: Steps) -> Result<usize, Error> {
        for index in 0..steps.len() {
            self.step(u, steps.time(index), steps.dt());
        }
        Ok(steps.len())
    }

    fn heat(&self, u: &Field<T>) -> Heat {
        self.fused.heat(u)
    }

    fn carried(&self) -> Carried {
        self.fused.carried(Counts {
            stages: Some(self.taken),
            ..Counts::default()
        })
    }

    fn go_on_with(&mut self, carried: Carried) {
        self.fused.diffusion.restore(&carried.accounts);
        self.taken = carried.counts.stages.unwrap_or(self.taken);
    }

    fn choice(&self) -> Option<Choice> {
        Some(self.fused.tuner.choice())
    }

    fn stages(&self) -> Option<u64> {
        Some(self.taken)
    }

    fn times(&self) -> StepTimes {
        self.fused.times
    }
}
