//! What was woken outside of its carriers: a queue that keeps its memory, so that a wake allocates nothing. Who takes from it is up to others.

use crate::task::Turn;
use crossbeam_deque::Worker;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many are taken at once.
const LOT: usize = 32;

/// The queue.
#[derive(Default)]
pub(super) struct Outside {
    /// Its length, to be asked without the lock; changed under it.
    length: AtomicUsize,
    queue: Mutex<VecDeque<Turn>>,
}

impl Outside {
    pub(super) fn is_empty(&self) -> bool {
        // SeqCst: see `Carriers::fall_asleep` and `push_outside`.
        self.length.load(Ordering::SeqCst) == 0
    }

    pub(super) fn push(&self, process: Turn) {
        let mut queue = self.lock();
        queue.push_back(process);
        self.length.store(queue.len(), Ordering::SeqCst);
    }

    pub(super) fn pop(&self) -> Option<Turn> {
        let mut queue = self.lock();
        let first = queue.pop_front();
        self.length.store(queue.len(), Ordering::SeqCst);
        first
    }

    /// Takes about half of them to the end of a carrier's queue.
    pub(super) fn move_to(&self, to: &Worker<Turn>) {
        let mut queue = self.lock();
        let some = queue.len().div_ceil(2).min(LOT);
        queue.drain(..some).for_each(|process| to.push(process));
        self.length.store(queue.len(), Ordering::SeqCst);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Turn>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
