//! Heat sources on the cells of a subdomain.

use crate::{
    comm::Communicator,
    domain::Domain,
    error::Error,
    field::{Field, Real, Team, reproducible_sum, signed},
    physics::{MovingSource, Painter},
};

use super::coefficients::{own_window, painted, row_of};

/// Heat sources, and the heat that has come from them.
pub(super) struct Sources<T> {
    /// Source in W/m^3 at the present time.
    pub now: Field<T>,
    moving: Option<Moving>,
    /// Power of sources that do not change, in W/m^3 summed over all cells.
    fixed_power: f64,
    seconds: f64,
}

/// Sources that change with time.
struct Moving {
    source: MovingSource,
    /// Heat from them so far, in J/m^3.
    heat: Field<f64>,
}

impl<T: Real> Sources<T> {
    /// The sources of a medium; `None` for a medium without any, whatever the subdomain.
    /// Collective where it does not fail.
    ///
    /// # Errors
    /// If a source that does not depend on time is not finite.
    pub fn new(team: &Team, domain: &Domain, painter: Painter<'_>) -> Result<Option<Self>, Error> {
        let fixed = painter.fixed_source(own_window(domain));
        let moving = painter
            .moving_source(own_window(domain))
            .map(|source| Moving {
                source,
                heat: Field::new(team, domain.cells, 0),
            });
        if fixed.uniform()? == Some(0.0) && moving.is_none() {
            return Ok(None);
        }
        let now = painted(team, domain.cells, |j, row| {
            for (now, fixed) in row.iter_mut().zip(row_of(&fixed, j, domain.cells[0])?) {
                *now = T::from_f64(fixed);
            }
            Ok(())
        })?;
        Ok(Some(Self {
            now,
            moving,
            fixed_power: 0.0,
            seconds: 0.0,
        }))
    }

    /// Sums the power of the sources that do not change. Collective.
    pub fn sum_fixed_power(&mut self, comm: &dyn Communicator, team: &Team) {
        let now = &self.now;
        self.fixed_power =
            reproducible_sum(comm, team, now.cells(), |i, j| now.own_row(j)[i].to_f64());
    }

    /// Brings the sources to time `t`, and counts their heat in a step of `dt`, in seconds.
    pub fn advance(&mut self, team: &Team, t: f64, dt: f64) {
        self.seconds += dt;
        let Some(Moving { source, heat }) = &mut self.moving else {
            return;
        };
        let rows = 0..signed(self.now.cells()[1]);
        let source = &*source;
        team.for_rows(&mut self.now, rows.clone(), |j, row| {
            source.evaluate_row(j.cast_unsigned(), t, |column, value| {
                row[column] = T::from_f64(value);
            });
        });
        let now = &self.now;
        team.for_rows(heat, rows, |j, row| {
            let now = now.own_row(j.cast_unsigned());
            for column in source.columns(j.cast_unsigned()) {
                row[column] += dt * now[column].to_f64();
            }
        });
    }

    /// Heat from all sources so far, in J/m. Collective.
    pub fn heat(&self, comm: &dyn Communicator, team: &Team, cell_area: f64) -> f64 {
        let fixed = cell_area * self.fixed_power * self.seconds;
        let moving = self.moving.as_ref().map_or(0.0, |Moving { heat, .. }| {
            let total = reproducible_sum(comm, team, heat.cells(), |i, j| heat.own_row(j)[i]);
            cell_area * total
        });
        fixed + moving
    }
}
