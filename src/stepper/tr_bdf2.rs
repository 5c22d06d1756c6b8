//! TR-BDF2: the trapezoidal rule to a middle, and backward differences from there to the end of a step.

use std::{f64::consts::SQRT_2, time::Instant};

use super::{Carried, Control, Counts, Heat, Solves, StepTimes, Steps, TimeStepper};
use crate::{
    comm::Reduce,
    error::{Error, Kind},
    field::{Field, Real},
    operator::Conduction,
    solver::Solver,
};

/// Where in a step the middle lies: so, both linear systems of a step have one matrix.
const MIDDLE: f64 = 2.0 - SQRT_2;

/// The weight of the rate at the end of a stage in that stage.
const OWN: f64 = 1.0 - 0.5 * SQRT_2;

/// The weight of the rates at the start and in the middle in the whole step, in which that at the end has
/// `OWN`.
const SHARE: f64 = 0.25 * SQRT_2;

/// Steps shorter than this part of the first one help no more.
const SHORTEST: f64 = 1e-9;

/// `rho_c du/dt = L u + g` by TR-BDF2 (Bank et al., "Transient Simulation of Silicon Devices and Circuits",
/// 1985), of the second order in time; what decays faster than a step is damped, as with backward Euler.
///
/// With a tolerance it chooses its steps, by the difference from the embedded scheme of the third order,
/// seen through the matrix of the stages, so that what is stiff does not count by its rate (Hosea & Shampine,
/// "Analysis and implementation of TR-BDF2", 1996). That takes a third linear system a step. The largest
/// such difference of all cells is the error: it is the same from every layout, and so are the steps.
pub struct TrBdf2<T> {
    conduction: Conduction<T>,
    solver: Solver<T>,
    b: Field<T>,
    middle: Field<T>,
    end: Field<T>,
    max_dt: f64,
    estimate: Option<Estimate<T>>,
    solves: Solves,
    times: StepTimes,
}

/// Of the error of a step.
struct Estimate<T> {
    /// In K.
    tolerance: f64,
    control: Control,
    /// Whether the last step was.
    was_refused: bool,
    /// In J/m^3, and in K.
    difference: Field<T>,
    error: Field<T>,
}

impl<T: Real> TrBdf2<T> {
    /// A stepper for one subdomain that is never asked for more than `max_dt` seconds. With a tolerance
    /// in K for the error of each step, that is the first step, and others are as long as their error allows.
    #[must_use]
    pub fn new(
        conduction: Conduction<T>,
        solver: Solver<T>,
        max_dt: f64,
        tolerance: Option<f64>,
    ) -> Self {
        let helmholtz = conduction.helmholtz();
        let vector = |ghosts| Field::new(helmholtz.team(), helmholtz.cells(), ghosts);
        Self {
            b: vector(0),
            middle: vector(1),
            end: vector(1),
            estimate: tolerance.map(|tolerance| Estimate {
                tolerance,
                control: Control::new(max_dt),
                was_refused: false,
                difference: vector(0),
                error: vector(1),
            }),
            conduction,
            solves: Solves::of(solver.name()),
            solver,
            max_dt,
            times: StepTimes::default(),
        }
    }

