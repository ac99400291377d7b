//! What Go's tests of `select` show, as behaviours. A nil channel is a guard whose condition does not hold.
//!
//! Go's choice is random, ours is fair: where Go's tests ask that both of two happen often, these ask for turns.

use super::net::{ends, pause};
use super::{Net, Transport, drain};
use crate::support::{Task, arms, choose_now, either, scale};
use rendez::__private::{ELSE, Order, choose};
use rendez::{Receiver, Sender};
use rendez_macros::alt;
use std::collections::BTreeSet;
use std::pin::Pin;

rows! {
    select_with_guards_that_take_no_part,
    select3_what_waits_and_what_does_not,
    select6_a_guard_that_was_not_chosen_leaves_the_line_in_order,
    select7_every_kind_of_receive_meets_every_kind_of_send,
    doubleselect,
    nonblock_select_race_with_a_value,
    nonblock_select_race_with_an_end,
    self_select,
    select_stress,
    select_fairness,
    sends_of_two_values_take_turns,
    a_channel_twice_in_a_choice,
    a_server_that_chooses_until_told,
}

/// select.go: two sends that drop out one after the other. What is sent by a guard that takes no part is not even evaluated.
async fn select_with_guards_that_take_no_part<T: Transport>(net: Net<T>) {
    let ((a_tx, a), (b_tx, b)) = (net.bounded(1), net.bounded(1));
    let mut evaluated = 0;
    let mut value = || {
        evaluated += 1;
        1 << (evaluated - 1)
    };
    assert_eq!(send_to_those(&a_tx, &b_tx, (true, true), &mut value).await, 2);
    assert_eq!(a.recv().await.unwrap() | b.recv().await.unwrap(), 0b101, "the first of each, at its turn");
    net.settle().await;
    assert_eq!(send_to_those(&a_tx, &b_tx, (true, false), &mut value).await, 1);
    assert_eq!(evaluated, 4);
}

/// Sends to each that takes part, until none does; how many were sent.
async fn send_to_those(
    a: &Sender<u32>,
    b: &Sender<u32>,
    mut take_part: (bool, bool),
    mut value: impl FnMut() -> u32,
) -> usize {
    let mut sent = 0;
    loop {
        alt! {
            outcome = a.send(value()), if take_part.0 => {
                outcome.unwrap();
                take_part.0 = false;
            }
            outcome = b.send(value()), if take_part.1 => {
                outcome.unwrap();
                take_part.1 = false;
            }
            else => return sent,
        }
        sent += 1;
    }
}

/// select3.go: which choices wait.
async fn select3_what_waits_and_what_does_not<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.channel::<u8>();
    let (one_tx, one) = net.bounded(1);
    let (ended_tx, ended) = net.channel::<u8>();
    drop(ended_tx);
    net.settle().await;
    let none = || -> [Option<Pin<&mut dyn rendez::__private::Attempt>>; 2] { [None, None] };
    assert!(choose_now(&mut []).is_pending(), "no guards");
    assert!(choose_now(&mut none()).is_pending(), "guards that take no part");
    assert!(choose_now(&mut arms(&mut [Box::pin(rx.recv())])).is_pending());
    assert!(choose_now(&mut arms(&mut [Box::pin(tx.send(7))])).is_pending());
    assert!(Task::new(either(tx.send(7), rx.recv())).poll().is_pending(), "it does not see itself");
    assert_eq!(choose(&mut [], Order::Fair, true).await, ELSE);
    assert_eq!(choose(&mut none(), Order::Fair, true).await, ELSE);
    assert_eq!(choose(&mut arms(&mut [Box::pin(rx.recv())]), Order::Fair, true).await, ELSE);
    assert_eq!(choose(&mut arms(&mut [Box::pin(one_tx.send(7))]), Order::Fair, true).await, 0);
    net.settle().await;
    assert_eq!(choose(&mut arms(&mut [Box::pin(one.recv())]), Order::Fair, true).await, 0);
    assert_eq!(choose(&mut arms(&mut [Box::pin(ended.recv())]), Order::Fair, true).await, 0);
}

