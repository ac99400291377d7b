//! What an actor's references and its incarnations share, and what outlives an incarnation: signals, lanes, the inbox.

use super::options::Fresh;
use super::signals::{self, Signals};
use super::timers::{Scheduled, Timers, What};
use super::{Actor, ActorOptions};
use crate::cell::Cell;
use crate::names::Holder;
use crate::shared::Shared;
use crate::trace::{self, Traced};
use rendez_channels::trace::Trace;
use rendez_channels::{ChannelOptions, Inborn, Overflow, Receiver, Sender, clock};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What stands in a mailbox: a message, or several that are handled without another in between.
#[derive(Debug)]
pub(crate) enum Letter<M> {
    /// One message.
    One(M),
    /// A batch.
    #[expect(clippy::box_collection, reason = "a word, which mostly makes a letter no larger than a message")]
    Batch(Box<Vec<M>>),
}

/// How an actor's mailbox is made.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) room: usize,
    pub(crate) overflow: Overflow,
    pub(crate) aside: usize,
}

/// What few actors are made with.
pub(crate) struct Extras<A: Actor> {
    pub(crate) dead_letters: Option<Sender<A::Message>>,
    /// Makes the state of each message, where they do not share one.
    pub(crate) fresh: Option<Fresh<A>>,
}

impl<A: Actor> Default for Extras<A> {
    fn default() -> Self {
        Self { dead_letters: None, fresh: None }
    }
}

/// Shared by references and incarnations.
pub(crate) struct Inside<A: Actor> {
    pub(crate) signals: Signals,
    pub(crate) plan: Plan,
    extras: Option<Box<Extras<A>>>,
    rare: Shared<Rare<A::Message>>,
    /// Messages that no handler has seen. Relaxed: a number for people.
    undelivered: AtomicU64,
    /// How many letters the incarnation has taken and not done with. Relaxed: who reads it late chooses a moment late.
    taken: AtomicU32,
    /// Whether it is looked up by a name, or was. Relaxed: changed and read beside the lock of `rare`.
    is_registered: AtomicBool,
}

/// What most actors do without.
enum Rare<M: Send + 'static> {
    Unused,
    Used(Box<Lanes<M>>),
    Ended,
}

pub(crate) struct Lanes<M: Send + 'static> {
    /// Made by who first sends there.
    urgent: Option<(Sender<M>, Receiver<M>)>,
    pub(crate) timers: Timers<Traced<M>>,
    pub(crate) stash: VecDeque<Traced<M>>,
    /// What an incarnation had taken and not handled, for the next one.
    kept: Vec<Traced<M>>,
}

impl<A: Actor> Inside<A> {
    /// What makes the state of each message, where they do not share one.
    #[inline]
    pub(crate) fn fresh(&self) -> Option<&Fresh<A>> {
        self.extras.as_ref()?.fresh.as_ref()
    }

    /// Acts on what most do without, made on first use; none once the actor has ended.
    pub(crate) fn with_lanes<R>(&self, act: impl FnOnce(&mut Lanes<A::Message>) -> R) -> Option<R> {
        let mut rare = self.rare.lock();
        if matches!(*rare, Rare::Unused) {
            let (timers, stash) = (Timers::new(), VecDeque::new());
            *rare = Rare::Used(Box::new(Lanes { urgent: None, timers, stash, kept: Vec::new() }));
        }
        match &mut *rare {
            Rare::Used(lanes) => Some(act(lanes)),
            Rare::Unused | Rare::Ended => None,
        }
    }

    /// The same if there are any.
    pub(crate) fn with_used<R>(&self, act: impl FnOnce(&mut Lanes<A::Message>) -> R) -> Option<R> {
        match &mut *self.rare.lock() {
            Rare::Used(lanes) => Some(act(lanes)),
            Rare::Unused | Rare::Ended => None,
        }
    }

