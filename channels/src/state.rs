//! The state of a channel: one pure machine for rendezvous, bounded and unbounded. No lock, no future, no waking here.
//!
//! A rendezvous is a channel of capacity 0, and a plain operation is a choice of one. Whom to wake, and what to drop, is
//! collected in [`After`] for when the lock is free.
//!
//! Invariants, but for choices that are idle or claimed at that instant (their owners look again):
//! - a receiver waits only while nothing is buffered, handed back or offered;
//! - a sender waits only while the channel is full;
//! - after poison nothing is accepted; what a partner has committed to stays committed.

mod at_once;
mod followed;
mod handed_back;

pub(crate) use at_once::AtOnce;

use crate::after_lock::After;
use crate::choice::{Agreed, agree};
use crate::guard::Seat;
use crate::hold::Hold;
use crate::register::{Holder, Register};
use crate::shell::Body;
use crate::trace::{Parcel, Trace, Traces};
use crate::waiters::{List, Slot, Verdict, Waiter, Waking};
use crate::{Stand, inspect};
use rendez_model::{Channel, Overflow, ProcessId, Side};
use std::collections::VecDeque;
use std::sync::Arc;

pub(crate) struct State<T> {
    /// Values that a sender has handed over and no receive has committed to.
    buffer: VecDeque<T>,
    pub(crate) senders: Parties<T>,
    pub(crate) receivers: Parties<T>,
    /// How many ends live that send, and that receive.
    sending: u32,
    receiving: u32,
    capacity: usize,
    /// While the buffer holds fewer, a send is a push: there is room, also without growing, and a receiver, nothing was handed
    /// back, nothing has ended. Whatever may change that makes it 0, and the next push says anew what it is.
    at_once: usize,
    /// Places that permits keep.
    reserved: u32,
    /// Length of [`Cold::returned`].
    returned: u32,
    sent: u64,
    received: u64,
    high_water: usize,
    overflow: Overflow,
    /// [`ENDED`], [`FOLLOWED`]: what keeps operations from their short ways.
    odd: u8,
    /// Whether the acting party was told of this channel.
    listed: bool,
    cold: Option<Box<Cold<T>>>,
}

/// Poisoned or lost.
const ENDED: u8 = 1;
/// What its values belong to is known and told, until nothing belongs to anything any more.
const FOLLOWED: u8 = 2;

// Programs have many channels: what few of them need belongs into a box. With this, one that carries words is one of
// malloc's of 208, which beside tokio's tasks leaves no gaps: these lie at multiples of 128, and 208 and theirs are 480 together.
#[cfg(all(target_pointer_width = "64", not(loom)))]
const _: () = assert!(size_of::<State<u64>>() <= 152, "a channel takes more memory than it did");

/// One side: who waits there, and a holder of one of its ends.
pub(crate) struct Parties<T> {
    pub(crate) waiting: List<T>,
    holder: Holder,
}

/// What most channels never need.
struct Cold<T> {
    register: Register,
    /// Of its own place: fewer need it.
    aside: Option<Box<Aside<T>>>,
    /// Who waits for the channel's end.
    watchers: List<()>,
}

/// What goes beside the buffer.
struct Aside<T> {
    /// Values whose receive was dropped, by the position of their commit; they go before everything else.
    returned: VecDeque<(u64, Parcel<T>)>,
    /// What the values in the buffer belong to.
    traces: Traces,
}

/// What an attempt came to: what it gave, or why it never will; or nothing now.
pub(crate) type Attempted<R> = Result<Result<R, Stop>, NotNow>;

/// An attempt that came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotNow;

/// Why an operation fails for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The channel has ended for this side.
    Over,
    /// There is no room, and the channel's policy is to say so.
    Full,
}

