//! What crossbeam-channel's tests of `select!` and `Select` show, as behaviours of choices and reusable choices.

use super::net::{ends, pause};
use super::{Net, Transport, drain};
use crate::support::{Either, Task, arms, either, moment, scale};
use rendez::__private::{Guard, Order, choose};
use rendez::{Alt, Receiver, after, future};
use rendez_macros::alt;
use std::future::ready;
use std::panic::resume_unwind;
use std::time::Duration;

rows! {
    smoke,
    disconnected,
    default_when_disconnected,
    timeout,
    unblocks,
    both_ready,
    loop_try,
    cloning,
    preflight,
    nesting,
    panic_in_a_guard,
    duplicate_operations,
    fairness_duplicates,
    stress_recv_send_and_mixed,
    stress_timeout_two_processes,
    send_recv_same_channel,
    matching,
    matching_with_leftover,
    linearizable_default,
    linearizable_timeout,
    fairness_of_all_that_stay_ready,
    fairness_of_processes_that_come_and_go,
    unfairness,
    unfairness_timeout_and_try,
    reuse,
    evaluate_once_in_order,
    result_types,
}

/// select.rs: smoke1, smoke2. Only the ready one of several is served.
async fn smoke<T: Transport>(net: Net<T>) {
    let (txs, rxs) = net.many(5, 1);
    for number in [0, 1, 4] {
        txs[number].send(number).await.unwrap();
        net.settle().await;
        assert_eq!(receive_any(&rxs).await, (number, Ok(number)));
    }
}

/// What a fair choice among all receives.
async fn receive_any<V: super::Value>(rxs: &[Receiver<V>]) -> (usize, Result<V, rendez::Ended>) {
    let mut guards: Vec<_> = rxs.iter().map(|rx| Box::pin(rx.recv())).collect();
    let number = choose(&mut arms(&mut guards), Order::Fair, false).await;
    (number, guards[number].as_mut().output())
}

/// select.rs: disconnected. The end of a channel is served like a value, also to who waits.
async fn disconnected<T: Transport>(net: Net<T>) {
    let ((a_tx, a), (_b_tx, b)) = (net.channel::<u8>(), net.channel::<u8>());
    let mut waiting = Task::waiting(either(a.recv(), b.recv()));
    net.settle().await;
    drop(a_tx);
    net.settle().await;
    assert!(waiting.is_woken());
    assert!(matches!(waiting.done(), Either::First(Err(ended)) if ended.is_retired()));
    assert!(matches!(either(a.recv(), b.recv()).await, Either::First(Err(_))));
    let (tx, rx) = net.channel();
    let mut sending = Task::waiting(either(tx.send(1), b.recv()));
    net.settle().await;
    drop(rx);
    net.settle().await;
    assert!(matches!(sending.done(), Either::First(Err(error)) if *error.value() == 1));
}

/// select.rs: default, default_when_disconnected, default_only.
async fn default_when_disconnected<T: Transport>(net: Net<T>) {
    let ((tx, rx), (quiet_tx, quiet)) = (net.channel::<u8>(), net.channel::<u8>());
    let now =
        async || alt! { _ = rx.recv() => "a", _ = quiet.recv() => "b", _ = quiet_tx.send(1) => "c", else => "else" };
    assert_eq!(now().await, "else");
    drop(tx);
    net.settle().await;
    assert_eq!(now().await, "a", "an end is an event");
}

/// select.rs: timeout.
async fn timeout<T: Transport>(net: Net<T>) {
    let ((tx, rx), (_quiet_tx, quiet)) = (net.channel::<u8>(), net.channel::<u8>());
    for _ in 0..2 {
        let chosen = alt! {
            _ = rx.recv() => "a",
            _ = quiet.recv() => "b",
            _ = after(Duration::from_millis(2)) => "late",
        };
        assert_eq!(chosen, "late");
    }
    let sender = net.start(async move { tx.send(1).await });
    let chosen = alt! { got = rx.recv() => got, _ = after(Duration::from_secs(3600)) => panic!("it is not late") };
    assert_eq!(chosen, Ok(1));
    sender.end().await.unwrap();
}

