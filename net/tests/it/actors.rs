//! Actors on another node: calls, and what becomes of those that have no answer.

use crate::common::{Pair, node, soon};
use rendez_net::{Admit, NetError};
use rendez_runtime::{CallError, RemoteActor, RemoteCall, RemoteInlet, RemoteLink};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ADD: u32 = 0;
const FAIL: u32 = 1;
const HANG: u32 = 2;
const PANIC: u32 = 3;

/// A reference as the macros make it, to an actor that remembers what it was told.
#[derive(Clone)]
enum Adder {
    Here(Arc<Mutex<Vec<u8>>>),
    There(Arc<dyn RemoteInlet>),
}

impl Adder {
    fn new() -> Self {
        Self::Here(Arc::default())
    }

    async fn call(&self, method: u32, arg: u8) -> Result<Vec<u8>, CallError> {
        match self {
            Self::Here(_) => self.serve(method, vec![arg], Arc::new(())).await,
            Self::There(inlet) => inlet.call(method, vec![arg]).await,
        }
    }
}

impl RemoteActor for Adder {
    const INTERFACE: &'static str = "Adder { fn add(u8) -> Vec<u8> }";

    fn from_remote(inlet: Arc<dyn RemoteInlet>) -> Self {
        Self::There(inlet)
    }

    fn serve(&self, method: u32, args: Vec<u8>, _: RemoteLink) -> RemoteCall {
        let Self::Here(told) = self else { panic!("it is here") };
        assert_ne!(method, PANIC, "a panic while the arguments are read");
        let told = Arc::clone(told);
        Box::pin(async move {
            match method {
                ADD => {
                    let mut told = told.lock().unwrap();
                    told.extend(args);
                    Ok(told.clone())
                }
                FAIL => Err(CallError::Failed("the handler fell over".into())),
                HANG => std::future::pending().await,
                _ => Err(CallError::Refused("no such method".into())),
            }
        })
    }
}

/// Another interface under the same name.
#[derive(Clone)]
struct Other;

impl RemoteActor for Other {
    const INTERFACE: &'static str = "Other {}";

    fn from_remote(_: Arc<dyn RemoteInlet>) -> Self {
        Self
    }

    fn serve(&self, _: u32, _: Vec<u8>, _: RemoteLink) -> RemoteCall {
        Box::pin(async { Ok(vec![]) })
    }
}

#[tokio::test]
async fn calls_are_answered_in_both_directions_and_in_order() {
    let pair = Pair::new().await;
    pair.hub.publish_actor("adder", &Adder::new()).unwrap();
    pair.worker.publish_actor("adder", &Adder::new()).unwrap();
    let on_hub = soon(pair.worker.resolve::<Adder>("adder@hub")).await.unwrap();
    let on_worker = soon(pair.hub.resolve::<Adder>("adder@worker")).await.unwrap();
    assert_eq!(soon(on_worker.call(ADD, 1)).await, Ok(vec![1]));
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..200_u8 {
        let on_hub = on_hub.clone();
        tasks.spawn(async move { on_hub.call(ADD, n).await.unwrap() });
    }
    let last = soon(tasks.join_all()).await.into_iter().max_by_key(Vec::len).unwrap();
    assert_eq!(last, (0..200).collect::<Vec<_>>());
    pair.shutdown().await;
}

#[tokio::test]
async fn an_actor_here_is_found_under_its_own_node() {
    let hub = node("hub", Admit::nobody());
    hub.publish_actor("adder", &Adder::new()).unwrap();
    let adder = soon(hub.resolve::<Adder>("adder@hub")).await.unwrap();
    assert!(matches!(adder, Adder::Here(_)));
    assert!(matches!(soon(hub.resolve::<Other>("adder@hub")).await, Err(NetError::WrongType { .. })));
}

