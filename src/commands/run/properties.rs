//! The file of frames, and the properties of the medium in it.

use std::path::Path;

use super::Run;
use crate::{
    comm::{Reduce, agree},
    error::Error,
    field::{Field, signed},
    operator::own_window,
    output::{FieldsFile, Frames, Heading, Property},
    physics::Coat,
};

const CONDUCTIVITY: Property = Property {
    name: "conductivity",
    units: "W m-1 K-1",
    words: "thermal conductivity",
};
/// Where it depends on the direction.
const ALONG: [Property; 2] = [
    Property {
        name: "conductivity_x",
        words: "thermal conductivity along x",
        ..CONDUCTIVITY
    },
    Property {
        name: "conductivity_y",
        words: "thermal conductivity along y",
        ..CONDUCTIVITY
    },
];
const HEAT_CAPACITY: Property = Property {
    name: "heat_capacity",
    units: "J m-3 K-1",
    words: "volumetric heat capacity",
};
const SOURCE: Property = Property {
    name: "source",
    units: "W m-3",
    words: "heat source at the start",
};

impl Run<'_> {
    /// Creates the file of frames, with the properties of the medium where they are asked for; or goes on
    /// with it where there are frames already. Collective.
    pub(super) fn fields_file(&self, path: &Path, frames: &Frames) -> Result<FieldsFile, Error> {
        let (comm, case) = (self.comm.as_ref(), &self.given.case);
        let heading = Heading {
            title: &case.title,
            config: &case.effective,
        };
        let output = &case.output;
        let (extract, how) = (output.extract.clone(), (output.storage, output.io));
        let file = FieldsFile::open(path, &heading, extract, how, frames, comm)?;
        if file.is_collective() {
            self.say(
                "note: the ranks write frames together, and steps wait for that: MPI serves the main thread alone",
            );
        }
        if output.medium && frames.whole() == 0 {
            self.add_properties(&file)?;
        }
        Ok(file)
    }

    fn add_properties(&self, file: &FieldsFile) -> Result<(), Error> {
        let (painter, window) = (self.given.painter(), own_window(&self.domain));
        let add = |property: Property, values: &Field<f64>| {
            let (domain, comm) = (&self.domain, self.comm.as_ref());
            file.add_property(property, values, domain, &self.team, comm)
        };
        let along = |axis| self.painted(&painter.conductivity(axis, window));
        let [kx, ky] = [along(0)?, along(1)?];
        let rows = 0..self.domain.cells[1];
        let is_other = |j| kx.own_row(j) != ky.own_row(j);
        let mut differs = [i64::from(rows.clone().any(is_other))];
        self.comm.all_reduce_integers(&mut differs, Reduce::Max);
        if differs == [0] {
            add(CONDUCTIVITY, &kx)?;
        } else {
            add(ALONG[0], &kx)?;
            add(ALONG[1], &ky)?;
        }
        add(
            HEAT_CAPACITY,
            &self.painted(&painter.heat_capacity(window))?,
        )?;
        let mut source = self.painted(&painter.fixed_source(window))?;
        if let Some(moving) = painter.moving_source(window) {
            for j in rows {
                let row = source.own_row_mut(j);
                moving.evaluate_row(j, 0..row.len(), 0.0, |i, value| row[i] = value);
            }
        }
        add(SOURCE, &source)
    }

    /// A property on this rank's cells. Collective.
    fn painted(&self, coat: &Coat<'_>) -> Result<Field<f64>, Error> {
        let mut field = Field::new(&self.team, self.domain.cells, 0);
        let rows = 0..signed(self.domain.cells[1]);
        let painted = self.team.try_for_rows(&mut field, rows, |j, row| {
            coat.paint_row(j.cast_unsigned(), row)
        });
        agree(self.comm.as_ref(), painted)?;
        Ok(field)
    }
}
