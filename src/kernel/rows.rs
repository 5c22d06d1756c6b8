//! A time step of one row of cells, or of several.

use std::{array::from_fn, ops::Range};

use pulp::{Arch, Scalar, Simd, WithSimd};

use super::{Row, Source};
use crate::field::Real;

/// `R` rows of `n` cells and those around them, each with one more value at either end.
#[derive(Debug, Clone, Copy)]
pub struct Surrounded<'a, T, const R: usize> {
    pub south: &'a [T],
    pub rows: [&'a [T]; R],
    pub north: &'a [T],
}

/// Coefficients of a row of `n` cells. A weight is the conductivity of a face over the square of
/// the cell width.
#[derive(Debug, Clone, Copy)]
pub struct Coefficients<K, C, Q> {
    /// Weights of the `n` faces at low x.
    pub west: K,
    /// Weights of the `n` faces at high x.
    pub east: K,
    /// Weights of the `n` faces below.
    pub south: K,
    /// Weights of the `n` faces above: those below the next row.
    pub north: K,
    /// Reciprocal heat capacity.
    pub inverse_capacity: C,
    pub source: Q,
}

/// One forward Euler step of length `dt` for `R` neighbouring rows of cells:
///
/// ```text
/// flow = weight * (u beyond the face - u before it)      for each face, along its axis
/// u'   = u + dt / rho_c * ((flow_east - flow_west) + (flow_north - flow_south) + source)
/// ```
///
/// A face's flow is one number, whichever of its cells looks at it, and the expression is
/// symmetric under reflections and under exchange of the axes.
pub struct EulerRows<'a, T, K, C, Q, const R: usize> {
    /// The `n` cells of each row after the step.
    pub out: [&'a mut [T]; R],
    pub u: Surrounded<'a, T, R>,
    pub coefficients: [Coefficients<K, C, Q>; R],
    pub dt: T,
}

impl<T: Real, K: Row<T>, C: Row<T>, Q: Source<T>, const R: usize> EulerRows<'_, T, K, C, Q, R> {
    /// Does it, with the widest vectors that the processor has.
    pub fn run(self, arch: Arch) {
        arch.dispatch(self);
    }

    #[inline(always)]
    fn part(&mut self, columns: Range<usize>) -> EulerRows<'_, T, K, C, Q, R> {
        let around = columns.start..columns.end + 2;
        let Surrounded { south, rows, north } = self.u;
        EulerRows {
            out: self.out.each_mut().map(|out| &mut out[columns.clone()]),
            u: Surrounded {
                south: &south[around.clone()],
                rows: rows.map(|row| &row[around.clone()]),
                north: &north[around],
            },
            coefficients: self.coefficients.map(|of| Coefficients {
                west: of.west.part(columns.clone()),
                east: of.east.part(columns.clone()),
                south: of.south.part(columns.clone()),
                north: of.north.part(columns.clone()),
                inverse_capacity: of.inverse_capacity.part(columns.clone()),
                source: of.source.part(columns.clone()),
            }),
            dt: self.dt,
        }
    }

    /// The step for a whole number of vectors.
    #[inline(always)]
    fn sweep<S: Simd>(self, simd: S) {
        let flow = |weight, low, high| T::product(simd, weight, T::difference(simd, high, low));
        let n = self.out[0].len();
        let count = n / T::lanes::<S>();
        let vectors = |values, first: usize| -> &[T::Vector<S>] {
            let values: &[T] = values;
            &T::vectors::<S>(&values[first..][..n])[..count]
        };
        let out = self.out.map(|out| &mut T::vectors_mut::<S>(out)[..count]);
        let south = vectors(self.u.south, 1);
        let north = vectors(self.u.north, 1);
        let west: [_; R] = from_fn(|r| vectors(self.u.rows[r], 0));
        let center: [_; R] = from_fn(|r| vectors(self.u.rows[r], 1));
        let east: [_; R] = from_fn(|r| vectors(self.u.rows[r], 2));
        let of = &self.coefficients;
        let west_weight: [_; R] = from_fn(|r| of[r].west.vectors(simd));
        let east_weight: [_; R] = from_fn(|r| of[r].east.vectors(simd));
        let south_weight = of[0].south.vectors(simd);
        let north_weight: [_; R] = from_fn(|r| of[r].north.vectors(simd));
        let inverse_capacity: [_; R] = from_fn(|r| of[r].inverse_capacity.vectors(simd));
        let source: [_; R] = from_fn(|r| of[r].source.vectors(simd));
        let dt = T::splat(simd, self.dt);
        for k in 0..count {
            let mut u = center[0][k];
            let mut from_south = flow(K::vector(south_weight, k), south[k], u);
            for r in 0..R {
                let above = if r + 1 < R {
                    center[r + 1][k]
                } else {
                    north[k]
                };
                let from_west = flow(K::vector(west_weight[r], k), west[r][k], u);
                let to_east = flow(K::vector(east_weight[r], k), u, east[r][k]);
                let to_north = flow(K::vector(north_weight[r], k), u, above);
                let across_x = T::difference(simd, to_east, from_west);
                let across_y = T::difference(simd, to_north, from_south);
                let inflow = T::sum(simd, across_x, across_y);
                let rate = Q::added(simd, source[r], inflow, k);
                let factor = T::product(simd, dt, C::vector(inverse_capacity[r], k));
                out[r][k] = T::sum(simd, u, T::product(simd, factor, rate));
                (u, from_south) = (above, to_north);
            }
        }
    }
}

impl<T: Real, K: Row<T>, C: Row<T>, Q: Source<T>, const R: usize> WithSimd
    for EulerRows<'_, T, K, C, Q, R>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (n, lanes) = (self.out[0].len(), T::lanes::<S>());
        if n < lanes {
            self.sweep(Scalar::new());
            return;
        }
        let whole = n - n % lanes;
        self.part(0..whole).sweep(simd);
        if whole < n {
            // The last vector computes some cells once more, to the same bits.
            self.part(n - lanes..n).sweep(simd);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{NoSource, Uniform};
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
        let per_cell = |r: usize| Coefficients {
            west: &across_x[r][..n],
            east: &across_x[r][1..],
            south: &across_y[r][..],
            north: &across_y[r + 1][..],
            inverse_capacity: &inverse[r][..],
            source: &source[r][..],
        };
        let run = |out: [&mut [T]; R]| {
            let (u, coefficients) = (surrounded, from_fn(per_cell));
            EulerRows {
                out,
                u,
                coefficients,
                dt,
            }
            .run(Arch::new());
        };
        compare(&run, &|r, i| {
            let x = &across_x[r];
            let weight = [x[i], x[i + 1], across_y[r][i], across_y[r + 1][i]];
            plain(around(r, i), weight, inverse[r][i], Some(source[r][i]), dt)
        });
        let [x, y, c] = [across_x[0][0], across_y[0][0], inverse[0][0]];
        let uniform = |_| Coefficients {
            west: Uniform(x),
            east: Uniform(x),
            south: Uniform(y),
            north: Uniform(y),
            inverse_capacity: Uniform(c),
            source: NoSource,
        };
        let run = |out: [&mut [T]; R]| {
            let (u, coefficients) = (surrounded, from_fn(uniform));
            EulerRows {
                out,
                u,
                coefficients,
                dt,
            }
            .run(Arch::new());
        };
        compare(&run, &|r, i| plain(around(r, i), [x, x, y, y], c, None, dt));
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
