//! The families that take part, one a library and form. No network is here.

use crate::family::{Capacity, Family};
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc};

/// What an unbounded family is told when it should be bounded, or the other way round: a mistake in the list of contenders.
const WRONG_KIND: &str = "this family is for channels of the other kind";

/// `rendez::channel` and its bounded and unbounded forms.
pub(crate) struct Rendez;

impl Family for Rendez {
    type Tx = rendez_channels::Sender<u64>;
    type Rx = rendez_channels::Receiver<u64>;

    fn make(capacity: Capacity) -> (Self::Tx, Self::Rx) {
        match capacity {
            Capacity::Rendezvous => rendez_channels::channel(),
            Capacity::Bounded(places) => rendez_channels::channel_bounded(places),
            Capacity::Unbounded => rendez_channels::channel_unbounded(),
        }
    }

    async fn send(tx: &Self::Tx, value: u64) -> Option<()> {
        tx.send(value).await.ok()
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv().await.ok()
    }
}

/// tokio's bounded mpsc.
pub(crate) struct Tokio;

impl Family for Tokio {
    type Tx = mpsc::Sender<u64>;
    type Rx = mpsc::Receiver<u64>;

    fn make(capacity: Capacity) -> (Self::Tx, Self::Rx) {
        mpsc::channel(capacity.places().expect(WRONG_KIND))
    }

    async fn send(tx: &Self::Tx, value: u64) -> Option<()> {
        tx.send(value).await.ok()
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv().await
    }
}

/// tokio's unbounded mpsc.
pub(crate) struct TokioUnbounded;

impl Family for TokioUnbounded {
    type Tx = mpsc::UnboundedSender<u64>;
    type Rx = mpsc::UnboundedReceiver<u64>;

    fn make(capacity: Capacity) -> (Self::Tx, Self::Rx) {
        assert_eq!(capacity, Capacity::Unbounded, "{WRONG_KIND}");
        mpsc::unbounded_channel()
    }

    async fn send(tx: &Self::Tx, value: u64) -> Option<()> {
        tx.send(value).ok()
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv().await
    }
}

/// tokio's bounded mpsc with several receivers: the one that it has, behind tokio's mutex, which is locked for each value.
pub(crate) struct TokioShared;

impl Family for TokioShared {
    type Tx = mpsc::Sender<u64>;
    type Rx = Arc<Mutex<mpsc::Receiver<u64>>>;

    fn make(capacity: Capacity) -> (Self::Tx, Self::Rx) {
        let (tx, rx) = Tokio::make(capacity);
        (tx, Arc::new(Mutex::new(rx)))
    }

    async fn send(tx: &Self::Tx, value: u64) -> Option<()> {
        tx.send(value).await.ok()
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.lock().await.recv().await
    }
}

/// kanal. A receive that is dropped may lose its value, so it takes no part in choices.
pub(crate) struct Kanal;

impl Family for Kanal {
    type Tx = kanal::AsyncSender<u64>;
    type Rx = kanal::AsyncReceiver<u64>;

    fn make(capacity: Capacity) -> (Self::Tx, Self::Rx) {
        match capacity {
            Capacity::Rendezvous => kanal::bounded_async(0),
            Capacity::Bounded(places) => kanal::bounded_async(places),
            Capacity::Unbounded => kanal::unbounded_async(),
        }
    }

    async fn send(tx: &Self::Tx, value: u64) -> Option<()> {
        tx.send(value).await.ok()
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv().await.ok()
    }
}

/// crossbeam-channel, which blocks: for OS threads.
pub(crate) struct Crossbeam;

impl Family for Crossbeam {
    type Tx = crossbeam_channel::Sender<u64>;
    type Rx = crossbeam_channel::Receiver<u64>;

    fn make(capacity: Capacity) -> (Self::Tx, Self::Rx) {
        match capacity {
            Capacity::Rendezvous => crossbeam_channel::bounded(0),
            Capacity::Bounded(places) => crossbeam_channel::bounded(places),
            Capacity::Unbounded => crossbeam_channel::unbounded(),
        }
    }

    async fn send(tx: &Self::Tx, value: u64) -> Option<()> {
        tx.send(value).ok()
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv().ok()
    }
}
