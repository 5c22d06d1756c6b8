//! Loops over rows of cells: slices in, slices out, nothing else.
//!
//! The arithmetic of a cell is written once, in [`inflow`]. Every variant, uniform or per-cell
//! coefficients, any vector width, interior or rim, is that one expression over other loads, so
//! all of them give the same bits. Multiplications and additions are not contracted.

#![allow(
    clippy::inline_always,
    reason = "a row's loop must end up inside one function with wide vectors"
)]

use pulp::{Arch, Simd, WithSimd};

use crate::field::Real;

/// A coefficient along a row: one value for all cells, or one for each.
pub trait Row<T>: Copy {
    /// The first `count` values.
    #[must_use]
    fn first(self, count: usize) -> Self;
    fn at(self, i: usize) -> T;
}

/// One value for all cells.
#[derive(Debug, Clone, Copy)]
pub struct Uniform<T>(pub T);

impl<T: Real> Row<T> for Uniform<T> {
    #[inline(always)]
    fn first(self, _count: usize) -> Self {
        self
    }

    #[inline(always)]
    fn at(self, _i: usize) -> T {
        self.0
    }
}

impl<T: Real> Row<T> for &[T] {
    #[inline(always)]
    fn first(self, count: usize) -> Self {
        &self[..count]
    }

    #[inline(always)]
    fn at(self, i: usize) -> T {
        self[i]
    }
}

/// Heat sources along a row, if there are any at all.
pub trait Source<T>: Copy {
    #[must_use]
    fn first(self, count: usize) -> Self;
    /// `rate` plus the source of cell `i`.
    fn added_to(self, rate: T, i: usize) -> T;
}

/// No sources anywhere.
#[derive(Debug, Clone, Copy)]
pub struct NoSource;

impl<T: Real> Source<T> for NoSource {
    #[inline(always)]
    fn first(self, _count: usize) -> Self {
        self
    }

    #[inline(always)]
    fn added_to(self, rate: T, _i: usize) -> T {
        rate
    }
}

impl<T: Real> Source<T> for &[T] {
    #[inline(always)]
    fn first(self, count: usize) -> Self {
        &self[..count]
    }

    #[inline(always)]
    fn added_to(self, rate: T, i: usize) -> T {
        rate + self[i]
    }
}

/// A cell's temperature and those of its four neighbours, or the weights of its four faces.
#[derive(Debug, Clone, Copy)]
pub struct Cross<T> {
    pub west: T,
    pub east: T,
    pub south: T,
    pub north: T,
}

/// Net heat flow into a cell per volume, in W/m^3: weights are face conductivity over the square
/// of the cell width. A face's flow has the same bits, with opposite sign, seen from its other
/// cell, and the expression is symmetric under reflections and under exchange of the axes.
#[inline(always)]
pub fn inflow<T: Real>(center: T, around: Cross<T>, weight: Cross<T>) -> T {
    (weight.west * (around.west - center) + weight.east * (around.east - center))
        + (weight.south * (around.south - center) + weight.north * (around.north - center))
}

/// Three rows of temperatures around a row of `n` cells.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a, T> {
    /// The `n` cells below.
    pub south: &'a [T],
    /// `n + 2` values: the cells, and one more at either end.
    pub center: &'a [T],
    /// The `n` cells above.
    pub north: &'a [T],
}

/// Coefficients of a row of `n` cells.
#[derive(Debug, Clone, Copy)]
pub struct Coefficients<K, C, Q> {
    /// Weights of the `n` faces at low x.
    pub west: K,
    /// Weights of the `n` faces at high x.
    pub east: K,
    /// Weights of the `n` faces below.
    pub south: K,
    /// Weights of the `n` faces above.
    pub north: K,
    /// Reciprocal heat capacity.
    pub inverse_capacity: C,
    pub source: Q,
}

/// One forward Euler step of length `dt` for a row of cells:
/// `out = u + dt / rho_c * (inflow + source)`.
pub struct EulerRow<'a, T, K, C, Q> {
    /// The `n` cells of the row after the step.
    pub out: &'a mut [T],
    pub u: Rows<'a, T>,
    pub coefficients: Coefficients<K, C, Q>,
    pub dt: T,
}

impl<T: Real, K: Row<T>, C: Row<T>, Q: Source<T>> EulerRow<'_, T, K, C, Q> {
    /// Does it, with the widest vectors that the processor has.
    pub fn run(self) {
        Arch::new().dispatch(self);
    }
}

