//! A time step of one row of cells, or of several.

use pulp::{Arch, Scalar, Simd, WithSimd};

use super::{
    Coefficients, Rows, Sources, Update,
    row::{vectors, vectors_mut},
    step::Step,
};
use crate::field::Real;

/// `R` rows of `n` cells and those around them, each with one more value at either end.
#[derive(Debug, Clone, Copy)]
pub struct Surrounded<'a, T, const R: usize> {
    pub south: &'a [T],
    pub rows: [&'a [T]; R],
    pub north: &'a [T],
}

/// One step of `R` neighbouring rows of cells.
pub struct StepRows<'a, T, P, X, Y1, Y, C, Q, U, const R: usize> {
    /// The `n` cells of each row after the step.
    pub out: [&'a mut [T]; R],
    pub u: Surrounded<'a, T, R>,
    /// The `n` cells of each row one step earlier, if `update` looks so far back.
    pub past: P,
    pub coefficients: Coefficients<X, Y1, Y, C, Q>,
    pub update: U,
}

impl<T, P, X, Y1, Y, C, Q, U, const R: usize> StepRows<'_, T, P, X, Y1, Y, C, Q, U, R>
where
    T: Real,
    P: Rows<T, R>,
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

    /// The step for the `n` cells from column `first` on, a whole number of vectors.
    #[inline(always)]
    fn sweep<S: Simd>(&mut self, simd: S, first: usize, n: usize) {
        let count = n / T::lanes::<S>();
        let Surrounded { south, rows, north } = self.u;
        let south = vectors::<T, S>(south, first + 1, count);
        let north = vectors::<T, S>(north, first + 1, count);
        // A plain loop, as in `row::each`.
        let none: &[T::Vector<S>] = &[];
        let (mut center, mut east) = ([none; R], [none; R]);
        let mut out = [const { None }; R];
        for (r, row) in self.out.iter_mut().enumerate() {
            center[r] = vectors::<T, S>(rows[r], first + 1, count);
            east[r] = vectors::<T, S>(rows[r], first + 2, count);
            out[r] = Some(vectors_mut::<T, S>(row, first, count));
        }
        let step = Step::new(simd, &self.coefficients, self.update, first, count);
        let past = self.past.vectors(simd, first, count);
        let mut from_west = step.west_flows(|r| [rows[r][first], rows[r][first + 1]]);
        for k in 0..count {
            let mut u = center[0][k];
            let mut from_south = step.south_flow(k, south[k], u);
            for r in 0..R {
                let above = if r + 1 < R {
                    center[r + 1][k]
                } else {
                    north[k]
                };
                let (cells, around) = ([u, P::vector(&past, r, k)], [east[r][k], above]);
                let from = [from_west[r], from_south];
                let value;
                [value, from_west[r], from_south] = step.advance(r, k, cells, around, from);
                out[r].as_mut().expect("set above")[k] = value;
                u = above;
            }
        }
    }
}

