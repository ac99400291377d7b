//! Steps: the seam through which who explores a network sees what a step touches, and says where it ends. It schedules nothing.
//!
//! A step of a process goes from one operation to the next: it is over when it begins a second one. What two steps touch tells
//! whether their order matters: everything that parties share here lies behind a [`Lock`](crate::prim::Lock), or is a
//! choice's word. While nobody explores, each of these costs one load. The same load tells whether anything is
//! [followed](crate::trace).

use rendez_model::{BarrierId, ChannelId};
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;

/// Who explores. Implemented by the runtime.
pub trait Steps: Send + Sync {
    /// The step touches what lies at this address, or has this number.
    fn touches(&self, what: Touched);
    /// What lies at this address is gone; another thing may come to lie there.
    fn gone(&self, at: usize);
    /// An operation begins, on behalf of this waker. False: it is another step's, and polled again.
    fn begins(&self, operation: Operation, waker: &Waker) -> bool;
    /// This thread has nothing to do until the parker at this address is woken; it returns when it may look again.
    fn parks(&self, parker: usize);
    /// The parker at this address is woken.
    fn unparks(&self, parker: usize);
    /// The next number of this kind.
    fn number(&self, kind: Numbered) -> u64;
    /// A channel has this name.
    fn named(&self, channel: ChannelId, name: &str);
    /// Values were dropped with their channel, so many.
    fn lost(&self, channel: ChannelId, name: String, values: u64);
}

/// A thing that several parties share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Touched {
    /// What lies at an address, until it is [gone](Steps::gone).
    At(usize),
    /// A thing that its owner numbers itself.
    Own(u64),
    /// The same, by a touch whose order among others of its kind does not matter.
    Shared(u64),
    /// When the process of this number goes on: it is woken.
    Waking(u64),
}

/// What begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A send, or a reservation.
    Send(ChannelId),
    /// A receive.
    Receive(ChannelId),
    /// A choice.
    Choice,
    /// A meeting at a barrier.
    Meet(BarrierId),
    /// A wait for anything else: an end, a newer value, a cancellation.
    Wait,
}

/// What has numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbered {
    /// Channels.
    Channel,
    /// Barriers.
    Barrier,
    /// Choices.
    Choice,
    /// Traces.
    Trace,
}

/// How many threads explore, above that how many have operations counted, and above that how many traces there are: one load
/// tells that there is none of these.
static WATCHED: AtomicU64 = AtomicU64::new(0);
const EXPLORER: u64 = 1;
const COUNTER: u64 = 1 << 16;
const TRACE: u64 = 1 << 32;

thread_local! {
    static STEPS: RefCell<Option<Arc<dyn Steps>>> = const { RefCell::new(None) };
    static BEGUN: Cell<u64> = const { Cell::new(0) };
}

/// Operations are counted until this is dropped; see [`count`].
#[derive(Debug)]
#[must_use = "operations are counted until this is dropped"]
pub struct Counted(());

/// Has all threads count the operations that they begin; see [`begun`].
pub fn count() -> Counted {
    // Relaxed: who reads it late counts from a later one on.
    WATCHED.fetch_add(COUNTER, Ordering::Relaxed);
    Counted(())
}

impl Drop for Counted {
    fn drop(&mut self) {
        WATCHED.fetch_sub(COUNTER, Ordering::Relaxed);
    }
}

/// How many operations have begun on this thread, while they were counted. One that is done at once without waiting for it
/// (`try_send`) is none.
#[must_use]
pub fn begun() -> u64 {
    BEGUN.try_with(Cell::get).unwrap_or_default()
}

/// This thread explores until it is dropped; see [`enter`].
#[must_use = "the thread explores until this is dropped"]
pub struct Entered {
    before: Option<Arc<dyn Steps>>,
}

/// Has this thread explore: what it does from now on is told to `steps`.
pub fn enter(steps: Arc<dyn Steps>) -> Entered {
    // Relaxed: of other threads' things nothing is told; this one sees its own.
    WATCHED.fetch_add(EXPLORER, Ordering::Relaxed);
    Entered { before: STEPS.replace(Some(steps)) }
}

impl Drop for Entered {
    fn drop(&mut self) {
        // Relaxed: as in `enter`.
        WATCHED.fetch_sub(EXPLORER, Ordering::Relaxed);
        STEPS.set(self.before.take());
    }
}

