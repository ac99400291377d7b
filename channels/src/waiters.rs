//! The one waiter list: everybody who is parked at one side of a channel, first come first. It wakes nobody itself.
//!
//! A list of nodes that live in the waiting futures, linked both ways, so that waiting allocates nothing and leaving is
//! O(1). A partner *serves* a node under the list's lock: it takes it off the list and leaves word in it, and its owner
//! sees that without the lock.
//!
//! # Why this is sound
//! A [`Node`] is in one of three places. [`APART`]: its owner alone reaches what is in it, by `Pin<&mut Node>`.
//! [`QUEUED`]: it is reached through its list only, and `&mut List` is had under the channel's lock only. [`SERVED`]: it
//! is off its list, nobody but its owner knows it, and it is as if apart. A node is linked only while it is pinned, and
//! a pinned node is dropped before its memory is used again; dropping one that is queued ends the program (a fault of
//! ours: futures leave their list when dropped). So what a list links is alive. A list compares its address before it
//! touches a node by another's hand, so that no node is reached under the wrong lock; lists stay where they are while
//! they are not empty, in an `Arc` or a `Box`.

#![allow(unsafe_code)]

use crate::choice::Choice;
use crate::hold::Hold;
use crate::prim::{AtomicU8, UnsafeCell};
use crate::trace::{Parcel, Trace};
use rendez_model::ProcessId;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;

/// Who is to be woken, and whether the wait is part of a choice.
pub(crate) enum Waking {
    /// Nobody: it was woken already, or is not waiting.
    Nobody,
    /// A task or a thread that waits for this alone.
    Plain(Waker),
    /// Guard number `.1` of a choice.
    Guard(Arc<Choice>, usize),
}

/// One party, as it waits.
pub(crate) struct Waiter<T> {
    pub(crate) slot: Slot<T>,
    pub(crate) waking: Waking,
    pub(crate) party: ProcessId,
    /// Coarse time of arrival, in milliseconds; for a receiver that was served, the position of its commit among all sends,
    /// which orders values that are handed back.
    pub(crate) at: u64,
}

/// What is handed over.
pub(crate) enum Slot<T> {
    /// Nothing: of a receiver until it is served, of a sender that was served or waits for room.
    Empty,
    /// A sender's value until it is taken, a receiver's once it was served.
    Value(T),
    /// What will keep its sender, of a receiver that waits to act first; and then of that sender. Or a value that is followed,
    /// [packed](Hold::packed): in a variant of its own it would be in the way of the others, where they are dropped.
    Hold(Arc<Hold>),
}

/// A place on a list; part of the future that waits.
pub(crate) struct Node<T> {
    place: AtomicU8,
    /// Always false: its other values tell an enum apart that has a node, which needs no word of its own for that.
    _niche: bool,
    inner: UnsafeCell<Inner<T>>,
    _pinned: PhantomPinned,
}

struct Inner<T> {
    waiter: Waiter<T>,
    previous: *const Node<T>,
    next: *const Node<T>,
    list: *const List<T>,
}

const APART: u8 = 0;
const QUEUED: u8 = 1;
const SERVED: u8 = 2;

/// A list of waiters. `head` and `tail` are both null or both not.
pub(crate) struct List<T> {
    head: *const Node<T>,
    tail: *const Node<T>,
}

// SAFETY: a node is moved only while it is apart or served, and then holds a `T`, wakers and an `Arc` that may all be
// sent; its pointers are not followed.
unsafe impl<T: Send> Send for Node<T> {}
// SAFETY: by `&Node` one can read `place`, which is atomic, and nothing else.
unsafe impl<T: Send> Sync for Node<T> {}
// SAFETY: a list reaches into its nodes by `&mut self` or `&self` under the channel's lock, whatever thread holds it; what
// it finds there may be sent.
unsafe impl<T: Send> Send for List<T> {}