    /// Computes what a step ends in, and counts its heat.
    fn attempt(&mut self, u: &mut Field<T>, from: f64, to: f64, dt: f64) -> Result<(), Error> {
        let (own, share) = (OWN * dt, SHARE * dt);
        let conduction = &mut self.conduction;
        conduction.at(from);
        conduction.helmholtz_mut().set(1.0, -own);
        conduction.helmholtz_mut().apply(u, &mut self.b);
        let at_walls = Instant::now();
        conduction.count(u, share);
        conduction.load_counting(&mut self.b, own, share);
        self.times.walls_and_sources += at_walls.elapsed().as_secs_f64();
        self.estimate_start(u);

        let conduction = &mut self.conduction;
        let at_walls = Instant::now();
        conduction.at(from + MIDDLE * dt);
        conduction.load_counting(&mut self.b, own, share);
        self.times.walls_and_sources += at_walls.elapsed().as_secs_f64();
        let team = conduction.helmholtz().team().clone();
        team.update([&mut self.middle], |j, [middle]| {
            middle.copy_from_slice(u.own_row(j));
        });
        conduction.helmholtz_mut().set(1.0, own);
        let operator = conduction.helmholtz_mut();
        let stats = self.solver.solve(operator, &self.b, &mut self.middle)?;
        self.solves.count(stats);
        conduction.count(&self.middle, share);

        conduction.at(to);
        let [further, guess] = [SHARE / OWN, 1.0 / MIDDLE].map(T::from_f64);
        let (middle, capacity) = (&self.middle, conduction.helmholtz().capacity());
        team.update([&mut self.b, &mut self.end], |j, [b, end]| {
            let known = u.own_row(j).iter().zip(middle.own_row(j));
            for (i, ((b, end), (&u, &middle))) in b.iter_mut().zip(end).zip(known).enumerate() {
                let gain = middle - u;
                *b = capacity.at(i, j) * (u + further * gain);
                *end = u + guess * gain;
            }
        });
        let at_walls = Instant::now();
        conduction.load_counting(&mut self.b, own, own);
        self.times.walls_and_sources += at_walls.elapsed().as_secs_f64();
        let operator = conduction.helmholtz_mut();
        let stats = self.solver.solve(operator, &self.b, &mut self.end)?;
        self.solves.count(stats);
        conduction.count(&self.end, own);
        Ok(())
    }

    /// Begins the difference from the scheme of the third order with what the start has in it, which now
    /// is in `b`.
    fn estimate_start(&mut self, u: &Field<T>) {
        let Some(estimate) = &mut self.estimate else {
            return;
        };
        let weight = T::from_f64(-4.0 * SHARE / (3.0 * OWN));
        let (helmholtz, b) = (self.conduction.helmholtz(), &self.b);
        let capacity = helmholtz.capacity();
        let team = helmholtz.team();
        team.update([&mut estimate.difference], |j, [difference]| {
            let known = b.own_row(j).iter().zip(u.own_row(j));
            for (i, (difference, (&b, &u))) in difference.iter_mut().zip(known).enumerate() {
                *difference = weight * (b - capacity.at(i, j) * u);
            }
        });
    }

    /// The largest error of the step that was attempted, over the tolerance. Collective.
    fn error(&mut self, u: &Field<T>) -> Result<f64, Error> {
        let Some(estimate) = &mut self.estimate else {
            return Ok(0.0);
        };
        let weights = [(1.0 + 2.0 * SHARE) / (3.0 * OWN), -2.0 / 3.0];
        let [of_middle, of_end] = weights.map(T::from_f64);
        let (middle, end) = (&self.middle, &self.end);
        let operator = self.conduction.helmholtz_mut();
        let (team, comm) = (operator.team().clone(), operator.comm().clone());
        let capacity = operator.capacity();
        let fields = [&mut estimate.difference, &mut estimate.error];
        team.update(fields, |j, [difference, error]| {
            let (u, middle, end) = (u.own_row(j), middle.own_row(j), end.own_row(j));
            for (i, difference) in difference.iter_mut().enumerate() {
                let gain = of_middle * (middle[i] - u[i]) + of_end * (end[i] - u[i]);
                *difference += capacity.at(i, j) * gain;
            }
            error.fill(T::ZERO);
        });
        let stats = self
            .solver
            .solve(operator, &estimate.difference, &mut estimate.error)?;
        self.solves.count(stats);
        let error = &estimate.error;
        let largest = |most: &mut f64, j: usize| {
            let sizes = error.own_row(j).iter().map(|error| error.to_f64().abs());
            *most = sizes.fold(*most, f64::max);
        };
        let mut largest = [team.fold_rows(error.cells()[1], || 0.0, largest, f64::max)];
        comm.all_reduce(&mut largest, Reduce::Max);
        Ok(largest[0] / estimate.tolerance)
    }

