//! A process as channels know it: who acts, what it has met, whether it is being ended. Not the process.

use crate::cell::Cell;
use rendez_channels::trace::{Follow, Trace};
use rendez_channels::{Inspect, InspectBarrier, party::Party};
use rendez_model::ProcessId;
use std::sync::{Arc, Weak};
use std::task::Waker;

/// A process as channels know it.
struct Acting<'a>(&'a Arc<Cell>);

/// Shows the process that this thread acts as.
pub(crate) fn show(look: &mut dyn FnMut(&dyn Party)) {
    Cell::with_current(|cell| cell.into_iter().for_each(|cell| look(&Acting(cell))));
}

impl Party for Acting<'_> {
    fn id(&self) -> ProcessId {
        self.0.id()
    }

    fn name(&self) -> String {
        self.0.name()
    }

    fn met(&self, channel: Weak<dyn Inspect>) {
        self.0.world().list_channel(channel);
    }

    fn met_at(&self, barrier: Weak<dyn InspectBarrier>) {
        self.0.world().list_barrier(barrier);
    }

    fn observes(&self) -> bool {
        self.0.world().observes()
    }

    fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    fn wake_on_cancel(&self, waker: &Waker) {
        self.0.wake_on_cancel(waker);
    }

    fn trace(&self) -> Option<Trace> {
        self.0.followed()?.trace()
    }

    fn set_trace(&self, trace: Option<Trace>) {
        match self.0.followed() {
            Some(followed) => followed.set(trace),
            None if trace.is_some() => self.0.control().followed().set(trace),
            None => {}
        }
    }
}
