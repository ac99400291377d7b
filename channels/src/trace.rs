//! Trace: what a value is sent for, say an order; it goes with the values from party to party. It is no span and shows nothing.
//!
//! A party that handles something has a trace: what it sends meanwhile belongs to that, and who receives such a value has that
//! trace from then on, until it receives another value or begins something else. A value without a trace ends the trace of
//! who receives it: what comes after has none, rather than a wrong one.
//!
//! Where a trace is kept is a seam: with the [`Party`](party::Party), or in a place of its own for a time ([`within`]). The
//! trace of a value lies with the value: in the waiter's slot, handed back, or beside the buffer, in a queue that is moved by what
//! moves the buffer. A channel is *followed* from the first operation on it while there is a trace; then none of its short ways
//! is gone. While there is none, all this is one look at a word that an operation looks at anyway.
//!
//! ```
//! use rendez_channels::{block_on, channel_bounded, trace};
//!
//! let (tx, rx) = channel_bounded(2);
//! let sent = trace::within(trace::Trace::new("order 17"), async { tx.send("paint").await });
//! block_on(sent).unwrap().unwrap();
//! tx.try_send("nobody's").unwrap();
//! let received = trace::within(trace::Trace::new("other"), async {
//!     let mut seen = vec![];
//!     while let Ok(value) = rx.try_recv() {
//!         seen.push((value, trace::current().map(|trace| trace.name().to_owned())));
//!     }
//!     seen
//! });
//! assert_eq!(block_on(received).unwrap(), [("paint", Some("order 17".to_owned())), ("nobody's", None)]);
//! ```

use crate::party;
use crate::steps::{self, Numbered};
use pin_project_lite::pin_project;
use rendez_model::ProcessId;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

/// What values are sent for: a number and a name. Clones are the same trace, which lives as long as any of them: with values
/// on their way, and with parties.
#[derive(Clone)]
pub struct Trace(Arc<Known>);

#[derive(PartialEq, Eq)]
struct Known {
    id: u64,
    name: Box<str>,
    /// The node at which it began; none of this program's own.
    node: Option<Box<str>>,
}

/// A value with what it belongs to.
#[derive(Debug)]
pub(crate) struct Parcel<T> {
    pub(crate) value: T,
    pub(crate) trace: Option<Trace>,
}

impl<T> Parcel<T> {
    /// The value, for the acting party, which has its trace from now on.
    pub(crate) fn received(self) -> T {
        received(self.trace);
        self.value
    }
}

/// What the last so many values of a queue belong to; none before them belongs to anything. Counted from the back, where the queue and
/// this grow together, so that it may begin later than the queue.
#[derive(Default)]
pub(crate) struct Traces(VecDeque<Option<Trace>>);

impl Traces {
    /// A value comes to the back.
    #[cold]
    pub(crate) fn push(&mut self, trace: Option<Trace>) {
        self.0.push_back(trace);
    }

    /// The first of so many values goes.
    #[cold]
    pub(crate) fn pop(&mut self, values: usize) -> Option<Trace> {
        debug_assert!(self.0.len() <= values, "each belongs to a value");
        if self.0.len() == values { self.0.pop_front().flatten() } else { None }
    }

    /// That of number `at` of so many values.
    #[cold]
    pub(crate) fn get(&self, at: usize, values: usize) -> Option<Trace> {
        let older = values - self.0.len();
        self.0.get(at.checked_sub(older)?).cloned().flatten()
    }
}

/// Where a trace is kept that somebody has at present, who is no [`Party`](party::Party), or a part of one. No operation of channels may be done
/// in it.
pub trait Follow: Send + Sync {
    /// The trace. Asked under locks of channels: nothing but a look.
    fn trace(&self) -> Option<Trace>;
    /// From now on it is this one. Called by the one who has it, under no lock of channels.
    fn set(&self, trace: Option<Trace>);
}

