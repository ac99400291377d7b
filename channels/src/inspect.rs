//! A channel as data: what it says of itself, and who stands at it. It changes nothing.

use crate::Poison;
use crate::waiters::{List, Waking};
use rendez_model::{Barrier, Channel, ChannelId, ChannelKind, ProcessId, Side};
use std::sync::Arc;
use std::task::Waker;

/// What a channel says of itself, whatever its values are.
pub trait Inspect: Send + Sync {
    /// The channel as data.
    fn channel(&self) -> Channel;
    /// Who stands at it.
    fn waits(&self) -> Vec<Stand>;
    /// The same of one moment, into room that is used again and again.
    fn glimpse(&self, into: &mut Glimpse) {
        (into.channel, into.stands) = (self.channel(), self.waits());
    }
    /// Brings it down.
    fn poison(&self, poison: Arc<Poison>);
}

/// What of a channel is needed to know who waits there for whom.
#[derive(Clone, Debug)]
pub struct Glimpse {
    /// The channel as data; it may be without its name and the type of its values.
    pub channel: Channel,
    /// Who stands at it.
    pub stands: Vec<Stand>,
}

impl Default for Glimpse {
    fn default() -> Self {
        Self { channel: Channel::new(ChannelId(0), String::new(), ChannelKind::Rendezvous), stands: Vec::new() }
    }
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
    add_stands(&mut stands, waiting, side);
    stands
}

/// Adds who stands on a list.
pub(crate) fn add_stands<T>(stands: &mut Vec<Stand>, waiting: &mut List<T>, side: Side) {
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
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::{ChannelOptions, channel, channel_bounded};
    use std::pin::pin;
    use std::task::Context;

    #[test]
    fn a_glimpse_shows_what_channel_and_waits_do_whatever_was_seen_before() {
        let mut glimpse = Glimpse::default();
        let mut same = |inspected: &dyn Inspect| {
            inspected.glimpse(&mut glimpse);
            let channel = Channel { item: String::new(), name: glimpse.channel.name.clone(), ..inspected.channel() };
            assert_eq!(glimpse.channel, channel);
            assert_eq!(glimpse.stands, inspected.waits());
        };
        let (tx, rx) = channel::<u8>();
        let more = tx.clone();
        tx.declare(ProcessId(1));
        more.keep(ProcessId(2));
        rx.keep(ProcessId(3));
        let mut receives = pin!(rx.recv());
        assert!(receives.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        same(&**rx.core());
        let (tx, rx) = channel_bounded(2);
        tx.try_send(7).unwrap();
        same(&**rx.core());
        drop(tx);
        same(&**rx.core());
        let (tx, rx) = ChannelOptions::unbounded().name("named").open::<u8>();
        same(&**rx.core());
        tx.poison("as asked");
        same(&**rx.core());
    }
}
