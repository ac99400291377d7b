//! Memory: what an end remembers from one operation to the next: of choices, so that the next one is fair, whether it had
//! to wait, and whether its work is done. It decides nothing.

use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU64, Ordering};

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
    /// Which of the last two operations had to wait, a bit each, the last one lowest.
    waits: AtomicU8,
    /// Whether its end's work is done.
    is_finished: bool,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// Of an end that was never served.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            stamp: AtomicU64::new(0),
            mixed: AtomicU16::new(0),
            served: AtomicU16::new(0),
            waits: AtomicU8::new(0),
            is_finished: false,
        }
    }

    /// Notes that its end's work is done: the end leaves no poison behind.
    pub(crate) const fn finish(&mut self) {
        self.is_finished = true;
    }

    pub(crate) const fn is_finished(&self) -> bool {
        self.is_finished
    }

    pub(crate) fn stamp(&self) -> u64 {
        self.stamp.load(Ordering::Relaxed)
    }

    /// It takes part for the first time: as if it had been served last.
    pub(crate) fn join(&self, stamp: u64) {
        self.stamp.store(stamp, Ordering::Relaxed);
    }

    /// It was served, as one of so many guards of its own.
    #[inline]
    pub(crate) fn serve(&self, stamp: u64, guards: impl FnOnce() -> usize) {
        self.stamp.store(stamp, Ordering::Relaxed);
        let served = self.served();
        let next = if served == u16::MAX { one_more(served, guards()) } else { served + 1 };
        self.served.store(next, Ordering::Relaxed);
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

    /// Whether the next operation is expected to wait, so that it gets ready for that at once: as the one before the last.
    /// Partners mostly take turns in waiting, or one of them waits each time. A wrong guess costs time only.
    #[inline]
    pub(crate) fn will_wait(&self) -> bool {
        self.waits.load(Ordering::Relaxed) & 2 != 0
    }

    /// Whether none of the last operations that count had to wait. Then there is nothing to note of one that need not wait, either.
    #[inline]
    pub(crate) fn waits_never(&self) -> bool {
        self.waits.load(Ordering::Relaxed) == 0
    }

    /// Notes whether an operation had to wait.
    #[inline]
    pub(crate) fn note_wait(&self, waits: bool) {
        let before = self.waits.load(Ordering::Relaxed);
        let after = (before << 1 | u8::from(waits)) & 3;
        if after != before {
            self.waits.store(after, Ordering::Relaxed);
        }
    }
}

/// One more than a count that tells whose turn it is of so many. When it is full it begins anew at the same place of the
/// round, so that nobody is passed over; it is never 0.
pub(crate) fn one_more(count: u16, round: usize) -> u16 {
    let round = u16::try_from(round).unwrap_or(u16::MAX).max(1);
    if count == u16::MAX { count % round + 1 } else { count + 1 }
}
