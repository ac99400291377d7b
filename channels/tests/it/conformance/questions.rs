//! The questions that CSP libraries have answered wrongly, Q1 to Q18, as far as they are about channels.

use super::net::{ends, pause};
use super::{Net, Transport};
use crate::support::{Either, Task, Woken, arms, either, scale};
use rendez::__private::{ELSE, Order, choose};
use rendez::{Alt, Ended, Poison, Receiver, TryRecvError, TrySendError, after};
use rendez_macros::alt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

rows! {
    q1_a_retired_end_is_gone_and_its_clones_go_on,
    q2_a_poisoned_channel_accepts_nothing_more,
    q3_a_choice_never_meets_itself_and_its_timeout_fires,
    q3_a_choice_that_holds_both_ends_meets_others,
    q4_a_process_that_panics_does_not_leave_its_peer_waiting,
    q5_poison_in_a_choice_names_the_channel_and_leaves_the_others_alone,
    q6_an_ended_channel_is_an_event_of_its_own_guard,
    q6_of_a_reusable_choice_it_is_told_once,
    q7_what_the_last_receiver_leaves_behind_can_be_taken_back,
    q8_a_retired_senders_buffer_is_drained_first,
    q9_a_moved_end_keeps_its_count_and_a_clone_adds_one,
    q10_else_never_beats_a_ready_guard,
    q11_who_joins_late_is_served_within_n_choices_and_no_more_than_its_share,
    q12_a_committed_match_beats_the_poison_that_comes_after_it,
    q13_an_end_that_is_held_for_late_comers_keeps_the_channel,
    q14_a_ring_whose_members_choose_in_both_directions_goes_round,
    q15_a_choice_that_is_dropped_frees_its_timer_at_once,
    q16_a_prioritised_choice_takes_the_first_ready_guard_in_one_look,
    q18_a_choice_leaves_nothing_behind,
    an_uncommitted_send_of_a_rendezvous_counts_for_nothing,
}

/// Q1: in PyCSP an end that was retired could still write. Here it is consumed; that it does not compile is an example of
/// `Sender::retire`.
async fn q1_a_retired_end_is_gone_and_its_clones_go_on<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.bounded(1);
    let other = tx.clone();
    tx.retire();
    net.settle().await;
    assert_eq!(rx.inspect().senders.count, 1);
    other.send(1).await.unwrap();
    assert_eq!(rx.next().await, Ok(Some(1)));
    other.retire();
    assert_eq!(rx.next().await, Ok(None));
}

/// Q2: in PyCSP a write behind the poison was accepted and read.
async fn q2_a_poisoned_channel_accepts_nothing_more<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.bounded(5);
    let other = tx.clone();
    tx.send(1).await.unwrap();
    net.settle().await;
    tx.poison("stop");
    net.settle().await;
    assert!(matches!(other.try_send(10), Err(TrySendError::Ended(error)) if *error.value() == 10));
    assert!(matches!(rx.try_recv(), Err(TryRecvError::Ended(Ended::Poisoned(_)))), "at once, not behind the buffer");
    assert_eq!(rx.undelivered(), [1]);
}

/// Q3: PyCSP's hung, and its timeout with it; another of PyCSP's talked to itself.
async fn q3_a_choice_never_meets_itself_and_its_timeout_fires<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.channel();
    let mut both = Task::waiting(either(tx.send(1), rx.recv()));
    for _ in 0..3 {
        net.settle().await;
        assert!(!both.is_woken(), "it sleeps");
        assert!(both.poll().is_pending());
    }
    drop(both);
    let chosen = alt! {
        _ = tx.send(1) => "sent",
        _ = rx.recv() => "received",
        _ = after(Duration::from_millis(5)) => "late",
    };
    assert_eq!(chosen, "late");
    let mut reusable = Alt::new();
    reusable.send(&tx, 1, |_| "sent");
    reusable.receive(&rx, |_| "received");
    reusable.once(after(Duration::from_millis(5)), |()| "late");
    assert_eq!(reusable.next().await, Some("late"));
}

