//! What `#[process]` and `par!` expand to: makes the cell first, so that the arguments' ends can be declared as its ports.
//!
//! A bound with words beside it, here and elsewhere in the crate, is one that the compiler shows, line and words, to
//! whoever does not keep it.

use crate::drive::Body;
use crate::process::new_cell;
use crate::{IntoOutcome, IntoProcess, Process};
use rendez_model::{ProcessId, ProcessKind};
use std::future::Future;

/// A process from its function's name and arguments; `build` declares the ports and makes the body.
#[track_caller]
pub fn process<F, O>(name: &'static str, build: impl FnOnce(ProcessId) -> F) -> Process<O::Value>
where
    F: Future<Output = O> + Send + 'static, // it may move between threads: drop what is not `Send` before `.await`, or use `Arc`
    O: IntoOutcome,
{
    let cell = new_cell(name.to_owned(), ProcessKind::Function);
    let body = build(cell.id());
    Process { cell, body: Body::Async(Box::pin(async move { body.await.into_outcome() })) }
}

/// The same for a blocking function; `build` makes what runs on the thread.
#[track_caller]
pub fn blocking_process<B, O>(name: &'static str, build: impl FnOnce(ProcessId) -> B) -> Process<O::Value>
where
    B: FnOnce() -> O + Send + 'static, // it runs on a thread of its own: give it what is `Send`, such as `Arc` for `Rc`
    O: IntoOutcome,
{
    let cell = new_cell(name.to_owned(), ProcessKind::Blocking);
    let body = build(cell.id());
    Process { cell, body: Body::Blocking(Box::new(move || body().into_outcome())) }
}

/// What `par!` and `seq!` make of each of theirs.
#[track_caller]
pub fn child<P>(process: P) -> Process<P::Value>
where
    P: IntoProcess, // it may move between threads: drop what is not `Send` before `.await`, or use `Arc`
{
    process.into_process()
}
