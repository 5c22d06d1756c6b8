//! Runge-Kutta-Legendre super-time-stepping: explicit steps far above the limit of forward Euler.

mod stages;

use std::time::Instant;

pub use self::stages::{MOST_STAGES, stage_count};

use self::stages::{Stage, Stages};
use super::{Carried, Counts, Heat, StepTimes, Steps, TimeStepper};
use crate::{
    error::Error,
    field::{Field, Real},
    kernel::{Arch, axpy, combine, scale},
    operator::{Conduction, Piece},
};

/// The scheme RKL2 of Meyer, Balsara and Aslam (J. Comput. Phys. 257, 2014), of the second order in time:
/// `s` stages, each of which applies the operator once, make a step `(s^2 + s - 2) / 4` times as long as
/// the longest stable one of forward Euler.
///
/// It takes the operator of what the stages add to the state before the step, not of the state: that is
/// one field less to read, and what rounds is small beside the temperatures. A stage is one pass over
/// memory, which reads the two increments before it and the rate at the start, and writes one. Where walls
/// or sources change with time, those cells are gone over once more.
///
/// As the scheme is linear in what comes in at each stage, so is the heat: that of stage `j` counts by the
/// weight with which the whole step holds it, and energy and heat agree to round-off.
pub struct Rkl2<T> {
    arch: Arch,
    conduction: Conduction<T>,
    /// What the state before the step would gain in it at the rate it has then, in K.
    rate: Field<T>,
    /// What the last stage added to the state, and what the one before it did.
    gain: Field<T>,
    before: Field<T>,
    max_dt: f64,
    taken: u64,
    times: StepTimes,
}

impl<T: Real> Rkl2<T> {
    /// A stepper for one subdomain that is never asked for more than `max_dt` seconds.
    #[must_use]
    pub fn new(conduction: Conduction<T>, max_dt: f64) -> Self {
        let helmholtz = conduction.helmholtz();
        let vector = |ghosts| Field::new(helmholtz.team(), helmholtz.cells(), ghosts);
        Self {
            arch: Arch::new(),
            rate: vector(0),
            gain: vector(1),
            before: vector(1),
            conduction,
            max_dt,
            taken: 0,
            times: StepTimes::default(),
        }
    }

    fn step(&mut self, u: &mut Field<T>, from: f64, dt: f64) {
        let start = Instant::now();
        let count = stage_count(dt / self.conduction.stability_limit());
        let stages = Stages::new(count);
        self.begin(u, from, dt, &stages);
        for stage in &stages.others {
            self.stage(u, from, dt, stage);
        }
        let (arch, gain) = (self.arch, &self.gain);
        let team = self.conduction.helmholtz().team();
        team.update([u], |j, [u]| {
            axpy(arch, T::from_f64(1.0), gain.own_row(j), u);
        });
        self.taken += count as u64;
        self.times.solver += start.elapsed().as_secs_f64();
    }

    /// The rate at the start, and the first stage.
    fn begin(&mut self, u: &mut Field<T>, from: f64, dt: f64, stages: &Stages) {
        let conduction = &mut self.conduction;
        conduction.at(from);
        conduction.helmholtz_mut().set(0.0, -dt);
        conduction.helmholtz_mut().apply(u, &mut self.rate);
        let at_walls = Instant::now();
        let counted = stages.weight_of_first * dt;
        conduction.count([u], counted);
        conduction.load_counting(&mut self.rate, dt, counted);
        self.times.walls_and_sources += at_walls.elapsed().as_secs_f64();

        let (arch, first) = (self.arch, T::from_f64(stages.first));
        let helmholtz = conduction.helmholtz();
        let capacity = helmholtz.capacity();
        let fields = [&mut self.rate, &mut self.gain, &mut self.before];
        helmholtz.team().update(fields, |j, [rate, gain, before]| {
            capacity.divide(arch, j, 0..rate.len(), rate);
            scale(arch, first, rate, gain);
            before.fill(T::ZERO);
        });
    }

    fn stage(&mut self, u: &Field<T>, from: f64, dt: f64, stage: &Stage) {
        let (conduction, counted) = (&mut self.conduction, stage.weight * dt);
        let at_walls = Instant::now();
        conduction.at_stage(from + stage.node * dt, from);
        conduction.count([u, &self.gain], counted);
        self.times.walls_and_sources += at_walls.elapsed().as_secs_f64();

        let (arch, rate) = (self.arch, &self.rate);
        let before = stage.before.map(T::from_f64);
        let of_rate = T::from_f64(stage.own * stage.of_start);
        let own = stage.own * dt;
        conduction.helmholtz_mut().set(0.0, -own);
        let work = |[]: &mut [_; 0], piece: Piece<'_, T>| {
            let Piece {
                row, columns, ax, ..
            } = piece;
            piece.capacity.divide(arch, row, columns.clone(), ax);
            axpy(arch, of_rate, &rate.own_row(row)[columns], ax);
            combine(arch, before, piece.x, ax, piece.y);
        };
        let helmholtz = conduction.helmholtz_mut();
        let [] = helmholtz.apply_with(&mut self.gain, &mut self.before, [], work);
        std::mem::swap(&mut self.gain, &mut self.before);

        let at_walls = Instant::now();
        conduction.add_change(u, &mut self.gain, own, counted);
        self.times.walls_and_sources += at_walls.elapsed().as_secs_f64();
    }
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
                stages: Some(self.taken),
                ..Counts::default()
            },
        }
    }

    fn go_on_with(&mut self, carried: Carried) {
        self.conduction.restore(&carried.accounts);
        self.taken = carried.counts.stages.unwrap_or(self.taken);
    }

    fn stages(&self) -> Option<u64> {
        Some(self.taken)
    }

    fn times(&self) -> StepTimes {
        let operator = self.conduction.helmholtz().times();
        let times = self.times.with_operator(operator);
        // The passes that apply no operator need no message.
        StepTimes {
            interior: times.interior + times.solver,
            solver: 0.0,
            ..times
        }
    }
}
