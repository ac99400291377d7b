//! A plain model of channels and choices, one task at a time: queues and nothing else. What is done is compared with it.

mod bells;
mod channel;
mod party;

use super::ledger::{Mark, Value};
use bells::{Broadcast, Watch};
use channel::Channel;
use party::{Party, Question};
use rendez::Overflow;
use std::collections::{BTreeMap, BTreeSet};

/// An operation, by its number; a reusable choice has one, too.
pub(crate) type Op = u64;
/// A receiver of a broadcast or a watch, by its number.
pub(crate) type Reader = u64;
/// An extended receive, by its number.
pub(crate) type Hold = u64;
/// The guard of `else`.
pub(crate) const ELSE: usize = usize::MAX;

/// What an operation waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    Send(usize, Value),
    Receive(usize),
    /// A receive that keeps its sender until it is released.
    Extended(usize, Hold),
    /// A place in a channel.
    Place(usize),
    Publish(usize, Value),
    Read(usize, Reader),
    Change(usize, Reader),
    /// A claim that is answered later.
    Ask(usize),
}

/// How an operation came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    Sent,
    /// The channel has ended.
    Refused(Value),
    /// There is no room, and the channel says so.
    Full(Value),
    Received(Value),
    Kept,
    Agreed,
    Ended,
    Else,
}

/// How an operation waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Alone,
    Choosing { or_else: bool },
    Reusable { prioritised: bool },
}

/// What became of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    Received,
    HandedBack,
    Undelivered,
    WithFuture,
    ByPolicy,
    WithChannel,
}

/// A commit: how it came out, and the hold that keeps its sender from going on.
#[derive(Clone, Copy)]
struct Done {
    came: Came,
    held_by: Option<Hold>,
}

/// What the model knows.
#[derive(Default)]
pub(crate) struct Model {
    channels: Vec<Channel>,
    broadcasts: Vec<Broadcast>,
    watches: Vec<Watch>,
    questions: Vec<Question>,
    parties: BTreeMap<Op, Party>,
    released: BTreeSet<Hold>,
    /// Values that are sent from a slot.
    slots: BTreeSet<Value>,
    /// Values that ended since they were asked for.
    gone: Vec<(Value, Fate)>,
}

impl Fate {
    /// What the test has said of such a value.
    pub(crate) const fn mark(self) -> Mark {
        match self {
            Self::Received => Mark::Received,
            Self::HandedBack => Mark::HandedBack,
            Self::Undelivered => Mark::Undelivered,
            Self::WithFuture | Self::ByPolicy | Self::WithChannel => Mark::None,
        }
    }
}

impl From<Came> for Done {
    fn from(came: Came) -> Self {
        Self { came, held_by: None }
    }
}

impl Want {
    const fn value(self) -> Option<Value> {
        match self {
            Self::Send(_, value) | Self::Publish(_, value) => Some(value),
            _ => None,
        }
    }
}

impl Model {
    pub(crate) fn add_channel(&mut self, capacity: usize, overflow: Overflow, immunity: u32) {
        self.channels.push(Channel::new(capacity, overflow, immunity));
    }

    /// A broadcast with one sender, and one receiver of that number.
    pub(crate) fn add_broadcast(&mut self, capacity: usize, overflow: Overflow, reader: Reader) {
        self.broadcasts.push(Broadcast::new(capacity, overflow, reader));
    }

    /// A watch with one sender, and one receiver of that number.
    pub(crate) fn add_watch(&mut self, first: Value, reader: Reader) {
        self.watches.push(Watch::new(first, reader));
    }

    pub(crate) fn add_question(&mut self) {
        self.questions.push(Question::default());
    }

    pub(crate) fn note_slot(&mut self, value: Value) {
        self.slots.insert(value);
    }

    /// One attempt of something that stands on no list.
    pub(crate) fn attempt(&mut self, want: Want) -> Option<Came> {
        self.attempt_as(None, want).map(|done| done.came)
    }

