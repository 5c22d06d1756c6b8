//! Heat conduction with walls and sources on one subdomain.

use std::{ops::Range, rc::Rc};

use crate::{
    comm::{Communicator, agree},
    domain::Domain,
    error::Error,
    field::{Field, Real, Team, reproducible_sum, signed},
    grid::Side,
    kernel::{self, EulerRow, NoSource, Row, Source, Uniform},
    physics::{Coat, Medium, Painter, Wall, Window},
};

use super::{
    coefficients::{InverseCapacity, Rows, Weights, row_coefficients, stability_limit},
    sources::Sources,
    walls::Walls,
};

/// A block of own cells: columns and rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub columns: Range<usize>,
    pub rows: Range<usize>,
}

/// `rho_c du/dt = div(K grad u) + q` in conservative 5-point flux form on cell averages.
pub struct Diffusion<T> {
    comm: Rc<dyn Communicator>,
    team: Rc<Team>,
    cells: [usize; 2],
    cell_area: f64,
    weights: Weights<T>,
    inverse_capacity: InverseCapacity<T>,
    sources: Option<Sources<T>>,
    walls: Walls<T>,
    stability_limit: f64,
}

impl<T: Real> Diffusion<T> {
    /// The operator for one subdomain. Collective.
    ///
    /// # Errors
    /// If a property of the medium is not what it must be, the same error on every rank.
    pub fn new(
        comm: Rc<dyn Communicator>,
        team: Rc<Team>,
        domain: &Domain,
        medium: &Medium,
        walls: &[Wall; 4],
    ) -> Result<Self, Error> {
        let painter = Painter {
            medium,
            grid: domain.grid,
            periodic: domain.periodic,
        };
        let parts = || {
            let weights = Weights::new(&team, domain, painter)?;
            let inverse_capacity = InverseCapacity::new(&team, domain, painter)?;
            let sources = Sources::new(&team, domain, painter)?;
            let walls = Walls::new(domain, painter, walls, &weights)?;
            Ok((weights, inverse_capacity, sources, walls))
        };
        let (weights, inverse_capacity, mut sources, walls) = agree(comm.as_ref(), parts())?;
        if let Some(sources) = &mut sources {
            sources.sum_fixed_power(comm.as_ref(), &team);
        }
        let stability_limit = stability_limit(
            comm.as_ref(),
            &team,
            domain.cells,
            &weights,
            &inverse_capacity,
        );
        Ok(Self {
            cells: domain.cells,
            cell_area: domain.grid.cell_area(),
            comm,
            team,
            weights,
            inverse_capacity,
            sources,
            walls,
            stability_limit,
        })
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

    /// Brings walls and sources to time `t`, fills the ghosts of `u` beyond the walls, and counts
    /// the heat that comes in during a step of `dt`; times in seconds.
    pub fn begin_step(&mut self, u: &mut Field<T>, t: f64, dt: f64) {
        if let Some(sources) = &mut self.sources {
            sources.advance(&self.team, t, dt);
        }
        self.walls.set_time(t);
        self.walls.fill(u, dt);
    }

    /// One forward Euler step of `dt` seconds for the cells of `span`. The main thread calls
    /// `meanwhile` every so often.
    pub fn euler(
        &self,
        u: &Field<T>,
        out: &mut Field<T>,
        span: &Span,
        dt: f64,
        meanwhile: &mut dyn FnMut(),
    ) {
        match &self.weights {
            Weights::Uniform([x, y]) => {
                let weights = (&Uniform(*x), &Uniform(*y));
                self.euler_with_weights(weights, u, out, span, dt, meanwhile);
            }
            Weights::PerFace { x, y } => {
                self.euler_with_weights((x, y), u, out, span, dt, meanwhile);
            }
        }
    }

    fn euler_with_weights<K>(
        &self,
        weights: (&K, &K),
        u: &Field<T>,
        out: &mut Field<T>,
        span: &Span,
        dt: f64,
        meanwhile: &mut dyn FnMut(),
    ) where
        K: Rows<T>,
        for<'a> K::Row<'a>: Row<T>,
    {
        let source = self.sources.as_ref().map(|sources| &sources.now);
        let sweep = Sweep {
            team: &self.team,
            u,
            span,
            dt: T::from_f64(dt),
        };
        match (&self.inverse_capacity, source) {
            (InverseCapacity::Uniform(c), None) => {
                sweep.run(out, weights, &Uniform(*c), &NoSource, meanwhile);
            }
            (InverseCapacity::Uniform(c), Some(source)) => {
                sweep.run(out, weights, &Uniform(*c), source, meanwhile);
            }
            (InverseCapacity::PerCell(c), None) => {
                sweep.run(out, weights, c, &NoSource, meanwhile);
            }
            (InverseCapacity::PerCell(c), Some(source)) => {
                sweep.run(out, weights, c, source, meanwhile);
            }
        }
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

/// One pass over the cells of a span.
struct Sweep<'a, T> {
    team: &'a Team,
    u: &'a Field<T>,
    span: &'a Span,
    dt: T,
}

impl<T: Real> Sweep<'_, T> {
    fn run<K, C, Q>(
        &self,
        out: &mut Field<T>,
        weights: (&K, &K),
        inverse_capacity: &C,
        source: &Q,
        meanwhile: &mut dyn FnMut(),
    ) where
        K: Rows<T>,
        C: Rows<T>,
        Q: Rows<T>,
        for<'b> K::Row<'b>: Row<T>,
        for<'b> C::Row<'b>: Row<T>,
        for<'b> Q::Row<'b>: Source<T>,
    {
        let columns = &self.span.columns;
        let (first, last) = (
            self.u.column(signed(columns.start)),
            self.u.column(signed(columns.end)),
        );
        let rows = signed(self.span.rows.start)..signed(self.span.rows.end);
        self.team.for_rows_while(out, rows, meanwhile, |j, out| {
            let coefficients = row_coefficients(
                weights,
                inverse_capacity,
                source,
                j.cast_unsigned(),
                columns.clone(),
            );
            let u = kernel::ThreeRows {
                south: &self.u.row(j - 1)[first..last],
                center: &self.u.row(j)[first - 1..=last],
                north: &self.u.row(j + 1)[first..last],
            };
            let out = &mut out[first..last];
            EulerRow {
                out,
                u,
                coefficients,
                dt: self.dt,
            }
            .run();
        });
    }
}