#[tokio::test]
async fn what_cannot_be_resolved_is_named() {
    let pair = Pair::new().await;
    pair.hub.publish_actor("adder", &Adder::new()).unwrap();
    let error = soon(pair.worker.resolve::<Adder>("index@hub")).await.err().unwrap();
    assert_eq!(error.to_string(), "nothing named `index` is published at node `hub`; there: adder");
    let error = soon(pair.worker.resolve::<Adder>("adder@depot")).await.err().unwrap();
    assert_eq!(error.to_string(), "no node named `depot` is connected; connected: hub");
    let error = soon(pair.worker.resolve::<Adder>("adder")).await.err().unwrap();
    assert_eq!(error.to_string(), "\"adder\" is not of the form `name@node`");
    let error = soon(pair.worker.resolve::<Other>("adder@hub")).await.err().unwrap();
    assert_eq!(error.to_string(), "`adder` at node `hub` is of type `Adder { fn add(u8) -> Vec<u8> }`, not `Other {}`");
    let error = soon(pair.peer.receiver::<u8>("adder")).await.err().unwrap();
    assert_eq!(error.to_string(), "`adder` at node `hub` is an actor, not a receiver");
    pair.shutdown().await;
}

#[tokio::test]
async fn a_call_says_that_it_failed_or_was_refused_and_why() {
    let pair = Pair::new().await;
    pair.hub.publish_actor("adder", &Adder::new()).unwrap();
    let adder = soon(pair.peer.actor::<Adder>("adder")).await.unwrap();
    assert_eq!(soon(adder.call(FAIL, 0)).await, Err(CallError::Failed("the handler fell over".into())));
    assert_eq!(soon(adder.call(9, 0)).await, Err(CallError::Refused("no such method".into())));
    assert!(matches!(soon(adder.call(PANIC, 0)).await, Err(CallError::Failed(_))));
    assert_eq!(soon(adder.call(ADD, 1)).await, Ok(vec![1]), "the connection is as before");
    pair.shutdown().await;
}

#[tokio::test]
async fn a_call_without_an_answer_is_unknown_and_one_after_the_loss_was_not_sent() {
    let pair = Pair::new().await;
    pair.hub.publish_actor("adder", &Adder::new()).unwrap();
    let patient = soon(pair.peer.actor::<Adder>("adder")).await.unwrap();
    let endless = soon(pair.peer.actor_within::<Adder>("adder", Duration::MAX)).await.unwrap();
    assert_eq!(soon(endless.call(ADD, 1)).await, Ok(vec![1]), "a deadline too far for the clock is none");
    let hasty = soon(pair.peer.actor_within::<Adder>("adder", Duration::from_millis(100))).await.unwrap();
    let late = soon(hasty.call(HANG, 0)).await;
    assert_eq!(late, Err(CallError::Unknown("no answer from node `hub` within 100ms".into())));

    let hanging = tokio::spawn(async move { (patient.call(HANG, 0).await, patient) });
    tokio::time::sleep(Duration::from_millis(100)).await;
    pair.hub.peer("worker").unwrap().close();
    let (lost, patient) = soon(hanging).await.unwrap();
    assert_eq!(lost, Err(CallError::Unknown("it has shut down".into())));
    let after = soon(patient.call(ADD, 0)).await;
    assert_eq!(after, Err(CallError::NotSent("node `hub`: it has shut down".into())));
    pair.shutdown().await;
}

#[tokio::test]
async fn calls_under_way_are_bounded_and_the_next_waits_for_its_deadline() {
    let pair = Pair::new().await;
    pair.hub.publish_actor("adder", &Adder::new()).unwrap();
    let adder = soon(pair.peer.actor::<Adder>("adder")).await.unwrap();
    let mut hanging = tokio::task::JoinSet::new();
    for _ in 0..256 {
        let adder = adder.clone();
        hanging.spawn(async move { adder.call(HANG, 0).await });
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    // Callers that give up hold their places: the other side still works for them.
    hanging.abort_all();
    let hasty = soon(pair.peer.actor_within::<Adder>("adder", Duration::from_millis(100))).await.unwrap();
    let late = soon(hasty.call(ADD, 1)).await;
    assert_eq!(late, Err(CallError::NotSent("node `hub` takes no more calls within 100ms".into())));
    pair.peer.close();
    pair.shutdown().await;
}