/// select.rs: unblocks. A choice that waits is served by who comes later, of either direction.
async fn unblocks<T: Transport>(net: Net<T>) {
    let ((a_tx, a), (b_tx, b)) = (net.channel(), net.channel::<u8>());
    let mut choice = Task::waiting(either(a.recv(), b_tx.send(2)));
    net.settle().await;
    a_tx.send(1).await.unwrap();
    net.settle().await;
    assert_eq!(choice.done(), Either::First(Ok(1)));
    let mut choice = Task::waiting(either(a.recv(), b_tx.send(2)));
    net.settle().await;
    assert_eq!(b.recv().await, Ok(2));
    net.settle().await;
    assert_eq!(choice.done(), Either::Second(Ok(())));
}

/// select.rs: both_ready. A send and a receive, both of which can be done: each is done once.
async fn both_ready<T: Transport>(net: Net<T>) {
    let ((a_tx, a), (b_tx, b)) = (net.channel(), net.channel());
    let peer = net.start(async move {
        let mut send = Task::new(a_tx.send(1));
        let _ = send.poll();
        let received = b.recv().await;
        drop(send);
        received
    });
    let (mut received, mut sent) = (0, 0);
    while sent == 0 {
        alt! {
            got = a.recv() => received += usize::from(got == Ok(1)),
            outcome = b_tx.send(2) => { outcome.unwrap(); sent += 1 },
        }
    }
    assert_eq!(peer.end().await, Ok(2));
    assert!(received <= 1);
}

/// select.rs: loop_try. Attempts on both sides find a choice that waits.
async fn loop_try<T: Transport>(net: Net<T>) {
    for _ in 0..10 {
        let ((a_tx, a), (b_tx, b), (_end_tx, end)) = (net.channel(), net.channel(), net.channel::<()>());
        let sender = net.start(async move {
            while alt! { sent = a_tx.send(1) => { sent.unwrap(); false }, else => true } {
                pause().await;
            }
        });
        let receiver = net.start(async move {
            while alt! { got = b.recv() => { assert_eq!(got, Ok(2)); false }, else => true } {
                pause().await;
            }
        });
        let (mut received, mut sent) = (false, false);
        while !(received && sent) {
            alt! {
                got = a.recv(), if !received => { assert_eq!(got, Ok(1)); received = true },
                outcome = b_tx.send(2), if !sent => { outcome.unwrap(); sent = true },
                _ = end.recv() => panic!("it is quiet"),
            }
        }
        ends([sender, receiver]).await;
    }
}

/// select.rs: cloning1, cloning2. Clones that come and go do not disturb who waits.
async fn cloning<T: Transport>(net: Net<T>) {
    let ((a_tx, a), (_b_tx, b)) = (net.channel(), net.channel::<u8>());
    let mut choice = Task::waiting(either(a.recv(), b.recv()));
    for _ in 0..10 {
        drop((a_tx.clone(), a.clone(), b.clone()));
    }
    net.settle().await;
    assert!(choice.poll().is_pending());
    a_tx.clone().send(1).await.unwrap();
    net.settle().await;
    assert_eq!(choice.done(), Either::First(Ok(1)));
}

/// select.rs: preflight1, preflight2, preflight3. A value, a value before an end, and an end, each there beforehand.
async fn preflight<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.unbounded();
    drop(tx.clone());
    tx.send(()).await.unwrap();
    drop(tx);
    net.settle().await;
    assert_eq!(alt! { got = rx.next() => got, else => panic!("it is ready") }, Ok(Some(())));
    assert_eq!(alt! { got = rx.next() => got, else => panic!("it is ready") }, Ok(None));
}

/// select.rs: nesting.
async fn nesting<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.unbounded();
    let got = alt! {
        sent = tx.send(1) => {
            sent.unwrap();
            alt! {
                got = rx.recv() => {
                    let sum = got.unwrap() + 1;
                    alt! { sent = tx.send(sum) => sent.unwrap() }
                    alt! { got = rx.recv() => got.unwrap() }
                }
            }
        }
    };
    assert_eq!(got, 2);
}

/// select_macro.rs: panic_sender, panic_receiver. A guard that panics when it is made.
async fn panic_in_a_guard<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.bounded(1);
    let its_own = rx.clone();
    let faulty = net.start(async move {
        let makes_a_guard = |fails: bool| match fails {
            true => resume_unwind(Box::new("a bug")),
            false => future(ready(())),
        };
        alt! {
            _ = its_own.recv() => {},
            _ = makes_a_guard(true) => {},
        }
    });
    assert!(faulty.outcome().await.is_err());
    assert!(tx.send(1).await.is_err(), "its end was dropped in a panic");
    drop(rx);
}

