//! Tiles that wait to be computed.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Some items for each of several threads. A thread that is done with its own takes over others', as
/// processors are not all as fast, nor left alone by other programs.
pub(super) struct Queue<I>(Vec<Mutex<VecDeque<I>>>);

impl<I> Queue<I> {
    /// Items of each thread, in the order in which it takes them.
    pub fn new(items: impl IntoIterator<Item = Vec<I>>) -> Self {
        Self(
            items
                .into_iter()
                .map(|items| Mutex::new(items.into()))
                .collect(),
        )
    }

    /// The next item for a thread: its first, or else the last of the thread that has the most left.
    pub fn take(&self, thread: usize) -> Option<I> {
        if let Some(item) = self.of(thread).pop_front() {
            return Some(item);
        }
        loop {
            let lengths = (0..self.0.len()).map(|other| (self.of(other).len(), other));
            let (length, other) = lengths.max()?;
            if length == 0 {
                return None;
            }
            if let Some(item) = self.of(other).pop_back() {
                return Some(item);
            }
        }
    }

    fn of(&self, thread: usize) -> MutexGuard<'_, VecDeque<I>> {
        self.0[thread]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_takes_its_own_first_and_then_the_last_of_the_fullest() {
        let queue = Queue::new([vec![1], vec![2, 3], vec![4, 5, 6]]);
        let taken = [0, 0, 1, 0, 2].map(|thread| queue.take(thread));
        assert_eq!(taken, [1, 6, 2, 5, 4].map(Some));
        assert_eq!([queue.take(0), queue.take(1)], [Some(3), None]);
    }
}
