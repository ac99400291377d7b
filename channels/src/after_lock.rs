//! After: what is to be done once a channel's lock is released: wake, and drop. It decides nothing.

use crate::waiters::{List, Waking};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::task::Waker;

/// Whom to wake, and what to drop, when it is dropped. It is made before the lock is taken, so that the lock is free by then.
pub(crate) struct After<T> {
    first: Waking,
    /// Boxed, so that a common one is little to look after.
    #[expect(clippy::box_collection, reason = "a `Vec` is three words to write and one call to drop, each time")]
    more: Option<Box<Vec<Waking>>>,
    /// A value that made room for another.
    pub(crate) discarded: Option<T>,
}

impl<T> After<T> {
    pub(crate) const fn new() -> Self {
        Self { first: Waking::Nobody, more: None, discarded: None }
    }

    pub(crate) fn wake(&mut self, waking: Waking) {
        match self.first {
            Waking::Nobody => self.first = waking,
            _ => self.more.get_or_insert_default().push(waking),
        }
    }

    /// Has everybody on a list look again; they stay there.
    pub(crate) fn ring<U>(&mut self, list: &mut List<U>) {
        list.each(|waiter| match &waiter.waking {
            Waking::Guard(choice, guard) => {
                choice.mark(*guard);
                self.wake(Waking::Guard(Arc::clone(choice), *guard));
            }
            Waking::Plain(_) => self.wake(std::mem::replace(&mut waiter.waking, Waking::Nobody)),
            Waking::Nobody => {}
        });
    }
}

impl<T> Drop for After<T> {
    #[inline]
    fn drop(&mut self) {
        if matches!(self.first, Waking::Nobody) {
            return;
        }
        let first = std::mem::replace(&mut self.first, Waking::Nobody);
        match self.more.take() {
            None => wake(first),
            Some(more) => wake_all(std::iter::once(first).chain(*more)),
        }
    }
}

/// Wakes, the others too when one of the wakers panics.
fn wake_all(wakings: impl Iterator<Item = Waking>) {
    let mut panic = None;
    for waking in wakings {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| wake(waking))) {
            panic.get_or_insert(payload);
        }
    }
    if let Some(payload) = panic
        && !std::thread::panicking()
    {
        resume_unwind(payload);
    }
}

fn wake(waking: Waking) {
    match waking {
        Waking::Plain(waker) => Waker::wake(waker),
        Waking::Guard(choice, _) => choice.wake(),
        Waking::Nobody => {}
    }
}