/// Q3: and it stands in nobody's way.
async fn q3_a_choice_that_holds_both_ends_meets_others<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.channel();
    let (other_tx, other) = (tx.clone(), rx.clone());
    let both = net.start(async move { (either(tx.send(1), rx.recv()).await, either(tx.send(2), rx.recv()).await) });
    assert_eq!(other.recv().await, Ok(1));
    other_tx.send(3).await.unwrap();
    assert_eq!(both.end().await, (Either::First(Ok(())), Either::Second(Ok(3))));
}

/// Q4: a process that died of an exception left its peer blocked for ever.
async fn q4_a_process_that_panics_does_not_leave_its_peer_waiting<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.bounded::<u8>(1);
    let peer = net.start(async move { rx.recv().await });
    let dying = net.start(async move {
        let _mine = tx;
        pause().await;
        resume_unwind(Box::new("a bug"))
    });
    let outcome: std::thread::Result<()> = dying.outcome().await;
    assert!(outcome.is_err());
    let Err(Ended::Poisoned(poison)) = peer.end().await else { panic!("the peer sees poison") };
    assert_eq!(poison.cause, "a panic");
}

/// Q5: the exception did not say which channel was poisoned, and poisoned the others on its way.
async fn q5_poison_in_a_choice_names_the_channel_and_leaves_the_others_alone<T: Transport>(net: Net<T>) {
    let (a_tx, a) = net.bounded::<u8>(1);
    let (b_tx, b) = net.bounded(1);
    let mut waiting = Task::waiting(either(a.recv(), b.recv()));
    net.settle().await;
    a_tx.poison_with(Arc::new(Poison::new("a", "broken", "somebody")));
    net.settle().await;
    let Either::First(Err(Ended::Poisoned(poison))) = waiting.done() else { panic!("poisoned") };
    assert_eq!((&*poison.channel, &*poison.cause, &*poison.origin), ("a", "broken", "somebody"));
    b_tx.send(1).await.unwrap();
    assert_eq!(b.recv().await, Ok(1));
}

/// Q6: one retired input made every later select fail.
async fn q6_an_ended_channel_is_an_event_of_its_own_guard<T: Transport>(net: Net<T>) {
    let (a_tx, a) = net.bounded::<u8>(1);
    let (b_tx, b) = net.bounded(4);
    a_tx.retire();
    for n in 0..4 {
        b_tx.send(n).await.unwrap();
    }
    net.settle().await;
    let mut chosen = Vec::new();
    for _ in 0..4 {
        alt! {
            ended = a.next() => assert_eq!(ended, Ok(None)),
            received = b.recv() => chosen.push(received.unwrap()),
        }
    }
    assert_eq!(chosen, [0, 1], "every other choice is b's");
}

/// Q6, of a reusable choice.
async fn q6_of_a_reusable_choice_it_is_told_once<T: Transport>(net: Net<T>) {
    let (a_tx, a) = net.bounded::<u8>(1);
    let (b_tx, b) = net.bounded(4);
    let mut alt = Alt::new();
    alt.receive(&a, Result::ok);
    alt.receive(&b, Result::ok);
    a_tx.retire();
    for n in 0..4 {
        b_tx.send(n).await.unwrap();
    }
    net.settle().await;
    let mut given = Vec::new();
    while alt.len() == 2 || given.len() < 5 {
        given.push(alt.next().await.unwrap());
    }
    given.retain(Option::is_some);
    assert_eq!(given, [0, 1, 2, 3].map(Some));
    b_tx.retire();
    assert_eq!(alt.next().await, Some(None));
    assert_eq!(alt.next().await, None, "there is nothing left to wait for");
}

