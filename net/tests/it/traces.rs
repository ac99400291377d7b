//! Traces go with values and calls from node to node, and back, and never to the wrong one.

use crate::common::{Pair, soon};
use rendez_channels::{Receiver, Sender, channel, channel_bounded};
use rendez_net::{OnLoss, Publish};
use rendez_runtime::trace;
use rendez_runtime::{CallError, RemoteActor, RemoteCall, RemoteInlet, RemoteLink};
use std::sync::Arc;

/// The next value, and what it belongs to.
async fn next(input: &Receiver<u32>) -> (u32, String) {
    let receive = async { (soon(input.recv()).await.unwrap(), followed()) };
    // As somebody who follows something else.
    trace::follow("else", receive).await
}

/// What is followed here; empty of nothing.
fn followed() -> String {
    trace::current().map(|trace| trace.to_string()).unwrap_or_default()
}

/// Sends so that values with a trace and without stand behind each other.
async fn send(output: &Sender<u32>) -> Vec<(u32, String)> {
    let mut sent = vec![];
    for n in 0..6 {
        let sending = async {
            soon(output.send(n)).await.unwrap();
            trace::current().map(|trace| trace.to_string())
        };
        let of = match n {
            0 | 4 => sending.await,
            1..=3 => trace::follow(&format!("order {n}"), sending).await,
            _ => trace::follow("", sending).await,
        };
        sent.push((n, of.unwrap_or_default()));
    }
    sent
}

/// The same traces as another node has them.
fn at_another(sent: Vec<(u32, String)>, node: &str) -> Vec<(u32, String)> {
    let named = |of: String| of.replacen(' ', &format!("@{node} "), 1);
    sent.into_iter().map(|(n, of)| (n, named(of))).collect()
}

async fn received(input: &Receiver<u32>) -> Vec<(u32, String)> {
    let mut received = vec![];
    for _ in 0..6 {
        received.push(next(input).await);
    }
    received
}

#[tokio::test]
async fn what_goes_to_the_home_belongs_there_to_what_it_was_sent_for() {
    let pair = Pair::new().await;
    let (output, input) = channel();
    pair.hub.publish_sender("orders", output).unwrap();
    let remote = soon(pair.peer.sender::<u32>("orders")).await.unwrap();
    let (sent, received) = tokio::join!(send(&remote), received(&input));
    assert_eq!(received, at_another(sent, "worker"));
    pair.shutdown().await;
}

#[tokio::test]
async fn what_comes_from_the_home_belongs_to_what_it_was_sent_for_however_much_is_under_way() {
    let pair = Pair::new().await;
    let (output, input) = channel_bounded(8);
    let sent = send(&output).await;
    pair.hub.publish_receiver("orders", input).unwrap();
    let remote = soon(pair.peer.receiver_with::<u32>("orders", 8)).await.unwrap();
    assert_eq!(received(&remote).await, at_another(sent, "hub"));
    pair.shutdown().await;
}

#[tokio::test]
async fn what_comes_back_belongs_to_what_it_went_out_for() {
    let pair = Pair::new().await;
    let ((output, orders), (meals, input)) = (channel::<u32>(), channel());
    pair.hub.publish_receiver("orders", orders).unwrap();
    pair.hub.publish_sender("meals", meals).unwrap();
    let orders = soon(pair.peer.receiver::<u32>("orders")).await.unwrap();
    let meals = soon(pair.peer.sender::<u32>("meals")).await.unwrap();
    // A cook on the other node: he sends on behalf of what he has received.
    let cook = trace::within(None, async move {
        for _ in 0..6 {
            let order = orders.recv().await.unwrap();
            meals.send(order).await.unwrap();
        }
    });
    let cook = tokio::spawn(cook);
    let (sent, received) = tokio::join!(send(&output), received(&input));
    assert_eq!(received, sent, "here they are what they were");
    soon(cook).await.unwrap();
    pair.shutdown().await;
}

