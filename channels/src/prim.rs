//! The primitives under the crate's own synchronisation: std's, or loom's while its model checker drives. No logic.

#[cfg(not(loom))]
pub(crate) use crate::lock::{Held, Lock};
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, fence};

#[cfg(loom)]
pub(crate) use loom::sync::MutexGuard as Held;
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, fence};

/// A lock that loom drives; ours is a loop that it cannot see the end of.
#[cfg(loom)]
pub(crate) struct Lock<S>(loom::sync::Mutex<S>);

#[cfg(loom)]
impl<S> Lock<S> {
    pub(crate) fn new(state: S) -> Self {
        Self(loom::sync::Mutex::new(state))
    }

    pub(crate) fn lock(&self) -> Held<'_, S> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn lock_unseen(&self) -> Held<'_, S> {
        self.lock()
    }

    pub(crate) fn try_lock_unseen(&self) -> Option<Held<'_, S>> {
        self.0.try_lock().ok()
    }
}

#[cfg(loom)]
pub(crate) use loom::cell::UnsafeCell;

/// A cell that is reached by pointer only, as loom's is.
#[cfg(not(loom))]
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    /// A pointer to read and write by.
    pub(crate) fn with_mut<R>(&self, act: impl FnOnce(*mut T) -> R) -> R {
        act(self.0.get())
    }
}
