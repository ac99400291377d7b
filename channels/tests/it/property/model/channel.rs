//! A channel of the model: what is in it, who waits, and what its operations do.

use super::{Came, Done, Fate, Hold, Model, Op, Value, Want};
use rendez::Overflow;
use std::collections::{BTreeMap, VecDeque};

pub(super) struct Channel {
    capacity: usize,
    overflow: Overflow,
    immunity: u32,
    buffer: VecDeque<Value>,
    /// What was handed back, by the position of its commit.
    returned: BTreeMap<u64, Value>,
    /// Places that are kept.
    pub(super) reserved: usize,
    /// Who waits with a value, or for a place.
    pub(super) senders: VecDeque<(Op, usize, Option<Value>)>,
    pub(super) receivers: VecDeque<(Op, usize)>,
    /// How many ends send, and receive.
    pub(super) ends: [usize; 2],
    poisoned: bool,
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) dropped: u64,
}

impl Channel {
    pub(super) fn new(capacity: usize, overflow: Overflow, immunity: u32) -> Self {
        let (buffer, returned) = Default::default();
        let (senders, receivers) = Default::default();
        let (reserved, ends, poisoned) = (0, [1, 1], false);
        let (sent, received, dropped) = (0, 0, 0);
        #[rustfmt::skip]
        return Self { capacity, overflow, immunity, buffer, returned, reserved, senders, receivers, ends, poisoned, sent, received, dropped };
    }

    pub(super) fn depth(&self) -> usize {
        self.buffer.len() + self.returned.len()
    }

    fn is_full(&self) -> bool {
        self.depth() + self.reserved >= self.capacity
    }

    pub(super) const fn is_over_for_sends(&self) -> bool {
        self.poisoned || self.ends[1] == 0
    }

    pub(super) fn poison(&mut self, level: u32) {
        self.poisoned |= level > self.immunity;
    }

    pub(super) fn lose_end(&mut self, side: usize, gone: &mut Vec<(Value, Fate)>) {
        self.ends[side] -= 1;
        if self.ends == [0, 0] {
            gone.extend(self.drain().into_iter().map(|value| (value, Fate::WithChannel)));
        }
    }

    /// All that is in it, in order.
    pub(super) fn drain(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.returned).into_values().chain(self.buffer.drain(..)).collect()
    }

    fn pop(&mut self) -> Option<Value> {
        self.returned.pop_first().map(|(_, value)| value).or_else(|| self.buffer.pop_front())
    }

    fn push(&mut self, value: Value) {
        self.buffer.push_back(value);
        self.sent += 1;
    }
}

impl Model {
    /// Whether an operation that wants this can do nothing else any more than see the channel's end.
    pub(super) fn is_over(&self, want: Want) -> bool {
        match want {
            Want::Send(channel, _) | Want::Place(channel) => self.channels[channel].is_over_for_sends(),
            Want::Receive(channel) | Want::Extended(channel, _) => {
                let state = &self.channels[channel];
                state.poisoned || state.ends[0] == 0 && state.depth() == 0
            }
            _ => false,
        }
    }

    fn first_receiver(&self, channel: usize, us: Option<Op>) -> Option<(Op, usize)> {
        let free = |&&(op, _): &&(Op, usize)| Some(op) != us && self.is_free(op);
        self.channels[channel].receivers.iter().find(free).copied()
    }

    fn first_sender(&self, channel: usize, us: Option<Op>, places: bool) -> Option<(Op, usize, Option<Value>)> {
        let senders = self.channels[channel].senders.iter();
        senders.copied().find(|&(op, _, value)| (places || value.is_some()) && Some(op) != us && self.is_free(op))
    }

    /// Commits a send.
    pub(super) fn offer(&mut self, channel: usize, value: Value, us: Option<Op>) -> Option<Done> {
        if self.is_over(Want::Send(channel, value)) {
            return Some(Came::Refused(value).into());
        }
        if self.channels[channel].depth() == 0
            && let Some(receiver) = self.first_receiver(channel, us)
        {
            let held_by = self.hand_over(channel, receiver, value);
            return Some(Done { came: Came::Sent, held_by });
        }
        let state = &mut self.channels[channel];
        if !state.is_full() {
            state.push(value);
            return Some(Came::Sent.into());
        }
        let dropped = match state.overflow {
            Overflow::Wait => return None,
            Overflow::Fail => return Some(Came::Full(value).into()),
            Overflow::DropOldest if state.depth() > 0 => {
                let oldest = state.pop();
                state.push(value);
                oldest
            }
            Overflow::DropOldest | Overflow::DropNewest => {
                state.sent += 1;
                Some(value)
            }
        };
        state.dropped += 1;
        self.gone.extend(dropped.map(|value| (value, Fate::ByPolicy)));
        Some(Came::Sent.into())
    }

