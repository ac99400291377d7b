//! Waiting: the one future, and guard, of who waits until a state has come to something: a channel's end, a broadcast, a
//! newer value, a cancellation. No partner commits with it, so that being told to look again is all it needs.

use crate::after_lock::After;
use crate::choice::Choice;
use crate::core::park;
use crate::guard::{Attempt, COMMITTED, Guard, Progress, Seat, used_up};
use crate::memory::Memory;
use crate::prim::Held;
use crate::shell::{Body, Shell};
use crate::state::commit_alone;
use crate::steps::{self, Operation};
use crate::waiters::{List, Node, Waking};
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Where one waits: a state under its lock.
pub(crate) trait Place: Sync {
    type State: Send;
    /// Whether snapshots see who waits here.
    fn is_seen(&self) -> bool;

    fn lock(&self) -> Held<'_, Self::State>;

    /// Somebody has parked here.
    fn parked(&self, state: Held<'_, Self::State>) {
        drop(state);
    }
}

impl<S: Body> Place for Arc<Shell<S>> {
    type State = S;

    fn is_seen(&self) -> bool {
        true
    }

    fn lock(&self) -> Held<'_, S> {
        (**self).lock()
    }

    fn parked(&self, state: Held<'_, S>) {
        self.list(state);
    }
}

/// What one waits for.
pub(crate) trait Source<P: Place>: Send {
    type Output: Send;
    /// What has to be dropped once the lock is released.
    type Scrap: Send;

    /// The list that is rung when there may be something.
    fn bell(state: &mut P::State) -> &mut List<()>;

    /// Takes what is there, after the choice that asks, if one does, has committed to it.
    fn take(&mut self, state: &mut P::State, us: Seat<'_>, after: &mut After<Self::Scrap>) -> Option<Self::Output>;

    /// It is about to wait.
    fn about_to_wait(&self) {}

    /// Where it is remembered when a choice served it, if anywhere.
    fn memory(&self) -> Option<&Memory> {
        None
    }
}

/// Tries without waiting.
pub(crate) fn now<P: Place, S: Source<P>>(place: &P, source: &mut S) -> Option<S::Output> {
    let mut after = After::new();
    source.take(&mut place.lock(), None, &mut after)
}

pin_project! {
    /// A wait under way.
    #[must_use = "a wait does nothing unless it is awaited or is a guard"]
    pub(crate) struct Waiting<'a, P, S> where P: Place, S: Source<P> {
        place: &'a P,
        source: S,
        #[pin]
        node: Node<()>,
        // What a choice came to here.
        outcome: Option<S::Output>,
        // It has given its result.
        is_over: bool,
    }

    impl<P, S> PinnedDrop for Waiting<'_, P, S> where P: Place, S: Source<P> {
        fn drop(this: Pin<&mut Self>) {
            this.give_up();
        }
    }
}

impl<'a, P: Place, S: Source<P>> Waiting<'a, P, S> {
    pub(crate) fn new(place: &'a P, source: S) -> Self {
        Self { place, source, node: Node::new(None), outcome: None, is_over: false }
    }

    /// What was waited for, with what belongs to it.
    pub(crate) fn source(self: Pin<&mut Self>) -> &mut S {
        self.project().source
    }

    /// Tries; if nothing is there, `wait` says whom to wake.
    fn step(self: Pin<&mut Self>, us: Seat<'_>, wait: Option<Waking>) -> Option<S::Output> {
        let mut this = self.project();
        let mut after = After::new();
        let mut state = this.place.lock();
        let got = this.source.take(&mut state, us, &mut after);
        let list = S::bell(&mut state);
        let old = match wait {
            _ if got.is_some() => {
                list.leave(this.node.as_mut());
                wait
            }
            None => None,
            Some(waking) => match list.get(this.node.as_mut()) {
                Some(waiter) => Some(std::mem::replace(&mut waiter.waking, waking)),
                None => {
                    park(list, this.node.as_mut(), waking);
                    None
                }
            },
        };
        if this.node.is_queued() {
            this.place.parked(state);
        } else {
            drop(state);
            this.node.apart().waking = Waking::Nobody;
        }
        drop(after);
        drop(old);
        got
    }

    /// Leaves the list.
    fn give_up(self: Pin<&mut Self>) {
        let mut this = self.project();
        if this.node.is_queued() {
            S::bell(&mut this.place.lock()).leave(this.node.as_mut());
            this.node.apart().waking = Waking::Nobody;
        }
    }
}

impl<P: Place, S: Source<P>> Future for Waiting<'_, P, S> {
    type Output = S::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<S::Output> {
        if self.is_over {
            used_up();
        }
        if !self.node.is_queued() && steps::waits_its_turn(cx.waker(), || Operation::Wait) {
            return Poll::Pending;
        }
        self.source.about_to_wait();
        let waking = Waking::Plain(cx.waker().clone());
        let output = self.as_mut().project().outcome.take().or_else(|| self.as_mut().step(None, Some(waking)));
        *self.project().is_over = output.is_some();
        output.map_or(Poll::Pending, Poll::Ready)
    }
}

impl<P: Place, S: Source<P>> Attempt for Waiting<'_, P, S> {
    fn attempt(mut self: Pin<&mut Self>, _: &mut Context<'_>, seat: Seat<'_>) -> Progress {
        if self.is_over {
            used_up();
        }
        if seat.is_none() {
            // It may have been polled before it became a guard.
            self.as_mut().give_up();
        }
        if self.outcome.is_some() {
            return Progress::committed_if(commit_alone(seat).is_ok());
        }
        let got = self.as_mut().step(seat, None);
        let outcome = self.project().outcome;
        *outcome = got;
        Progress::committed_if(outcome.is_some())
    }

    fn enlist(mut self: Pin<&mut Self>, cx: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> Progress {
        if self.is_over || self.outcome.is_some() {
            return self.attempt(cx, Some((choice, number)));
        }
        if !self.place.is_seen() {
            choice.stands_unseen();
        }
        self.source.about_to_wait();
        let got = self.as_mut().step(Some((choice, number)), Some(Waking::Guard(Arc::clone(choice), number)));
        let outcome = self.project().outcome;
        *outcome = got;
        Progress::committed_if(outcome.is_some())
    }

    fn collect(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.give_up();
        Poll::Ready(())
    }

    fn leave(self: Pin<&mut Self>) {
        self.give_up();
    }

    fn memory(&self) -> Option<&Memory> {
        self.source.memory()
    }
}

impl<P: Place, S: Source<P>> Guard for Waiting<'_, P, S> {
    type Output = S::Output;

    fn output(self: Pin<&mut Self>) -> S::Output {
        let this = self.project();
        *this.is_over = true;
        this.outcome.take().expect(COMMITTED)
    }
}
