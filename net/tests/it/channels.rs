//! Channel ends on another node behave as ends here do.

use crate::common::{Pair, event, node, soon};
use rendez_channels::{Ended, channel, channel_bounded};
use rendez_net::{Admit, NetError, NodeEvent, OnLoss, Publish};
use std::time::Duration;

#[tokio::test]
async fn values_go_to_the_home_in_order_and_retire_comes_after_them() {
    let pair = Pair::new().await;
    let (results, input) = channel::<u32>();
    pair.hub.publish_sender("results", results).unwrap();
    let remote = soon(pair.peer.sender::<u32>("results")).await.unwrap();
    pair.hub.withdraw("results");
    let sending = tokio::spawn(async move {
        for n in 0..100 {
            remote.send(n).await.unwrap();
        }
    });
    for n in 0..100 {
        assert_eq!(soon(input.recv()).await, Ok(n));
    }
    assert_eq!(soon(input.next()).await, Ok(None));
    soon(sending).await.unwrap();
    pair.shutdown().await;
}

#[tokio::test]
async fn values_come_from_the_home_in_order_and_retire_comes_after_them() {
    let pair = Pair::new().await;
    let (jobs, input) = channel();
    pair.hub.publish_receiver("jobs", input).unwrap();
    let remote = soon(pair.peer.receiver::<String>("jobs")).await.unwrap();
    let sending = tokio::spawn(async move {
        for n in 0..100 {
            jobs.send(n.to_string()).await.unwrap();
        }
    });
    for n in 0..100 {
        assert_eq!(soon(remote.recv()).await, Ok(n.to_string()));
    }
    assert_eq!(soon(remote.next()).await, Ok(None));
    soon(sending).await.unwrap();
    pair.shutdown().await;
}

#[tokio::test]
async fn what_a_receiver_has_received_comes_to_no_other_however_soon_it_is_dropped() {
    let pair = Pair::new().await;
    for window in [1, 3] {
        let (jobs, input) = channel_bounded::<u32>(8);
        for n in 0..8 {
            soon(jobs.send(n)).await.unwrap();
        }
        pair.hub.publish_receiver("jobs", input).unwrap();
        for n in 0..8 {
            let remote = soon(pair.peer.receiver_with::<u32>("jobs", window)).await.unwrap();
            assert_eq!(soon(remote.recv()).await, Ok(n), "with a window of {window}");
        }
        pair.hub.withdraw("jobs");
    }
    pair.shutdown().await;
}

#[tokio::test]
async fn a_value_that_waits_for_the_first_receiver_arrives_with_the_opening() {
    let pair = Pair::new().await;
    for n in 0..30 {
        let (jobs, input) = channel_bounded::<u32>(1);
        soon(jobs.send(n)).await.unwrap();
        pair.hub.publish_receiver("jobs", input).unwrap();
        let remote = soon(pair.peer.receiver::<u32>("jobs")).await.unwrap();
        assert_eq!(soon(remote.recv()).await, Ok(n));
        pair.hub.withdraw("jobs");
    }
    pair.shutdown().await;
}

#[tokio::test]
async fn a_sender_waits_until_the_home_has_taken_what_is_under_way() {
    let pair = Pair::new().await;
    let (results, input) = channel::<u32>();
    pair.hub.publish_sender("results", results).unwrap();
    let remote = soon(pair.peer.sender::<u32>("results")).await.unwrap();
    soon(remote.send(1)).await.unwrap();
    let second = tokio::time::timeout(Duration::from_millis(200), remote.send(2)).await;
    assert!(second.is_err(), "a second value went although nobody took the first");
    assert_eq!(soon(input.recv()).await, Ok(1));
    soon(remote.send(3)).await.unwrap();
    assert_eq!(soon(input.recv()).await, Ok(3));
    pair.shutdown().await;
}

#[tokio::test]
async fn a_slow_receiver_gets_less_work() {
    let pair = Pair::new().await;
    let (jobs, input) = channel();
    pair.hub.publish_receiver("jobs", input.clone()).unwrap();
    let slow = soon(pair.peer.receiver::<u32>("jobs")).await.unwrap();
    let sending = tokio::spawn(async move {
        for n in 0..50 {
            jobs.send(n).await.unwrap();
        }
    });
    let mut fast = vec![];
    while let Some(n) = soon(input.next()).await.unwrap() {
        fast.push(n);
        if fast.len() == 49 {
            break;
        }
    }
    // The remote end took nothing: one value only is under way to it.
    assert_eq!(fast.len(), 49);
    let n = soon(slow.recv()).await.unwrap();
    assert!(!fast.contains(&n));
    soon(sending).await.unwrap();
    pair.shutdown().await;
}

