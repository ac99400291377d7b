//! The table of calls that wait for their answer. Bounded; generic in who waits.

use super::ProtocolError;
use std::collections::BTreeMap;

/// Calls under way in one direction of a connection, in the order of their numbers.
#[derive(Debug)]
pub(crate) struct Calls<W> {
    limit: usize,
    next: u64,
    waiting: BTreeMap<u64, W>,
}

impl<W> Calls<W> {
    pub(crate) const fn new(limit: usize) -> Self {
        Self { limit, next: 0, waiting: BTreeMap::new() }
    }

    /// Whether another call may start.
    pub(crate) fn has_room(&self) -> bool {
        self.waiting.len() < self.limit
    }

    /// Gives a call its number; the place is held until the answer comes, also when nobody waits for it any more,
    /// since the other side works on it for as long.
    pub(crate) fn start(&mut self, waiter: W) -> u64 {
        debug_assert!(self.has_room());
        let number = self.next;
        self.next += 1;
        self.waiting.insert(number, waiter);
        number
    }

    /// Who waits for this answer.
    ///
    /// # Errors
    /// Nobody does: there is no such call, or it was answered before.
    pub(crate) fn answer(&mut self, number: u64) -> Result<W, ProtocolError> {
        self.waiting.remove(&number).ok_or(ProtocolError::Unexpected { what: "answer that nobody asked for" })
    }

    /// The number that the next call gets: calls below it have started.
    pub(crate) const fn next_number(&self) -> u64 {
        self.next
    }

    /// Empties the table: those below `written` may have reached the other side.
    pub(crate) fn lose(&mut self, written: u64) -> impl Iterator<Item = (W, bool)> + use<W> {
        std::mem::take(&mut self.waiting).into_iter().map(move |(number, waiter)| (waiter, number < written))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_is_answered_once() {
        let mut calls = Calls::new(2);
        let (first, second) = (calls.start("a"), calls.start("b"));
        assert!(!calls.has_room());
        assert_eq!(calls.answer(second), Ok("b"));
        assert_eq!(calls.answer(first), Ok("a"));
        assert!(calls.answer(first).is_err());
    }

    #[test]
    fn a_loss_tells_calls_that_may_have_happened_from_those_that_cannot_have() {
        let mut calls = Calls::new(9);
        calls.start("written");
        let written = calls.next_number();
        calls.start("still here");
        let lost: Vec<_> = calls.lose(written).collect();
        assert_eq!(lost, [("written", true), ("still here", false)]);
        assert!(calls.has_room());
    }
}
