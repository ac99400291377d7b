//! Shell: what every channel has around its state, whatever it does with values: its lock, its id and name, its ends, how
//! it is brought down, how it is seen.
//!
//! No user code runs under the lock: wakers are cloned before it is taken, and run and dropped after it is released, and
//! so are values.

use crate::after_lock::After;
use crate::prim::{Held, Lock};
use crate::register::{self, Holder, Identity, Inborn, Register};
use crate::state::Stop;
use crate::steps::{self, Numbered};
use crate::{Ended, Glimpse, Inspect, Overflow, Poison, Stand, party};
use rendez_model::{Channel, ChannelId, ChannelKind, Closing, Side};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

/// A channel with a state of type `S`.
pub(crate) struct Shell<S> {
    own: Identity,
    /// How many values it holds at most; `NO_BOUND` is any number. A kind would take two words.
    places: u64,
    state: Lock<S>,
}

const NO_BOUND: u64 = u64::MAX;

/// What a channel is made by.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) kind: ChannelKind,
    pub(crate) overflow: Overflow,
    pub(crate) immunity: u32,
    pub(crate) name: Option<Box<str>>,
    pub(crate) inborn: Option<&'static Inborn>,
}

/// The number of a channel that is made now.
pub(crate) fn next_id() -> ChannelId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    ChannelId(steps::number(Numbered::Channel, &NEXT))
}

/// A state that a shell is put around.
pub(crate) trait Body: Send + 'static {
    /// What the channel carries.
    type Item: 'static;
    /// What has to be dropped once the lock is released.
    type Scrap;
    /// Whether each value is for one receiver.
    const ONE_EACH: bool;

    /// The register, made on first use.
    fn register(&mut self) -> &mut Register;
    /// The register, if it was needed yet.
    fn peek_register(&self) -> Option<&Register>;
    /// How many ends of a side live.
    fn ends(&mut self, side: Side) -> &mut u32;
    /// One of those known to hold an end of a side; where none lives, who held the last. All others are in the register.
    fn holder(&mut self, side: Side) -> &mut Holder;
    /// Whether this side can do nothing more, ever.
    fn is_over(&self, side: Side) -> bool;
    /// It was poisoned or lost: nothing is accepted or received from now on.
    fn bring_down(&mut self);
    /// Whether it was.
    fn is_down(&self) -> bool;
    /// Has everybody look again: the channel has ended for them, or may have.
    fn wake_all(&mut self, after: &mut After<Self::Scrap>);
    /// Whether the acting party was told of this channel.
    fn listed(&mut self) -> &mut bool;
    /// Notes what it does without room, depth and counters.
    fn describe(&mut self, channel: &mut Channel);
    /// Adds who waits.
    fn stands(&mut self, into: &mut Vec<Stand>);
    /// From now on its values are followed, until nobody's are.
    fn follow(&mut self) {}
}

impl<S> Shell<S> {
    pub(crate) const fn id(&self) -> ChannelId {
        self.own.id
    }

    pub(crate) const fn own(&self) -> Identity {
        self.own
    }

    pub(crate) const fn kind(&self) -> ChannelKind {
        match self.places {
            0 => ChannelKind::Rendezvous,
            NO_BOUND => ChannelKind::Unbounded,
            places => ChannelKind::Bounded(places),
        }
    }

    #[inline(always)]
    pub(crate) fn try_lock_unseen(&self) -> Option<Held<'_, S>> {
        self.state.try_lock_unseen()
    }
}

