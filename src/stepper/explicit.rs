//! Forward Euler in time, several steps between two exchanges of halos.

use std::{rc::Rc, time::Instant};

use super::{
    Heat, StepTimes, Steps, TimeStepper,
    tiling::{deal, split},
};
use crate::{
    comm::Communicator,
    domain::Domain,
    error::Error,
    field::{Field, LINE, Real, Span, Team},
    halo::{Halo, Reach},
    operator::{Diffusion, Workspace},
};

/// How steps are taken. No choice of it changes a bit of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Steps fused between two exchanges of halos this deep, at most.
    pub depth: usize,
    /// Columns of a tile.
    pub width: usize,
    /// Whether cells that need no message are computed while messages fly.
    pub overlap: bool,
}

impl Plan {
    /// A plan that does well on most machines, at most `depth` steps deep.
    #[must_use]
    pub fn usual(domain: &Domain, depth: usize) -> Self {
        Self {
            depth: depth.min(domain.deepest_halo()),
            width: 512,
            overlap: true,
        }
    }

    /// Cells around a subdomain whose coefficients must be known to take `depth` steps at once; the
    /// fields of temperature have one more ghost.
    #[must_use]
    pub fn margin<T: Real>(domain: &Domain, depth: usize) -> usize {
        if domain.deepest_halo() == usize::MAX {
            return 0;
        }
        depth.next_multiple_of(LINE / size_of::<T>())
    }
}

/// `u' = u + dt / rho_c (div(K grad u) + q)`, step after step of a tile in cache, the halo exchanged
/// while the interior is computed.
pub struct Explicit<T> {
    team: Rc<Team>,
    diffusion: Diffusion<T>,
    halo: Halo<T>,
    next: Field<T>,
    work: Vec<Workspace<T>>,
    max_dt: f64,
    plan: Plan,
    times: StepTimes,
}

impl<T: Real> Explicit<T> {
    /// A stepper for one subdomain that is never asked for more than `max_dt` seconds. The operator
    /// has a margin for the plan, and the fields that are moved on have one more ghost.
    #[must_use]
    pub fn new(
        comm: Rc<dyn Communicator>,
        team: &Rc<Team>,
        domain: &Domain,
        diffusion: Diffusion<T>,
        max_dt: f64,
        plan: Plan,
    ) -> Self {
        let reach = if plan.depth > 1 {
            Reach::Box
        } else {
            Reach::Star
        };
        Self {
            halo: Halo::new(comm, domain, reach),
            next: Field::new(team, domain.cells, diffusion.margin() + 1),
            work: (0..team.size()).map(|_| Workspace::new()).collect(),
            team: Rc::clone(team),
            diffusion,
            max_dt,
            plan,
            times: StepTimes::default(),
        }
    }

    /// Takes steps by another plan from now on, which is no deeper than the first.
    pub fn set_plan(&mut self, plan: Plan) {
        self.plan = plan;
    }

    /// All `steps`, with one exchange.
    fn fused(&mut self, u: &mut Field<T>, steps: Steps) {
        let start = Instant::now();
        let depth = steps.len();
        let times: Vec<f64> = (0..depth).map(|index| steps.time(index)).collect();
        self.diffusion.begin(u, &times, steps.dt());
        self.times.walls_and_sources += start.elapsed().as_secs_f64();

        let Plan { width, overlap, .. } = self.plan;
        let (interior, rim) = if overlap && self.halo.has_messages() {
            split::<T>(u.cells(), depth, |side| self.halo.fills(side))
        } else {
            (Vec::new(), vec![Span::whole(u.cells())])
        };
        let tiles = |spans: &[_]| deal::<T>(spans, self.team.size(), depth, width);
        let (interior, rim) = (tiles(&interior), tiles(&rim));
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
        self.plan.depth
    }

    fn advance(&mut self, u: &mut Field<T>, mut steps: Steps) -> Result<(), Error> {
        while !steps.is_empty() {
            let batch = steps.batch(self.most_steps());
            self.fused(u, batch);
            steps = steps.part(batch.len()..steps.len());
        }
        Ok(())
    }

    fn heat(&self, u: &Field<T>) -> Heat {
        Heat {
            content: self.diffusion.content(u),
            through_sides: self.diffusion.heat_through_sides(),
            from_sources: self.diffusion.heat_from_sources(),
        }
    }

    fn times(&self) -> StepTimes {
        self.times
    }
}
