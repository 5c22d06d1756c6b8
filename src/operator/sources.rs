//! Heat sources on the cells of a subdomain.

use std::{array::from_fn, ops::Range};

use crate::{
    comm::Communicator,
    domain::Domain,
    error::Error,
    field::{Field, Real, Span, Team, reproducible_sum, signed},
    kernel::{self, NoSource},
    physics::{MovingSource, Painter},
};

use super::coefficients::{CellValues, painted, row_of, window};

/// Heat sources, and the heat that has come from them.
pub(super) struct Sources<T> {
    /// Sources in W/m^3 that do not change; zero where they do.
    fixed: Field<T>,
    /// Sources that change, and where in their window own cell `(0, 0)` lies.
    moving: Option<(MovingSource, usize)>,
    /// Times in seconds at which the steps under way begin.
    times: Vec<f64>,
    dt: f64,
    /// Heat from the moving sources so far, in J/m^3; without cells if there are none.
    heat: Field<f64>,
    /// Power of sources that do not change, in W/m^3 summed over all cells.
    fixed_power: f64,
    seconds: f64,
}

impl<T: Real> Sources<T> {
    /// The sources of a medium on a subdomain and on `margin` cells around it; `None` for a medium
    /// without any, whatever the subdomain.
    ///
    /// # Errors
    /// If a source that does not depend on time is not finite.
    pub fn new(
        team: &Team,
        domain: &Domain,
        margin: usize,
        painter: Painter<'_>,
    ) -> Result<Option<Self>, Error> {
        let window = window(domain, margin);
        let coat = painter.fixed_source(window);
        let moving = painter.moving_source(window).map(|moving| (moving, margin));
        if coat.uniform()? == Some(0.0) && moving.is_none() {
            return Ok(None);
        }
        let fixed = painted(team, domain.cells, margin, |j, row| {
            for (out, source) in row.iter_mut().zip(row_of(&coat, j, window.cells[0])?) {
                *out = T::from_f64(source);
            }
            Ok(())
        })?;
        let accounted = moving.as_ref().map_or([0, 0], |_| domain.cells);
        Ok(Some(Self {
            fixed,
            moving,
            times: Vec::new(),
            dt: 0.0,
            heat: Field::new(team, accounted, 0),
            fixed_power: 0.0,
            seconds: 0.0,
        }))
    }

    /// Sums the power of the sources that do not change. Collective.
    pub fn sum_fixed_power(&mut self, comm: &dyn Communicator, team: &Team) {
        let fixed = &self.fixed;
        self.fixed_power = reproducible_sum(comm, team, fixed.cells(), |i, j| {
            fixed.own_row(j)[i].to_f64()
        });
    }

    /// Takes notice of steps of `dt` that begin at `times`, in seconds.
    pub fn begin(&mut self, times: &[f64], dt: f64) {
        self.times.clear();
        self.times.extend_from_slice(times);
        self.dt = dt;
        for _ in times {
            self.seconds += dt;
        }
    }

    /// Adds the heat of `seconds` to `b`, in J/m^3, and that of the one step begun to the account.
    pub fn load(&mut self, team: &Team, seconds: f64, b: &mut Field<T>) {
        let nx = b.cells()[0];
        let spans = shares(team, b.cells());
        let seconds = T::from_f64(seconds);
        let (present, accounts) = self.deal(&spans);
        let rows = b.cut(&spans).into_iter().zip(accounts);
        let parts: Vec<_> = spans.iter().zip(rows).collect();
        team.for_parts(parts, &mut || {}, |(span, (rows, accounts)), _| {
            let mut space = Vec::new();
            let mut accounts = accounts.into_iter();
            for (j, row) in span.rows.clone().zip(rows) {
                let [sources] = match &present {
                    Present::Fixed(fixed) => [fixed.own_row(j)],
                    Present::Moving(moving) => {
                        moving.rows::<1>(0, signed(j), 0..signed(nx), &mut space)
                    }
                };
                for (b, &source) in row.iter_mut().zip(sources) {
                    *b += seconds * source;
                }
                if let (Present::Moving(moving), Some(account)) = (&present, accounts.next()) {
                    moving.account(signed(j), 0, 0, [sources], account);
                }
            }
        });
    }

