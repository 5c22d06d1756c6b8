//! Passes over the rows of several fields at once.

use std::{array::from_fn, ops::Range};

use super::{Field, Real, Team};

/// With fewer cells, waking a thread takes longer than it saves.
const CELLS_WORTH_WAKING: usize = 1 << 13;

/// A thread's rows, the block of each field that they lie in, and its result.
type Part<'a, T, R, const N: usize> = (Range<usize>, [&'a mut [T]; N], &'a mut R);

impl Team {
    /// Threads that it is worth dealing so many cells out to.
    #[must_use]
    pub fn worth_waking(&self, cells: usize) -> usize {
        if cells < CELLS_WORTH_WAKING {
            1
        } else {
            self.size()
        }
    }

    /// Calls `work(result, j, own cells of row j of each field)` for every row `j` of `rows`, each on
    /// the thread it belongs to, and merges the threads' results, each begun with `start`. What is
    /// merged must not depend on the order. The main thread calls `meanwhile` after each row.
    ///
    /// # Panics
    /// If the fields differ in their cells.
    pub fn sweep<T: Real, R: Send, const N: usize>(
        &self,
        fields: [&mut Field<T>; N],
        rows: Range<usize>,
        start: impl Fn() -> R,
        work: impl Fn(&mut R, usize, [&mut [T]; N]) + Sync,
        merge: impl Fn(R, R) -> R,
        meanwhile: &mut dyn FnMut(),
    ) -> R {
        let [nx, ny] = fields.first().map_or([0, 0], |field| field.cells);
        assert!(fields.iter().all(|field| field.cells == [nx, ny]));
        let threads = self.worth_waking(nx * rows.len());
        let cut = |k: usize| (ny * k / threads).clamp(rows.start, rows.end.max(rows.start));
        let strides = fields.each_ref().map(|field| field.stride);
        let leads = fields.each_ref().map(|field| field.margin + field.ghosts);
        let mut rest = fields.map(|field| {
            let first = field.start(0) - field.margin + rows.start * field.stride;
            &mut field.values[first..]
        });
        let mut results: Vec<R> = (0..threads).map(|_| start()).collect();
        let parts: Vec<_> = results
            .iter_mut()
            .enumerate()
            .map(|(k, result)| {
                let share = cut(k)..cut(k + 1);
                let blocks: [&mut [T]; N] = from_fn(|n| {
                    let block = std::mem::take(&mut rest[n]);
                    let (block, behind) = block.split_at_mut(share.len() * strides[n]);
                    rest[n] = behind;
                    block
                });
                (share, blocks, result)
            })
            .collect();
        let go = |(share, mut blocks, result): Part<'_, T, R, N>, after: &mut dyn FnMut()| {
            for (row, j) in share.enumerate() {
                let mut n = 0;
                let own = blocks.each_mut().map(|block| {
                    let own = &mut block[row * strides[n] + leads[n]..][..nx];
                    n += 1;
                    own
                });
                work(result, j, own);
                after();
            }
        };
        self.for_parts(parts, meanwhile, go);
        results
            .into_iter()
            .reduce(merge)
            .expect("a team has a main thread")
    }

    /// As [`Self::sweep`] over all rows, for work that only changes the fields.
    pub fn update<T: Real, const N: usize>(
        &self,
        fields: [&mut Field<T>; N],
        work: impl Fn(usize, [&mut [T]; N]) + Sync,
    ) {
        let rows = 0..fields.first().map_or(0, |field| field.cells[1]);
        let each = |(): &mut (), j, own: [&mut [T]; N]| work(j, own);
        self.sweep(fields, rows, || (), each, |(), ()| (), &mut || {});
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_each_field_is_met_once() {
        for (threads, cells) in [(1, [5, 7]), (3, [5, 7]), (3, [3000, 7]), (4, [9000, 3])] {
            let team = Team::new(threads).unwrap();
            let mut a = Field::<f64>::new(&team, cells, 2);
            let mut b = Field::<f64>::new(&team, cells, 0);
            let (mut calls, rows) = (0, 1..cells[1] - 1);
            let mark = |count: &mut usize, j: usize, [a, b]: [&mut [f64]; 2]| {
                assert_eq!([a.len(), b.len()], [cells[0]; 2]);
                a.fill(f64::from(u32::try_from(j).unwrap()));
                b[0] += 1.0;
                *count += 1;
            };
            let sum = |x: usize, y: usize| x + y;
            let meanwhile = &mut || calls += 1;
            let fields = [&mut a, &mut b];
            let count = team.sweep(fields, rows.clone(), || 0, mark, sum, meanwhile);
            assert_eq!(count, rows.len());
            assert!(calls <= rows.len() && (threads > 1 || calls == rows.len()));
            for j in 0..cells[1] {
                let met = rows.contains(&j);
                let value = if met {
                    f64::from(u32::try_from(j).unwrap())
                } else {
                    0.0
                };
                assert!(a.own_row(j).iter().all(|&a| a == value));
                assert_eq!(b.own_row(j)[0], f64::from(u8::from(met)));
            }
            // Ghosts are left alone.
            assert!((0..2).all(|j| a.row(-1 - j).iter().all(|&ghost| ghost == 0.0)));
            team.update([&mut a], |_, [a]| a.fill(9.0));
            assert!(a.own_values().iter().all(|&a| a == 9.0));
        }
    }
}
