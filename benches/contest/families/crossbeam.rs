//! crossbeam-channel, which blocks: for OS threads.

use crate::family::{Capacity, Choose, Family};
use crate::place::Threads;
use crossbeam_channel::{Receiver, Select, Sender, bounded, unbounded};

/// crossbeam's channels; chooses by its `Select`.
pub(crate) struct Crossbeam;

impl Family for Crossbeam {
    type Tx = Sender<u64>;
    type Rx = Receiver<u64>;
    type Carrier = Threads;

    fn make(capacity: Capacity) -> (Self::Tx, Self::Rx) {
        match capacity {
            Capacity::Rendezvous => bounded(0),
            Capacity::Bounded(places) => bounded(places),
            Capacity::Unbounded => unbounded(),
        }
    }

    async fn send(tx: &Self::Tx, value: u64) -> Option<()> {
        tx.send(value).ok()
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv().ok()
    }
}

impl<const INPUTS: usize> Choose<INPUTS> for Crossbeam {
    async fn choose(inputs: [Self::Rx; INPUTS], times: u64) -> Option<u64> {
        (0..times).map(|_| select(&inputs)).sum()
    }
}

fn select(inputs: &[Receiver<u64>]) -> Option<u64> {
    let mut select = Select::new();
    for input in inputs {
        select.recv(input);
    }
    let chosen = select.select();
    let input = &inputs[chosen.index()];
    chosen.recv(input).ok()
}