#[tokio::test]
async fn a_window_lets_more_values_be_under_way() {
    let pair = Pair::new().await;
    let (results, input) = channel::<u32>();
    let options = Publish { window: 3, ..Publish::default() };
    pair.hub.publish_sender_with("results", results, options).unwrap();
    let remote = soon(pair.peer.sender::<u32>("results")).await.unwrap();
    for n in 0..3 {
        soon(remote.send(n)).await.unwrap();
    }
    assert!(tokio::time::timeout(Duration::from_millis(200), remote.send(3)).await.is_err());
    for n in 0..3 {
        assert_eq!(soon(input.recv()).await, Ok(n));
    }
    pair.shutdown().await;
}

#[tokio::test]
async fn a_value_that_is_acted_on_counts_as_taken_whatever_comes_meanwhile() {
    let pair = Pair::new().await;
    let (results, input) = channel::<u32>();
    let options = Publish { window: 2, ..Publish::default() };
    pair.hub.publish_sender_with("results", results, options).unwrap();
    let remote = soon(pair.peer.sender::<u32>("results")).await.unwrap();
    for n in 0..5 {
        soon(remote.send(2 * n)).await.unwrap();
        let held = soon(input.recv_extended()).await.unwrap();
        soon(remote.send(2 * n + 1)).await.unwrap();
        assert_eq!((*held, soon(input.recv()).await), (2 * n, Ok(2 * n + 1)));
    }
    pair.shutdown().await;
}

#[tokio::test]
async fn the_last_receiver_at_home_retires_the_remote_sender() {
    let pair = Pair::new().await;
    let (results, input) = channel::<u32>();
    pair.hub.publish_sender("results", results).unwrap();
    let remote = soon(pair.peer.sender::<u32>("results")).await.unwrap();
    drop(input);
    assert!(soon(remote.closed()).await.is_retired());
    pair.shutdown().await;
}

#[tokio::test]
async fn the_last_remote_receiver_retires_the_sender_at_home() {
    let pair = Pair::new().await;
    let (jobs, input) = channel::<u32>();
    let options = Publish { connections: Some(1), ..Publish::default() };
    pair.hub.publish_receiver_with("jobs", input, options).unwrap();
    let remote = soon(pair.peer.receiver::<u32>("jobs")).await.unwrap();
    assert!(pair.hub.published().is_empty(), "it was for one connection");
    let clone = remote.clone();
    drop(remote);
    soon(jobs.send(1)).await.unwrap();
    assert_eq!(soon(clone.recv()).await, Ok(1));
    drop(clone);
    assert!(soon(jobs.closed()).await.is_retired());
    pair.shutdown().await;
}

#[tokio::test]
async fn poison_travels_both_ways_with_cause_and_channel() {
    let pair = Pair::new().await;
    let (results, input) = channel::<u32>();
    pair.hub.publish_sender("results", results).unwrap();
    let remote = soon(pair.peer.sender::<u32>("results")).await.unwrap();
    input.set_name("results");
    input.poison("the collector has had enough");
    let Ended::Poisoned(poison) = soon(remote.closed()).await else { panic!("it is poisoned") };
    assert_eq!((poison.channel.as_str(), poison.cause.as_str()), ("results", "the collector has had enough"));

    let (jobs, input) = channel::<u32>();
    pair.hub.publish_receiver("jobs", input).unwrap();
    let remote = soon(pair.peer.receiver::<u32>("jobs")).await.unwrap();
    remote.poison("the worker is broken");
    let Ended::Poisoned(poison) = soon(jobs.closed()).await else { panic!("it is poisoned") };
    assert_eq!((poison.channel.as_str(), poison.cause.as_str()), ("jobs@hub", "the worker is broken"));
    pair.shutdown().await;
}

#[tokio::test]
async fn an_unknown_name_lists_what_there_is() {
    let pair = Pair::new().await;
    let (results, _input) = channel::<u32>();
    pair.hub.publish_sender("results", results.clone()).unwrap();
    pair.hub.publish_sender("more", results).unwrap();
    let error = soon(pair.peer.sender::<u32>("result")).await.unwrap_err();
    let published = vec!["more".to_owned(), "results".to_owned()];
    assert_eq!(error, NetError::UnknownName { name: "result".into(), node: "hub".into(), published, more: 0 });
    assert_eq!(error.to_string(), "nothing named `result` is published at node `hub`; there: more, results");
    pair.shutdown().await;
}

#[tokio::test]
async fn a_wrong_type_and_a_wrong_kind_are_named() {
    let pair = Pair::new().await;
    let (results, _input) = channel::<Vec<u32>>();
    pair.hub.publish_sender("results", results).unwrap();
    let error = soon(pair.peer.sender::<String>("results")).await.unwrap_err();
    assert_eq!(error.to_string(), "`results` at node `hub` is of type `Vec<u32>`, not `String`");
    let error = soon(pair.peer.receiver::<Vec<u32>>("results")).await.unwrap_err();
    assert_eq!(error.to_string(), "`results` at node `hub` is a sender, not a receiver");
    pair.shutdown().await;
}

