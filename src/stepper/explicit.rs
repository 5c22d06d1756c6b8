//! Forward Euler in time, several steps between two exchanges of halos.

use std::{rc::Rc, time::Instant};

use super::{
    Carried, Choice, Counts, Heat, Plan, Prescribed, StepTimes, Steps, TimeStepper, batch::reach,
    tiling::tiles, tuner::Tuner,
};
use crate::{
    comm::{Communicator, Reduce},
    domain::Domain,
    error::Error,
    field::{Field, Real, Team},
    halo::Halo,
    operator::{Diffusion, Workspace},
};

/// `u' = u + dt / rho_c (div(K grad u) + q)`, step after step of a tile in cache, the halo exchanged
/// while the interior is computed.
pub struct Explicit<T> {
    comm: Rc<dyn Communicator>,
    team: Rc<Team>,
    domain: Domain,
    diffusion: Diffusion<T>,
    halo: Halo<T>,
    next: Field<T>,
    work: Vec<Workspace<T>>,
    max_dt: f64,
    tuner: Tuner,
    times: StepTimes,
}

impl<T: Real> Explicit<T> {
    /// A stepper for one subdomain that is never asked for more than `max_dt` seconds. The operator
    /// has the margin of what is prescribed, and the fields that are moved on have one more ghost.
    #[must_use]
    pub fn new(
        comm: Rc<dyn Communicator>,
        team: &Rc<Team>,
        domain: &Domain,
        diffusion: Diffusion<T>,
        max_dt: f64,
        prescribed: impl Into<Prescribed>,
    ) -> Self {
        let prescribed = prescribed.into();
        let halo = Halo::new(Rc::clone(&comm), domain, reach(prescribed.halo_depth));
        let tuner = Tuner::new::<T>(prescribed, domain, comm.size() > 1);
        Self {
            halo,
            next: Field::new(team, domain.cells, diffusion.margin() + 1),
            work: (0..team.size()).map(|_| Workspace::default()).collect(),
            comm,
            team: Rc::clone(team),
            domain: domain.clone(),
            diffusion,
            max_dt,
            tuner,
            times: StepTimes::default(),
        }
    }

    /// Takes steps after a plan from now on, no deeper than was prescribed at first.
    pub fn follow(&mut self, plan: Plan) {
        self.tuner.restart(plan.into(), None);
    }

    /// Searches the fastest plan from now on, beginning with one that was found before if there is one, no deeper
    /// than was prescribed at first.
    pub fn search(&mut self, prescribed: Prescribed, from: Option<Plan>) {
        self.tuner.restart(prescribed, from);
    }

    /// All `steps`, with one exchange.
    fn fused(&mut self, u: &mut Field<T>, steps: Steps) {
        let start = Instant::now();
        let depth = steps.len();
        let times: Vec<f64> = (0..depth).map(|index| steps.time(index)).collect();
        self.diffusion.begin(u, &times, steps.dt());
        self.times.walls_and_sources += start.elapsed().as_secs_f64();

        let [interior, rim] = tiles::<T>(
            &self.domain,
            depth,
            self.tuner.plan(),
            self.team.size(),
            self.halo.has_messages(),
        );
        let (diffusion, next, work) = (&mut self.diffusion, &mut self.next, &mut self.work);
        let halo = self.halo.fill_while(u, depth, |u, meanwhile| {
            diffusion.advance(u, next, &interior, work, meanwhile);
        });

        let start = Instant::now();
        diffusion.fill_beyond(u, depth);
        diffusion.advance(u, next, &rim, work, &mut || {});
        std::mem::swap(u, next);
        self.times.rim += start.elapsed().as_secs_f64();
        self.times.pack += halo.pack;
        self.times.interior += halo.overlap;
        self.times.wait += halo.wait;
        self.times.unpack += halo.unpack;
        self.times.in_flight += halo.in_flight;
    }
}

impl<T: Real> TimeStepper<T> for Explicit<T> {
    fn max_dt(&self) -> f64 {
        self.max_dt
    }

    fn most_steps(&self) -> usize {
        self.tuner.plan().halo_depth
    }

    fn advance(&mut self, u: &mut Field<T>, mut steps: Steps) -> Result<usize, Error> {
        let count = steps.len();
        while !steps.is_empty() {
            let batch = steps.batch(self.most_steps());
            let start = Instant::now();
            self.fused(u, batch);
            if !self.tuner.is_settled() {
                let mut slowest = [start.elapsed().as_secs_f64()];
                self.comm.all_reduce(&mut slowest, Reduce::Max);
                self.tuner.count(batch.len(), slowest[0]);
            }
            steps = steps.part(batch.len()..steps.len());
        }
        Ok(count)
    }

    fn heat(&self, u: &Field<T>) -> Heat {
        Heat {
            content: self.diffusion.content(u),
            through_sides: self.diffusion.heat_through_sides(),
            from_sources: self.diffusion.heat_from_sources(),
            per_second: false,
        }
    }

    fn carried(&self) -> Carried {
        Carried {
            accounts: self.diffusion.accounts(),
            counts: Counts::default(),
        }
    }

    fn go_on_with(&mut self, carried: Carried) {
        self.diffusion.restore(&carried.accounts);
    }

    fn choice(&self) -> Option<Choice> {
        Some(self.tuner.choice())
    }

    fn times(&self) -> StepTimes {
        self.times
    }
}
