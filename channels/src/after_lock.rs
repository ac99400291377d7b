//! After: what is to be done once a channel's lock is released: wake, and drop. It decides nothing.

use crate::trace::{self, Trace};
use crate::waiters::{List, Waking};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// Whom to wake, and what to drop, when it is dropped; and what the acting party has received. It is made before the lock is taken, so that the lock is free by then.
pub(crate) struct After<T> {
    first: Waking,
    /// What is rare, so that the common case is little to look after.
    rest: Option<Box<Rest<T>>>,
}

struct Rest<T> {
    more: Vec<Waking>,
    /// A value that made room for another.
    discarded: Option<T>,
    /// Of a received value that is followed: what it belongs to, if anything.
    received: Option<Option<Trace>>,
}

impl<T> Default for Rest<T> {
    fn default() -> Self {
        Self { more: Vec::new(), discarded: None, received: None }
    }
}

impl<T> After<T> {
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Self { first: Waking::Nobody, rest: None }
    }

    #[inline(always)]
    pub(crate) fn wake(&mut self, waking: Waking) {
        match self.first {
            Waking::Nobody => self.first = waking,
            _ => self.rest().more.push(waking),
        }
    }

    /// Drops a value that made room for another.
    pub(crate) fn discard(&mut self, value: Option<T>) {
        self.rest().discarded = value;
    }

    /// The acting party has received a value that belongs to this.
    #[cold]
    pub(crate) fn received(&mut self, trace: Option<Trace>) {
        self.rest().received = Some(trace);
    }

    /// Whether it has received one before, of which it will be told.
    pub(crate) fn has_received(&self) -> bool {
        self.rest.as_ref().is_some_and(|rest| rest.received.is_some())
    }

    #[cold]
    fn rest(&mut self) -> &mut Rest<T> {
        self.rest.get_or_insert_with(Box::default)
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
    #[inline(always)]
    fn drop(&mut self) {
        let first = std::mem::replace(&mut self.first, Waking::Nobody);
        match self.rest.take() {
            None if matches!(first, Waking::Nobody) => {}
            // A second panic would end the program.
            None if !std::thread::panicking() => first.wake(),
            rest => finish(first, rest),
        }
    }
}

/// Wakes, the others too when one of the wakers panics, and drops.
#[cold]
fn finish<T>(first: Waking, rest: Option<Box<Rest<T>>>) {
    let Rest { more, discarded, received } = *rest.unwrap_or_default();
    let mut panic = None;
    if let Some(trace) = received
        && let Err(payload) = catch_unwind(AssertUnwindSafe(|| trace::received(trace)))
    {
        panic = Some(payload);
    }
    for waking in std::iter::once(first).chain(more) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waking.wake())) {
            panic.get_or_insert(payload);
        }
    }
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(discarded))) {
        panic.get_or_insert(payload);
    }
    if let Some(payload) = panic
        && !std::thread::panicking()
    {
        resume_unwind(payload);
    }
}
