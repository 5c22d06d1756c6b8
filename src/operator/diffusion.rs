//! Heat conduction with walls and sources on one subdomain.

use std::{array::from_fn, ops::Range, rc::Rc};

use crate::{
    comm::{Communicator, agree},
    domain::Domain,
    error::Error,
    field::{Field, Real, Span, Team, reproducible_sum, signed},
    grid::Side,
    kernel::{Arch, NoSource, Uniform},
    physics::{Coat, Medium, Painter, Wall, Window},
};

use super::{
    Accounts,
    coefficients::{CellValues, OnRows, Weights, stability_limit},
    queue::Queue,
    sources::{Present, Sources, SourcesOnRows},
    tile::{Batch, Tile, Workspace},
    walls::{WallFaces, Walls},
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
    stability_limit: f64,
    /// Number and length in seconds of the steps under way.
    steps: usize,
    dt: f64,
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
            stability_limit,
            steps: 0,
            dt: 0.0,
        })
    }

    /// Cells around the subdomain that there are coefficients for.
    #[must_use]
    pub fn margin(&self) -> usize {
        self.margin
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

    /// Begins steps of `dt` at `times`, in seconds: takes walls and sources to them, fills the
    /// ghosts of `u` beyond the walls of the subdomain, and counts the heat of the first step there.
    pub fn begin(&mut self, u: &mut Field<T>, times: &[f64], dt: f64) {
        (self.steps, self.dt) = (times.len(), dt);
        if let Some(sources) = &mut self.sources {
            sources.begin(times, dt);
        }
        self.walls.set_times(times);
        self.walls.fill(u, dt);
    }

    /// Fills the ghosts of `u` beyond the walls of the cells around the subdomain, `depth` deep,
    /// which have come from the neighbours.
    pub fn fill_beyond(&self, u: &mut Field<T>, depth: usize) {
        self.walls.fill_beyond(u, depth);
    }

    /// Advances tiles by the forward Euler steps that were begun, from `u` to `out`, and counts the
    /// heat that comes in. Each of the team's threads has a workspace and begins with its
    /// own tiles. The main
    /// thread calls `meanwhile` every so often.
    pub fn advance(
        &mut self,
        u: &Field<T>,
        out: &mut Field<T>,
        tiles: &[Vec<Span>],
        work: &mut [Workspace<T>],
        meanwhile: &mut dyn FnMut(),
    ) {
        let spans = tiles.concat();
        if spans.is_empty() {
            return;
        }
        let (walls, wall_heat) = self.walls.deal(self.cells, &spans);
        let (sources, source_heat) = match &mut self.sources {
            None => (None, spans.iter().map(|_| Vec::new()).collect()),
            Some(sources) => {
                let (present, heat) = sources.deal(&spans);
                (Some(present), heat)
            }
        };
        let mut all = spans
            .iter()
            .zip(out.cut(&spans))
            .zip(wall_heat.into_iter().zip(source_heat))
            .map(|((span, out), (wall_heat, source_heat))| Tile {
                span: span.clone(),
                out,
                wall_heat,
                source_heat,
            });
        let tiles = tiles
            .iter()
            .map(|tiles| all.by_ref().take(tiles.len()).collect())
            .collect();
        let sweep = Sweep {
            team: &self.team,
            arch: self.arch,
            u,
            walls,
            known: &self.known,
            steps: self.steps,
            dt: self.dt,
            tiles,
            work,
            meanwhile,
        };
        match &self.weights {
            Weights::Uniform([x, y]) => {
                let weights = [&Uniform(*x), &Uniform(*y)];
                sweep.with_weights(weights, &self.inverse_capacity, sources.as_ref());
            }
            Weights::PerFace { x, y } => {
                sweep.with_weights([x, y], &self.inverse_capacity, sources.as_ref());
            }
        }
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

/// One pass over tiles, whose kinds of coefficients become known one by one.
struct Sweep<'a, T> {
    team: &'a Team,
    arch: Arch,
    u: &'a Field<T>,
    walls: &'a [Option<WallFaces<T>>; 4],
    known: &'a [Range<isize>; 2],
    steps: usize,
    dt: f64,
    /// Of each thread.
    tiles: Vec<Vec<Tile<'a, T>>>,
    work: &'a mut [Workspace<T>],
    meanwhile: &'a mut dyn FnMut(),
}

impl<T: Real> Sweep<'_, T> {
    fn with_weights<K: OnRows<T>>(
        self,
        weights: [&K; 2],
        inverse_capacity: &CellValues<T>,
        sources: Option<&Present<'_, T>>,
    ) {
        match inverse_capacity {
            CellValues::Uniform(c) => self.with_capacity(weights, &Uniform(*c), sources),
            CellValues::PerCell(c) => self.with_capacity(weights, c, sources),
        }
    }

    fn with_capacity<K: OnRows<T>, C: OnRows<T>>(
        self,
        weights: [&K; 2],
        inverse_capacity: &C,
        sources: Option<&Present<'_, T>>,
    ) {
        match sources {
            None => self.run(weights, inverse_capacity, &NoSource),
            Some(Present::Fixed(fixed)) => self.run(weights, inverse_capacity, fixed),
            Some(Present::Moving(moving)) => self.run(weights, inverse_capacity, moving),
        }
    }

    fn run<K, C, Q>(self, weights: [&K; 2], inverse_capacity: &C, sources: &Q)
    where
        K: OnRows<T>,
        C: OnRows<T>,
        Q: SourcesOnRows<T>,
    {
        let batch = Batch {
            arch: self.arch,
            u: self.u,
            weights,
            inverse_capacity,
            sources,
            walls: self.walls,
            known: self.known,
            steps: self.steps,
            dt: self.dt,
        };
        let queue = Queue::new(self.tiles);
        let parts = self.work.iter_mut().take(self.team.size()).enumerate();
        self.team
            .for_parts(parts.collect(), self.meanwhile, |(k, work), meanwhile| {
                while let Some(mut tile) = queue.take(k) {
                    batch.advance(&mut tile, work, meanwhile);
                }
            });
    }
}