impl<S: Body> Shell<S> {
    /// Takes the lock; tells who explores, and has the state follow its values while anybody's are followed.
    #[inline]
    pub(crate) fn lock(&self) -> Held<'_, S> {
        if steps::is_watched() { self.lock_watched() } else { self.state.lock_unseen() }
    }

    #[cold]
    fn lock_watched(&self) -> Held<'_, S> {
        let mut state = self.state.lock();
        if steps::somebody_follows() {
            state.follow();
        }
        state
    }

    pub(crate) fn new(plan: Plan, mut state: S) -> Arc<Self> {
        let own = Identity { id: next_id(), inborn: plan.inborn };
        let places = match plan.kind {
            ChannelKind::Rendezvous => 0,
            ChannelKind::Bounded(places) => places,
            ChannelKind::Unbounded => NO_BOUND,
        };
        if plan.immunity > 0 {
            state.register().immunity = plan.immunity;
        }
        if let Some(name) = plan.name {
            steps::named(own.id, &name);
            state.register().name = Some(name);
        } else if let (Some(inborn), true) = (plan.inborn, steps::somebody_explores()) {
            steps::named(own.id, &(inborn.name)());
        }
        let shell = Arc::new(Self { own, places, state: Lock::new(state) });
        if party::look(|party| party.observes()) == Some(true) {
            shell.list(shell.lock());
        }
        shell
    }

    pub(crate) fn name(&self) -> String {
        register::name(self.lock().peek_register(), self.own)
    }

    pub(crate) fn set_name(&self, name: &str) {
        steps::named(self.id(), name);
        let old = self.lock().register().name.replace(name.into());
        drop(old);
    }

    /// A stop in the words of the channel.
    #[cold]
    pub(crate) fn why(&self, stop: Stop) -> Ended {
        register::why(self.lock().peek_register(), self.own, stop)
    }

    pub(crate) fn clone_end(&self, side: Side) {
        let mut state = self.lock();
        if *state.ends(side) == 0 {
            register::revived(&mut *state, side);
        }
        *state.ends(side) += 1;
    }

    /// A further end of a side of which one lives; false where none does.
    pub(crate) fn clone_living_end(&self, side: Side) -> bool {
        let mut state = self.lock();
        let lives = *state.ends(side) > 0;
        if lives {
            *state.ends(side) += 1;
        }
        lives
    }

    /// From now on anybody may come to a sending end.
    pub(crate) fn note_weak(&self) {
        self.lock().register().is_weak = true;
    }

    /// An end is dropped; `legacy` is what a failing process leaves behind.
    pub(crate) fn drop_end(&self, side: Side, holder: Holder, legacy: Option<Arc<Poison>>) {
        let mut after = After::new();
        let mut state = self.lock();
        register::given_up(&mut *state, side, holder);
        if let Some(poison) = legacy {
            self.spoil(&mut state, poison, &mut after);
        }
        let ends = state.ends(side);
        *ends -= 1;
        if *ends == 0 {
            state.wake_all(&mut after);
            self.note_lost(&mut state);
        }
    }

    /// Tells who explores of what nobody will receive any more, nor take back, although nothing has failed.
    fn note_lost(&self, state: &mut S) {
        let is_left = *state.ends(Side::Send) + *state.ends(Side::Receive) == 0;
        let comes_back = state.peek_register().is_some_and(Register::is_lent);
        if is_left && S::ONE_EACH && !comes_back && !state.is_down() && steps::somebody_explores() {
            let depth = self.counted(state).depth;
            steps::lost(self.id(), register::name(state.peek_register(), self.own), depth);
        }
    }

    /// Notes that an end, whose `holder` changes with it, passed on to another; 0 is nobody.
    pub(crate) fn declare(&self, side: Side, holder: &AtomicU64, to: Holder) {
        let mut state = self.lock();
        // Relaxed: it is written under the lock only; who reads it without takes a hint.
        let from = Holder(holder.swap(to.0, Ordering::Relaxed));
        register::left(&mut *state, side, from);
        register::held(&mut *state, side, to);
    }

    /// That of a failure has been in no channel before: it begins here.
    fn named(&self, state: &S, poison: Arc<Poison>) -> Arc<Poison> {
        if !poison.channel.is_empty() {
            return poison;
        }
        Arc::new(Poison { channel: register::name(state.peek_register(), self.own), ..Poison::clone(&poison) })
    }

    /// Ends it because the node of its other side was lost.
    pub(crate) fn lose(&self, peer: &str, reason: &str) {
        let mut after = After::new();
        let mut state = self.lock();
        if !state.is_down() {
            state.register().lost = Some((peer.to_owned(), reason.to_owned()));
            state.bring_down();
            state.wake_all(&mut after);
        }
    }

    /// Brings it down, unless it is immune.
    pub(crate) fn poison(&self, poison: Arc<Poison>) {
        let mut after = After::new();
        self.spoil(&mut self.lock(), poison, &mut after);
    }

    fn spoil(&self, state: &mut S, poison: Arc<Poison>, after: &mut After<S::Scrap>) {
        let inborn = self.own.inborn.map_or(0, |inborn| inborn.immunity);
        let immunity = state.peek_register().map_or(0, |register| register.immunity).max(inborn);
        if poison.level > immunity && !state.is_down() {
            let poison = self.named(state, poison);
            state.register().poison = Some(poison);
            state.bring_down();
            state.wake_all(after);
        }
    }

    /// Tells the acting party of this channel, once.
    #[inline]
    pub(crate) fn list(self: &Arc<Self>, mut state: Held<'_, S>) {
        if !*state.listed() && party::is_known() {
            self.tell(state);
        }
    }

    #[cold]
    fn tell(self: &Arc<Self>, state: Held<'_, S>) {
        party::tell_once(state, S::listed, |party| party.met(Arc::downgrade(self) as Weak<dyn Inspect>));
    }
}

