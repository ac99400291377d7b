//! Receives as futures, which are guards too: of a value, of the next one if any, and with the sender held. A receive stands
//! on its channel's list while it is pending; dropped, it leaves, and hands on what it was served.

use crate::choice::Choice;
use crate::core::{Core, Resumed};
use crate::guard::{Attempt, Guard, Progress, Seat};
use crate::hold::Hold;
use crate::memory::Memory;
use crate::state::{Attempted, NotNow, Stop};
use crate::waiters::{Node, Waking};
use crate::{Ended, Extended, Receiver};
use pin_project_lite::pin_project;
use rendez_model::Side;
use std::future::Future;
use std::marker;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

pin_project! {
    /// A receive under way; see [`Receiver::recv`].
    #[must_use = "a receive does nothing unless it is awaited or is a guard"]
    pub struct Recv<'a, T> where T: marker::Send, T: 'static {
        #[pin]
        take: Take<'a, T>,
    }
}

pin_project! {
    /// A receive that takes the channel's retirement as an answer; see [`Receiver::next`].
    #[must_use = "a receive does nothing unless it is awaited or is a guard"]
    pub struct Next<'a, T> where T: marker::Send, T: 'static {
        #[pin]
        take: Take<'a, T>,
    }
}

pin_project! {
    /// A receive that keeps its sender until it is done; see [`Receiver::recv_extended`].
    #[must_use = "a receive does nothing unless it is awaited or is a guard"]
    pub struct RecvExtended<'a, T> where T: marker::Send, T: 'static {
        #[pin]
        take: Take<'a, T>,
    }
}

pin_project! {
    /// What all receives have in common: all but the form of the answer.
    struct Take<'a, T> where T: marker::Send, T: 'static {
        end: &'a Receiver<T>,
        // There while it is parked.
        #[pin]
        node: Option<Node<T>>,
        hold: Option<Arc<Hold>>,
        // What a choice came to here.
        outcome: Option<Result<T, Stop>>,
    }

    impl<T> PinnedDrop for Take<'_, T> where T: marker::Send, T: 'static {
        #[inline]
        fn drop(this: Pin<&mut Self>) {
            this.leave();
        }
    }
}

impl<'a, T: marker::Send + 'static> Recv<'a, T> {
    #[inline]
    pub(crate) const fn new(end: &'a Receiver<T>) -> Self {
        Self { take: Take::new(end, None) }
    }
}

impl<'a, T: marker::Send + 'static> Next<'a, T> {
    #[inline]
    pub(crate) const fn new(end: &'a Receiver<T>) -> Self {
        Self { take: Take::new(end, None) }
    }
}

impl<'a, T: marker::Send + 'static> RecvExtended<'a, T> {
    pub(crate) fn new(end: &'a Receiver<T>) -> Self {
        Self { take: Take::new(end, Some(Arc::new(Hold::new()))) }
    }
}

