//! The core of a channel: one state machine for rendezvous, bounded and unbounded, under one lock. No futures here.
//!
//! A rendezvous is a channel of capacity 0, and a plain operation is a choice of one. Everything a lock guards is in
//! [`State`]; wakers run and values drop after it is released ([`After`]).
//!
//! Invariants, but for choices that are claimed at that instant (their owners look again):
//! - a receiver waits only while nothing is buffered, handed back or offered;
//! - a sender waits only while the channel is full;
//! - after poison nothing is accepted; what a partner has committed to stays committed.

use crate::choice::{Agreed, Choice, agree};
use crate::waiters::{Key, Verdict, WaitList, Waiter, Waking};
use crate::{Ended, Poison, clock, party};
use rendez_model::{Channel, ChannelId, ChannelKind, Closing, Ends, ProcessId, Side};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Waker;

/// What a channel says of itself, whatever its values are.
pub trait Inspect: Send + Sync {
    /// The channel as data.
    fn channel(&self) -> Channel;
    /// Who stands at it.
    fn waits(&self) -> Vec<Stand>;
    /// Brings it down.
    fn poison(&self, poison: Arc<Poison>);
}

/// One party that waits at a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// Who; 0 is nobody known.
    pub party: ProcessId,
    /// The direction it wants.
    pub side: Side,
    /// Since when by the coarse clock, in milliseconds.
    pub since_ms: u64,
    /// Whether it stands here as part of a choice that also waits for something outside of channels.
    pub open: bool,
}

pub(crate) struct Core<T> {
    id: ChannelId,
    kind: ChannelKind,
    state: Mutex<State<T>>,
}

struct State<T> {
    name: Option<Box<str>>,
    capacity: usize,
    /// Values that a sender has handed over and no receive has committed to.
    buffer: VecDeque<T>,
    /// Values whose receive was dropped, by the position of its commit; they go before everything else.
    returned: VecDeque<(u64, T)>,
    senders: Parties<T>,
    receivers: Parties<T>,
    /// Who waits for the channel's end.
    watchers: WaitList<T>,
    poison: Option<Arc<Poison>>,
    lost: Option<(String, String)>,
    sent: u64,
    received: u64,
    commits: u64,
    high_water: usize,
    listed: bool,
}

/// One side: who waits there, how many ends live, who is known to hold one.
struct Parties<T> {
    waiting: WaitList<T>,
    ends: u32,
    holders: Vec<ProcessId>,
    /// Who held an end and gave it up; kept for the picture of a channel that has ended.
    former: Vec<ProcessId>,
}

/// How many former holders of a side are remembered.
const FORMER_MAX: usize = 64;

/// What is to be done once the lock is released: wake, and drop nothing before.
#[derive(Default)]
pub(crate) struct After {
    plain: Option<Waker>,
    more: Vec<Waker>,
    choices: Vec<Arc<Choice>>,
}

/// Who asks: the choice it is a guard of, if it already stands on lists.
pub(crate) type Us<'a> = Option<(&'a Arc<Choice>, usize)>;

/// What a parked party finds when it looks again.
pub(crate) enum Resumed<W> {
    /// Nothing yet; it stays.
    Parked,
    /// A partner has committed to it.
    Served(W),
    /// The channel has ended for it.
    Ended(W),
}

/// An attempt that came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotNow;

impl<T> Core<T> {
    pub(crate) fn new(kind: ChannelKind, name: Option<Box<str>>) -> Arc<Self> {
        // Relaxed: the number has to be unique and says nothing about other memory.
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = ChannelId(NEXT.fetch_add(1, Ordering::Relaxed));
        let capacity = match kind {
            ChannelKind::Rendezvous => 0,
            ChannelKind::Bounded(n) => usize::try_from(n).unwrap_or(usize::MAX),
            ChannelKind::Unbounded => usize::MAX,
        };
        let side = || Parties { waiting: WaitList::new(), ends: 1, holders: Vec::new(), former: Vec::new() };
        let state = State {
            name,
            capacity,
            buffer: VecDeque::new(),
            returned: VecDeque::new(),
            senders: side(),
            receivers: side(),
            watchers: WaitList::new(),
            poison: None,
            lost: None,
            sent: 0,
            received: 0,
            commits: 0,
            high_water: 0,
            listed: false,
        };
        Arc::new(Self { id, kind, state: Mutex::new(state) })
    }