/// select.rs: duplicate_operations. Of guards of one end, in a reusable choice each gets its turn; made afresh, it is the
/// end that remembers, so that one wants clones.
async fn duplicate_operations<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.unbounded();
    for n in 0..20 {
        tx.send(n).await.unwrap();
    }
    net.settle().await;
    let mut alt = Alt::new();
    for guard in 0..4 {
        alt.receive(&rx, move |got| (guard, got.unwrap()));
    }
    let served: Vec<_> = std::iter::from_fn(|| alt.try_next()).collect();
    assert!(served.iter().map(|(_, value)| *value).eq(0..20), "in order, whichever guard it is");
    assert!((0..4).all(|guard| served.iter().filter(|(by, _)| *by == guard).count() == 5));
    let clones: Vec<_> = (0..4).map(|_| rx.clone()).collect();
    let mut counts = [0; 4];
    for n in 0..20 {
        tx.send(n).await.unwrap();
        net.settle().await;
        counts[receive_any(&clones).await.0] += 1;
    }
    assert_eq!(counts, [5; 4]);
}

/// list.rs, array.rs, zero.rs: fairness_duplicates, for sends.
async fn fairness_duplicates<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.channel();
    let receiver = net.start(async move { drain(&rx).await });
    let clones: Vec<_> = (0..5).map(|_| tx.clone()).collect();
    for _ in 0..100 {
        let mut guards: Vec<_> = clones.iter().enumerate().map(|(number, tx)| Box::pin(tx.send(number))).collect();
        choose(&mut arms(&mut guards), Order::Fair, false).await;
    }
    drop((tx, clones));
    let seen = receiver.end().await;
    for guard in 0..5 {
        let count = seen.iter().filter(|by| **by == guard).count();
        assert!(count >= 10, "guard {guard} was served {count} times of 100");
    }
}

/// select.rs: stress_recv, stress_send, stress_mixed. Two partners in step with one that chooses between them.
async fn stress_recv_send_and_mixed<T: Transport>(net: Net<T>) {
    const TURNS: usize = scale(200);
    for (a_capacity, b_capacity) in [(0, 0), (1, 0), (3, 1)] {
        let ((a_tx, a), (b_tx, b), (step, stepped)) =
            (net.bounded(a_capacity), net.bounded(b_capacity), net.bounded(9));
        let peer = net.start(async move {
            for turn in 0..TURNS {
                a_tx.send(turn).await.unwrap();
                assert_eq!(b.recv().await, Ok(turn));
                stepped.recv().await.unwrap();
            }
        });
        for turn in 0..TURNS {
            let (mut received, mut sent) = (false, false);
            while !(received && sent) {
                alt! {
                    got = a.recv(), if !received => { assert_eq!(got, Ok(turn)); received = true },
                    outcome = b_tx.send(turn), if !sent => { outcome.unwrap(); sent = true },
                }
            }
            step.send(()).await.unwrap();
        }
        peer.end().await;
    }
}

/// select.rs: stress_timeout_two_threads. Choices with timers on both sides, and nothing is lost or doubled.
async fn stress_timeout_two_processes<T: Transport>(net: Net<T>) {
    const SENT: usize = scale(50);
    let ((tx, rx), (_quiet_tx, quiet)) = (net.channel(), net.channel::<u8>());
    let sender = net.start(async move {
        let mut next = 0;
        while next < SENT {
            alt! {
                sent = tx.send(next) => { sent.unwrap(); next += 1 },
                _ = after(moment(40)) => pause().await,
            }
        }
    });
    let mut next = 0;
    while next < SENT {
        alt! {
            got = rx.recv() => { assert_eq!(got, Ok(next)); next += 1 },
            _ = quiet.recv() => panic!("it is quiet"),
            _ = after(moment(60)) => pause().await,
        }
    }
    sender.end().await;
}

/// select.rs: send_recv_same_channel.
async fn send_recv_same_channel<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.channel();
    let chosen = alt! { _ = tx.send(1) => 1, _ = rx.recv() => 2, _ = after(Duration::from_millis(2)) => 3 };
    assert_eq!(chosen, 3);
    let (tx, rx) = net.unbounded();
    let mut chosen = Vec::new();
    for _ in 0..4 {
        chosen.push(alt! { _ = tx.send(1) => 's', _ = rx.recv() => 'r' });
        net.settle().await;
    }
    assert_eq!(chosen, ['s', 'r', 's', 'r']);
}

