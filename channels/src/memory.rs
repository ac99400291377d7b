//! Memory: what an end remembers from one operation to the next: of choices, so that the next one is fair, and whether it
//! had to wait. It decides nothing.

use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};

/// When an end was last served by a choice, on the scale of the choices it takes part in, and two counts for the cases
/// that this alone does not decide. Relaxed throughout: choices order their guards by it and read nothing else through it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Memory {
    /// 0 is never.
    stamp: AtomicU64,
    /// How often it took part beside guards without memory.
    mixed: AtomicU16,
    /// How often it was served: its own guards take turns by it.
    served: AtomicU16,
    /// Whether the last operation had to wait: then the next is expected to, and gets ready for it at once. A guess, which
    /// costs time only.
    waited: AtomicBool,
}

impl Memory {
    pub(crate) const fn new() -> Self {
        Self {
            stamp: AtomicU64::new(0),
            mixed: AtomicU16::new(0),
            served: AtomicU16::new(0),
            waited: AtomicBool::new(false),
        }
    }

    pub(crate) fn stamp(&self) -> u64 {
        self.stamp.load(Ordering::Relaxed)
    }

    /// It takes part for the first time: as if it had been served last.
    pub(crate) fn join(&self, stamp: u64) {
        self.stamp.store(stamp, Ordering::Relaxed);
    }

    pub(crate) fn serve(&self, stamp: u64) {
        self.stamp.store(stamp, Ordering::Relaxed);
        self.served.store(self.served().wrapping_add(1), Ordering::Relaxed);
    }

    pub(crate) fn served(&self) -> u16 {
        self.served.load(Ordering::Relaxed)
    }

    pub(crate) fn mixed(&self) -> u16 {
        self.mixed.load(Ordering::Relaxed)
    }

    pub(crate) fn set_mixed(&self, count: u16) {
        self.mixed.store(count, Ordering::Relaxed);
    }

    pub(crate) fn waited(&self) -> bool {
        self.waited.load(Ordering::Relaxed)
    }

    pub(crate) fn set_waited(&self, waited: bool) {
        self.waited.store(waited, Ordering::Relaxed);
    }
}
