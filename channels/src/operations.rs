//! The operations on ends as futures, which are guards too: send, send from a slot, receive, next, closed.
//!
//! A future stands on its channel's list while it is pending and leaves it when dropped.

use crate::choice::Choice;
use crate::core::{Core, Resumed};
use crate::guard::{Attempt, Guard, Seat};
use crate::waiters::{Key, Waking};
use crate::{Ended, Receiver, SendError, Sender};
use std::future::Future;
use std::marker;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// A send under way; see [`Sender::send`].
#[must_use = "a send does nothing unless it is awaited or is a guard"]
pub struct Send<'a, T: marker::Send + 'static> {
    offer: Offer<'a, T>,
    value: Option<T>,
}

/// A send from a slot under way; see [`Sender::send_from`].
#[must_use = "a send does nothing unless it is awaited or is a guard"]
pub struct SendFrom<'a, T: marker::Send + 'static> {
    offer: Offer<'a, T>,
    slot: &'a mut Option<T>,
}

/// A receive under way; see [`Receiver::recv`].
#[must_use = "a receive does nothing unless it is awaited or is a guard"]
pub struct Recv<'a, T: marker::Send + 'static> {
    end: &'a Receiver<T>,
    key: Option<Key>,
    outcome: Option<Result<T, Ended>>,
}

/// A receive that takes the channel's retirement as an answer; see [`Receiver::next`].
#[must_use = "a receive does nothing unless it is awaited or is a guard"]
pub struct Next<'a, T: marker::Send + 'static> {
    recv: Recv<'a, T>,
}

/// A wait for the channel's end; see [`Sender::closed`].
#[must_use = "a wait does nothing unless it is awaited or is a guard"]
pub struct Closed<'a, T: marker::Send + 'static> {
    end: &'a Sender<T>,
    key: Option<Key>,
    outcome: Option<Ended>,
}

/// What both sends have in common: all but the place of the value.
struct Offer<'a, T: marker::Send + 'static> {
    end: &'a Sender<T>,
    key: Option<Key>,
    outcome: Option<Result<(), Ended>>,
}

impl<'a, T: marker::Send + 'static> Send<'a, T> {
    pub(crate) const fn new(end: &'a Sender<T>, value: T) -> Self {
        Self { offer: Offer::new(end), value: Some(value) }
    }
}

impl<'a, T: marker::Send + 'static> SendFrom<'a, T> {
    pub(crate) const fn new(end: &'a Sender<T>, slot: &'a mut Option<T>) -> Self {
        Self { offer: Offer::new(end), slot }
    }
}

impl<'a, T: marker::Send + 'static> Offer<'a, T> {
    const fn new(end: &'a Sender<T>) -> Self {
        Self { end, key: None, outcome: None }
    }

    fn core(&self) -> &'a Arc<Core<T>> {
        self.end.core()
    }

    fn poll(&mut self, value: &mut Option<T>, cx: &mut Context<'_>) -> Poll<Result<(), Ended>> {
        if self.key.is_some() {
            return match self.core().resume_send(&mut self.key, value, cx.waker()) {
                Resumed::Parked => Poll::Pending,
                Resumed::Served(()) => Poll::Ready(Ok(())),
                Resumed::Ended(()) => Poll::Ready(Err(self.core().send_over().unwrap_or(Ended::Cancelled))),
            };
        }
        if value.is_none() {
            return Poll::Ready(Ok(()));
        }
        if let Ok(outcome) = self.core().offer(value, None) {
            return Poll::Ready(outcome);
        }
        self.end.note_holder();
        match self.core().offer_or_park(value, None, Waking::Plain(cx.waker().clone())) {
            Ok(outcome) => Poll::Ready(outcome),
            Err(key) => {
                self.key = Some(key);
                Poll::Pending
            }
        }
    }

    fn attempt(&mut self, value: &mut Option<T>, seat: Seat<'_>) -> bool {
        if seat.is_none() {
            // It may have been polled before it became a guard; then it may even be done.
            self.leave(value);
            if self.outcome.is_some() {
                return true;
            }
        }
        let outcome = match &self.key {
            Some(key) => self.core().reoffer(key, seat),
            None if value.is_none() => Ok(Ok(())),
            None => self.core().offer(value, seat),
        };
        self.outcome = outcome.ok();
        self.outcome.is_some()
    }

    fn enlist(&mut self, value: &mut Option<T>, choice: &Arc<Choice>, number: usize) -> bool {
        self.end.note_holder();
        let waking = Waking::Guard(Arc::clone(choice), number);
        match self.core().offer_or_park(value, Some((choice, number)), waking) {
            Ok(outcome) => self.outcome = Some(outcome),
            Err(key) => self.key = Some(key),
        }
        self.outcome.is_some()
    }

    /// Leaves the list: committed if served, else the value is back in its place.
    fn leave(&mut self, value: &mut Option<T>) {
        let Some(key) = self.key.take() else { return };
        let (served, back) = self.core().leave_send(key);
        if served {
            self.outcome = Some(Ok(()));
        }
        if back.is_some() {
            *value = back;
        }
    }
}

