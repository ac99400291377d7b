//! A plain model of channels and choices, one task at a time: queues and nothing else. The property test compares with it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A value, by its number.
pub(crate) type Value = u64;
/// An operation, by its number.
pub(crate) type Op = u64;

/// What an operation waits for on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    Send(usize, Value),
    Receive(usize),
}

/// How an operation came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    Sent,
    Refused(Value),
    Received(Value),
    Ended,
}

/// An operation that a partner has committed to and nobody has polled since.
#[derive(Clone, Copy)]
struct Served {
    guard: usize,
    came: Came,
    commit: u64,
}

#[derive(Default)]
struct Channel {
    capacity: usize,
    buffer: VecDeque<Value>,
    returned: BTreeMap<u64, Value>,
    senders: VecDeque<(Op, usize, Value)>,
    receivers: VecDeque<(Op, usize)>,
    sending_ends: usize,
    receiving_ends: usize,
    poisoned: bool,
    sent: u64,
    received: u64,
}

#[derive(Default)]
pub(crate) struct Model {
    channels: Vec<Channel>,
    parked: BTreeMap<Op, Vec<Want>>,
    served: BTreeMap<Op, Served>,
    commits: u64,
}

impl Want {
    pub(crate) const fn channel(self) -> usize {
        match self {
            Self::Send(channel, _) | Self::Receive(channel) => channel,
        }
    }
}

impl Model {
    pub(crate) fn new(capacities: &[usize]) -> Self {
        let channel = |&capacity| Channel { capacity, sending_ends: 1, receiving_ends: 1, ..Channel::default() };
        Self { channels: capacities.iter().map(channel).collect(), ..Self::default() }
    }

    /// The first poll: commits to the first guard that can, else parks at all of them.
    pub(crate) fn start(&mut self, op: Op, wants: &[Want]) -> Option<(usize, Came)> {
        for (guard, &want) in wants.iter().enumerate() {
            if let Some(came) = self.attempt(want) {
                return Some((guard, came));
            }
        }
        for (guard, &want) in wants.iter().enumerate() {
            match want {
                Want::Send(channel, value) => self.channels[channel].senders.push_back((op, guard, value)),
                Want::Receive(channel) => self.channels[channel].receivers.push_back((op, guard)),
            }
        }
        self.parked.insert(op, wants.to_vec());
        None
    }

    /// A later poll.
    pub(crate) fn poll(&mut self, op: Op) -> Option<(usize, Came)> {
        let seen = self.peek(op)?;
        self.served.remove(&op);
        self.leave(op);
        Some(seen)
    }

    /// What a later poll would give.
    pub(crate) fn peek(&self, op: Op) -> Option<(usize, Came)> {
        if let Some(served) = self.served.get(&op) {
            return Some((served.guard, served.came));
        }
        let over = self.parked[&op].iter().enumerate().find(|(_, want)| self.over(**want));
        over.map(|(guard, &want)| (guard, ended(want)))
    }

    /// The operation is dropped; a value it was served goes to the next receive.
    pub(crate) fn cancel(&mut self, op: Op, wants: &[Want]) {
        self.leave(op);
        let Some(Served { guard, came: Came::Received(value), commit }) = self.served.remove(&op) else { return };
        let channel = wants[guard].channel();
        self.channels[channel].received -= 1;
        let state = &mut self.channels[channel];
        if !state.poisoned && state.returned.is_empty() && !state.receivers.is_empty() {
            self.serve_receiver(channel, value, Some(commit));
        } else {
            state.returned.insert(commit, value);
        }
    }

    /// One attempt of something that stands on no list.
    pub(crate) fn attempt(&mut self, want: Want) -> Option<Came> {
        match want {
            Want::Send(channel, value) => self.offer(channel, value),
            Want::Receive(channel) => self.take(channel),
        }
    }

