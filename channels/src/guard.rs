//! Guard: what an `alt!` waits for. The trait, and the guard that any future can be.

use crate::alt::{Order, choose};
use crate::choice::Choice;
use crate::claim::Claim;
use crate::memory::Memory;
use crate::state::commit_alone;
use crate::timer::{Timer, after, at};
use pin_project_lite::pin_project;
use std::future::Future;
use std::ops::DerefMut;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

/// Something that a choice may commit to.
///
/// The futures of channel operations ([`Recv`](crate::Recv), [`Next`](crate::Next), [`Send`](crate::Send),
/// [`SendFrom`](crate::SendFrom), ..) are guards, and so are [`after`](crate::after()) and [`future`]. The trait is not for
/// implementing outside of rendez: its other half is hidden and may change.
///
/// A guard, like any future of this crate, gives its result once. Then it is used up: one that is polled again, or takes
/// part in a choice again, panics, whether the result was good or bad.
///
/// ```should_panic
/// use rendez_channels::{block_on, channel};
///
/// let (tx, rx) = channel();
/// drop(rx);
/// let mut send = std::pin::pin!(tx.send(1));
/// assert!(block_on(send.as_mut()).unwrap().is_err());
/// let _ = block_on(send.as_mut()); // panics: the send has failed, and does not pretend to have succeeded since
/// ```
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
    fn output(self: Pin<&mut Self>) -> Self::Output;

    /// What the guard gives, or `None` if a point in time comes first; of both at once, the guard. Any operation has a deadline
    /// by this: a broadcast, a lock, a barrier. Threads write `block_on(lock.lock().by(deadline))`.
    ///
    /// # Cancel safety
    /// That of the guard's own future, which is dropped when it is late.
    ///
    /// ```
    /// use rendez_channels::sync::Exclusive;
    /// use rendez_channels::{Guard as _, block_on};
    /// use std::time::Duration;
    ///
    /// let lock = Exclusive::new(7);
    /// let held = block_on(lock.lock()).unwrap().unwrap();
    /// assert!(block_on(lock.lock().within(Duration::from_millis(5))).unwrap().is_none());
    /// drop(held);
    /// assert!(block_on(lock.lock().within(Duration::from_millis(5))).unwrap().is_some());
    /// ```
    fn by(self, deadline: Instant) -> impl Future<Output = Option<Self::Output>> + Send
    where
        Self: Sized,
    {
        or_late(self, at(deadline))
    }

    /// What the guard gives, or `None` if it takes longer than this: [`by`](Self::by) a point in time that begins to be counted
    /// now, not at the first poll.
    ///
    /// # Cancel safety
    /// As `by`.
    fn within(self, delay: Duration) -> impl Future<Output = Option<Self::Output>> + Send
    where
        Self: Sized,
    {
        or_late(self, after(delay))
    }
}

async fn or_late<G: Guard>(guard: G, late: Timer) -> Option<G::Output> {
    let (mut guard, mut late) = (pin!(guard), pin!(late));
    match choose(&mut [Some(guard.as_mut()), Some(late.as_mut())], Order::Listed, false).await {
        0 => Some(guard.output()),
        _ => None,
    }
}

/// What a guard says that is asked for a result it does not have.
pub(crate) const COMMITTED: &str = "the choice has committed to this guard";

/// Ends who polls a future, or chooses with a guard, that has given its result.
#[cold]
pub(crate) fn used_up() -> ! {
    panic!("an operation gives its result once, and was polled again: start another one")
}

/// Who asks: the choice that a guard takes part in and the guard's number there, if it already stands on lists.
#[doc(hidden)]
pub type Seat<'a> = Option<(&'a Arc<Choice>, usize)>;

/// What an attempt came to.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing can be done now.
    Nothing,
    /// The choice is committed to this guard.
    Committed,
    /// The guard has claimed the choice (a [`Claim`] that outlives the poll) and waits for an answer. Until it has one nobody
    /// else commits with the choice, its other guards wait, and `else` does, too.
    ///
    /// It is asked first at each poll as long as the choice is claimed, for the case that its claim gets on by being polled.
    Reserved,
}