/// select.rs: matching. Many choices, each with both ends of one channel, pair up; none with itself.
async fn matching<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.channel();
    let pairs = (0..44).map(|me| net.start(matches(me, tx.clone(), rx.clone())));
    let received = ends(pairs.collect::<Vec<_>>()).await;
    assert_eq!(received.iter().filter(|received| **received).count(), 22);
    assert!(rx.try_recv().is_err());
}

async fn matches(me: usize, tx: rendez::Sender<usize>, rx: Receiver<usize>) -> bool {
    alt! {
        got = rx.recv() => { assert_ne!(got.unwrap(), me, "it received from itself"); true },
        sent = tx.send(me) => { sent.unwrap(); false },
    }
}

/// select.rs: matching_with_leftover. One is left over, and a plain send finds it.
async fn matching_with_leftover<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.channel();
    let pairs: Vec<_> = (0..45).map(|me| net.start(matches(me, tx.clone(), rx.clone()))).collect();
    tx.send(usize::MAX).await.unwrap();
    let received = ends(pairs).await;
    assert_eq!(received.iter().filter(|received| **received).count(), 23);
    assert!(rx.try_recv().is_err());
}

/// select.rs: linearizable_try; select_macro.rs: linearizable_default. A reusable choice looks at all of its guards at one
/// instant.
async fn linearizable_default<T: Transport>(net: Net<T>) {
    for _ in 0..scale(300) {
        let ((tx1, rx1), (tx2, rx2)) = (net.bounded(1), net.bounded(1));
        tx1.send(1).await.unwrap();
        net.settle().await;
        let guards = [rx2.clone(), rx1.clone()];
        let chooser = net.start(async move {
            let mut alt = Alt::new();
            for guard in &guards {
                alt.receive(guard, |got| got.is_ok());
            }
            alt.try_next()
        });
        tx2.send(1).await.unwrap();
        net.settle().await;
        let _ = rx1.try_recv();
        assert!(chooser.end().await.is_some(), "one was ready all the time");
    }
}

/// select.rs, select_macro.rs: linearizable_timeout. A time that has passed does not beat a guard that is ready.
async fn linearizable_timeout<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.bounded(1);
    for n in 0..20 {
        tx.send(n).await.unwrap();
        net.settle().await;
        let chosen = alt! { pri; got = rx.recv() => got.ok(), _ = after(Duration::ZERO) => None };
        assert_eq!(chosen, Some(n));
        let chosen = alt! { pri; got = rx.recv() => got.ok(), _ = after(Duration::ZERO) => None };
        assert_eq!(chosen, None);
    }
}

/// select.rs: fairness1; select_macro.rs: fairness_recv, fairness_send. Receives, sends and a time that has passed.
async fn fairness_of_all_that_stay_ready<T: Transport>(net: Net<T>) {
    const TURNS: usize = 40;
    let ((tx1, rx1), (tx2, rx2), (tx3, _held)) = (net.bounded(TURNS), net.unbounded(), net.unbounded());
    for _ in 0..TURNS {
        tx1.send(()).await.unwrap();
        tx2.send(()).await.unwrap();
    }
    net.settle().await;
    let mut counts = [0; 4];
    for _ in 0..TURNS {
        let served = alt! {
            _ = rx1.recv() => 0,
            _ = rx2.recv() => 1,
            _ = tx3.send(()) => 2,
            _ = future(ready(())) => 3,
        };
        counts[served] += 1;
    }
    assert_eq!(counts, [TURNS / 4; 4]);
}

/// select.rs: fairness2. Partners that come again as soon as they were served.
async fn fairness_of_processes_that_come_and_go<T: Transport>(net: Net<T>) {
    const TURNS: usize = 30;
    let (txs, rxs) = net.many(3, 0);
    let mut senders: Vec<_> = txs.iter().map(|tx| Task::waiting(tx.send(()))).collect();
    let mut counts = [0; 3];
    for _ in 0..TURNS {
        net.settle().await;
        let (served, _) = receive_any(&rxs).await;
        net.settle().await;
        assert_eq!(senders[served].done(), Ok(()));
        senders[served] = Task::waiting(txs[served].send(()));
        counts[served] += 1;
    }
    assert_eq!(counts, [TURNS / 3; 3]);
}

