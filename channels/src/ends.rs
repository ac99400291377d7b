//! The two ends of a channel: counted, cloneable, movable. Dropping one gives it up; the last one retires the channel.

use crate::alt::{Arm, Order, choose};
use crate::closed::Closed;
use crate::core::Core;
use crate::end::{End, common};
use crate::prim::Held;
use crate::shell::Plan;
use crate::state::{NotNow, State, Stop};
use crate::waiting::Waiting;
use crate::{
    ChannelOptions, Ended, Extended, Guard, Next, OwnedPermit, Permit, Recv, RecvExtended, Reserve, ReserveError, Send,
    SendError, SendFrom, TryRecvError, TrySendError, WeakSender, at, block_on, party, steps,
};
use rendez_model::ChannelKind;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::marker;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

/// A rendezvous channel: a send does not complete before a receive has committed to its value.
///
/// ```
/// use rendez_channels::{block_on, channel};
///
/// let (tx, rx) = channel();
/// let sender = std::thread::spawn(move || tx.send_blocking(42));
/// assert_eq!(block_on(rx.recv()).unwrap(), Ok(42));
/// sender.join().unwrap().unwrap();
/// assert_eq!(rx.next_blocking(), Ok(None), "the sender's end is gone");
/// ```
#[must_use]
pub fn channel<T: marker::Send + 'static>() -> (Sender<T>, Receiver<T>) {
    ChannelOptions::rendezvous().open()
}

/// A channel that holds up to `capacity` values; 0 makes it a rendezvous.
#[must_use]
pub fn channel_bounded<T: marker::Send + 'static>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    ChannelOptions::bounded(capacity).open()
}

/// A channel that holds any number of values. Its memory is bounded by nothing but its senders' restraint.
#[must_use]
pub fn channel_unbounded<T: marker::Send + 'static>() -> (Sender<T>, Receiver<T>) {
    ChannelOptions::unbounded().open()
}

/// A channel with a name, for errors and the picture.
#[must_use]
pub fn channel_named<T: marker::Send + 'static>(name: &str, kind: ChannelKind) -> (Sender<T>, Receiver<T>) {
    ChannelOptions::of(kind).name(name).open()
}

pub(crate) fn open<T: marker::Send + 'static>(plan: Plan) -> (Sender<T>, Receiver<T>) {
    let core = crate::core::open(plan);
    (Sender::of(End::new(Arc::clone(&core))), Receiver::of(End::new(core)))
}

/// The end that values go into.
///
/// Clones are further ends of the same channel. When the last is dropped, receivers drain what is buffered and then
/// see the channel retired. An end dropped by a panic or on a failing process's way out poisons the channel instead.
/// An end that was given up cannot be used:
///
/// ```compile_fail,E0382
/// let (tx, rx) = rendez_channels::channel::<u8>();
/// tx.retire();
/// tx.try_send(1);
/// # drop(rx);
/// ```
pub struct Sender<T: marker::Send + 'static> {
    end: End<State<T>, true>,
}

/// The end that values come out of.
///
/// Clones are further ends of the same channel; each value goes to one of them. When the last is dropped, senders see
/// the channel retired at once.
pub struct Receiver<T: marker::Send + 'static> {
    end: End<State<T>, false>,
}

