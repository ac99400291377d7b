//! Drives the body of a process: polls it on its behalf, catches its panic, drops it on cancel, waits for its children.

use crate::acting::show;
use crate::cell::{Cell, Draft, Head};
use crate::inner::Conclusion;
use crate::spans;
use crate::task::{self, Body, Current, Job, Unstarted};
use crate::usage::Begun;
use crate::{Failure, IntoOutcome, Outcome, executor};
use pin_project_lite::pin_project;
use rendez_channels::party::{self, Acting};
use rendez_model::End;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

type Value<F> = <<F as Future>::Output as IntoOutcome>::Value;

/// The cell of a process that ends with a `T`.
pub(crate) type CellOf<T> = Cell<dyn Job<Outcome<T>>>;

/// A process that will end with a `T`.
pub(crate) type New<T> = Unstarted<Outcome<T>>;

/// A process of a future; a cancel drops it.
pub(crate) fn process_of<F>(draft: Draft, future: F) -> New<Value<F>>
where
    F: Future<Output: IntoOutcome> + Send + 'static,
{
    job(draft, future, false)
}

/// A process of a future that sees to its own end: a cancel polls it, and it ends as soon as it can.
pub(crate) fn process_that_ends_itself<F>(draft: Draft, future: F) -> New<Value<F>>
where
    F: Future<Output: IntoOutcome> + Send + 'static,
{
    job(draft, future, true)
}

fn job<F>(draft: Draft, future: F, ends_itself: bool) -> New<Value<F>>
where
    F: Future<Output: IntoOutcome> + Send + 'static,
{
    let spans = spans::made();
    let process = draft.with(Driven { stage: Stage::Future { future, ends_itself, has_spans: spans.is_some() } });
    if spans.is_some() {
        process.put_spans(spans);
    }
    process
}

/// A process of a blocking function, which runs on a thread; a cancel reaches it through its channels, so it is never left.
pub(crate) fn process_on_thread<O, B>(draft: Draft, function: B) -> New<O::Value>
where
    O: IntoOutcome,
    B: FnOnce() -> O + Send + 'static,
{
    let future = OnThread { function: Some(move || function().into_outcome()), answer: Arc::default() };
    process_that_ends_itself(draft, future)
}

pin_project! {
    /// The body of a process and how far it is.
    struct Driven<F>
    where
        F: Future,
        F::Output: IntoOutcome,
    {
        #[pin]
        stage: Stage<F, <F::Output as IntoOutcome>::Value>,
    }
}

