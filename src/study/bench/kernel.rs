//! The kernel alone: steps of a block of cells that stays in a cache.

use std::{array::from_fn, cell::RefCell, mem::swap, rc::Rc};

use serde::Serialize;

use super::{
    Cache, Coefficients, Precision, Setting,
    rounds::{Id, Rounds, Works},
};
use crate::{
    field::{LINE, Real, stride_for},
    kernel::{self, Arch, Euler, NoSource, StepRows, Surrounded, Uniform},
};

/// Rows at a time: as tiles are computed, and as the last rows of a tile are.
const GROUP: usize = 3;

/// Bytes of a row of cells at most, like those of a tile.
const ROW: usize = 4096;

/// The part of the time of other measurements that one in cache takes.
const PART: f64 = 0.2;

/// The kernel's rate with every thread on a block of cells of its own.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct KernelRate {
    pub precision: Precision,
    pub coefficients: Coefficients,
    pub cache: Cache,
    /// What a thread reads and writes, in bytes.
    pub working_set: usize,
    pub rows_at_once: usize,
    /// Threads of each rank.
    pub threads: usize,
    /// Cell updates per second.
    pub rate: f64,
}

/// The piece of work behind a rate.
pub(super) struct Ids {
    /// Of which the rate is not known yet.
    what: KernelRate,
    pub id: Id,
}

impl Ids {
    pub fn rate(&self, measured: &Rounds) -> KernelRate {
        KernelRate {
            rate: measured.rate(self.id),
            ..self.what
        }
    }

    /// Whether this is the kernel in L2.
    pub fn bounds(&self, precision: Precision, coefficients: Coefficients, threads: usize) -> bool {
        let what = &self.what;
        (what.precision, what.coefficients, what.threads) == (precision, coefficients, threads)
            && what.cache == Cache::L2
    }
}

pub(super) fn add<'a>(works: &mut Works<'a>, setting: &'a Setting) -> Vec<Ids> {
    let mut ids = Vec::new();
    for coefficients in Coefficients::ALL {
        for cache in Cache::ALL {
            add_blocks::<f64>(
                works,
                setting,
                Precision::F64,
                coefficients,
                cache,
                &mut ids,
            );
            add_blocks::<f32>(
                works,
                setting,
                Precision::F32,
                coefficients,
                cache,
                &mut ids,
            );
        }
    }
    ids
}

fn add_blocks<'a, T: Real>(
    works: &mut Works<'a>,
    setting: &'a Setting,
    precision: Precision,
    coefficients: Coefficients,
    cache: Cache,
    ids: &mut Vec<Ids>,
) {
    let team = &setting.team;
    // Something else is in the caches always.
    let room = match cache {
        Cache::L1 => setting.caches.l1 / 3 * 2,
        Cache::L2 => setting.caches.l2 / 2,
    };
    let mut blocks: Vec<_> = (0..team.size()).map(|_| None).collect();
    team.for_parts(blocks.iter_mut().collect(), &mut || {}, |block, _| {
        *block = Some(Block::<T>::new(coefficients, room));
    });
    let blocks: Vec<Block<T>> = blocks.into_iter().flatten().collect();
    let [cells, working_set] = [blocks[0].cells(), blocks[0].bytes()];
    let blocks = Rc::new(RefCell::new(blocks));
    for &threads in &setting.threads {
        #[expect(clippy::cast_precision_loss, reason = "cell counts are far below 2^53")]
        let updates = (cells * threads * setting.comm.size()) as f64;
        for rows_at_once in [GROUP, 1] {
            let blocks = Rc::clone(&blocks);
            let id = works.add_short(updates, PART, move |repeats| {
                team.employ(threads);
                let mut blocks = blocks.borrow_mut();
                let parts = blocks.iter_mut().take(threads).collect();
                team.for_parts(parts, &mut || {}, |block: &mut Block<T>, _| {
                    if rows_at_once == GROUP {
                        block.advance::<GROUP>(repeats);
                    } else {
                        block.advance::<1>(repeats);
                    }
                });
            });
            let what = KernelRate {
                precision,
                coefficients,
                cache,
                working_set,
                rows_at_once,
                threads,
                rate: 0.0,
            };
            ids.push(Ids { what, id });
        }
    }
}

/// A block of cells, its surroundings and its coefficients.
pub struct Block<T> {
    rows: usize,
    u: Sheet<T>,
    next: Sheet<T>,
    /// Weights of the faces across x and across y, and reciprocal heat capacities.
    per_cell: Option<[Sheet<T>; 3]>,
}

impl<T: Real> Block<T> {
    /// A block whose working set is `room` bytes at most, if that is room for three rows of a few
    /// vectors.
    #[must_use]
    pub fn new(coefficients: Coefficients, room: usize) -> Self {
        // Rows of values that a number of rows of cells takes.
        let [each, around] = [2 + coefficients.per_cell(), Self::around(coefficients)];
        let line = LINE / size_of::<T>();
        let room = room / size_of::<T>();
        let columns = (room / (each * GROUP + around))
            .saturating_sub(line)
            .min(ROW / size_of::<T>());
        let columns = (columns / line * line).max(line);
        let rows = (room / (columns + line)).saturating_sub(around) / each;
        let rows = (rows / GROUP * GROUP).max(GROUP);
        let sheet = |value| Sheet::new(columns, rows + 2, T::from_f64(value));
        Self {
            rows,
            u: sheet(300.0),
            next: sheet(300.0),
            per_cell: match coefficients {
                Coefficients::Constant => None,
                Coefficients::PerCell => Some([sheet(1.0), sheet(1.0), sheet(1.0)]),
            },
        }
    }

