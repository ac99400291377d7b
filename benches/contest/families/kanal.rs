//! kanal. A receive that is dropped may lose its value, so it takes no part in choices.

use super::Blocking;
use crate::family::{Capacity, Family, well};
use crate::place::Tasks;
use kanal::{AsyncReceiver, AsyncSender, bounded_async, unbounded_async};

/// kanal's async channels, whose ends can be used as blocking ones.
pub(crate) struct Kanal;

impl Family for Kanal {
    type Tx = AsyncSender<u64>;
    type Rx = AsyncReceiver<u64>;
    type Carrier = Tasks;

    fn make(capacity: Capacity) -> (Self::Tx, Self::Rx) {
        match capacity {
            Capacity::Rendezvous => bounded_async(0),
            Capacity::Bounded(places) => bounded_async(places),
            Capacity::Unbounded => unbounded_async(),
        }
    }

    fn send(tx: &Self::Tx, value: u64) -> impl Future<Output = Option<()>> + Send {
        well(tx.send(value))
    }

    fn recv(rx: &mut Self::Rx) -> impl Future<Output = Option<u64>> + Send {
        well(rx.recv())
    }
}

impl Blocking for Kanal {
    fn send_blocking(tx: &Self::Tx, value: u64) -> Option<()> {
        tx.as_sync().send(value).ok()
    }

    fn recv_blocking(rx: &mut Self::Rx) -> Option<u64> {
        rx.as_sync().recv().ok()
    }
}
