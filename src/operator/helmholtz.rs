//! The Helmholtz operator on one subdomain.

mod application;
mod row;
mod walls;

use std::{ops::Range, rc::Rc, time::Instant};

pub use self::{
    application::{Piece, Revision, Times},
    row::HelmholtzRows,
};
use super::{coefficients::CellValues, faces::Faces};
use crate::{
    comm::Communicator,
    domain::Domain,
    field::{DotPart, Field, LINE, Real, Team, merge_parts},
    grid::Side,
    halo::{Halo, Reach},
    kernel::{Arch, CHUNK, Finish, Residual, Value, convert, multiply, scale},
};

/// `A u = alpha c u - beta div(K grad u)` with the heat capacity `c`, as finite volumes with the
/// fluxes of the explicit scheme: symmetric, and positive definite for `alpha, beta >= 0`
/// unless `alpha = 0` and no wall takes heat.
///
/// Vectors that it is applied to have at least one ghost, and zero in the ghosts beyond walls, as in
/// a new field: what is beyond walls is in [`Faces`].
pub struct Helmholtz<T> {
    comm: Rc<dyn Communicator>,
    team: Rc<Team>,
    arch: Arch,
    cells: [usize; 2],
    halo: Halo<T>,
    /// The own cells that are computed while messages fly.
    interior: [Range<usize>; 2],
    faces: Faces<T>,
    capacity: CellValues<T>,
    /// Weights of faces across y in a row between walls, for rows at walls.
    between: Vec<T>,
    alpha: T,
    beta: T,
    /// How often walls were set.
    of_walls: u64,
    applications: u64,
    times: Times,
}

impl<T: Real> Helmholtz<T> {
    /// The operator on a subdomain with `alpha = 1` and `beta = 0`. `overlap` says whether cells that
    /// need no message are computed while messages fly.
    #[must_use]
    pub fn new(
        comm: Rc<dyn Communicator>,
        team: Rc<Team>,
        domain: &Domain,
        mut faces: Faces<T>,
        capacity: CellValues<T>,
        overlap: bool,
    ) -> Self {
        let cells = domain.cells;
        for axis in 0..2 {
            if domain.periodic[axis] && domain.grid.cells[axis] == 1 {
                faces.disconnect(axis);
            }
        }
        let halo = Halo::new(Rc::clone(&comm), domain, Reach::Star);
        let between = match &faces {
            Faces::Uniform { between, .. } => vec![between[1]; cells[0]],
            Faces::PerFace { .. } => Vec::new(),
        };
        let rim = [LINE / size_of::<T>(), 1];
        let interior = [0, 1].map(|axis| {
            let all = cells[axis];
            let beyond = |side| {
                if !halo.has_messages() {
                    0
                } else if !overlap {
                    all
                } else if halo.fills(side) {
                    rim[axis].min(all)
                } else {
                    0
                }
            };
            let [low, high] = [Side::ALL[2 * axis], Side::ALL[2 * axis + 1]].map(beyond);
            low..all.saturating_sub(high).max(low)
        });
        Self {
            comm,
            team,
            arch: Arch::new(),
            cells,
            halo,
            interior,
            faces,
            capacity,
            between,
            alpha: T::from_f64(1.0),
            beta: T::ZERO,
            of_walls: 0,
            applications: 0,
            times: Times::default(),
        }
    }

    /// The operator on the same subdomain in other numbers, as it is set now. `links` are `beta` times
    /// the weights of the faces at the right and at the top of each cell, those before the first cells in
    /// a ghost; what stands for walls does not count.
    #[must_use]
    pub fn lowered<L: Real>(&self, domain: &Domain, links: [Field<L>; 2]) -> Helmholtz<L> {
        let convert = |value: &T| L::from_f64(value.to_f64());
        let is_wall = Side::ALL.map(|side| !self.goes_on(side));
        let (faces, beta) = self.faces.lowered(self.beta, links, is_wall);
        Helmholtz {
            comm: Rc::clone(&self.comm),
            team: Rc::clone(&self.team),
            arch: self.arch,
            cells: self.cells,
            halo: Halo::new(Rc::clone(&self.comm), domain, Reach::Star),
            interior: self.interior.clone(),
            faces,
            capacity: self.capacity.converted(&self.team),
            between: self.between.iter().map(convert).collect(),
            alpha: convert(&self.alpha),
            beta,
            of_walls: self.of_walls,
            applications: 0,
            times: Times::default(),
        }
    }