impl<T> Node<T> {
    /// A place for one that brings a value; without, for a receiver, or a sender that waits for room.
    pub(crate) fn new(slot: Option<T>) -> Self {
        Self::of(Waiter { slot: Slot::of(slot), waking: Waking::Nobody, party: ProcessId(0), at: 0 })
    }

    /// A place for one of whom all is known.
    #[inline(always)]
    pub(crate) fn of(waiter: Waiter<T>) -> Self {
        let inner = Inner { waiter, previous: ptr::null(), next: ptr::null(), list: ptr::null() };
        Self { place: AtomicU8::new(APART), _niche: false, inner: UnsafeCell::new(inner), _pinned: PhantomPinned }
    }

    /// Whether it stands on a list.
    #[inline]
    pub(crate) fn is_queued(&self) -> bool {
        // Acquire: pairs with the Release of `serve`; what the partner left is seen by the owner.
        self.place.load(Ordering::Acquire) == QUEUED
    }

    /// Whether a partner has committed to it.
    #[inline]
    pub(crate) fn is_served(&self) -> bool {
        // Acquire: as in `is_queued`.
        self.place.load(Ordering::Acquire) == SERVED
    }

    /// What is in it, for its owner.
    ///
    /// # Panics
    /// When it stands on a list: its lock is needed then.
    #[inline]
    pub(crate) fn apart(self: Pin<&mut Self>) -> &mut Waiter<T> {
        assert!(!self.is_queued(), "a queued node is reached through its list");
        let inner = self.inner.with_mut(|inner| inner);
        // SAFETY: it is not queued, so that nobody but its owner knows it, and its owner lends it to us alone.
        unsafe { &mut (*inner).waiter }
    }

    /// Served to apart: its owner has seen it.
    #[inline]
    pub(crate) fn seen(self: Pin<&mut Self>) -> &mut Waiter<T> {
        debug_assert!(self.is_served(), "only a served node has something to see");
        // Relaxed: nobody but the owner looks at a node that is off its list.
        self.place.store(APART, Ordering::Relaxed);
        self.apart()
    }
}

impl Waking {
    /// Takes the waker of who waits for this alone.
    #[inline(always)]
    fn take_plain(&mut self) -> Option<Waker> {
        let Self::Plain(waker) = self else { return None };
        let waker: *const Waker = waker;
        // SAFETY: the waker is moved out, and what is written over it without dropping it has none: it is still there once.
        // Nothing can unwind in between.
        unsafe {
            let waker = waker.read();
            ptr::from_mut(self).write(Self::Nobody);
            Some(waker)
        }
    }

    /// Wakes. Not under a lock of ours: a waker is user code.
    #[inline(always)]
    pub(crate) fn wake(self) {
        match self {
            Self::Plain(waker) => waker.wake(),
            Self::Guard(choice, _) => choice.wake(),
            Self::Nobody => {}
        }
    }
}

impl<T> Slot<T> {
    /// A value, if there is one.
    #[inline]
    pub(crate) fn of(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Self::Value)
    }

    /// Takes the value, if that is what is in it and it is not followed.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<T> {
        match std::mem::replace(self, Self::Empty) {
            Self::Value(value) => Some(value),
            other => {
                *self = other;
                None
            }
        }
    }

    /// Takes the hold, if that is what is in it.
    #[inline]
    pub(crate) fn hold(&mut self) -> Option<Arc<Hold>> {
        match std::mem::replace(self, Self::Empty) {
            Self::Hold(hold) => Some(hold),
            other => {
                *self = other;
                None
            }
        }
    }

    /// Whether there is a value in it that is not followed.
    #[inline]
    pub(crate) const fn is_value(&self) -> bool {
        matches!(self, Self::Value(_))
    }
}