/// Q7: what was in the buffer vanished when the last reader left.
async fn q7_what_the_last_receiver_leaves_behind_can_be_taken_back<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.bounded(3);
    for n in 0..3 {
        tx.send(n).await.unwrap();
    }
    net.settle().await;
    assert_eq!(tx.undelivered(), [0; 0], "a receiver may still take them");
    rx.retire();
    net.settle().await;
    assert_eq!(tx.inspect().depth, 3, "they are counted");
    assert_eq!(tx.undelivered(), [0, 1, 2]);
}

/// Q8: as in PyCSP.
async fn q8_a_retired_senders_buffer_is_drained_first<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.bounded(3);
    for n in 0..3 {
        tx.send(n).await.unwrap();
    }
    tx.retire();
    assert_eq!(super::drain(&rx).await, [0, 1, 2]);
}

/// Q9: a copied end was not counted, and a travelling one left its origin broken.
async fn q9_a_moved_end_keeps_its_count_and_a_clone_adds_one<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.bounded::<u8>(1);
    let (carrier, post) = net.bounded(1);
    carrier.send(tx.clone()).await.unwrap();
    net.settle().await;
    assert_eq!(rx.inspect().senders.count, 2);
    let moved = post.recv().await.unwrap();
    tx.retire();
    net.settle().await;
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "the clone keeps the channel open");
    moved.send(7).await.unwrap();
    moved.retire();
    assert_eq!(rx.next().await, Ok(Some(7)));
    assert_eq!(rx.next().await, Ok(None));
}

/// Q10: Skip won against a ready input, 50 times of 50.
async fn q10_else_never_beats_a_ready_guard<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.bounded(1);
    for order in [Order::Fair, Order::Listed] {
        for n in 0..50 {
            tx.send(n).await.unwrap();
            net.settle().await;
            let mut guards = [Box::pin(rx.recv())];
            assert_eq!(choose(&mut arms(&mut guards), order, true).await, 0);
            let mut guards = [Box::pin(rx.recv())];
            assert_eq!(choose(&mut arms(&mut guards), order, true).await, ELSE);
            net.settle().await;
        }
    }
}

/// Q11: a guard that joined after 80 selects was picked 41 times in a row.
async fn q11_who_joins_late_is_served_within_n_choices_and_no_more_than_its_share<T: Transport>(net: Net<T>) {
    let (txs, rxs) = net.many(3, 100);
    for tx in &txs {
        for n in 0..100 {
            tx.send(n).await.unwrap();
        }
    }
    net.settle().await;
    let mut early = 0;
    for _ in 0..40 {
        early += usize::from(serve(&rxs[..2]).await == 0);
    }
    assert_eq!(early, 20);
    let mut served = Vec::new();
    for _ in 0..30 {
        served.push(serve(&rxs).await);
    }
    for window in served.windows(3) {
        assert!((0..3).all(|guard| window.contains(&guard)), "{served:?}");
    }
}

/// Which of them a fair choice serves.
async fn serve(rxs: &[Receiver<u64>]) -> usize {
    let mut guards: Vec<_> = rxs.iter().map(|rx| Box::pin(rx.recv())).collect();
    choose(&mut arms(&mut guards), Order::Fair, false).await
}

/// Q12: PyCSP's poison overwrote a match until it was mended.
async fn q12_a_committed_match_beats_the_poison_that_comes_after_it<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.channel();
    let (_idle_tx, idle) = net.channel::<u8>();
    let mut receive = Task::waiting(either(rx.recv(), idle.recv()));
    net.settle().await;
    tx.send(7).await.unwrap();
    tx.poison("disk full");
    net.settle().await;
    assert_eq!(receive.done(), Either::First(Ok(7)));
    let Err(Ended::Poisoned(poison)) = rx.recv().await else { panic!("poisoned") };
    assert_eq!(poison.cause, "disk full");
}

/// Q13: a channel retired before a late writer joined stayed so; an end is held for it.
async fn q13_an_end_that_is_held_for_late_comers_keeps_the_channel<T: Transport>(net: Net<T>) {
    let (join, rx) = net.bounded(4);
    for writer in 0..3 {
        let tx = join.clone();
        net.start(async move { tx.send(writer).await }).end().await.unwrap();
    }
    for writer in 0..3 {
        assert_eq!(rx.recv().await, Ok(writer));
    }
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "it is not retired between writers");
    join.retire();
    assert_eq!(rx.next().await, Ok(None));
}

