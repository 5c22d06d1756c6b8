//! Coefficients on cells and faces: one number, or a field of them.

use std::ops::Range;

use crate::{
    comm::{Communicator, Reduce},
    domain::Domain,
    error::Error,
    field::{Field, Real, Team, signed},
    kernel::{Rows, Uniform},
    physics::{Coat, FaceMean, Painter, Window},
};

/// Gives the coefficient of rows of cells or faces.
pub(super) trait OnRows<T: Real>: Sync {
    type Rows<'a, const R: usize>: Rows<T, R>
    where
        Self: 'a;

    /// Of `R` rows from `j` on.
    fn rows<const R: usize>(&self, j: isize, columns: Range<isize>) -> Self::Rows<'_, R>;
}

impl<T: Real> OnRows<T> for Uniform<T> {
    type Rows<'a, const R: usize> = Self;

    fn rows<const R: usize>(&self, _j: isize, _columns: Range<isize>) -> Self {
        *self
    }
}

impl<T: Real> OnRows<T> for Field<T> {
    type Rows<'a, const R: usize> = [&'a [T]; R];

    fn rows<const R: usize>(&self, j: isize, columns: Range<isize>) -> [&[T]; R] {
        let mut rows: [&[T]; R] = [&[]; R];
        for (j, row) in (j..).zip(&mut rows) {
            *row = self.part(j, columns.clone());
        }
        rows
    }
}

/// Weights of the faces: conductivity over the square of the cell width, in W/(m^3 K).
pub(super) enum Weights<T> {
    /// Of faces across x and across y.
    Uniform([T; 2]),
    /// `nx + 1` faces across x in each of `ny` rows; `nx` faces across y in each of `ny + 1` rows.
    PerFace { x: Field<T>, y: Field<T> },
}

/// A property of the cells.
pub enum CellValues<T> {
    Uniform(T),
    PerCell(Field<T>),
}

impl<T: Real> Weights<T> {
    /// Paints the medium on the faces of a subdomain and of `margin` cells around it.
    ///
    /// # Errors
    /// If a conductivity is not finite and positive.
    pub fn new(
        team: &Team,
        domain: &Domain,
        margin: usize,
        painter: Painter<'_>,
    ) -> Result<Self, Error> {
        let mean = painter.medium.face_mean;
        let Window {
            start: [x0, y0],
            cells: [nx, ny],
        } = window(domain, margin);
        let [dx, dy] = domain.grid.spacing();
        let across_x = painter.conductivity(
            0,
            Window {
                start: [x0 - 1, y0],
                cells: [nx + 2, ny],
            },
        );
        let across_y = painter.conductivity(
            1,
            Window {
                start: [x0, y0 - 1],
                cells: [nx, ny + 2],
            },
        );
        if let (Some(kx), Some(ky)) = (across_x.uniform()?, across_y.uniform()?) {
            return Ok(Self::Uniform([
                weight(mean, [kx, kx], dx)?,
                weight(mean, [ky, ky], dy)?,
            ]));
        }
        let [columns, rows] = domain.cells;
        let x = painted(team, [columns + 1, rows], margin, |j, row| {
            let k = row_of(&across_x, j, nx + 2)?;
            for (i, w) in row.iter_mut().enumerate() {
                *w = weight(mean, [k[i], k[i + 1]], dx)?;
            }
            Ok(())
        })?;
        let y = painted(team, [columns, rows + 1], margin, |j, row| {
            let below = row_of(&across_y, j, nx)?;
            let above = row_of(&across_y, j + 1, nx)?;
            for (i, w) in row.iter_mut().enumerate() {
                *w = weight(mean, [below[i], above[i]], dy)?;
            }
            Ok(())
        })?;
        Ok(Self::PerFace { x, y })
    }

    /// Sum of the weights of a cell's four faces.
    pub fn around(&self, i: isize, j: isize) -> f64 {
        let face = |axis, i, j| self.face(axis, i, j).to_f64();
        (face(0, i, j) + face(0, i + 1, j)) + (face(1, i, j) + face(1, i, j + 1))
    }

    /// Weight of face `(i, j)` across `axis`.
    pub fn face(&self, axis: usize, i: isize, j: isize) -> T {
        match (self, axis) {
            (Self::Uniform(weights), _) => weights[axis],
            (Self::PerFace { x, .. }, 0) => x.get(i, j),
            (Self::PerFace { y, .. }, _) => y.get(i, j),
        }
    }
}

impl<T: Real> CellValues<T> {
    /// `1 / rho_c` in m^3 K/J on the cells of a subdomain and on `margin` cells around it.
    ///
    /// # Errors
    /// If a heat capacity is not finite and positive.
    pub(super) fn inverse_capacity(
        team: &Team,
        domain: &Domain,
        margin: usize,
        painter: Painter<'_>,
    ) -> Result<Self, Error> {
        Self::of_capacity(team, domain, margin, painter, |capacity| 1.0 / capacity)
    }

