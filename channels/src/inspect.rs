//! A channel as data: what it says of itself, and who stands at it. It changes nothing.

use crate::Poison;
use crate::waiters::{List, Waking};
use rendez_model::{Channel, ProcessId, Side};
use std::sync::Arc;

/// What a channel says of itself, whatever its values are.
pub trait Inspect: Send + Sync {
    /// The channel as data.
    fn channel(&self) -> Channel;
    /// Who stands at it.
    fn waits(&self) -> Vec<Stand>;
    /// Brings it down.
    fn poison(&self, poison: Arc<Poison>);
}

/// One party that waits at a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// Who; 0 is nobody known.
    pub party: ProcessId,
    /// The direction it wants.
    pub side: Side,
    /// Since when by the coarse clock, in milliseconds.
    pub since_ms: u64,
    /// Whether it stands here as part of a choice that also waits for something outside of channels.
    pub open: bool,
}

/// Who waits on a list. A choice that stands there between its uses waits for nothing.
pub(crate) fn stands<T>(waiting: &mut List<T>, side: Side) -> Vec<Stand> {
    let mut stands = vec![];
    waiting.each(|waiter| {
        let open = match &waiter.waking {
            Waking::Guard(choice, _) if !choice.is_waiting() => return,
            Waking::Guard(choice, _) => choice.is_open(),
            Waking::Plain(_) | Waking::Nobody => false,
        };
        stands.push(Stand { party: waiter.party, side, since_ms: waiter.at, open });
    });
    stands
}
