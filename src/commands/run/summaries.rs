//! The summaries of cases that come from decks of `TeaLeaf`.

use super::Run;
use crate::{
    comm::agree,
    config::{Density, TeaLeaf},
    error::Error,
    field::{Field, signed},
    operator::own_window,
    output::{LastSummary, Summaries},
    simulation::Cadence,
};

impl Run<'_> {
    /// The observer of a case that wants summaries, and where it keeps the last one. Collective.
    pub(super) fn summaries(&self) -> Result<Option<(Summaries, LastSummary)>, Error> {
        let Some(TeaLeaf {
            density,
            every_steps,
        }) = self.given.case.tealeaf
        else {
            return Ok(None);
        };
        let density = agree(self.comm.as_ref(), self.density(density))?;
        let cadence = every_steps.map(Cadence::EverySteps);
        Ok(Some(Summaries::new(density, cadence, self.manner.quiet)))
    }

    fn density(&self, density: Density) -> Result<Field<f64>, Error> {
        let window = own_window(&self.domain);
        let coat = self.given.painter().conductivity(0, window);
        let mut field = Field::new(&self.team, self.domain.cells, 0);
        let rows = 0..signed(self.domain.cells[1]);
        self.team.try_for_rows(&mut field, rows, |j, row| {
            coat.paint_row(j.cast_unsigned(), row)?;
            for value in row {
                *value = density.of(*value);
            }
            Ok(())
        })?;
        Ok(field)
    }
}
