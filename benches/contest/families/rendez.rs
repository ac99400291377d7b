//! Channels of rendez, with `alt!` and with `Alt`.

use super::Blocking;
use crate::family::{Capacity, Choose, Family, well};
use crate::place::Tasks;
use rendez_channels::{Alt, Receiver, Sender, channel, channel_bounded, channel_unbounded};

/// `channel` and its bounded and unbounded forms; chooses by `alt!`.
pub(crate) struct Rendez;

impl Family for Rendez {
    type Tx = Sender<u64>;
    type Rx = Receiver<u64>;
    type Carrier = Tasks;

    fn make(capacity: Capacity) -> (Self::Tx, Self::Rx) {
        match capacity {
            Capacity::Rendezvous => channel(),
            Capacity::Bounded(places) => channel_bounded(places),
            Capacity::Unbounded => channel_unbounded(),
        }
    }

    fn send(tx: &Self::Tx, value: u64) -> impl Future<Output = Option<()>> + Send {
        well(tx.send(value))
    }

    fn recv(rx: &mut Self::Rx) -> impl Future<Output = Option<u64>> + Send {
        well(rx.recv())
    }
}

impl Blocking for Rendez {
    fn send_blocking(tx: &Self::Tx, value: u64) -> Option<()> {
        tx.send_blocking(value).ok()
    }

    fn recv_blocking(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv_blocking().ok()
    }
}

/// The same channels; chooses by an `Alt`, which it keeps.
pub(crate) struct RendezAlt;

impl Family for RendezAlt {
    type Tx = Sender<u64>;
    type Rx = Receiver<u64>;
    type Carrier = Tasks;

    fn make(capacity: Capacity) -> (Self::Tx, Self::Rx) {
        Rendez::make(capacity)
    }

    fn send(tx: &Self::Tx, value: u64) -> impl Future<Output = Option<()>> + Send {
        Rendez::send(tx, value)
    }

    fn recv(rx: &mut Self::Rx) -> impl Future<Output = Option<u64>> + Send {
        Rendez::recv(rx)
    }
}

impl<const INPUTS: usize> Choose<INPUTS> for RendezAlt {
    async fn choose(inputs: [Self::Rx; INPUTS], times: u64) -> Option<u64> {
        let mut alt = Alt::new();
        for input in &inputs {
            alt.receive(input, |received| received);
        }
        let mut sum = 0;
        for _ in 0..times {
            sum += alt.next().await?.ok()?;
        }
        Some(sum)
    }
}

macro_rules! by_alt {
    ($inputs:literal: $($input:ident)*) => {
        impl Choose<$inputs> for Rendez {
            async fn choose([$($input),*]: [Self::Rx; $inputs], times: u64) -> Option<u64> {
                let mut sum = 0;
                for _ in 0..times {
                    sum += rendez_macros::alt! {
                        crate = rendez_channels;
                        $(value = $input.recv() => value,)*
                    }
                    .ok()?;
                }
                Some(sum)
            }
        }
    };
}

crate::family::with_inputs!(by_alt);