    /// Sets `alpha`, and `beta` in seconds if `alpha` is not 0.
    pub fn set(&mut self, alpha: f64, beta: f64) {
        [self.alpha, self.beta] = [alpha, beta].map(T::from_f64);
    }

    /// Changes whenever the operator does, on all ranks alike: what was made of it must be made
    /// anew then.
    #[must_use]
    pub fn revision(&self) -> Revision<T> {
        Revision {
            of_walls: self.of_walls,
            factors: self.factors(),
        }
    }

    /// `[alpha, beta]`.
    #[must_use]
    pub fn factors(&self) -> [T; 2] {
        [self.alpha, self.beta]
    }

    #[must_use]
    pub fn faces(&self) -> &Faces<T> {
        &self.faces
    }

    #[must_use]
    pub fn capacity(&self) -> &CellValues<T> {
        &self.capacity
    }

    /// Own cells along x and along y.
    #[must_use]
    pub fn cells(&self) -> [usize; 2] {
        self.cells
    }

    #[must_use]
    pub fn comm(&self) -> &Rc<dyn Communicator> {
        &self.comm
    }

    #[must_use]
    pub fn team(&self) -> &Rc<Team> {
        &self.team
    }

    /// How often it was applied, residuals included.
    #[must_use]
    pub fn applications(&self) -> u64 {
        self.applications
    }

    /// Where the time of this rank's applications went.
    #[must_use]
    pub fn times(&self) -> Times {
        self.times
    }

    /// `y = A x`. Collective, as all applications are.
    pub fn apply(&mut self, x: &mut Field<T>, y: &mut Field<T>) {
        self.pass(x, y, [], |row, [], x, j, columns, y| {
            row.run(x, j, columns, y, Value);
        });
    }

    /// `y = A x`, and this rank's part of `(x, A x)`, begun with an empty one.
    pub fn apply_dot(
        &mut self,
        x: &mut Field<T>,
        y: &mut Field<T>,
        empty: [DotPart; 1],
    ) -> [DotPart; 1] {
        self.pass(x, y, empty, |row, [part], x, j, columns, y| {
            row.run(x, j, columns.clone(), y, Value);
            part.add(&x.own_row(j)[columns], y);
        })
    }

    /// `r = b - A x`, and this rank's part of `(r, r)`, begun with an empty one.
    pub fn residual(
        &mut self,
        b: &Field<T>,
        x: &mut Field<T>,
        r: &mut Field<T>,
        empty: [DotPart; 1],
    ) -> [DotPart; 1] {
        self.pass(x, r, empty, |row, [part], x, j, columns, r| {
            row.run(x, j, columns, r, Residual(b.own_row(j)));
            part.add(r, r);
        })
    }

    /// The same with residuals in other numbers, times a factor; the part is that of `(b - A x, b - A x)`.
    pub fn residual_converted<L: Real>(
        &mut self,
        b: &Field<T>,
        x: &mut Field<T>,
        (r, factor): (&mut Field<L>, f64),
        empty: [DotPart; 1],
    ) -> [DotPart; 1] {
        let arch = self.arch;
        self.pass(x, r, empty, |row, [part], x, j, columns, r| {
            let mut exact = [T::ZERO; CHUNK];
            let exact = &mut exact[..columns.len()];
            row.run(x, j, columns, exact, Residual(b.own_row(j)));
            part.add(exact, exact);
            convert(arch, factor, exact, r);
        })
    }

    /// `y` becomes what `finish(j)` makes of `A x` in row `j`.
    pub fn apply_finished<F: Finish<T>>(
        &mut self,
        x: &mut Field<T>,
        y: &mut Field<T>,
        finish: impl Fn(usize) -> F + Sync,
    ) {
        self.pass(x, y, [], |row, [], x, j, columns, y| {
            row.run(x, j, columns, y, finish(j));
        });
    }