    pub(crate) fn urgent_sender(&self) -> Option<Sender<A::Message>> {
        let options = ChannelOptions::bounded(self.plan.room).name("urgent").immune(u32::MAX);
        self.with_lanes(|lanes| lanes.urgent.get_or_insert_with(|| options.open()).0.clone())
    }

    pub(crate) fn urgent_receiver(&self) -> Option<Receiver<A::Message>> {
        self.with_used(|lanes| Some(lanes.urgent.as_ref()?.1.clone())).flatten()
    }

    pub(crate) fn add_timer(&self, at: Instant, what: What<A::Message>, own: bool) -> Option<Scheduled> {
        let mut what = Some(what.traced());
        let timer = self.with_lanes(|lanes| what.take().map(|what| lanes.timers.add(at, what, own))).flatten();
        if timer.is_some() {
            self.signals.raise(signals::TIMER);
        }
        timer
    }

    /// A timer of the incarnation that runs.
    pub(crate) fn after(&self, delay: Duration, what: What<A::Message>) -> Scheduled {
        // A delay too long for the clock is as good as thirty years.
        let forever = Duration::from_secs(30 * 365 * 24 * 60 * 60);
        let now = clock::now();
        let at = now.checked_add(delay).unwrap_or(now + forever);
        self.add_timer(at, what, true).expect("an actor that handles something has not ended")
    }

    pub(crate) fn cancel_timer(&self, timer: Scheduled) -> bool {
        let cancelled = self.with_used(|lanes| lanes.timers.cancel(timer));
        cancelled.is_some_and(|(in_time, _dropped_here)| in_time)
    }

