//! The channels that take part, behind one trait, so that all run the same network. It measures nothing.

use std::future::Future;

/// Tokio workers of every contender.
const WORKERS: usize = 2;

/// A channel without a buffer, or the nearest thing to it. An operation on an ended channel gives `None`.
pub(crate) trait Rendezvous: 'static {
    /// The sending end.
    type Tx: Send + Sync + 'static;
    /// The receiving end.
    type Rx: Send + 'static;

    /// A new channel.
    fn channel() -> (Self::Tx, Self::Rx);
    /// Sends one value.
    fn send(tx: &Self::Tx, value: u64) -> impl Future<Output = Option<()>> + Send;
    /// Receives one value.
    fn recv(rx: &mut Self::Rx) -> impl Future<Output = Option<u64>> + Send;
}

/// `rendez::channel`.
pub(crate) struct Rendez;

impl Rendezvous for Rendez {
    type Tx = rendez::Sender<u64>;
    type Rx = rendez::Receiver<u64>;

    fn channel() -> (Self::Tx, Self::Rx) {
        rendez::channel()
    }

    async fn send(tx: &Self::Tx, value: u64) -> Option<()> {
        tx.send(value).await.ok()
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv().await.ok()
    }
}

/// tokio's mpsc with its least capacity.
pub(crate) struct TokioMpsc;

impl Rendezvous for TokioMpsc {
    type Tx = tokio::sync::mpsc::Sender<u64>;
    type Rx = tokio::sync::mpsc::Receiver<u64>;

    fn channel() -> (Self::Tx, Self::Rx) {
        tokio::sync::mpsc::channel(1)
    }

    async fn send(tx: &Self::Tx, value: u64) -> Option<()> {
        tx.send(value).await.ok()
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv().await
    }
}

/// kanal's rendezvous.
pub(crate) struct Kanal;

impl Rendezvous for Kanal {
    type Tx = kanal::AsyncSender<u64>;
    type Rx = kanal::AsyncReceiver<u64>;

    fn channel() -> (Self::Tx, Self::Rx) {
        kanal::bounded_async(0)
    }

    async fn send(tx: &Self::Tx, value: u64) -> Option<()> {
        tx.send(value).await.ok()
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv().await.ok()
    }
}

/// The runtime that every run of every contender gets afresh.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, String> {
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build();
    built.map_err(|e| format!("the runtime does not start: {e}"))
}