    /// Takes back the heat of the step that was attempted.
    fn forget(&mut self, u: &Field<T>, from: f64, to: f64, dt: f64) {
        let stages = [
            (from, u, SHARE),
            (from + MIDDLE * dt, &self.middle, SHARE),
            (to, &self.end, OWN),
        ];
        for (time, u, weight) in stages {
            self.conduction.at(time);
            self.conduction
                .load_counting(&mut self.b, 0.0, -weight * dt);
            self.conduction.count(u, -weight * dt);
        }
    }

    /// Attempts a step, and takes it unless its error is too large: then false.
    fn step(&mut self, u: &mut Field<T>, from: f64, to: f64, dt: f64) -> Result<bool, Error> {
        self.attempt(u, from, to, dt)?;
        let error = self.error(u)?;
        if let Some(estimate) = &mut self.estimate {
            let (tolerance, was_refused) = (estimate.tolerance, estimate.was_refused);
            estimate.was_refused = !estimate.control.judge(dt, error, was_refused);
            if estimate.was_refused {
                let next = estimate.control.next;
                if next < SHORTEST * self.max_dt || from + next <= from {
                    return Err(too_large(error * tolerance, tolerance, dt));
                }
                self.forget(u, from, to, dt);
                return Ok(false);
            }
        }
        std::mem::swap(u, &mut self.end);
        Ok(true)
    }
}

fn too_large(error: f64, tolerance: f64, dt: f64) -> Error {
    let message = format!(
        "an error of {error:e} K is estimated for a step of {dt:e} s, {tolerance:e} K is asked for, and \
         shorter steps do not help"
    );
    Error::new(Kind::NotConverged, message).with_help(
        "raise time.step.tolerance, lower solver.relative_tolerance, or take double precision: what the \
         solver leaves counts as error too",
    )
}

impl<T: Real> TimeStepper<T> for TrBdf2<T> {
    fn max_dt(&self) -> f64 {
        self.estimate
            .as_ref()
            .map_or(self.max_dt, |estimate| estimate.control.next)
    }

    fn most_steps(&self) -> usize {
        1
    }

    fn advance(&mut self, u: &mut Field<T>, steps: Steps) -> Result<usize, Error> {
        let start = Instant::now();
        let mut taken = 0;
        while taken < steps.len() {
            let (from, to) = (steps.time(taken), steps.time(taken + 1));
            let is_taken = self
                .step(u, from, to, steps.dt())
                .map_err(|error| error.within(&format!("in the step to t = {to} s")))?;
            if !is_taken {
                break;
            }
            taken += 1;
        }
        self.times.solver += start.elapsed().as_secs_f64();
        Ok(taken)
    }

    fn heat(&self, u: &Field<T>) -> Heat {
        Heat {
            content: self.conduction.content(u),
            through_sides: self.conduction.heat_through_sides(),
            from_sources: self.conduction.heat_from_sources(),
            per_second: false,
        }
    }

    fn solves(&self) -> Option<&Solves> {
        Some(&self.solves)
    }

    fn carried(&self) -> Carried {
        Carried {
            accounts: self.conduction.accounts(),
            counts: Counts {
                solves: Some(self.solves.clone()),
                control: self.estimate.as_ref().map(|estimate| estimate.control),
                ..Counts::default()
            },
        }
    }

    fn go_on_with(&mut self, carried: Carried) {
        self.conduction.restore(&carried.accounts);
        let Counts {
            solves, control, ..
        } = carried.counts;
        if let Some(solves) = solves {
            self.solves = solves;
        }
        if let (Some(estimate), Some(control)) = (&mut self.estimate, control) {
            estimate.control = control;
        }
    }

    fn times(&self) -> StepTimes {
        self.times
            .with_operator(self.conduction.helmholtz().times())
    }
}