impl Trace {
    /// A new trace. The number is its own among those of this program.
    #[must_use]
    pub fn new(name: &str) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self::arrived(None, steps::number(Numbered::Trace, &NEXT), name)
    }

    /// One that began elsewhere, for who brings values from another program: at a node of this name, where it has this number. None
    /// is of this program, to which it has come back.
    ///
    /// ```
    /// use rendez_channels::trace::Trace;
    ///
    /// let order = Trace::arrived(Some("till"), 17, "order");
    /// assert_eq!(order.to_string(), "t17@till `order`");
    /// let own = Trace::new("own");
    /// assert_eq!(Trace::arrived(None, own.id(), own.name()), own);
    /// ```
    #[must_use]
    pub fn arrived(node: Option<&str>, id: u64, name: &str) -> Self {
        steps::trace_begins();
        Self(Arc::new(Known { id, name: name.into(), node: node.map(Into::into) }))
    }

    /// Its number, at the node where it began.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// The node where it began; none where that is this program.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        self.0.node.as_deref()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        steps::trace_ends();
    }
}

impl PartialEq for Trace {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Eq for Trace {}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trace({self})")
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.node() {
            Some(node) => write!(f, "t{}@{node} `{}`", self.id(), self.name()),
            None => write!(f, "t{} `{}`", self.id(), self.name()),
        }
    }
}

thread_local! {
    /// What is done at present within a place of its own, and by whom.
    static WITHIN: RefCell<Option<(ProcessId, Arc<dyn Follow>)>> = const { RefCell::new(None) };
}

/// Whether anybody has a trace: one load. Who has one himself is told so.
#[must_use]
#[inline]
pub fn is_any() -> bool {
    steps::somebody_follows()
}

/// The trace that the acting party has; none where it has none, or where nobody has any.
#[must_use]
#[inline]
pub fn current() -> Option<Trace> {
    if is_any() { current_of_party() } else { None }
}

#[cold]
fn current_of_party() -> Option<Trace> {
    match place() {
        Some(place) => place.trace(),
        None => party::look(|party| party.trace()).flatten(),
    }
}

/// The acting party has this trace from now on; nothing happens where there is no place to keep it.
pub fn set_current(trace: Option<Trace>) {
    match place() {
        Some(place) => place.set(trace),
        None => drop(party::look(|party| party.set_trace(trace))),
    }
}

/// The acting party has received a value that belongs to this.
#[cold]
pub(crate) fn received(trace: Option<Trace>) {
    set_current(trace);
}

/// The place of its own within which the acting party does what it does, if it has one.
#[cold]
fn place() -> Option<Arc<dyn Follow>> {
    let acting = party::current_id();
    // A thread that ends follows nothing more.
    let within = WITHIN.try_with(|within| {
        within.borrow().as_ref().filter(|(by, _)| *by == acting).map(|(_, place)| Arc::clone(place))
    });
    within.ok().flatten()
}

/// Has what `future` does begin with this trace, whoever polls it: what it sends belongs to that, and what it receives
/// changes it for this future alone.
///
/// # Cancel safety
/// That of `future`.
pub fn within<F: Future>(trace: Trace, future: F) -> Within<F> {
    Within { place: Arc::new(Place(Mutex::new(Some(trace)))), future }
}

/// Does something with a trace that is kept there.
pub fn in_place<R>(place: &Arc<dyn Follow>, act: impl FnOnce() -> R) -> R {
    struct Back(Option<(ProcessId, Arc<dyn Follow>)>);
    impl Drop for Back {
        fn drop(&mut self) {
            let before = self.0.take();
            let _ = WITHIN.try_with(|within| within.replace(before));
        }
    }
    let ours = (party::current_id(), Arc::clone(place));
    let _back = Back(WITHIN.try_with(|within| within.replace(Some(ours))).ok().flatten());
    act()
}

pin_project! {
    /// A future that has a trace of its own; see [`within`].
    #[must_use = "a future does nothing unless it is awaited"]
    pub struct Within<F> {
        place: Arc<dyn Follow>,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Within<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        in_place(this.place, || this.future.poll(cx))
    }
}

impl<F> fmt::Debug for Within<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Within").field("trace", &self.place.trace()).finish_non_exhaustive()
    }
}

/// A place that nobody looks at.
struct Place(Mutex<Option<Trace>>);

impl Follow for Place {
    fn trace(&self) -> Option<Trace> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, trace: Option<Trace>) {
        let old = std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), trace);
        drop(old);
    }
}
