//! What `#[process]` and `par!` expand to: drafts it first, so that the arguments' ends can be declared as its ports.
//!
//! A bound with words beside it, here and elsewhere in the crate, is one that the compiler shows, line and words, to
//! whoever does not keep it.

use crate::cell::Draft;
use crate::drive::{process_of, process_on_thread};
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
    let draft = Draft::new(name, ProcessKind::Function);
    let body = build(draft.id());
    Process { job: process_of(draft, body) }
}

/// The same for a blocking function; `build` makes what runs on the thread.
#[track_caller]
pub fn blocking_process<B, O>(name: &'static str, build: impl FnOnce(ProcessId) -> B) -> Process<O::Value>
where
    B: FnOnce() -> O + Send + 'static, // it runs on a thread of its own: give it what is `Send`, such as `Arc` for `Rc`
    O: IntoOutcome,
{
    let draft = Draft::new(name, ProcessKind::Blocking);
    let body = build(draft.id());
    Process { job: process_on_thread(draft, body) }
}

/// What `par!` and `seq!` make of each of theirs.
#[track_caller]
pub fn child<P>(process: P) -> Process<P::Value>
where
    P: IntoProcess, // it may move between threads: drop what is not `Send` before `.await`, or use `Arc`
{
    process.into_process()
}