/// Whether any thread does.
#[inline(always)]
pub(crate) fn somebody_explores() -> bool {
    // Relaxed: see `enter`.
    WATCHED.load(Ordering::Relaxed) & (COUNTER - 1) != 0
}

/// Whether any thread does, or has operations counted, or anything is followed: then an operation begins by
/// [`waits_its_turn`].
#[inline(always)]
pub(crate) fn is_watched() -> bool {
    // Relaxed: see `enter` and `count`.
    WATCHED.load(Ordering::Relaxed) != 0
}

/// There is one trace more.
pub(crate) fn trace_begins() {
    // Relaxed: who has to know of it learns of it by a lock, or is its maker.
    WATCHED.fetch_add(TRACE, Ordering::Relaxed);
}

/// There is one trace less.
pub(crate) fn trace_ends() {
    WATCHED.fetch_sub(TRACE, Ordering::Relaxed);
}

/// Whether there is any trace. Who has one, or finds one under a lock, is told so.
#[inline(always)]
pub(crate) fn somebody_follows() -> bool {
    // Relaxed: see `trace_begins`.
    WATCHED.load(Ordering::Relaxed) >= TRACE
}

/// Tells this thread's explorer, if there is one.
#[cold]
fn tell<R>(what: impl FnOnce(&dyn Steps) -> R) -> Option<R> {
    let steps = STEPS.try_with(|steps| steps.borrow().clone()).ok().flatten()?;
    Some(what(&*steps))
}

/// The same for what comes often, where the explorer runs nobody's code, so that it stays who it is.
#[cold]
fn note(what: impl FnOnce(&dyn Steps)) {
    // A thread that ends has no explorer any more.
    let _ = STEPS.try_with(|steps| steps.borrow().as_deref().map(what));
}

/// The step touches something that parties share.
#[inline(always)]
pub fn touches(what: impl FnOnce() -> Touched) {
    if somebody_explores() {
        note(|steps| steps.touches(what()));
    }
}

/// The step touches what lies there.
#[inline(always)]
pub(crate) fn touches_at<T>(at: *const T) {
    touches(|| Touched::At(at.addr()));
}

/// What lies there is gone.
#[inline(always)]
pub fn gone<T>(at: *const T) {
    if somebody_explores() {
        note(|steps| steps.gone(at.addr()));
    }
}

/// Whether an operation that begins now has to wait for the next step. Its waker is woken then.
#[inline(always)]
pub(crate) fn waits_its_turn(waker: &Waker, operation: impl FnOnce() -> Operation) -> bool {
    is_watched() && is_put_off(waker, operation)
}

/// Counts it; whether it is another step's.
#[cold]
fn is_put_off(waker: &Waker, operation: impl FnOnce() -> Operation) -> bool {
    // A thread that ends counts no more.
    let _ = BEGUN.try_with(|begun| begun.set(begun.get() + 1));
    somebody_explores() && tell(|steps| !steps.begins(operation(), waker)).unwrap_or(false)
}

/// The next number: that of the exploration, where this thread explores.
pub(crate) fn number(kind: Numbered, next: &AtomicU64) -> u64 {
    let explored = if somebody_explores() { tell(|steps| steps.number(kind)) } else { None };
    // Relaxed: the number has to be unique and says nothing about other memory.
    explored.unwrap_or_else(|| next.fetch_add(1, Ordering::Relaxed))
}

/// Values are dropped with their channel, so many.
pub(crate) fn lost(channel: ChannelId, name: String, values: u64) {
    if values > 0 {
        tell(|steps| steps.lost(channel, name, values));
    }
}

/// A channel has this name.
pub(crate) fn named(channel: ChannelId, name: &str) {
    if somebody_explores() {
        tell(|steps| steps.named(channel, name));
    }
}

/// A thread that explores parks; false where it does not explore, and has to park by itself.
pub(crate) fn parks<T>(parker: *const T) -> bool {
    somebody_explores() && tell(|steps| steps.parks(parker.addr())).is_some()
}

/// A parker is woken.
pub(crate) fn unparks<T>(parker: *const T) {
    if somebody_explores() {
        tell(|steps| steps.unparks(parker.addr()));
    }
}