/// The half of a guard that a choice drives.
#[doc(hidden)]
pub trait Attempt: Send {
    /// Tries to commit now. `seat` is none while the choice stands on no list yet.
    fn attempt(self: Pin<&mut Self>, cx: &mut Context<'_>, seat: Seat<'_>) -> Progress;
    /// Puts the choice on the list of its channel, and tries to commit once more under the same lock.
    fn enlist(self: Pin<&mut Self>, cx: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> Progress;
    /// The choice is committed to this guard: takes what a partner has left. Pending while the partner keeps it.
    fn collect(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()>;
    /// Leaves its list; the choice has committed to another guard.
    fn leave(self: Pin<&mut Self>);
    /// What it remembers from one choice to the next; none where nothing outlives the choice.
    fn memory(&self) -> Option<&Memory> {
        None
    }
    /// Whether a choice has to ask it at each poll, since nothing marks it when it may be ready.
    fn is_asked(&self) -> bool {
        false
    }
}

impl Progress {
    pub(crate) const fn committed_if(yes: bool) -> Self {
        if yes { Self::Committed } else { Self::Nothing }
    }
}

/// A pinned guard is one: so a guard may be made once and used in several choices, until one commits to it.
impl<P> Attempt for Pin<P>
where
    P: DerefMut<Target: Attempt> + Unpin + Send,
{
    fn attempt(self: Pin<&mut Self>, cx: &mut Context<'_>, seat: Seat<'_>) -> Progress {
        self.get_mut().as_mut().attempt(cx, seat)
    }

    fn enlist(self: Pin<&mut Self>, cx: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> Progress {
        self.get_mut().as_mut().enlist(cx, choice, number)
    }

    fn collect(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.get_mut().as_mut().collect(cx)
    }

    fn leave(self: Pin<&mut Self>) {
        self.get_mut().as_mut().leave();
    }

    fn memory(&self) -> Option<&Memory> {
        (**self).memory()
    }

    fn is_asked(&self) -> bool {
        (**self).is_asked()
    }
}

impl<P> Guard for Pin<P>
where
    P: DerefMut<Target: Guard> + Unpin + Send,
{
    type Output = <P::Target as Guard>::Output;

    fn output(self: Pin<&mut Self>) -> Self::Output {
        self.get_mut().as_mut().output()
    }
}

/// Makes any future a guard; also a future.
///
/// The choice polls it, and commits to it when it is ready. Pass a pinned `&mut` of a future to keep it across choices.
///
/// # Cancel safety
/// That of `future`: when the choice commits elsewhere it is dropped.
pub const fn future<F: Future>(future: F) -> FutureGuard<F> {
    FutureGuard { future: Some(future), output: None }
}

pin_project! {
    /// The guard of [`future`]. It has no memory of its own: the ends it shares a choice with see to it that it gets its turn.
    #[must_use = "a guard does nothing unless it is awaited or is part of a choice"]
    pub struct FutureGuard<F: Future> {
        #[pin]
        future: Option<F>,
        output: Option<F::Output>,
    }
}

impl<F: Future> Future for FutureGuard<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let output = match (this.output.take(), this.future.as_mut().as_pin_mut()) {
            (Some(output), _) => output,
            (None, Some(future)) => ready!(future.poll(cx)),
            (None, None) => used_up(),
        };
        this.future.set(None);
        Poll::Ready(output)
    }
}

impl<F> Attempt for FutureGuard<F>
where
    F: Future + Send,
    F::Output: Send,
{
    fn attempt(self: Pin<&mut Self>, cx: &mut Context<'_>, seat: Seat<'_>) -> Progress {
        let mut this = self.project();
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            if this.output.is_none() {
                used_up();
            }
            return Progress::committed_if(commit_alone(seat).is_ok());
        };
        let claim = seat.and_then(|(choice, _)| Claim::new(choice));
        if seat.is_some() && claim.is_none() {
            return Progress::Nothing;
        }
        let Poll::Ready(output) = future.poll(cx) else {
            claim.into_iter().for_each(Claim::release_in_poll);
            return Progress::Nothing;
        };
        *this.output = Some(output);
        this.future.set(None);
        if let (Some(claim), Some((_, number))) = (claim, seat) {
            claim.commit(number);
        }
        Progress::Committed
    }

    fn enlist(self: Pin<&mut Self>, _: &mut Context<'_>, _: &Arc<Choice>, _: usize) -> Progress {
        // It was polled with this very waker by `attempt`, and stands on no list.
        Progress::Nothing
    }

    fn collect(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn leave(self: Pin<&mut Self>) {}

    fn is_asked(&self) -> bool {
        true
    }
}

impl<F> Guard for FutureGuard<F>
where
    F: Future + Send, // a choice may move between threads: give it what is `Send`, such as `Arc` for `Rc`
    F::Output: Send,
{
    type Output = F::Output;

    fn output(self: Pin<&mut Self>) -> F::Output {
        self.project().output.take().expect(COMMITTED)
    }
}
