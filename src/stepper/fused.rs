//! Steps of a subdomain that are taken together, between two exchanges of halos.

use std::{rc::Rc, time::Instant};

use super::{
    Carried, Counts, Heat, Plan, Prescribed, StepTimes, batch::reach, tiling::tiles, tuner::Tuner,
};
use crate::{
    comm::{Communicator, Reduce},
    domain::Domain,
    field::{Field, Real, Team},
    halo::Halo,
    operator::{Diffusion, Share, Workspace},
};

/// What explicit schemes have in common: several steps of a tile in cache, the halo exchanged while the
/// interior is computed, the fastest way found by trying.
pub struct Fused<T> {
    comm: Rc<dyn Communicator>,
    team: Rc<Team>,
    domain: Domain,
    pub(super) diffusion: Diffusion<T>,
    halo: Halo<T>,
    work: Vec<Workspace<T>>,
    pub(super) tuner: Tuner,
    pub(super) times: StepTimes,
}

impl<T: Real> Fused<T> {
    /// For one subdomain. The operator has the margin of what is prescribed, and the fields that are moved on have
    /// one more ghost.
    #[must_use]
    pub fn new(
        comm: Rc<dyn Communicator>,
        team: &Rc<Team>,
        domain: &Domain,
        diffusion: Diffusion<T>,
        prescribed: impl Into<Prescribed>,
    ) -> Self {
        let prescribed = prescribed.into();
        Self {
            halo: Halo::new(Rc::clone(&comm), domain, reach(prescribed.halo_depth)),
            work: (0..team.size()).map(|_| Workspace::default()).collect(),
            tuner: Tuner::new::<T>(prescribed, domain, comm.size() > 1),
            comm,
            team: Rc::clone(team),
            domain: domain.clone(),
            diffusion,
            times: StepTimes::default(),
        }
    }

    /// A field of zeros with as many ghosts as steps need.
    pub(super) fn field(&self) -> Field<T> {
        Field::new(&self.team, self.domain.cells, self.diffusion.margin() + 1)
    }

    /// Has `advance` take `steps` steps that were begun from `fields`, first those of tiles that need no message
    /// and, when `depth` ghosts of the fields are known, those of the others.
    pub(super) fn take(
        &mut self,
        fields: &mut [&mut Field<T>],
        steps: usize,
        depth: usize,
        mut advance: impl FnMut(&mut Diffusion<T>, &[&Field<T>], Share<'_, T>),
    ) {
        let [interior, rim] = tiles::<T>(
            &self.domain,
            steps,
            self.tuner.plan(),
            self.team.size(),
            self.halo.has_messages(),
        );
        let (diffusion, work) = (&mut self.diffusion, &mut self.work);
        let mut left = Vec::new();
        let halo = self
            .halo
            .fill_all_while(fields, depth, |fields, meanwhile| {
                let share = Share {
                    tiles: &interior,
                    work,
                    later: &rim,
                    left: &mut left,
                    meanwhile,
                };
                advance(diffusion, fields, share);
            });

        let start = Instant::now();
        for field in &mut *fields {
            diffusion.fill_beyond(field, depth);
        }
        let fields: Vec<&Field<T>> = fields.iter().map(|field| &**field).collect();
        let share = Share {
            tiles: &rim,
            work,
            later: &[],
            left: &mut left,
            meanwhile: &mut || {},
        };
        advance(diffusion, &fields, share);
        self.times.rim += start.elapsed().as_secs_f64();
        self.times.pack += halo.pack;
        self.times.interior += halo.overlap;
        self.times.wait += halo.wait;
        self.times.unpack += halo.unpack;
        self.times.in_flight += halo.in_flight;
    }

    /// Lets the search for the fastest plan know that `steps` steps took from `start` until now. Collective.
    pub(super) fn tune(&mut self, steps: usize, start: Instant) {
        if !self.tuner.is_settled() {
            let mut slowest = [start.elapsed().as_secs_f64()];
            self.comm.all_reduce(&mut slowest, Reduce::Max);
            self.tuner.count(steps, slowest[0]);
        }
    }

    /// Takes steps after a plan from now on, no deeper than was prescribed at first.
    pub fn follow(&mut self, plan: Plan) {
        self.tuner.restart(plan.into(), None);
    }

    /// Searches the fastest plan from now on, beginning with one that was found before if there is one, no deeper
    /// than was prescribed at first, where no more than `most` steps are taken at once.
    pub fn search(&mut self, prescribed: Prescribed, from: Option<Plan>, most: usize) {
        self.tuner.cap(most);
        self.tuner.restart(prescribed, from);
    }

    pub(super) fn heat(&self, u: &Field<T>) -> Heat {
        Heat {
            content: self.diffusion.content(u),
            through_sides: self.diffusion.heat_through_sides(),
            from_sources: self.diffusion.heat_from_sources(),
            per_second: false,
        }
    }

    pub(super) fn carried(&self, counts: Counts) -> Carried {
        Carried {
            accounts: self.diffusion.accounts(),
            counts,
        }
    }
}
