//! async-channel.

use super::Blocking;
use crate::family::{Capacity, Family, chooses_by_select, well};
use crate::place::Tasks;
use async_channel::{Receiver, Sender, bounded, unbounded};

/// async-channel's channels.
pub(crate) struct AsyncChannel;

impl Family for AsyncChannel {
    type Tx = Sender<u64>;
    type Rx = Receiver<u64>;
    type Carrier = Tasks;

    fn make(capacity: Capacity) -> (Self::Tx, Self::Rx) {
        capacity.places().map_or_else(unbounded, bounded)
    }

    fn send(tx: &Self::Tx, value: u64) -> impl Future<Output = Option<()>> + Send {
        well(tx.send(value))
    }

    fn recv(rx: &mut Self::Rx) -> impl Future<Output = Option<u64>> + Send {
        well(rx.recv())
    }
}

impl Blocking for AsyncChannel {
    fn send_blocking(tx: &Self::Tx, value: u64) -> Option<()> {
        tx.send_blocking(value).ok()
    }

    fn recv_blocking(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv_blocking().ok()
    }
}

chooses_by_select!(AsyncChannel);