    /// Adds to `d`, in K, the heat of `seconds` beyond what came at time `start` from sources that change,
    /// and to the account what comes in the one step begun.
    pub fn add_change(
        &mut self,
        team: &Team,
        capacity: &CellValues<T>,
        start: f64,
        seconds: f64,
        d: &mut Field<T>,
    ) {
        let spans = shares(team, d.cells());
        let (Present::Moving(moving), accounts) = self.deal(&spans) else {
            return;
        };
        let rows = d.cut(&spans).into_iter().zip(accounts);
        let parts: Vec<_> = spans.iter().zip(rows).collect();
        team.for_parts(parts, &mut || {}, |(span, (rows, accounts)), _| {
            for (j, (row, account)) in span.rows.clone().zip(rows.into_iter().zip(accounts)) {
                moving.add_change(j, capacity, start, seconds, row, account);
            }
        });
    }

    /// The sources, and for each span the rows of the account of heat: none where nothing moves.
    pub fn deal(&mut self, spans: &[Span]) -> (Present<'_, T>, Vec<Vec<&mut [f64]>>) {
        let accounts = match self.moving {
            Some(_) => self.heat.cut(spans),
            None => spans.iter().map(|_| Vec::new()).collect(),
        };
        let present = match &self.moving {
            None => Present::Fixed(&self.fixed),
            Some((source, margin)) => Present::Moving(Moving {
                fixed: &self.fixed,
                source,
                margin: signed(*margin),
                times: &self.times,
                dt: self.dt,
            }),
        };
        (present, accounts)
    }

    /// Heat from the moving sources so far, in J/m^3, row by row; empty if there are none.
    pub fn account(&self) -> Vec<f64> {
        self.heat.own_values()
    }

    /// Seconds that were counted so far.
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Counts on from an account of the same cells.
    pub fn restore(&mut self, account: &[f64], seconds: f64) {
        self.seconds = seconds;
        let [nx, ny] = self.heat.cells();
        assert_eq!(account.len(), nx * ny, "the account is of other cells");
        for j in 0..ny {
            let row = &account[j * nx..][..nx];
            self.heat.own_row_mut(j).copy_from_slice(row);
        }
    }

    /// Heat from all sources so far, in J/m. Collective.
    pub fn heat(&self, comm: &dyn Communicator, team: &Team, cell_area: f64) -> f64 {
        let fixed = cell_area * self.fixed_power * self.seconds;
        let moving = self.moving.as_ref().map_or(0.0, |_| {
            let heat = &self.heat;
            cell_area * reproducible_sum(comm, team, heat.cells(), |i, j| heat.own_row(j)[i])
        });
        fixed + moving
    }
}

/// The rows of each thread.
fn shares(team: &Team, [nx, ny]: [usize; 2]) -> Vec<Span> {
    let threads = team.size();
    let share = |k| Span {
        columns: 0..nx,
        rows: ny * k / threads..ny * (k + 1) / threads,
    };
    (0..threads).map(share).collect()
}

/// The sources during some steps.
pub(super) enum Present<'a, T> {
    Fixed(&'a Field<T>),
    Moving(Moving<'a, T>),
}

/// Gives the sources of rows of cells in one of several steps.
pub(super) trait SourcesOnRows<T: Real>: Sync {
    type Rows<'a, const R: usize>: kernel::Sources<T, R>
    where
        Self: 'a;

    /// Of `R` rows from `j` on, over `columns`; `space` has room for them.
    fn rows<'a, const R: usize>(
        &'a self,
        step: usize,
        j: isize,
        columns: Range<isize>,
        space: &'a mut Vec<T>,
    ) -> Self::Rows<'a, R>;

    /// Adds the heat that comes in one step from sources that change to an account of the cells of
    /// row `j + r` from column `first` on, given the sources of these columns on rows from `j` on.
    fn account<const R: usize>(
        &self,
        j: isize,
        r: usize,
        first: isize,
        sources: Self::Rows<'_, R>,
        account: &mut [f64],
    );
}