pin_project! {
    #[project = Staged]
    enum Stage<F, T> {
        // Whether it is not dropped when it is cancelled: what runs on a thread, only its channels end. Whether its cell keeps spans.
        // Noted here, where both take no word.
        Future { #[pin] future: F, ends_itself: bool, has_spans: bool },
        // It waits for its children, or has ended and waits for who joins.
        Ended { outcome: Option<Outcome<T>> },
    }
}

impl<F> Body for Driven<F>
where
    F: Future<Output: IntoOutcome> + Send + 'static,
{
    fn poll(mut self: Pin<&mut Self>, cell: &Arc<Cell<Self>>, cx: &mut Context<'_>) -> Poll<End> {
        let concluded = if let Staged::Future { ends_itself, .. } = self.as_mut().project().stage.project() {
            let stops = cell.is_cancelled() && !*ends_itself;
            let outcome =
                if stops { Err(ended_by_scope(cell)) } else { std::task::ready!(self.as_mut().step(cell, cx)) };
            let outcome = self.as_mut().end_body(cell, outcome);
            let fails = outcome.as_ref().is_err_and(Failure::fails_scope);
            let failed = outcome.is_err();
            self.as_mut().project().stage.set(Stage::Ended { outcome: Some(outcome) });
            if fails {
                cell.cancel_children();
            }
            cell.body_ended(failed)
        } else {
            cell.concluded()
        };
        concluded.map_or(Poll::Pending, |concluded| Poll::Ready(self.conclude(cell, concluded)))
    }

    fn abandon(mut self: Pin<&mut Self>, cell: &Arc<Cell<Self>>) -> End {
        if let Staged::Future { .. } = self.as_mut().project().stage.project() {
            let outcome = self.as_mut().end_body(cell, Err(ended_by_scope(cell)));
            self.as_mut().project().stage.set(Stage::Ended { outcome: Some(outcome) });
        }
        self.conclude(cell, cell.conclude())
    }

    fn forget(self: Pin<&mut Self>) {
        // A panic in the drop of a value that nobody takes is nobody's.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(self.outcome())));
    }
}

impl<F> Job<Outcome<Value<F>>> for Driven<F>
where
    F: Future<Output: IntoOutcome> + Send + 'static,
{
    fn outcome(self: Pin<&mut Self>) -> Option<Outcome<Value<F>>> {
        match self.project().stage.project() {
            Staged::Ended { outcome } => outcome.take(),
            Staged::Future { .. } => None,
        }
    }
}

impl<F> Driven<F>
where
    F: Future<Output: IntoOutcome> + Send + 'static,
{
    /// Polls the future as the process.
    #[inline]
    fn step(self: Pin<&mut Self>, cell: &Arc<Cell<Self>>, cx: &mut Context<'_>) -> Poll<Outcome<Value<F>>> {
        let Staged::Future { future, has_spans, .. } = self.project().stage.project() else { return Poll::Pending };
        if *has_spans || cell.polls() == 0 {
            return step_in_spans(future, has_spans, cell, cx);
        }
        step(future, Current::of(cell), cx)
    }

    /// Drops the body as the process; a panic in a drop becomes its failure.
    fn end_body(self: Pin<&mut Self>, cell: &Arc<Cell<Self>>, outcome: Outcome<Value<F>>) -> Outcome<Value<F>> {
        let mut stage = self.project().stage;
        let spans = match stage.as_mut().project() {
            Staged::Future { has_spans: true, .. } => cell.take_spans(),
            _ => None,
        };
        let dropped = acting(Current::of(cell), || {
            let _entered = spans::enter(&spans, cell);
            cell.ending_poison().cloned().into_iter().for_each(party::failing);
            catch_unwind(AssertUnwindSafe(|| stage.set(Stage::Ended { outcome: None })))
        });
        dropped.map_err(|payload| Failure::panic(&*payload)).and(outcome)
    }

    /// The children have ended: what it ends with, its scope taken into account.
    fn conclude(self: Pin<&mut Self>, cell: &Head, from: Conclusion) -> End {
        let this = self.project();
        let Staged::Ended { outcome } = this.stage.project() else { return End::Normal };
        if let (Some(failure), Some(outcome)) = (from.failure, outcome.as_mut()) {
            *outcome = Err(failure);
        } else if !from.is_root && outcome.as_ref().is_some_and(Result::is_err) {
            // The root's own error needs no place: it is what the program says.
            *outcome = outcome.take().map(|outcome| outcome.map_err(|failure| failure.within(|| cell.label())));
        }
        let failure = outcome.as_ref().and_then(|outcome| outcome.as_ref().err());
        let end = failure.map_or(End::Normal, Failure::end);
        tracing::debug!(process = %cell.id(), name = cell.name(), ?end, "ended");
        if let Some(failure) = failure {
            cell.report(failure);
        }
        end
    }
}

/// Polls the future of a process.
#[inline]
fn step<F>(future: Pin<&mut F>, process: Current<'_>, cx: &mut Context<'_>) -> Poll<Outcome<Value<F>>>
where
    F: Future<Output: IntoOutcome>,
{
    // Put there, where it is not passed on by those who call each other: mostly there is none.
    let mut outcome = None;
    let has_ended = {
        let _measured = Measured::begin(process);
        acting(process, || {
            let polled = catch_unwind(AssertUnwindSafe(|| match future.poll(cx) {
                Poll::Pending => false,
                Poll::Ready(ended) => {
                    outcome = Some(ended.into_outcome());
                    true
                }
            }));
            polled.unwrap_or_else(|payload| {
                outcome = Some(Err(Failure::panic(&*payload)));
                true
            })
        })
    };
    if has_ended { outcome.map_or(Poll::Pending, Poll::Ready) } else { Poll::Pending }
}

/// The same in the spans that its cell keeps; at the first poll they begin.
fn step_in_spans<F>(
    future: Pin<&mut F>,
    has_spans: &mut bool,
    process: &Arc<Cell<impl ?Sized>>,
    cx: &mut Context<'_>,
) -> Poll<Outcome<Value<F>>>
where
    F: Future<Output: IntoOutcome>,
{
    let mut spans = if *has_spans { process.take_spans() } else { None };
    if process.polls() == 0 {
        spans = spans::begun(spans, process);
        *has_spans = spans.is_some();
    }
    let polled = {
        let _entered = spans::enter(&spans, process);
        step(future, Current::of(process), cx)
    };
    if *has_spans {
        process.put_spans(spans);
    }
    polled
}

/// A poll that is counted, and measured where somebody wants that.
struct Measured<'a> {
    process: Current<'a>,
    begun: Option<Begun>,
}