impl<T: Send + 'static> State<T> {
    pub(crate) const fn new(capacity: usize, overflow: Overflow) -> Self {
        Self {
            buffer: VecDeque::new(),
            senders: Parties::new(),
            receivers: Parties::new(),
            sending: 1,
            receiving: 1,
            capacity,
            at_once: 0,
            reserved: 0,
            returned: 0,
            sent: 0,
            received: 0,
            high_water: 0,
            overflow,
            odd: 0,
            listed: false,
            cold: None,
        }
    }

    /// Whether there is nothing to receive, nobody to take it from, and reason to wait; not where one has to look closer.
    #[inline(always)]
    pub(crate) fn has_nothing(&self) -> bool {
        self.senders.waiting.is_empty() && self.depth() == 0 && self.sending > 0 && self.odd == 0
    }

    /// Whether there is neither room for a value nor anybody to give it to, and reason to wait.
    #[inline(always)]
    pub(crate) fn has_no_room(&self) -> bool {
        self.receivers.waiting.is_empty()
            && self.is_full()
            && self.overflow == Overflow::Wait
            && self.receiving > 0
            && self.odd == 0
    }

    /// Commits a send now, of a value that belongs to `trace`. The answer names the hold that keeps the sender, if its receiver wants that.
    #[inline]
    pub(crate) fn offer(
        &mut self,
        value: &mut Option<T>,
        trace: &mut Option<Trace>,
        us: Seat<'_>,
        after: &mut After<T>,
    ) -> Attempted<Option<Arc<Hold>>> {
        debug_assert!(value.is_some(), "an offer has a value");
        if self.is_over(Side::Send) {
            return commit_alone(us).map(|()| Err(Stop::Over));
        }
        // While something is in the channel, who waits was not to be had when it came and looks again: it must not be overtaken.
        if self.depth() == 0 && !self.receivers.waiting.is_empty() {
            let mut blocked = false;
            if let Some(hold) = self.meet_receiver(value, trace, us, after, &mut blocked) {
                return Ok(Ok(hold));
            }
            if blocked {
                return Err(NotNow);
            }
        }
        if self.is_full() {
            return self.overflow(value, trace, us, after);
        }
        commit_alone(us)?;
        self.push(value, trace);
        Ok(Ok(None))
    }

    /// Hands the value to the first waiting receiver that can commit.
    #[inline]
    fn meet_receiver(
        &mut self,
        value: &mut Option<T>,
        trace: &mut Option<Trace>,
        us: Seat<'_>,
        after: &mut After<T>,
        blocked: &mut bool,
    ) -> Option<Option<Arc<Hold>>> {
        let commit = self.sent + 1;
        let is_followed = self.is_followed();
        let mut waking = Waking::Nobody;
        let mut served = ProcessId(0);
        let hold = self.receivers.waiting.serve(
            |waiter| verdict(us, waiter, after, blocked),
            |receiver| {
                served = receiver.party;
                let hold = receiver.slot.hold();
                receiver.slot = Slot::with(value, trace, is_followed);
                receiver.at = commit;
                waking = std::mem::replace(&mut receiver.waking, Waking::Nobody);
                hold
            },
        )?;
        after.wake(waking);
        self.sent = commit;
        self.received += 1;
        self.borrowed(served);
        Some(hold)
    }

    /// A party has received; where values come back it is known from now on who has this one.
    #[inline]
    pub(crate) fn borrowed(&mut self, by: ProcessId) {
        let in_it = self.depth() as u64;
        if let Some(cold) = &mut self.cold {
            cold.register.borrowed(by, in_it);
        }
    }

    /// There is no room: what the channel's policy does about it.
    #[inline]
    fn overflow(
        &mut self,
        value: &mut Option<T>,
        trace: &mut Option<Trace>,
        us: Seat<'_>,
        after: &mut After<T>,
    ) -> Attempted<Option<Arc<Hold>>> {
        match self.overflow {
            Overflow::Wait => {
                unmark(us);
                return Err(NotNow);
            }
            Overflow::Fail => return commit_alone(us).map(|()| Err(Stop::Full)),
            Overflow::DropNewest => {
                commit_alone(us)?;
                // Its sender is told that it was sent: it counts as that.
                self.sent += 1;
                after.discard(value.take());
            }
            Overflow::DropOldest => {
                commit_alone(us)?;
                // Where permits keep all places, the new one is the oldest that is not promised a place.
                let oldest = self.pop().map(|oldest| oldest.value);
                if oldest.is_some() {
                    self.push(value, trace);
                } else {
                    self.sent += 1;
                }
                after.discard(oldest.or_else(|| value.take()));
            }
        }
        self.register().dropped += 1;
        Ok(Ok(None))
    }

    /// Commits a receive now. `hold`, if any, keeps the sender, should the value come from one that waits.
    #[inline]
    pub(crate) fn take(&mut self, us: Seat<'_>, hold: Option<&Arc<Hold>>, after: &mut After<T>) -> Attempted<T> {
        if self.has_ended() {
            return commit_alone(us).map(|()| Err(Stop::Over));
        }
        if self.depth() > 0 {
            commit_alone(us)?;
            let parcel = self.pop().expect("something is in the channel");
            self.refill(after);
            self.received += 1;
            return Ok(Ok(self.unpack(parcel, after)));
        }
        let mut blocked = false;
        if let Some(parcel) = self.meet_sender(us, hold, after, &mut blocked) {
            return Ok(Ok(self.unpack(parcel, after)));
        }
        if blocked {
            return Err(NotNow);
        }
        if self.sending == 0 {
            return commit_alone(us).map(|()| Err(Stop::Over));
        }
        unmark(us);
        Err(NotNow)
    }

    /// Takes the value of the first waiting sender that can commit.
    #[inline]
    fn meet_sender(
        &mut self,
        us: Seat<'_>,
        hold: Option<&Arc<Hold>>,
        after: &mut After<T>,
        blocked: &mut bool,
    ) -> Option<Parcel<T>> {
        if self.senders.waiting.is_empty() {
            return None;
        }
        let mut waking = Waking::Nobody;
        let parcel = self.senders.waiting.serve(
            // One without a value waits for room.
            |waiter| if !waiter.slot.has_value() { Verdict::Skip } else { verdict(us, waiter, after, blocked) },
            |sender| {
                waking = std::mem::replace(&mut sender.waking, Waking::Nobody);
                let parcel = sender.slot.take_parcel().expect("a waiting sender has a value");
                sender.slot = hold.map_or(Slot::Empty, |hold| Slot::Hold(Arc::clone(hold)));
                parcel
            },
        )?;
        match hold {
            Some(hold) => hold.keep(waking),
            None => after.wake(waking),
        }
        self.sent += 1;
        self.received += 1;
        Some(parcel)
    }

    /// Takes all that can be had now, up to `most`.
    pub(crate) fn take_more(&mut self, into: &mut Vec<T>, most: usize, after: &mut After<T>) {
        while into.len() < most {
            match self.take(None, None, after) {
                Ok(Ok(value)) => into.push(value),
                Ok(Err(_)) | Err(NotNow) => return,
            }
        }
    }

    /// Commits a reservation now.
    pub(crate) fn reserve(&mut self) -> Attempted<()> {
        if self.is_over(Side::Send) {
            return Ok(Err(Stop::Over));
        }
        if self.is_full() {
            return Err(NotNow);
        }
        self.reserved += 1;
        self.at_once = 0;
        Ok(Ok(()))
    }

    /// Sends on a permit; what cannot be sent any more stays.
    pub(crate) fn redeem(&mut self, value: &mut Option<T>, after: &mut After<T>) -> Result<(), Stop> {
        let mut trace = self.of_acting();
        self.reserved -= 1;
        if self.is_over(Side::Send) {
            return Err(Stop::Over);
        }
        if self.depth() > 0 || self.meet_receiver(value, &mut trace, None, after, &mut false).is_none() {
            self.push(value, &mut trace);
        } else {
            self.refill(after);
        }
        Ok(())
    }

    /// A permit goes unused.
    pub(crate) fn unreserve(&mut self, after: &mut After<T>) {
        self.reserved -= 1;
        self.refill(after);
    }

    /// Moves the first parked senders' values into free places: a sender that nobody polls blocks nobody.
    #[inline]
    fn refill(&mut self, after: &mut After<T>) {
        while !self.senders.waiting.is_empty() && !self.is_full() && !self.is_over(Side::Send) {
            let mut waking = Waking::Nobody;
            let moved = self.senders.waiting.serve(
                |waiter| verdict(None, waiter, after, &mut false),
                |sender| {
                    waking = std::mem::replace(&mut sender.waking, Waking::Nobody);
                    sender.slot.take_parcel()
                },
            );
            let Some(moved) = moved else { return };
            after.wake(waking);
            if let Some(Parcel { value, mut trace }) = moved {
                let mut value = Some(value);
                // A receiver may wait: one that came while this sender could not be had.
                let is_taken = self.depth() == 0
                    && !self.receivers.waiting.is_empty()
                    && self.meet_receiver(&mut value, &mut trace, None, after, &mut false).is_some();
                if !is_taken {
                    self.push(&mut value, &mut trace);
                }
            } else {
                self.reserved += 1;
                self.at_once = 0;
            }
        }
    }

    /// A party gives back a value that was lent.
    pub(crate) fn brought_back(&mut self, by: ProcessId) {
        if let Some(cold) = &mut self.cold {
            cold.register.brought_back(by);
        }
    }

    #[inline(always)]
    fn note_depth(&mut self, depth: usize) {
        self.high_water = self.high_water.max(depth);
    }

    fn push(&mut self, value: &mut Option<T>, trace: &mut Option<Trace>) {
        if self.is_followed() && value.is_some() {
            self.push_trace(trace.take());
        }
        self.push_plain(value);
    }

    fn push_plain(&mut self, value: &mut Option<T>) {
        let Some(value) = value.take() else { return };
        at_once::keep(&mut self.buffer, value);
        self.sent += 1;
        self.note_depth(self.depth());
        let is_plain = self.returned == 0 && self.odd == 0 && !self.is_over(Side::Send);
        let room = self.capacity.saturating_sub(self.reserved as usize).min(self.buffer.capacity());
        self.at_once = if is_plain { room } else { 0 };
    }

    #[inline]
    fn pop(&mut self) -> Option<Parcel<T>> {
        if self.returned > 0 {
            self.returned -= 1;
            return self.aside().returned.pop_front().map(|(_, parcel)| parcel);
        }
        let trace = if self.is_followed() { self.pop_trace() } else { None };
        self.buffer.pop_front().map(|value| Parcel { value, trace })
    }

    /// Takes what was sent and will not be received; nothing while it still may be.
    pub(crate) fn undelivered(&mut self) -> (VecDeque<(u64, Parcel<T>)>, VecDeque<T>) {
        if !self.is_over(Side::Send) {
            return Default::default();
        }
        self.returned = 0;
        let aside = self.cold.as_mut().and_then(|cold| cold.aside.take());
        (aside.map(|aside| aside.returned).unwrap_or_default(), std::mem::take(&mut self.buffer))
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.depth() + self.reserved as usize >= self.capacity
    }

    #[inline]
    pub(crate) fn depth(&self) -> usize {
        self.buffer.len() + self.returned as usize
    }

    #[inline]
    pub(crate) const fn side(&mut self, side: Side) -> &mut Parties<T> {
        match side {
            Side::Send => &mut self.senders,
            Side::Receive => &mut self.receivers,
        }
    }

    /// Who waits for the channel's end.
    pub(crate) fn watchers(&mut self) -> &mut List<()> {
        &mut self.cold().watchers
    }

    /// The rarely needed part, made on first use.
    fn cold(&mut self) -> &mut Cold<T> {
        self.cold.get_or_insert_default()
    }

    fn aside(&mut self) -> &mut Aside<T> {
        self.cold().aside.get_or_insert_default()
    }

    #[inline(always)]
    const fn has_ended(&self) -> bool {
        self.odd & ENDED != 0
    }
}

