//! The core of a channel whose sends and receives meet: its operations, each a step of `state` under the lock of `shell`.

use crate::after_lock::After;
use crate::guard::Seat;
use crate::hold::Hold;
use crate::prim::Held;
use crate::shell::{Body, Plan, Shell};
use crate::state::{AtOnce, Attempted, NotNow, State, Stop, unmark};
use crate::trace::{self, Parcel};
use crate::waiters::{List, Node, Slot, Waiter, Waking};
use crate::{clock, party};
use rendez_model::{ChannelKind, Side};
use std::collections::VecDeque;
use std::convert::identity;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Waker;

/// A channel whose sends and receives meet.
pub(crate) type Core<T> = Shell<State<T>>;

/// How many values are taken at most while the lock is held.
const LOT: usize = 64;

/// What a parked party finds when it looks again.
pub(crate) enum Resumed {
    /// Nothing yet; it stays.
    Parked,
    /// A partner has committed to it; its node is off the list.
    Served,
    /// The channel has ended for it; it has left the list.
    Over,
}

/// Makes a channel by its plan.
pub(crate) fn open<T: Send + 'static>(plan: Plan) -> Arc<Core<T>> {
    let capacity = match plan.kind {
        ChannelKind::Rendezvous => 0,
        ChannelKind::Bounded(n) => usize::try_from(n).unwrap_or(usize::MAX),
        ChannelKind::Unbounded => usize::MAX,
    };
    let state = State::new(capacity, plan.overflow);
    Shell::new(plan, state)
}

