//! flume: by `tokio::select!` where it is async, by its own `Selector` where it blocks.

use super::{Blocked, Blocking};
use crate::family::{Capacity, Choose, Family, chooses_by_select, well};
use crate::place::Tasks;
use flume::{Receiver, Selector, Sender, bounded, unbounded};

/// flume's channels, whose ends do both.
pub(crate) struct Flume;

impl Family for Flume {
    type Tx = Sender<u64>;
    type Rx = Receiver<u64>;
    type Carrier = Tasks;

    fn make(capacity: Capacity) -> (Self::Tx, Self::Rx) {
        match capacity {
            Capacity::Rendezvous => bounded(0),
            Capacity::Bounded(places) => bounded(places),
            Capacity::Unbounded => unbounded(),
        }
    }

    fn send(tx: &Self::Tx, value: u64) -> impl Future<Output = Option<()>> + Send {
        well(tx.send_async(value))
    }

    fn recv(rx: &mut Self::Rx) -> impl Future<Output = Option<u64>> + Send {
        well(rx.recv_async())
    }
}

impl Blocking for Flume {
    fn send_blocking(tx: &Self::Tx, value: u64) -> Option<()> {
        tx.send(value).ok()
    }

    fn recv_blocking(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv().ok()
    }
}

chooses_by_select!(Flume);

impl<const INPUTS: usize> Choose<INPUTS> for Blocked<Flume> {
    async fn choose(inputs: [Self::Rx; INPUTS], times: u64) -> Option<u64> {
        (0..times).map(|_| select(&inputs)).sum()
    }
}

fn select(inputs: &[Receiver<u64>]) -> Option<u64> {
    let selector = inputs.iter().fold(Selector::new(), |selector, input| selector.recv(input, |received| received));
    selector.wait().ok()
}
