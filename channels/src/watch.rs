//! Watch: a channel that keeps one value, the latest; receivers are told that it has changed, not of every change.

use crate::after_lock::After;
use crate::end::{End, common};
use crate::guard::Seat;
use crate::memory::Memory;
use crate::register::{self, Holder, Register};
use crate::shell::{Body, Plan, Shell};
use crate::state::{commit_alone, unmark};
use crate::trace::{self, Trace};
use crate::waiters::List;
use crate::waiting::{Source, Waiting, now};
use crate::{ChannelKind, Ended, Guard, Overflow, SendError, Stand, TryRecvError, block_on, inspect, steps};
use rendez_model::{Channel, Delivery, Side};
use std::marker;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A channel that keeps its latest value, with the value that it begins with.
///
/// ```
/// use rendez_channels::{block_on, watch};
///
/// let (setting, knob) = watch(1);
/// setting.send(2).unwrap();
/// setting.send(3).unwrap();
/// assert_eq!(*block_on(knob.recv()).unwrap().unwrap(), 3, "2 is past");
/// assert!(knob.try_recv().is_err(), "3 is seen");
/// assert_eq!(*knob.latest(), 3);
/// ```
#[must_use]
pub fn watch<T: marker::Send + Sync + 'static>(first: T) -> (WatchSender<T>, WatchReceiver<T>) {
    let plan =
        Plan { kind: ChannelKind::Bounded(1), overflow: Overflow::DropOldest, immunity: 0, name: None, inborn: None };
    let core = Shell::new(plan, Latest::new(first));
    let sender = WatchSender { end: End::new(Arc::clone(&core)) };
    (sender, WatchReceiver { end: End::new(core), seen: AtomicU64::new(0) })
}

/// The end of a [watch] that values go into.
pub struct WatchSender<T: marker::Send + Sync + 'static> {
    end: End<Latest<T>, true>,
}

/// An end of a [watch] that shows the latest value. A clone has seen what its original has seen.
pub struct WatchReceiver<T: marker::Send + Sync + 'static> {
    end: End<Latest<T>, false>,
    /// Version of the value that it has seen. Relaxed: it changes under the channel's lock.
    seen: AtomicU64,
}

impl<T: marker::Send + Sync + 'static> WatchSender<T> {
    /// Replaces the value, at once.
    ///
    /// # Errors
    /// The value comes back: no receiver is left, or the channel was poisoned or lost.
    #[expect(clippy::missing_panics_doc, reason = "nobody else has seen a value that was not put there")]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        let mut value = Arc::new(value);
        let mut after = After::<()>::new();
        let mut state = self.core().lock();
        if state.is_over(Side::Send) {
            let cause = register::ended(state.peek_register(), self.core().own());
            drop(state);
            return Err(SendError::new(Arc::into_inner(value).expect("nobody else has seen it"), cause));
        }
        std::mem::swap(&mut state.value, &mut value);
        state.version += 1;
        let old = state.set_trace();
        after.ring(&mut state.changed);
        drop(state);
        drop((old, after));
        Ok(())
    }

    /// The value as it is now.
    #[must_use]
    pub fn latest(&self) -> Arc<T> {
        Arc::clone(&self.core().lock().value)
    }

    /// A further receiver, which has seen the present value.
    #[must_use]
    pub fn subscribe(&self) -> WatchReceiver<T> {
        let end = self.end.other();
        let seen = self.core().lock().version;
        WatchReceiver { end, seen: AtomicU64::new(seen) }
    }
}

impl<T: marker::Send + Sync + 'static> WatchReceiver<T> {
    /// Waits for a value that this receiver has not seen, and gives the latest.
    ///
    /// # Errors
    /// The way the channel has ended; `Retired` once the last value is seen and no sender is left.
    ///
    /// # Cancel safety
    /// Nothing is lost: what was not given is not seen.
    pub fn recv(&self) -> impl Future<Output = Result<Arc<T>, Ended>> + Guard<Output = Result<Arc<T>, Ended>> {
        Waiting::new(self.core(), Change { end: self })
    }

    /// The latest value, if this receiver has not seen it.
    ///
    /// # Errors
    /// It has, or the channel has ended.
    pub fn try_recv(&self) -> Result<Arc<T>, TryRecvError> {
        match now(self.core(), &mut Change { end: self }) {
            Some(got) => got.map_err(TryRecvError::Ended),
            None => Err(TryRecvError::Empty),
        }
    }

    /// Like [`recv`](Self::recv), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// As `recv`, and [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn recv_blocking(&self) -> Result<Arc<T>, Ended> {
        block_on(self.recv())?
    }

    /// The value as it is now, also after the channel has ended. It does not count as seen.
    #[must_use]
    pub fn latest(&self) -> Arc<T> {
        Arc::clone(&self.core().lock().value)
    }
}