impl<T: marker::Send + 'static> Sender<T> {
    /// Sends a value: waits until a receive has committed to it (rendezvous) or there is room for it.
    ///
    /// # Errors
    /// The value comes back, with the way the channel has ended.
    ///
    /// # Cancel safety
    /// A dropped send that was not committed drops its value. Use [`send_from`](Self::send_from) to keep it.
    pub fn send(&self, value: T) -> Send<'_, T> {
        Send::new(self, value)
    }

    /// Sends what `make` gives, if there is room or a receiver for it and that is all there is to it; else it is still to be made.
    ///
    /// `make` only puts together what it has, and calls nothing: it is called under the channel's lock.
    ///
    /// # Errors
    /// `make`, not called.
    #[doc(hidden)]
    #[inline]
    pub fn send_made<F: FnOnce() -> T>(&self, make: F) -> Result<(), F> {
        if steps::is_watched() || !self.end.memory.waits_never() {
            return Err(make);
        }
        let Some(mut state) = self.end.core.try_lock_unseen() else { return Err(make) };
        let waker = state.offer_made(make)?;
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }

    /// Sends the value in `slot`, which is empty afterwards. An empty slot has nothing to send: done at once.
    ///
    /// # Errors
    /// The way the channel has ended; the value is still in the slot.
    ///
    /// # Cancel safety
    /// Nothing is lost: the value is taken at commit, else it is still in the slot.
    pub fn send_from<'a>(&'a self, slot: &'a mut Option<T>) -> SendFrom<'a, T> {
        SendFrom::new(self, slot)
    }

    /// Sends a value if that can be done at once.
    ///
    /// # Errors
    /// The value comes back: nobody receives now and there is no room, or the channel has ended.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let mut value = Some(value);
        if steps::is_watched() {
            return self.try_closely(value, None);
        }
        match self.end.core.push_at_once(&mut value) {
            Ok(()) => Ok(()),
            Err(state) => self.try_closely(value, state),
        }
    }

    #[inline(never)]
    fn try_closely(&self, mut value: Option<T>, state: Option<Held<'_, State<T>>>) -> Result<(), TrySendError<T>> {
        let state = state.unwrap_or_else(|| self.end.core.lock());
        let outcome = Core::offer_under(state, &mut value);
        match (outcome, value) {
            (Err(NotNow) | Ok(Err(Stop::Full)), Some(value)) => Err(TrySendError::Full(value)),
            (Ok(Err(stop)), Some(value)) => Err(TrySendError::Ended(SendError::new(value, self.end.core.why(stop)))),
            _ => Ok(()),
        }
    }

    /// Sends a value by a point in time: as [`send`](Self::send) for so long, then as [`try_send`](Self::try_send). What has
    /// been received by then is sent; a receiver that [holds](Receiver::recv_extended) this sender may do so for longer.
    ///
    /// # Errors
    /// The value comes back: nobody has received it and there was no room by then (`Full`), or the channel has ended.
    ///
    /// # Cancel safety
    /// As `send`.
    #[expect(clippy::missing_panics_doc, reason = "a send that was not committed to has its value")]
    pub async fn send_by(&self, value: T, deadline: Instant) -> Result<(), TrySendError<T>> {
        let (mut send, mut late) = (pin!(self.send(value)), pin!(at(deadline)));
        match choose(&mut [Some(send.as_mut()), Some(late.as_mut())], Order::Listed, false).await {
            0 => send.output().map_err(TrySendError::Ended),
            _ => Err(TrySendError::Full(send.into_value().expect("the choice has not committed to the send"))),
        }
    }

    /// Waits for a place in the channel and keeps it, for a send that is then done at once. In a
    /// choice: `permit = future(output.reserve()) => ..`.
    ///
    /// # Errors
    /// A rendezvous has no places; or the way the channel has ended.
    ///
    /// # Cancel safety
    /// Nothing is lost: a place that was kept for a dropped reservation goes to who waits next.
    pub fn reserve(&self) -> Reserve<'_, T> {
        Reserve::new(self)
    }

    /// The same with this end moved into the permit, which may then go elsewhere; the end comes back with its use.
    ///
    /// # Errors
    /// As [`reserve`](Self::reserve); this end is given up then.
    ///
    /// # Cancel safety
    /// Dropped, it gives this end up; a place that was kept goes to who waits next.
    pub async fn reserve_owned(self) -> Result<OwnedPermit<T>, ReserveError> {
        self.reserve().await?.keep();
        Ok(OwnedPermit::new(self))
    }

    /// Keeps a place in the channel if there is one now.
    ///
    /// # Errors
    /// A rendezvous has no places; there is none now; or the channel has ended.
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, ReserveError> {
        self.has_places()?;
        match self.end.core.reserve() {
            Ok(Ok(())) => Ok(Permit::new(self)),
            Ok(Err(stop)) => Err(ReserveError::Ended(self.end.core.why(stop))),
            Err(NotNow) => Err(ReserveError::Full),
        }
    }

    pub(crate) fn has_places(&self) -> Result<(), ReserveError> {
        match self.end.core.kind() {
            ChannelKind::Rendezvous => Err(ReserveError::Rendezvous { channel: self.name() }),
            ChannelKind::Bounded(_) | ChannelKind::Unbounded => Ok(()),
        }
    }

    /// Like [`send`](Self::send), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// As `send`, and [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn send_blocking(&self, value: T) -> Result<(), SendError<T>> {
        let mut slot = Some(value);
        // Whoever is nobody's process is not cancelled.
        if !party::is_known()
            && let Ok(Ok(hold)) = self.end.core.offer(&mut slot, None)
        {
            let released = hold.map_or(Ok(()), |hold| block_on(poll_fn(|cx| hold.poll(cx))));
            debug_assert!(released.is_ok(), "nobody's process is not cancelled");
            return Ok(());
        }
        let outcome = block_on(self.send_from(&mut slot)).unwrap_or_else(Err);
        match (outcome, slot) {
            (Err(cause), Some(value)) => Err(SendError::new(value, cause)),
            _ => Ok(()),
        }
    }

    /// Like [`send_by`](Self::send_by), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// As `send_by`, and [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn send_by_blocking(&self, value: T, deadline: Instant) -> Result<(), TrySendError<T>> {
        let mut slot = Some(value);
        let outcome = {
            let (mut send, mut late) = (pin!(self.send_from(&mut slot)), pin!(at(deadline)));
            let mut guards: [Arm<'_>; 2] = [Some(send.as_mut()), Some(late.as_mut())];
            match block_on(choose(&mut guards, Order::Listed, false)) {
                Ok(0) => send.output().map_err(Some),
                Ok(_) => Err(None),
                Err(cancelled) => Err(Some(cancelled)),
            }
        };
        match (outcome, slot) {
            (Err(Some(cause)), Some(value)) => Err(TrySendError::Ended(SendError::new(value, cause))),
            (Err(None), Some(value)) => Err(TrySendError::Full(value)),
            _ => Ok(()),
        }
    }

    /// Like [`reserve`](Self::reserve), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// As `reserve`, and [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn reserve_blocking(&self) -> Result<Permit<'_, T>, ReserveError> {
        block_on(self.reserve()).unwrap_or_else(|cancelled| Err(ReserveError::Ended(cancelled)))
    }

    /// Waits until sending is of no more use: no receiver is left, or the channel was poisoned or lost.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub fn closed(&self) -> impl Future<Output = Ended> + Guard<Output = Ended> {
        Waiting::new(self.core(), Closed(self))
    }

    /// A way to further senders that does not keep the channel open.
    #[must_use]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender::of(&self.end.core)
    }

    /// Has this end given up without poison when it is dropped, whatever happens by then: all its work is done.
    pub(crate) const fn leave_calmly(&mut self) {
        self.end.memory.finish();
    }

    pub(crate) const fn of(end: End<State<T>, true>) -> Self {
        Self { end }
    }
}

