//! A symmetric operator that couples each cell of a row to the eight around it.

use pulp::{Arch, Scalar, Simd, WithSimd};

use super::{
    Finish, Surrounded,
    row::{vectors, vectors_mut},
};
use crate::field::Real;

/// `A u = diagonal u - (links times the u that they lead to)` in a row of `n` cells. The links of a
/// cell `(i, j)`:
///
/// ```text
/// east     (i, j) - (i + 1, j)            north    (i, j) - (i, j + 1)
/// rising   (i, j) - (i + 1, j + 1)        falling  (i + 1, j) - (i, j + 1)
/// ```
pub struct StencilRow<'a, T, F> {
    /// What `finish` makes of `A u` in the `n` cells.
    pub out: &'a mut [T],
    pub u: Surrounded<'a, T, 1>,
    /// Of the `n` cells.
    pub diagonal: &'a [T],
    /// Of the `n` cells and of the one before them.
    pub east: &'a [T],
    /// Of the `n` cells in the row below and in this one.
    pub north: [&'a [T]; 2],
    /// Of the `n` cells and of the one before them, in the row below and in this one.
    pub rising: [&'a [T]; 2],
    pub falling: [&'a [T]; 2],
    pub finish: F,
}

impl<T: Real, F: Finish<T>> StencilRow<'_, T, F> {
    /// Does it, with the widest vectors that the processor has.
    pub fn run(self, arch: Arch) {
        arch.dispatch(self);
    }

    /// The `n` cells from column `first` on, a whole number of vectors.
    #[inline(always)]
    fn sweep<S: Simd>(&mut self, simd: S, first: usize, n: usize) {
        let count = n / T::lanes::<S>();
        let of = |row, step| vectors::<T, S>(row, first + step, count);
        let product = |a, b| T::product(simd, a, b);
        let sum = |a, b| T::sum(simd, a, b);
        let Surrounded {
            south,
            rows: [row],
            north,
        } = self.u;
        let (u_sw, u_s, u_se) = (of(south, 0), of(south, 1), of(south, 2));
        let (u_w, u, u_e) = (of(row, 0), of(row, 1), of(row, 2));
        let (u_nw, u_n, u_ne) = (of(north, 0), of(north, 1), of(north, 2));
        let (west, east) = (of(self.east, 0), of(self.east, 1));
        let (to_south, to_north) = (of(self.north[0], 0), of(self.north[1], 0));
        let (to_sw, to_ne) = (of(self.rising[0], 0), of(self.rising[1], 1));
        let (to_se, to_nw) = (of(self.falling[0], 1), of(self.falling[1], 0));
        let diagonal = of(self.diagonal, 0);
        let finish = self.finish.vectors::<S>(first, count);
        let out = vectors_mut::<T, S>(self.out, first, count);
        for k in 0..count {
            let along_x = sum(product(west[k], u_w[k]), product(east[k], u_e[k]));
            let along_y = sum(product(to_south[k], u_s[k]), product(to_north[k], u_n[k]));
            let rising = sum(product(to_sw[k], u_sw[k]), product(to_ne[k], u_ne[k]));
            let falling = sum(product(to_se[k], u_se[k]), product(to_nw[k], u_nw[k]));
            let around = sum(sum(along_x, along_y), sum(rising, falling));
            let value = T::difference(simd, product(diagonal[k], u[k]), around);
            out[k] = F::of(simd, &finish, [u[k], value], k);
        }
    }
}

impl<T: Real, F: Finish<T>> WithSimd for StencilRow<'_, T, F> {
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
    use crate::kernel::Value;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_sum_over_eight_neighbors(
            n in 1..40usize,
            numbers in prop::collection::vec(-1e3..1e3f64, 64..100),
        ) {
            let mut next = numbers.iter().cycle().copied();
            let mut row = |count: usize| -> Vec<f64> { next.by_ref().take(count).collect() };
            let u = [0; 3].map(|_| row(n + 2));
            let diagonal = row(n);
            let east = row(n + 1);
            let north = [0; 2].map(|_| row(n));
            let [rising, falling] = [0; 2].map(|_| [0; 2].map(|_| row(n + 1)));
            let mut out = vec![0.0; n];
            StencilRow {
                out: &mut out,
                u: Surrounded { south: &u[0], rows: [&u[1]], north: &u[2] },
                diagonal: &diagonal,
                east: &east,
                north: north.each_ref().map(|row| &row[..]),
                rising: rising.each_ref().map(|row| &row[..]),
                falling: falling.each_ref().map(|row| &row[..]),
                finish: Value,
            }
            .run(Arch::new());
            for i in 0..n {
                let links = [
                    (east[i], u[1][i]), (east[i + 1], u[1][i + 2]),
                    (north[0][i], u[0][i + 1]), (north[1][i], u[2][i + 1]),
                    (rising[0][i], u[0][i]), (rising[1][i + 1], u[2][i + 2]),
                    (falling[0][i + 1], u[0][i + 2]), (falling[1][i], u[2][i]),
                ];
                let flows: f64 = links.iter().map(|(link, u)| link * u).sum();
                let sizes: f64 = links.iter().map(|(link, u)| (link * u).abs()).sum();
                let held = diagonal[i] * u[1][i + 1];
                prop_assert!((out[i] - (held - flows)).abs() <= 1e-14 * (sizes + held.abs()));
            }
        }
    }
}