impl<T: Send + 'static> Core<T> {
    /// Sends into the buffer if that is all there is to it, where nobody explores. Else it gives the lock, if it could take it.
    #[inline(always)]
    pub(crate) fn push_at_once(&self, value: &mut Option<T>) -> Result<(), Option<Held<'_, State<T>>>> {
        let mut state = self.try_lock_unseen().ok_or(None)?;
        if state.push_at_once(value) { Ok(()) } else { Err(Some(state)) }
    }

    /// Receives from the buffer if that is all there is to it; as `push_at_once`.
    #[inline(always)]
    pub(crate) fn pop_at_once(&self) -> Result<T, Option<Held<'_, State<T>>>> {
        let mut state = self.try_lock_unseen().ok_or(None)?;
        state.pop_at_once().ok_or(Some(state))
    }

    /// The same for so many, as far as there are.
    pub(crate) fn pop_lot_at_once(&self, into: &mut VecDeque<T>, most: usize) {
        let Some(mut state) = self.try_lock_unseen() else { return };
        into.reserve(most.min(state.depth()));
        into.extend(std::iter::from_fn(|| state.pop_at_once()).take(most));
    }

    /// Commits a send now: takes the value, or says how the channel has ended.
    #[inline]
    pub(crate) fn offer(&self, value: &mut Option<T>, us: Seat<'_>) -> Attempted<Option<Arc<Hold>>> {
        offer(self.lock(), value, us, Blocked::leave)
    }

    /// Commits a receive now.
    #[inline]
    pub(crate) fn take(&self, us: Seat<'_>, hold: Option<&Arc<Hold>>) -> Attempted<T> {
        take(self.lock(), us, hold, Blocked::leave)
    }

    /// Commits a send now, under the lock.
    #[inline(always)]
    pub(crate) fn offer_under(state: Held<'_, State<T>>, value: &mut Option<T>) -> Attempted<Option<Arc<Hold>>> {
        offer(state, value, None, Blocked::leave)
    }

    /// Commits a receive now, under the lock.
    #[inline(always)]
    pub(crate) fn take_under(state: Held<'_, State<T>>, hold: Option<&Arc<Hold>>) -> Attempted<T> {
        take(state, None, hold, Blocked::leave)
    }

    /// Commits a reservation now.
    pub(crate) fn reserve(&self) -> Attempted<()> {
        self.lock().reserve()
    }

    /// Parks a party that has reason to wait; a send's value is in its node. Else it gives the lock, so that no partner slips by
    /// in between.
    #[inline(always)]
    pub(crate) fn park(
        self: &Arc<Self>,
        side: Side,
        node: Pin<&mut Node<T>>,
        us: Seat<'_>,
    ) -> Result<(), Held<'_, State<T>>> {
        let state = self.lock();
        let waits = match side {
            Side::Send => state.has_no_room(),
            Side::Receive => state.has_nothing(),
        };
        if !waits {
            return Err(state);
        }
        unmark(us);
        self.enter(state, side, node);
        Ok(())
    }

    /// Puts a node on its list.
    #[inline(always)]
    fn enter(self: &Arc<Self>, mut state: Held<'_, State<T>>, side: Side, node: Pin<&mut Node<T>>) {
        state.side(side).waiting.push(node);
        self.list(state);
    }

    /// The same after an attempt that came to nothing.
    #[inline(always)]
    fn enter_blocked(self: &Arc<Self>, blocked: Blocked<'_, T>, side: Side, mut node: Pin<&mut Node<T>>) -> NotNow {
        let Blocked { state, after } = blocked;
        if state.is_followed() {
            with_trace(node.as_mut());
        }
        self.enter(state, side, node);
        drop(after);
        NotNow
    }

    /// Commits a send under the lock or parks it. Its value is in the node, and stays there if it is not sent.
    pub(crate) fn offer_or_park(
        self: &Arc<Self>,
        mut state: Held<'_, State<T>>,
        mut node: Pin<&mut Node<T>>,
        wants_place: bool,
        us: Seat<'_>,
    ) -> Attempted<Option<Arc<Hold>>> {
        let tried = if wants_place {
            let kept = state.reserve();
            kept.map(|kept| kept.map(|()| None)).map_err(|NotNow| Blocked { state, after: None })
        } else {
            let mut value = node.as_mut().apart().slot.take();
            let tried = offer(state, &mut value, us, identity);
            node.as_mut().apart().slot = Slot::of(value);
            tried
        };
        tried.map_err(|blocked| self.enter_blocked(blocked, Side::Send, node))
    }

    /// Commits a receive under the lock or parks it.
    pub(crate) fn take_or_park(
        self: &Arc<Self>,
        state: Held<'_, State<T>>,
        node: Pin<&mut Node<T>>,
        hold: Option<&Arc<Hold>>,
        us: Seat<'_>,
    ) -> Attempted<T> {
        take(state, us, hold, identity).map_err(|blocked| self.enter_blocked(blocked, Side::Receive, node))
    }

    /// Takes what else can be had now, until there are `most`. A lot at a time, so that others get the lock in between; room
    /// for it is made before.
    pub(crate) fn take_more(&self, into: &mut Vec<T>, most: usize) {
        while into.len() < most {
            let lot = most.min(into.len() + LOT);
            into.reserve(lot - into.len());
            let mut after = After::new();
            self.lock().take_more(into, lot, &mut after);
            drop(after);
            if into.len() < lot {
                return;
            }
        }
    }

    /// Parks a guard of a reusable choice, without an attempt; the guard is marked, so that one follows.
    pub(crate) fn enrol(self: &Arc<Self>, side: Side, node: Pin<&mut Node<T>>, waking: Waking) {
        let mut state = self.lock();
        if let Waking::Guard(choice, guard) = &waking {
            choice.mark(*guard);
        }
        park(&mut state.side(side).waiting, node, waking);
        self.list(state);
    }

    /// A parked party looks again: it leaves when the channel has ended for it, else its waker is renewed.
    pub(crate) fn resume(&self, side: Side, mut node: Pin<&mut Node<T>>, waker: &Waker) -> Resumed {
        let mut fresh = None;
        while !node.is_served() {
            let mut state = self.lock();
            let is_over = state.is_over(side);
            let list = &mut state.side(side).waiting;
            let Some(waiter) = list.get(node.as_mut()) else { break };
            if is_over {
                list.leave(node.as_mut());
                drop(state);
                node.apart().waking = Waking::Nobody;
                return Resumed::Over;
            }
            if waiter.waking.wakes(waker) {
                return Resumed::Parked;
            }
            if let Some(fresh) = fresh.take() {
                let old = std::mem::replace(&mut waiter.waking, Waking::Plain(fresh));
                drop(state);
                drop(old);
                return Resumed::Parked;
            }
            drop(state);
            fresh = Some(waker.clone());
        }
        Resumed::Served
    }

    /// A parked send of a choice tries again, with the value that it left in the list.
    pub(crate) fn reoffer(&self, mut node: Pin<&mut Node<T>>, us: Seat<'_>) -> Attempted<Option<Arc<Hold>>> {
        let mut after = After::new();
        let mut state = self.lock();
        let parcel = state.senders.waiting.get(node.as_mut()).and_then(|waiter| waiter.slot.take_parcel());
        let Some(Parcel { value, mut trace }) = parcel else { return Err(NotNow) };
        let mut value = Some(value);
        let outcome = state.offer(&mut value, &mut trace, us, &mut after);
        let is_followed = state.is_followed();
        if let Some(waiter) = state.senders.waiting.get(node) {
            waiter.slot = Slot::with(&mut value, &mut trace, is_followed);
        }
        drop(state);
        drop(after);
        outcome
    }

    /// A parked send leaves: true if it was served; if not, its value is in the node. A place it was served is given back.
    pub(crate) fn leave_send(&self, mut node: Pin<&mut Node<T>>, wants_place: bool) -> bool {
        let mut after = After::new();
        let mut state = self.lock();
        state.senders.waiting.leave(node.as_mut());
        let served = node.is_served();
        if served {
            node.as_mut().seen();
            if wants_place {
                state.unreserve(&mut after);
            }
        }
        drop(state);
        drop(after);
        node.apart().waking = Waking::Nobody;
        served
    }

    /// A parked receive leaves, for good; a value it was served goes to the next receive, before everything not yet committed. True
    /// if it was served.
    pub(crate) fn abandon_receive(&self, mut node: Pin<&mut Node<T>>) -> bool {
        let mut state = self.lock();
        state.receivers.waiting.leave(node.as_mut());
        let served = node.is_served();
        if served {
            let mut after = After::new();
            let waiter = node.as_mut().seen();
            let (commit, party) = (waiter.at, waiter.party);
            if let Some(parcel) = waiter.slot.take_parcel() {
                state.give_back(commit, party, parcel, &mut after);
            }
            drop(state);
            drop(after);
        } else {
            drop(state);
        }
        served
    }

    /// A parked receive leaves; what it was served, if it was, stays in the node.
    pub(crate) fn leave_receive(&self, mut node: Pin<&mut Node<T>>) {
        if node.is_queued() {
            self.lock().receivers.waiting.leave(node.as_mut());
        }
        if !node.is_served() {
            node.apart().waking = Waking::Nobody;
        }
    }

    /// Says that its values, so many more or fewer, come back: that of a lock, the tokens of a semaphore.
    pub(crate) fn lend(&self, more: isize) {
        self.lock().lend(more);
    }

    /// The acting party has received one of them, and has it until it is brought back.
    pub(crate) fn note_borrower(&self) {
        self.lock().borrowed(party::current_id());
    }

    /// Brings one back. There is a place for it; only a channel that has ended keeps none.
    pub(crate) fn bring_back(&self, value: T) {
        let (mut value, mut after) = (Some(value), After::new());
        let mut state = self.lock();
        state.brought_back(party::current_id());
        let outcome = state.offer(&mut value, &mut None, None, &mut after);
        drop(state);
        drop(after);
        debug_assert!(!matches!(outcome, Err(NotNow)), "there is a place for what comes back");
        drop(value);
    }

    /// Sends on a permit.
    pub(crate) fn redeem(&self, value: &mut Option<T>) -> Result<(), Stop> {
        let mut after = After::new();
        let sent = self.lock().redeem(value, &mut after);
        drop(after);
        sent
    }

    /// Gives a permit's place up.
    pub(crate) fn unreserve(&self) {
        let mut after = After::new();
        self.lock().unreserve(&mut after);
    }

    /// Takes what was sent and will not be received: after poison or loss, or when no receiver is left.
    pub(crate) fn undelivered(&self) -> Vec<T> {
        let (returned, buffer) = self.lock().undelivered();
        returned.into_iter().map(|(_, parcel)| parcel.value).chain(buffer).collect()
    }
}