impl<'a, T: marker::Send + 'static> Take<'a, T> {
    #[inline]
    const fn new(end: &'a Receiver<T>, hold: Option<Arc<Hold>>) -> Self {
        Self { end, node: None, hold, outcome: None }
    }

    const fn core(&self) -> &'a Arc<Core<T>> {
        self.end.core()
    }

    /// Polls; a channel that is over is told how it has ended.
    #[inline]
    fn finish(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, Ended>> {
        let core = self.core();
        self.poll(cx).map_err(|stop| core.why(stop))
    }

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, Stop>> {
        let mut this = self.as_mut().project();
        if let Some(mut node) = this.node.as_mut().as_pin_mut() {
            if node.is_queued()
                && let Resumed::Parked = this.end.core().resume(Side::Receive, node.as_mut(), cx.waker())
            {
                return Poll::Pending;
            }
            let value = if node.is_served() { node.seen().slot.take() } else { None };
            this.node.set(None);
            if let Some(value) = value {
                return Poll::Ready(Ok(value));
            }
        }
        // It is the first poll, or the channel is over: how it ended, `begin` finds out.
        match self.begin(cx) {
            Ok(outcome) => Poll::Ready(outcome),
            Err(NotNow) => Poll::Pending,
        }
    }

    /// Commits or parks.
    #[inline]
    fn begin(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Attempted<T> {
        let this = self.project();
        let core = this.end.core();
        if !this.end.waited() {
            let outcome = core.take(None, this.hold.as_ref());
            if outcome.is_ok() {
                return outcome;
            }
        }
        this.end.note_holder();
        let waking = Waking::Plain(cx.waker().clone());
        let outcome = core.take_or_park(this.hold.as_ref(), this.node, None, waking);
        this.end.set_waited(outcome.is_err());
        outcome
    }

    fn attempt(mut self: Pin<&mut Self>, seat: Seat<'_>) -> Progress {
        if seat.is_none() {
            // It may have been polled before it became a guard; then it may even have its value.
            self.as_mut().pick_up();
        }
        let this = self.as_mut().project();
        if this.outcome.is_some() {
            return Progress::Committed;
        }
        let tried = this.end.core().take(seat, this.hold.as_ref());
        self.note(tried)
    }

    fn enlist(mut self: Pin<&mut Self>, choice: &Arc<Choice>, number: usize) -> Progress {
        let this = self.as_mut().project();
        this.end.note_holder();
        let waking = Waking::Guard(Arc::clone(choice), number);
        let tried = this.end.core().take_or_park(this.hold.as_ref(), this.node, Some((choice, number)), waking);
        self.note(tried)
    }

    /// Keeps what an attempt of a choice came to. One that has its value stands on no list any more.
    fn note(mut self: Pin<&mut Self>, tried: Attempted<T>) -> Progress {
        let Ok(outcome) = tried else { return Progress::Nothing };
        self.as_mut().pick_up();
        *self.project().outcome = Some(outcome);
        Progress::Committed
    }

    /// Leaves the list; with its value, if it was served.
    #[inline]
    fn pick_up(self: Pin<&mut Self>) {
        let mut this = self.project();
        let Some(mut node) = this.node.as_mut().as_pin_mut() else { return };
        this.end.core().leave_receive(node.as_mut());
        if node.is_served() {
            *this.outcome = node.seen().slot.take().map(Ok);
        }
        this.node.set(None);
    }

    /// Leaves the list, and hands on what it was served; a sender that it held goes on.
    #[inline]
    fn leave(self: Pin<&mut Self>) {
        if self.node.is_some() {
            self.abandon();
        }
    }

    fn abandon(self: Pin<&mut Self>) {
        let mut this = self.project();
        let Some(node) = this.node.as_mut().as_pin_mut() else { return };
        if this.end.core().abandon_receive(node)
            && let Some(hold) = this.hold
        {
            std::mem::replace(hold, Arc::new(Hold::new())).release();
        }
        this.node.set(None);
    }

    fn output(self: Pin<&mut Self>) -> Result<T, Ended> {
        let this = self.project();
        let outcome = this.outcome.take().expect("the choice has committed to this guard");
        outcome.map_err(|stop| this.end.core().why(stop))
    }

    fn hold(self: Pin<&mut Self>) -> Option<Arc<Hold>> {
        self.project().hold.take()
    }
}

impl<T: marker::Send + 'static> Future for Recv<'_, T> {
    type Output = Result<T, Ended>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().take.finish(cx)
    }
}

impl<T: marker::Send + 'static> Future for Next<'_, T> {
    type Output = Result<Option<T>, Ended>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().take.finish(cx).map(retired_is_none)
    }
}

impl<T: marker::Send + 'static> Future for RecvExtended<'_, T> {
    type Output = Result<Extended<T>, Ended>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut take = self.project().take;
        take.as_mut().finish(cx).map_ok(|value| Extended::new(value, take.hold()))
    }
}

macro_rules! guard {
    ($receive:ident, $output:ty, $finish:expr) => {
        impl<T: marker::Send + 'static> Attempt for $receive<'_, T> {
            fn attempt(self: Pin<&mut Self>, _: &mut Context<'_>, seat: Seat<'_>) -> Progress {
                self.project().take.attempt(seat)
            }
            fn enlist(self: Pin<&mut Self>, _: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> Progress {
                self.project().take.enlist(choice, number)
            }
            fn collect(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
                self.project().take.pick_up();
                Poll::Ready(())
            }
            fn leave(self: Pin<&mut Self>) {
                self.project().take.leave();
            }
            fn memory(&self) -> Option<&Memory> {
                Some(&self.take.end.end().memory)
            }
        }

        impl<T: marker::Send + 'static> Guard for $receive<'_, T> {
            type Output = $output;

            fn output(self: Pin<&mut Self>) -> Self::Output {
                let mut take = self.project().take;
                $finish(take.as_mut().output(), take)
            }
        }
    };
}

guard!(Recv, Result<T, Ended>, |outcome, _| outcome);
guard!(Next, Result<Option<T>, Ended>, |outcome, _| retired_is_none(outcome));
guard!(RecvExtended, Result<Extended<T>, Ended>, |outcome: Result<T, Ended>, take: Pin<&mut Take<'_, T>>| {
    outcome.map(|value| Extended::new(value, take.hold()))
});

fn retired_is_none<T>(outcome: Result<T, Ended>) -> Result<Option<T>, Ended> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(ended) if ended.is_retired() => Ok(None),
        Err(ended) => Err(ended),
    }
}