impl<T: marker::Send + Sync + 'static> Clone for WatchSender<T> {
    fn clone(&self) -> Self {
        Self { end: self.end.clone() }
    }
}

impl<T: marker::Send + Sync + 'static> Clone for WatchReceiver<T> {
    fn clone(&self) -> Self {
        Self { end: self.end.clone(), seen: AtomicU64::new(self.seen.load(Ordering::Relaxed)) }
    }
}

common!(WatchSender, Latest<T>, [marker::Send + Sync]);
common!(WatchReceiver, Latest<T>, [marker::Send + Sync]);

/// The wait for a newer value.
struct Change<'a, T: marker::Send + Sync + 'static> {
    end: &'a WatchReceiver<T>,
}

impl<T: marker::Send + Sync + 'static> Source<Arc<Shell<Latest<T>>>> for Change<'_, T> {
    type Output = Result<Arc<T>, Ended>;
    type Scrap = ();

    fn bell(state: &mut Latest<T>) -> &mut List<()> {
        &mut state.changed
    }

    fn take(&mut self, state: &mut Latest<T>, us: Seat<'_>, after: &mut After<()>) -> Option<Self::Output> {
        let is_new = state.version > self.end.seen.load(Ordering::Relaxed);
        if !state.is_down && is_new {
            commit_alone(us).ok()?;
            self.end.seen.store(state.version, Ordering::Relaxed);
            state.received += 1;
            if let Some(trace) = &state.followed {
                after.received((**trace).clone());
            }
            return Some(Ok(Arc::clone(&state.value)));
        }
        if !state.is_over(Side::Receive) {
            unmark(us);
            return None;
        }
        commit_alone(us).ok()?;
        Some(Err(register::ended(state.peek_register(), self.end.core().own())))
    }

    fn about_to_wait(&self) {
        self.end.note_holder();
    }

    fn memory(&self) -> Option<&Memory> {
        Some(&self.end.end.memory)
    }
}

/// The state of a watch.
pub(crate) struct Latest<T> {
    value: Arc<T>,
    /// How many values came after the first.
    version: u64,
    received: u64,
    senders: u32,
    receivers: u32,
    changed: List<()>,
    is_down: bool,
    listed: bool,
    /// By side.
    holders: [Holder; 2],
    register: Option<Box<Register>>,
    /// What the value belongs to, while that is followed.
    followed: Option<Box<Option<Trace>>>,
}

impl<T> Latest<T> {
    fn new(first: T) -> Self {
        Self {
            value: Arc::new(first),
            version: 0,
            received: 0,
            senders: 1,
            receivers: 1,
            changed: List::new(),
            is_down: false,
            listed: false,
            holders: [Holder(0); 2],
            register: None,
            followed: None,
        }
    }

    /// A value is set that belongs to what the acting party follows. What the last one belonged to is to be dropped.
    fn set_trace(&mut self) -> Option<Trace> {
        let trace = self.followed.as_mut()?;
        let old = std::mem::replace(&mut **trace, trace::current());
        if !steps::somebody_follows() {
            self.followed = None;
        }
        old
    }
}

impl<T: marker::Send + Sync + 'static> Body for Latest<T> {
    type Item = T;
    type Scrap = ();
    const ONE_EACH: bool = false;

    fn register(&mut self) -> &mut Register {
        self.register.get_or_insert_default()
    }

    fn peek_register(&self) -> Option<&Register> {
        self.register.as_deref()
    }

    fn ends(&mut self, side: Side) -> &mut u32 {
        match side {
            Side::Send => &mut self.senders,
            Side::Receive => &mut self.receivers,
        }
    }

    fn holder(&mut self, side: Side) -> &mut Holder {
        &mut self.holders[side as usize]
    }

    /// A receiver may still have the last value to see; it looks itself.
    fn is_over(&self, side: Side) -> bool {
        self.is_down
            || match side {
                Side::Send => self.receivers == 0,
                Side::Receive => self.senders == 0,
            }
    }

    fn bring_down(&mut self) {
        self.is_down = true;
    }

    fn is_down(&self) -> bool {
        self.is_down
    }

    fn wake_all(&mut self, after: &mut After<()>) {
        after.ring(&mut self.changed);
    }

    fn listed(&mut self) -> &mut bool {
        &mut self.listed
    }

    fn describe(&mut self, channel: &mut Channel) {
        channel.delivery = Delivery::Latest;
        channel.overflow = Overflow::DropOldest;
        (channel.depth, channel.high_water) = (1, 1);
        channel.sent = self.version;
        channel.received = self.received;
    }

    fn stands(&mut self, into: &mut Vec<Stand>) {
        inspect::add_stands(into, &mut self.changed, Side::Receive);
    }

    fn follow(&mut self) {
        self.followed.get_or_insert_default();
    }
}