    fn attempt_as(&mut self, us: Option<Op>, want: Want) -> Option<Done> {
        match want {
            Want::Send(channel, value) => self.offer(channel, value, us),
            Want::Receive(channel) => self.take(channel, us, None).map(Done::from),
            Want::Extended(channel, hold) => self.take(channel, us, Some(hold)).map(Done::from),
            Want::Place(channel) => self.reserve(channel).map(Done::from),
            Want::Publish(number, value) => self.broadcasts[number].offer(value, &mut self.gone).map(Done::from),
            Want::Read(number, reader) => self.broadcasts[number].take(reader, &mut self.gone).map(Done::from),
            Want::Change(number, reader) => self.watches[number].take(reader).map(Done::from),
            Want::Ask(_) => None,
        }
    }

    /// Takes up to so many more values.
    pub(crate) fn take_more(&mut self, channel: usize, most: usize) -> Vec<Value> {
        let mut more = vec![];
        while more.len() < most {
            let Some(Came::Received(value)) = self.take(channel, None, None) else { break };
            more.push(value);
        }
        more
    }

    /// A value was received, and dropped by who received it.
    pub(crate) fn received(&mut self, want: Want, value: Value) {
        // What many read ends with the last of them.
        if !matches!(want, Want::Read(..) | Want::Change(..)) {
            self.gone.push((value, Fate::Received));
        }
    }

    pub(crate) fn handed_back(&mut self, value: Value) {
        self.gone.push((value, Fate::HandedBack));
    }

    /// The receiver of an extended receive lets its sender go on.
    pub(crate) fn release(&mut self, hold: Hold) {
        self.released.insert(hold);
    }

    pub(crate) fn send_watch(&mut self, number: usize, value: Value) -> Came {
        self.watches[number].send(value, &mut self.gone)
    }

    pub(crate) fn poison_channel(&mut self, channel: usize, level: u32) {
        self.channels[channel].poison(level);
    }

    pub(crate) fn poison_broadcast(&mut self, number: usize) {
        self.broadcasts[number].is_down = true;
    }

    pub(crate) fn poison_watch(&mut self, number: usize) {
        self.watches[number].is_down = true;
    }

    /// One more of the ends that such a wish needs: a reader that has read what `from` has.
    pub(crate) fn own(&mut self, want: Want, from: Reader) {
        match want {
            Want::Send(channel, _) | Want::Place(channel) => self.channels[channel].ends[0] += 1,
            Want::Receive(channel) | Want::Extended(channel, _) => self.channels[channel].ends[1] += 1,
            Want::Publish(number, _) => self.broadcasts[number].senders += 1,
            Want::Read(number, reader) => self.broadcasts[number].join(from, reader),
            Want::Change(number, reader) => self.watches[number].join(from, reader),
            Want::Ask(_) => {}
        }
    }

    /// One less.
    pub(crate) fn disown(&mut self, want: Want) {
        let gone = &mut self.gone;
        match want {
            Want::Send(channel, _) | Want::Place(channel) => self.channels[channel].lose_end(0, gone),
            Want::Receive(channel) | Want::Extended(channel, _) => self.channels[channel].lose_end(1, gone),
            Want::Publish(number, _) => self.broadcasts[number].senders -= 1,
            Want::Read(number, reader) => self.broadcasts[number].part(reader, gone),
            Want::Change(number, reader) => self.watches[number].lose(Some(reader), gone),
            Want::Ask(_) => {}
        }
    }

    pub(crate) fn disown_watch_sender(&mut self, number: usize) {
        self.watches[number].lose(None, &mut self.gone);
    }

    /// Depth, sent, received, dropped by policy.
    pub(crate) fn counters(&self, channel: usize) -> [u64; 4] {
        let state = &self.channels[channel];
        [state.depth() as u64, state.sent, state.received, state.dropped]
    }

    /// The same of a broadcast.
    pub(crate) fn broadcast_counters(&self, number: usize) -> [u64; 4] {
        self.broadcasts[number].counters()
    }

    /// Takes back what was sent and will not be received.
    pub(crate) fn undelivered(&mut self, channel: usize) -> Vec<Value> {
        if !self.channels[channel].is_over_for_sends() {
            return vec![];
        }
        let left = self.channels[channel].drain();
        self.gone.extend(left.iter().map(|value| (*value, Fate::Undelivered)));
        left
    }

    /// What ended since the last call, in order of the numbers.
    pub(crate) fn take_gone(&mut self) -> Vec<(Value, Fate)> {
        let mut gone = std::mem::take(&mut self.gone);
        gone.sort_unstable();
        gone
    }
}