impl<T: Send + 'static> Slot<T> {
    /// What is handed over: a value, packed with what it belongs to where that is followed.
    #[inline]
    pub(crate) fn with(value: &mut Option<T>, trace: &mut Option<Trace>, is_followed: bool) -> Self {
        match value.take() {
            Some(value) if is_followed => Self::Hold(Arc::new(Hold::packed(Parcel { value, trace: trace.take() }))),
            value => Self::of(value),
        }
    }

    /// Takes the value for the acting party, which has its trace from now on. No lock of ours may be held.
    #[inline]
    pub(crate) fn receive(&mut self) -> Option<T> {
        self.take().or_else(|| self.unpack().map(Parcel::received))
    }

    /// Takes the value with what it belongs to.
    pub(crate) fn take_parcel(&mut self) -> Option<Parcel<T>> {
        self.take().map(|value| Parcel { value, trace: None }).or_else(|| self.unpack())
    }

    /// Takes a value that is followed, if that is what is in it.
    #[cold]
    fn unpack(&mut self) -> Option<Parcel<T>> {
        let Self::Hold(hold) = self else { return None };
        let parcel = hold.unpack()?;
        *self = Self::Empty;
        Some(parcel)
    }

    /// Whether there is a value in it, followed or not.
    pub(crate) fn has_value(&self) -> bool {
        match self {
            Self::Empty => false,
            Self::Value(_) => true,
            Self::Hold(hold) => hold.is_packed(),
        }
    }
}

impl<T> Drop for Node<T> {
    fn drop(&mut self) {
        if self.is_queued() {
            // A list still links it: going on would let others write into freed memory.
            std::process::abort();
        }
    }
}

impl<T> List<T> {
    pub(crate) const fn new() -> Self {
        Self { head: ptr::null(), tail: ptr::null() }
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.head.is_null()
    }

    /// Parks a node behind all others.
    ///
    /// # Panics
    /// When it stands on a list already.
    #[inline]
    pub(crate) fn push(&mut self, node: Pin<&mut Node<T>>) {
        assert!(!node.is_queued(), "a node stands on one list");
        let node: *const Node<T> = &raw const *node;
        let (previous, list) = (self.tail, ptr::from_ref(self));
        // SAFETY: `node` was a reference a line ago, is pinned and not queued: we alone reach into it.
        unsafe {
            with(node, |inner| (inner.previous, inner.next, inner.list) = (previous, ptr::null(), list));
            // Relaxed: others find the node by the list, under its lock.
            (*node).place.store(QUEUED, Ordering::Relaxed);
        }
        if previous.is_null() {
            self.head = node;
        } else {
            // SAFETY: what the list links is alive and ours.
            unsafe { with(previous, |inner| inner.next = node) };
        }
        self.tail = node;
    }

    /// Finds the first node that `agree` accepts, has `fill` leave word in it, and takes it off the list.
    #[inline]
    pub(crate) fn serve<R>(
        &mut self,
        mut agree: impl FnMut(&mut Waiter<T>) -> Verdict,
        fill: impl FnOnce(&mut Waiter<T>) -> R,
    ) -> Option<R> {
        let mut at = self.head;
        while !at.is_null() {
            // SAFETY: what the list links is alive, and ours to reach into while we have `&mut self`.
            let (verdict, next) = unsafe { with(at, |inner| (agree(&mut inner.waiter), inner.next)) };
            match verdict {
                Verdict::Take => {
                    let mut met = Met { list: self, node: at };
                    let filled = fill(met.waiter());
                    met.serve();
                    return Some(filled);
                }
                Verdict::Skip => at = next,
                Verdict::Stop => return None,
            }
        }
        None
    }

    /// Meets the first, if it waits for this alone, not as a choice, and what it has `fits`. It is to be woken once it is served.
    #[inline(always)]
    pub(crate) fn meet_plain(&mut self, fits: impl FnOnce(&Slot<T>) -> bool) -> Option<(Met<'_, T>, Waker)> {
        let mut met = self.first()?;
        let waiter = met.waiter();
        let waker = if fits(&waiter.slot) { waiter.waking.take_plain() } else { None }?;
        Some((met, waker))
    }

