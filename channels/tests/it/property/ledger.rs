//! Values whose every end is written down: who had it at last, or that nobody had.

use super::follower::{self, Follower};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

/// A value, by its number.
pub(crate) type Value = u64;

/// What the test says of a value before it drops it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Mark {
    /// Nothing: it is dropped by the channels, or with a future.
    None,
    /// A receive gave it.
    Received,
    /// It came back from a send, or was still in its slot.
    HandedBack,
    /// It was taken back as undelivered.
    Undelivered,
}

/// Where the ends of values are written down.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Vec<(Value, Mark)>>);

impl Ledger {
    /// What ended since the last call, in order of the numbers.
    pub(crate) fn take(&self) -> Vec<(Value, Mark)> {
        let mut ended = std::mem::take(&mut *self.0.lock().unwrap());
        ended.sort_unstable();
        ended
    }
}

/// A value under watch.
pub(crate) struct Token {
    pub(crate) value: Value,
    /// The number of the trace of who has made it.
    belongs: u64,
    /// Relaxed: who marks it has it, or reads the same `Arc` under a channel's lock.
    mark: AtomicU8,
    ledger: Arc<Ledger>,
}

impl Token {
    pub(super) fn new(value: Value, ledger: &Arc<Ledger>, by: &Follower) -> Self {
        Self { value, belongs: by.follows(), mark: AtomicU8::new(Mark::None as u8), ledger: Arc::clone(ledger) }
    }

    /// It was received, by who acts; the number.
    pub(crate) fn received(&self) -> Value {
        follower::has_received(self.belongs);
        self.mark(Mark::Received)
    }

    /// Says what has become of it; the number.
    pub(crate) fn mark(&self, mark: Mark) -> Value {
        self.mark.store(mark as u8, Ordering::Relaxed);
        self.value
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        let marks = [Mark::None, Mark::Received, Mark::HandedBack, Mark::Undelivered];
        let mark = marks[usize::from(*self.mark.get_mut())];
        self.ledger.0.lock().unwrap().push((self.value, mark));
    }
}

/// The slot of a `send_from`: what is still in it when the send is dropped was handed back.
pub(crate) struct Shelf(pub(crate) Option<Token>);

impl Drop for Shelf {
    fn drop(&mut self) {
        if let Some(token) = &self.0 {
            token.mark(Mark::HandedBack);
        }
    }
}