impl<'a> Measured<'a> {
    #[inline]
    fn begin(process: Current<'a>) -> Self {
        process.count_half_a_poll();
        Self { process, begun: process.world().measures().then(Begun::now) }
    }
}

impl Drop for Measured<'_> {
    #[inline]
    fn drop(&mut self) {
        self.process.count_half_a_poll();
        if let Some(begun) = &self.begun {
            self.process.note_usage(&begun.used());
        }
    }
}

/// What a process ends with that its scope has ended.
fn ended_by_scope(cell: &Head) -> Failure {
    cell.ending_poison().cloned().map_or_else(Failure::cancelled, Failure::poisoned)
}

/// Does something as a process: channels see it act, and its ends poison theirs when it fails.
#[inline]
fn acting<R>(process: Current<'_>, act: impl FnOnce() -> R) -> R {
    task::acting(process, || {
        let before = party::swap(Some(Acting::new(process.id(), show)));
        let result = if process.is_calm() { party::calmly(act) } else { act() };
        party::end_of_poll();
        party::swap(before);
        result
    })
}

/// A blocking body on its way: not started, on its thread, or back.
struct OnThread<B, T> {
    function: Option<B>,
    answer: Arc<Answer<T>>,
}

/// Where the thread leaves what the function has returned.
struct Answer<T>(Mutex<Option<Outcome<T>>>);

impl<T> Default for Answer<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Answer<T> {
    fn lock(&self) -> MutexGuard<'_, Option<Outcome<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B, T> Unpin for OnThread<B, T> {}

impl<B, T> Future for OnThread<B, T>
where
    B: FnOnce() -> Outcome<T> + Send + 'static,
    T: Send + 'static,
{
    type Output = Outcome<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome<T>> {
        if let (Some(_), Some(cell)) = (&self.function, Cell::current())
            && cell.is_cancelled()
        {
            // It is ended before it has begun, like a future that is never polled.
            return Poll::Ready(Err(ended_by_scope(&cell)));
        }
        if let (Some(function), Some(cell)) = (self.function.take(), Cell::current()) {
            let sends = Sends { answer: Arc::clone(&self.answer), waker: cx.waker().clone() };
            // The process's own: it is polled here.
            let span = spans::current();
            executor::here()?.spawn_blocking(Box::new(move || {
                cell.set_on_thread(true);
                let begun = cell.world().measures().then(Begun::now);
                let ended = acting(Current::of(&cell), || {
                    let _entered = span.enter();
                    let _shown = spans::show(&span, cell.followed());
                    catch_unwind(AssertUnwindSafe(function))
                });
                if let Some(begun) = begun {
                    cell.note_usage(&begun.used_on_thread());
                }
                cell.set_on_thread(false);
                *sends.answer.lock() = Some(ended.unwrap_or_else(|payload| Err(Failure::panic(&*payload))));
            }));
        }
        self.answer.lock().take().map_or(Poll::Pending, Poll::Ready)
    }
}

/// Brings the process back when the thread is done, or was never begun.
struct Sends<T> {
    answer: Arc<Answer<T>>,
    waker: Waker,
}

impl<T> Drop for Sends<T> {
    fn drop(&mut self) {
        let never = || Err(Failure::new("its thread did not start: the runtime is shutting down"));
        self.answer.lock().get_or_insert_with(never);
        self.waker.wake_by_ref();
    }
}