impl<T: marker::Send + 'static> Future for Send<'_, T> {
    type Output = Result<(), SendError<T>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { offer, value } = &mut *self;
        let outcome = ready!(offer.poll(value, cx));
        Poll::Ready(with_value(outcome, value))
    }
}

impl<T: marker::Send + 'static> Future for SendFrom<'_, T> {
    type Output = Result<(), Ended>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { offer, slot } = &mut *self;
        offer.poll(slot, cx)
    }
}

impl<T: marker::Send + 'static> Recv<'_, T> {
    pub(crate) const fn new(end: &Receiver<T>) -> Recv<'_, T> {
        Recv { end, key: None, outcome: None }
    }
}

impl<T: marker::Send + 'static> Next<'_, T> {
    pub(crate) const fn new(end: &Receiver<T>) -> Next<'_, T> {
        Next { recv: Recv::new(end) }
    }
}

impl<T: marker::Send + 'static> Closed<'_, T> {
    pub(crate) const fn new(end: &Sender<T>) -> Closed<'_, T> {
        Closed { end, key: None, outcome: None }
    }
}

impl<T: marker::Send + 'static> Future for Recv<'_, T> {
    type Output = Result<T, Ended>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let core = self.end.core();
        if self.key.is_some() {
            return match core.resume_receive(&mut self.key, cx.waker()) {
                Resumed::Parked => Poll::Pending,
                Resumed::Served(Some(value)) => Poll::Ready(Ok(value)),
                // The channel ended while it stood there; `take` finds out how.
                Resumed::Served(None) | Resumed::Ended(_) => match core.take(None) {
                    Ok(outcome) => Poll::Ready(outcome),
                    Err(_) => self.poll(cx),
                },
            };
        }
        if let Ok(outcome) = core.take(None) {
            return Poll::Ready(outcome);
        }
        self.end.note_holder();
        match core.take_or_park(None, Waking::Plain(cx.waker().clone())) {
            Ok(outcome) => Poll::Ready(outcome),
            Err(key) => {
                self.key = Some(key);
                Poll::Pending
            }
        }
    }
}

impl<T: marker::Send + 'static> Future for Next<'_, T> {
    type Output = Result<Option<T>, Ended>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.recv).poll(cx).map(retired_is_none)
    }
}

impl<T: marker::Send + 'static> Future for Closed<'_, T> {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        let core = self.end.core();
        if self.key.is_none() {
            self.key = core.watch(Waking::Plain(cx.waker().clone()));
            if self.key.is_some() {
                return Poll::Pending;
            }
        } else if !core.resume_watch(&mut self.key, cx.waker()) {
            return Poll::Pending;
        }
        Poll::Ready(core.send_over().expect("sending, once over, stays over"))
    }
}

