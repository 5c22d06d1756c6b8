//! Forward Euler in time, several steps between two exchanges of halos.

use std::time::Instant;

use super::{
    Carried, Choice, Counts, Fused, Heat, Plan, Prescribed, StepTimes, Steps, TimeStepper,
};
use crate::{
    error::Error,
    field::{Field, Real},
};

/// `u' = u + dt / rho_c (div(K grad u) + q)`, step after step of a tile in cache, the halo exchanged
/// while the interior is computed.
pub struct Explicit<T> {
    fused: Fused<T>,
    next: Field<T>,
    max_dt: f64,
}

impl<T: Real> Explicit<T> {
    /// A stepper that is never asked for more than `max_dt` seconds.
    #[must_use]
    pub fn new(fused: Fused<T>, max_dt: f64) -> Self {
        Self {
            next: fused.field(),
            fused,
            max_dt,
        }
    }

    /// See [`Fused::follow`].
    pub fn follow(&mut self, plan: Plan) {
        self.fused.follow(plan);
    }

    /// See [`Fused::search`].
    pub fn search(&mut self, prescribed: Prescribed, from: Option<Plan>) {
        self.fused.search(prescribed, from, usize::MAX);
    }

    /// All `steps`, with one exchange.
    fn batch(&mut self, u: &mut Field<T>, steps: Steps) {
        let start = Instant::now();
        let (count, dt) = (steps.len(), steps.dt());
        let times: Vec<f64> = (0..count).map(|index| steps.time(index)).collect();
        self.fused.diffusion.begin(u, &times, dt);
        self.fused.times.walls_and_sources += start.elapsed().as_secs_f64();

        let next = &mut self.next;
        self.fused
            .take(&mut [u], count, count, |diffusion, fields, share| {
                diffusion.advance((fields[0], next), dt, share);
            });
        std::mem::swap(u, next);
    }
}

impl<T: Real> TimeStepper<T> for Explicit<T> {
    fn max_dt(&self) -> f64 {
        self.max_dt
    }

    fn most_steps(&self) -> usize {
        self.fused.tuner.plan().halo_depth
    }

    fn advance(&mut self, u: &mut Field<T>, mut steps: Steps) -> Result<usize, Error> {
        let count = steps.len();
        while !steps.is_empty() {
            let batch = steps.batch(self.most_steps());
            let start = Instant::now();
            self.batch(u, batch);
            self.fused.tune(batch.len(), start);
            steps = steps.part(batch.len()..steps.len());
        }
        Ok(count)
    }

    fn heat(&self, u: &Field<T>) -> Heat {
        self.fused.heat(u)
    }

    fn carried(&self) -> Carried {
        self.fused.carried(Counts::default())
    }

    fn go_on_with(&mut self, carried: Carried) {
        self.fused.diffusion.restore(&carried.accounts);
    }

    fn choice(&self) -> Option<Choice> {
        Some(self.fused.tuner.choice())
    }

    fn times(&self) -> StepTimes {
        self.fused.times
    }
}
