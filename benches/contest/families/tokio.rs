//! tokio's mpsc.

use super::{Blocking, WRONG_KIND};
use crate::family::{Capacity, Family, chooses_by_select, well};
use crate::place::Tasks;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc};

/// The bounded one.
pub(crate) struct Tokio;

impl Family for Tokio {
    type Tx = mpsc::Sender<u64>;
    type Rx = mpsc::Receiver<u64>;
    type Carrier = Tasks;

    fn make(capacity: Capacity) -> (Self::Tx, Self::Rx) {
        mpsc::channel(capacity.places().expect(WRONG_KIND))
    }

    fn send(tx: &Self::Tx, value: u64) -> impl Future<Output = Option<()>> + Send {
        well(tx.send(value))
    }

    fn recv(rx: &mut Self::Rx) -> impl Future<Output = Option<u64>> + Send {
        rx.recv()
    }
}

impl Blocking for Tokio {
    fn send_blocking(tx: &Self::Tx, value: u64) -> Option<()> {
        tx.blocking_send(value).ok()
    }

    fn recv_blocking(rx: &mut Self::Rx) -> Option<u64> {
        rx.blocking_recv()
    }
}

chooses_by_select!(Tokio);

/// The unbounded one.
pub(crate) struct TokioUnbounded;

impl Family for TokioUnbounded {
    type Tx = mpsc::UnboundedSender<u64>;
    type Rx = mpsc::UnboundedReceiver<u64>;
    type Carrier = Tasks;

    fn make(capacity: Capacity) -> (Self::Tx, Self::Rx) {
        assert_eq!(capacity, Capacity::Unbounded, "{WRONG_KIND}");
        mpsc::unbounded_channel()
    }

    async fn send(tx: &Self::Tx, value: u64) -> Option<()> {
        tx.send(value).ok()
    }

    fn recv(rx: &mut Self::Rx) -> impl Future<Output = Option<u64>> + Send {
        rx.recv()
    }
}

/// The bounded one with several receivers: the one that it has, behind tokio's mutex, which is locked for each value.
pub(crate) struct TokioShared;

impl Family for TokioShared {
    type Tx = mpsc::Sender<u64>;
    type Rx = Arc<Mutex<mpsc::Receiver<u64>>>;
    type Carrier = Tasks;

    fn make(capacity: Capacity) -> (Self::Tx, Self::Rx) {
        let (tx, rx) = Tokio::make(capacity);
        (tx, Arc::new(Mutex::new(rx)))
    }

    fn send(tx: &Self::Tx, value: u64) -> impl Future<Output = Option<()>> + Send {
        well(tx.send(value))
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.lock().await.recv().await
    }
}