#[tokio::test]
async fn a_value_that_a_lost_receiver_gives_back_keeps_what_it_belongs_to() {
    let pair = Pair::new().await;
    let (output, input) = channel_bounded(8);
    let sent = send(&output).await;
    let options = Publish { on_loss: OnLoss::RetireEnd, ..Publish::default() };
    pair.hub.publish_receiver_with("orders", input, options).unwrap();
    let lost = soon(pair.peer.receiver_with::<u32>("orders", 3)).await.unwrap();
    assert_eq!(next(&lost).await.0, 0);
    drop(lost);
    let other = soon(pair.peer.receiver::<u32>("orders")).await.unwrap();
    let mut received = vec![];
    for _ in 1..6 {
        received.push(next(&other).await);
    }
    assert_eq!(received, at_another(sent, "hub")[1..]);
    pair.shutdown().await;
}

/// A reference as the macros make it, to an actor that answers with what it acts on behalf of.
#[derive(Clone)]
enum Asked {
    Here,
    There(Arc<dyn RemoteInlet>),
}

impl RemoteActor for Asked {
    const INTERFACE: &'static str = "Asked { fn for_what() -> Vec<u8> }";

    fn from_remote(inlet: Arc<dyn RemoteInlet>) -> Self {
        Self::There(inlet)
    }

    fn serve(&self, _: u32, _: Vec<u8>, _: RemoteLink) -> RemoteCall {
        Box::pin(async {
            let first = followed();
            // Not in its first poll any more.
            tokio::task::yield_now().await;
            assert_eq!(followed(), first);
            Ok(first.into_bytes())
        })
    }
}

impl Asked {
    async fn for_what(&self) -> Result<String, CallError> {
        let Self::There(inlet) = self else { panic!("it is there") };
        soon(inlet.call(0, vec![])).await.map(|text| String::from_utf8(text).unwrap())
    }
}

#[tokio::test]
async fn a_call_is_handled_on_behalf_of_who_calls_and_he_goes_on_as_before() {
    let pair = Pair::new().await;
    pair.hub.publish_actor("asked", &Asked::Here).unwrap();
    let asked = soon(pair.worker.resolve::<Asked>("asked@hub")).await.unwrap();
    assert_eq!(asked.for_what().await.unwrap(), "");
    let asks = async {
        let own = followed();
        let there = asked.for_what().await.unwrap();
        assert_eq!(followed(), own);
        (own, there)
    };
    let (own, there) = trace::follow("order 17", asks).await;
    assert_eq!(there, own.replacen(' ', "@worker ", 1));
    assert!(there.ends_with("@worker `order 17`"), "{there}");
    assert_eq!(asked.for_what().await.unwrap(), "", "it ends with who follows it");
    pair.shutdown().await;
}

const CHILD: &str = "RENDEZ_TEST_NET_TRACES";

/// Not a test: what the next one runs, alone in its process.
#[tokio::test]
async fn the_child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let pair = Pair::new().await;
    pair.hub.publish_actor("asked", &Asked::Here).unwrap();
    let ((output, input), (orders, jobs)) = (channel(), channel());
    pair.hub.publish_sender("orders", output).unwrap();
    pair.hub.publish_receiver("jobs", jobs).unwrap();
    let to_home = soon(pair.peer.sender::<u32>("orders")).await.unwrap();
    let from_home = soon(pair.peer.receiver::<u32>("jobs")).await.unwrap();
    let asked = soon(pair.worker.resolve::<Asked>("asked@hub")).await.unwrap();
    let all = async {
        asked.for_what().await.unwrap();
        for (output, input) in [(&to_home, &input), (&orders, &from_home)] {
            let ((), received) = tokio::join!(async { output.send(1).await.unwrap() }, next(input));
            assert!(received.1.ends_with("`order`"), "{received:?}");
        }
    };
    trace::follow("order", all).await;
    // Until the home has heard that its value was taken.
    let over = async {
        while rendez_channels::trace::is_any() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    soon(over).await;
    drop((to_home, from_home, orders, input));
    pair.shutdown().await;
}

#[test]
fn nothing_is_followed_any_more_once_all_was_received_though_the_ends_stay_open() {
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "traces::the_child"]).env(CHILD, "1");
    let output = child.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