impl<S: Body> Shell<S> {
    /// The channel as data, without what allocates.
    fn counted(&self, state: &mut S) -> Channel {
        let mut channel = Channel::new(self.id(), String::new(), self.kind());
        channel.senders.count = *state.ends(Side::Send);
        channel.receivers.count = *state.ends(Side::Receive);
        if channel.senders.count == 0 || channel.receivers.count == 0 {
            channel.closing = Some(Closing::Retired);
        }
        state.describe(&mut channel);
        channel
    }

    /// How many values are in it.
    pub(crate) fn depth(&self) -> usize {
        let depth = self.counted(&mut self.lock()).depth;
        usize::try_from(depth).unwrap_or(usize::MAX)
    }

    /// Whether no end of one side is left, or it was poisoned or lost.
    pub(crate) fn is_closed(&self) -> bool {
        let mut state = self.lock();
        state.is_down() || self.counted(&mut state).closing.is_some()
    }
}

impl<S: Body> Inspect for Shell<S> {
    fn channel(&self) -> Channel {
        let mut state = self.lock();
        let mut channel = self.counted(&mut state);
        channel.name = self.own.inborn.map(|inborn| (inborn.name)()).unwrap_or_default();
        if let Some(register) = state.peek_register() {
            register.describe(&mut channel);
        }
        register::describe_holders(&mut *state, &mut channel);
        drop(state);
        channel.item = short_type_name::<S::Item>();
        channel
    }

    fn waits(&self) -> Vec<Stand> {
        let mut stands = vec![];
        self.lock().stands(&mut stands);
        stands
    }

    fn glimpse(&self, into: &mut Glimpse) {
        let Glimpse { channel: before, stands } = into;
        let room = [&mut before.senders, &mut before.receivers].map(|ends| std::mem::take(&mut ends.holders));
        stands.clear();
        let mut state = self.lock();
        let mut channel = self.counted(&mut state);
        [channel.senders.holders, channel.receivers.holders] = room;
        if let Some(register) = state.peek_register() {
            register.describe(&mut channel);
        }
        register::describe_holders(&mut *state, &mut channel);
        state.stands(stands);
        drop(state);
        *before = channel;
    }

    fn poison(&self, poison: Arc<Poison>) {
        self.poison(poison);
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
