//! Family: a channel as one library makes it, behind one trait, so that all run the same networks. No library is here.

use std::future::Future;

/// What a channel holds. Who has no rendezvous takes the nearest thing, a capacity of 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capacity {
    /// Nothing.
    Rendezvous,
    /// So many values.
    Bounded(usize),
    /// Any number of values.
    Unbounded,
}

impl Capacity {
    /// The places of a channel that has at least one; none where it has no bound.
    pub(crate) fn places(self) -> Option<usize> {
        match self {
            Self::Rendezvous => Some(1),
            Self::Bounded(places) => Some(places),
            Self::Unbounded => None,
        }
    }
}

/// Channels of `u64`. An operation on an ended channel gives `None`.
///
/// The futures are of the implementing type, so that nothing is boxed; a family for OS threads blocks in them.
pub(crate) trait Family: 'static {
    /// The sending end.
    type Tx: Clone + Send + Sync + 'static;
    /// The receiving end.
    type Rx: Send + 'static;

    /// A new channel.
    fn make(capacity: Capacity) -> (Self::Tx, Self::Rx);
    /// Sends one value.
    fn send(tx: &Self::Tx, value: u64) -> impl Future<Output = Option<()>> + Send;
    /// Receives one value.
    fn recv(rx: &mut Self::Rx) -> impl Future<Output = Option<u64>> + Send;
}
