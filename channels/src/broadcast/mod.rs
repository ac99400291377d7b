//! Broadcast: a channel each of whose values goes to every receiver. Its ends; the ring behind them is in `ring`.

mod ring;

use crate::after_lock::After;
use crate::end::{End, common};
use crate::guard::Seat;
use crate::memory::Memory;
use crate::shell::{Body, Plan, Shell};
use crate::trace::Trace;
use crate::waiters::List;
use crate::waiting::{Source, Waiting, now};
use crate::{ChannelKind, Ended, Guard, Overflow, SendError, TryRecvError, TrySendError, block_on, register};
use ring::Ring;
use std::marker;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A channel that gives each value to every receiver, and holds up to `capacity` values that somebody has still to read;
/// 0 is taken as 1. A sender waits for the slowest receiver; see [`broadcast_with`] for other policies.
///
/// ```
/// use rendez_channels::broadcast;
///
/// let (news, paper) = broadcast(8);
/// let radio = news.subscribe();
/// news.try_send("rain").unwrap();
/// assert_eq!((*paper.try_recv().unwrap(), *radio.try_recv().unwrap()), ("rain", "rain"));
/// ```
#[must_use]
pub fn broadcast<T: marker::Send + Sync + 'static>(capacity: usize) -> (BroadcastSender<T>, BroadcastReceiver<T>) {
    broadcast_with(capacity, Overflow::Wait)
}

/// As [`broadcast`], with what happens when the slowest receiver is `capacity` values behind. With
/// [`Overflow::DropOldest`] no receiver slows anybody down: it [misses](BroadcastReceiver::missed) what it is too late for.
#[must_use]
pub fn broadcast_with<T: marker::Send + Sync + 'static>(
    capacity: usize,
    overflow: Overflow,
) -> (BroadcastSender<T>, BroadcastReceiver<T>) {
    let capacity = capacity.max(1);
    let plan = Plan { kind: ChannelKind::Bounded(capacity as u64), overflow, immunity: 0, name: None, inborn: None };
    let core = Shell::new(plan, Ring::new(capacity, overflow));
    let sender = BroadcastSender { end: End::new(Arc::clone(&core)) };
    (sender, BroadcastReceiver::reading_from(End::new(core), 0))
}

/// The end of a [broadcast] that values go into.
///
/// When the last clone is dropped, receivers read what is left and then see the channel retired.
pub struct BroadcastSender<T: marker::Send + Sync + 'static> {
    end: End<Ring<T>, true>,
}

/// An end of a [broadcast] that values come out of; each sees all values from its subscription on.
///
/// A clone has read what its original has read.
pub struct BroadcastReceiver<T: marker::Send + Sync + 'static> {
    end: End<Ring<T>, false>,
    /// Position after the last value that it has read. Relaxed, as the other: both change under the channel's lock.
    cursor: AtomicU64,
    missed: AtomicU64,
}

impl<T: marker::Send + Sync + 'static> BroadcastSender<T> {
    /// Sends a value to all receivers: waits until there is room for it.
    ///
    /// # Errors
    /// The value comes back: the channel was poisoned or lost, or nobody receives now.
    ///
    /// # Cancel safety
    /// A dropped send that was not committed drops its value, and nobody has received it.
    pub fn send(
        &self,
        value: T,
    ) -> impl Future<Output = Result<(), SendError<T>>> + Guard<Output = Result<(), SendError<T>>> {
        Waiting::new(self.core(), Sending::new(self, value))
    }

    /// Sends a value if there is room now.
    ///
    /// # Errors
    /// The value comes back: there is no room, or as for [`send`](Self::send).
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let mut sending = Sending::new(self, value);
        match now(self.core(), &mut sending) {
            Some(Err(error)) if matches!(error.cause(), Ended::Overflow { .. }) => {
                Err(TrySendError::Full(error.into_value()))
            }
            Some(sent) => sent.map_err(TrySendError::Ended),
            None => Err(TrySendError::Full(sending.take_back())),
        }
    }

    /// Like [`send`](Self::send), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// As `send`, and [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn send_blocking(&self, value: T) -> Result<(), SendError<T>> {
        let mut send = pin!(Waiting::new(self.core(), Sending::new(self, value)));
        let sent = block_on(send.as_mut());
        sent.unwrap_or_else(|cause| Err(SendError::new(send.source().take_back(), cause)))
    }

    /// A further receiver, that sees what is sent from now on.
    #[must_use]
    pub fn subscribe(&self) -> BroadcastReceiver<T> {
        let end = self.end.other();
        let mut ring = self.core().lock();
        let cursor = ring.end();
        ring.join(cursor);
        drop(ring);
        BroadcastReceiver::reading_from(end, cursor)
    }
}