    /// Meets the first for one that is not choosing, if that is a choice, free, and what it has `fits`: it is committed then.
    #[inline(always)]
    pub(crate) fn meet_choice(&mut self, fits: impl FnOnce(&Slot<T>) -> bool) -> Result<(Met<'_, T>, Waking), Unmet> {
        let is_sole = ptr::eq(self.head, self.tail);
        let mut met = self.first().ok_or(Unmet::LookCloser)?;
        let waiter = met.waiter();
        let Waking::Guard(choice, guard) = &waiter.waking else { return Err(Unmet::LookCloser) };
        if !fits(&waiter.slot) {
            return Err(Unmet::LookCloser);
        }
        if choice.commit_free(*guard) {
            let waking = std::mem::replace(&mut waiter.waking, Waking::Nobody);
            return Ok((met, waking));
        }
        // Of a choice for one use nothing is to be noted when it cannot be had.
        Err(if is_sole && !choice.is_reusable() { Unmet::Nobody } else { Unmet::LookCloser })
    }

    #[inline(always)]
    fn first(&mut self) -> Option<Met<'_, T>> {
        let node = self.head;
        if node.is_null() { None } else { Some(Met { list: self, node }) }
    }

    /// What is in a node that stands on this list; none when it does not any more.
    ///
    /// # Panics
    /// When it stands on another.
    #[inline]
    pub(crate) fn get(&mut self, node: Pin<&mut Node<T>>) -> Option<&mut Waiter<T>> {
        if !node.is_queued() {
            return None;
        }
        let inner = node.inner.with_mut(|inner| inner);
        // SAFETY: its owner lends it, and it is linked: by this list, as the comparison shows, for which we have
        // `&mut self`; or by another, and then nothing but `list`, which is written before it is linked, is read.
        unsafe {
            assert!(ptr::eq((*inner).list, self), "a node is reached through its own list");
            Some(&mut (*inner).waiter)
        }
    }

    /// Takes a node off the list, if it still stands there; it is apart then, or served as it was.
    ///
    /// # Panics
    /// When it stands on another list.
    #[inline]
    pub(crate) fn leave(&mut self, mut node: Pin<&mut Node<T>>) {
        if self.get(node.as_mut()).is_none() {
            return;
        }
        self.unlink(&raw const *node);
        // Relaxed: nobody but the owner looks at a node that is off its list.
        node.place.store(APART, Ordering::Relaxed);
    }

    /// Visits all who are queued, in order of arrival.
    pub(crate) fn each(&mut self, mut visit: impl FnMut(&mut Waiter<T>)) {
        let mut at = self.head;
        while !at.is_null() {
            // SAFETY: what the list links is alive, and ours to reach into while we have `&mut self`.
            at = unsafe {
                with(at, |inner| {
                    visit(&mut inner.waiter);
                    inner.next
                })
            };
        }
    }

    #[inline]
    fn unlink(&mut self, node: *const Node<T>) {
        // SAFETY: the caller has it from this list; its neighbours are linked by it, too.
        let (previous, next) = unsafe { with(node, |inner| (inner.previous, inner.next)) };
        if previous.is_null() {
            self.head = next;
        } else {
            // SAFETY: as above.
            unsafe { with(previous, |inner| inner.next = next) };
        }
        if next.is_null() {
            self.tail = previous;
        } else {
            // SAFETY: as above.
            unsafe { with(next, |inner| inner.previous = previous) };
        }
    }
}

/// Reaches into a node.
///
/// # Safety
/// It is alive, and nobody else reaches into it meanwhile.
#[inline(always)]
unsafe fn with<T, R>(node: *const Node<T>, act: impl FnOnce(&mut Inner<T>) -> R) -> R {
    // SAFETY: the caller sees to it.
    unsafe { (*node).inner.with_mut(|inner| act(&mut *inner)) }
}

/// One that stands on a list, and is about to be served.
#[must_use = "who is met is served"]
pub(crate) struct Met<'l, T> {
    list: &'l mut List<T>,
    node: *const Node<T>,
}

