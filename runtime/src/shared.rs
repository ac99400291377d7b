//! Shared: a value under a lock, which who explores hears of: in which order parties come to it matters. It parks nobody for long.

use rendez_channels::lock::{Held, Lock};

/// A value that several parties reach, one at a time. No user code runs under its lock, so that a panic cannot leave it half-changed.
#[derive(Default)]
pub(crate) struct Shared<T>(Lock<T>);

impl<T> Shared<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(Lock::new(value))
    }

    #[inline]
    pub(crate) fn lock(&self) -> Held<'_, T> {
        self.0.lock()
    }

    /// For what is the same whoever comes first.
    #[inline]
    pub(crate) fn lock_unseen(&self) -> Held<'_, T> {
        self.0.lock_unseen()
    }

    /// Reaches it where nobody else can.
    #[inline]
    pub(crate) const fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }

    /// Tells who explores, of what lies beside the lock.
    #[inline]
    pub(crate) fn touched(&self) {
        self.0.touched();
    }
}
