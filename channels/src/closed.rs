//! The wait for a channel's end, as a future that is a guard too.

use crate::choice::Choice;
use crate::guard::{Attempt, Guard, Progress, Seat};
use crate::waiters::{Node, Waking};
use crate::{Ended, Sender};
use pin_project_lite::pin_project;
use std::future::Future;
use std::marker;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

pin_project! {
    /// A wait for the channel's end; see [`Sender::closed`].
    #[must_use = "a wait does nothing unless it is awaited or is a guard"]
    pub struct Closed<'a, T> where T: marker::Send, T: 'static {
        end: &'a Sender<T>,
        #[pin]
        node: Node<T>,
        outcome: Option<Ended>,
    }

    impl<T> PinnedDrop for Closed<'_, T> where T: marker::Send, T: 'static {
        fn drop(this: Pin<&mut Self>) {
            Attempt::leave(this);
        }
    }
}

impl<'a, T: marker::Send + 'static> Closed<'a, T> {
    pub(crate) fn new(end: &'a Sender<T>) -> Self {
        Self { end, node: Node::new(None), outcome: None }
    }
}

impl<T: marker::Send + 'static> Future for Closed<'_, T> {
    type Output = Ended;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        let this = self.project();
        let core = this.end.core();
        let waits = if this.node.is_queued() {
            !core.resume_watch(this.node, cx.waker())
        } else {
            core.watch(this.node, Waking::Plain(cx.waker().clone()))
        };
        if waits { Poll::Pending } else { Poll::Ready(core.send_over().expect("sending, once over, stays over")) }
    }
}

impl<T: marker::Send + 'static> Attempt for Closed<'_, T> {
    fn attempt(mut self: Pin<&mut Self>, _: &mut Context<'_>, seat: Seat<'_>) -> Progress {
        if seat.is_none() {
            self.as_mut().leave();
        }
        let this = self.project();
        let Some(ended) = this.end.core().send_over() else {
            return Progress::Nothing;
        };
        if seat.is_some_and(|(choice, number)| !choice.commit_free(number)) {
            return Progress::Nothing;
        }
        *this.outcome = Some(ended);
        Progress::Committed
    }

    fn enlist(mut self: Pin<&mut Self>, cx: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> Progress {
        let this = self.as_mut().project();
        if this.end.core().watch(this.node, Waking::Guard(Arc::clone(choice), number)) {
            return Progress::Nothing;
        }
        self.attempt(cx, Some((choice, number)))
    }

    fn collect(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.leave();
        Poll::Ready(())
    }

    fn leave(self: Pin<&mut Self>) {
        let this = self.project();
        if this.node.is_queued() {
            this.end.core().leave_watch(this.node);
        }
    }

    fn stamp(&self) -> u64 {
        self.end.closed_stamp()
    }

    fn set_stamp(&self, stamp: u64) {
        self.end.set_closed_stamp(stamp);
    }
}

impl<T: marker::Send + 'static> Guard for Closed<'_, T> {
    type Output = Ended;

    fn output(self: Pin<&mut Self>) -> Ended {
        self.project().outcome.take().expect("the choice has committed to this guard")
    }
}
