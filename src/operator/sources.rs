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

use super::coefficients::{painted, row_of, window};

/// Heat sources, and the heat that has come from them.
pub(super) struct Sources<T> {
    /// Sources in W/m^3 that do not change; zero where they do.
    fixed: Field<T>,
    /// Sources that change, and where in their window own cell `(0, 0)` lies.
    moving: Option<(MovingSource, usize)>,
    /// Times in seconds at which the steps under way begin.
    times: Vec<f64>,
    /// Where the steps take what changes after a time: that time.
    since: Option<f64>,
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
            since: None,
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

    /// Takes notice of steps that begin at `times` and of how long each counts, in seconds.
    pub fn begin(&mut self, times: &[f64], counted: &[f64]) {
        self.times.clear();
        self.times.extend_from_slice(times);
        self.since = None;
        for seconds in counted {
            self.seconds += seconds;
        }
    }

    /// Takes notice of steps at `times`, in seconds, that take what the sources give beyond what they gave when the
    /// last of other steps began.
    pub fn begin_changes(&mut self, times: &[f64]) {
        self.since = self.since.or(self.times.last().copied());
        self.times.clear();
        self.times.extend_from_slice(times);
    }

    /// Whether the steps under way have sources.
    pub fn are_present(&self) -> bool {
        self.since.is_none() || self.moving.is_some()
    }

    /// Adds the heat of `seconds` to `b`, in J/m^3, and that of `counted` seconds to the account.
    pub fn load(&mut self, team: &Team, seconds: f64, counted: f64, b: &mut Field<T>) {
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
                    moving.account([0, signed(j)], 0, [sources], counted, account);
                }
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
                since: self.since,
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

    /// Adds the heat of `seconds` from sources that change to an account of the cells of row `j + r` from
    /// column `i` on, where `from` is `[i, j]`, given the sources of these columns on rows from `j` on.
    fn account<const R: usize>(
        &self,
        from: [isize; 2],
        r: usize,
        sources: Self::Rows<'_, R>,
        seconds: f64,
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

    fn account<const R: usize>(&self, _: [isize; 2], _: usize, _: Self, _: f64, _: &mut [f64]) {}
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

    fn account<const R: usize>(
        &self,
        _: [isize; 2],
        _: usize,
        _: [&[T]; R],
        _: f64,
        _: &mut [f64],
    ) {
    }
}

/// Fixed sources and, over them, such as change with time.
pub(super) struct Moving<'a, T> {
    fixed: &'a Field<T>,
    source: &'a MovingSource,
    margin: isize,
    times: &'a [f64],
    since: Option<f64>,
}

impl<T: Real> Moving<'_, T> {
    /// Where cells lie in the window of the moving sources.
    fn in_window(&self, index: isize) -> usize {
        (index + self.margin).cast_unsigned()
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
            match self.since {
                None => space.extend_from_slice(self.fixed.part(j, columns.clone())),
                Some(_) => space.resize(start + columns.len(), T::ZERO),
            }
            let row = &mut space[start..];
            let evaluate = |t, set: &mut dyn FnMut(usize, T)| {
                self.source
                    .evaluate_row(self.in_window(j), first..end, t, |column, value| {
                        set(column - first, T::from_f64(value));
                    });
            };
            evaluate(self.times[step], &mut |i, source| row[i] = source);
            if let Some(since) = self.since {
                evaluate(since, &mut |i, source| row[i] = row[i] - source);
            }
        }
        from_fn(|r| &space[r * (end - first)..][..end - first])
    }

    fn account<const R: usize>(
        &self,
        [i, j]: [isize; 2],
        r: usize,
        sources: [&[T]; R],
        seconds: f64,
        account: &mut [f64],
    ) {
        let first = self.in_window(i);
        let columns = first..first + account.len();
        for column in self.source.columns(self.in_window(j) + r, columns) {
            account[column - first] += seconds * sources[r][column - first].to_f64();
        }
    }
}