    pub(crate) const fn id(&self) -> ChannelId {
        self.id
    }

    pub(crate) fn name(&self) -> String {
        self.lock().name.as_deref().map_or_else(|| self.id.to_string(), str::to_owned)
    }

    pub(crate) fn set_name(&self, name: &str) {
        let old = self.lock().name.replace(name.into());
        drop(old);
    }

    /// Commits a send now: takes the value, or says how the channel has ended.
    pub(crate) fn offer(&self, value: &mut Option<T>, us: Us<'_>) -> Result<Result<(), Ended>, NotNow> {
        let mut after = After::default();
        let outcome = self.lock().offer(value, us, &mut after);
        after.run();
        outcome.map(|sent| sent.map_err(|()| self.ended()))
    }

    /// Commits a receive now.
    pub(crate) fn take(&self, us: Us<'_>) -> Result<Result<T, Ended>, NotNow> {
        let mut after = After::default();
        let outcome = self.lock().take(us, &mut after);
        after.run();
        outcome.map(|got| got.map_err(|()| self.ended()))
    }

    /// Commits a send now or parks it; under one lock, so that no partner slips by in between.
    pub(crate) fn offer_or_park(
        self: &Arc<Self>,
        value: &mut Option<T>,
        us: Us<'_>,
        waking: Waking,
    ) -> Result<Result<(), Ended>, Key>
    where
        T: Send + 'static,
    {
        let mut after = After::default();
        let mut state = self.lock();
        let outcome = match state.offer(value, us, &mut after) {
            Ok(sent) => Ok(sent),
            Err(NotNow) => Err(state.senders.waiting.push(Waiter::new(value.take(), waking))),
        };
        self.list(state);
        after.run();
        outcome.map(|sent| sent.map_err(|()| self.ended()))
    }