impl<T: marker::Send + 'static> Attempt for Send<'_, T> {
    fn attempt(&mut self, _: &mut Context<'_>, seat: Seat<'_>) -> bool {
        self.offer.attempt(&mut self.value, seat)
    }
    fn enlist(&mut self, _: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> bool {
        self.offer.enlist(&mut self.value, choice, number)
    }
    fn collect(&mut self) {
        self.offer.leave(&mut self.value);
    }
    fn leave(&mut self) {
        self.offer.leave(&mut self.value);
    }
    fn stamp(&self) -> u64 {
        self.offer.end.stamp()
    }
    fn set_stamp(&self, stamp: u64) {
        self.offer.end.set_stamp(stamp);
    }
}

impl<T: marker::Send + 'static> Attempt for SendFrom<'_, T> {
    fn attempt(&mut self, _: &mut Context<'_>, seat: Seat<'_>) -> bool {
        self.offer.attempt(self.slot, seat)
    }
    fn enlist(&mut self, _: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> bool {
        self.offer.enlist(self.slot, choice, number)
    }
    fn collect(&mut self) {
        self.offer.leave(self.slot);
    }
    fn leave(&mut self) {
        self.offer.leave(self.slot);
    }
    fn stamp(&self) -> u64 {
        self.offer.end.stamp()
    }
    fn set_stamp(&self, stamp: u64) {
        self.offer.end.set_stamp(stamp);
    }
}

impl<T: marker::Send + 'static> Attempt for Recv<'_, T> {
    fn attempt(&mut self, _: &mut Context<'_>, seat: Seat<'_>) -> bool {
        if seat.is_none() {
            // It may have been polled before it became a guard; then it may even have its value.
            self.collect();
            if self.outcome.is_some() {
                return true;
            }
        }
        self.outcome = self.end.core().take(seat).ok();
        self.outcome.is_some()
    }
    fn enlist(&mut self, _: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> bool {
        self.end.note_holder();
        let waking = Waking::Guard(Arc::clone(choice), number);
        match self.end.core().take_or_park(Some((choice, number)), waking) {
            Ok(outcome) => self.outcome = Some(outcome),
            Err(key) => self.key = Some(key),
        }
        self.outcome.is_some()
    }
    fn collect(&mut self) {
        let Some(key) = self.key.take() else { return };
        if let Some(value) = self.end.core().collect_receive(key) {
            self.outcome = Some(Ok(value));
        }
    }
    fn leave(&mut self) {
        if let Some(key) = self.key.take() {
            self.end.core().abandon_receive(key);
        }
    }
    fn stamp(&self) -> u64 {
        self.end.stamp()
    }
    fn set_stamp(&self, stamp: u64) {
        self.end.set_stamp(stamp);
    }
}

impl<T: marker::Send + 'static> Attempt for Next<'_, T> {
    fn attempt(&mut self, cx: &mut Context<'_>, seat: Seat<'_>) -> bool {
        self.recv.attempt(cx, seat)
    }
    fn enlist(&mut self, cx: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> bool {
        self.recv.enlist(cx, choice, number)
    }
    fn collect(&mut self) {
        self.recv.collect();
    }
    fn leave(&mut self) {
        self.recv.leave();
    }
    fn stamp(&self) -> u64 {
        self.recv.stamp()
    }
    fn set_stamp(&self, stamp: u64) {
        self.recv.set_stamp(stamp);
    }
}

impl<T: marker::Send + 'static> Attempt for Closed<'_, T> {
    fn attempt(&mut self, _: &mut Context<'_>, seat: Seat<'_>) -> bool {
        if seat.is_none() {
            self.leave();
        }
        let Some(ended) = self.end.core().send_over() else { return false };
        if seat.is_some_and(|(choice, number)| !choice.commit_free(number)) {
            return false;
        }
        self.outcome = Some(ended);
        true
    }
    fn enlist(&mut self, cx: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> bool {
        self.key = self.end.core().watch(Waking::Guard(Arc::clone(choice), number));
        self.key.is_none() && self.attempt(cx, Some((choice, number)))
    }
    fn collect(&mut self) {
        self.leave();
    }
    fn leave(&mut self) {
        if let Some(key) = self.key.take() {
            self.end.core().leave_watch(key);
        }
    }
    fn stamp(&self) -> u64 {
        self.end.closed_stamp()
    }
    fn set_stamp(&self, stamp: u64) {
        self.end.set_closed_stamp(stamp);
    }
}

impl<T: marker::Send + 'static> Guard for Send<'_, T> {
    type Output = Result<(), SendError<T>>;

    fn output(mut self) -> Self::Output {
        let outcome = self.offer.outcome.take().expect(COMMITTED);
        with_value(outcome, &mut self.value)
    }
}

impl<T: marker::Send + 'static> Guard for SendFrom<'_, T> {
    type Output = Result<(), Ended>;

    fn output(mut self) -> Self::Output {
        self.offer.outcome.take().expect(COMMITTED)
    }
}

impl<T: marker::Send + 'static> Guard for Recv<'_, T> {
    type Output = Result<T, Ended>;

    fn output(mut self) -> Self::Output {
        self.outcome.take().expect(COMMITTED)
    }
}

impl<T: marker::Send + 'static> Guard for Next<'_, T> {
    type Output = Result<Option<T>, Ended>;

    fn output(self) -> Self::Output {
        retired_is_none(self.recv.output())
    }
}

impl<T: marker::Send + 'static> Guard for Closed<'_, T> {
    type Output = Ended;

    fn output(mut self) -> Ended {
        self.outcome.take().expect(COMMITTED)
    }
}

const COMMITTED: &str = "the choice has committed to this guard";

fn with_value<T>(outcome: Result<(), Ended>, value: &mut Option<T>) -> Result<(), SendError<T>> {
    match (outcome, value.take()) {
        (Err(cause), Some(value)) => Err(SendError { value, cause }),
        _ => Ok(()),
    }
}

fn retired_is_none<T>(outcome: Result<T, Ended>) -> Result<Option<T>, Ended> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(ended) if ended.is_retired() => Ok(None),
        Err(ended) => Err(ended),
    }
}

impl<T: marker::Send + 'static> Drop for Send<'_, T> {
    fn drop(&mut self) {
        self.offer.leave(&mut self.value);
    }
}

impl<T: marker::Send + 'static> Drop for SendFrom<'_, T> {
    fn drop(&mut self) {
        self.offer.leave(self.slot);
    }
}

impl<T: marker::Send + 'static> Drop for Recv<'_, T> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<T: marker::Send + 'static> Drop for Closed<'_, T> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<T: marker::Send + 'static> Unpin for Send<'_, T> {}
impl<T: marker::Send + 'static> Unpin for SendFrom<'_, T> {}
impl<T: marker::Send + 'static> Unpin for Recv<'_, T> {}
