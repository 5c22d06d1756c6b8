//! Heat conduction with walls and sources on one subdomain.

mod sweep;

use std::{array::from_fn, ops::Range, rc::Rc};

pub use self::sweep::{Results, Share};

use crate::{
    comm::{Communicator, agree},
    domain::Domain,
    error::Error,
    field::{Field, Real, Team, reproducible_sum, signed},
    grid::Side,
    kernel::Arch,
    physics::{Coat, Medium, Painter, Wall, Window},
};

use super::{
    Accounts,
    coefficients::{CellValues, Weights, stability_limit},
    formula::Stage,
    sources::Sources,
    walls::Walls,
};

/// `rho_c du/dt = div(K grad u) + q` in conservative 5-point flux form on cell averages.
pub struct Diffusion<T> {
    comm: Rc<dyn Communicator>,
    team: Rc<Team>,
    arch: Arch,
    cells: [usize; 2],
    margin: usize,
    /// The columns and the rows that there are coefficients for.
    known: [Range<isize>; 2],
    cell_area: f64,
    weights: Weights<T>,
    inverse_capacity: CellValues<T>,
    sources: Option<Sources<T>>,
    walls: Walls<T>,
    /// Whether what a wall makes of its cell changes with time, on any rank.
    walls_move: bool,
    stability_limit: f64,
    /// Of the steps under way: for how many seconds what comes in during each counts.
    counted: Vec<f64>,
}

impl<T: Real> Diffusion<T> {
    /// The operator for one subdomain and `margin` cells around it: that many steps, and one more,
    /// can be taken without an exchange between them. Collective.
    ///
    /// # Errors
    /// If a property of the medium is not what it must be, the same error on every rank.
    pub fn new(
        comm: Rc<dyn Communicator>,
        team: Rc<Team>,
        domain: &Domain,
        margin: usize,
        medium: &Medium,
        walls: &[Wall; 4],
    ) -> Result<Self, Error> {
        let painter = Painter {
            medium,
            grid: domain.grid,
            periodic: domain.periodic,
        };
        let walls_move = walls.iter().any(Wall::coupling_uses_time);
        let parts = || {
            let weights = Weights::new(&team, domain, margin, painter)?;
            let inverse_capacity =
                CellValues::<T>::inverse_capacity(&team, domain, margin, painter)?;
            let sources = Sources::new(&team, domain, margin, painter)?;
            let walls = Walls::new(domain, margin, painter, walls, &weights)?;
            Ok((weights, inverse_capacity, sources, walls))
        };
        let (weights, inverse_capacity, mut sources, walls) = agree(comm.as_ref(), parts())?;
        if let Some(sources) = &mut sources {
            sources.sum_fixed_power(comm.as_ref(), &team);
        }
        let stability_limit =
            stability_limit(comm.as_ref(), &team, domain.cells, &weights, |i, j| {
                inverse_capacity.at(i, j).to_f64()
            });
        let known = from_fn(|axis| {
            let beyond = |side| {
                if domain.has_wall(side) {
                    0
                } else {
                    signed(margin)
                }
            };
            let [low, high] = [Side::ALL[2 * axis], Side::ALL[2 * axis + 1]];
            -beyond(low)..signed(domain.cells[axis]) + beyond(high)
        });
        Ok(Self {
            arch: Arch::new(),
            known,
            margin,
            cells: domain.cells,
            cell_area: domain.grid.cell_area(),
            comm,
            team,
            weights,
            inverse_capacity,
            sources,
            walls,
            walls_move,
            stability_limit,
            counted: Vec::new(),
        })
    }

    /// Cells around the subdomain that there are coefficients for.
    #[must_use]
    pub fn margin(&self) -> usize {
        self.margin
    }

    /// How many cells around the subdomain [`Self::begin_stages`] has to know of the state, for as many stages
    /// as `stages` says; or at least one, as all steps have to.
    #[must_use]
    pub fn depth_around(&self, stages: usize) -> usize {
        if self.walls_move { stages } else { 1 }
    }

