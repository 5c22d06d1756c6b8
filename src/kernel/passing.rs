//! A time step of rows of cells that pass through, in place.

use pulp::{Arch, Scalar, Simd, WithSimd};

use super::{
    Coefficients, Past, Rows, Sources, Update,
    row::{vector, vector_mut},
    step::Step,
};
use crate::field::Real;

/// One step, as [`super::StepRows`] takes it, of rows that stream through it
/// upwards: of `older[1]` and of all of `group` but the last, which are neighbours, in place. Each
/// row has `n` cells and one more value at either end. Afterwards `group` holds the cells of these
/// `R` rows after the step, and `older` the last two rows before it, ready for the next group.
pub struct StepPassing<'a, T, P, X, Y1, Y, C, Q, U, const R: usize> {
    pub older: [&'a mut [T]; 2],
    pub group: [&'a mut [T]; R],
    /// The `n` cells of the rows that are stepped, one step earlier; afterwards those of the rows one
    /// below them, before the step.
    pub past: P,
    pub coefficients: Coefficients<X, Y1, Y, C, Q>,
    pub update: U,
}

impl<T, P, X, Y1, Y, C, Q, U, const R: usize> StepPassing<'_, T, P, X, Y1, Y, C, Q, U, R>
where
    T: Real,
    P: Past<T, R>,
    X: Rows<T, R>,
    Y1: Rows<T, 1>,
    Y: Rows<T, R>,
    C: Rows<T, R>,
    Q: Sources<T, R>,
    U: Update<T, R>,
{
    /// Does it, with the widest vectors that the processor has.
    pub fn run(self, arch: Arch) {
        arch.dispatch(self);
    }

    /// Steps the first `n` cells of each row.
    #[inline(always)]
    fn sweep<S: Simd>(&mut self, simd: S, n: usize) {
        let lanes = T::lanes::<S>();
        let step = Step::new(simd, &self.coefficients, self.update, 0, n / lanes);
        let mut rows = Passing::new(&mut self.older, &mut self.group, &mut self.past, n);
        let mut from_west = step.west_flows(|r| rows.sides(r, 0));
        for k in 0..n / lanes {
            let stepped = rows.stepped(&step, k, k * lanes, &mut from_west);
            rows.put::<S>(k * lanes, stepped);
        }
    }

    /// Moves the values at the ends of the rows.
    #[inline(always)]
    fn move_ends(&mut self) {
        let Self { older, group, .. } = self;
        for end in [0, group[0].len() - 1] {
            older[0][end] = if R == 1 {
                older[1][end]
            } else {
                group[R - 2][end]
            };
            older[1][end] = group[R - 1][end];
        }
    }
}

impl<T, P, X, Y1, Y, C, Q, U, const R: usize> WithSimd
    for StepPassing<'_, T, P, X, Y1, Y, C, Q, U, R>
where
    T: Real,
    P: Past<T, R>,
    X: Rows<T, R>,
    Y1: Rows<T, 1>,
    Y: Rows<T, R>,
    C: Rows<T, R>,
    Q: Sources<T, R>,
    U: Update<T, R>,
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (n, lanes) = (self.group[0].len() - 2, T::lanes::<S>());
        if n < lanes {
            self.sweep(Scalar::new(), n);
        } else if n % lanes == 0 {
            self.sweep(simd, n);
        } else {
            // The last vector shares cells with the one before it, and so is computed first.
            let last = n - lanes;
            let step = Step::new(simd, &self.coefficients, self.update, last, 1);
            let rows = Passing::new(&mut self.older, &mut self.group, &mut self.past, n);
            let mut from_west = step.west_flows(|r| rows.sides(r, last));
            let stepped = rows.stepped(&step, 0, last, &mut from_west);
            self.sweep(simd, n - n % lanes);
            let mut rows = Passing::new(&mut self.older, &mut self.group, &mut self.past, n);
            rows.put::<S>(last, stepped);
        }
        self.move_ends();
    }
}

/// The rows over `n` cells and one more value at either end.
struct Passing<'a, T, P, const R: usize> {
    below: &'a mut [T],
    first: &'a mut [T],
    group: [&'a mut [T]; R],
    past: &'a mut P,
}

