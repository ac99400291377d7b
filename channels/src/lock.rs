//! Lock: mutual exclusion for a short time, and for no code of a user's. It parks nobody and keeps no order.
//!
//! Taking it is one atomic exchange and giving it back a plain store, where a mutex that can park its waiters needs two
//! exchanges; a channel takes its lock once for every operation, so that this is most of what an operation costs. Who
//! meets it taken stays away for much longer than a holder needs: with each turn between two cores what is under the lock
//! goes from one cache to the other, which takes as long as some ten operations, so that it is to be worth some dozens.
//! After a few such rounds it yields, as the holder may have been taken off its core, and at last sleeps, so that a holder
//! of lower priority gets its turn.

#![allow(unsafe_code)]

use crate::steps;
use std::cell::UnsafeCell;
use std::hint::cold_path;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long the first round of spinning is, in pauses of the processor, of some 20 ns each; every further one is twice as long.
const FIRST: u32 = 64;
/// Rounds of spinning before the first yield.
const SPINS: u32 = 3;
/// Rounds of spinning and yielding before the first sleep.
const YIELDS: u32 = 32;
/// How long a sleep lasts.
const SLEEP: Duration = Duration::from_micros(50);

/// A value that is reached by one thread at a time, and beside it another that is small: it lies in the room that the lock's own byte
/// leaves before the first.
pub struct Lock<S, B = ()> {
    taken: AtomicBool,
    brief: UnsafeCell<B>,
    state: UnsafeCell<S>,
}

/// The right to reach what is in a lock; given back when dropped. It stays on its thread, as a mutex's does.
pub struct Held<'a, S, B = ()> {
    lock: &'a Lock<S, B>,
    _stays: PhantomData<*const ()>,
}

// SAFETY: by `&Lock` one gets at what is in it only through a `Held`, of which there is one at a time; so sharing the lock is
// passing that from thread to thread.
unsafe impl<S: Send, B: Send> Sync for Lock<S, B> {}

impl<S> Lock<S> {
    /// A lock that nobody has.
    #[must_use]
    pub const fn new(state: S) -> Self {
        Self::with_brief(state, ())
    }
}

impl<S, B> Lock<S, B> {
    /// The same with something small beside.
    #[must_use]
    pub const fn with_brief(state: S, brief: B) -> Self {
        Self { taken: AtomicBool::new(false), brief: UnsafeCell::new(brief), state: UnsafeCell::new(state) }
    }

    /// Takes it, and tells who explores.
    #[inline]
    pub fn lock(&self) -> Held<'_, S, B> {
        self.touched();
        self.lock_unseen()
    }

    /// Takes it, for what is the same whoever comes first.
    #[inline]
    pub fn lock_unseen(&self) -> Held<'_, S, B> {
        if !self.take() {
            self.wait();
        }
        Held { lock: self, _stays: PhantomData }
    }

    /// Reaches what is in it, where nobody else can.
    #[inline]
    pub const fn get_mut(&mut self) -> &mut S {
        self.state.get_mut()
    }

    /// Tells who explores, of what lies beside the lock.
    #[inline(always)]
    pub fn touched(&self) {
        steps::touches_at(self);
    }

    /// Takes it, if nobody has it; where nobody explores.
    #[inline(always)]
    pub(crate) fn try_lock_unseen(&self) -> Option<Held<'_, S, B>> {
        if !self.take() {
            cold_path();
            return None;
        }
        Some(Held { lock: self, _stays: PhantomData })
    }

    #[inline(always)]
    fn take(&self) -> bool {
        // Acquire: pairs with the Release of `Held::drop`.
        self.taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[cold]
    fn wait(&self) {
        let mut round = 0;
        loop {
            match round {
                0..SPINS => (0..FIRST << round).for_each(|_| std::hint::spin_loop()),
                SPINS..YIELDS => std::thread::yield_now(),
                _ => std::thread::sleep(SLEEP),
            }
            round = round.saturating_add(1);
            // Relaxed: a look, so that the cache line stays shared while it is taken.
            if !self.taken.load(Ordering::Relaxed) && self.take() {
                return;
            }
        }
    }
}

impl<S: Default> Default for Lock<S> {
    fn default() -> Self {
        Self::new(S::default())
    }
}

impl<S, B> std::fmt::Debug for Lock<S, B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lock").finish_non_exhaustive()
    }
}

impl<S, B> Drop for Lock<S, B> {
    fn drop(&mut self) {
        steps::gone(self);
    }
}

impl<S, B> Held<'_, S, B> {
    /// What is small.
    #[inline]
    #[must_use]
    pub fn brief(&self) -> &B {
        // SAFETY: as in `deref`.
        unsafe { &*self.lock.brief.get() }
    }

    /// The same, to be changed.
    #[inline]
    pub fn brief_mut(&mut self) -> &mut B {
        // SAFETY: as in `deref_mut`.
        unsafe { &mut *self.lock.brief.get() }
    }
}

impl<S, B> Deref for Held<'_, S, B> {
    type Target = S;

    #[inline]
    fn deref(&self) -> &S {
        // SAFETY: there is one `Held` at a time, from the exchange in `take` to the store in `drop`; it is borrowed.
        unsafe { &*self.lock.state.get() }
    }
}

impl<S, B> DerefMut for Held<'_, S, B> {
    #[inline]
    fn deref_mut(&mut self) -> &mut S {
        // SAFETY: as in `deref`; it is borrowed mutably.
        unsafe { &mut *self.lock.state.get() }
    }
}

impl<S, B> Drop for Held<'_, S, B> {
    #[inline]
    fn drop(&mut self) {
        // Release: pairs with the Acquire of `take`.
        self.lock.taken.store(false, Ordering::Release);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn one_thread_at_a_time_reaches_the_state() {
        const ROUNDS: u64 = if cfg!(miri) { 100 } else { 100_000 };
        let lock = Lock::new((0u64, 0u64));
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..ROUNDS {
                        let mut held = lock.lock();
                        held.0 += 1;
                        held.1 += 1;
                        assert_eq!(held.0, held.1);
                    }
                });
            }
        });
        assert_eq!(*lock.lock(), (3 * ROUNDS, 3 * ROUNDS));
    }

    #[test]
    fn who_finds_it_taken_leaves_it_so() {
        let lock = Lock::new(1);
        let held = lock.lock();
        for _ in 0..2 {
            assert!(lock.try_lock_unseen().is_none());
        }
        drop(held);
        assert!(lock.try_lock_unseen().is_some());
    }

    #[test]
    fn a_panic_gives_it_back() {
        let lock = Lock::new(1);
        let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _held = lock.lock();
            panic!("on purpose");
        }));
        assert!(unwound.is_err());
        *lock.lock() += 1;
        assert_eq!(*lock.lock(), 2);
    }
}
