//! Drives the body of a process: polls it on its behalf, catches its panic, drops it on cancel, waits for its children.

use crate::cell::Cell;
use crate::{Failure, Outcome, executor};
use rendez_channels::party::{self, Party};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// What a process does.
pub(crate) enum Body<T> {
    Async(Pin<Box<dyn Future<Output = Outcome<T>> + Send>>),
    Blocking(Box<dyn FnOnce() -> Outcome<T> + Send>),
}

/// Where the outcome lies until somebody joins.
#[derive(Debug)]
pub(crate) struct Slot<T>(Mutex<Option<Outcome<T>>>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Slot<T> {
    fn put(&self, outcome: Outcome<T>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }

    pub(crate) fn take(&self) -> Outcome<T> {
        let outcome = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        outcome.unwrap_or_else(|| Err(Failure::cancelled()))
    }
}

/// Enters the process into the tree and hands its driver to the executor.
pub(crate) fn start<T: Send + 'static>(
    cell: Arc<Cell>,
    body: Body<T>,
    parent: Option<Arc<Cell>>,
    slot: Arc<Slot<T>>,
    report: impl FnOnce(&Failure) + Send + 'static,
) -> Outcome<()> {
    cell.adopt(parent);
    let driven = Arc::clone(&cell);
    let started = executor::spawn(async move {
        let outcome = drive(&driven, body).await;
        let end = outcome.as_ref().err().map_or(rendez_model::End::Normal, Failure::end);
        tracing::debug!(process = %driven.id(), name = driven.name(), ?end, "ended");
        if let Err(failure) = &outcome {
            report(failure);
        }
        slot.put(outcome);
        driven.finish(end);
    });
    if let Err(failure) = &started {
        cell.finish(failure.end());
    }
    started
}

/// Runs a body on this task to its end and then waits for the process's children.
pub(crate) async fn drive<T: Send + 'static>(cell: &Arc<Cell>, body: Body<T>) -> Outcome<T> {
    let outcome = run_body(cell, body).await;
    wait_for_children(cell).await;
    conclude(cell, outcome)
}

/// Runs a body to its end; a failing one takes its children along.
pub(crate) async fn run_body<T: Send + 'static>(cell: &Arc<Cell>, body: Body<T>) -> Outcome<T> {
    let outcome = match body {
        Body::Async(future) => Guarded::new(cell, future).await,
        Body::Blocking(function) => on_thread(cell, function).await,
    };
    if outcome.as_ref().is_err_and(Failure::fails_scope) {
        cell.cancel_children();
    }
    outcome
}

pub(crate) async fn wait_for_children(cell: &Cell) {
    poll_fn(|cx| if cell.childless(cx.waker()) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// The outcome of a process whose children have all ended.
pub(crate) fn conclude<T>(cell: &Cell, outcome: Outcome<T>) -> Outcome<T> {
    match cell.take_scope_failure() {
        Some(failure) => Err(failure),
        // The root's own error needs no place: it is what the program says.
        None if cell.is_root() => outcome,
        None => outcome.map_err(|failure| failure.within(|| cell.label())),
    }
}

/// Polls a body on behalf of its process.
struct Guarded<T> {
    cell: Arc<Cell>,
    /// The same cell as channels see it; moved in and out of the thread's context, so that no count is touched.
    party: Option<Arc<dyn Party>>,
    body: Option<Pin<Box<dyn Future<Output = Outcome<T>> + Send>>>,
    span: tracing::Span,
    waker: Option<Waker>,
}

impl<T> Guarded<T> {
    fn new(cell: &Arc<Cell>, body: Pin<Box<dyn Future<Output = Outcome<T>> + Send>>) -> Self {
        let span = tracing::info_span!("process", id = %cell.id(), name = cell.name());
        Self { cell: Arc::clone(cell), party: Some(Arc::clone(cell) as _), body: Some(body), span, waker: None }
    }

    /// Does something as the process.
    fn acting<R>(&mut self, act: impl FnOnce(&mut Self) -> R) -> R {
        let before = party::swap(self.party.take());
        self.cell.set_running(true);
        let result = act(self);
        self.cell.set_running(false);
        party::end_of_poll();
        self.party = party::swap(before);
        result
    }

    fn note_waker(&mut self, waker: &Waker) {
        if !self.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            self.cell.wake_on_cancel(waker);
            self.waker = Some(waker.clone());
        }
    }

    /// Drops the body as the process; a panic in a drop becomes its failure.
    fn end_body(&mut self) -> Result<(), Failure> {
        let body = self.body.take();
        let dropped = self.acting(|_| catch_unwind(AssertUnwindSafe(|| drop(body))));
        dropped.map_err(|payload| Failure::panic(&*payload))
    }
}

impl<T> Future for Guarded<T> {
    type Output = Outcome<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome<T>> {
        self.note_waker(cx.waker());
        if self.cell.is_cancelled() {
            return Poll::Ready(Err(self.end_body().err().unwrap_or_else(Failure::cancelled)));
        }
        let polled = self.acting(|this| {
            let Some(body) = &mut this.body else { return Ok(Poll::Pending) };
            let span = &this.span;
            catch_unwind(AssertUnwindSafe(|| span.in_scope(|| body.as_mut().poll(cx))))
        });
        let outcome = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(outcome)) => outcome,
            Err(payload) => Err(Failure::panic(&*payload)),
        };
        Poll::Ready(self.end_body().and(outcome))
    }
}

impl<T> Drop for Guarded<T> {
    /// The runtime is going away under the process: its ends are still dropped as its own.
    fn drop(&mut self) {
        if self.body.is_some() {
            let _ = self.end_body();
        }
    }
}

/// Runs a blocking body on a thread and waits for it; a cancel reaches it through its channels, so it is never left.
async fn on_thread<T: Send + 'static>(
    cell: &Arc<Cell>,
    function: Box<dyn FnOnce() -> Outcome<T> + Send>,
) -> Outcome<T> {
    let (answer, outcome) = rendez_channels::channel_bounded(1);
    let acting = Arc::clone(cell);
    executor::spawn_blocking(move || {
        let before = party::swap(Some(Arc::clone(&acting) as _));
        acting.set_running(true);
        let span = tracing::info_span!("process", id = %acting.id(), name = acting.name());
        let ended = catch_unwind(AssertUnwindSafe(|| span.in_scope(function)));
        acting.set_running(false);
        party::end_of_poll();
        party::swap(before);
        let _ = answer.try_send(ended.unwrap_or_else(|payload| Err(Failure::panic(&*payload))));
    })?;
    outcome.recv().await.unwrap_or_else(|_| Err(Failure::new("its thread did not start: the runtime is shutting down")))
}
