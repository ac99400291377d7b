//! The reply to one ask: a value that comes once, or the news that it never will. Not a channel: it has no ends.

use crate::CallError;
use crate::waits::Asking;
use rendez_model::ProcessId;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

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
    state: Mutex<State<R>>,
}

struct State<R> {
    answer: Option<Result<R, CallError>>,
    asking: Option<Asking>,
}

/// A fresh pair.
pub(crate) fn reply<R>(actor: &'static str, of: ProcessId) -> (Reply<R>, Answer<R>) {
    let slot = Arc::new(Slot { actor, state: Mutex::new(State { answer: None, asking: None }) });
    (Reply { slot: Some(Arc::clone(&slot)) }, Answer { slot, of })
}

impl<R> Reply<R> {
    /// A reply that nobody waits for.
    pub const fn none() -> Self {
        Self { slot: None }
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
        slot.put(Err(if std::thread::panicking() {
            CallError::Failed(format!("`{actor}` panicked while it handled this call"))
        } else if refusing() {
            CallError::NotSent(format!("`{actor}` stopped before it took this call"))
        } else {
            CallError::Unknown(format!("`{actor}` ended while it handled this call"))
        }));
    }
}

thread_local! {
    static REFUSING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Drops messages that no handler has seen: their askers learn that they were not sent.
pub(crate) fn refuse<M>(messages: M) {
    let before = REFUSING.replace(true);
    drop(messages);
    REFUSING.set(before);
}

fn refusing() -> bool {
    REFUSING.get()
}

impl<R> Slot<R> {
    fn put(&self, answer: Result<R, CallError>) {
        let asking = {
            let mut state = self.lock();
            state.answer = Some(answer);
            state.asking.take()
        };
        asking.into_iter().for_each(Asking::wake);
    }

    fn lock(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> Future for Answer<R> {
    type Output = Result<R, CallError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = self.slot.lock().answer.take();
        if let Some(answer) = answer {
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