impl<T: Send + 'static> Body for State<T> {
    type Item = T;
    type Scrap = T;
    const ONE_EACH: bool = true;

    fn register(&mut self) -> &mut Register {
        &mut self.cold().register
    }

    fn peek_register(&self) -> Option<&Register> {
        self.cold.as_deref().map(|cold| &cold.register)
    }

    fn ends(&mut self, side: Side) -> &mut u32 {
        match side {
            Side::Send => &mut self.sending,
            Side::Receive => &mut self.receiving,
        }
    }

    fn holder(&mut self, side: Side) -> &mut Holder {
        &mut self.side(side).holder
    }

    fn is_over(&self, side: Side) -> bool {
        self.has_ended()
            || match side {
                Side::Send => self.receiving == 0,
                Side::Receive => self.sending == 0 && self.depth() == 0,
            }
    }

    fn bring_down(&mut self) {
        self.odd |= ENDED;
        self.at_once = 0;
    }

    fn is_down(&self) -> bool {
        self.has_ended()
    }

    fn follow(&mut self) {
        self.follow_values();
    }

    fn wake_all(&mut self, after: &mut After<T>) {
        self.at_once = 0;
        after.ring(&mut self.senders.waiting);
        after.ring(&mut self.receivers.waiting);
        if let Some(cold) = &mut self.cold {
            after.ring(&mut cold.watchers);
        }
    }

    fn listed(&mut self) -> &mut bool {
        &mut self.listed
    }

    fn describe(&mut self, channel: &mut Channel) {
        channel.overflow = self.overflow;
        channel.depth = self.depth() as u64;
        channel.high_water = self.high_water as u64;
        channel.sent = self.sent;
        channel.received = self.received;
    }

    fn stands(&mut self, into: &mut Vec<Stand>) {
        inspect::add_stands(into, &mut self.senders.waiting, Side::Send);
        inspect::add_stands(into, &mut self.receivers.waiting, Side::Receive);
        if let Some(cold) = &mut self.cold {
            // Who waits for the end waits for what the other side does.
            inspect::add_stands(into, &mut cold.watchers, Side::Send);
        }
    }
}

