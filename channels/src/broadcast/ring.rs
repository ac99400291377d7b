//! The ring of a broadcast: values that some receiver has still to read. A pure machine; its lock and its ends are elsewhere.

use crate::after_lock::After;
use crate::guard::Seat;
use crate::register::{Holder, Register};
use crate::shell::Body;
use crate::state::{Stop, commit_alone, unmark};
use crate::trace::{Trace, Traces};
use crate::waiters::List;
use crate::{Overflow, Stand, inspect, steps, trace};
use rendez_model::{Channel, Delivery, Side};
use std::collections::VecDeque;
use std::sync::Arc;

pub(crate) struct Ring<T> {
    entries: VecDeque<Entry<T>>,
    /// Position of the first entry among all values that were sent.
    first: u64,
    capacity: usize,
    overflow: Overflow,
    senders: u32,
    receivers: u32,
    /// Receivers that read; one that is being dropped does so no more.
    reading: u32,
    pub(super) sending: List<()>,
    pub(super) receiving: List<()>,
    received: u64,
    high_water: usize,
    is_down: bool,
    listed: bool,
    /// By side.
    holders: [Holder; 2],
    register: Option<Box<Register>>,
    /// What the values belong to, while they are followed.
    traces: Option<Box<Traces>>,
}

struct Entry<T> {
    value: Arc<T>,
    /// Receivers that have not read it; along the ring it never falls.
    readers: u32,
}

impl<T> Ring<T> {
    pub(super) const fn new(capacity: usize, overflow: Overflow) -> Self {
        Self {
            entries: VecDeque::new(),
            first: 0,
            capacity,
            overflow,
            senders: 1,
            receivers: 1,
            reading: 1,
            sending: List::new(),
            receiving: List::new(),
            received: 0,
            high_water: 0,
            is_down: false,
            listed: false,
            holders: [Holder(0); 2],
            register: None,
            traces: None,
        }
    }

    /// The position after the last value.
    pub(super) fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Commits a send: takes the value, or says why it never will; none while there is no room.
    pub(super) fn offer(
        &mut self,
        value: &mut Option<Arc<T>>,
        trace: &Option<Trace>,
        us: Seat<'_>,
        after: &mut After<Arc<T>>,
    ) -> Option<Result<(), Stop>>
    where
        T: Send + Sync + 'static,
    {
        let is_full = self.entries.len() >= self.capacity;
        if self.is_over(Side::Send) {
            return commit_alone(us).ok().map(|()| Err(Stop::Over));
        }
        if is_full && self.overflow == Overflow::Wait {
            unmark(us);
            return None;
        }
        commit_alone(us).ok()?;
        if is_full {
            match self.overflow {
                Overflow::Fail => return Some(Err(Stop::Full)),
                Overflow::DropNewest => after.discard(value.take()),
                Overflow::DropOldest | Overflow::Wait => after.discard(self.pop()),
            }
            self.register().dropped += 1;
        }
        if let Some(value) = value.take() {
            if let Some(traces) = &mut self.traces {
                traces.push(trace.clone());
            }
            self.entries.push_back(Entry { value, readers: self.reading });
            self.high_water = self.high_water.max(self.entries.len());
            after.ring(&mut self.receiving);
        }
        Some(Ok(()))
    }

    /// Commits a receive by the receiver that has read up to `cursor`; `missed` counts what was dropped before it got there.
    pub(super) fn take(
        &mut self,
        cursor: &mut u64,
        missed: &mut u64,
        us: Seat<'_>,
        after: &mut After<Arc<T>>,
    ) -> Option<Result<Arc<T>, Stop>> {
        if self.is_down {
            return commit_alone(us).ok().map(|()| Err(Stop::Over));
        }
        let at = usize::try_from(cursor.saturating_sub(self.first)).unwrap_or(usize::MAX);
        if at >= self.entries.len() {
            if self.senders == 0 {
                return commit_alone(us).ok().map(|()| Err(Stop::Over));
            }
            unmark(us);
            return None;
        }
        commit_alone(us).ok()?;
        *missed += self.first.saturating_sub(*cursor);
        *cursor = self.first + at as u64 + 1;
        self.received += 1;
        let entry = &mut self.entries[at];
        entry.readers -= 1;
        let (value, is_read) = (Arc::clone(&entry.value), entry.readers == 0);
        if let Some(traces) = &self.traces {
            after.received(traces.get(at, self.entries.len()));
        }
        if is_read {
            debug_assert_eq!(at, 0, "all before it were read earlier, by the same receivers");
            after.discard(self.pop());
            after.ring(&mut self.sending);
        }
        Some(Ok(value))
    }

