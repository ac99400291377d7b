//! Happening: something that has come about or has not, who waits for it, and what comes about with it. What events and
//! cancellation tokens are; it carries no value.

use crate::after_lock::After;
use crate::guard::Seat;
use crate::prim::{Held, Lock};
use crate::shell::next_id;
use crate::state::{commit_alone, unmark};
use crate::steps;
use crate::tellers::{Handle, Tellers};
use crate::waiters::List;
use crate::waiting::{Place, Source, Waiting};
use crate::{Guard, Inspect, Poison, Stand, inspect, party};
use rendez_model::{Channel, ChannelId, ChannelKind, Closing, Ends, Occasion, ProcessId, Side};
use std::sync::{Arc, Weak};

pub(crate) struct Happening {
    /// None where snapshots do not see who waits for it.
    id: Option<ChannelId>,
    name: Option<Box<str>>,
    what: Occasion,
    tellers: Arc<Tellers>,
    /// With which it comes about.
    above: Option<Arc<Self>>,
    state: Lock<State>,
}

pub(crate) struct State {
    has_come: bool,
    /// How often it has.
    times: u64,
    waiting: List<()>,
    /// What comes about with it.
    below: Vec<Weak<Happening>>,
    /// Whether a process was told of it, or is not to be.
    is_listed: bool,
}

impl Happening {
    pub(crate) fn new(what: Occasion, name: Option<&str>) -> Arc<Self> {
        let id = next_id();
        if let Some(name) = name {
            steps::named(id, name);
        }
        Arc::new(Self::of(Some(id), what, name, None))
    }

    /// One that snapshots take for something outside: who could bring it about is beyond counting.
    pub(crate) fn unseen(what: Occasion) -> Arc<Self> {
        Arc::new(Self::of(None, what, None, None))
    }

    fn of(id: Option<ChannelId>, what: Occasion, name: Option<&str>, above: Option<&Arc<Self>>) -> Self {
        let state =
            State { has_come: false, times: 0, waiting: List::new(), below: Vec::new(), is_listed: id.is_none() };
        Self {
            id,
            name: name.map(Into::into),
            what,
            tellers: Arc::default(),
            above: above.cloned(),
            state: Lock::new(state),
        }
    }

    /// One that comes about with this one, or before; if this one has, it has.
    pub(crate) fn below(self: &Arc<Self>) -> Arc<Self> {
        let below = Arc::new(Self::of(self.id.map(|_| next_id()), self.what, None, Some(self)));
        let mut state = self.state.lock();
        if state.has_come {
            drop(state);
            below.come_about();
            return below;
        }
        if state.below.len() == state.below.capacity() {
            state.below.retain(|known| known.strong_count() > 0);
        }
        state.below.push(Arc::downgrade(&below));
        drop(state);
        below
    }

    pub(crate) const fn tellers(&self) -> &Arc<Tellers> {
        &self.tellers
    }

    /// It has come about, and with it all below.
    pub(crate) fn come_about(self: &Arc<Self>) {
        // All are told before anybody is woken: a waker that panics keeps nobody from hearing of it.
        let mut after = After::<()>::new();
        let mut to_tell = vec![Arc::clone(self)];
        while let Some(happening) = to_tell.pop() {
            let mut state = happening.state.lock();
            if !std::mem::replace(&mut state.has_come, true) {
                state.times += 1;
                after.ring(&mut state.waiting);
                to_tell.extend(std::mem::take(&mut state.below).iter().filter_map(Weak::upgrade));
            }
        }
    }

    /// It counts no longer; who waited when it came about goes on nevertheless.
    pub(crate) fn clear(&self) {
        self.state.lock().has_come = false;
    }

    pub(crate) fn has_come(&self) -> bool {
        self.state.lock().has_come
    }

    /// Waits until it comes about, with one of its handles.
    pub(crate) fn wait<'a>(
        self: &'a Arc<Self>,
        handle: &'a Handle,
    ) -> impl Future<Output = ()> + Guard<Output = ()> + use<'a> {
        Waiting::new(self, Wait { handle, since: None })
    }
}

impl Drop for Happening {
    /// One after the other, however many lie above each other.
    fn drop(&mut self) {
        let mut above = self.above.take();
        while let Some(mut last) = above.and_then(Arc::into_inner) {
            above = last.above.take();
        }
    }
}

impl Place for Arc<Happening> {
    type State = State;

    fn is_seen(&self) -> bool {
        self.id.is_some()
    }

    fn lock(&self) -> Held<'_, State> {
        self.state.lock()
    }

    /// Tells the acting party of it, once.
    fn parked(&self, state: Held<'_, State>) {
        party::tell_once(
            state,
            |state| &mut state.is_listed,
            |party| party.met(Self::downgrade(self) as Weak<dyn Inspect>),
        );
    }
}

/// What one waits for: that it comes about, or has since the wait began.
struct Wait<'a> {
    handle: &'a Handle,
    since: Option<u64>,
}

impl Source<Arc<Happening>> for Wait<'_> {
    type Output = ();
    type Scrap = ();

    fn bell(state: &mut State) -> &mut List<()> {
        &mut state.waiting
    }

    fn take(&mut self, state: &mut State, us: Seat<'_>, _: &mut After<()>) -> Option<()> {
        let since = *self.since.get_or_insert(state.times);
        if state.has_come || state.times > since {
            return commit_alone(us).ok();
        }
        unmark(us);
        None
    }

    fn about_to_wait(&self) {
        self.handle.note_holder();
    }
}

impl Inspect for Happening {
    /// Who can bring it about are its senders, who waits its receivers.
    fn channel(&self) -> Channel {
        let mut channel = Channel::new(self.id.unwrap_or_default(), self.name.as_deref().unwrap_or_default(), KIND);
        channel.occasion = Some(self.what);
        let levels = std::iter::successors(Some(self), |happening| happening.above.as_deref());
        levels.for_each(|happening| happening.tellers.describe(&mut channel.senders));
        let mut state = self.state.lock();
        channel.closing = state.has_come.then_some(Closing::Retired);
        let waiting = inspect::stands(&mut state.waiting, Side::Receive).into_iter().map(|stand| stand.party);
        channel.receivers = Ends::kept_by(waiting.filter(|party| *party != ProcessId(0)));
        channel
    }

    fn waits(&self) -> Vec<Stand> {
        inspect::stands(&mut self.state.lock().waiting, Side::Receive)
    }

    /// It withstands poison: who waits may be dropped by a panic, which is nothing to the others.
    fn poison(&self, _: Arc<Poison>) {}
}

/// What it is drawn as.
const KIND: ChannelKind = ChannelKind::Rendezvous;

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_below_takes_no_room() {
        let above = Happening::new(Occasion::Token, None);
        let kept = above.below();
        (0..10_000).for_each(|_| drop(above.below()));
        assert!(above.state.lock().below.len() < 10);
        above.come_about();
        assert!(kept.has_come());
    }

    #[test]
    fn however_many_lie_above_each_other_they_are_dropped() {
        let first = Happening::new(Occasion::Token, None);
        let many = if cfg!(miri) { 200 } else { 200_000 };
        let last = (0..many).fold(Arc::clone(&first), |above, _| above.below());
        first.come_about();
        assert!(last.has_come(), "those between are kept for it");
        drop(first);
        drop(last);
    }
}