    /// When the earliest timer is due.
    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.with_used(|lanes| lanes.timers.earliest()).flatten()
    }

    /// All that is stashed.
    pub(crate) fn take_stash(&self) -> VecDeque<Traced<A::Message>> {
        self.with_used(|lanes| std::mem::take(&mut lanes.stash)).unwrap_or_default()
    }

    pub(crate) fn keep(&self, messages: Vec<Traced<A::Message>>) {
        if !messages.is_empty() {
            self.with_lanes(|lanes| lanes.kept.extend(messages));
        }
    }

    pub(crate) fn take_kept(&self) -> Vec<Traced<A::Message>> {
        self.with_used(|lanes| std::mem::take(&mut lanes.kept)).unwrap_or_default()
    }

    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed) as usize
    }

    #[inline]
    pub(crate) fn set_taken(&self, letters: usize) {
        self.taken.store(u32::try_from(letters).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    pub(crate) fn undelivered(&self) -> u64 {
        self.undelivered.load(Ordering::Relaxed)
    }

    /// Messages that no handler will see: they go to who asked for such, on whose behalf they were sent, and are counted.
    pub(crate) fn give_back(&self, messages: impl IntoIterator<Item = Traced<A::Message>>) {
        for Traced { message, trace } in messages {
            self.undelivered.fetch_add(1, Ordering::Relaxed);
            // Where it is dropped, who waits for its answer learns that it was not sent.
            match self.extras.as_ref().and_then(|extras| extras.dead_letters.as_ref()) {
                Some(dead) => drop(trace::act_for(trace, || dead.try_send(message))),
                None => drop(message),
            }
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        matches!(*self.rare.lock(), Rare::Ended)
    }

    /// It has a name, to be given back when it ends; false when it has.
    pub(crate) fn note_registered(&self) -> bool {
        self.is_registered.store(true, Ordering::Relaxed);
        !self.has_ended()
    }

    fn end(&self) {
        let rare = std::mem::replace(&mut *self.rare.lock(), Rare::Ended);
        if self.is_registered.load(Ordering::Relaxed) {
            let holder = Holder::Actor(std::ptr::from_ref(self).addr());
            self.signals.cell().world().names().release(holder);
        }
        if let Rare::Used(lanes) = rare {
            let Lanes { urgent, timers, stash, kept: _ } = *lanes;
            self.give_back(stash);
            let urgent = urgent.map(|(_, receiver)| receiver.close()).unwrap_or_default();
            self.give_back(urgent.into_iter().map(Traced::unknown));
            self.give_back(timers.into_delayed());
        }
        self.signals.forget_all();
    }
}

/// The receiving side of a mailbox. When it goes the actor has ended, and messages that no handler has seen are given back.
pub(crate) struct Inbox<A: Actor> {
    receiver: Option<Receiver<Letter<A::Message>>>,
    pub(crate) inside: Arc<Inside<A>>,
}

impl<A: Actor> Inbox<A> {
    pub(crate) const fn receiver(&self) -> Option<&Receiver<Letter<A::Message>>> {
        self.receiver.as_ref()
    }
}

impl<A: Actor> Drop for Inbox<A> {
    fn drop(&mut self) {
        self.inside.give_back(self.inside.take_kept());
        let letters = self.receiver.take().map(Receiver::close).unwrap_or_default();
        self.inside.give_back(letters.into_iter().flat_map(Letter::into_messages).map(Traced::unknown));
        self.inside.end();
    }
}

impl<M> Letter<M> {
    /// The same, each message with what it belongs to.
    pub(crate) fn traced(self, trace: Option<Trace>) -> Letter<Traced<M>> {
        match self {
            Self::One(message) => Letter::One(Traced { message, trace }),
            Self::Batch(messages) => {
                let traced = |message| Traced { message, trace: trace.clone() };
                Letter::Batch(Box::new(messages.into_iter().map(traced).collect()))
            }
        }
    }

    pub(crate) fn into_messages(self) -> Vec<M> {
        match self {
            Self::One(message) => vec![message],
            Self::Batch(messages) => *messages,
        }
    }
}

/// What outlives an incarnation: whoever may start another one has it.
pub(crate) struct Seed<A: Actor> {
    pub(crate) inbox: Arc<Inbox<A>>,
}

impl<A: Actor> Clone for Seed<A> {
    fn clone(&self) -> Self {
        Self { inbox: Arc::clone(&self.inbox) }
    }
}

impl<A: Actor> Seed<A> {
    pub(crate) fn inside(&self) -> &Arc<Inside<A>> {
        &self.inbox.inside
    }

    /// Mailbox and signals; [`begin`](Self::begin) says of which process.
    pub(crate) fn new(options: ActorOptions<A>) -> (Self, Sender<Letter<A::Message>>) {
        let name = options.own_name().map(|name| format!("{name}.mailbox"));
        let (plan, extras) = options.parts();
        let mailbox =
            if plan.room == usize::MAX { ChannelOptions::unbounded() } else { ChannelOptions::bounded(plan.room) };
        // What an actor is called by its type takes no memory of each. A client that fails does not take the actor down: who
        // failed is the client.
        let inborn = const { &Inborn { name: || format!("{}.mailbox", A::NAME), immunity: u32::MAX } };
        let mailbox = name.iter().fold(mailbox.inborn(inborn), |mailbox, name| mailbox.name(name));
        let (sender, receiver) = mailbox.overflow(plan.overflow).open();
        let inside = Arc::new(Inside {
            signals: Signals::new(),
            plan,
            extras,
            rare: Shared::new(Rare::Unused),
            undelivered: AtomicU64::new(0),
            taken: AtomicU32::new(0),
            is_registered: AtomicBool::new(false),
        });
        let inbox = Arc::new(Inbox { receiver: Some(receiver), inside });
        (Self { inbox }, sender)
    }

    /// The next incarnation runs in this process.
    pub(crate) fn begin(&self, cell: Arc<Cell>) {
        if let Some(receiver) = self.inbox.receiver() {
            receiver.keep(cell.id());
        }
        if A::HEARS_EXITS {
            let ears: Arc<dyn super::exits::Ears> = Arc::clone(self.inside()) as _;
            cell.set_ears(Arc::downgrade(&ears));
        }
        self.inside().signals.begin(cell);
    }
}
