//! What happens to a node's peers, as values of a channel. Not what happens on channels: their ends say that.

use crate::{NodeId, Reason};
use rendez_channels::{Receiver, Sender, TrySendError, channel_bounded};
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Events that wait in one subscription; what comes while it is full is dropped and counted.
pub const EVENTS_MAX: usize = 256;

/// Something that happened to a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeEvent {
    /// A peer is connected and admitted.
    Joined {
        /// Its id.
        peer: NodeId,
        /// Its name.
        name: String,
        /// Where it is.
        address: SocketAddr,
    },
    /// A peer said goodbye.
    Left {
        /// Its id.
        peer: NodeId,
        /// Its name.
        name: String,
    },
    /// A peer is gone without goodbye.
    Lost {
        /// Its id.
        peer: NodeId,
        /// Its name.
        name: String,
        /// Why.
        reason: Reason,
    },
    /// Somebody knocked and was turned away: the key that it showed is not admitted.
    Refused {
        /// The id that it claimed.
        peer: NodeId,
        /// Where it is.
        address: SocketAddr,
    },
}

impl fmt::Display for NodeEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joined { peer, name, address } => write!(f, "node `{name}` ({peer}) joined from {address}"),
            Self::Left { peer, name } => write!(f, "node `{name}` ({peer}) has left"),
            Self::Lost { peer, name, reason } => write!(f, "node `{name}` ({peer}) is lost: {reason}"),
            Self::Refused { peer, address } => write!(f, "refused node {peer:#} at {address}: its id is not admitted"),
        }
    }
}

/// Those who want to hear of events.
#[derive(Default)]
pub(crate) struct Events {
    subscribers: Mutex<Vec<Sender<NodeEvent>>>,
    dropped: AtomicU64,
}

impl Events {
    pub(crate) fn subscribe(&self) -> Receiver<NodeEvent> {
        let (sender, receiver) = channel_bounded(EVENTS_MAX);
        sender.set_name("events");
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }

    pub(crate) fn tell(&self, event: &NodeEvent) {
        tracing::debug!(%event, "node event");
        let mut subscribers = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        subscribers.retain(|subscriber| match subscriber.try_send(event.clone()) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                // Relaxed: a count that nothing else is read by.
                self.dropped.fetch_add(1, Ordering::Relaxed);
                true
            }
            Err(_) => false,
        });
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// No more events: subscriptions retire.
    pub(crate) fn end(&self) {
        let subscribers = std::mem::take(&mut *self.subscribers.lock().unwrap_or_else(PoisonError::into_inner));
        drop(subscribers);
    }
}
