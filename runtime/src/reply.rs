//! The reply to one ask: a value that comes once, or the news that it never will. Not a channel: it has no ends.

use crate::CallError;
use crate::shared::Shared;
use crate::waits::{Asking, Noted};
use rendez_channels::at;
use rendez_channels::lock::Held;
use rendez_model::ProcessId;
use std::any::Any;
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// The actor's half: answer through it once. Dropped without an answer it says why there is none.
#[must_use = "somebody waits for this answer"]
pub struct Reply<R> {
    slot: Option<Arc<Slot<R>>>,
}

/// The asker's half.
pub(crate) struct Answer<R> {
    /// None once the answer was taken.
    slot: Option<Arc<Slot<R>>>,
    /// The actor that will answer.
    of: ProcessId,
    noted: Noted,
}

struct Slot<R> {
    actor: &'static str,
    /// Whether there is an answer: a look that needs no lock.
    is_answered: AtomicBool,
    /// Whether the handler has begun. Relaxed: it is the actor's side alone that asks, but for a call that may be withdrawn, where
    /// both do under the lock.
    has_begun: AtomicBool,
    may_be_withdrawn: bool,
    state: Shared<State<R>>,
}

struct State<R> {
    answer: Option<Result<R, CallError>>,
    asking: Option<Asking>,
    /// The asker does not want it any more, and the handler had not begun.
    is_withdrawn: bool,
}

thread_local! {
    /// The place of the last answer that was taken on this thread, empty again: asks mostly follow each other, for answers of a
    /// type. One, so that it is bounded.
    static SPARE: Cell<Option<Arc<dyn Any + Send + Sync>>> = const { Cell::new(None) };
}

/// A fresh pair. `may_be_withdrawn`: the asker waits for so long only, [`by`](Answer::by).
///
/// Inlined, so that both are put together where they stay.
#[inline(always)]
pub(crate) fn reply<R: Send + 'static>(
    actor: &'static str,
    of: ProcessId,
    may_be_withdrawn: bool,
) -> (Reply<R>, Answer<R>) {
    let slot = Slot::empty(actor, may_be_withdrawn);
    (Reply { slot: Some(Arc::clone(&slot)) }, Answer { slot: Some(slot), of, noted: Noted::default() })
}

impl<R> Reply<R> {
    /// A reply that nobody waits for.
    pub const fn none() -> Self {
        Self { slot: None }
    }

    /// Says that the handler begins. False: the asker has withdrawn the message, and it is not to be handled.
    #[must_use = "a withdrawn message is not to be handled"]
    #[inline]
    pub fn begin(&self) -> bool {
        let Some(slot) = &self.slot else { return true };
        if !slot.may_be_withdrawn {
            slot.has_begun.store(true, Ordering::Relaxed);
            return true;
        }
        let state = slot.lock();
        if !state.is_withdrawn {
            slot.has_begun.store(true, Ordering::Relaxed);
        }
        !state.is_withdrawn
    }

    /// Answers.
    pub fn answer(mut self, value: R) {
        if let Some(slot) = self.slot.take() {
            slot.put(Ok(value));
        }
    }
}

impl<R> Drop for Reply<R> {
    fn drop(&mut self) {
        let Some(slot) = self.slot.take() else { return };
        let actor = slot.actor;
        let begun = slot.has_begun.load(Ordering::Relaxed);
        slot.put(Err(if !begun {
            CallError::NotSent(format!("`{actor}` stopped, or had no room, before it took this call"))
        } else if std::thread::panicking() {
            CallError::Failed(format!("`{actor}` panicked while it handled this call"))
        } else {
            CallError::Unknown(format!("`{actor}` ended while it handled this call"))
        }));
    }
}

impl<R> Slot<R> {
    const fn new(actor: &'static str, may_be_withdrawn: bool) -> Self {
        let state = Shared::new(State { answer: None, asking: None, is_withdrawn: false });
        let (is_answered, has_begun) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { actor, is_answered, has_begun, may_be_withdrawn, state }
    }

