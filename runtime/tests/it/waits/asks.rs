//! What a process is said to wait for that asks: the answers it waits for, all of them, and nothing that it waits for no more.

use super::parts::{Link, LinkRef};
use rendez_channels::{channel, channel_bounded};
use rendez_model::{Node, ProcessId, Wait};
use rendez_runtime::{CallError, Outcome, Process, ProcessRef, network, run, spawn, spawn_actor};
use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

/// How often it is looked, a millisecond apart, until what has begun rests.
pub(super) const LOOKS: u32 = 10_000;

type Ask = Pin<Box<dyn Future<Output = Result<(), CallError>> + Send>>;

/// An actor that answers nothing before its channel has two values, and the ask of that.
fn silent() -> (ProcessId, Ask, rendez_channels::Sender<u8>) {
    let link: LinkRef = spawn_actor(Link { next: None });
    let (out, inp) = channel();
    let actor = link.process().id();
    (actor, Box::pin(async move { link.wait(inp).await.map(drop) }), out)
}

/// Polls an ask once: it is sent, and waits for its answer.
async fn begin(ask: &mut Ask) {
    poll_fn(|cx| {
        assert!(ask.as_mut().poll(cx).is_pending(), "nobody answers it");
        Poll::Ready(())
    })
    .await;
}

/// What it waits for, once that is what it should be; else what was seen last.
async fn waits_of(process: &ProcessRef, expected: &[Wait]) -> BTreeSet<Wait> {
    let mut seen = BTreeSet::new();
    for _ in 0..LOOKS {
        seen = waits_now(process);
        if seen.iter().eq(expected) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    seen
}

pub(super) fn waits_now(process: &ProcessRef) -> BTreeSet<Wait> {
    let nodes: Vec<Node> = network().nodes;
    let found = nodes.iter().flat_map(|node| &node.processes).find(|found| found.id == process.id());
    found.map(|found| found.state.waits().iter().copied().collect()).unwrap_or_default()
}

fn set(waits: &[Wait]) -> BTreeSet<Wait> {
    waits.iter().copied().collect()
}

#[test]
fn each_answer_that_is_waited_for_is_known_and_no_other_waker() {
    run(async {
        let ((one, first, _out), (other, second, _also)) = (silent(), silent());
        let alone = spawn(Process::new("one", first)).process();
        let expected = [Wait::Answer { of: one }];
        assert_eq!(waits_of(&alone, &expected).await, set(&expected));

        let (third, ask, _too) = silent();
        let both = spawn(async move {
            let _ = tokio::join!(second, ask);
            Outcome::Ok(())
        });
        let expected = [Wait::Answer { of: other }, Wait::Answer { of: third }];
        assert_eq!(waits_of(&both.process(), &expected).await, set(&expected));
        alone.stop();
        both.stop();
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn an_ask_that_was_dropped_is_waited_for_no_more() {
    run(async {
        let (_, mut ask, _out) = silent();
        let (keeps, inp) = channel::<u8>();
        let at = inp.id();
        let process = spawn(async move {
            begin(&mut ask).await;
            drop(ask);
            let _ = inp.recv().await;
            Outcome::Ok(())
        });
        let expected = [Wait::Channel { channel: at, side: rendez_model::Side::Receive }];
        assert_eq!(waits_of(&process.process(), &expected).await, set(&expected));
        drop(keeps);
        process.join().await
    })
    .unwrap();
}

#[test]
fn an_ask_that_was_handed_over_is_waited_for_by_who_has_it() {
    run(async {
        let (actor, mut ask, _out) = silent();
        let (give, take) = channel_bounded::<Ask>(1);
        let (keeps, inp) = channel::<u8>();
        let at = inp.id();
        // In one poll: begun, handed over, and another wait.
        let giver = spawn(async move {
            begin(&mut ask).await;
            give.send(ask).await?;
            let _ = inp.recv().await;
            Outcome::Ok(())
        });
        let taker = spawn(async move {
            let _ = take.recv().await?.await;
            Outcome::Ok(())
        });
        let expected = [Wait::Answer { of: actor }];
        assert_eq!(waits_of(&taker.process(), &expected).await, set(&expected));
        let expected = [Wait::Channel { channel: at, side: rendez_model::Side::Receive }];
        assert_eq!(waits_of(&giver.process(), &expected).await, set(&expected));
        drop(keeps);
        taker.stop();
        giver.join().await
    })
    .unwrap();
}
