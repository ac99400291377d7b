//! At once: what a send and a receive are in the common cases, each in few instructions. It decides nothing that `offer` and
//! `take` would decide otherwise.

use super::State;
use crate::waiters::{Met, Slot, Unmet, Waking};
use rendez_model::Overflow;
use std::collections::VecDeque;
use std::hint::cold_path;
use std::task::Waker;

/// What a look at the common cases came to.
pub(crate) enum AtOnce<R, W = Waker> {
    /// It is committed, without a partner.
    Alone(R),
    /// It is committed with a partner, who is to be woken.
    Met(R, W),
    /// There is nothing to be done now.
    NotNow,
    /// It is none of them.
    LookCloser,
}

impl<T: Send + 'static> State<T> {
    /// Whether the short ways are not to be gone: the channel is over for senders, or its values are followed.
    #[inline(always)]
    const fn is_odd_to_send(&self) -> bool {
        self.odd != 0 || self.receiving == 0
    }

    /// Commits a send to a buffer with room, where nobody waits: what takes the fewest instructions, and nothing more.
    #[inline(always)]
    pub(crate) fn push_at_once(&mut self, value: &mut Option<T>) -> bool {
        if !self.receivers.waiting.is_empty() {
            cold_path();
            return false;
        }
        if self.buffer.len() >= self.at_once {
            cold_path();
            return false;
        }
        let Some(value) = value.take() else { return false };
        self.append(value);
        true
    }

    /// Puts a value into the buffer, where there is room.
    #[inline(always)]
    fn append(&mut self, value: T) {
        self.buffer.push_back(value);
        self.sent += 1;
        self.note_depth(self.buffer.len());
    }

    /// Commits a send of what `make` gives, in the common cases; the waker of whoever has it now. What is made is put right where it stays:
    /// a value of several words that is moved just after it was written holds the processor up.
    #[inline(always)]
    pub(crate) fn offer_made<F: FnOnce() -> T>(&mut self, make: F) -> Result<Option<Waker>, F> {
        if self.receivers.waiting.is_empty() {
            if self.buffer.len() >= self.at_once {
                cold_path();
                return Err(make);
            }
            self.append(make());
            return Ok(None);
        }
        if self.is_odd_to_send() {
            return Err(make);
        }
        self.meet_first(make, |make| Slot::Value(make())).map(Some)
    }

    /// Commits a send with the first receiver, if that waits for this alone and nothing is to be overtaken; what is sent is `slot` of
    /// `cargo`, which comes back if nothing is.
    #[inline(always)]
    fn meet_first<C>(&mut self, cargo: C, slot: impl FnOnce(C) -> Slot<T>) -> Result<Waker, C> {
        if self.depth() > 0 {
            return Err(cargo);
        }
        let commit = self.sent + 1;
        let met = self.receivers.waiting.meet_plain(|slot| matches!(slot, Slot::Empty));
        let Some((receiver, waker)) = met else { return Err(cargo) };
        hand_over(receiver, slot(cargo), commit);
        self.sent = commit;
        self.received += 1;
        Ok(waker)
    }

    /// Commits a receive from the buffer, where nobody waits; as `push_at_once`.
    #[inline(always)]
    pub(crate) fn pop_at_once(&mut self) -> Option<T> {
        if self.odd != 0 || self.returned > 0 || !self.senders.waiting.is_empty() || self.buffer.is_empty() {
            cold_path();
            return None;
        }
        let value = self.buffer.pop_front();
        self.received += 1;
        value
    }

    /// Commits a send in the common cases, and nothing more: there is room and nobody waits, or a receiver waits that can be
    /// had and nothing is to be overtaken.
    #[inline(always)]
    pub(crate) fn offer_at_once(&mut self, value: &mut Option<T>) -> AtOnce<()> {
        if self.is_odd_to_send() {
            return AtOnce::LookCloser;
        }
        if self.receivers.waiting.is_empty() {
            return match self.is_full() {
                false => {
                    self.push_plain(value);
                    AtOnce::Alone(())
                }
                true if self.overflow == Overflow::Wait => AtOnce::NotNow,
                true => AtOnce::LookCloser,
            };
        }
        match self.meet_first(value, |value| Slot::of(value.take())) {
            Ok(waker) => AtOnce::Met((), waker),
            Err(_) => AtOnce::LookCloser,
        }
    }

    /// Commits a receive in the common cases; as `offer_at_once`.
    #[inline(always)]
    pub(crate) fn take_at_once(&mut self) -> AtOnce<T> {
        if self.odd != 0 || self.returned > 0 {
            return AtOnce::LookCloser;
        }
        if self.senders.waiting.is_empty() {
            return match self.buffer.pop_front() {
                Some(value) => {
                    self.received += 1;
                    AtOnce::Alone(value)
                }
                None if self.sending > 0 => AtOnce::NotNow,
                None => AtOnce::LookCloser,
            };
        }
        if !self.buffer.is_empty() {
            return AtOnce::LookCloser;
        }
        let met = self.senders.waiting.meet_plain(Slot::is_value);
        let Some((mut sender, waker)) = met else { return AtOnce::LookCloser };
        let value = sender.waiter().slot.take();
        sender.serve();
        self.sent += 1;
        self.received += 1;
        AtOnce::Met(value.expect("a waiting sender has a value"), waker)
    }

    /// Commits a send with the first receiver, where that is choosing; what it says beyond that is as of `offer_at_once`.
    #[inline(always)]
    pub(crate) fn offer_to_choice(&mut self, value: &mut Option<T>) -> AtOnce<(), Waking> {
        if self.is_odd_to_send() || self.depth() > 0 {
            return AtOnce::LookCloser;
        }
        let (commit, waits) = (self.sent + 1, self.is_full() && self.overflow == Overflow::Wait);
        match self.receivers.waiting.meet_choice(|slot| matches!(slot, Slot::Empty)) {
            Ok((receiver, waking)) => {
                hand_over(receiver, Slot::of(value.take()), commit);
                self.sent = commit;
                self.received += 1;
                AtOnce::Met((), waking)
            }
            Err(Unmet::Nobody) if waits => AtOnce::NotNow,
            Err(_) => AtOnce::LookCloser,
        }
    }

    /// Commits a receive with the first sender, where that is choosing; as `offer_to_choice`.
    #[inline(always)]
    pub(crate) fn take_from_choice(&mut self) -> AtOnce<T, Waking> {
        if self.odd != 0 || self.depth() > 0 {
            return AtOnce::LookCloser;
        }
        let waits = self.sending > 0;
        match self.senders.waiting.meet_choice(Slot::is_value) {
            Ok((mut sender, waking)) => {
                let value = sender.waiter().slot.take();
                sender.serve();
                self.sent += 1;
                self.received += 1;
                AtOnce::Met(value.expect("a waiting sender has a value"), waking)
            }
            Err(Unmet::Nobody) if waits => AtOnce::NotNow,
            Err(_) => AtOnce::LookCloser,
        }
    }
}

/// Leaves a value with a receiver, with the position of its commit.
#[inline(always)]
fn hand_over<T>(mut receiver: Met<'_, T>, slot: Slot<T>, commit: u64) {
    receiver.waiter().slot = slot;
    receiver.waiter().at = commit;
    receiver.serve();
}

/// Puts a value into a buffer. The first gets one place: many channels never hold more.
pub(super) fn keep<T>(buffer: &mut VecDeque<T>, value: T) {
    if buffer.capacity() == 0 {
        buffer.reserve_exact(1);
    }
    buffer.push_back(value);
}
