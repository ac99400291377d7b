//! Nodes for tests, and bounded waits.

use rendez_channels::Receiver;
use rendez_net::{Admit, Config, Identity, Node, NodeEvent, Peer, Transport};
use std::future::Future;
use std::time::Duration;

/// The longest that anything in these tests takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

#[track_caller]
pub(crate) fn soon<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let place = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(value) => value,
            Err(_) => panic!("nothing within {PATIENCE:?} at {place}"),
        }
    }
}

pub(crate) fn node(name: &str, admit: Admit) -> Node {
    Node::bind(config(name, admit)).unwrap()
}

pub(crate) fn config(name: &str, admit: Admit) -> Config {
    let transport = Transport { idle_timeout: Duration::from_secs(1), ..Transport::default() };
    Config { admit, transport, ..Config::new(name, Identity::generate().unwrap()) }
}

/// A hub, and a worker that is connected with it.
pub(crate) struct Pair {
    pub(crate) hub: Node,
    pub(crate) worker: Node,
    /// The hub as the worker sees it.
    pub(crate) peer: Peer,
}

impl Pair {
    pub(crate) async fn new() -> Self {
        let hub = node("hub", Admit::nobody());
        Self::with(hub).await
    }

    pub(crate) async fn with(hub: Node) -> Self {
        let worker = node("worker", Admit::nobody());
        hub.admit().add(worker.id());
        let peer = soon(worker.connect(hub.address(), hub.id())).await.unwrap();
        Self { hub, worker, peer }
    }

    pub(crate) async fn shutdown(self) {
        soon(async { tokio::join!(self.worker.shutdown(), self.hub.shutdown()) }).await;
    }
}

/// The first event of which `wanted` says yes.
#[track_caller]
pub(crate) fn event(
    events: &Receiver<NodeEvent>,
    wanted: impl Fn(&NodeEvent) -> bool,
) -> impl Future<Output = NodeEvent> {
    soon(async move {
        loop {
            let event = events.recv().await.unwrap();
            if wanted(&event) {
                return event;
            }
        }
    })
}