/// select6.go: a choice that waited last in a line and was served elsewhere; those who come later are still woken.
async fn select6_a_guard_that_was_not_chosen_leaves_the_line_in_order<T: Transport>(net: Net<T>) {
    let ((tx1, rx1), (tx2, rx2)) = (net.channel(), net.channel::<()>());
    let mut first = Task::waiting(rx1.recv());
    let mut choice = Task::waiting(either(rx1.recv(), rx2.recv()));
    net.settle().await;
    tx2.send(()).await.unwrap();
    net.settle().await;
    assert_eq!(choice.done(), crate::support::Either::Second(Ok(())));
    let mut last = Task::waiting(rx1.recv());
    net.settle().await;
    for value in 0..2 {
        tx1.send(value).await.unwrap();
    }
    net.settle().await;
    assert_eq!((first.done(), last.done()), (Ok(0), Ok(1)));
}

/// select7.go: plain, alone in a choice, and beside a quiet guard; with a buffer and without.
async fn select7_every_kind_of_receive_meets_every_kind_of_send<T: Transport>(net: Net<T>) {
    for capacity in [0, 1] {
        for (send, receive) in (0..3).flat_map(|send| (0..3).map(move |receive| (send, receive))) {
            let (tx, rx) = net.bounded(capacity);
            let (_quiet_tx, quiet) = net.bounded::<u8>(1);
            let other_quiet = quiet.clone();
            let receiver = net.start(async move {
                match receive {
                    0 => rx.recv().await,
                    1 => alt! { received = rx.recv() => received },
                    _ => alt! { received = rx.recv() => received, received = quiet.recv() => received },
                }
            });
            pause().await;
            match send {
                0 => tx.send(1).await.unwrap(),
                1 => alt! { sent = tx.send(1) => sent.unwrap() },
                _ => alt! { sent = tx.send(1) => sent.unwrap(), _ = other_quiet.recv() => panic!("it is quiet") },
            }
            assert_eq!(receiver.end().await, Ok(1));
        }
    }
}

/// doubleselect.go: a value that a choice may send to any of four is sent to one.
async fn doubleselect<T: Transport>(net: Net<T>) {
    const VALUES: u64 = scale(1_000) as u64;
    let (txs, rxs) = net.many(4, 0);
    let (out, all) = net.channel();
    let muxes = rxs.into_iter().map(|rx| {
        let out = out.clone();
        net.start(async move {
            while let Some(value) = rx.next().await.unwrap() {
                out.send(value).await.unwrap();
            }
        })
    });
    let muxes: Vec<_> = muxes.collect();
    drop(out);
    let sender = net.start(async move {
        for value in 0..VALUES {
            alt! {
                sent = txs[0].send(value) => sent.unwrap(),
                sent = txs[1].send(value) => sent.unwrap(),
                sent = txs[2].send(value) => sent.unwrap(),
                sent = txs[3].send(value) => sent.unwrap(),
            }
        }
    });
    let mut seen = drain(&all).await;
    sender.end().await;
    ends(muxes).await;
    seen.sort_unstable();
    assert_eq!(seen, (0..VALUES).collect::<Vec<_>>(), "none twice, none lost");
}

/// runtime/chan_test.go, TestNonblockSelectRace: one of two is ready at every instant, so that `else` is never right.
async fn nonblock_select_race_with_a_value<T: Transport>(net: Net<T>) {
    for _ in 0..scale(500) {
        let ((tx1, rx1), (tx2, rx2)) = (net.bounded(1), net.bounded(1));
        tx1.send(1).await.unwrap();
        net.settle().await;
        let chooser = net.start(chooses_at_once(rx1.clone(), rx2.clone()));
        tx2.send(1).await.unwrap();
        net.settle().await;
        let _ = rx1.try_recv();
        assert!(chooser.end().await, "one was ready all the time");
    }
}