#[tokio::test]
async fn a_lost_connection_ends_the_channel_on_both_sides() {
    let pair = Pair::new().await;
    let (results, input) = channel::<u32>();
    pair.hub.publish_sender("results", results).unwrap();
    let remote = soon(pair.peer.sender::<u32>("results")).await.unwrap();
    pair.peer.close();
    let lost = soon(input.recv()).await.unwrap_err();
    assert!(matches!(&lost, Ended::Lost(loss) if loss.peer == "worker"), "{lost}");
    let lost = soon(remote.closed()).await;
    assert!(matches!(&lost, Ended::Lost(loss) if loss.channel == "results@hub" && loss.peer == "hub"), "{lost}");
    pair.shutdown().await;
}

#[tokio::test]
async fn in_a_farm_the_others_go_on() {
    let hub = node("hub", Admit::nobody());
    let events = hub.events();
    let (results, input) = channel_bounded::<u32>(8);
    let options = Publish { on_loss: OnLoss::RetireEnd, ..Publish::default() };
    hub.publish_sender_with("results", results, options).unwrap();
    let first = Pair::with(hub.clone()).await;
    let second = Pair::with(hub.clone()).await;
    let lost = soon(first.peer.sender::<u32>("results")).await.unwrap();
    let kept = soon(second.peer.sender::<u32>("results")).await.unwrap();
    soon(lost.send(1)).await.unwrap();
    assert_eq!(soon(input.recv()).await, Ok(1));
    first.peer.close();
    event(&events, |event| matches!(event, NodeEvent::Left { peer, .. } if *peer == first.worker.id())).await;
    soon(kept.send(2)).await.unwrap();
    assert_eq!(soon(input.recv()).await, Ok(2));
    drop(hub);
    first.shutdown().await;
    second.shutdown().await;
}

#[tokio::test]
async fn what_a_receiver_did_not_take_goes_to_the_next_however_it_ended() {
    for how in ["retired", "lost"] {
        let hub = node("hub", Admit::nobody());
        let (jobs, input) = channel_bounded::<u32>(8);
        let options = Publish { on_loss: OnLoss::RetireEnd, ..Publish::default() };
        hub.publish_receiver_with("jobs", input, options).unwrap();
        let (leaver, stayer) = (Pair::with(hub.clone()).await, Pair::with(hub.clone()).await);
        let leaving = soon(leaver.peer.receiver::<u32>("jobs")).await.unwrap();
        for n in 0..8 {
            soon(jobs.send(n)).await.unwrap();
        }
        drop(jobs);
        assert_eq!(soon(leaving.recv()).await, Ok(0));
        // By now the next value is on its way to the one that leaves.
        let staying = soon(stayer.peer.receiver::<u32>("jobs")).await.unwrap();
        assert_eq!(soon(staying.recv()).await, Ok(2), "{how}");
        match how {
            "retired" => drop(leaving),
            _ => leaver.peer.close(),
        }
        let mut rest = vec![];
        while let Some(n) = soon(staying.next()).await.unwrap() {
            rest.push(n);
        }
        rest.sort_unstable();
        assert_eq!(rest, [1, 3, 4, 5, 6, 7], "{how}");
        drop(hub);
        leaver.shutdown().await;
        stayer.shutdown().await;
    }
}

#[tokio::test]
async fn a_shutdown_lets_what_was_sent_arrive() {
    let pair = Pair::new().await;
    let (results, input) = channel::<u32>();
    pair.hub.publish_sender("results", results).unwrap();
    let remote = soon(pair.peer.sender::<u32>("results")).await.unwrap();
    soon(remote.send(7)).await.unwrap();
    let worker = pair.worker.clone();
    let ending = tokio::spawn(async move { worker.shutdown().await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(soon(input.recv()).await, Ok(7));
    soon(ending).await.unwrap();
    pair.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_values_pass_and_too_large_ones_poison_with_the_limit() {
    let pair = Pair::new().await;
    let (results, input) = channel::<Vec<u8>>();
    pair.hub.publish_sender("results", results).unwrap();
    let remote = soon(pair.peer.sender::<Vec<u8>>("results")).await.unwrap();
    let large = vec![7; 3 << 20];
    soon(remote.send(large.clone())).await.unwrap();
    assert!(soon(input.recv()).await.unwrap() == large);
    soon(remote.send(vec![0; 5 << 20])).await.unwrap();
    let ended = soon(remote.closed()).await;
    assert!(ended.to_string().contains("longer than the limit of 4194304"), "{ended}");
    assert!(matches!(soon(input.recv()).await, Err(Ended::Poisoned(_))));
    pair.shutdown().await;
}