    /// Whether it says the same as a new one. By the place of the name: of equal names any will do.
    fn is_for(&self, actor: &'static str, may_be_withdrawn: bool) -> bool {
        std::ptr::eq(self.actor, actor) && self.may_be_withdrawn == may_be_withdrawn
    }

    fn put(&self, answer: Result<R, CallError>) {
        let asking = {
            let mut state = self.lock();
            state.answer = Some(answer);
            // Release: pairs with the Acquire in `Answer::poll`.
            self.is_answered.store(true, Ordering::Release);
            state.asking.take()
        };
        if let Some(asking) = asking {
            asking.wake();
        }
    }

    /// Asker and actor come to it one after the other, which their wakes tell.
    fn lock(&self) -> Held<'_, State<R>> {
        self.state.lock_unseen()
    }
}

impl<R: Send + 'static> Slot<R> {
    /// An empty place: one that was left, or a new one.
    #[inline(never)]
    fn empty(actor: &'static str, may_be_withdrawn: bool) -> Arc<Self> {
        let spare = Self::spare().filter(|slot| slot.is_for(actor, may_be_withdrawn));
        spare.unwrap_or_else(|| Arc::new(Self::new(actor, may_be_withdrawn)))
    }

    /// The place that was left on this thread, if it is for such answers.
    #[inline]
    fn spare() -> Option<Arc<Self>> {
        SPARE.try_with(Cell::take).ok()??.downcast().ok()
    }

    /// Takes the answer; from then on nothing is in it. Nobody else has it, so that the next ask may.
    #[inline]
    fn take(mut self: Arc<Self>) -> Result<Option<Result<R, CallError>>, Arc<Self>> {
        let Some(slot) = Arc::get_mut(&mut self) else { return Err(self) };
        let answer = slot.state.get_mut().answer.take();
        *slot.is_answered.get_mut() = false;
        *slot.has_begun.get_mut() = false;
        // What is dropped here is a place with nothing in it. A thread that ends keeps none.
        let _ = SPARE.try_with(|spare| drop(spare.replace(Some(self))));
        Ok(answer)
    }
}

impl<R: Send + 'static> Answer<R> {
    /// Waits for the answer until `deadline`. Then the call is withdrawn, and surely not handled, unless its handler has begun.
    pub(crate) async fn by(mut self, deadline: Instant, patience: Duration) -> Result<R, CallError> {
        let mut late = pin!(at(deadline));
        let answered = poll_fn(|cx| match Pin::new(&mut self).poll(cx) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => late.as_mut().poll(cx).map(|()| None),
        });
        if let Some(answer) = answered.await {
            return answer;
        }
        let slot = self.slot();
        let actor = slot.actor;
        let mut state = slot.lock();
        match (state.answer.take(), slot.has_begun.load(Ordering::Relaxed)) {
            (Some(answer), _) => answer,
            (None, true) => Err(CallError::Unknown(format!("no answer from `{actor}` within {patience:?}"))),
            (None, false) => {
                state.is_withdrawn = true;
                Err(CallError::NotSent(format!(
                    "`{actor}` did not take this call within {patience:?}: it was withdrawn"
                )))
            }
        }
    }
}

impl<R> Answer<R> {
    #[inline]
    fn slot(&self) -> &Slot<R> {
        self.slot.as_ref().expect("an answer is waited for until it has come")
    }

    /// There is no answer yet, as it seems: has the asker woken.
    #[inline]
    fn wait(&mut self, cx: &Context<'_>) -> Poll<Result<R, CallError>> {
        let was_noted = self.noted.is_any();
        let is_noted = self.noted.note(self.of, cx.waker());
        if was_noted && is_noted && self.slot().lock().waits_for(cx.waker()) {
            return Poll::Pending;
        }
        let waker = cx.waker().clone();
        let asking = if is_noted { Asking::noted(waker) } else { Asking::listed(self.of, waker) };
        let mut state = self.slot().lock();
        if let Some(answer) = state.answer.take() {
            drop(state);
            self.noted.forget();
            return Poll::Ready(answer);
        }
        let old = state.asking.replace(asking);
        drop(state);
        drop(old);
        Poll::Pending
    }
}