    /// The largest stable step of forward Euler, in seconds.
    #[must_use]
    pub fn stability_limit(&self) -> f64 {
        self.stability_limit
    }

    /// How many fields of coefficients the operator holds for a medium, on any subdomain.
    ///
    /// # Errors
    /// If a property of the medium is not what it must be.
    pub fn coefficient_fields(painter: Painter<'_>) -> Result<u64, Error> {
        let anywhere = Window {
            start: [0, 0],
            cells: [1, 1],
        };
        let is_uniform = |coat: Coat<'_>| coat.uniform().map(|value| value.is_some());
        let weights = is_uniform(painter.conductivity(0, anywhere))?
            && is_uniform(painter.conductivity(1, anywhere))?;
        let capacity = is_uniform(painter.heat_capacity(anywhere))?;
        let fixed = painter.fixed_source(anywhere).uniform()? != Some(0.0);
        // Sources in motion keep an account of their heat, too.
        let sources = match painter.moving_source(anywhere) {
            Some(_) => 2,
            None => u64::from(fixed),
        };
        Ok(2 * u64::from(!weights) + u64::from(!capacity) + sources)
    }

    /// Begins steps at `times`, in seconds, each of which counts for `seconds`: takes walls and sources to
    /// them, fills the ghosts of `u` beyond the walls of the subdomain, and counts the heat of the
    /// first step there.
    pub fn begin(&mut self, u: &mut Field<T>, times: &[f64], seconds: f64) {
        self.counted.clear();
        self.counted.resize(times.len(), seconds);
        if let Some(sources) = &mut self.sources {
            sources.begin(times, &self.counted);
        }
        self.walls.set_times(times);
        self.walls.fill(u, seconds);
    }

    /// Begins the first stage of a step from `u`, but for what comes in through walls; see
    /// [`Self::add_inflow`].
    pub fn begin_first(&mut self, u: &mut Field<T>, stage: &Stage) {
        self.counted.clear();
        self.counted.push(stage.counted);
        if let Some(sources) = &mut self.sources {
            sources.begin(&[stage.time], &self.counted);
        }
        self.walls.set_times(&[stage.time]);
        self.walls.count(u, stage.counted);
        self.walls.close();
        self.walls.fill(u, 0.0);
    }

    /// Adds to `d`, in K, what comes in through the walls in `seconds` of a first stage from `u`.
    pub fn add_inflow(&self, u: &Field<T>, seconds: f64, d: &mut Field<T>) {
        self.walls.add_inflow(u, &self.inverse_capacity, seconds, d);
    }

    /// Begins stages of what the state gains, `d` so far, beyond `u`, which is as the first one met it. Of `u`, cells
    /// around the subdomain are read where a convection coefficient changes.
    pub fn begin_stages(&mut self, d: &mut Field<T>, stages: &[Stage], u: &Field<T>) {
        let times: Vec<f64> = stages.iter().map(|stage| stage.time).collect();
        self.counted.clear();
        self.counted
            .extend(stages.iter().map(|stage| stage.counted));
        if let Some(sources) = &mut self.sources {
            sources.begin_changes(&times);
        }
        self.walls.set_changes(&times, u);
        self.walls.fill(d, self.counted[0]);
    }

    /// Fills the ghosts of `u` beyond the walls of the cells around the subdomain, `depth` deep,
    /// which have come from the neighbours.
    pub fn fill_beyond(&self, u: &mut Field<T>, depth: usize) {
        self.walls.fill_beyond(u, depth);
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
        let inverse_capacity = &self.inverse_capacity;
        let term =
            |i: usize, j: usize| u.own_row(j)[i].to_f64() / inverse_capacity.at(i, j).to_f64();
        self.cell_area * reproducible_sum(self.comm.as_ref(), &self.team, self.cells, term)
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
