//! The Helmholtz operator on a row of cells.

use pulp::{Arch, Scalar, Simd, WithSimd};

use super::{
    Finish, Rows, Surrounded,
    row::{vectors, vectors_mut},
};
use crate::field::Real;

/// `A u = alpha c u - beta div(K grad u)` in a row of `n` cells, in flux form:
///
/// ```text
/// flow = weight * (u beyond the face - u before it)      for each face, along its axis
/// A u  = (alpha * c) * u - beta * ((flow_east - flow_west) + (flow_north - flow_south))
/// ```
///
/// The flows are those of [`super::StepRows`].
pub struct HelmholtzRow<'a, T, X, S, N, C, F> {
    /// What `finish` makes of `A u` in the `n` cells.
    pub out: &'a mut [T],
    pub u: Surrounded<'a, T, 1>,
    /// Weights of the `n + 1` faces across x.
    pub x: X,
    /// Weights of the `n` faces below, and of those above.
    pub south: S,
    pub north: N,
    /// Heat capacity `c` of the `n` cells.
    pub capacity: C,
    pub alpha: T,
    pub beta: T,
    pub finish: F,
}

impl<T, X, S1, N, C, F> HelmholtzRow<'_, T, X, S1, N, C, F>
where
    T: Real,
    X: Rows<T, 1>,
    S1: Rows<T, 1>,
    N: Rows<T, 1>,
    C: Rows<T, 1>,
    F: Finish<T>,
{
    /// Does it, with the widest vectors that the processor has.
    pub fn run(self, arch: Arch) {
        arch.dispatch(self);
    }

    /// The `n` cells from column `first` on, a whole number of vectors.
    #[inline(always)]
    fn sweep<S: Simd>(&mut self, simd: S, first: usize, n: usize) {
        let flow = |weight, low, high| T::product(simd, weight, T::difference(simd, high, low));
        let count = n / T::lanes::<S>();
        let Surrounded {
            south,
            rows: [row],
            north,
        } = self.u;
        let south = vectors::<T, S>(south, first + 1, count);
        let north = vectors::<T, S>(north, first + 1, count);
        let center = vectors::<T, S>(row, first + 1, count);
        let east = vectors::<T, S>(row, first + 2, count);
        let out = vectors_mut::<T, S>(self.out, first, count);
        let east_weight = self.x.vectors(simd, first + 1, count);
        let south_weight = self.south.vectors(simd, first, count);
        let north_weight = self.north.vectors(simd, first, count);
        let capacity = self.capacity.vectors(simd, first, count);
        let finish = self.finish.vectors::<S>(first, count);
        let alpha = T::splat(simd, self.alpha);
        let beta = T::splat(simd, self.beta);
        let first_flow = self.x.value(0, first) * (row[first + 1] - row[first]);
        let mut before = T::splat(simd, first_flow);
        for k in 0..count {
            let u = center[k];
            let to_east = flow(X::vector(&east_weight, 0, k), u, east[k]);
            let from_west = T::moved_on::<S>(before, to_east);
            before = to_east;
            let from_south = flow(S1::vector(&south_weight, 0, k), south[k], u);
            let to_north = flow(N::vector(&north_weight, 0, k), u, north[k]);
            let across_x = T::difference(simd, to_east, from_west);
            let across_y = T::difference(simd, to_north, from_south);
            let inflow = T::sum(simd, across_x, across_y);
            let held = T::product(simd, T::product(simd, alpha, C::vector(&capacity, 0, k)), u);
            let value = T::difference(simd, held, T::product(simd, beta, inflow));
            out[k] = F::of(simd, &finish, [u, value], k);
        }
    }
}

impl<T, X, S1, N, C, F> WithSimd for HelmholtzRow<'_, T, X, S1, N, C, F>
where
    T: Real,
    X: Rows<T, 1>,
    S1: Rows<T, 1>,
    N: Rows<T, 1>,
    C: Rows<T, 1>,
    F: Finish<T>,
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (n, lanes) = (self.out.len(), T::lanes::<S>());
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
    use super::*;
    use crate::kernel::{Residual, Uniform, Value};
    use proptest::prelude::*;

    /// The operator in one cell as the discretisation reads, for comparison.
    fn plain<T: Real>(u: [T; 5], weight: [T; 4], capacity: T, [alpha, beta]: [T; 2]) -> T {
        let [center, west, east, south, north] = u;
        let across_x = weight[1] * (east - center) - weight[0] * (center - west);
        let across_y = weight[3] * (north - center) - weight[2] * (center - south);
        alpha * capacity * center - beta * (across_x + across_y)
    }

    fn check<T: Real>(n: usize, random: &mut impl FnMut() -> f64) {
        let mut numbers =
            |count: usize| -> Vec<T> { (0..count).map(|_| T::from_f64(random())).collect() };
        let [south, row, north] = [0; 3].map(|_| numbers(n + 2));
        let x = numbers(n + 1);
        let [below, above, capacity, b] = [0; 4].map(|_| numbers(n));
        let factors = [numbers(1)[0], numbers(1)[0]];
        let [alpha, beta] = factors;
        let u = Surrounded {
            south: &south,
            rows: [&row],
            north: &north,
        };
        let around = |i: usize| [row[i + 1], row[i], row[i + 2], south[i + 1], north[i + 1]];
        let mut out = vec![T::ZERO; n];
        HelmholtzRow {
            out: &mut out,
            u,
            x: [&x[..]],
            south: [&below[..]],
            north: [&above[..]],
            capacity: [&capacity[..]],
            alpha,
            beta,
            finish: Value,
        }
        .run(Arch::new());
        for i in 0..n {
            let weights = [x[i], x[i + 1], below[i], above[i]];
            assert_eq!(out[i], plain(around(i), weights, capacity[i], factors));
        }
        let [kx, ky, c] = [x[0], below[0], capacity[0]];
        HelmholtzRow {
            out: &mut out,
            u,
            x: Uniform(kx),
            south: Uniform(ky),
            north: Uniform(ky),
            capacity: Uniform(c),
            alpha,
            beta,
            finish: Residual(&b),
        }
        .run(Arch::new());
        for i in 0..n {
            assert_eq!(
                out[i],
                b[i] - plain(around(i), [kx, kx, ky, ky], c, factors)
            );
        }
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
