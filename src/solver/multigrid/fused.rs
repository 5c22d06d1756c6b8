//! The ways down from a level and back up, each in one pass over memory: for levels that one rank has
//! the whole of.

use std::ops::Range;

use super::{
    applied::{Applied, RowOperator},
    band::Band,
    relaxation::{Pass, Passes},
    transfer::{Interpolation, Transfer},
    wave::{Place, Wave},
};
use crate::{
    field::{Field, Real, Team, ThreeRows, signed},
    kernel::{Arch, Relaxation, Residual, relax_zero},
};

/// What relaxation on a level needs besides the operator.
pub struct Relaxed<'a, T> {
    pub team: &'a Team,
    pub arch: Arch,
    pub inverse: &'a Field<T>,
    pub passes: &'a Passes<T>,
    /// Row `j` is odd if `j + parity` is.
    pub parity: usize,
    pub periodic: [bool; 2],
    pub b: &'a Field<T>,
}

/// What a row becomes in a stage.
#[derive(Clone, Copy)]
enum Stage {
    /// The solution as it is.
    Given,
    /// A pass of a relaxation, begun with zero.
    Begun(Pass),
    Relaxed(Pass),
    Residual,
    /// Its residuals, for every second column.
    Gathered,
}

/// What a cycle begins with on a level.
#[derive(Clone, Copy)]
pub enum Start<'a, T> {
    Zero,
    /// The solution that is there.
    Given,
    /// What is interpolated from the solution of the level below, whose ghosts are filled.
    Interpolated(&'a Field<T>),
}

/// The cells of rows with a ghost at either end, or the first of them.
fn own<T>(rows: [&[T]; 3], n: usize) -> [&[T]; 3] {
    rows.map(|row| &row[1..=n])
}