impl<T: Real, K: Row<T>, C: Row<T>, Q: Source<T>> WithSimd for EulerRow<'_, T, K, C, Q> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let (out, u, dt) = (self.out, self.u, self.dt);
        let n = out.len();
        let (south, north) = (&u.south[..n], &u.north[..n]);
        let (west, center, east) = (&u.center[..n], &u.center[1..][..n], &u.center[2..][..n]);
        let west_weight = self.coefficients.west.first(n);
        let east_weight = self.coefficients.east.first(n);
        let south_weight = self.coefficients.south.first(n);
        let north_weight = self.coefficients.north.first(n);
        let inverse_capacity = self.coefficients.inverse_capacity.first(n);
        let source = self.coefficients.source.first(n);
        for i in 0..n {
            let around = Cross {
                west: west[i],
                east: east[i],
                south: south[i],
                north: north[i],
            };
            let weight = Cross {
                west: west_weight.at(i),
                east: east_weight.at(i),
                south: south_weight.at(i),
                north: north_weight.at(i),
            };
            let rate = source.added_to(inflow(center[i], around, weight), i);
            out[i] = center[i] + dt * inverse_capacity.at(i) * rate;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The step of one cell as the discretisation reads, for comparison.
    fn plain<T: Real>(
        u: [T; 5],
        weight: [T; 4],
        inverse_capacity: T,
        source: Option<T>,
        dt: T,
    ) -> T {
        let [center, west, east, south, north] = u;
        let across_x = weight[0] * (west - center) + weight[1] * (east - center);
        let across_y = weight[2] * (south - center) + weight[3] * (north - center);
        let mut rate = across_x + across_y;
        if let Some(source) = source {
            rate += source;
        }
        center + dt * inverse_capacity * rate
    }

    /// Rows of `n` random cells, with one kind of coefficients after the other, to the bit.
    fn check<T: Real>(n: usize, random: &mut impl FnMut() -> f64) {
        let mut numbers =
            |count: usize| -> Vec<T> { (0..count).map(|_| T::from_f64(random())).collect() };
        let (south, center, north) = (numbers(n), numbers(n + 2), numbers(n));
        let (x, below, above) = (numbers(n + 1), numbers(n), numbers(n));
        let (capacity, source, dt) = (numbers(n), numbers(n), numbers(1)[0]);
        let u = Rows {
            south: &south,
            center: &center,
            north: &north,
        };
        let expected = |weight: &dyn Fn(usize) -> [T; 4],
                        capacity: &dyn Fn(usize) -> T,
                        source: &dyn Fn(usize) -> Option<T>| {
            let cell = |i: usize| {
                let u = [center[i + 1], center[i], center[i + 2], south[i], north[i]];
                plain(u, weight(i), capacity(i), source(i), dt)
            };
            (0..n).map(cell).collect::<Vec<T>>()
        };
        let mut out = vec![T::ZERO; n];

        let per_cell = Coefficients {
            west: &x[..n],
            east: &x[1..],
            south: &below[..],
            north: &above[..],
            inverse_capacity: &capacity[..],
            source: &source[..],
        };
        let weight = |i: usize| [x[i], x[i + 1], below[i], above[i]];
        EulerRow {
            out: &mut out,
            u,
            coefficients: per_cell,
            dt,
        }
        .run();
        assert_eq!(
            out,
            expected(&weight, &|i| capacity[i], &|i| Some(source[i]))
        );

        let uniform = Coefficients {
            west: Uniform(x[0]),
            east: Uniform(x[0]),
            south: Uniform(below[0]),
            north: Uniform(below[0]),
            inverse_capacity: Uniform(capacity[0]),
            source: NoSource,
        };
        let weight = |_| [x[0], x[0], below[0], below[0]];
        EulerRow {
            out: &mut out,
            u,
            coefficients: uniform,
            dt,
        }
        .run();
        assert_eq!(out, expected(&weight, &|_| capacity[0], &|_| None));
    }

    proptest! {
        #[test]
        fn wide_vectors_give_the_bits_of_one_cell_at_a_time(
            n in 1..80usize,
            numbers in prop::collection::vec(-1e3..1e3f64, 64..100),
        ) {
            let mut next = numbers.iter().cycle().copied();
            let mut random = || next.next().expect("a cycle goes on");
            check::<f64>(n, &mut random);
            check::<f32>(n, &mut random);
        }
    }
}
