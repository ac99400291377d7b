//! A channel as data: what it says of itself, and who stands at it. It changes nothing.

use crate::Poison;
use crate::waiters::{List, Waking};
use rendez_model::{Barrier, Channel, ProcessId, Side};
use std::sync::Arc;
use std::task::Waker;

/// What a channel says of itself, whatever its values are.
pub trait Inspect: Send + Sync {
    /// The channel as data.
    fn channel(&self) -> Channel;
    /// Who stands at it.
    fn waits(&self) -> Vec<Stand>;
    /// Brings it down.
    fn poison(&self, poison: Arc<Poison>);
}

/// What a barrier says of itself.
pub trait InspectBarrier: Send + Sync {
    /// The barrier as data.
    fn barrier(&self) -> Barrier;
    /// Who has come.
    fn waits(&self) -> Vec<Stand>;
}

/// One party that waits at a channel or a barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// Who; 0 is nobody known.
    pub party: ProcessId,
    /// The direction it wants; at a barrier it means nothing.
    pub side: Side,
    /// Since when by the coarse clock, in milliseconds.
    pub since_ms: u64,
    /// Whether it stands here as part of a choice that also stands at a place which no snapshot sees.
    pub open: bool,
    /// The choice that it stands here for, if any: one that stands at several channels is one waker's.
    pub choice: Option<u64>,
    /// Whose waker is kept here, as the number of [`waker_id`]; none once it was told to look again.
    pub waker: Option<u64>,
    /// Whether it waits: a choice stands here between its uses, too.
    pub waits: bool,
}

/// Which waker it is: clones of one have the same number.
#[must_use]
pub fn waker_id(waker: &Waker) -> u64 {
    waker.data().addr() as u64
}

/// Who stands on a list.
pub(crate) fn stands<T>(waiting: &mut List<T>, side: Side) -> Vec<Stand> {
    let mut stands = vec![];
    waiting.each(|waiter| {
        let (party, since_ms) = (waiter.party, waiter.at);
        let alone = Stand { party, side, since_ms, open: false, choice: None, waker: None, waits: true };
        stands.push(match &waiter.waking {
            Waking::Guard(choice, _) => Stand {
                open: choice.is_open(),
                choice: Some(choice.id()),
                waker: choice.waker_id(),
                waits: choice.is_waiting(),
                ..alone
            },
            Waking::Plain(waker) => Stand { waker: Some(waker_id(waker)), ..alone },
            Waking::Nobody => alone,
        });
    });
    stands
}
