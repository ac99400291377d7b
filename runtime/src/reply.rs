//! The reply to one ask: a value that comes once, or the news that it never will. Not a channel: it has no ends.

use crate::CallError;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The actor's half: answer through it once. Dropped without an answer it says why there is none.
#[must_use = "somebody waits for this answer"]
pub struct Reply<R> {
    slot: Option<Arc<Slot<R>>>,
}

/// The asker's half.
pub(crate) struct Answer<R> {
    slot: Arc<Slot<R>>,
}

struct Slot<R> {
    actor: &'static str,
    state: Mutex<State<R>>,
}

struct State<R> {
    answer: Option<Result<R, CallError>>,
    waker: Option<Waker>,
}

/// A fresh pair.
pub(crate) fn reply<R>(actor: &'static str) -> (Reply<R>, Answer<R>) {
    let slot = Arc::new(Slot { actor, state: Mutex::new(State { answer: None, waker: None }) });
    (Reply { slot: Some(Arc::clone(&slot)) }, Answer { slot })
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
        let waker = {
            let mut state = self.lock();
            state.answer = Some(answer);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> Future for Answer<R> {
    type Output = Result<R, CallError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let waker = cx.waker().clone();
        let mut state = self.slot.lock();
        if let Some(answer) = state.answer.take() {
            drop(state);
            return Poll::Ready(answer);
        }
        let old = state.waker.replace(waker);
        drop(state);
        drop(old);
        Poll::Pending
    }
}