    /// Commits a receive; `hold` keeps the sender, if it waits.
    pub(super) fn take(&mut self, channel: usize, us: Option<Op>, hold: Option<Hold>) -> Option<Came> {
        let state = &mut self.channels[channel];
        if state.poisoned {
            return Some(Came::Ended);
        }
        let value = if let Some(value) = state.pop() {
            self.refill(channel);
            value
        } else if let Some((op, guard, Some(value))) = self.first_sender(channel, us, false) {
            self.channels[channel].sent += 1;
            self.serve(op, guard, Done { came: Came::Sent, held_by: hold }, 0);
            value
        } else {
            return (self.channels[channel].ends[0] == 0).then_some(Came::Ended);
        };
        self.channels[channel].received += 1;
        Some(Came::Received(value))
    }

    /// Commits a send with a receiver that waits; the hold that keeps it.
    fn hand_over(&mut self, channel: usize, (op, guard): (Op, usize), value: Value) -> Option<Hold> {
        let state = &mut self.channels[channel];
        state.sent += 1;
        state.received += 1;
        let commit = state.sent;
        let hold = match self.want(op, guard) {
            Want::Extended(_, hold) => Some(hold),
            _ => None,
        };
        self.serve(op, guard, Came::Received(value).into(), commit);
        hold
    }

    /// Who waits for room gets it.
    fn refill(&mut self, channel: usize) {
        while !self.channels[channel].is_full() && !self.channels[channel].is_over_for_sends() {
            let Some((op, guard, value)) = self.first_sender(channel, None, true) else { return };
            if let Some(value) = value {
                self.serve(op, guard, Came::Sent.into(), 0);
                match self.first_receiver(channel, None) {
                    Some(receiver) if self.channels[channel].depth() == 0 => {
                        self.hand_over(channel, receiver, value);
                    }
                    _ => self.channels[channel].push(value),
                }
            } else {
                self.channels[channel].reserved += 1;
                self.serve(op, guard, Came::Kept.into(), 0);
            }
        }
    }

    /// The value of a receive that was dropped after its commit goes to the next one.
    pub(super) fn give_back(&mut self, channel: usize, commit: u64, value: Value) {
        let state = &mut self.channels[channel];
        let may_go_on = !state.poisoned && state.returned.is_empty();
        match self.first_receiver(channel, None) {
            Some((op, guard)) if may_go_on => self.serve(op, guard, Came::Received(value).into(), commit),
            _ => {
                let state = &mut self.channels[channel];
                state.received -= 1;
                state.returned.insert(commit, value);
            }
        }
    }

    /// Commits a reservation.
    pub(super) fn reserve(&mut self, channel: usize) -> Option<Came> {
        if self.is_over(Want::Place(channel)) {
            return Some(Came::Ended);
        }
        let state = &mut self.channels[channel];
        if state.is_full() {
            return None;
        }
        state.reserved += 1;
        Some(Came::Kept)
    }

    /// A send on a kept place.
    pub(crate) fn redeem(&mut self, channel: usize, value: Value) -> Came {
        self.channels[channel].reserved -= 1;
        if self.is_over(Want::Place(channel)) {
            return Came::Refused(value);
        }
        match self.first_receiver(channel, None) {
            Some(receiver) if self.channels[channel].depth() == 0 => {
                self.hand_over(channel, receiver, value);
                self.refill(channel);
            }
            _ => self.channels[channel].push(value),
        }
        Came::Sent
    }

    /// A kept place is given up.
    pub(crate) fn unreserve(&mut self, channel: usize) {
        self.channels[channel].reserved -= 1;
        self.refill(channel);
    }

    /// The partner with which an operation could commit, or itself where it needs none; none if it cannot.
    pub(super) fn could(&self, us: Op, want: Want) -> Option<Op> {
        if self.is_over(want) {
            return Some(us);
        }
        let by_itself = match want {
            Want::Send(channel, _) => {
                let state = &self.channels[channel];
                if state.depth() == 0
                    && let Some((partner, _)) = self.first_receiver(channel, Some(us))
                {
                    return Some(partner);
                }
                !state.is_full() || state.overflow != Overflow::Wait
            }
            Want::Receive(channel) | Want::Extended(channel, _) => {
                if self.channels[channel].depth() == 0 {
                    return self.first_sender(channel, Some(us), false).map(|(partner, ..)| partner);
                }
                true
            }
            Want::Place(channel) => !self.channels[channel].is_full(),
            Want::Publish(number, _) => self.broadcasts[number].could_offer(),
            Want::Read(number, reader) => self.broadcasts[number].could_take(reader),
            Want::Change(number, reader) => self.watches[number].could_take(reader),
            Want::Ask(number) => self.questions[number].could_ask(),
        };
        by_itself.then_some(us)
    }
}