/// select_macro.rs: unfairness.
async fn unfairness<T: Transport>(net: Net<T>) {
    let ((tx1, rx1), (tx2, rx2), (_tx3, rx3)) = (net.unbounded(), net.unbounded(), net.unbounded::<u8>());
    for n in 0..10 {
        tx1.send(n).await.unwrap();
        tx2.send(n).await.unwrap();
    }
    net.settle().await;
    let mut order = Vec::new();
    for _ in 0..20 {
        order.push(alt! { pri; _ = rx1.recv() => 1, _ = rx2.recv() => 2, _ = rx3.recv() => 3 });
    }
    assert_eq!(order, [[1; 10], [2; 10]].concat());
}

/// select_macro.rs: unfairness_timeout, unfairness_try.
async fn unfairness_timeout_and_try<T: Transport>(net: Net<T>) {
    let ((tx1, rx1), (tx2, rx2)) = (net.unbounded(), net.unbounded());
    for n in 0..5 {
        tx1.send(n).await.unwrap();
        tx2.send(n).await.unwrap();
    }
    net.settle().await;
    let mut order = Vec::new();
    for _ in 0..11 {
        order.push(alt! { pri; _ = rx1.recv() => 1, _ = rx2.recv() => 2, else => 3 });
    }
    assert_eq!(order, [vec![1; 5], vec![2; 5], vec![3]].concat());
    let chosen = alt! { pri; _ = rx1.recv() => 1, _ = rx2.recv() => 2, _ = after(Duration::from_millis(1)) => 3 };
    assert_eq!(chosen, 3);
}

/// select.rs: reuse. One choice, used again and again, with a send that is added anew each time.
async fn reuse<T: Transport>(net: Net<T>) {
    const TURNS: usize = scale(200);
    let ((a_tx, a), (b_tx, b), (step, stepped)) = (net.channel(), net.channel(), net.bounded(9));
    let peer = net.start(async move {
        for turn in 0..TURNS {
            a_tx.send(turn).await.unwrap();
            assert_eq!(b.recv().await, Ok(turn));
            stepped.recv().await.unwrap();
        }
    });
    let mut alt = Alt::new();
    alt.receive(&a, |got| got.ok());
    for turn in 0..TURNS {
        alt.send(&b_tx, turn, |sent| sent.map(|()| usize::MAX).ok());
        let mut given = [alt.next().await.flatten(), alt.next().await.flatten()];
        given.sort_unstable();
        assert_eq!(given, [Some(turn), Some(usize::MAX)]);
        step.send(()).await.unwrap();
    }
    drop(alt);
    peer.end().await;
}

/// select_macro.rs: evaluate, once_receiver, once_sender. Guards are made once each, in the order they are written.
async fn evaluate_once_in_order<T: Transport>(net: Net<T>) {
    let ((tx, rx), (_quiet_tx, quiet)) = (net.bounded(1), net.channel::<u8>());
    let order = std::sync::Mutex::new(Vec::new());
    let note = |number| order.lock().unwrap().push(number);
    alt! {
        _ = { note(1); quiet.recv() } => panic!("it is quiet"),
        sent = tx.send({ note(2); 7 }) => { note(4); sent.unwrap() },
        _ = { note(3); quiet.recv() } => panic!("it is quiet"),
    }
    assert_eq!(*order.lock().unwrap(), [1, 2, 3, 4]);
    assert_eq!(rx.recv().await, Ok(7));
}

/// select_macro.rs: result_types, infer_types, references. Outcomes of different types, and bodies that agree on one.
async fn result_types<T: Transport>(net: Net<T>) {
    let ((text_tx, text), (number_tx, number)) = (net.bounded(1), net.bounded(1));
    text_tx.send("seven".to_owned()).await.unwrap();
    let mut lengths = Vec::new();
    for _ in 0..2 {
        let length: usize = alt! {
            got = text.recv() => got.map_or(0, |text| text.len()),
            got = number.next() => got.unwrap().unwrap_or_default(),
        };
        lengths.push(length);
        number_tx.send(9).await.unwrap_or_default();
        if lengths.len() == 1 {
            net.settle().await;
        }
    }
    assert_eq!(lengths, [5, 9]);
}