impl<T: Real> SourcesOnRows<T> for NoSource {
    type Rows<'a, const R: usize> = Self;

    fn rows<'a, const R: usize>(
        &'a self,
        _step: usize,
        _j: isize,
        _columns: Range<isize>,
        _space: &'a mut Vec<T>,
    ) -> Self {
        *self
    }

    fn account<const R: usize>(&self, _: isize, _: usize, _: isize, _: Self, _: &mut [f64]) {}
}

impl<T: Real> SourcesOnRows<T> for &Field<T> {
    type Rows<'a, const R: usize>
        = [&'a [T]; R]
    where
        Self: 'a;

    fn rows<'a, const R: usize>(
        &'a self,
        _step: usize,
        j: isize,
        columns: Range<isize>,
        _space: &'a mut Vec<T>,
    ) -> [&'a [T]; R] {
        from_fn(|r| self.part(j + signed(r), columns.clone()))
    }

    fn account<const R: usize>(&self, _: isize, _: usize, _: isize, _: [&[T]; R], _: &mut [f64]) {}
}

/// Fixed sources and, over them, such as change with time.
pub(super) struct Moving<'a, T> {
    fixed: &'a Field<T>,
    source: &'a MovingSource,
    margin: isize,
    times: &'a [f64],
    dt: f64,
}

impl<T: Real> Moving<'_, T> {
    /// Where cells lie in the window of the moving sources.
    fn in_window(&self, index: isize) -> usize {
        (index + self.margin).cast_unsigned()
    }

    /// Adds to row `j` of `d`, in K, the heat of `seconds` beyond what came at time `start`, and to that
    /// row's account what comes in the one step begun.
    fn add_change(
        &self,
        j: usize,
        capacity: &CellValues<T>,
        start: f64,
        seconds: f64,
        d: &mut [T],
        account: &mut [f64],
    ) {
        let (row, first) = (self.in_window(signed(j)), self.in_window(0));
        let columns = first..first + d.len();
        let seconds = T::from_f64(seconds);
        let evaluate = |t: f64, set: &mut dyn FnMut(usize, T)| {
            let columns = columns.clone();
            self.source.evaluate_row(row, columns, t, |column, source| {
                set(column - first, T::from_f64(source));
            });
        };
        evaluate(start, &mut |i, source| {
            d[i] = d[i] - seconds * source / capacity.at(i, j);
        });
        evaluate(self.times[0], &mut |i, source| {
            d[i] += seconds * source / capacity.at(i, j);
            account[i] += self.dt * source.to_f64();
        });
    }
}

impl<T: Real> SourcesOnRows<T> for Moving<'_, T> {
    type Rows<'a, const R: usize>
        = [&'a [T]; R]
    where
        Self: 'a;

    fn rows<'a, const R: usize>(
        &'a self,
        step: usize,
        j: isize,
        columns: Range<isize>,
        space: &'a mut Vec<T>,
    ) -> [&'a [T]; R] {
        let (first, end) = (self.in_window(columns.start), self.in_window(columns.end));
        space.clear();
        for j in j..j + signed(R) {
            let start = space.len();
            space.extend_from_slice(self.fixed.part(j, columns.clone()));
            let row = &mut space[start..];
            let t = self.times[step];
            self.source
                .evaluate_row(self.in_window(j), first..end, t, |column, value| {
                    row[column - first] = T::from_f64(value);
                });
        }
        from_fn(|r| &space[r * (end - first)..][..end - first])
    }

    fn account<const R: usize>(
        &self,
        j: isize,
        r: usize,
        first: isize,
        sources: [&[T]; R],
        account: &mut [f64],
    ) {
        let first = self.in_window(first);
        let columns = first..first + account.len();
        for column in self.source.columns(self.in_window(j) + r, columns) {
            account[column - first] += self.dt * sources[r][column - first].to_f64();
        }
    }
}
