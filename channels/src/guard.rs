//! Guard: what an `alt!` waits for. The trait, and the guard that any future can be.

use crate::choice::Choice;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Something that a choice may commit to.
///
/// The futures of channel operations ([`Recv`](crate::Recv), [`Next`](crate::Next), [`Send`](crate::Send),
/// [`SendFrom`](crate::SendFrom), [`Closed`](crate::Closed)) are guards, and so are [`after`](crate::after()) and [`future`]. The trait
/// is not for implementing outside of rendez: its other half is hidden and may change.
#[diagnostic::on_unimplemented(
    message = "a choice cannot wait for `{Self}`",
    label = "this is no guard",
    note = "write a channel operation as `input.recv()`, `input.next()` or `output.send(x)`, a timer `after(delay)`, or `future(f)` for any other future"
)]
pub trait Guard: Attempt {
    /// What the choice gets when it commits to this guard.
    type Output;

    /// The result, after the choice has committed to this guard.
    ///
    /// # Panics
    /// When the choice did not commit to it.
    fn output(self) -> Self::Output;
}

/// The stamp of a guard that nothing remembers from one choice to the next.
pub(crate) const NO_MEMORY: u64 = u64::MAX;

/// A choice that a guard takes part in, and the guard's number there.
#[doc(hidden)]
pub type Seat<'a> = Option<(&'a Arc<Choice>, usize)>;

/// The half of a guard that a choice drives.
#[doc(hidden)]
pub trait Attempt: Send {
    /// Tries to commit now. `seat` is none while the choice stands on no list yet.
    fn attempt(&mut self, cx: &mut Context<'_>, seat: Seat<'_>) -> bool;
    /// Puts the choice on the list of its channel, and tries to commit once more under the same lock.
    fn enlist(&mut self, cx: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> bool;
    /// A partner has committed to this guard: takes what it left.
    fn collect(&mut self);
    /// Leaves its list; the choice has committed to another guard.
    fn leave(&mut self);
    /// When it was last served, on the scale of its choice; `u64::MAX` where nothing outlives the choice.
    fn stamp(&self) -> u64;
    /// Notes that it was served.
    fn set_stamp(&self, stamp: u64);
}

/// Makes any future a guard; also a future.
///
/// The choice polls it, and commits to it when it is ready. Pass `&mut` of a pinned future to keep it across choices.
///
/// # Cancel safety
/// That of `future`: when the choice commits elsewhere it is dropped.
pub const fn future<F: Future>(future: F) -> FutureGuard<F> {
    FutureGuard { future: Some(future), output: None }
}

/// The guard of [`future`]. It has no memory of its own: the ends it shares a choice with see to it that it gets its turn.
#[must_use = "a guard does nothing unless it is awaited or is part of a choice"]
pub struct FutureGuard<F: Future> {
    future: Option<F>,
    output: Option<F::Output>,
}

impl<F: Future + Unpin> Future for FutureGuard<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        Pin::new(self.future.as_mut().expect("a guard that is a future is polled until it is ready")).poll(cx)
    }
}

impl<F: Future + Unpin> Unpin for FutureGuard<F> {}

impl<F> Attempt for FutureGuard<F>
where
    F: Future + Unpin + Send,
    F::Output: Send,
{
    fn attempt(&mut self, cx: &mut Context<'_>, seat: Seat<'_>) -> bool {
        let Some(future) = &mut self.future else { return false };
        if seat.is_some_and(|(choice, _)| !choice.claim()) {
            return false;
        }
        let polled = Pin::new(future).poll(cx);
        match (polled, seat) {
            (Poll::Ready(output), seat) => {
                self.output = Some(output);
                self.future = None;
                if let Some((choice, number)) = seat {
                    choice.commit(number);
                }
                true
            }
            (Poll::Pending, Some((choice, _))) => {
                if choice.release() {
                    cx.waker().wake_by_ref();
                }
                false
            }
            (Poll::Pending, None) => false,
        }
    }

    fn enlist(&mut self, _: &mut Context<'_>, choice: &Arc<Choice>, _: usize) -> bool {
        choice.set_open();
        // It was polled with this very waker by `attempt`, and stands on no list.
        false
    }

    fn collect(&mut self) {}

    fn leave(&mut self) {}

    fn stamp(&self) -> u64 {
        NO_MEMORY
    }

    fn set_stamp(&self, _: u64) {}
}

impl<F> Guard for FutureGuard<F>
where
    F: Future + Unpin + Send,
    F::Output: Send,
{
    type Output = F::Output;

    fn output(self) -> F::Output {
        self.output.expect("the choice has committed to this guard")
    }
}
