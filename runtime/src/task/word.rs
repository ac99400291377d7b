//! The word of a process: whether somebody has its turn, whether it was woken meanwhile, whether it has ended, and how many wakers of
//! it there are. Atomics alone; what memory each change gives to whom is in `task`.
//!
//! ```text
//!                wake                         wake
//!   (asleep) ------------> AWAKE, a turn -------------> AWAKE|WOKEN, the same turn
//!       ^                   |  |    ^                     |
//!       +------ rest -------+  |    +--- begin, or rest --+
//!                              +-- end --> DONE, for good
//! ```
//! A turn is the right to run the process. There is one at most: it comes into being with the process, or with the wake that finds it
//! asleep, and is given up with `rest` or `end`. A wake during a turn leaves a mark, for which the process is run once more; if the
//! run has not begun, it is the one. So a run that nobody disturbs changes the word once, as it rests.
//!
//! The rest of the word counts the wakers that exist, wherever they are kept: a process whose wakers are not all in waiter lists of ours
//! has a helper that we do not know. Who runs the process counts the wakers that it makes and drops meanwhile on the side, and adds
//! them as it gives up the turn. Until then others may have used up some of them, so that the count is right while the process is
//! asleep or has ended, and can be too low, below zero too, during a turn.

#[cfg(loom)]
use loom::sync::atomic::{AtomicUsize, Ordering};
use std::process::abort;
#[cfg(not(loom))]
use std::sync::atomic::{AtomicUsize, Ordering};

const AWAKE: usize = 1;
const WOKEN: usize = 2;
const DONE: usize = 4;
/// Somebody has come for the outcome, or nobody ever will.
const TAKEN: usize = 8;
const WAKER: usize = 1 << WAKERS;
/// Where the number of wakers begins.
const WAKERS: u32 = 4;
/// From this on there are too many wakers: half of what the word can count.
const TOO_MANY: isize = isize::MAX / 2;
/// How many may be made on the side, which do not make the word overflow.
pub(super) const MADE_MAX: isize = (isize::MAX >> WAKERS) / 4;

/// The word.
#[derive(Debug)]
pub(super) struct Word(AtomicUsize);

/// What a waker that was used up has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woke {
    /// The process was asleep: its turn is the caller's.
    Turn,
    /// It is awake, or has ended.
    Awake,
    /// It has ended, and there is no waker any more.
    Gone,
}

/// What a process has left behind as it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// There are wakers.
    pub(super) wakers: bool,
    /// Somebody has come for the outcome in vain.
    pub(super) outcome_is_unwanted: bool,
}

impl Word {
    /// Of a process whose first turn is with whoever makes it.
    pub(super) fn new() -> Self {
        Self(AtomicUsize::new(AWAKE))
    }

    /// Whether it is asleep, and how many wakers of it exist then, at the same instant.
    pub(super) fn sleep(&self) -> (bool, usize) {
        // Acquire: pairs with the Release of `rest`; who sees it asleep sees what it did before.
        let word = self.0.load(Ordering::Acquire);
        (is_asleep(word), usize::try_from(count(word)).unwrap_or(0))
    }

    /// Marks it as woken; true when it was asleep, and its turn is the caller's.
    #[inline]
    pub(super) fn wake(&self) -> bool {
        is_asleep(self.change(woken))
    }

    /// The same by a waker that is used up by it.
    #[inline]
    pub(super) fn wake_and_drop(&self) -> Woke {
        let before = self.change(|word| woken(word).wrapping_sub(WAKER));
        match before {
            asleep if is_asleep(asleep) => Woke::Turn,
            last if is_last(last) => Woke::Gone,
            _ => Woke::Awake,
        }
    }

