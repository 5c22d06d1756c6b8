//! Cases for the tests of observers: a field known in every cell, on several layouts.

use std::rc::Rc;

use crate::{
    comm::{Communicator, Local, Pulse},
    domain::Domain,
    error::Error,
    field::{Field, Real, Team, signed},
    grid::Grid,
    simulation::{Clock, Observer, Pace, Simulation},
    stepper::{Carried, Heat, StepTimes, Steps, TimeStepper},
};

/// Process grids of 1, 2, 3, 4 and 6 ranks.
pub const LAYOUTS: [[usize; 2]; 6] = [[1, 1], [2, 1], [1, 3], [2, 2], [3, 2], [1, 6]];

/// 13 x 11 cells of 2 mm x 1 mm.
pub fn grid() -> Grid {
    Grid {
        cells: [13, 11],
        size: [0.026, 0.011],
        origin: [0.5, -0.25],
    }
}

/// The temperature of a cell after a number of steps.
pub fn temperature(i: usize, j: usize, step: u64) -> f64 {
    let [i, j] = [i, j].map(|index| f64::from(u32::try_from(index).unwrap()));
    300.0 + 0.1 * i - (0.3 * j).sin() + f64::from(u32::try_from(step).unwrap()) / 3.0
}

/// A case on a process grid, ten steps of 0.1 s long.
pub struct Run {
    grid: Grid,
    ranks: [usize; 2],
}

impl Run {
    pub fn new(grid: Grid, ranks: [usize; 2]) -> Self {
        Self { grid, ranks }
    }

    /// What `work` returns on each rank.
    pub fn each<R: Send>(&self, work: impl Fn(&mut Rank) -> R + Sync) -> Vec<R> {
        Local::run(self.ranks[0] * self.ranks[1], |comm| {
            let domain = Domain::new(self.grid, self.ranks, [false; 2], comm.rank());
            work(&mut Rank {
                comm,
                domain,
                spoil_at: None,
            })
        })
    }
}

pub struct Rank {
    pub comm: Rc<dyn Communicator>,
    pub domain: Domain,
    /// From this step on, these cells have this value.
    pub spoil_at: Option<(u64, Vec<[usize; 2]>, f64)>,
}

impl Rank {
    /// Runs the case with some observers.
    pub fn simulate(&self, observers: Vec<Box<dyn Observer<f64> + '_>>) -> Result<(), Error> {
        self.simulate_as(observers)
    }

    pub fn simulate_as<'a, T: Real>(
        &'a self,
        observers: Vec<Box<dyn Observer<T> + 'a>>,
    ) -> Result<(), Error> {
        let team = Rc::new(Team::new(2)?);
        let mut u = Field::new(&team, self.domain.cells, 1);
        let stepper = Known {
            rank: self,
            step: 0,
        };
        stepper.fill(&mut u);
        Simulation {
            comm: Rc::clone(&self.comm),
            team,
            domain: self.domain.clone(),
            u,
            stepper: Box::new(stepper),
            clock: Clock::new(1.0, Pace::Even),
            observers,
            observer_seconds: Vec::new(),
            pulse: Pulse::default(),
        }
        .run()
    }
}

/// A stepper whose field is [`temperature`].
struct Known<'a> {
    rank: &'a Rank,
    step: u64,
}

impl Known<'_> {
    fn fill<T: Real>(&self, u: &mut Field<T>) {
        let Domain { start, cells, .. } = self.rank.domain;
        for j in 0..cells[1] {
            for i in 0..cells[0] {
                let value = match &self.rank.spoil_at {
                    Some((step, bad, value))
                        if self.step >= *step && bad.contains(&[start[0] + i, start[1] + j]) =>
                    {
                        *value
                    }
                    _ => temperature(start[0] + i, start[1] + j, self.step),
                };
                u.set(signed(i), signed(j), T::from_f64(value));
            }
        }
    }
}

impl<T: Real> TimeStepper<T> for Known<'_> {
    fn max_dt(&self) -> f64 {
        0.1
    }

    fn most_steps(&self) -> usize {
        1
    }

    fn advance(&mut self, u: &mut Field<T>, steps: Steps) -> Result<usize, Error> {
        self.step += steps.len() as u64;
        self.fill(u);
        Ok(steps.len())
    }

    fn heat(&self, _u: &Field<T>) -> Heat {
        let step = f64::from(u32::try_from(self.step).unwrap());
        Heat {
            content: 1000.0 + 2.0 * step,
            through_sides: [3.0 * step, -step, 0.0, 0.25 * step],
            from_sources: 0.0,
            per_second: false,
        }
    }

    fn carried(&self) -> Carried {
        Carried::default()
    }

    fn go_on_with(&mut self, _carried: Carried) {}

    fn times(&self) -> StepTimes {
        StepTimes::default()
    }
}