    /// One more receiver, which has read up to `cursor`.
    pub(super) fn join(&mut self, cursor: u64) {
        self.reading += 1;
        for entry in self.unread(cursor) {
            entry.readers += 1;
        }
    }

    /// A receiver that had read up to `cursor` reads no more; gives what nobody will read, for when the lock is released.
    pub(super) fn part(&mut self, cursor: u64, after: &mut After<Arc<T>>) -> Vec<Arc<T>> {
        self.reading -= 1;
        for entry in self.unread(cursor) {
            entry.readers -= 1;
        }
        let mut read = vec![];
        while self.entries.front().is_some_and(|entry| entry.readers == 0) {
            read.extend(self.pop());
        }
        after.ring(&mut self.sending);
        read
    }

    /// What the acting party's values belong to; they are followed no more where nothing belongs to anything any more.
    pub(super) fn of_acting(&mut self) -> Option<Trace> {
        if self.traces.is_some() && !steps::somebody_follows() {
            self.traces = None;
        }
        self.traces.as_ref().and_then(|_| trace::current())
    }

    fn dropped(&self) -> u64 {
        self.register.as_deref().map_or(0, |register| register.dropped)
    }

    fn unread(&mut self, cursor: u64) -> impl Iterator<Item = &mut Entry<T>> {
        let read = usize::try_from(cursor.saturating_sub(self.first)).unwrap_or(usize::MAX);
        self.entries.iter_mut().skip(read)
    }

    fn pop(&mut self) -> Option<Arc<T>> {
        if let Some(traces) = &mut self.traces {
            traces.pop(self.entries.len());
        }
        let entry = self.entries.pop_front()?;
        self.first += 1;
        Some(entry.value)
    }
}

impl<T: Send + Sync + 'static> Body for Ring<T> {
    type Item = T;
    type Scrap = Arc<T>;
    const ONE_EACH: bool = false;

    fn register(&mut self) -> &mut Register {
        self.register.get_or_insert_default()
    }

    fn peek_register(&self) -> Option<&Register> {
        self.register.as_deref()
    }

    fn ends(&mut self, side: Side) -> &mut u32 {
        match side {
            Side::Send => &mut self.senders,
            Side::Receive => &mut self.receivers,
        }
    }

    fn holder(&mut self, side: Side) -> &mut Holder {
        &mut self.holders[side as usize]
    }

    fn is_over(&self, side: Side) -> bool {
        self.is_down
            || match side {
                Side::Send => self.reading == 0,
                Side::Receive => self.senders == 0 && self.entries.is_empty(),
            }
    }

    fn bring_down(&mut self) {
        self.is_down = true;
    }

    fn is_down(&self) -> bool {
        self.is_down
    }

    fn wake_all(&mut self, after: &mut After<Arc<T>>) {
        after.ring(&mut self.sending);
        after.ring(&mut self.receiving);
    }

    fn listed(&mut self) -> &mut bool {
        &mut self.listed
    }

    fn describe(&mut self, channel: &mut Channel) {
        channel.delivery = Delivery::All;
        channel.overflow = self.overflow;
        channel.depth = self.entries.len() as u64;
        channel.high_water = self.high_water as u64;
        // What was dropped as the newest has no position, and was sent all the same.
        let refused = if self.overflow == Overflow::DropNewest { self.dropped() } else { 0 };
        channel.sent = self.end() + refused;
        channel.received = self.received;
    }

    fn stands(&mut self, into: &mut Vec<Stand>) {
        inspect::add_stands(into, &mut self.sending, Side::Send);
        inspect::add_stands(into, &mut self.receiving, Side::Receive);
    }

    fn follow(&mut self) {
        self.traces.get_or_insert_default();
    }
}