    /// Commits a receive now or parks it.
    pub(crate) fn take_or_park(self: &Arc<Self>, us: Us<'_>, waking: Waking) -> Result<Result<T, Ended>, Key>
    where
        T: Send + 'static,
    {
        let mut after = After::default();
        let mut state = self.lock();
        let outcome = match state.take(us, &mut after) {
            Ok(got) => Ok(got),
            Err(NotNow) => Err(state.receivers.waiting.push(Waiter::new(None, waking))),
        };
        self.list(state);
        after.run();
        outcome.map(|got| got.map_err(|()| self.ended()))
    }

    /// A parked send looks again.
    pub(crate) fn resume_send(&self, key: &mut Option<Key>, value: &mut Option<T>, waker: &Waker) -> Resumed<()> {
        let resumed = self.resume(key, waker, |state| (&mut state.senders.waiting, Side::Send));
        match resumed {
            Resumed::Parked => Resumed::Parked,
            Resumed::Served(waiter) => {
                drop(waiter);
                Resumed::Served(())
            }
            Resumed::Ended(waiter) => {
                *value = waiter.slot;
                Resumed::Ended(())
            }
        }
    }

    /// A parked receive looks again.
    pub(crate) fn resume_receive(&self, key: &mut Option<Key>, waker: &Waker) -> Resumed<Option<T>> {
        match self.resume(key, waker, |state| (&mut state.receivers.waiting, Side::Receive)) {
            Resumed::Parked => Resumed::Parked,
            Resumed::Served(waiter) => Resumed::Served(waiter.slot),
            Resumed::Ended(_) => Resumed::Ended(None),
        }
    }

    /// Somebody who waits for the end of the sending side looks again.
    pub(crate) fn resume_watch(&self, key: &mut Option<Key>, waker: &Waker) -> bool {
        let resumed = self.resume(key, waker, |state| (&mut state.watchers, Side::Send));
        matches!(resumed, Resumed::Ended(_))
    }

    /// A parked party looks again: it leaves when it was served or the channel has ended, else its waker is renewed.
    fn resume(
        &self,
        key: &mut Option<Key>,
        waker: &Waker,
        list: impl Fn(&mut State<T>) -> (&mut WaitList<T>, Side),
    ) -> Resumed<Waiter<T>> {
        let mut fresh = None;
        loop {
            let mut state = self.lock();
            let (waiting, side) = list(&mut state);
            let waiter = waiting.get(key.as_ref().expect("only a parked party looks again"));
            let (served, same) = (waiter.served, waiter.waking.wakes(waker));
            if served || state.over(side) {
                let waiter = list(&mut state).0.remove(key.take().expect("it was just looked at"));
                return if served { Resumed::Served(waiter) } else { Resumed::Ended(waiter) };
            }
            if same {
                return Resumed::Parked;
            }
            if let Some(fresh) = fresh.take() {
                let waiter = list(&mut state).0.get(key.as_ref().expect("it was just looked at"));
                let old = std::mem::replace(&mut waiter.waking, Waking::Plain(fresh));
                drop(state);
                drop(old);
                return Resumed::Parked;
            }
            drop(state);
            fresh = Some(waker.clone());
        }
    }

    /// A parked send of a choice tries again, with the value that it left in the list.
    pub(crate) fn reoffer(&self, key: &Key, us: Us<'_>) -> Result<Result<(), Ended>, NotNow> {
        let mut after = After::default();
        let mut state = self.lock();
        let mut value = state.senders.waiting.get(key).slot.take();
        if value.is_none() {
            return Err(NotNow);
        }
        let outcome = state.offer(&mut value, us, &mut after);
        state.senders.waiting.get(key).slot = value;
        drop(state);
        after.run();
        outcome.map(|sent| sent.map_err(|()| self.ended()))
    }

    /// A parked send leaves: whether it was served, and its value if not.
    pub(crate) fn leave_send(&self, key: Key) -> (bool, Option<T>) {
        let waiter = self.lock().senders.waiting.remove(key);
        (waiter.served, waiter.slot)
    }

    /// A parked receive leaves; a value it was served goes to the next receive, before everything not yet committed.
    pub(crate) fn abandon_receive(&self, key: Key) {
        let mut after = After::default();
        let mut state = self.lock();
        let waiter = state.receivers.waiting.remove(key);
        if let Some(value) = waiter.slot {
            state.give_back(waiter.commit, value, &mut after);
        }
        drop(state);
        drop(waiter.waking);
        after.run();
    }

    /// A parked receive leaves with the value it was served, if any.
    pub(crate) fn collect_receive(&self, key: Key) -> Option<T> {
        let waiter = self.lock().receivers.waiting.remove(key);
        waiter.slot
    }

    /// Parks somebody who waits until sending is of no more use; at once if it is.
    pub(crate) fn watch(&self, waking: Waking) -> Option<Key> {
        let mut state = self.lock();
        if state.over(Side::Send) {
            drop(state);
            drop(waking);
            return None;
        }
        Some(state.watchers.push(Waiter::new(None, waking)))
    }

    /// Why sending is of no more use.
    pub(crate) fn send_over(&self) -> Option<Ended> {
        let over = self.lock().over(Side::Send);
        over.then(|| self.ended())
    }

    pub(crate) fn leave_watch(&self, key: Key) {
        let waiter = self.lock().watchers.remove(key);
        drop(waiter);
    }

    pub(crate) fn clone_end(&self, side: Side) {
        self.lock().side(side).ends += 1;
    }

    /// An end is dropped; `legacy` is what a failing process leaves behind.
    pub(crate) fn drop_end(&self, side: Side, holder: ProcessId, legacy: Option<Arc<Poison>>) {
        let mut after = After::default();
        let mut state = self.lock();
        state.forget_holder(side, holder);
        state.side(side).remember(holder);
        if let Some(poison) = legacy {
            state.poison(poison, &mut after);
        }
        let ends = &mut state.side(side).ends;
        *ends -= 1;
        if *ends == 0 {
            state.wake_all(&mut after);
        }
        drop(state);
        after.run();
    }

    /// Notes that an end, whose `holder` changes with it, passed on to another; 0 is nobody.
    pub(crate) fn declare(&self, side: Side, holder: &AtomicU64, to: ProcessId) {
        let mut state = self.lock();
        // Relaxed: it is written under the lock only; who reads it without takes a hint.
        let from = ProcessId(holder.swap(to.0, Ordering::Relaxed));
        state.forget_holder(side, from);
        if to != ProcessId(0) {
            state.side(side).holders.push(to);
        }
    }

    pub(crate) fn lose(&self, peer: &str, reason: &str) {
        let mut after = After::default();
        let mut state = self.lock();
        if state.lost.is_none() && state.poison.is_none() {
            state.lost = Some((peer.to_owned(), reason.to_owned()));
            state.wake_all(&mut after);
        }
        drop(state);
        after.run();
    }

    /// Takes what was sent and will not be received: after poison or loss, or when no receiver is left.
    pub(crate) fn undelivered(&self) -> Vec<T> {
        let mut state = self.lock();
        if state.poison.is_none() && state.lost.is_none() && state.receivers.ends > 0 {
            return Vec::new();
        }
        let returned = std::mem::take(&mut state.returned);
        let buffer = std::mem::take(&mut state.buffer);
        drop(state);
        returned.into_iter().map(|(_, value)| value).chain(buffer).collect()
    }

    /// Tells the acting party of this channel, once.
    fn list(self: &Arc<Self>, mut state: MutexGuard<'_, State<T>>)
    where
        T: Send + 'static,
    {
        if state.listed || !party::is_known() {
            return;
        }
        state.listed = true;
        drop(state);
        if let Some(party) = party::current() {
            party.met(Arc::downgrade(self) as Weak<dyn Inspect>);
        }
    }

    /// Tells the acting party of this channel as soon as it is made, where that party observes.
    pub(crate) fn list_if_observed(self: &Arc<Self>)
    where
        T: Send + 'static,
    {
        if party::current().is_some_and(|party| party.observes()) {
            self.list(self.lock());
        }
    }

    fn ended(&self) -> Ended {
        let (poison, lost) = {
            let state = self.lock();
            (state.poison.clone(), state.lost.clone())
        };
        match (poison, lost) {
            (Some(poison), _) => Ended::Poisoned(poison),
            (None, Some((peer, reason))) => Ended::Lost { channel: self.name(), peer, reason },
            (None, None) => Ended::Retired { channel: self.name() },
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // No user code runs under this lock, so that a panic cannot leave the state half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send> Inspect for Core<T> {
    fn channel(&self) -> Channel {
        let state = self.lock();
        let closing = match (&state.poison, &state.lost) {
            (Some(poison), _) => Some(Closing::Poisoned(poison.cause.clone())),
            (None, Some((peer, reason))) => Some(Closing::Poisoned(format!("node {peer} lost: {reason}"))),
            (None, None) if state.senders.ends == 0 || state.receivers.ends == 0 => Some(Closing::Retired),
            (None, None) => None,
        };
        let ends = |side: &Parties<T>| {
            let holders = if side.ends == 0 { &side.former } else { &side.holders };
            Ends { count: side.ends, holders: holders.clone() }
        };
        let mut channel = Channel::new(self.id, state.name.as_deref().unwrap_or_default(), self.kind);
        channel.depth = state.depth() as u64;
        channel.high_water = state.high_water as u64;
        channel.sent = state.sent;
        channel.received = state.received;
        channel.senders = ends(&state.senders);
        channel.receivers = ends(&state.receivers);
        channel.closing = closing;
        drop(state);
        channel.item = short_type_name::<T>();
        channel
    }

    fn waits(&self) -> Vec<Stand> {
        let state = self.lock();
        let stand = |side| {
            move |w: &Waiter<T>| {
                let open = matches!(&w.waking, Waking::Guard(choice, _) if choice.is_open());
                Stand { party: w.party, side, since_ms: w.since, open }
            }
        };
        let senders = state.senders.waiting.queued().map(stand(Side::Send));
        senders.chain(state.receivers.waiting.queued().map(stand(Side::Receive))).collect()
    }

    fn poison(&self, poison: Arc<Poison>) {
        let mut after = After::default();
        self.lock().poison(poison, &mut after);
        after.run();
    }
}

impl<T> State<T> {
    fn offer(&mut self, value: &mut Option<T>, us: Us<'_>, after: &mut After) -> Result<Result<(), ()>, NotNow> {
        debug_assert!(value.is_some(), "an offer has a value");
        if self.over(Side::Send) {
            return self.commit_alone(us).map(|()| Err(()));
        }
        // While something is in the channel, who waits was claimed when it came and looks again: it must not be overtaken.
        if self.depth() == 0 && self.meet_receiver(value, us, after)? {
            return Ok(Ok(()));
        }
        if self.depth() >= self.capacity {
            return Err(NotNow);
        }
        self.commit_alone(us)?;
        self.buffer.extend(value.take());
        self.sent += 1;
        self.high_water = self.high_water.max(self.depth());
        Ok(Ok(()))
    }

    /// Hands the value to the first waiting receiver that can commit; whether there was one.
    fn meet_receiver(&mut self, value: &mut Option<T>, us: Us<'_>, after: &mut After) -> Result<bool, NotNow> {
        let mut blocked = false;
        let found = self.receivers.waiting.serve(|waiter| verdict(us, waiter, after, &mut blocked));
        let Some(receiver) = found else { return if blocked { Err(NotNow) } else { Ok(false) } };
        self.commits += 1;
        receiver.slot = value.take();
        receiver.commit = self.commits;
        receiver.waking.wake(after);
        self.sent += 1;
        self.received += 1;
        Ok(true)
    }

    fn take(&mut self, us: Us<'_>, after: &mut After) -> Result<Result<T, ()>, NotNow> {
        if self.poison.is_some() || self.lost.is_some() {
            return self.commit_alone(us).map(|()| Err(()));
        }
        if !self.returned.is_empty() || !self.buffer.is_empty() {
            self.commit_alone(us)?;
            let value = match self.returned.pop_front() {
                Some((_, value)) => value,
                None => self.buffer.pop_front().expect("one of the two is not empty"),
            };
            self.refill(after);
            self.received += 1;
            return Ok(Ok(value));
        }
        let mut blocked = false;
        if let Some(sender) = self.senders.waiting.serve(|waiter| verdict(us, waiter, after, &mut blocked)) {
            let value = sender.slot.take().expect("a waiting sender has a value");
            sender.waking.wake(after);
            self.sent += 1;
            self.received += 1;
            return Ok(Ok(value));
        }
        if !blocked && self.senders.ends == 0 {
            return self.commit_alone(us).map(|()| Err(()));
        }
        Err(NotNow)
    }

    /// Moves the first parked senders' values into free places: a sender that nobody polls blocks nobody.
    fn refill(&mut self, after: &mut After) {
        while self.depth() < self.capacity {
            let mut blocked = false;
            let Some(sender) = self.senders.waiting.serve(|waiter| verdict(None, waiter, after, &mut blocked)) else {
                return;
            };
            self.buffer.extend(sender.slot.take());
            sender.waking.wake(after);
            self.sent += 1;
            self.high_water = self.high_water.max(self.depth());
        }
    }

    /// A value whose receive was dropped goes to the next receive.
    fn give_back(&mut self, commit: u64, value: T, after: &mut After) {
        self.received -= 1;
        let mut blocked = false;
        let open = self.poison.is_none() && self.lost.is_none();
        let next = if open && self.returned.is_empty() {
            self.receivers.waiting.serve(|waiter| verdict(None, waiter, after, &mut blocked))
        } else {
            None
        };
        if let Some(receiver) = next {
            receiver.slot = Some(value);
            receiver.commit = commit;
            receiver.waking.wake(after);
            self.received += 1;
            return;
        }
        let at = self.returned.partition_point(|(earlier, _)| *earlier < commit);
        self.returned.insert(at, (commit, value));
        self.high_water = self.high_water.max(self.depth());
    }

    /// A commit in which no partner takes part.
    fn commit_alone(&self, us: Us<'_>) -> Result<(), NotNow> {
        match us {
            Some((choice, guard)) if !choice.commit_free(guard) => Err(NotNow),
            _ => Ok(()),
        }
    }

    fn poison(&mut self, poison: Arc<Poison>, after: &mut After) {
        if self.poison.is_none() {
            self.poison = Some(poison);
            self.wake_all(after);
        }
    }

    /// Has everybody look again: the channel has ended for them, or may have.
    fn wake_all(&mut self, after: &mut After) {
        for list in [&mut self.senders.waiting, &mut self.receivers.waiting, &mut self.watchers] {
            list.each_queued(|waiter| waiter.waking.wake(after));
        }
    }

    /// Whether this side can do nothing more, ever.
    fn over(&self, side: Side) -> bool {
        let ended = self.poison.is_some() || self.lost.is_some();
        ended
            || match side {
                Side::Send => self.receivers.ends == 0,
                Side::Receive => self.senders.ends == 0 && self.depth() == 0,
            }
    }

    fn depth(&self) -> usize {
        self.buffer.len() + self.returned.len()
    }

    const fn side(&mut self, side: Side) -> &mut Parties<T> {
        match side {
            Side::Send => &mut self.senders,
            Side::Receive => &mut self.receivers,
        }
    }

    fn forget_holder(&mut self, side: Side, holder: ProcessId) {
        let holders = &mut self.side(side).holders;
        if let Some(at) = holders.iter().position(|h| *h == holder) {
            holders.swap_remove(at);
        }
    }
}

impl<T> Parties<T> {
    fn remember(&mut self, holder: ProcessId) {
        if holder != ProcessId(0) && self.former.len() < FORMER_MAX && !self.former.contains(&holder) {
            self.former.push(holder);
        }
    }
}

/// Whether a waiter is the partner, by the words of both. `blocked` says that we ourselves cannot commit now.
fn verdict<T>(us: Us<'_>, waiter: &Waiter<T>, after: &mut After, blocked: &mut bool) -> Verdict {
    let them = match &waiter.waking {
        Waking::Plain(_) => None,
        Waking::Guard(choice, guard) => Some((choice, *guard)),
    };
    match agree(us, them, |choice| after.choices.push(Arc::clone(choice))) {
        Agreed::Yes => Verdict::Take,
        Agreed::NotThem => Verdict::Skip,
        Agreed::NotUs => {
            *blocked = true;
            Verdict::Stop
        }
    }
}

impl<T> Waiter<T> {
    fn new(slot: Option<T>, waking: Waking) -> Self {
        Self { slot, commit: 0, served: false, waking, party: party::current_id(), since: clock::coarse_ms() }
    }
}

impl Waking {
    /// Its owner is to look; a plain waker is taken, since a waker is cloned outside of the lock only.
    fn wake(&mut self, after: &mut After) {
        match self {
            Self::Plain(waker) => after.wake(std::mem::replace(waker, Waker::noop().clone())),
            Self::Guard(choice, _) => after.choices.push(Arc::clone(choice)),
        }
    }

    fn wakes(&self, waker: &Waker) -> bool {
        match self {
            Self::Plain(current) => current.will_wake(waker),
            Self::Guard(..) => true,
        }
    }
}

impl After {
    fn wake(&mut self, waker: Waker) {
        match self.plain {
            None => self.plain = Some(waker),
            Some(_) => self.more.push(waker),
        }
    }

    fn run(self) {
        if let Some(waker) = self.plain {
            waker.wake();
        }
        self.more.into_iter().for_each(Waker::wake);
        self.choices.iter().for_each(|choice| choice.wake());
    }
}

/// The type's name as written in Rust, without paths.
fn short_type_name<T>() -> String {
    let mut short = String::new();
    let mut word = String::new();
    for c in std::any::type_name::<T>().chars() {
        match c {
            ':' => word.clear(),
            c if c.is_alphanumeric() || c == '_' => word.push(c),
            c => {
                short.push_str(&word);
                word.clear();
                short.push(c);
            }
        }
    }
    short + &word
}
