//! A symmetric operator that couples each cell of a row to the eight around it.

use pulp::{Arch, Simd, WithSimd};

use super::Surrounded;
use crate::field::Real;

/// `A u = diagonal u - (links times the u that they lead to)` in a row of `n` cells. The links of a
/// cell `(i, j)`:
///
/// ```text
/// east     (i, j) - (i + 1, j)            north    (i, j) - (i, j + 1)
/// rising   (i, j) - (i + 1, j + 1)        falling  (i + 1, j) - (i, j + 1)
/// ```
pub struct StencilRow<'a, T> {
    /// `A u` in the `n` cells.
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
}

impl<T: Real> StencilRow<'_, T> {
    /// Does it, with the widest vectors that the processor has.
    pub fn run(self, arch: Arch) {
        arch.dispatch(self);
    }
}

impl<T: Real> WithSimd for StencilRow<'_, T> {
    type Output = ();

    /// A plain loop over slices of one length, of which the compiler makes wide vectors.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let n = self.out.len();
        let Surrounded {
            south,
            rows: [row],
            north,
        } = self.u;
        let (u_sw, u_s, u_se) = (&south[..n], &south[1..][..n], &south[2..][..n]);
        let (u_w, u, u_e) = (&row[..n], &row[1..][..n], &row[2..][..n]);
        let (u_nw, u_n, u_ne) = (&north[..n], &north[1..][..n], &north[2..][..n]);
        let (west, east) = (&self.east[..n], &self.east[1..][..n]);
        let (to_south, to_north) = (&self.north[0][..n], &self.north[1][..n]);
        let (to_sw, to_ne) = (&self.rising[0][..n], &self.rising[1][1..][..n]);
        let (to_se, to_nw) = (&self.falling[0][1..][..n], &self.falling[1][..n]);
        let diagonal = &self.diagonal[..n];
        for (i, out) in self.out.iter_mut().enumerate() {
            let along_x = west[i] * u_w[i] + east[i] * u_e[i];
            let along_y = to_south[i] * u_s[i] + to_north[i] * u_n[i];
            let rising = to_sw[i] * u_sw[i] + to_ne[i] * u_ne[i];
            let falling = to_se[i] * u_se[i] + to_nw[i] * u_nw[i];
            *out = diagonal[i] * u[i] - ((along_x + along_y) + (rising + falling));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