impl<T: marker::Send + Sync + 'static> BroadcastReceiver<T> {
    const fn reading_from(end: End<Ring<T>, false>, cursor: u64) -> Self {
        Self { end, cursor: AtomicU64::new(cursor), missed: AtomicU64::new(0) }
    }

    /// Receives the next value.
    ///
    /// # Errors
    /// The way the channel has ended; `Retired` once all is read and no sender is left.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub fn recv(&self) -> impl Future<Output = Result<Arc<T>, Ended>> + Guard<Output = Result<Arc<T>, Ended>> {
        Waiting::new(self.core(), Reading { end: self })
    }

    /// Receives the next value, or `None` once the channel is retired.
    ///
    /// # Errors
    /// Poison and loss.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn next(&self) -> Result<Option<Arc<T>>, Ended> {
        Ended::unless_retired(self.recv().await)
    }

    /// Receives the next value if there is one now.
    ///
    /// # Errors
    /// There is none, or the channel has ended.
    pub fn try_recv(&self) -> Result<Arc<T>, TryRecvError> {
        match now(self.core(), &mut Reading { end: self }) {
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

    /// How many values were dropped before this receiver came to read them.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }
}

impl<T: marker::Send + Sync + 'static> Clone for BroadcastSender<T> {
    fn clone(&self) -> Self {
        Self { end: self.end.clone() }
    }
}

impl<T: marker::Send + Sync + 'static> Clone for BroadcastReceiver<T> {
    fn clone(&self) -> Self {
        let end = self.end.clone();
        let mut ring = self.core().lock();
        let cursor = self.cursor.load(Ordering::Relaxed);
        ring.join(cursor);
        drop(ring);
        Self::reading_from(end, cursor)
    }
}

impl<T: marker::Send + Sync + 'static> Drop for BroadcastReceiver<T> {
    fn drop(&mut self) {
        let mut after = After::new();
        let cursor = self.cursor.load(Ordering::Relaxed);
        let unread = self.core().lock().part(cursor, &mut after);
        drop(after);
        drop(unread);
    }
}

common!(BroadcastSender, Ring<T>, [marker::Send + Sync]);
common!(BroadcastReceiver, Ring<T>, [marker::Send + Sync]);

/// A send under way.
struct Sending<'a, T: marker::Send + Sync + 'static> {
    end: &'a BroadcastSender<T>,
    value: Option<Arc<T>>,
    /// What it belongs to; none before the first look at the channel.
    trace: Option<Option<Trace>>,
}

impl<'a, T: marker::Send + Sync + 'static> Sending<'a, T> {
    fn new(end: &'a BroadcastSender<T>, value: T) -> Self {
        Self { end, value: Some(Arc::new(value)), trace: None }
    }

    fn take_back(&mut self) -> T {
        self.value.take().and_then(Arc::into_inner).expect("a value that was not sent is nobody else's")
    }
}

impl<T: marker::Send + Sync + 'static> Source<Arc<Shell<Ring<T>>>> for Sending<'_, T> {
    type Output = Result<(), SendError<T>>;
    type Scrap = Arc<T>;

    fn bell(ring: &mut Ring<T>) -> &mut List<()> {
        &mut ring.sending
    }

    fn take(&mut self, ring: &mut Ring<T>, us: Seat<'_>, after: &mut After<Arc<T>>) -> Option<Self::Output> {
        let trace = self.trace.get_or_insert_with(|| ring.of_acting());
        let sent = ring.offer(&mut self.value, trace, us, after)?;
        Some(sent.map_err(|stop| {
            SendError::new(self.take_back(), register::why(ring.peek_register(), self.end.core().own(), stop))
        }))
    }

    fn about_to_wait(&self) {
        self.end.note_holder();
    }

    fn memory(&self) -> Option<&Memory> {
        Some(&self.end.end.memory)
    }
}

/// A receive under way.
struct Reading<'a, T: marker::Send + Sync + 'static> {
    end: &'a BroadcastReceiver<T>,
}

impl<T: marker::Send + Sync + 'static> Source<Arc<Shell<Ring<T>>>> for Reading<'_, T> {
    type Output = Result<Arc<T>, Ended>;
    type Scrap = Arc<T>;

    fn bell(ring: &mut Ring<T>) -> &mut List<()> {
        &mut ring.receiving
    }

    fn take(&mut self, ring: &mut Ring<T>, us: Seat<'_>, after: &mut After<Arc<T>>) -> Option<Self::Output> {
        let BroadcastReceiver { cursor, missed, .. } = self.end;
        let (mut read, mut lost) = (cursor.load(Ordering::Relaxed), missed.load(Ordering::Relaxed));
        let got = ring.take(&mut read, &mut lost, us, after)?;
        cursor.store(read, Ordering::Relaxed);
        missed.store(lost, Ordering::Relaxed);
        Some(got.map_err(|stop| register::why(ring.peek_register(), self.end.core().own(), stop)))
    }

    fn about_to_wait(&self) {
        self.end.note_holder();
    }

    fn memory(&self) -> Option<&Memory> {
        Some(&self.end.end.memory)
    }
}