impl<T: Real> Relaxed<'_, T> {
    fn cells(&self) -> [usize; 2] {
        self.b.cells()
    }

    /// Rows dealt out to threads.
    fn bands(&self, rows: usize) -> Vec<Range<usize>> {
        let [nx, ny] = self.cells();
        let threads = self.team.worth_waking(nx * ny);
        (0..threads)
            .map(|k| rows * k / threads..rows * (k + 1) / threads)
            .collect()
    }

    /// The row of the level that a row of a wave is, if it is not beyond a wall.
    fn row(&self, row: isize) -> Option<usize> {
        let ny = signed(self.cells()[1]);
        let row = if self.periodic[1] {
            row.rem_euclid(ny)
        } else {
            row
        };
        (0..ny).contains(&row).then(|| row.cast_unsigned())
    }

    /// Fills the ghosts at the ends of a row.
    fn close(&self, row: &mut [T]) {
        let last = row.len() - 1;
        [row[0], row[last]] = if self.periodic[0] {
            [row[last - 1], row[1]]
        } else {
            [T::ZERO; 2]
        };
    }

    fn weights(&self, j: usize, pass: Pass) -> &[T] {
        &self.passes.weights[pass[(j + self.parity) % 2]]
    }

    /// Makes row `j` of a stage that looks at the solution before.
    fn make<A: RowOperator<T>>(
        &self,
        a: &A,
        stage: Stage,
        j: usize,
        around: Option<[&[T]; 3]>,
        out: &mut [T],
    ) {
        let n = self.cells()[0];
        let (inverse, b) = (self.inverse.own_row(j), self.b.own_row(j));
        let own = &mut out[1..=n];
        if let Stage::Begun(pass) = stage {
            relax_zero(self.arch, self.weights(j, pass), inverse, b, own);
        }
        if let Some(rows) = around {
            let x = ThreeRows { center: j, rows };
            match stage {
                Stage::Relaxed(pass) => {
                    let weights = self.weights(j, pass);
                    let relaxation = Relaxation {
                        weights,
                        inverse,
                        b,
                    };
                    a.apply(&x, j, own, relaxation);
                }
                _ => a.apply(&x, j, own, Residual(b)),
            }
        }
        self.close(out);
    }

    /// Relaxes `x`, begun as `start` says, and restricts the residual to `coarse`. What `x` was is in
    /// `other` then.
    pub fn descend<A: Applied<T>>(
        &self,
        a: &mut A,
        [x, other]: [&mut Field<T>; 2],
        start: Start<'_, T>,
        by: &[&Interpolation<T>],
        coarse: &mut Field<T>,
    ) {
        let passes = &self.passes.before;
        let mut stages: Vec<Stage> = passes.iter().copied().map(Stage::Relaxed).collect();
        match start {
            Start::Zero => stages[0] = Stage::Begun(passes[0]),
            Start::Given | Start::Interpolated(_) => stages.insert(0, Stage::Given),
        }
        let solved = stages.len() - 1;
        stages.push(Stage::Residual);
        a.count(solved + 1);
        let given = &*x;
        let give = |j: usize, between: &mut [Vec<T>; 2], own: &mut [T]| match start {
            Start::Interpolated(coarse) => {
                own.fill(T::ZERO);
                self.add_interpolated(by, coarse, j, between, own);
            }
            _ => own.copy_from_slice(given.own_row(j)),
        };
        self.restrict(
            &a.rows(),
            stages,
            give,
            Some((solved, &mut *other)),
            by,
            coarse,
        );
        std::mem::swap(x, other);
    }

    /// Restricts `b` to `coarse`.
    pub fn restrict_b<A: Applied<T>>(
        &self,
        a: &A,
        by: &[&Interpolation<T>],
        coarse: &mut Field<T>,
    ) {
        let give = |j: usize, _: &mut [Vec<T>; 2], own: &mut [T]| {
            own.copy_from_slice(self.b.own_row(j));
        };
        self.restrict(&a.rows(), vec![Stage::Given], give, None, by, coarse);
    }

    /// Restricts what the last of these stages makes to `coarse`. `give` makes an own row of the first
    /// stage if that is given, and what one of the stages makes is kept, if `kept` says so.
    fn restrict<A: RowOperator<T>>(
        &self,
        a: &A,
        mut stages: Vec<Stage>,
        give: impl Fn(usize, &mut [Vec<T>; 2], &mut [T]) + Sync,
        kept: Option<(usize, &mut Field<T>)>,
        by: &[&Interpolation<T>],
        coarse: &mut Field<T>,
    ) {
        let [nx, ny] = self.cells();
        let mut widths = vec![nx; stages.len()];
        let axes: Vec<usize> = by.iter().map(|by| by.axis).collect();
        if axes == [0, 1] {
            stages.push(Stage::Gathered);
            widths.push(coarse.cells()[0]);
        }
        let [coarse_nx, coarse_ny] = coarse.cells();
        let fine_rows = |rows: &Range<usize>| {
            if axes.contains(&1) {
                (2 * rows.start).min(ny)..(2 * rows.end).min(ny)
            } else {
                rows.clone()
            }
        };
        let bands = self.bands(coarse_ny);
        let of_fine: Vec<_> = bands.iter().map(fine_rows).collect();
        let (keep, kept) = kept.unzip();
        let kept = kept.map_or_else(
            || of_fine.iter().map(|_| Band::none()).collect(),
            |kept| Band::of(kept, &of_fine),
        );
        let parts = Band::of(coarse, &bands).into_iter().zip(kept);
        self.team.for_parts(
            parts.collect(),
            &mut || {},
            |(coarse, mut kept): (Band<'_, T>, Band<'_, T>), _| {
                let mut wave = Wave::new(&widths);
                let mut between = self.between();
                let last = stages.len() - 1;
                let mut make =
                    |Place { stage, row }: Place, around: Option<[&[T]; 3]>, out: &mut [T]| {
                        let Some(j) = self.row(row) else {
                            out.fill(T::ZERO);
                            return;
                        };
                        match (stages[stage], around) {
                            (Stage::Given, _) => {
                                give(j, &mut between, &mut out[1..=nx]);
                                self.close(out);
                            }
                            (Stage::Gathered, Some([_, residuals, _])) => {
                                by[0].gather_along_x(j, residuals, &mut out[1..=coarse_nx]);
                            }
                            (kind, around) => self.make(a, kind, j, around, out),
                        }
                        if Some(stage) == keep
                            && let Some(place) = kept.row(row)
                        {
                            place.copy_from_slice(&out[1..=place.len()]);
                        }
                    };
                let mut row = vec![T::ZERO; nx + 2];
                let of = |row: usize| signed(if axes.contains(&1) { 2 * row } else { row });
                wave.begin(of(coarse.first) - 1);
                for (j, out) in (coarse.first..).zip(coarse.rows) {
                    let center = of(j);
                    wave.pull(last, center + 1, &mut make);
                    let rows = wave.last(center);
                    match axes[..] {
                        [0] => by[0].gather_along_x(j, rows[1], out),
                        [1] => by[0].gather_along_y(j, own(rows, coarse_nx), out),
                        [0, _] => by[1].gather_along_y(j, own(rows, coarse_nx), out),
                        _ => {
                            by[0].gather_along_y(j, own(rows, nx), &mut row[1..=nx]);
                            self.close(&mut row);
                            by[1].gather_along_x(j, &row, out);
                        }
                    }
                }
            },
        );
    }

    /// Adds what is interpolated from `coarse` to `x`, and relaxes. `put` takes each row of what comes of it
    /// to the same one of `to`.
    pub fn ascend<A: Applied<T>, H: Real>(
        &self,
        a: &mut A,
        x: &Field<T>,
        transfers: &mut [Transfer<T>],
        coarse: &mut Field<T>,
        (to, put): (&mut Field<H>, impl Fn(&[T], &mut [H]) + Sync),
    ) {
        let nearest = transfers.last_mut().expect("one axis at least");
        nearest.fill(coarse);
        let passes = &self.passes.after;
        a.count(passes.len());
        let by: Vec<_> = transfers.iter().map(|transfer| &transfer.by).collect();
        let coarse = &*coarse;
        let [nx, ny] = self.cells();
        let a = &a.rows();
        self.team.for_parts(
            Band::of(to, &self.bands(ny)),
            &mut || {},
            |band: Band<'_, H>, _| {
                let mut wave = Wave::new(&vec![nx; passes.len() + 1]);
                let mut between = self.between();
                let mut make =
                    |Place { stage, row }: Place, around: Option<[&[T]; 3]>, out: &mut [T]| {
                        let Some(j) = self.row(row) else {
                            out.fill(T::ZERO);
                            return;
                        };
                        if stage > 0 {
                            self.make(a, Stage::Relaxed(passes[stage - 1]), j, around, out);
                            return;
                        }
                        let own = &mut out[1..=nx];
                        own.copy_from_slice(x.own_row(j));
                        self.add_interpolated(&by, coarse, j, &mut between, own);
                        self.close(out);
                    };
                wave.begin(signed(band.first));
                for (j, to) in (signed(band.first)..).zip(band.rows) {
                    wave.pull(passes.len(), j, &mut make);
                    put(&wave.last(j)[1][1..=nx], to);
                }
            },
        );
    }

    /// Room for rows between two axes.
    fn between(&self) -> [Vec<T>; 2] {
        [(); 2].map(|()| vec![T::ZERO; self.cells()[0] + 2])
    }

    /// Adds row `j` of what is interpolated from coarse values whose ghosts are filled.
    fn add_interpolated(
        &self,
        by: &[&Interpolation<T>],
        coarse: &Field<T>,
        j: usize,
        [below, above]: &mut [Vec<T>; 2],
        out: &mut [T],
    ) {
        let [coarse_nx, coarse_ny] = coarse.cells().map(signed);
        let wrapped = |j: isize| {
            if self.periodic[1] {
                j.rem_euclid(coarse_ny)
            } else {
                j
            }
        };
        let two = |at: isize| [at, at + 1].map(|j| coarse.part(wrapped(j), 0..coarse_nx));
        match by {
            [x] if x.axis == 0 => x.spread_along_x::<true>(j, coarse.row(signed(j)), out),
            [y] => y.spread_along_y::<true>(j, two(y.below(j)), out),
            [x, y] if x.axis == 0 => {
                let half = &mut below[..coarse.width()];
                let own = &mut half[1..=coarse.cells()[0]];
                y.spread_along_y::<false>(j, two(y.below(j)), own);
                self.close(half);
                x.spread_along_x::<true>(j, half, out);
            }
            [y, x] => {
                let at = y.below(j);
                let n = out.len();
                for (from, to) in [(at, &mut *below), (at + 1, &mut *above)] {
                    let from = wrapped(from);
                    if from < coarse_ny {
                        let row = coarse.row(from);
                        x.spread_along_x::<false>(from.cast_unsigned(), row, &mut to[..n]);
                    } else {
                        to[..n].fill(T::ZERO);
                    }
                }
                y.spread_along_y::<true>(j, [&below[..n], &above[..n]], out);
            }
            _ => unreachable!("one or two axes are coarsened"),
        }
    }
}
