//! Fields at the cells that a picture shows: from a run, and from a file.

use std::ops::Range;

use super::{Lattice, Shot};
use crate::{
    domain::Domain,
    error::Error,
    field::Real,
    output::{
        ResultFile,
        blocks::{Block, gather_blocks},
    },
    simulation::View,
};

/// What a picture shows of the field of a run, on rank 0. Collective.
pub(super) fn sample<T: Real>(view: &View<'_, T>, lattice: &Lattice) -> Option<Shot> {
    // The samples whose cells belong to a rank.
    let part = |domain: &Domain| {
        let samples = [0, 1].map(|axis| {
            let first = |cells: usize| {
                let mut samples = 0..lattice.samples[axis];
                samples
                    .position(|sample| lattice.cell(axis, sample) >= cells)
                    .unwrap_or(lattice.samples[axis])
            };
            let start = first(domain.start[axis]);
            start..first(domain.start[axis] + domain.cells[axis])
        });
        Block {
            start: [samples[0].start, samples[1].start],
            cells: [samples[0].len(), samples[1].len()],
        }
    };
    let domain = view.domain;
    let Block { start, cells } = part(domain);
    let own: Vec<T> = (start[1]..start[1] + cells[1])
        .flat_map(|q| {
            let row = view.u.own_row(lattice.cell(1, q) - domain.start[1]);
            (start[0]..start[0] + cells[0]).map(move |p| row[lattice.cell(0, p) - domain.start[0]])
        })
        .collect();
    let part_of = |rank| part(&domain.of_rank(rank));
    let whole = gather_blocks(view.comm, lattice.samples, part_of, &own)?;
    Some(Shot {
        time: view.clock.time(),
        values: whole.into_iter().map(T::to_f64).collect(),
    })
}

impl Shot {
    /// What a picture shows of a frame; reads only the rows that it shows.
    ///
    /// # Errors
    /// [`crate::error::Kind::Input`] if they cannot be read.
    pub fn read(file: &ResultFile, frame: usize) -> Result<Self, Error> {
        let lattice = Lattice::new(&file.grid);
        Ok(Self {
            time: file.times[frame],
            values: lattice.read(|rows| file.read_rows(frame, rows))?,
        })
    }
}

impl Lattice {
    /// The samples of a field, x varying fastest, of which `rows` reads whole rows.
    pub(super) fn read(
        &self,
        rows: impl Fn(Range<usize>) -> Result<Vec<f64>, Error>,
    ) -> Result<Vec<f64>, Error> {
        let [nx, ny] = self.samples;
        let mut values = Vec::with_capacity(nx * ny);
        for q in 0..ny {
            let j = self.cell(1, q);
            let row = rows(j..j + 1)?;
            values.extend((0..nx).map(|p| row[self.cell(0, p)]));
        }
        Ok(values)
    }
}