impl<R> State<R> {
    /// Whether nothing has to be done for a wait that goes on.
    fn waits_for(&self, waker: &Waker) -> bool {
        self.asking.as_ref().is_some_and(|asking| asking.is_noted_for(waker))
    }
}

impl<R> Unpin for Answer<R> {}

impl<R: Send + 'static> Future for Answer<R> {
    type Output = Result<R, CallError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Acquire: pairs with the Release in `Slot::put`.
        if !self.slot().is_answered.load(Ordering::Acquire) {
            return self.wait(cx);
        }
        self.noted.forget();
        let answer = self.slot.take().map_or(Ok(None), Slot::take).unwrap_or_else(|slot| {
            // Who has answered is about to let go of it.
            slot.lock().answer.take()
        });
        Poll::Ready(answer.expect("an answer that is there is taken once"))
    }
}

impl<R> Drop for Answer<R> {
    #[inline]
    fn drop(&mut self) {
        if self.noted.is_any() {
            // The waker goes with its note.
            let asking = self.slot.as_ref().and_then(|slot| slot.lock().asking.take());
            self.noted.forget();
            drop(asking);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTOR: &str = "actor";

    fn ask<R: Send + 'static>(actor: &'static str, may_be_withdrawn: bool) -> (Reply<R>, Answer<R>) {
        reply(actor, ProcessId(1), may_be_withdrawn)
    }

    fn look<R: Send + 'static>(answer: &mut Answer<R>) -> Poll<Result<R, CallError>> {
        Pin::new(answer).poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Which place it is, by its address.
    fn place<R>(answer: &Answer<R>) -> usize {
        answer.slot.as_ref().map_or(0, |slot| Arc::as_ptr(slot).addr())
    }

    #[test]
    fn the_place_of_an_answer_is_empty_for_the_next_ask() {
        let (reply, mut answer) = ask(ACTOR, false);
        let first = place(&answer);
        assert!(reply.begin());
        reply.answer(7);
        assert_eq!(look(&mut answer), Poll::Ready(Ok(7)));
        let (reply, mut answer) = ask::<i32>(ACTOR, false);
        assert_eq!(place(&answer), first);
        assert_eq!(look(&mut answer), Poll::Pending, "there is no answer yet");
        drop(reply);
        assert!(matches!(look(&mut answer), Poll::Ready(Err(CallError::NotSent(_)))), "nobody has begun");
    }

    #[test]
    fn a_place_is_not_for_other_asks() {
        for (actor, may_be_withdrawn) in [("another", false), (ACTOR, true)] {
            let (reply, mut answer) = ask(ACTOR, false);
            reply.answer(7);
            assert_eq!(look(&mut answer), Poll::Ready(Ok(7)));
            let (reply, mut answer) = ask::<i32>(actor, may_be_withdrawn);
            drop(reply);
            let Poll::Ready(Err(CallError::NotSent(why))) = look(&mut answer) else { panic!("it was not sent") };
            assert!(why.contains(actor), "{why}");
        }
        let (reply, mut answer) = ask(ACTOR, false);
        reply.answer(7);
        assert_eq!(look(&mut answer), Poll::Ready(Ok(7)));
        let (reply, mut answer) = ask(ACTOR, false);
        reply.answer("of another type");
        assert_eq!(look(&mut answer), Poll::Ready(Ok("of another type")));
    }

    #[test]
    fn an_answer_that_nobody_takes_is_dropped_with_the_ask() {
        let held = Arc::new(());
        let (reply, answer) = ask(ACTOR, false);
        reply.answer(Arc::clone(&held));
        drop(answer);
        assert_eq!(Arc::strong_count(&held), 1);
        let (reply, mut answer) = ask(ACTOR, false);
        reply.answer(Arc::clone(&held));
        drop(look(&mut answer));
        assert_eq!(Arc::strong_count(&held), 1, "a place that is kept has nothing in it");
    }
}
