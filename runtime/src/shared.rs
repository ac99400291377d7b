//! Shared: a value under a lock, which who explores hears of: in which order parties come to it matters. It parks nobody for long.

use rendez_channels::steps::{self, Touched};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A value that several parties reach, one at a time. No user code runs under its lock, so that a panic cannot leave it half-changed.
#[derive(Default)]
pub(crate) struct Shared<T>(Mutex<T>);

impl<T> Shared<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.touched();
        self.lock_unseen()
    }

    /// For what is the same whoever comes first.
    pub(crate) fn lock_unseen(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells who explores, of what lies beside the lock.
    #[inline]
    pub(crate) fn touched(&self) {
        steps::touches(|| Touched::At(std::ptr::from_ref(self).addr()));
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        steps::gone(self);
    }
}
