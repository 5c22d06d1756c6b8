//! The threads of a rank. The only file that names `rayon`.

use std::{
    ops::Range,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{Field, Real, signed};
use crate::error::{Error, Kind};

/// How long a thread that has nothing to do stays awake. Falling asleep and being woken takes tens of
/// microseconds, as long as a step of a field in cache.
const PATIENCE: Duration = Duration::from_micros(200);

/// The main thread of a rank and its workers.
///
/// Rows of a field are dealt out in one fixed way, so that a thread meets the same rows in
/// every sweep. The main thread works too, and only it runs the closure that communicates.
pub struct Team {
    /// None for a team of one.
    workers: Option<ThreadPool>,
    /// Threads that work; only the main thread asks.
    size: AtomicUsize,
    /// Counts what they were called to, so that those who are awake see that there is more.
    calls: Arc<AtomicUsize>,
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
        // The library may have a limit of its own.
        let size = 1 + workers.as_ref().map_or(0, ThreadPool::current_num_threads);
        Ok(Self {
            workers,
            size: AtomicUsize::new(size),
            calls: Arc::default(),
        })
    }

    /// Threads that work, the main one among them.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size.load(Ordering::Relaxed)
    }

    /// Lets the first `threads` threads work from now on and the others rest: what fewer threads do
    /// is measured on the same fields. Rows belong to other threads then.
    ///
    /// # Panics
    /// If there are not so many threads.
    pub fn employ(&self, threads: usize) {
        let workers = self.workers.as_ref();
        let all = 1 + workers.map_or(0, ThreadPool::current_num_threads);
        assert!((1..=all).contains(&threads), "{threads} of {all} threads");
        self.size.store(threads, Ordering::Relaxed);
    }

    /// Runs `work` on every part, at most one for each thread, which is given what to call every so often:
    /// `meanwhile` on the calling thread.
    pub fn for_parts<P: Send>(
        &self,
        parts: Vec<P>,
        meanwhile: &mut dyn FnMut(),
        work: impl Fn(P, &mut dyn FnMut()) + Sync,
    ) {
        self.run(
            parts,
            |part| work(part, meanwhile),
            |part| work(part, &mut || {}),
        );
    }

    /// Runs `work` on every part, part k on thread k, but on the calling thread `main`.
    fn run<P: Send>(&self, parts: Vec<P>, main: impl FnOnce(P), work: impl Fn(P) + Sync) {
        debug_assert!(parts.len() <= self.size());
        let mut parts = parts.into_iter();
        let first = parts.next().expect("a team has a main thread");
        let Some(workers) = self.workers.as_ref().filter(|_| parts.len() > 0) else {
            main(first);
            return;
        };
        let slots: Vec<Mutex<Option<P>>> = parts.map(|part| Mutex::new(Some(part))).collect();
        let at_work = AtomicUsize::new(slots.len());
        let call = 1 + self.calls.fetch_add(1, Ordering::Relaxed);
        workers.in_place_scope(|scope| {
            scope.spawn_broadcast(|_, context| {
                let Some(slot) = slots.get(context.index()) else {
                    return;
                };
                let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(part) = slot.take() {
                    drop(slot);
                    work(part);
                    at_work.fetch_sub(1, Ordering::Relaxed);
                }
            });
            main(first);
            stay_awake(|| at_work.load(Ordering::Relaxed) > 0);
        });
        let calls = Arc::clone(&self.calls);
        workers.spawn_broadcast(move |_| stay_awake(|| calls.load(Ordering::Relaxed) == call));
    }

    /// The rows of thread `k` among `rows` rows.
    fn share(&self, rows: usize, k: usize) -> Range<usize> {
        rows * k / self.size()..rows * (k + 1) / self.size()
    }

    /// Calls `work(j, row j with ghosts)` for every row `j` of `rows`, each on the thread it
    /// belongs to.
    pub fn for_rows<T: Real>(
        &self,
        field: &mut Field<T>,
        rows: Range<isize>,
        work: impl Fn(isize, &mut [T]) + Sync,
    ) {
        let ghosts = signed(field.ghosts);
        let (stride, margin, width) = (field.stride, field.margin, field.width());
        let all_rows = field.cells[1] + 2 * field.ghosts;
        let mut rest = &mut field.values[field.first..];
        let parts = (0..self.size())
            .map(|k| {
                let share = self.share(all_rows, k);
                let (part, others) = std::mem::take(&mut rest).split_at_mut(share.len() * stride);
                rest = others;
                (signed(share.start) - ghosts, part)
            })
            .collect();
        let sweep = |(first, part): (isize, &mut [T])| {
            for (j, row) in (first..).zip(part.chunks_exact_mut(stride)) {
                if rows.contains(&j) {
                    work(j, &mut row[margin..][..width]);
                }
            }
        };
        self.run(parts, sweep, sweep);
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
        self.for_rows(field, rows, |j, row| {
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
        let mut results: Vec<R> = (0..self.size()).map(|_| start()).collect();
        let parts = results
            .iter_mut()
            .enumerate()
            .map(|(k, result)| (self.share(rows, k), result))
            .collect();
        let fold = |(share, result): (Range<usize>, &mut R)| share.for_each(|j| work(result, j));
        self.run(parts, fold, fold);
        results
            .into_iter()
            .reduce(merge)
            .expect("a team has a main thread")
    }
}

/// Waits while there is nothing to do, or for a while; others may have the processor.
fn stay_awake(is_idle: impl Fn() -> bool) {
    let start = Instant::now();
    while is_idle() && start.elapsed() < PATIENCE {
        thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_thread_meets_the_same_rows_in_every_sweep() {
        let team = Team::new(3).unwrap();
        let mut field = Field::<f64>::new(&team, [7000, 10], 1);
        let owners = |field: &mut Field<f64>, rows: Range<isize>| {
            let owners = Mutex::new(BTreeMap::new());
            team.for_rows(field, rows, |j, _| {
                owners.lock().unwrap().insert(j, thread::current().id());
            });
            owners.into_inner().unwrap()
        };
        let all = owners(&mut field, -1..11);
        assert_eq!(all.len(), 12);
        assert_eq!(all[&-1], thread::current().id());
        let inner = owners(&mut field, 1..9);
        assert_eq!(inner.len(), 8);
        assert!(inner.iter().all(|(j, owner)| all[j] == *owner));
        for threads in [2, 1, 3] {
            team.employ(threads);
            let all = owners(&mut field, -1..11);
            let mut threads_met: Vec<_> = all.values().map(|owner| format!("{owner:?}")).collect();
            threads_met.sort();
            threads_met.dedup();
            assert_eq!((all.len(), threads_met.len()), (12, threads));
        }
    }

    #[test]
    fn each_thread_has_its_part_and_only_the_caller_does_the_rest() {
        let team = Team::new(3).unwrap();
        let caller = thread::current().id();
        let mut calls = 0;
        let mut meanwhile = || {
            assert_eq!(thread::current().id(), caller);
            calls += 1;
        };
        let owners = Mutex::new(BTreeMap::new());
        team.for_parts(vec![0, 1, 2], &mut meanwhile, |part, meanwhile| {
            owners.lock().unwrap().insert(part, thread::current().id());
            meanwhile();
        });
        assert_eq!(calls, 1);
        let owners = owners.into_inner().unwrap();
        assert_eq!(owners[&0], caller);
        assert!(owners[&1] != caller && owners[&2] != caller && owners[&1] != owners[&2]);
    }

    #[test]
    fn the_lowest_failing_row_is_the_one_named() {
        let team = Team::new(2).unwrap();
        let mut field = Field::<f64>::new(&team, [4, 9], 0);
        let result = team.try_for_rows(&mut field, 0..9, |j, _| match j {
            3 | 7 | 8 => Err(Error::input(format!("row {j}"))),
            _ => Ok(()),
        });
        assert_eq!(result.unwrap_err().message, "row 3");
    }
}