impl<T: marker::Send + 'static> Receiver<T> {
    /// Receives a value.
    ///
    /// # Errors
    /// The way the channel has ended; `Retired` when its work is done.
    ///
    /// # Cancel safety
    /// Nothing is lost: a value that a sender has handed over to a dropped receive goes to the next one.
    pub fn recv(&self) -> Recv<'_, T> {
        Recv::new(self)
    }

    /// Receives a value, or `None` once the channel is retired: for `while let Some(x) = input.next().await? { .. }`.
    ///
    /// # Errors
    /// Poison and loss.
    ///
    /// # Cancel safety
    /// As [`recv`](Self::recv).
    pub fn next(&self) -> Next<'_, T> {
        Next::new(self)
    }

    /// Receives a value and holds its sender until the receiver has acted: the extended rendezvous.
    ///
    /// The sender's `send` is done when the [`Extended`](crate::Extended) value is released or dropped; a `try_send` and a
    /// permit do not wait for that. Who has sent into a buffer has gone on already and is not held.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    /// As `recv`; a sender that was held for a dropped receive goes on.
    pub fn recv_extended(&self) -> RecvExtended<'_, T> {
        RecvExtended::new(self)
    }

    /// Receives a value by a point in time: as [`recv`](Self::recv) for so long, then as [`try_recv`](Self::try_recv).
    ///
    /// # Errors
    /// There was none by then (`Empty`), or the channel has ended.
    ///
    /// # Cancel safety
    /// As `recv`.
    pub async fn recv_by(&self, deadline: Instant) -> Result<T, TryRecvError> {
        let received = self.recv().by(deadline).await;
        received.map_or(Err(TryRecvError::Empty), |received| received.map_err(TryRecvError::Ended))
    }

    /// Receives at least one value, and as many more as can be had at once, `most` in all; appends them to `into` and says
    /// how many. With `most` 0 there is nothing to wait for.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    /// Nothing is lost: it waits for the first value only, like `recv`.
    pub async fn recv_many(&self, into: &mut Vec<T>, most: usize) -> Result<usize, Ended> {
        if most == 0 {
            return Ok(0);
        }
        let before = into.len();
        into.push(self.recv().await?);
        self.end.core.take_more(into, before.saturating_add(most));
        Ok(into.len() - before)
    }

    /// Like [`recv_extended`](Self::recv_extended), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// As `recv_extended`, and [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn recv_extended_blocking(&self) -> Result<Extended<T>, Ended> {
        block_on(self.recv_extended())?
    }

    /// Like [`recv_by`](Self::recv_by), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// As `recv_by`, and [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn recv_by_blocking(&self, deadline: Instant) -> Result<T, TryRecvError> {
        block_on(self.recv_by(deadline)).unwrap_or_else(|cancelled| Err(TryRecvError::Ended(cancelled)))
    }

    /// Like [`recv_many`](Self::recv_many), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// As `recv_many`, and [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn recv_many_blocking(&self, into: &mut Vec<T>, most: usize) -> Result<usize, Ended> {
        block_on(self.recv_many(into, most))?
    }

    /// What can be had at once, one after another: it ends where there is nothing now, and where the channel has ended.
    pub fn try_iter(&self) -> impl Iterator<Item = T> + use<'_, T> {
        std::iter::from_fn(|| self.try_recv().ok())
    }

    /// What comes, for OS threads: it waits for each, and ends when the channel is retired; poison, loss and
    /// [`Ended::Cancelled`] are its last item.
    ///
    /// ```
    /// let (tx, rx) = rendez_channels::channel();
    /// let source = std::thread::spawn(move || (1..=3).try_for_each(|n| tx.send_blocking(n)));
    /// assert_eq!(rx.iter_blocking().collect::<Result<Vec<_>, _>>(), Ok(vec![1, 2, 3]));
    /// # source.join().unwrap().unwrap();
    /// ```
    pub fn iter_blocking(&self) -> impl Iterator<Item = Result<T, Ended>> + use<'_, T> {
        let mut is_over = false;
        std::iter::from_fn(move || {
            let item = if is_over { None } else { self.next_blocking().transpose() };
            is_over = !matches!(item, Some(Ok(_)));
            item
        })
    }

    /// Gives this end up and takes back what was sent and will not be received, if it was the last one.
    #[must_use]
    pub fn close(self) -> Vec<T> {
        let core = Arc::clone(self.core());
        drop(self);
        core.undelivered()
    }

    /// Receives a value if there is one now.
    ///
    /// # Errors
    /// There is none, or the channel has ended.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        if steps::is_watched() {
            return self.try_closely(None);
        }
        match self.end.core.pop_at_once() {
            Ok(value) => Ok(value),
            Err(state) => self.try_closely(state),
        }
    }

    /// Receives what is in the buffer, up to so many, if that is all there is to it: no sender waits, nobody follows values or explores.
    #[doc(hidden)]
    pub fn take_buffered(&self, into: &mut VecDeque<T>, most: usize) {
        if !steps::is_watched() {
            self.end.core.pop_lot_at_once(into, most);
        }
    }

    #[inline(never)]
    fn try_closely(&self, state: Option<Held<'_, State<T>>>) -> Result<T, TryRecvError> {
        let state = state.unwrap_or_else(|| self.end.core.lock());
        match Core::take_under(state, None) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(stop)) => Err(TryRecvError::Ended(self.end.core.why(stop))),
            Err(NotNow) => Err(TryRecvError::Empty),
        }
    }

    /// Like [`recv`](Self::recv), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// As `recv`, and [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn recv_blocking(&self) -> Result<T, Ended> {
        // Whoever is nobody's process is not cancelled.
        if !party::is_known()
            && let Ok(Ok(value)) = self.end.core.take(None, None)
        {
            return Ok(value);
        }
        block_on(self.recv())?
    }

    /// Like [`next`](Self::next), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// As `next`, and [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn next_blocking(&self) -> Result<Option<T>, Ended> {
        Ended::unless_retired(self.recv_blocking())
    }

    /// A way to further senders, as [`Sender::downgrade`] has it: for who receives and wants to be sent to.
    #[must_use]
    pub fn weak_sender(&self) -> WeakSender<T> {
        WeakSender::of(&self.end.core)
    }

    const fn of(end: End<State<T>, false>) -> Self {
        Self { end }
    }
}

common!(Sender, State<T>, [marker::Send]);
common!(Receiver, State<T>, [marker::Send]);

macro_rules! exchange {
    ($end:ident, $sends:literal) => {
        impl<T: marker::Send + 'static> $end<T> {
            /// Takes back what was sent and will not be received: after poison or loss, or when no receiver is left.
            #[must_use]
            pub fn undelivered(&self) -> Vec<T> {
                self.end.core.undelivered()
            }

            pub(crate) const fn end(&self) -> &End<State<T>, $sends> {
                &self.end
            }
        }

        impl<T: marker::Send + 'static> Clone for $end<T> {
            fn clone(&self) -> Self {
                Self::of(self.end.clone())
            }
        }
    };
}

exchange!(Sender, true);
exchange!(Receiver, false);