    /// A change that others see, and that sees theirs; what was before it.
    #[inline(always)]
    fn change(&self, to: impl Fn(usize) -> usize) -> usize {
        // Relaxed: the exchange below fails where this is not what it was.
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            // Release: a wake pairs with the Acquire of `begin` and `rest`, also where it finds the mark set; `rest` with that of the next
            // wake. Acquire: the other way round.
            match self.0.compare_exchange_weak(word, to(word), Ordering::AcqRel, Ordering::Relaxed) {
                Ok(before) => return before,
                Err(now) => word = now,
            }
        }
    }

    /// Who has the turn begins to run the process: wakes until now are seen.
    #[inline]
    pub(super) fn begin(&self) {
        // Relaxed: what the wake that the turn came from tells came with the turn, and of others the exchange below sees it.
        let word = self.0.load(Ordering::Relaxed);
        debug_assert!(word & AWAKE != 0, "who runs a process has its turn");
        if word & WOKEN != 0 {
            // Acquire: pairs with the Release of the wakes since.
            self.0.fetch_and(!WOKEN, Ordering::Acquire);
        }
    }

    /// The turn is over, in which so many wakers were made; false when the process was woken meanwhile, and the turn goes on.
    #[inline]
    pub(super) fn rest(&self, made: isize) -> bool {
        let before = self.change(|word| {
            let mark = if word & WOKEN == 0 { AWAKE } else { WOKEN };
            add(word, made) - mark
        });
        before & WOKEN == 0
    }

    /// Whether there may be wakers; false is certain. For who has the turn, in which so many were made.
    pub(super) fn may_have_wakers(&self, made: isize) -> bool {
        // Relaxed: where there is no waker none comes any more. They are made of wakers, and by the body, which does not run now.
        count(self.0.load(Ordering::Relaxed)) + made > 0
    }

    /// The process has ended in its turn, in which so many wakers were made.
    pub(super) fn end(&self, made: isize) -> Left {
        // Release: pairs with the Acquire of `take`, and of the last waker. Acquire: with the Release of who set TAKEN.
        let before = self.change(|word| add(word, made) + DONE - AWAKE);
        Left { wakers: count(before) + made > 0, outcome_is_unwanted: before & TAKEN != 0 }
    }

    /// Whether the outcome is the caller's. If not, nobody comes for it any more.
    pub(super) fn take(&self) -> bool {
        // Relaxed: who finds it set has nothing to take.
        if self.0.load(Ordering::Relaxed) & TAKEN != 0 {
            return false;
        }
        // Acquire: pairs with the Release of `end`. Release: with its Acquire.
        self.0.fetch_or(TAKEN, Ordering::AcqRel) & (DONE | TAKEN) == DONE
    }

    /// A waker was made of another.
    pub(super) fn waker_made(&self) {
        // Relaxed: who makes a new one has one.
        check(self.0.fetch_add(WAKER, Ordering::Relaxed));
    }

    /// A waker was dropped; whether that was the last of a process that has ended.
    pub(super) fn waker_dropped(&self) -> bool {
        // Release: others may free it. Acquire: pairs with that of the others, if the caller does.
        is_last(self.0.fetch_sub(WAKER, Ordering::AcqRel))
    }
}

/// The number of wakers in a word.
const fn count(word: usize) -> isize {
    // Rounded down: the marks below are no part of it.
    word.cast_signed() >> WAKERS
}

/// A word with so many wakers more.
#[inline]
fn add(word: usize, made: isize) -> usize {
    check(word);
    word.wrapping_add(made.cast_unsigned().wrapping_mul(WAKER))
}

/// A word after a wake.
const fn woken(word: usize) -> usize {
    match word & (AWAKE | DONE) {
        0 => word | AWAKE,
        AWAKE => word | WOKEN,
        _ => word,
    }
}

const fn is_asleep(word: usize) -> bool {
    word & (AWAKE | DONE) == 0
}

/// Whether a word is that of an ended process with one waker.
const fn is_last(word: usize) -> bool {
    word & DONE != 0 && count(word) == 1
}

/// Going on would overflow into another's count: somebody forgets wakers in a loop.
#[inline]
fn check(word: usize) {
    if word.cast_signed() >= TOO_MANY {
        too_many();
    }
}

#[cold]
pub(super) fn too_many() -> ! {
    abort()
}
