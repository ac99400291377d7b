//! The reply to one ask: a value that comes once, or the news that it never will. Not a channel: it has no ends.

use crate::CallError;
use crate::shared::Shared;
use crate::waits::Asking;
use rendez_channels::at;
use rendez_channels::lock::Held;
use rendez_model::ProcessId;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// The actor's half: answer through it once. Dropped without an answer it says why there is none.
#[must_use = "somebody waits for this answer"]
pub struct Reply<R> {
    slot: Option<Arc<Slot<R>>>,
}

/// The asker's half.
pub(crate) struct Answer<R> {
    slot: Arc<Slot<R>>,
    /// The actor that will answer.
    of: ProcessId,
}

struct Slot<R> {
    actor: &'static str,
    /// Whether there is an answer: a look that needs no lock.
    is_answered: AtomicBool,
    state: Shared<State<R>>,
}

struct State<R> {
    stage: Stage,
    answer: Option<Result<R, CallError>>,
    asking: Option<Asking>,
}

/// How far the call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Sent,
    /// The handler has begun.
    Begun,
    /// The asker does not want it any more, and the handler had not begun.
    Withdrawn,
}

/// A fresh pair.
pub(crate) fn reply<R>(actor: &'static str, of: ProcessId) -> (Reply<R>, Answer<R>) {
    let state = State { stage: Stage::Sent, answer: None, asking: None };
    let slot = Arc::new(Slot { actor, is_answered: AtomicBool::new(false), state: Shared::new(state) });
    (Reply { slot: Some(Arc::clone(&slot)) }, Answer { slot, of })
}

impl<R> Reply<R> {
    /// A reply that nobody waits for.
    pub const fn none() -> Self {
        Self { slot: None }
    }

    /// Says that the handler begins. False: the asker has withdrawn the message, and it is not to be handled.
    #[must_use = "a withdrawn message is not to be handled"]
    pub fn begin(&self) -> bool {
        let Some(slot) = &self.slot else { return true };
        let mut state = slot.lock();
        if state.stage == Stage::Withdrawn {
            return false;
        }
        state.stage = Stage::Begun;
        true
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
        let begun = slot.lock().stage == Stage::Begun;
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
    fn put(&self, answer: Result<R, CallError>) {
        let asking = {
            let mut state = self.lock();
            state.answer = Some(answer);
            // Release: pairs with the Acquire in `Answer::poll`.
            self.is_answered.store(true, Ordering::Release);
            state.asking.take()
        };
        asking.into_iter().for_each(Asking::wake);
    }

    /// Asker and actor come to it one after the other, which their wakes tell.
    fn lock(&self) -> Held<'_, State<R>> {
        self.state.lock_unseen()
    }
}

impl<R> Answer<R> {
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
        let actor = self.slot.actor;
        let mut state = self.slot.lock();
        match (state.answer.take(), state.stage) {
            (Some(answer), _) => answer,
            (None, Stage::Begun) => Err(CallError::Unknown(format!("no answer from `{actor}` within {patience:?}"))),
            (None, _) => {
                state.stage = Stage::Withdrawn;
                Err(CallError::NotSent(format!(
                    "`{actor}` did not take this call within {patience:?}: it was withdrawn"
                )))
            }
        }
    }
}

impl<R> Future for Answer<R> {
    type Output = Result<R, CallError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Acquire: pairs with the Release in `Slot::put`.
        if self.slot.is_answered.load(Ordering::Acquire)
            && let Some(answer) = self.slot.lock().answer.take()
        {
            return Poll::Ready(answer);
        }
        let asking = Asking::new(self.of, cx.waker().clone());
        let mut state = self.slot.lock();
        if let Some(answer) = state.answer.take() {
            drop(state);
            return Poll::Ready(answer);
        }
        let old = state.asking.replace(asking);
        drop(state);
        drop(old);
        Poll::Pending
    }
}
