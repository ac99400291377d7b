//! Broadcasts and watches of the model: no partner commits there, who waits is told to look again.

use super::{Came, Fate, Reader, Value};
use rendez::Overflow;
use std::collections::{BTreeMap, VecDeque};

pub(super) struct Broadcast {
    capacity: usize,
    overflow: Overflow,
    entries: VecDeque<Entry>,
    /// Position of the first entry.
    first: u64,
    /// Position after the last value that each receiver has read.
    cursors: BTreeMap<Reader, u64>,
    pub(super) senders: usize,
    pub(super) is_down: bool,
    received: u64,
    dropped: u64,
}

struct Entry {
    value: Value,
    is_read: bool,
}

impl Broadcast {
    pub(super) fn new(capacity: usize, overflow: Overflow, reader: Reader) -> Self {
        let (entries, cursors) = (VecDeque::new(), BTreeMap::from([(reader, 0)]));
        Self { capacity, overflow, entries, first: 0, cursors, senders: 1, is_down: false, received: 0, dropped: 0 }
    }

    fn is_over(&self) -> bool {
        self.is_down || self.cursors.is_empty()
    }

    pub(super) fn could_offer(&self) -> bool {
        self.is_over() || self.entries.len() < self.capacity || self.overflow != Overflow::Wait
    }

    pub(super) fn could_take(&self, reader: Reader) -> bool {
        self.is_down || self.senders == 0 || self.cursors[&reader] < self.first + self.entries.len() as u64
    }

    pub(super) fn offer(&mut self, value: Value, gone: &mut Vec<(Value, Fate)>) -> Option<Came> {
        if self.is_over() {
            return Some(Came::Refused(value));
        }
        if self.entries.len() >= self.capacity {
            match self.overflow {
                Overflow::Wait => return None,
                Overflow::Fail => return Some(Came::Full(value)),
                Overflow::DropNewest => {
                    self.dropped += 1;
                    gone.push((value, Fate::ByPolicy));
                    return Some(Came::Sent);
                }
                Overflow::DropOldest => {
                    self.dropped += 1;
                    self.pop(Fate::ByPolicy, gone);
                }
            }
        }
        self.entries.push_back(Entry { value, is_read: false });
        Some(Came::Sent)
    }

    pub(super) fn take(&mut self, reader: Reader, gone: &mut Vec<(Value, Fate)>) -> Option<Came> {
        if self.is_down {
            return Some(Came::Ended);
        }
        let at = self.cursors[&reader].max(self.first);
        let Some(entry) = self.entries.get_mut((at - self.first) as usize) else {
            return (self.senders == 0).then_some(Came::Ended);
        };
        entry.is_read = true;
        let value = entry.value;
        self.cursors.insert(reader, at + 1);
        self.received += 1;
        self.sweep(gone);
        Some(Came::Received(value))
    }

    /// A receiver that has read what `from` has; none of that number: that has read all.
    pub(super) fn join(&mut self, from: Reader, reader: Reader) {
        let end = self.first + self.entries.len() as u64;
        let cursor = self.cursors.get(&from).copied().unwrap_or(end);
        self.cursors.insert(reader, cursor);
    }

    pub(super) fn part(&mut self, reader: Reader, gone: &mut Vec<(Value, Fate)>) {
        self.cursors.remove(&reader);
        self.sweep(gone);
    }

    /// What nobody will read any more ends.
    fn sweep(&mut self, gone: &mut Vec<(Value, Fate)>) {
        while !self.entries.is_empty() && self.cursors.values().all(|cursor| *cursor > self.first) {
            self.pop(Fate::WithChannel, gone);
        }
    }

    fn pop(&mut self, unread: Fate, gone: &mut Vec<(Value, Fate)>) {
        let Some(entry) = self.entries.pop_front() else { return };
        self.first += 1;
        gone.push((entry.value, if entry.is_read { Fate::Received } else { unread }));
    }

    pub(super) fn counters(&self) -> [u64; 4] {
        let refused = if self.overflow == Overflow::DropNewest { self.dropped } else { 0 };
        let depth = self.entries.len() as u64;
        [depth, self.first + depth + refused, self.received, self.dropped]
    }
}

pub(super) struct Watch {
    value: Value,
    is_read: bool,
    version: u64,
    seen: BTreeMap<Reader, u64>,
    senders: usize,
    pub(super) is_down: bool,
}

impl Watch {
    pub(super) fn new(first: Value, reader: Reader) -> Self {
        let seen = BTreeMap::from([(reader, 0)]);
        Self { value: first, is_read: false, version: 0, seen, senders: 1, is_down: false }
    }

    pub(super) fn could_take(&self, reader: Reader) -> bool {
        self.is_down || self.senders == 0 || self.seen[&reader] < self.version
    }

    pub(super) fn send(&mut self, value: Value, gone: &mut Vec<(Value, Fate)>) -> Came {
        if self.is_down || self.seen.is_empty() {
            return Came::Refused(value);
        }
        self.end(Fate::ByPolicy, gone);
        (self.value, self.is_read) = (value, false);
        self.version += 1;
        Came::Sent
    }

    pub(super) fn take(&mut self, reader: Reader) -> Option<Came> {
        if !self.is_down && self.seen[&reader] < self.version {
            self.seen.insert(reader, self.version);
            self.is_read = true;
            return Some(Came::Received(self.value));
        }
        (self.is_down || self.senders == 0).then_some(Came::Ended)
    }

    /// A receiver that has seen what `from` has; none of that number: that has seen all.
    pub(super) fn join(&mut self, from: Reader, reader: Reader) {
        let seen = self.seen.get(&from).copied().unwrap_or(self.version);
        self.seen.insert(reader, seen);
    }

    /// A receiver less, or the sender.
    pub(super) fn lose(&mut self, reader: Option<Reader>, gone: &mut Vec<(Value, Fate)>) {
        match reader {
            Some(reader) => drop(self.seen.remove(&reader)),
            None => self.senders -= 1,
        }
        if self.senders == 0 && self.seen.is_empty() {
            self.end(Fate::WithChannel, gone);
        }
    }

    fn end(&self, unread: Fate, gone: &mut Vec<(Value, Fate)>) {
        gone.push((self.value, if self.is_read { Fate::Received } else { unread }));
    }
}
