//! Closed: what `Sender::closed` waits for, the end of a channel as its senders see it.

use crate::after_lock::After;
use crate::core::Core;
use crate::guard::Seat;
use crate::memory::Memory;
use crate::shell::Body;
use crate::state::{State, commit_alone, unmark};
use crate::waiters::List;
use crate::waiting::Source;
use crate::{Ended, Sender, register};
use rendez_model::Side;
use std::marker;
use std::sync::Arc;

pub(crate) struct Closed<'a, T: marker::Send + 'static>(pub(crate) &'a Sender<T>);

impl<T: marker::Send + 'static> Source<Arc<Core<T>>> for Closed<'_, T> {
    type Output = Ended;
    type Scrap = T;

    fn bell(state: &mut State<T>) -> &mut List<()> {
        state.watchers()
    }

    fn take(&mut self, state: &mut State<T>, us: Seat<'_>, _: &mut After<T>) -> Option<Ended> {
        if !state.is_over(Side::Send) {
            unmark(us);
            return None;
        }
        commit_alone(us).ok()?;
        Some(register::ended(state.peek_register(), self.0.core().own()))
    }

    fn memory(&self) -> Option<&Memory> {
        Some(&self.0.end().memory)
    }
}
