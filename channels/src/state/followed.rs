//! Followed: what of a channel's state is done only while its values are followed. It moves no value.

use super::{FOLLOWED, State};
use crate::after_lock::After;
use crate::register::Register;
use crate::shell::Body;
use crate::steps;
use crate::trace::{self, Parcel, Trace, Traces};

impl<T: Send + 'static> State<T> {
    #[inline(always)]
    pub(crate) const fn is_followed(&self) -> bool {
        self.odd & FOLLOWED != 0
    }

    /// Values that come back are no messages: the token of a lock belongs to nothing.
    pub(super) fn follow_values(&mut self) {
        if !self.is_followed() && !self.peek_register().is_some_and(Register::is_lent) {
            self.odd |= FOLLOWED;
            self.at_once = 0;
        }
    }

    /// Says that its values, so many more or fewer, come back: none is followed from now on.
    pub(crate) fn lend(&mut self, more: isize) {
        self.register().lend(more);
        self.follow_no_more();
    }

    fn follow_no_more(&mut self) {
        self.odd &= !FOLLOWED;
        if let Some(aside) = self.cold.as_mut().and_then(|cold| cold.aside.as_mut()) {
            aside.traces = Traces::default();
        }
    }

    /// Follows no more when nothing belongs to anything any more: no trace is kept then, neither here. Before an operation.
    #[cold]
    pub(crate) fn look_whether_followed(&mut self) {
        if !steps::somebody_follows() {
            self.follow_no_more();
        }
    }

    /// What the acting party's values belong to.
    #[inline]
    pub(crate) fn of_acting(&self) -> Option<Trace> {
        if self.is_followed() { trace::current() } else { None }
    }

    #[cold]
    pub(super) fn push_trace(&mut self, trace: Option<Trace>) {
        self.aside().traces.push(trace);
    }

    /// That of the value at the front of the buffer.
    #[cold]
    pub(super) fn pop_trace(&mut self) -> Option<Trace> {
        let buffered = self.buffer.len();
        self.cold.as_mut()?.aside.as_mut()?.traces.pop(buffered)
    }

    /// The value, for the acting party, which is told what it belongs to.
    #[inline]
    pub(super) fn unpack(&self, Parcel { value, trace }: Parcel<T>, after: &mut After<T>) -> T {
        // Who follows nothing, and is to follow nothing, needs not be told of nothing.
        if self.is_followed() && (trace.is_some() || after.has_received() || trace::current().is_some()) {
            after.received(trace);
        }
        value
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use rendez_model::Overflow;

    /// Who has looked at the word before there was any trace may come late.
    #[test]
    fn no_short_way_is_gone_where_values_are_followed() {
        let (mut state, mut after) = (State::new(4, Overflow::Wait), After::new());
        state.follow_values();
        for value in [1, 2] {
            assert!(matches!(state.offer(&mut Some(value), &mut None, None, &mut after), Ok(Ok(None))));
            assert!(!state.push_at_once(&mut Some(3)), "it would have no place among the traces");
            assert!(state.pop_at_once().is_none());
        }
        state.follow_no_more();
        assert_eq!(state.pop_at_once(), Some(1));
    }
}