impl<T> Parties<T> {
    const fn new() -> Self {
        Self { waiting: List::new(), holder: Holder(0) }
    }
}

impl<T> Default for Cold<T> {
    fn default() -> Self {
        Self { register: Register::default(), aside: None, watchers: List::new() }
    }
}

impl<T> Default for Aside<T> {
    fn default() -> Self {
        Self { returned: VecDeque::new(), traces: Traces::default() }
    }
}

/// A commit in which no partner takes part.
#[inline(always)]
pub(crate) fn commit_alone(us: Seat<'_>) -> Result<(), NotNow> {
    match us {
        Some((choice, guard)) if !choice.commit_free(guard) => Err(NotNow),
        _ => Ok(()),
    }
}

/// An attempt found nothing: a reusable choice needs not look there until it is told to.
#[inline(always)]
pub(crate) fn unmark(us: Seat<'_>) {
    if let Some((choice, guard)) = us {
        choice.unmark(guard);
    }
}

/// Whether a waiter is the partner, by the words of both. `blocked` says that we ourselves cannot commit now.
#[inline]
fn verdict<T>(us: Seat<'_>, waiter: &Waiter<T>, after: &mut After<T>, blocked: &mut bool) -> Verdict {
    let them = match &waiter.waking {
        Waking::Guard(choice, guard) => Some((choice, *guard)),
        Waking::Plain(_) | Waking::Nobody => None,
    };
    match agree(us, them, |choice| after.wake(Waking::Guard(Arc::clone(choice), 0))) {
        Agreed::Yes => Verdict::Take,
        Agreed::NotThem => Verdict::Skip,
        Agreed::NotUs => {
            *blocked = true;
            Verdict::Stop
        }
    }
}