impl<T, P, X, Y1, Y, C, Q, U, const R: usize> WithSimd for StepRows<'_, T, P, X, Y1, Y, C, Q, U, R>
where
    T: Real,
    P: Rows<T, R>,
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
        let (n, lanes) = (self.out[0].len(), T::lanes::<S>());
        if n < lanes {
            self.sweep(Scalar::new(), 0, n);
            return;
        }
        let whole = n - n % lanes;
        self.sweep(simd, 0, whole);
        if whole < n {
            // The last vector computes some cells once more, to the same bits.
            self.sweep(simd, n - lanes, lanes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::array::from_fn;

    use super::*;
    use crate::kernel::{Euler, NoSource, Stage, Uniform};
    use proptest::prelude::*;

    /// The step of one cell as the discretisation reads, for comparison.
    fn plain<T: Real>(u: [T; 5], weight: [T; 4], inverse: T, source: Option<T>, dt: T) -> T {
        let [center, west, east, south, north] = u;
        let across_x = weight[1] * (east - center) - weight[0] * (center - west);
        let across_y = weight[3] * (north - center) - weight[2] * (center - south);
        let mut rate = across_x + across_y;
        if let Some(source) = source {
            rate += source;
        }
        center + dt * inverse * rate
    }

    fn all_of<T, const R: usize>(rows: &[Vec<T>]) -> [&[T]; R] {
        from_fn(|r| &rows[r][..])
    }

    /// `R` rows of `n` random cells with random coefficients, uniform and per cell, to the bit.
    fn check<T: Real, const R: usize>(n: usize, random: &mut impl FnMut() -> f64) {
        let mut numbers =
            |count: usize| -> Vec<T> { (0..count).map(|_| T::from_f64(random())).collect() };
        let u: Vec<Vec<T>> = (0..R + 2).map(|_| numbers(n + 2)).collect();
        let across_x: Vec<Vec<T>> = (0..R).map(|_| numbers(n + 1)).collect();
        let across_y: Vec<Vec<T>> = (0..=R).map(|_| numbers(n)).collect();
        let inverse: Vec<Vec<T>> = (0..R).map(|_| numbers(n)).collect();
        let source: Vec<Vec<T>> = (0..R).map(|_| numbers(n)).collect();
        let dt = numbers(1)[0];
        let around = |r: usize, i: usize| {
            let row = &u[r + 1];
            [row[i + 1], row[i], row[i + 2], u[r][i + 1], u[r + 2][i + 1]]
        };
        let surrounded = Surrounded {
            south: &u[0],
            rows: from_fn(|r| &u[r + 1][..]),
            north: &u[R + 1],
        };
        let mut computed = vec![vec![T::ZERO; n]; R];
        let mut compare = |run: &dyn Fn([&mut [T]; R]), expected: &dyn Fn(usize, usize) -> T| {
            let mut rows = computed.iter_mut();
            run(from_fn(|_| &mut rows.next().expect("R rows")[..]));
            for (r, row) in computed.iter().enumerate() {
                let expected: Vec<T> = (0..n).map(|i| expected(r, i)).collect();
                assert_eq!(row, &expected);
            }
        };
        let run = |out: [&mut [T]; R]| {
            let u = surrounded;
            let coefficients = Coefficients {
                x: all_of::<T, R>(&across_x),
                south: [&across_y[0][..]],
                north: all_of::<T, R>(&across_y[1..]),
                inverse_capacity: all_of::<T, R>(&inverse),
                sources: all_of::<T, R>(&source),
            };
            StepRows {
                out,
                u,
                past: Uniform(T::ZERO),
                coefficients,
                update: Euler { dt },
            }
            .run(Arch::new());
        };
        compare(&run, &|r, i| {
            let x = &across_x[r];
            let weight = [x[i], x[i + 1], across_y[r][i], across_y[r + 1][i]];
            plain(around(r, i), weight, inverse[r][i], Some(source[r][i]), dt)
        });
        let [x, y, c] = [across_x[0][0], across_y[0][0], inverse[0][0]];
        let run = |out: [&mut [T]; R]| {
            let u = surrounded;
            let coefficients = Coefficients {
                x: Uniform(x),
                south: Uniform(y),
                north: Uniform(y),
                inverse_capacity: Uniform(c),
                sources: NoSource,
            };
            StepRows {
                out,
                u,
                past: Uniform(T::ZERO),
                coefficients,
                update: Euler { dt },
            }
            .run(Arch::new());
        };
        compare(&run, &|r, i| plain(around(r, i), [x, x, y, y], c, None, dt));
        let [past, start] = [numbers(R * n), numbers(R * n)]
            .map(|all| -> Vec<Vec<T>> { all.chunks(n).map(<[T]>::to_vec).collect() });
        let [of_u, of_past, of_start] = [0.7, -0.4, 0.3].map(T::from_f64);
        let run = |out: [&mut [T]; R]| {
            StepRows {
                out,
                u: surrounded,
                past: all_of::<T, R>(&past),
                coefficients: Coefficients {
                    x: Uniform(x),
                    south: Uniform(y),
                    north: Uniform(y),
                    inverse_capacity: Uniform(c),
                    sources: NoSource,
                },
                update: Stage {
                    before: [of_u, of_past],
                    of_start,
                    start: all_of::<T, R>(&start),
                    dt,
                },
            }
            .run(Arch::new());
        };
        compare(&run, &|r, i| {
            let [u, west, east, south, north] = around(r, i);
            let rate = (x * (east - u) - x * (u - west)) + (y * (north - u) - y * (u - south));
            (of_u * u + of_past * past[r][i]) + (of_start * start[r][i] + dt * c * rate)
        });
    }

    proptest! {
        #[test]
        fn wide_vectors_give_the_bits_of_one_cell_at_a_time(
            n in 1..80usize,
            numbers in prop::collection::vec(-1e3..1e3f64, 64..100),
        ) {
            let mut next = numbers.iter().cycle().copied();
            let mut random = || next.next().expect("a cycle goes on");
            check::<f64, 1>(n, &mut random);
            check::<f64, 2>(n, &mut random);
            check::<f64, 3>(n, &mut random);
            check::<f32, 1>(n, &mut random);
            check::<f32, 3>(n, &mut random);
        }
    }
}