    /// Changes `y` by `A x`, which is stored nowhere: `work` does it for some cells at a time, and
    /// sums up this rank's parts, begun with empty ones.
    pub fn apply_with<const N: usize>(
        &mut self,
        x: &mut Field<T>,
        y: &mut Field<T>,
        empty: [DotPart; N],
        work: impl Fn(&mut [DotPart; N], Piece<'_, T>) + Sync,
    ) -> [DotPart; N] {
        self.pass(x, y, empty, |row, parts, x, j, columns, y| {
            let mut ax = [T::ZERO; CHUNK];
            let ax = &mut ax[..columns.len()];
            row.run(x, j, columns.clone(), ax, Value);
            let piece = Piece {
                row: j,
                x: &x.own_row(j)[columns.clone()],
                columns,
                ax,
                y,
            };
            work(parts, piece);
        })
    }

    /// Takes notice that all rows were applied so often, one by one.
    pub fn count(&mut self, applications: usize) {
        self.applications += applications as u64;
    }

    /// The operator row by row.
    #[must_use]
    pub fn rows(&self) -> HelmholtzRows<'_, T> {
        HelmholtzRows {
            arch: self.arch,
            cells: self.cells,
            faces: &self.faces,
            capacity: &self.capacity,
            between: &self.between,
            factors: [self.alpha, self.beta],
        }
    }

    /// Goes over all cells, at most [`CHUNK`] in a row at a time: `work` is given those of `out`.
    fn pass<const N: usize, O: Real>(
        &mut self,
        x: &mut Field<T>,
        out: &mut Field<O>,
        empty: [DotPart; N],
        work: impl Fn(
            &HelmholtzRows<'_, T>,
            &mut [DotPart; N],
            &Field<T>,
            usize,
            Range<usize>,
            &mut [O],
        ) + Sync,
    ) -> [DotPart; N] {
        debug_assert!(self.is_zero_beyond_walls(x));
        self.applications += 1;
        let row = HelmholtzRows {
            arch: self.arch,
            cells: self.cells,
            faces: &self.faces,
            capacity: &self.capacity,
            between: &self.between,
            factors: [self.alpha, self.beta],
        };
        let [inner, interior_rows] = &self.interior;
        let team = &self.team;
        let piece = |sums: &mut [DotPart; N],
                     x: &Field<T>,
                     j: usize,
                     out: &mut [O],
                     columns: Range<usize>| {
            let mut start = columns.start;
            while start < columns.end {
                let end = columns.end.min(start + CHUNK);
                work(&row, sums, x, j, start..end, &mut out[start..end]);
                start = end;
            }
        };
        let mut sums = empty;
        let times = self.halo.fill_while(x, 1, |x, meanwhile| {
            let interior = |sums: &mut _, j, [out]: [&mut [O]; 1]| {
                piece(sums, x, j, out, inner.clone());
            };
            let rows = interior_rows.clone();
            sums = team.sweep(
                [&mut *out],
                rows,
                || empty,
                interior,
                merge_parts,
                meanwhile,
            );
        });
        let start = Instant::now();
        let [nx, ny] = self.cells;
        if *inner != (0..nx) || *interior_rows != (0..ny) {
            let x = &*x;
            let rim = |sums: &mut _, j, [out]: [&mut [O]; 1]| {
                if interior_rows.contains(&j) {
                    piece(sums, x, j, out, 0..inner.start);
                    piece(sums, x, j, out, inner.end..nx);
                } else {
                    piece(sums, x, j, out, 0..nx);
                }
            };
            let rim = team.sweep([out], 0..ny, || empty, rim, merge_parts, &mut || {});
            sums = merge_parts(sums, rim);
        }
        self.times.rim += start.elapsed().as_secs_f64();
        self.times.halo += times;
        sums
    }

    /// Writes the diagonal of `A` to `out`.
    pub fn diagonal(&self, out: &mut Field<T>) {
        let (cells, [alpha, beta]) = (self.cells, self.factors());
        let (faces, capacity) = (&self.faces, &self.capacity);
        self.team.update([out], |j, [row]| {
            for (i, out) in row.iter_mut().enumerate() {
                let [west, east, south, north] = faces.around(cells, i, j);
                let around = (west + east) + (south + north);
                *out = alpha * capacity.at(i, j) + beta * around;
            }
        });
    }

    /// `y = c x`, with the heat capacity `c`.
    pub fn capacity_times(&self, x: &Field<T>, y: &mut Field<T>) {
        let (arch, capacity) = (self.arch, &self.capacity);
        self.team.update([y], |j, [row]| match capacity {
            CellValues::Uniform(c) => scale(arch, *c, x.own_row(j), row),
            CellValues::PerCell(c) => multiply(arch, c.own_row(j), x.own_row(j), row),
        });
    }
}
