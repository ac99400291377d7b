//! Traces: an id that goes with values and messages from process to process, and is shown in spans. It chooses no way of a value:
//! that a value has the right one is seen to by the channels.
//!
//! What begins somewhere, say an order or a request, is [followed](follow): whatever is sent on its behalf has its trace, and so has
//! who receives that, until it receives something else. `tracing` shows it as a span `trace{id name}` below that of the process.
//! `docs/OBSERVE.md` says what each kind of channel and message does with it.
//!
//! ```
//! use rendez_channels::channel;
//! use rendez_runtime::{Outcome, run, spawn, trace};
//!
//! let followed = run(async {
//!     let (orders, kitchen) = channel();
//!     let cook = spawn(async move {
//!         let dish: &str = kitchen.recv().await?;
//!         Outcome::Ok((dish, trace::current().map(|trace| trace.name().to_owned())))
//!     });
//!     trace::follow("order 17", orders.send("soup")).await?;
//!     cook.join().await
//! });
//! assert_eq!(followed.unwrap(), ("soup", Some("order 17".to_owned())));
//! ```

use crate::spans;
use pin_project_lite::pin_project;
use rendez_channels::trace::{Follow, in_place, set_current};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tracing::Span;

pub(crate) use rendez_channels::trace::is_any;
pub use rendez_channels::trace::{Trace, current};

/// Does what `future` does on behalf of something new: what it sends, the processes that it starts and the actors that it
/// asks follow that. What it receives meanwhile changes what it follows for itself alone; whoever awaits it goes on as before.
///
/// It works in any task, also outside of processes. A name is for people, and need not be its own.
///
/// # Cancel safety
/// That of `future`.
pub fn follow<F: Future>(name: &str, future: F) -> Following<F> {
    within(Some(Trace::new(name)), future)
}

/// The same on behalf of what is known already, or of nothing: for who holds values back and sends them later, and for parts of a process
/// that have nothing to do with each other.
///
/// # Cancel safety
/// That of `future`.
///
/// ```
/// use rendez_channels::channel_unbounded;
/// use rendez_runtime::{Outcome, run, trace};
///
/// run(async {
///     let (tx, rx) = channel_unbounded();
///     for name in ["first", "second"] {
///         trace::follow(name, tx.send(name)).await?;
///     }
///     let mut held = vec![];
///     while let Ok(value) = rx.try_recv() {
///         held.push((value, trace::current()));
///     }
///     // In the other order, each on behalf of its own.
///     for (value, trace) in held.into_iter().rev() {
///         trace::within(trace, tx.send(value)).await?;
///     }
///     assert_eq!(rx.recv().await?, "second");
///     assert_eq!(trace::current().unwrap().name(), "second");
///     Outcome::Ok(())
/// }).unwrap();
/// ```
pub fn within<F: Future>(trace: Option<Trace>, future: F) -> Following<F> {
    Following { part: Beside::of(trace), future }
}

/// Begins something new in the current process, which follows it until it receives another value or [ends](end) it. Outside
/// of processes, and of what [`follow`] does, nothing follows it.
///
/// ```
/// use rendez_runtime::{Outcome, run, trace};
///
/// run(async {
///     let order = trace::begin("order 17");
///     assert_eq!(trace::current(), Some(order));
///     trace::end();
///     assert_eq!(trace::current(), None);
///     Outcome::Ok(())
/// }).unwrap();
/// ```
#[must_use = "nothing is followed for longer than somebody has its trace"]
pub fn begin(name: &str) -> Trace {
    let trace = Trace::new(name);
    set_current(Some(trace.clone()));
    trace
}

/// The current process follows nothing any more.
pub fn end() {
    resume(None);
}

pin_project! {
    /// A future that follows something of its own; see [`follow`].
    #[must_use = "a future does nothing unless it is awaited"]
    pub struct Following<F> {
        part: Beside,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Following<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.part.act(|| this.future.poll(cx))
    }
}

impl<F> fmt::Debug for Following<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Following").field("trace", &self.part.trace()).finish_non_exhaustive()
    }
}

/// What a process, or a part of it, follows at present, and the span that shows that.
#[derive(Default)]
pub(crate) struct Followed(Mutex<Now>);

#[derive(Default)]
struct Now {
    trace: Option<Trace>,
    /// Made when it is first shown.
    span: Option<Span>,
}

impl Followed {
    pub(crate) const fn of(trace: Option<Trace>) -> Self {
        Self(Mutex::new(Now { trace, span: None }))
    }

    /// The span that shows what is followed, below this one.
    pub(crate) fn span(&self, within: &Span) -> Option<Span> {
        let (trace, span) = {
            let now = self.lock();
            (now.trace.clone()?, now.span.clone())
        };
        // Made under no lock: it is the subscriber's code.
        let span = span.unwrap_or_else(
            || tracing::info_span!(parent: within, "trace", id = trace.id(), name = trace.name(), node = trace.node()),
        );
        let mut now = self.lock();
        if now.trace.as_ref() == Some(&trace) {
            now.span = Some(span.clone());
        }
        Some(span)
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Follow for Followed {
    fn trace(&self) -> Option<Trace> {
        self.lock().trace.clone()
    }

    fn set(&self, trace: Option<Trace>) {
        let is_same = self.lock().trace == trace;
        if !is_same {
            let old = std::mem::replace(&mut *self.lock(), Now { trace, span: None });
            spans::show_again(self);
            drop(old);
        }
    }
}

/// Does something as a part of a process that follows something of its own.
pub(crate) fn act<R>(followed: &Arc<Followed>, act: impl FnOnce() -> R) -> R {
    let place: Arc<dyn Follow> = Arc::clone(followed) as _;
    let _shown = spans::show(&spans::current(), Some(followed));
    in_place(&place, act)
}

/// The same with what it follows from the beginning; where nobody follows anything, nothing but `act`.
pub(crate) fn act_for<R>(trace: Option<Trace>, follows: impl FnOnce() -> R) -> R {
    if !is_any() {
        return follows();
    }
    act(&Arc::new(Followed::of(trace)), follows)
}

/// What a part of a process follows, which goes on beside others: made when anybody follows anything.
#[derive(Default)]
pub(crate) struct Beside(Option<Arc<Followed>>);

impl Beside {
    pub(crate) fn of(trace: Option<Trace>) -> Self {
        Self(trace.map(|trace| Arc::new(Followed::of(Some(trace)))))
    }

    fn trace(&self) -> Option<Trace> {
        self.0.as_ref()?.trace()
    }

    pub(crate) fn act<R>(&mut self, part: impl FnOnce() -> R) -> R {
        if is_any() { act(self.0.get_or_insert_default(), part) } else { part() }
    }
}

/// A message with what it belongs to, while it is neither on its way nor being handled.
#[doc(hidden)]
#[derive(Debug, PartialEq, Eq)]
pub struct Traced<M> {
    pub message: M,
    pub trace: Option<Trace>,
}

impl<M> Traced<M> {
    /// One that was just received, or is made here.
    #[must_use]
    #[inline]
    pub fn here(message: M) -> Self {
        Self { message, trace: current() }
    }

    /// One of which nobody knows any more what it belongs to.
    pub(crate) const fn unknown(message: M) -> Self {
        Self { message, trace: None }
    }

    /// The message, on whose behalf the process acts from now on.
    #[inline]
    pub(crate) fn begun(self) -> M {
        resume(self.trace);
        self.message
    }
}

/// The current process follows this from now on, which it followed before, or nothing.
#[inline]
pub fn resume(trace: Option<Trace>) {
    if is_any() {
        set_current(trace);
    }
}