/// Nothing could be done now: the lock, for who wants to park, and what is to be done once it is released, if anything.
struct Blocked<'a, T> {
    state: Held<'a, State<T>>,
    after: Option<After<T>>,
}

impl<T> Blocked<'_, T> {
    #[inline(always)]
    fn leave(self) -> NotNow {
        let Self { state, after } = self;
        drop(state);
        drop(after);
        NotNow
    }
}

/// Commits a send under the lock; the common cases first. `not_now` is done at each place, so that little is left of it.
#[inline(always)]
fn offer<'a, T: Send + 'static, N>(
    mut state: Held<'a, State<T>>,
    value: &mut Option<T>,
    us: Seat<'_>,
    not_now: impl FnOnce(Blocked<'a, T>) -> N,
) -> Result<Result<Option<Arc<Hold>>, Stop>, N> {
    if us.is_none() {
        match state.offer_at_once(value) {
            AtOnce::Alone(()) => return Ok(Ok(None)),
            AtOnce::Met((), waker) => {
                drop(state);
                waker.wake();
                return Ok(Ok(None));
            }
            AtOnce::NotNow => return Err(not_now(Blocked { state, after: None })),
            AtOnce::LookCloser => {}
        }
    }
    offer_closely(state, value, us).map_err(not_now)
}

#[inline(never)]
fn offer_closely<'a, T: Send + 'static>(
    mut state: Held<'a, State<T>>,
    value: &mut Option<T>,
    us: Seat<'_>,
) -> Result<Result<Option<Arc<Hold>>, Stop>, Blocked<'a, T>> {
    if state.is_followed() {
        state.look_whether_followed();
    }
    if us.is_none() {
        match state.offer_to_choice(value) {
            AtOnce::Met((), waking) => {
                drop(state);
                waking.wake();
                return Ok(Ok(None));
            }
            AtOnce::NotNow => return Err(Blocked { state, after: None }),
            AtOnce::Alone(()) | AtOnce::LookCloser => {}
        }
    }
    let mut after = After::new();
    let mut trace = state.of_acting();
    match state.offer(value, &mut trace, us, &mut after) {
        Err(NotNow) => Err(Blocked { state, after: Some(after) }),
        Ok(outcome) => {
            drop(state);
            drop(after);
            Ok(outcome)
        }
    }
}

