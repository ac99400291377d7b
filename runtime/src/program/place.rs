//! How many programs run at one time: a count with a limit. It knows none of them.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Programs that run at one time, in the whole of this program.
pub const PROGRAMS_MAX: usize = 256;

/// Relaxed: only the count itself counts.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// A place for one of them, free again when it is dropped.
pub(super) struct Place(());

impl Place {
    /// None when all are taken.
    pub(super) fn take() -> Option<Self> {
        let more = |taken| (taken < PROGRAMS_MAX).then_some(taken + 1);
        TAKEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().map(|_| Self(()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        TAKEN.fetch_sub(1, Ordering::Relaxed);
    }
}