/// runtime/chan_test.go, TestNonblockSelectRace2: the same, with the end of a channel.
async fn nonblock_select_race_with_an_end<T: Transport>(net: Net<T>) {
    for _ in 0..scale(500) {
        let ((tx1, rx1), (tx2, rx2)) = (net.bounded(1), net.channel());
        tx1.send(1).await.unwrap();
        net.settle().await;
        let chooser = net.start(chooses_at_once(rx1.clone(), rx2));
        drop(tx2);
        net.settle().await;
        let _ = rx1.try_recv();
        assert!(chooser.end().await, "one was ready all the time");
    }
}

async fn chooses_at_once(a: Receiver<u8>, b: Receiver<u8>) -> bool {
    alt! {
        _ = a.recv() => true,
        _ = b.recv() => true,
        else => false,
    }
}

/// runtime/chan_test.go, TestSelfSelect: two processes that send and receive on one channel; none meets itself.
async fn self_select<T: Transport>(net: Net<T>) {
    for capacity in [0, 10] {
        let (tx, rx) = net.bounded(capacity);
        let processes = (0..2).map(|process| {
            let (tx, rx) = (tx.clone(), rx.clone());
            net.start(async move {
                for turn in 0..scale(500) {
                    let received = if process == 0 || turn % 2 == 0 {
                        alt! { _ = tx.send(process) => None, received = rx.recv() => Some(received) }
                    } else {
                        alt! { received = rx.recv() => Some(received), _ = tx.send(process) => None }
                    };
                    assert!(capacity > 0 || received != Some(Ok(process)), "it received from itself");
                }
            })
        });
        ends(processes.collect::<Vec<_>>()).await;
    }
}

/// runtime/chan_test.go, TestSelectStress: each channel has a plain sender, a plain receiver and one choice of each side.
async fn select_stress<T: Transport>(net: Net<T>) {
    const EACH: usize = scale(300);
    let (txs, rxs): (Vec<_>, Vec<_>) = [0, 0, 2, 3].map(|capacity| net.bounded::<usize>(capacity)).into_iter().unzip();
    let mut processes = Vec::new();
    for (tx, rx) in txs.iter().cloned().zip(rxs.iter().cloned()) {
        processes.push(net.start(async move {
            for n in 0..EACH {
                tx.send(n).await.unwrap();
            }
        }));
        processes.push(net.start(async move {
            for _ in 0..EACH {
                rx.recv().await.unwrap();
            }
        }));
    }
    processes.push(net.start(async move {
        let mut left = [EACH; 4];
        while left != [0; 4] {
            let served = alt! {
                sent = txs[3].send(0), if left[3] > 0 => sent.map(|()| 3).unwrap(),
                sent = txs[2].send(0), if left[2] > 0 => sent.map(|()| 2).unwrap(),
                sent = txs[0].send(0), if left[0] > 0 => sent.map(|()| 0).unwrap(),
                sent = txs[1].send(0), if left[1] > 0 => sent.map(|()| 1).unwrap(),
            };
            left[served] -= 1;
        }
    }));
    processes.push(net.start(async move {
        let mut left = [EACH; 4];
        while left != [0; 4] {
            let served = alt! {
                received = rxs[0].recv(), if left[0] > 0 => received.map(|_| 0).unwrap(),
                received = rxs[1].recv(), if left[1] > 0 => received.map(|_| 1).unwrap(),
                received = rxs[2].recv(), if left[2] > 0 => received.map(|_| 2).unwrap(),
                received = rxs[3].recv(), if left[3] > 0 => received.map(|_| 3).unwrap(),
            };
            left[served] -= 1;
        }
    }));
    ends(processes).await;
}

