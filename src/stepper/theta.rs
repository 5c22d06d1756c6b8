//! Theta schemes in time: backward Euler, Crank-Nicolson, and what lies between.

use std::time::Instant;

use super::{Carried, Counts, Heat, Solves, StepTimes, Steps, TimeStepper};
use crate::{
    error::Error,
    field::{Field, Real},
    operator::Conduction,
    solver::Solver,
};

/// `rho_c (u' - u) / dt = theta (L u' + g') + (1 - theta) (L u + g)`, with what the walls and the
/// sources are at the end of the step (primed) and at its beginning. Backward Euler is `theta = 1`, first
/// order in time and without new extremes; Crank-Nicolson `theta = 1/2`, second order.
///
/// The solver begins with the temperatures before the step.
pub struct Theta<T> {
    /// The weight of the end of a step.
    weight: f64,
    conduction: Conduction<T>,
    solver: Solver<T>,
    b: Field<T>,
    max_dt: f64,
    solves: Solves,
    times: StepTimes,
}

impl<T: Real> Theta<T> {
    /// A stepper for one subdomain that is never asked for more than `max_dt` seconds. It is stable
    /// for any step if `theta` is at least 1/2; it is at most 1.
    #[must_use]
    pub fn new(theta: f64, conduction: Conduction<T>, solver: Solver<T>, max_dt: f64) -> Self {
        let helmholtz = conduction.helmholtz();
        Self {
            weight: theta,
            b: Field::new(helmholtz.team(), helmholtz.cells(), 0),
            conduction,
            solves: Solves::of(solver.name()),
            solver,
            max_dt,
            times: StepTimes::default(),
        }
    }

    fn step(&mut self, u: &mut Field<T>, from: f64, to: f64, dt: f64) -> Result<(), Error> {
        let start = Instant::now();
        let conduction = &mut self.conduction;
        let [before, after] = [(1.0 - self.weight) * dt, self.weight * dt];
        if before > 0.0 {
            conduction.at(from);
            conduction.helmholtz_mut().set(1.0, -before);
            conduction.helmholtz_mut().apply(u, &mut self.b);
            conduction.count(u, before);
            conduction.load(&mut self.b, before);
        } else {
            conduction.helmholtz().capacity_times(u, &mut self.b);
        }
        let at_walls = Instant::now();
        conduction.at(to);
        conduction.load(&mut self.b, after);
        self.times.walls_and_sources += at_walls.elapsed().as_secs_f64();

        conduction.helmholtz_mut().set(1.0, after);
        let stats = self.solver.solve(conduction.helmholtz_mut(), &self.b, u)?;
        self.solves.count(stats);
        conduction.count(u, after);
        self.times.solver += start.elapsed().as_secs_f64();
        Ok(())
    }
}

impl<T: Real> TimeStepper<T> for Theta<T> {
    fn max_dt(&self) -> f64 {
        self.max_dt
    }

    fn most_steps(&self) -> usize {
        1
    }

    fn advance(&mut self, u: &mut Field<T>, steps: Steps) -> Result<usize, Error> {
        for index in 0..steps.len() {
            let (from, to) = (steps.time(index), steps.time(index + 1));
            self.step(u, from, to, steps.dt())
                .map_err(|error| error.within(&format!("in the step to t = {to} s")))?;
        }
        Ok(steps.len())
    }

    fn heat(&self, u: &Field<T>) -> Heat {
        Heat {
            content: self.conduction.content(u),
            through_sides: self.conduction.heat_through_sides(),
            from_sources: self.conduction.heat_from_sources(),
            per_second: false,
        }
    }

    fn carried(&self) -> Carried {
        Carried {
            accounts: self.conduction.accounts(),
            counts: Counts {
                solves: Some(self.solves.clone()),
                ..Counts::default()
            },
        }
    }

    fn go_on_with(&mut self, carried: Carried) {
        self.conduction.restore(&carried.accounts);
        if let Some(solves) = carried.counts.solves {
            self.solves = solves;
        }
    }

    fn solves(&self) -> Option<&Solves> {
        Some(&self.solves)
    }

    fn times(&self) -> StepTimes {
        self.times
            .with_operator(self.conduction.helmholtz().times())
    }
}
