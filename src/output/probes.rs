//! `probes.csv`: temperatures at places of interest over time, bitwise the same from every layout.

use std::{ops::Range, path::Path};

use super::{FiniteCheck, Marks, table::Table};
use crate::{
    comm::{Communicator, Reduce},
    domain::Domain,
    error::Error,
    field::{Real, reproducible_sum, signed},
    grid::Grid,
    simulation::{Cadence, Flow, Observer, Schedule, View},
};

/// A place whose temperature is of interest.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// The name of its column.
    pub name: String,
    pub place: Place,
}

/// Where a probe looks; lengths in metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    /// A point of the rectangle: bilinear between the centres of the four cells around it. Nearer
    /// to a wall than the centres of the cells there, what these centres have.
    Point([f64; 2]),
    /// The mean over the cells whose centres lie in a rectangle, low sides included, high sides
    /// not; one at least does.
    Mean { min: [f64; 2], max: [f64; 2] },
}

/// Writes a row with the temperature of each probe in K now and then.
///
/// A look at a few cells is cheap, and does not go over all others to see whether they are finite. But
/// where a probe is not, the whole field is checked, which ends the run.
pub struct Probes {
    schedule: Schedule,
    table: Table,
    gauges: Vec<Gauge>,
    finite: FiniteCheck,
}

/// A place, on the cells of a grid.
enum Gauge {
    Point(Stencil),
    /// Cells along x and along y.
    Mean([Range<usize>; 2]),
}

/// The four cells whose centres surround a point.
#[derive(Debug, PartialEq)]
struct Stencil {
    /// The cells on the low and on the high side of the point along x, and those along y.
    cells: [[usize; 2]; 2],
    /// How far the point has come from the low to the high centres along x and y: 0 to 1.
    shares: [f64; 2],
}

impl Probes {
    /// Creates the file `path`, for rows as `cadence` says and at both ends of the run, or goes on with it
    /// where `marks` says. Collective.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if the file cannot be written.
    pub fn open(
        path: &Path,
        probes: &[Probe],
        cadence: Cadence,
        domain: &Domain,
        marks: &Marks,
        comm: &dyn Communicator,
    ) -> Result<Self, Error> {
        let gauge = |probe: &Probe| match probe.place {
            Place::Point(point) => {
                Gauge::Point(Stencil::around(point, &domain.grid, domain.periodic))
            }
            Place::Mean { min, max } => Gauge::Mean(domain.grid.cells_within(min, max)),
        };
        let names = probes.iter().map(|probe| probe.name.as_str());
        Ok(Self {
            schedule: Schedule::with_ends(Some(cadence)),
            table: Table::open(path, names, &marks.probes, comm)?,
            gauges: probes.iter().map(gauge).collect(),
            finite: FiniteCheck::new(None),
        })
    }
}

impl<T: Real> Observer<T> for Probes {
    fn name(&self) -> &'static str {
        "probes"
    }

    fn schedule(&mut self) -> &mut Schedule {
        &mut self.schedule
    }

    fn observe(&mut self, view: &View<'_, T>) -> Result<Flow, Error> {
        let stencils = self.gauges.iter().filter_map(|gauge| match gauge {
            Gauge::Point(stencil) => Some(stencil),
            Gauge::Mean(_) => None,
        });
        let cells: Vec<[usize; 2]> = stencils.flat_map(Stencil::corners).collect();
        let values = values_at(view, &cells);
        let mut corners = values.as_chunks().0.iter();
        let temperature = |gauge: &Gauge| match gauge {
            Gauge::Point(stencil) => {
                stencil.interpolate(*corners.next().expect("as many as stencils"))
            }
            Gauge::Mean(cells) => mean(view, cells),
        };
        let temperatures: Vec<f64> = self.gauges.iter().map(temperature).collect();
        if !temperatures.iter().all(|value| value.is_finite()) {
            self.finite.observe(view)?;
        }
        self.table.append(view.clock, &temperatures, view.comm)?;
        Ok(Flow::Continue)
    }
}

impl Stencil {
    fn around(point: [f64; 2], grid: &Grid, periodic: [bool; 2]) -> Self {
        let spacing = grid.spacing();
        // In cells from the centre of the first one.
        let place = [0, 1].map(|axis| (point[axis] - grid.origin[axis]) / spacing[axis] - 0.5);
        Self {
            cells: [0, 1].map(|axis| {
                #[expect(clippy::cast_possible_truncation, reason = "the point is in the grid")]
                let low = place[axis].floor() as isize;
                [low, low + 1].map(|index| grid.shown(axis, index, periodic[axis]).cast_unsigned())
            }),
            shares: place.map(|place| place - place.floor()),
        }
    }

    /// The four cells, x varying fastest.
    fn corners(&self) -> [[usize; 2]; 4] {
        let [[left, right], [bottom, top]] = self.cells;
        [[left, bottom], [right, bottom], [left, top], [right, top]]
    }

    /// The value at the point, of those at the four cells.
    fn interpolate(&self, corners: [f64; 4]) -> f64 {
        // Of two equal values this makes the same value again.
        let between = |low: f64, high: f64, share: f64| low + share * (high - low);
        let [x, y] = self.shares;
        let below = between(corners[0], corners[1], x);
        let above = between(corners[2], corners[3], x);
        between(below, above, y)
    }
}

/// The temperatures of cells of the grid in K. Collective.
fn values_at<T: Real>(view: &View<'_, T>, cells: &[[usize; 2]]) -> Vec<f64> {
    let Domain {
        start, cells: own, ..
    } = view.domain;
    let local = |cell: usize, axis: usize| {
        let index = cell.checked_sub(start[axis])?;
        (index < own[axis]).then_some(index)
    };
    // One rank has the bits of a value and all others have zeros: the sum is the same bits.
    let mine = |[i, j]: &[usize; 2]| {
        let (i, j) = (local(*i, 0)?, local(*j, 1)?);
        let value = view.u.get(signed(i), signed(j)).to_f64();
        Some(value.to_bits().cast_signed())
    };
    let mut bits: Vec<i64> = cells.iter().map(|cell| mine(cell).unwrap_or(0)).collect();
    view.comm.all_reduce_integers(&mut bits, Reduce::Sum);
    let value = |bits: i64| f64::from_bits(bits.cast_unsigned());
    bits.into_iter().map(value).collect()
}

/// The mean temperature of cells of the grid in K. All cells have the same volume. Collective.
#[expect(clippy::cast_precision_loss, reason = "cell counts are far below 2^53")]
fn mean<T: Real>(view: &View<'_, T>, cells: &[Range<usize>; 2]) -> f64 {
    let Domain {
        start, cells: own, ..
    } = view.domain;
    let [columns, rows] = [0, 1].map(|axis| {
        let local = |cell: usize| cell.saturating_sub(start[axis]).min(own[axis]);
        local(cells[axis].start)..local(cells[axis].end)
    });
    let value = |i: usize, j: usize| view.u.own_row(rows.start + j)[columns.start + i].to_f64();
    let mine = [columns.len(), rows.len()];
    let sum = reproducible_sum(view.comm, view.team, mine, value);
    sum / (cells[0].len() * cells[1].len()) as f64
}

#[cfg(test)]
mod tests;
