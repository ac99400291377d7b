//! Who gets in, and what those hear who do not.

use crate::common::{Pair, config, event, node, soon};
use rendez_net::{Admit, Config, Identity, NetError, Node, NodeEvent, Reason};
use std::net::SocketAddr;

#[tokio::test]
async fn two_nodes_that_know_each_other_connect() {
    let hub = node("hub", Admit::nobody());
    let events = hub.events();
    let pair = Pair::with(hub).await;
    assert_eq!((pair.peer.name(), pair.peer.id()), ("hub", pair.hub.id()));
    let joined = event(&events, |event| matches!(event, NodeEvent::Joined { .. })).await;
    assert_eq!(
        joined,
        NodeEvent::Joined { peer: pair.worker.id(), name: "worker".into(), address: pair.worker.address() }
    );
    assert_eq!(pair.hub.peer("worker").unwrap().id(), pair.worker.id());
    soon(pair.worker.shutdown()).await;
    let left = event(&events, |_| true).await;
    assert_eq!(left, NodeEvent::Left { peer: pair.worker.id(), name: "worker".into() });
    soon(pair.hub.shutdown()).await;
}

#[tokio::test]
async fn a_node_that_is_not_admitted_hears_it_in_one_sentence_with_both_ids() {
    let hub = node("hub", Admit::nobody());
    let events = hub.events();
    let stranger = node("stranger", Admit::nobody());
    let error = soon(stranger.connect(hub.address(), hub.id())).await.unwrap_err();
    assert_eq!(error, NetError::NotAdmitted { address: hub.address(), peer: hub.id(), me: stranger.id() });
    assert_eq!(
        error.to_string(),
        format!(
            "node {:#} at {} does not admit this node; add {:#} to the ids that it admits",
            hub.id(),
            hub.address(),
            stranger.id()
        )
    );
    let refused = event(&events, |_| true).await;
    assert_eq!(refused, NodeEvent::Refused { peer: stranger.id(), address: stranger.address() });
    assert!(hub.peers().is_empty());
}

#[tokio::test]
async fn another_node_at_the_address_is_not_taken_for_the_expected_one() {
    let impostor = node("hub", Admit::nobody());
    let worker = node("worker", Admit::nobody());
    impostor.admit().add(worker.id());
    let expected = Identity::generate().unwrap().id();
    let error = soon(worker.connect(impostor.address(), expected)).await.unwrap_err();
    assert_eq!(error, NetError::WrongPeer { address: impostor.address(), expected, found: impostor.id() });
}

#[tokio::test]
async fn an_address_in_use_is_named_with_what_to_do() {
    let first = node("first", Admit::nobody());
    let error = Node::bind(Config { listen: first.address(), ..config("second", Admit::nobody()) }).unwrap_err();
    assert_eq!(error, NetError::AddressInUse { address: first.address() });
    assert_eq!(
        error.to_string(),
        format!(
            "cannot listen on {}: the address is in use; stop the program that has it, or choose another port (port 0 \
             takes any free one)",
            first.address()
        )
    );
}

#[tokio::test]
async fn an_address_of_another_machine_and_a_silent_one_are_told_apart() {
    let elsewhere: SocketAddr = "192.0.2.1:4000".parse().unwrap();
    let error = Node::bind(Config { listen: elsewhere, ..config("x", Admit::nobody()) }).unwrap_err();
    assert!(matches!(error, NetError::Listen { .. }), "{error}");

    let worker = node("worker", Admit::nobody());
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let peer = Identity::generate().unwrap().id();
    let error = soon(worker.connect(silent.local_addr().unwrap(), peer)).await.unwrap_err();
    assert!(matches!(error, NetError::Unreachable { .. }), "{error}");
}

#[test]
fn outside_of_a_runtime_there_is_no_node() {
    assert_eq!(Node::bind(config("x", Admit::nobody())).unwrap_err(), NetError::NoRuntime);
}

#[tokio::test]
async fn a_node_that_is_dropped_is_gone_for_its_peers() {
    let Pair { hub, worker, peer } = Pair::new().await;
    let events = worker.events();
    drop(hub);
    event(&events, |event| matches!(event, NodeEvent::Left { .. })).await;
    assert_eq!(peer.loss(), Some(Reason::Left));
}

#[tokio::test]
async fn a_hundred_strangers_at_once_do_not_keep_a_friend_out() {
    let hub = node("hub", Admit::nobody());
    let (address, id) = (hub.address(), hub.id());
    let strangers: Vec<_> = (0..4).map(|_| node("stranger", Admit::nobody())).collect();
    let attempts: Vec<_> = (0..100)
        .map(|n| {
            let stranger = strangers[n % strangers.len()].clone();
            tokio::spawn(async move { stranger.connect(address, id).await.map(drop) })
        })
        .collect();
    let friend = node("friend", Admit::nobody());
    hub.admit().add(friend.id());
    let mut attempt = soon(friend.connect(address, id)).await;
    while attempt.is_err() {
        attempt = soon(friend.connect(address, id)).await;
    }
    for stranger in attempts {
        assert!(soon(stranger).await.unwrap().is_err());
    }
    assert_eq!(hub.peers().len(), 1);
}

#[tokio::test]
async fn after_a_shutdown_nothing_is_left_whoever_holds_a_peer() {
    let pair = Pair::new().await;
    let (_, input) = rendez_channels::channel::<u32>();
    pair.hub.publish_receiver("jobs", input).unwrap();
    let remote = soon(pair.peer.receiver::<u32>("jobs")).await.unwrap();
    let (address, peers) = (pair.hub.address(), pair.hub.peers());
    soon(pair.hub.shutdown()).await;
    drop(std::net::UdpSocket::bind(address).expect("the address is free again"));
    assert_eq!((peers.len(), pair.hub.peers().len()), (1, 0));
    assert!(soon(remote.recv()).await.is_err());
    assert_eq!(soon(pair.hub.connect(address, pair.worker.id())).await.unwrap_err(), NetError::ShutDown);
    soon(pair.worker.shutdown()).await;
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    assert_eq!(tasks, 0, "tasks are left over");
}
