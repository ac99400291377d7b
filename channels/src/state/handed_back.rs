//! Handed back: what becomes of a value whose receive was dropped after a sender had committed to it. It decides nothing else.

use super::{State, verdict};
use crate::after_lock::After;
use crate::trace::Parcel;
use crate::waiters::{Slot, Waking};
use rendez_model::ProcessId;

impl<T: Send + 'static> State<T> {
    /// A value whose receive was dropped goes to the next receive.
    pub(crate) fn give_back(&mut self, commit: u64, from: ProcessId, parcel: Parcel<T>, after: &mut After<T>) {
        self.received -= 1;
        let is_followed = self.is_followed();
        let (mut value, mut trace) = (Some(parcel.value), parcel.trace);
        self.brought_back(from);
        if !self.has_ended() && self.returned == 0 {
            let mut waking = Waking::Nobody;
            let mut by = ProcessId(0);
            let served = self.receivers.waiting.serve(
                |waiter| verdict(None, waiter, after, &mut false),
                |receiver| {
                    by = receiver.party;
                    // Its own sender went on long ago: nobody is held.
                    receiver.slot = Slot::with(&mut value, &mut trace, is_followed);
                    receiver.at = commit;
                    waking = std::mem::replace(&mut receiver.waking, Waking::Nobody);
                },
            );
            if served.is_some() {
                after.wake(waking);
                self.received += 1;
                self.borrowed(by);
                return;
            }
        }
        if let Some(value) = value {
            let returned = &mut self.aside().returned;
            let at = returned.partition_point(|(earlier, _)| *earlier < commit);
            returned.insert(at, (commit, Parcel { value, trace }));
        }
        self.returned += 1;
        self.at_once = 0;
        self.note_depth(self.depth());
    }
}
