//! Heat conduction as linear systems see it: an operator, and what comes from outside.

use std::rc::Rc;

use super::{
    Accounts, Helmholtz,
    coefficients::{CellValues, Weights, stability_limit},
    faces::Faces,
    sources::Sources,
    walls::Walls,
};
use crate::{
    comm::{Communicator, agree},
    domain::Domain,
    error::Error,
    field::{Field, Real, Team, reproducible_sum},
    grid::Side,
    physics::{Medium, Painter, Wall},
};

/// `rho_c du/dt = L u + g` on one subdomain, with the linear `L u = div(K grad u)` between walls that
/// are homogeneous, and the load `g` that the walls and the sources bring at some time.
pub struct Conduction<T> {
    comm: Rc<dyn Communicator>,
    team: Rc<Team>,
    cell_area: f64,
    helmholtz: Helmholtz<T>,
    walls: Walls<T>,
    /// Whether what the walls fold into the operator changes with time, on any rank.
    walls_move: bool,
    sources: Option<Sources<T>>,
    stability_limit: f64,
    /// The time in seconds that walls and sources are at.
    time: f64,
}

impl<T: Real> Conduction<T> {
    /// The problem on one subdomain at time 0; for `overlap` see [`Helmholtz::new`]. Collective.
    ///
    /// # Errors
    /// If a property of the medium is not what it must be, the same error on every rank.
    pub fn new(
        comm: Rc<dyn Communicator>,
        team: Rc<Team>,
        domain: &Domain,
        medium: &Medium,
        walls: &[Wall; 4],
        overlap: bool,
    ) -> Result<Self, Error> {
        let painter = Painter {
            medium,
            grid: domain.grid,
            periodic: domain.periodic,
        };
        let walls_move = walls.iter().any(Wall::coupling_uses_time);
        let parts = || {
            let weights = Weights::new(&team, domain, 0, painter)?;
            let capacity = CellValues::<T>::capacity(&team, domain, painter)?;
            let sources = Sources::new(&team, domain, 0, painter)?;
            let walls = Walls::new(domain, 0, painter, walls, &weights)?;
            Ok((weights, capacity, sources, walls))
        };
        let (weights, capacity, mut sources, walls) = agree(comm.as_ref(), parts())?;
        if let Some(sources) = &mut sources {
            sources.sum_fixed_power(comm.as_ref(), &team);
        }
        let cells = domain.cells;
        let stability_limit = stability_limit(comm.as_ref(), &team, cells, &weights, |i, j| {
            1.0 / capacity.at(i, j).to_f64()
        });
        let faces = Faces::new(weights);
        let (own_comm, own_team) = (Rc::clone(&comm), Rc::clone(&team));
        let mut helmholtz = Helmholtz::new(own_comm, own_team, domain, faces, capacity, overlap);
        helmholtz.set_walls(walls.folded());
        Ok(Self {
            comm,
            team,
            cell_area: domain.grid.cell_area(),
            helmholtz,
            walls,
            walls_move,
            sources,
            stability_limit,
            time: 0.0,
        })
    }

    /// `alpha rho_c - beta L`.
    #[must_use]
    pub fn helmholtz(&self) -> &Helmholtz<T> {
        &self.helmholtz
    }

    pub fn helmholtz_mut(&mut self) -> &mut Helmholtz<T> {
        &mut self.helmholtz
    }

    /// The largest stable step of forward Euler, in seconds.
    #[must_use]
    pub fn stability_limit(&self) -> f64 {
        self.stability_limit
    }

    /// Takes walls and sources to a time in seconds.
    pub fn at(&mut self, time: f64) {
        self.time = time;
        self.walls.set_times(&[time]);
        if self.walls_move {
            self.helmholtz.set_walls(self.walls.folded());
        }
    }

    /// Adds to `b` the load of `seconds` at the present time, in J/m^3, and counts the heat that comes
    /// from sources.
    pub fn load(&mut self, b: &mut Field<T>, seconds: f64) {
        self.load_counting(b, seconds, seconds);
    }

    /// As [`Self::load`], but counts the heat from sources in as many seconds as `counted` says.
    pub fn load_counting(&mut self, b: &mut Field<T>, seconds: f64, counted: f64) {
        if let Some(sources) = &mut self.sources {
            sources.begin(&[self.time], &[counted]);
            sources.load(&self.team, seconds, counted, b);
        }
        self.walls.load(b, seconds);
    }

    /// Counts the heat that comes in through the walls as at present while `u` lasts for `seconds`.
    pub fn count(&mut self, u: &Field<T>, seconds: f64) {
        self.walls.count(u, seconds);
    }

    /// The heat that this subdomain has counted so far.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        Accounts::of(&self.walls, self.sources.as_ref())
    }

    /// Counts on from accounts of the same subdomain.
    pub fn restore(&mut self, accounts: &Accounts) {
        accounts.restore(&mut self.walls, self.sources.as_mut());
    }

    /// Heat in `u`, in J/m. Collective.
    #[must_use]
    pub fn content(&self, u: &Field<T>) -> f64 {
        let capacity = self.helmholtz.capacity();
        let term = |i: usize, j: usize| u.own_row(j)[i].to_f64() * capacity.at(i, j).to_f64();
        self.cell_area * reproducible_sum(self.comm.as_ref(), &self.team, u.cells(), term)
    }

    /// Heat that came through the sides so far, inward, in J/m, in the order of [`Side::ALL`].
    /// Collective.
    #[must_use]
    pub fn heat_through_sides(&self) -> [f64; Side::ALL.len()] {
        self.walls
            .heat(self.comm.as_ref(), &self.team, self.cell_area)
    }

    /// Heat that came from the sources so far, in J/m. Collective.
    #[must_use]
    pub fn heat_from_sources(&self) -> f64 {
        self.sources.as_ref().map_or(0.0, |sources| {
            sources.heat(self.comm.as_ref(), &self.team, self.cell_area)
        })
    }
}