/// runtime/chan_test.go, TestSelectFairness: of two inputs that stay ready, beside an output, each gets its share.
async fn select_fairness<T: Transport>(net: Net<T>) {
    const TRIALS: usize = scale(200);
    let ((tx1, rx1), (tx2, rx2)) = (net.bounded(TRIALS), net.bounded(TRIALS));
    let (_done_tx, done) = net.channel::<u8>();
    for _ in 0..TRIALS {
        tx1.send(1).await.unwrap();
        tx2.send(2).await.unwrap();
    }
    net.settle().await;
    let mut counts = [0; 2];
    for _ in 0..TRIALS {
        let got = alt! {
            got = rx1.recv() => got.unwrap(),
            got = rx2.recv() => got.unwrap(),
            _ = done.recv() => panic!("it is quiet"),
        };
        counts[got - 1] += 1;
    }
    assert_eq!(counts, [TRIALS / 2; 2]);
}

/// runtime/chan_test.go, TestPseudoRandomSend: a choice between sending two values on one channel. It is the end that
/// remembers its turn, so each guard has its own.
async fn sends_of_two_values_take_turns<T: Transport>(net: Net<T>) {
    const TURNS: usize = scale(100);
    for capacity in [0, TURNS] {
        let (tx, rx) = net.bounded(capacity);
        let receiver = net.start(async move { drain(&rx).await });
        let other = tx.clone();
        for _ in 0..TURNS {
            alt! {
                sent = tx.send(1) => sent.unwrap(),
                sent = other.send(0) => sent.unwrap(),
            }
        }
        drop((tx, other));
        let ones = receiver.end().await.into_iter().sum::<usize>();
        assert!(ones > TURNS / 10 && ones < TURNS * 9 / 10, "{ones} of {TURNS}, capacity {capacity}");
    }
}

/// runtime/chan_test.go, TestSelectDuplicateChannel: one choice stands in a line twice, and leaves it at both places.
async fn a_channel_twice_in_a_choice<T: Transport>(net: Net<T>) {
    let ((tx, rx), (other_tx, other)) = (net.channel(), net.channel::<u8>());
    let mut choice = Task::waiting(async {
        alt! { a = rx.recv() => (0, a), b = rx.recv() => (1, b), c = other.recv() => (2, c) }
    });
    let mut plain = Task::waiting(rx.recv());
    net.settle().await;
    other_tx.send(7).await.unwrap();
    net.settle().await;
    assert_eq!(choice.done(), (2, Ok(7)));
    tx.send(8).await.unwrap();
    net.settle().await;
    assert_eq!(plain.done(), Ok(8));
}

/// select4.go, select5.go, ken/chan.go: a server that serves two kinds of requests until a third guard tells it to stop.
async fn a_server_that_chooses_until_told<T: Transport>(net: Net<T>) {
    let ((add_tx, add), (get_tx, get), (quit_tx, quit)) = (net.channel(), net.channel(), net.channel::<()>());
    let server = net.start(async move {
        let mut held = BTreeSet::new();
        loop {
            alt! {
                value = add.recv() => assert!(held.insert(value.unwrap())),
                sent = get_tx.send(held.iter().next().copied().unwrap_or(0)), if !held.is_empty() => {
                    sent.unwrap();
                    held.pop_first();
                }
                _ = quit.recv() => return held.len(),
            }
        }
    });
    let clients = (0..4).map(|client| {
        let add_tx = add_tx.clone();
        net.start(async move {
            for value in 0..50_usize {
                add_tx.send(client * 50 + value).await.unwrap();
            }
        })
    });
    let clients: Vec<_> = clients.collect();
    let mut got = Vec::new();
    for _ in 0..150 {
        got.push(get.recv().await.unwrap());
    }
    ends(clients).await;
    quit_tx.send(()).await.unwrap();
    assert_eq!(server.end().await, 50);
    assert_eq!(got.iter().collect::<BTreeSet<_>>().len(), 150);
}