    /// Rows of values beyond those of each row of cells: the temperatures below and above, and the
    /// weights of the faces above.
    fn around(coefficients: Coefficients) -> usize {
        2 + usize::from(coefficients == Coefficients::PerCell)
    }

    /// How many cells a step updates.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.u.columns * self.rows
    }

    /// Bytes that steps read and write.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let coefficients = match self.per_cell {
            None => Coefficients::Constant,
            Some(_) => Coefficients::PerCell,
        };
        let rows = (2 + coefficients.per_cell()) * self.rows + Self::around(coefficients);
        rows * self.u.columns * size_of::<T>()
    }

    /// Takes steps, `R` rows at a time, which is 1 or 3.
    pub fn advance<const R: usize>(&mut self, steps: u32) {
        let (mut u, mut next) = (&mut self.u, &mut self.next);
        for _ in 0..steps {
            for j in (1..=self.rows).step_by(R) {
                step::<T, R>(u, next, self.per_cell.as_ref(), j);
            }
            swap(&mut u, &mut next);
        }
    }
}

/// Steps `R` rows from `j` on.
fn step<T: Real, const R: usize>(
    u: &Sheet<T>,
    next: &mut Sheet<T>,
    per_cell: Option<&[Sheet<T>; 3]>,
    j: usize,
) {
    let arch = Arch::new();
    let (n, dt) = (u.columns, T::from_f64(0.125));
    let u = Surrounded {
        south: u.row(j - 1),
        rows: from_fn(|r| u.row(j + r)),
        north: u.row(j + R),
    };
    let out = next.rows_mut::<R>(j);
    match per_cell {
        None => {
            let one = Uniform(T::from_f64(1.0));
            let coefficients = kernel::Coefficients {
                x: one,
                south: one,
                north: one,
                inverse_capacity: one,
                sources: NoSource,
            };
            StepRows {
                out,
                u,
                past: Uniform(T::ZERO),
                coefficients,
                update: Euler { dt },
            }
            .run(arch);
        }
        Some([x, y, inverse_capacity]) => {
            let faces: [&[T]; R] = from_fn(|r| &x.row(j + r)[1..]);
            let coefficients = kernel::Coefficients {
                x: faces,
                south: [&y.row(j)[1..=n]],
                north: y.rows::<R>(j + 1),
                inverse_capacity: inverse_capacity.rows::<R>(j),
                sources: NoSource,
            };
            StepRows {
                out,
                u,
                past: Uniform(T::ZERO),
                coefficients,
                update: Euler { dt },
            }
            .run(arch);
        }
    }
}

/// Rows of values with one more value at either end, which begin at cache lines.
struct Sheet<T> {
    values: Vec<T>,
    first: usize,
    stride: usize,
    columns: usize,
}

impl<T: Real> Sheet<T> {
    /// `columns` fill whole cache lines.
    fn new(columns: usize, rows: usize, value: T) -> Self {
        let line = LINE / size_of::<T>();
        let stride = stride_for::<T>(columns + line);
        let values = vec![value; 2 * line + stride * rows];
        // A line of room before the first row, for the value before it.
        let first = values.as_ptr().align_offset(LINE) + line;
        Self {
            values,
            first,
            stride,
            columns,
        }
    }

    /// A row with the values at both ends.
    fn row(&self, j: usize) -> &[T] {
        &self.values[self.first + j * self.stride - 1..][..self.columns + 2]
    }

    /// Some rows without the values at their ends.
    fn rows<const R: usize>(&self, j: usize) -> [&[T]; R] {
        from_fn(|r| &self.row(j + r)[1..=self.columns])
    }

    /// The same, to write to.
    fn rows_mut<const R: usize>(&mut self, j: usize) -> [&mut [T]; R] {
        let rows = &mut self.values[self.first + j * self.stride..];
        let mut rows = rows.chunks_mut(self.stride);
        from_fn(|_| &mut rows.next().expect("there are R of them")[..self.columns])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Real>() {
        for coefficients in Coefficients::ALL {
            for room in [21_000, 48 << 10, 512 << 10] {
                let mut block = Block::<T>::new(coefficients, room);
                let used = block.bytes();
                assert!(used <= room && 2 * used > room, "{used} of {room} bytes");
                assert!(block.rows.is_multiple_of(GROUP));
                let mut other = Block::<T>::new(coefficients, room);
                for block in [&mut block, &mut other] {
                    block.u.rows_mut::<1>(1)[0][0] = T::from_f64(400.0);
                }
                block.advance::<GROUP>(2);
                other.advance::<1>(2);
                let cell = |block: &Block<T>, i: usize| block.u.row(1)[1 + i].to_f64();
                // In two steps the heat goes two cells far.
                assert!(cell(&block, 0) < 400.0 && cell(&block, 2) > 300.0);
                assert_eq!(cell(&block, 3), 300.0);
                for j in 1..=block.rows {
                    assert_eq!(block.u.row(j), other.u.row(j));
                }
            }
        }
    }

    #[test]
    fn a_block_fills_its_room_and_steps_all_its_cells() {
        check::<f64>();
        check::<f32>();
    }
}
