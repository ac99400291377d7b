//! Guests: what needs an arbiter of actix, as a process on a thread of its own. The actors on it are actix's.

use crate::cell::{Cell, Draft};
use crate::drive::process_on_thread;
use crate::{Failure, IntoOutcome, Process, stop_requested};
use ::actix::dev::channel::channel;
use ::actix::{Addr, System, SystemRunner};
use rendez_model::ProcessKind;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// How many messages the mailbox of a [`guest_actor`] holds; as actix has it, unless the actor says otherwise.
const MAILBOX: usize = 16;

/// A process that runs a `System` of actix on a thread of its own, and in it what `body` makes there.
///
/// What `body` makes need not be `Send`, and may start actors with actix's own `Context`. The process ends when it does, with
/// its outcome; a panic in it is the failure of the process. Then the system is stopped, and the actors on it are dropped: their
/// `stopping` and `stopped` are called. Arbiters that were started besides are told to stop, and not waited for. An actor that
/// was started in it and panics is lost without a word, as in actix: [`guest_actor`] is for one whose end matters.
///
/// Its scope ends it at the next moment that its thread is free: `body` is dropped then. A stop of the system from inside
/// ends it too, and is a failure, for there is no outcome.
///
/// ```
/// use rendez_runtime::actix::guest;
/// use rendez_runtime::{Outcome, run};
/// use std::rc::Rc;
///
/// let length = run(async {
///     guest("not to be sent", || async {
///         let text = Rc::new(String::from("on its own thread"));
///         actix::spawn({
///             let text = Rc::clone(&text);
///             async move { drop(text) }
///         });
///         Outcome::Ok(text.len())
///     })
///     .await
/// });
/// assert_eq!(length.unwrap(), 17);
/// ```
#[track_caller]
pub fn guest<F>(
    name: impl Into<String>,
    body: impl FnOnce() -> F + Send + 'static,
) -> Process<<F::Output as IntoOutcome>::Value>
where
    F: Future<Output: IntoOutcome>,
{
    let body = move || match run(async { body().await }) {
        Ended::Done(outcome) => outcome.into_outcome(),
        Ended::Stopped(code) => Err(Failure::new(format_args!(
            "its actix system was stopped with code {code} before its body had ended: end the body instead"
        ))),
        Ended::Failed(failure) => Err(failure),
    };
    Process { job: process_on_thread(Draft::new(name.into(), ProcessKind::Actor), body) }
}

/// An actor of actix as a process, on an arbiter and a thread of its own, and its address.
///
/// `make` is called on that thread, with the actor's context: neither state nor handlers need be `Send`, and all of actix works
/// in them. The process ends with the actor: when it stops itself, when nobody has an address any more, when its system is
/// stopped. A panic in one of its handlers is the failure of the process, and comes to its scope with name and spawn line.
///
/// Requested to stop, or ended by its scope, it is ended as actix drops an actor: `stopping` is called, whose answer counts for
/// nothing, and `stopped`. Its address ends with it: below a supervisor, each incarnation has one of its own.
///
/// ```
/// use actix::prelude::*;
/// use rendez_runtime::actix::guest_actor;
/// use rendez_runtime::{Outcome, par, run};
/// use std::{cell::Cell, rc::Rc};
///
/// struct Counter(Rc<Cell<u32>>);
/// impl Actor for Counter {
///     type Context = actix::Context<Self>;
/// }
///
/// struct Add(u32);
/// impl Message for Add {
///     type Result = u32;
/// }
/// impl Handler<Add> for Counter {
///     type Result = u32;
///     fn handle(&mut self, Add(n): Add, _: &mut Self::Context) -> u32 {
///         self.0.set(self.0.get() + n);
///         self.0.get()
///     }
/// }
///
/// run(async {
///     let (counter, process) = guest_actor("counter", |_| Counter(Rc::default()));
///     par![process, async move {
///         assert_eq!(counter.send(Add(2)).await?, 2);
///         Outcome::Ok(()) // The last address is dropped: the actor ends, and so does its process.
///     }]
///     .await
/// })
/// .unwrap();
/// ```
#[track_caller]
pub fn guest_actor<A>(
    name: impl Into<String>,
    make: impl FnOnce(&mut ::actix::Context<A>) -> A + Send + 'static,
) -> (Addr<A>, Process)
where
    A: ::actix::Actor<Context = ::actix::Context<A>>,
{
    let (sender, receiver) = channel(MAILBOX);
    let body = move || {
        let life = async move {
            let mut context = ::actix::Context::with_receiver(receiver);
            let actor = make(&mut context);
            let life = context.into_future(actor);
            let (mut life, mut asked) = (pin!(life), pin!(stop_requested()));
            // Dropped when it is asked to stop: it has its last words then.
            poll_fn(|cx| if life.as_mut().poll(cx).is_ready() { Poll::Ready(()) } else { asked.as_mut().poll(cx) })
                .await;
        };
        match run(life) {
            Ended::Done(()) | Ended::Stopped(0) => Ok(()),
            Ended::Stopped(code) => Err(Failure::new(format_args!("its actix system was stopped with code {code}"))),
            Ended::Failed(failure) => Err(failure),
        }
    };
    let process = Process { job: process_on_thread(Draft::new(name.into(), ProcessKind::Actor), body) };
    // From the beginning, so that it is given time for a request even when it has not been polled yet.
    process.cell().control().listen();
    (Addr::new(sender), process)
}

/// How a system has ended.
enum Ended<T> {
    /// What it was for is done.
    Done(T),
    /// From inside, with this code.
    Stopped(i32),
    /// It did not start, or panicked, or its process was ended.
    Failed(Failure),
}

/// Runs a future in a system of its own on this thread, until it is done, or the system or the process is ended.
fn run<T>(life: impl Future<Output = T>) -> Ended<T> {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let why = format_args!("the system has no room for an arbiter of actix: {error}: let others end first");
            return Ended::Failed(Failure::new(why));
        }
    };
    let system = System::with_tokio_rt(|| runtime);
    let ended = system.block_on(until(life, &system));
    stop(system);
    ended
}

/// Stops what else runs in a system.
fn stop(system: SystemRunner) {
    System::current().stop();
    // An error would say that it has been stopped before.
    let _ = system.run();
}

async fn until<T>(life: impl Future<Output = T>, system: &SystemRunner) -> Ended<T> {
    let (mut life, mut stopped, mut cancelled) = (pin!(life), system.stop_future(), pin!(cancelled()));
    poll_fn(|cx: &mut Context<'_>| {
        if cancelled.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ended::Failed(Failure::cancelled()));
        }
        match catch_unwind(AssertUnwindSafe(|| life.as_mut().poll(cx))) {
            Ok(Poll::Ready(value)) => return Poll::Ready(Ended::Done(value)),
            Ok(Poll::Pending) => {}
            Err(payload) => return Poll::Ready(Ended::Failed(Failure::panic(&*payload))),
        }
        pin!(&mut stopped).poll(cx).map(|code| Ended::Stopped(code.unwrap_or_default()))
    })
    .await
}

/// Until the process that this thread acts for is being ended.
async fn cancelled() {
    let Some(cell) = Cell::current() else { return std::future::pending().await };
    let mut is_noted = false;
    poll_fn(|cx| {
        if !std::mem::replace(&mut is_noted, true) {
            Arc::as_ref(&cell).wake_on_cancel(cx.waker());
        }
        if cell.is_cancelled() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