    /// `rho_c` in J/(m^3 K) on the cells of a subdomain.
    ///
    /// # Errors
    /// If a heat capacity is not finite and positive.
    pub(super) fn capacity(
        team: &Team,
        domain: &Domain,
        painter: Painter<'_>,
    ) -> Result<Self, Error> {
        Self::of_capacity(team, domain, 0, painter, |capacity| capacity)
    }

    fn of_capacity(
        team: &Team,
        domain: &Domain,
        margin: usize,
        painter: Painter<'_>,
        of: impl Fn(f64) -> f64 + Sync,
    ) -> Result<Self, Error> {
        let window = window(domain, margin);
        let coat = painter.heat_capacity(window);
        let value = |capacity: f64| {
            representable(of(capacity)).ok_or_else(|| {
                let name = T::NAME;
                let message =
                    format!("heat capacity {capacity:e} J/(m^3 K) is out of the range of {name}");
                Error::input(message)
            })
        };
        if let Some(capacity) = coat.uniform()? {
            return Ok(Self::Uniform(value(capacity)?));
        }
        let cells = painted(team, domain.cells, margin, |j, row| {
            for (out, capacity) in row.iter_mut().zip(row_of(&coat, j, window.cells[0])?) {
                *out = value(capacity)?;
            }
            Ok(())
        })?;
        Ok(Self::PerCell(cells))
    }

    /// The same in other numbers.
    pub(super) fn converted<L: Real>(&self, team: &Team) -> CellValues<L> {
        match self {
            Self::Uniform(value) => CellValues::Uniform(L::from_f64(value.to_f64())),
            Self::PerCell(values) => CellValues::PerCell(values.converted(team, 0)),
        }
    }

    /// The value of an own cell.
    #[must_use]
    pub fn at(&self, i: usize, j: usize) -> T {
        match self {
            Self::Uniform(value) => *value,
            Self::PerCell(values) => values.own_row(j)[i],
        }
    }
}

/// The largest stable step of forward Euler in seconds, `min rho_c / (sum of face weights)` over
/// all cells: Gershgorin's bound on the operator's spectrum, which for constant coefficients is
/// the textbook `1 / (2 alpha (1/dx^2 + 1/dy^2))`. It holds whatever the walls are. Collective.
pub(super) fn stability_limit<T: Real>(
    comm: &dyn Communicator,
    team: &Team,
    cells: [usize; 2],
    weights: &Weights<T>,
    inverse_capacity: impl Fn(usize, usize) -> f64 + Sync,
) -> f64 {
    let limit = |i, j| 1.0 / (inverse_capacity(i, j) * weights.around(signed(i), signed(j)));
    let smallest = team.fold_rows(
        cells[1],
        || f64::INFINITY,
        |least, j| *least = (0..cells[0]).fold(*least, |least, i| least.min(limit(i, j))),
        f64::min,
    );
    let mut smallest = [smallest];
    comm.all_reduce(&mut smallest, Reduce::Min);
    smallest[0]
}

/// The cells of a subdomain without ghosts.
#[must_use]
pub fn own_window(domain: &Domain) -> Window {
    window(domain, 0)
}

/// The cells of a subdomain, and `margin` more on every side.
pub(super) fn window(domain: &Domain, margin: usize) -> Window {
    Window {
        start: domain.origin().map(|first| first - signed(margin)),
        cells: domain.cells.map(|count| count + 2 * margin),
    }
}

/// The values of row `j` of a coat over `count` columns.
pub(super) fn row_of(coat: &Coat<'_>, j: usize, count: usize) -> Result<Vec<f64>, Error> {
    let mut row = vec![0.0; count];
    coat.paint_row(j, &mut row)?;
    Ok(row)
}

/// A field with `ghosts` rings of ghosts whose rows, with their ghosts, are painted by the threads
/// that will read them; row 0 for `paint` is the lowest one of ghosts.
///
/// # Errors
/// That of the lowest row that fails.
pub(super) fn painted<T: Real>(
    team: &Team,
    cells: [usize; 2],
    ghosts: usize,
    paint: impl Fn(usize, &mut [T]) -> Result<(), Error> + Sync,
) -> Result<Field<T>, Error> {
    let mut field = Field::new(team, cells, ghosts);
    let depth = signed(ghosts);
    team.try_for_rows(&mut field, -depth..signed(cells[1]) + depth, |j, row| {
        paint((j + depth).cast_unsigned(), row)
    })?;
    Ok(field)
}

fn weight<T: Real>(mean: FaceMean, conductivities: [f64; 2], width: f64) -> Result<T, Error> {
    let conductivity = mean.of(conductivities);
    representable(conductivity / (width * width)).ok_or_else(|| {
        let name = T::NAME;
        let message = format!(
            "conductivity {conductivity:e} W/(m K) over the square of the cell width {width:e} m \
             is out of the range of {name}"
        );
        Error::input(message)
    })
}

/// A positive number as a field's type, if it is one there.
fn representable<T: Real>(value: f64) -> Option<T> {
    let value = T::from_f64(value);
    (value.is_finite() && value > T::ZERO).then_some(value)
}