impl<'a, T: Real, P: Past<T, R>, const R: usize> Passing<'a, T, P, R> {
    #[inline(always)]
    fn new<'b>(
        older: &'a mut [&'b mut [T]; 2],
        group: &'a mut [&'b mut [T]; R],
        past: &'a mut P,
        n: usize,
    ) -> Self {
        let [below, first] = older;
        // A plain loop, as in `row::each`.
        let mut short = [const { None }; R];
        for (short, row) in short.iter_mut().zip(group) {
            *short = Some(&mut row[..n + 2]);
        }
        Self {
            below: &mut below[..n + 2],
            first: &mut first[..n + 2],
            group: short.map(|row| row.expect("set above")),
            past,
        }
    }

    /// The row below row `r` of the group.
    #[inline(always)]
    fn under(&self, r: usize) -> &[T] {
        if r == 0 {
            self.first
        } else {
            self.group[r - 1]
        }
    }

    /// The values west of cell `at` of the row below row `r` of the group, and there.
    #[inline(always)]
    fn sides(&self, r: usize, at: usize) -> [T; 2] {
        let row = self.under(r);
        [row[at], row[at + 1]]
    }

    /// The vector at cell `at` of each row, the `k`-th of the coefficients'. `from_west` holds the flows to the
    /// east of the vector before, and is to hold this one's.
    #[inline(always)]
    fn stepped<X, Y1, Y, C, Q, U, S>(
        &self,
        step: &Step<T, X, Y1, Y, C, Q, U, S, R>,
        k: usize,
        at: usize,
        from_west: &mut [T::Vector<S>; R],
    ) -> Stepped<T::Vector<S>, R>
    where
        X: Rows<T, R>,
        Y1: Rows<T, 1>,
        Y: Rows<T, R>,
        C: Rows<T, R>,
        Q: Sources<T, R>,
        U: Update<T, R>,
        S: Simd,
    {
        let mut below = vector::<T, S>(self.below, at + 1);
        let mut u = vector::<T, S>(self.first, at + 1);
        let mut from_south = step.south_flow(k, below, u);
        let (mut values, mut past) = (*from_west, *from_west);
        for r in 0..R {
            let east = vector::<T, S>(self.under(r), at + 2);
            let above = vector::<T, S>(self.group[r], at + 1);
            let cells = [u, self.past.get(step.simd, r, at)];
            let from = [from_west[r], from_south];
            [values[r], from_west[r], from_south] = step.advance(r, k, cells, [east, above], from);
            past[r] = below;
            (below, u) = (u, above);
        }
        Stepped {
            older: [below, u],
            group: values,
            past,
        }
    }

    #[inline(always)]
    fn put<S: Simd>(&mut self, at: usize, stepped: Stepped<T::Vector<S>, R>) {
        let Stepped {
            older: [below, first],
            group,
            past,
        } = stepped;
        *vector_mut::<T, S>(self.below, at + 1) = below;
        *vector_mut::<T, S>(self.first, at + 1) = first;
        for (row, values) in self.group.iter_mut().zip(group) {
            *vector_mut::<T, S>(row, at + 1) = values;
        }
        for (r, values) in past.into_iter().enumerate() {
            self.past.put::<S>(r, at, values);
        }
    }
}

/// A vector of each row, as it is to be written.
#[derive(Clone, Copy)]
struct Stepped<V, const R: usize> {
    older: [V; 2],
    group: [V; R],
    past: [V; R],
}

#[cfg(test)]
mod tests {
    use std::array::from_fn;

    use super::*;
    use crate::kernel::{Euler, NoPast, Stage, StepRows, Surrounded, Uniform};
    use proptest::prelude::*;

    fn slices<const R: usize>(rows: &[Vec<f64>]) -> [&[f64]; R] {
        from_fn(|r| &rows[r][..])
    }

    fn slices_mut<const R: usize>(rows: &mut [Vec<f64>]) -> [&mut [f64]; R] {
        let mut rows = rows.iter_mut().map(Vec::as_mut_slice);
        from_fn(|_| rows.next().expect("R rows"))
    }

    /// Passes `R + 2` random rows of `n` cells through a step in place, and computes the same from
    /// outside: by forward Euler, and by a stage that looks back.
    fn check<const R: usize>(n: usize, random: &mut impl FnMut() -> f64) {
        let mut rows = |count: usize, n: usize| -> Vec<Vec<f64>> {
            let row = |random: &mut dyn FnMut() -> f64| (0..n).map(|_| random()).collect();
            (0..count).map(|_| row(random)).collect()
        };
        let u = rows(R + 2, n + 2);
        let [x, y, inverse, source] = [rows(R, n + 1), rows(R + 1, n), rows(R, n), rows(R, n)];
        let [past, start] = [rows(R, n), rows(R, n)];
        let coefficients = Coefficients {
            x: slices::<R>(&x),
            south: [&y[0][..]],
            north: slices::<R>(&y[1..]),
            inverse_capacity: slices::<R>(&inverse),
            sources: slices::<R>(&source),
        };
        let surrounded = Surrounded {
            south: &u[0],
            rows: slices::<R>(&u[1..]),
            north: &u[R + 1],
        };
        let (euler, stage) = (
            Euler { dt: 0.1 },
            Stage {
                before: [1.7, -0.8],
                of_start: 0.3,
                start: slices::<R>(&start),
                dt: 0.1,
            },
        );
        let arch = Arch::new();

        let mut out = vec![vec![0.0; n]; R];
        StepRows {
            out: slices_mut::<R>(&mut out),
            u: surrounded,
            past: Uniform(0.0),
            coefficients,
            update: euler,
        }
        .run(arch);
        let mut passing = u.clone();
        let (older, group) = passing.split_at_mut(2);
        StepPassing {
            older: slices_mut(older),
            group: slices_mut::<R>(group),
            past: NoPast,
            coefficients,
            update: euler,
        }
        .run(arch);
        let inner = |rows: &[Vec<f64>]| -> Vec<Vec<f64>> {
            rows.iter().map(|row| row[1..=n].to_vec()).collect()
        };
        assert_eq!(passing[..2], u[R..]);
        assert_eq!(inner(&passing[2..]), out);

        StepRows {
            out: slices_mut::<R>(&mut out),
            u: surrounded,
            past: slices::<R>(&past),
            coefficients,
            update: stage,
        }
        .run(arch);
        let (mut passing, mut kept) = (u.clone(), past);
        let (older, group) = passing.split_at_mut(2);
        StepPassing {
            older: slices_mut(older),
            group: slices_mut::<R>(group),
            past: slices_mut::<R>(&mut kept),
            coefficients,
            update: stage,
        }
        .run(arch);
        assert_eq!(passing[..2], u[R..]);
        assert_eq!(inner(&passing[2..]), out);
        assert_eq!(kept, inner(&u[..R]));
    }

    proptest! {
        #[test]
        fn rows_are_stepped_in_place_to_the_same_bits(
            n in 1..80usize,
            numbers in prop::collection::vec(-1e3..1e3f64, 64..100),
        ) {
            let mut next = numbers.iter().cycle().copied();
            let mut random = || next.next().expect("a cycle goes on");
            check::<1>(n, &mut random);
            check::<2>(n, &mut random);
            check::<3>(n, &mut random);
        }
    }
}
