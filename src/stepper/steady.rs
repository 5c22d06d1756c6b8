//! The state in which nothing changes any more.

use std::{rc::Rc, time::Instant};

use super::{Carried, Counts, Heat, Solves, StepTimes, Steps, TimeStepper};
use crate::{
    comm::Communicator,
    error::Error,
    field::{Field, Real, Team, reproducible_sum},
    operator::Conduction,
    solver::Solver,
};

/// Heat that comes in from outside and has nowhere to go, over all that comes in or goes out: above
/// this, it is no round-off.
const ROUND_OFF: f64 = 1e-10;

/// `0 = L u + g`, solved in one step of whatever length. The solver begins with the given state.
///
/// Where no wall fixes the level of temperature, the heat content of the given state is kept: the
/// state is that to which a run in time would come.
pub struct Steady<T> {
    conduction: Conduction<T>,
    solver: Solver<T>,
    cell_area: f64,
    b: Field<T>,
    solves: Solves,
    times: StepTimes,
}

impl<T: Real> Steady<T> {
    /// A stepper for one subdomain with cells of so many square metres.
    #[must_use]
    pub fn new(conduction: Conduction<T>, solver: Solver<T>, cell_area: f64) -> Self {
        let helmholtz = conduction.helmholtz();
        Self {
            cell_area,
            b: Field::new(helmholtz.team(), helmholtz.cells(), 0),
            conduction,
            solves: Solves::of(solver.name()),
            solver,
            times: StepTimes::default(),
        }
    }

    fn solve(&mut self, u: &mut Field<T>) -> Result<(), Error> {
        let start = Instant::now();
        let conduction = &mut self.conduction;
        conduction.load(&mut self.b, 1.0);
        conduction.helmholtz_mut().set(0.0, 1.0);
        let is_singular = conduction.helmholtz().is_singular();
        let content = conduction.content(u);
        if is_singular {
            self.balance()?;
        }
        self.times.walls_and_sources += start.elapsed().as_secs_f64();

        let operator = self.conduction.helmholtz_mut();
        let stats = self.solver.solve(operator, &self.b, u)?;
        self.solves.count(stats);
        if is_singular {
            self.shift(u, content);
        }
        self.conduction.count(u, 1.0);
        self.times.solver += start.elapsed().as_secs_f64();
        Ok(())
    }

    /// Makes sure that as much heat comes in as goes out, and removes the round-off of it.
    fn balance(&mut self) -> Result<(), Error> {
        let (comm, team) = self.layout();
        let cells = self.b.cells();
        let sum = |term: &(dyn Fn(f64) -> f64 + Sync)| {
            reproducible_sum(comm.as_ref(), &team, cells, |i, j| {
                term(self.b.own_row(j)[i].to_f64())
            })
        };
        let (net, gross) = (sum(&|power| power), sum(&f64::abs));
        if net.abs() > ROUND_OFF.max(T::EPSILON) * gross {
            let [net, gross] = [net, gross].map(|power| power * self.cell_area);
            let message = format!(
                "there is no steady state: sources and sides bring {net:.6e} W per metre of depth \
                 more than they take, of {gross:.6e} W/m in all, and no side takes up what is left"
            );
            return Err(Error::input(message).with_help(
                "balance the sources and fluxes, or give a side a temperature or convection",
            ));
        }
        let mean = T::from_f64(net / sum(&|_| 1.0));
        team.update([&mut self.b], |_, [row]| {
            for power in row {
                *power = *power - mean;
            }
        });
        Ok(())
    }

    /// Moves all temperatures by as much as brings the heat content to what it was.
    fn shift(&self, u: &mut Field<T>, content: f64) {
        let (comm, team) = self.layout();
        let capacity = self.conduction.helmholtz().capacity();
        let capacities = reproducible_sum(comm.as_ref(), &team, u.cells(), |i, j| {
            capacity.at(i, j).to_f64()
        });
        let missing = content - self.conduction.content(u);
        let shift = T::from_f64(missing / (self.cell_area * capacities));
        team.update([u], |_, [row]| {
            for u in row {
                *u += shift;
            }
        });
    }

    fn layout(&self) -> (Rc<dyn Communicator>, Rc<Team>) {
        let helmholtz = self.conduction.helmholtz();
        (Rc::clone(helmholtz.comm()), Rc::clone(helmholtz.team()))
    }
}

impl<T: Real> TimeStepper<T> for Steady<T> {
    fn max_dt(&self) -> f64 {
        f64::INFINITY
    }

    fn most_steps(&self) -> usize {
        1
    }

    fn advance(&mut self, u: &mut Field<T>, steps: Steps) -> Result<usize, Error> {
        self.solve(u)?;
        Ok(steps.len())
    }

    fn heat(&self, u: &Field<T>) -> Heat {
        Heat {
            content: self.conduction.content(u),
            through_sides: self.conduction.heat_through_sides(),
            from_sources: self.conduction.heat_from_sources(),
            per_second: true,
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