/// Q14: a ring of selects in both directions stood still until PyCSP locked channels in the order of ids.
async fn q14_a_ring_whose_members_choose_in_both_directions_goes_round<T: Transport>(net: Net<T>) {
    const MEMBERS: usize = 4;
    const EACH: usize = scale(50);
    let (mut txs, mut rxs) = net.many(MEMBERS, 0);
    rxs.rotate_left(1);
    let members = txs.drain(..).zip(rxs).map(|(right, left)| {
        net.start(async move {
            let (mut sent, mut received) = (0, 0);
            while sent < EACH || received < EACH {
                alt! {
                    outcome = right.send(sent), if sent < EACH => { outcome.unwrap(); sent += 1 },
                    outcome = left.recv(), if received < EACH => {
                        assert_eq!(outcome, Ok(received));
                        received += 1;
                    }
                }
            }
            sent + received
        })
    });
    let members: Vec<_> = members.collect();
    assert_eq!(ends(members).await, [2 * EACH; MEMBERS]);
}

/// Q15: timers of finished selects lived on until they expired.
async fn q15_a_choice_that_is_dropped_frees_its_timer_at_once<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.channel();
    for served in [false, true] {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut choice = Box::pin(either(rx.recv(), after(Duration::from_secs(3600))));
        assert!(choice.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        net.settle().await;
        if served {
            tx.send(1).await.unwrap();
            net.settle().await;
            let served = choice.as_mut().poll(&mut Context::from_waker(&waker));
            assert_eq!(served, Poll::Ready(Either::First(Ok(1))));
        }
        drop((choice, waker));
        net.settle().await;
        assert_eq!(Arc::strong_count(&woken), 1);
    }
}

/// Q16: over remote channels a prioritised select asked guard after guard, one round trip each.
async fn q16_a_prioritised_choice_takes_the_first_ready_guard_in_one_look<T: Transport>(net: Net<T>) {
    let (txs, rxs) = net.many(3, 2);
    for ready in [[2, 2], [1, 2], [0, 2], [0, 1]] {
        for number in ready {
            txs[number].send(()).await.unwrap();
        }
        net.settle().await;
        let [a, b, c] = &rxs[..] else { unreachable!("there are three") };
        let mut choice = Task::new(async {
            alt! { pri;
                _ = a.recv() => 0,
                _ = b.recv() => 1,
                _ = c.recv() => 2,
            }
        });
        let first = choice.done();
        drop(choice);
        assert_eq!(first, ready[0]);
        rxs[ready[1]].recv().await.unwrap();
    }
}

/// Q18: the history of a fair select was kept for ever, an entry for each place that it was written at.
async fn q18_a_choice_leaves_nothing_behind<T: Transport>(net: Net<T>) {
    let held = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&held));
    let (quiet_tx, quiet) = net.channel::<u8>();
    for n in 0..100 {
        let (tx, rx) = net.channel();
        let mut choice = Box::pin(either(rx.recv(), quiet.recv()));
        assert!(choice.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        if n % 2 == 0 {
            tx.send(n).await.unwrap();
            net.settle().await;
            assert!(choice.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
        }
    }
    net.settle().await;
    drop(waker);
    assert_eq!(Arc::strong_count(&held), 1, "nobody waits at the quiet channel");
    assert!(matches!(quiet_tx.try_send(1), Err(TrySendError::Full(1))));
}

/// A send that a choice gave up was never made.
async fn an_uncommitted_send_of_a_rendezvous_counts_for_nothing<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.channel::<u8>();
    let choosing = Task::waiting(either(tx.send(1), tx.closed()));
    net.settle().await;
    assert_eq!(rx.inspect().sent, 0);
    drop(choosing);
    net.settle().await;
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
}