/// Commits a receive under the lock; as `offer`.
#[inline(always)]
fn take<'a, T: Send + 'static, N>(
    mut state: Held<'a, State<T>>,
    us: Seat<'_>,
    hold: Option<&Arc<Hold>>,
    not_now: impl FnOnce(Blocked<'a, T>) -> N,
) -> Result<Result<T, Stop>, N> {
    if us.is_none() && hold.is_none() {
        match state.take_at_once() {
            AtOnce::Alone(value) => return Ok(Ok(value)),
            AtOnce::Met(value, waker) => {
                drop(state);
                waker.wake();
                return Ok(Ok(value));
            }
            AtOnce::NotNow => return Err(not_now(Blocked { state, after: None })),
            AtOnce::LookCloser => {}
        }
    }
    take_closely(state, us, hold).map_err(not_now)
}

#[inline(never)]
fn take_closely<'a, T: Send + 'static>(
    mut state: Held<'a, State<T>>,
    us: Seat<'_>,
    hold: Option<&Arc<Hold>>,
) -> Result<Result<T, Stop>, Blocked<'a, T>> {
    if state.is_followed() {
        state.look_whether_followed();
    }
    if state.has_nothing() {
        unmark(us);
        return Err(Blocked { state, after: None });
    }
    if us.is_none() && hold.is_none() {
        match state.take_from_choice() {
            AtOnce::Met(value, waking) => {
                drop(state);
                waking.wake();
                return Ok(Ok(value));
            }
            AtOnce::NotNow => return Err(Blocked { state, after: None }),
            AtOnce::Alone(_) | AtOnce::LookCloser => {}
        }
    }
    let mut after = After::new();
    match state.take(us, hold, &mut after) {
        Err(NotNow) => Err(Blocked { state, after: Some(after) }),
        Ok(outcome) => {
            drop(state);
            drop(after);
            Ok(outcome)
        }
    }
}

/// A node is about to be queued: the value of a sender takes with it what it belongs to. None is in that of a receiver.
#[cold]
fn with_trace<T: Send + 'static>(node: Pin<&mut Node<T>>) {
    let slot = &mut node.apart().slot;
    if let Some(Parcel { value, .. }) = slot.take_parcel() {
        *slot = Slot::with(&mut Some(value), &mut trace::current(), true);
    }
}

/// What a send brings: a value, while it has one, or the wish for a place.
pub(crate) enum Cargo<T> {
    Value(Option<T>),
    Place,
}

/// Puts a node on a list, with what others want to know of who waits there.
#[inline]
pub(crate) fn park<T>(list: &mut List<T>, mut node: Pin<&mut Node<T>>, waking: Waking) {
    let apart = node.as_mut().apart();
    debug_assert!(matches!(apart.waking, Waking::Nobody), "what is replaced under the lock is nobody's");
    let slot = std::mem::replace(&mut apart.slot, Slot::Empty);
    *apart = waiter(|| waking, || slot);
    list.push(node);
}

/// Who comes to wait, with what others want to know of them. The waker comes first: should cloning it panic, the value is
/// still where it was.
#[inline(always)]
pub(crate) fn waiter<T>(waking: impl FnOnce() -> Waking, slot: impl FnOnce() -> Slot<T>) -> Waiter<T> {
    let (party, at) = (party::current_id(), clock::coarse_ms());
    Waiter { waking: waking(), slot: slot(), party, at }
}

impl Waking {
    fn wakes(&self, waker: &Waker) -> bool {
        match self {
            Self::Plain(current) => current.will_wake(waker),
            // A choice that was forgotten: its guard goes on by itself.
            Self::Guard(..) | Self::Nobody => false,
        }
    }
}