    fn offer(&mut self, channel: usize, value: Value) -> Option<Came> {
        if self.over(Want::Send(channel, value)) {
            return Some(Came::Refused(value));
        }
        let state = &mut self.channels[channel];
        if state.receivers.is_empty() {
            if state.depth() >= state.capacity {
                return None;
            }
            state.buffer.push_back(value);
        } else {
            self.serve_receiver(channel, value, None);
        }
        self.channels[channel].sent += 1;
        Some(Came::Sent)
    }

    fn take(&mut self, channel: usize) -> Option<Came> {
        let state = &mut self.channels[channel];
        if state.poisoned {
            return Some(Came::Ended);
        }
        let held = state.returned.pop_first().map(|(_, value)| value).or_else(|| state.buffer.pop_front());
        let value = match held {
            Some(value) => value,
            None if state.senders.is_empty() => return (state.sending_ends == 0).then_some(Came::Ended),
            None => self.serve_sender(channel),
        };
        while self.channels[channel].depth() < self.channels[channel].capacity
            && !self.channels[channel].senders.is_empty()
        {
            let moved = self.serve_sender(channel);
            self.channels[channel].buffer.push_back(moved);
        }
        self.channels[channel].received += 1;
        self.commits += 1;
        Some(Came::Received(value))
    }

    fn serve_receiver(&mut self, channel: usize, value: Value, commit: Option<u64>) {
        let (op, guard) = self.channels[channel].receivers[0];
        self.leave(op);
        self.commits += 1;
        let commit = commit.unwrap_or(self.commits);
        self.served.insert(op, Served { guard, came: Came::Received(value), commit });
        self.channels[channel].received += 1;
    }

    fn serve_sender(&mut self, channel: usize) -> Value {
        let (op, guard, value) = self.channels[channel].senders[0];
        self.leave(op);
        self.served.insert(op, Served { guard, came: Came::Sent, commit: 0 });
        self.channels[channel].sent += 1;
        value
    }

    fn leave(&mut self, op: Op) {
        self.parked.remove(&op);
        for state in &mut self.channels {
            state.senders.retain(|(o, ..)| *o != op);
            state.receivers.retain(|(o, _)| *o != op);
        }
    }

    fn over(&self, want: Want) -> bool {
        let state = &self.channels[want.channel()];
        let left = match want {
            Want::Send(..) => state.receiving_ends == 0,
            Want::Receive(_) => state.sending_ends == 0 && state.depth() == 0,
        };
        state.poisoned || left
    }

    /// An end more or less on the side that would want this.
    pub(crate) fn count_end(&mut self, want: Want, by: isize) {
        let state = &mut self.channels[want.channel()];
        let ends = match want {
            Want::Send(..) => &mut state.sending_ends,
            Want::Receive(_) => &mut state.receiving_ends,
        };
        *ends = ends.strict_add_signed(by);
    }

    pub(crate) fn poison(&mut self, channel: usize) {
        self.channels[channel].poisoned = true;
    }

    /// Parked operations that have something to see.
    pub(crate) fn ready(&self) -> BTreeSet<Op> {
        let over = self.parked.keys().filter(|op| self.peek(**op).is_some());
        self.served.keys().chain(over).copied().collect()
    }

    /// Depth, sent, received.
    pub(crate) fn counters(&self, channel: usize) -> (u64, u64, u64) {
        let state = &self.channels[channel];
        (state.depth() as u64, state.sent, state.received)
    }

    /// What is left in the channel, in order.
    pub(crate) fn left(&self, channel: usize) -> Vec<Value> {
        let state = &self.channels[channel];
        state.returned.values().chain(&state.buffer).copied().collect()
    }
}

impl Channel {
    fn depth(&self) -> usize {
        self.buffer.len() + self.returned.len()
    }
}

const fn ended(want: Want) -> Came {
    match want {
        Want::Send(_, value) => Came::Refused(value),
        Want::Receive(_) => Came::Ended,
    }
}