impl<T> Met<'_, T> {
    /// What is in its node.
    #[inline(always)]
    pub(crate) fn waiter(&mut self) -> &mut Waiter<T> {
        // SAFETY: what the list links is alive, and ours to reach into while we have the list; it is borrowed from us.
        unsafe { &mut (*(*self.node).inner.with_mut(|inner| inner)).waiter }
    }

    /// Takes it off the list, with what was left in its node.
    #[inline(always)]
    pub(crate) fn serve(self) {
        self.list.unlink(self.node);
        // SAFETY: as above; it is the last we do with it, since its owner may drop it from here on.
        // Release: pairs with the Acquire of `is_served`.
        unsafe { (*self.node).place.store(SERVED, Ordering::Release) };
    }
}

/// Why a choice was not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unmet {
    /// There is nobody to be had.
    Nobody,
    /// There may be.
    LookCloser,
}

/// What a search does with a waiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the partner.
    Take,
    /// Not this one; look at the next.
    Skip,
    /// The searcher itself can commit no more.
    Stop,
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::pin::pin;

    fn values(list: &mut List<u32>) -> Vec<u32> {
        let mut seen = vec![];
        list.each(|waiter| seen.extend(if let Slot::Value(value) = waiter.slot { Some(value) } else { None }));
        seen
    }

    fn serve(list: &mut List<u32>, wanted: u32) -> Option<u32> {
        let wants = |w: &mut Waiter<u32>| {
            if matches!(w.slot, Slot::Value(value) if value == wanted) { Verdict::Take } else { Verdict::Skip }
        };
        list.serve(wants, |waiter| waiter.slot.take().unwrap())
    }

    #[test]
    fn keeps_the_order_of_arrival_when_somebody_leaves() {
        let mut list = List::new();
        let (mut a, mut b) = (pin!(Node::new(Some(0))), pin!(Node::new(Some(1))));
        let (mut c, mut d) = (pin!(Node::new(Some(2))), pin!(Node::new(Some(3))));
        for node in [&mut a, &mut b, &mut c, &mut d] {
            list.push(node.as_mut());
        }
        for (node, left) in [(b, vec![0, 2, 3]), (a, vec![2, 3]), (d, vec![2]), (c, vec![])] {
            list.leave(node);
            assert_eq!(values(&mut list), left);
        }
        assert!(list.is_empty());
    }

    #[test]
    fn a_served_node_is_off_the_list_and_its_owners() {
        let mut list = List::new();
        let (mut a, mut b) = (pin!(Node::new(Some(1))), pin!(Node::new(Some(2))));
        list.push(a.as_mut());
        list.push(b.as_mut());
        assert_eq!(serve(&mut list, 2), Some(2));
        assert_eq!(values(&mut list), [1]);
        assert!(b.is_served() && !a.is_served());
        assert!(!b.as_mut().seen().slot.is_value());
        list.leave(b);
        list.leave(a);
        assert!(list.is_empty());
    }

    #[test]
    fn a_node_stands_again_where_it_stood() {
        let mut list = List::new();
        let mut node = pin!(Node::new(Some(7)));
        for _ in 0..3 {
            list.push(node.as_mut());
            assert_eq!(serve(&mut list, 7), Some(7));
            node.as_mut().seen().slot = Slot::Value(7);
        }
    }

    #[test]
    fn a_node_is_not_reached_through_another_list() {
        let (mut here, mut there) = (List::new(), List::new());
        let (mut first, mut node) = (pin!(Node::new(Some(1))), pin!(Node::new(Some(2))));
        here.push(first.as_mut());
        here.push(node.as_mut());
        let reached = catch_unwind(AssertUnwindSafe(|| there.get(node.as_mut()).is_some()));
        here.leave(first);
        here.leave(node);
        assert!(reached.is_err(), "it stands on another list");
    }
}
