//! The threads of a rank. The only file that names `rayon`.

use std::{
    ops::Range,
    sync::{Mutex, PoisonError},
};

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{Field, Real, signed};
use crate::error::{Error, Kind};

/// Values between two calls that drive messages in flight: some 10 microseconds of work.
const VALUES_BETWEEN_CALLS: usize = 1 << 14;

/// The main thread of a rank and its workers.
///
/// Rows of a field are dealt out in one fixed way, so that a thread meets the same rows in
/// every sweep. The main thread works too, and only it runs the closure that communicates.
pub struct Team {
    /// None for a team of one.
    workers: Option<ThreadPool>,
    size: usize,
}

impl Team {
    /// A team of `size` threads, the calling one among them.
    ///
    /// # Errors
    /// If the system refuses to start a thread.
    pub fn new(size: usize) -> Result<Self, Error> {
        let workers = if size > 1 {
            let pool = ThreadPoolBuilder::new()
                .num_threads(size - 1)
                .thread_name(|worker| format!("worker-{}", worker + 1))
                .build()
                .map_err(|error| {
                    Error::new(
                        Kind::Internal,
                        format!("cannot start {size} threads: {error}"),
                    )
                })?;
            Some(pool)
        } else {
            None
        };
        Ok(Self { workers, size })
    }

    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Runs `work(k, part k)` on thread k for every part; on the main thread `main` is handed on.
    fn run<P: Send, M>(
        &self,
        parts: Vec<P>,
        main: M,
        work: impl Fn(P) + Sync,
        main_work: impl FnOnce(P, M),
    ) {
        debug_assert_eq!(parts.len(), self.size);
        let mut parts = parts.into_iter();
        let first = parts.next().expect("a team has a main thread");
        let Some(workers) = &self.workers else {
            main_work(first, main);
            return;
        };
        let slots: Vec<Mutex<Option<P>>> = parts.map(|part| Mutex::new(Some(part))).collect();
        workers.in_place_scope(|scope| {
            scope.spawn_broadcast(|_, context| {
                let mut slot = slots[context.index()]
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                if let Some(part) = slot.take() {
                    drop(slot);
                    work(part);
                }
            });
            main_work(first, main);
        });
    }

    /// The rows of thread `k` among `rows` rows.
    fn share(&self, rows: usize, k: usize) -> Range<usize> {
        rows * k / self.size..rows * (k + 1) / self.size
    }

    /// Calls `work(j, row j with ghosts)` for every row `j` of `rows`, each on the thread it
    /// belongs to. The main thread calls `meanwhile` every so often between its rows.
    pub fn for_rows<T: Real>(
        &self,
        field: &mut Field<T>,
        rows: Range<isize>,
        meanwhile: &mut dyn FnMut(),
        work: impl Fn(isize, &mut [T]) + Sync,
    ) {
        let ghosts = signed(field.ghosts);
        let stride = field.stride();
        let all_rows = field.cells[1] + 2 * field.ghosts;
        let mut rest = field.values.as_mut_slice();
        let parts = (0..self.size)
            .map(|k| {
                let share = self.share(all_rows, k);
                let (part, others) = std::mem::take(&mut rest).split_at_mut(share.len() * stride);
                rest = others;
                (signed(share.start) - ghosts, part)
            })
            .collect();
        let sweep = |(first, part): (isize, &mut [T]), after_row: &mut dyn FnMut()| {
            for (j, row) in (first..).zip(part.chunks_exact_mut(stride)) {
                if rows.contains(&j) {
                    work(j, row);
                    after_row();
                }
            }
        };
        self.run(
            parts,
            meanwhile,
            |part| sweep(part, &mut || {}),
            |part, meanwhile| {
                let mut values = 0;
                sweep(part, &mut || {
                    values += stride;
                    if values >= VALUES_BETWEEN_CALLS {
                        values = 0;
                        meanwhile();
                    }
                });
            },
        );
    }

    /// As [`Self::for_rows`], for work that can fail.
    ///
    /// # Errors
    /// That of the lowest row that failed.
    pub fn try_for_rows<T: Real>(
        &self,
        field: &mut Field<T>,
        rows: Range<isize>,
        work: impl Fn(isize, &mut [T]) -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        let lowest: Mutex<Option<(isize, Error)>> = Mutex::new(None);
        self.for_rows(field, rows, &mut || {}, |j, row| {
            if let Err(error) = work(j, row) {
                let mut lowest = lowest.lock().unwrap_or_else(PoisonError::into_inner);
                if lowest.as_ref().is_none_or(|(row, _)| j < *row) {
                    *lowest = Some((j, error));
                }
            }
        });
        match lowest.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }

    /// Folds rows `0..rows` into one value per thread and merges these. What is merged must not
    /// depend on the order: minima, counts, exact sums.
    pub fn fold_rows<R: Send>(
        &self,
        rows: usize,
        start: impl Fn() -> R + Sync,
        work: impl Fn(&mut R, usize) + Sync,
        merge: impl Fn(R, R) -> R,
    ) -> R {
        let mut results: Vec<R> = (0..self.size).map(|_| start()).collect();
        let parts = results
            .iter_mut()
            .enumerate()
            .map(|(k, result)| (self.share(rows, k), result))
            .collect();
        let fold = |(share, result): (Range<usize>, &mut R)| share.for_each(|j| work(result, j));
        self.run(parts, (), fold, |part, ()| fold(part));
        results
            .into_iter()
            .reduce(merge)
            .expect("a team has a main thread")
    }
}
