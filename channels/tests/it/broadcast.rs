//! Broadcast, watch and oneshot: who receives what, what a slow receiver does, and how they end.

use crate::support::{Either, Woken, either, poll_once, scale};
use rendez::{
    Delivery, Ended, OneshotSender, Overflow, TryRecvError, TrySendError, block_on, broadcast, broadcast_with, oneshot,
    watch,
};
use rendez_model::ProcessId;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;

#[test]
fn each_receiver_gets_each_value_in_order() {
    let (tx, a) = broadcast(4);
    let b = tx.subscribe();
    (0..4).for_each(|n| tx.try_send(n).unwrap());
    for rx in [&a, &b] {
        let got: Vec<_> = (0..4).map(|_| *rx.try_recv().unwrap()).collect();
        assert_eq!(got, [0, 1, 2, 3]);
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    }
    let seen = tx.inspect();
    assert_eq!((seen.delivery, seen.sent, seen.received, seen.depth), (Delivery::All, 4, 8, 0));
}

#[test]
fn a_sender_waits_for_the_slowest_receiver() {
    let (tx, fast) = broadcast(1);
    let slow = fast.clone();
    tx.try_send(1).unwrap();
    assert_eq!(*fast.try_recv().unwrap(), 1);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    let mut send = pin!(tx.send(2));
    assert!(send.as_mut().poll(&mut cx).is_pending());
    assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));
    assert_eq!(*slow.try_recv().unwrap(), 1);
    assert!(woken.is_woken());
    assert_eq!(send.as_mut().poll(&mut cx), Poll::Ready(Ok(())));
    assert_eq!((*fast.try_recv().unwrap(), *slow.try_recv().unwrap()), (2, 2));
}

#[test]
fn a_receiver_that_goes_away_makes_room() {
    let (tx, fast) = broadcast(2);
    let slow = fast.clone();
    (0..2).for_each(|n| tx.try_send(n).unwrap());
    (0..2).for_each(|n| assert_eq!(*fast.try_recv().unwrap(), n));
    let mut send = pin!(tx.send(2));
    assert!(poll_once(&mut send).is_pending());
    drop(slow);
    assert_eq!(poll_once(&mut send), Poll::Ready(Ok(())));
    assert_eq!(tx.inspect().depth, 1);
}

#[test]
fn without_waiting_a_slow_receiver_misses_the_oldest_and_knows_how_many() {
    let (tx, fast) = broadcast_with(2, Overflow::DropOldest);
    let slow = fast.clone();
    for n in 0..5 {
        tx.try_send(n).unwrap();
        assert_eq!(*fast.try_recv().unwrap(), n);
    }
    let got: Vec<_> = std::iter::from_fn(|| slow.try_recv().ok().map(|n| *n)).collect();
    assert_eq!((got, slow.missed(), fast.missed()), (vec![3, 4], 3, 0));
    assert_eq!(tx.inspect().dropped, 3);
}

#[test]
fn the_other_policies_refuse_or_drop_the_newest() {
    let (tx, rx) = broadcast_with(1, Overflow::Fail);
    tx.try_send(1).unwrap();
    let refused = block_on(tx.send(2)).unwrap().unwrap_err();
    assert_eq!(*refused.value(), 2);
    assert!(matches!(refused.cause(), Ended::Overflow { .. }));
    assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));
    assert_eq!((*rx.try_recv().unwrap(), rx.try_recv().is_err()), (1, true));
    let (tx, rx) = broadcast_with(1, Overflow::DropNewest);
    (1..3).for_each(|n| tx.try_send(n).unwrap());
    assert_eq!((*rx.try_recv().unwrap(), rx.try_recv().is_err()), (1, true));
    let channel = tx.inspect();
    assert_eq!((channel.sent, channel.received, channel.depth, channel.dropped), (2, 1, 0, 1));
}

#[test]
fn receivers_read_what_is_left_and_then_see_it_retired() {
    let (tx, rx) = broadcast(0);
    let late = tx.subscribe();
    tx.try_send(7).unwrap();
    drop(tx);
    for rx in [rx, late] {
        assert_eq!(*rx.recv_blocking().unwrap(), 7);
        assert!(rx.recv_blocking().unwrap_err().is_retired());
        assert_eq!(block_on(rx.next()).unwrap(), Ok(None));
    }
}

#[test]
fn a_broadcast_without_receivers_is_over_until_somebody_subscribes() {
    let (tx, rx) = broadcast(3);
    drop(rx);
    let error = tx.send_blocking(1).unwrap_err();
    assert_eq!((*error.value(), error.cause().is_retired()), (1, true));
    let rx = tx.subscribe();
    tx.send_blocking(2).unwrap();
    assert_eq!(*rx.recv_blocking().unwrap(), 2);
}

#[test]
fn poison_reaches_both_sides_of_a_broadcast() {
    let (tx, rx) = broadcast(1);
    tx.try_send(1).unwrap();
    let mut send = pin!(tx.send(2));
    assert!(poll_once(&mut send).is_pending());
    rx.poison("worn out");
    let Poll::Ready(Err(error)) = poll_once(&mut send) else { panic!("poison is at once") };
    assert_eq!(*error.value(), 2);
    assert!(matches!(error.cause(), Ended::Poisoned(_)));
    assert!(matches!(rx.try_recv(), Err(TryRecvError::Ended(Ended::Poisoned(_)))));
}

#[test]
fn a_choice_sends_and_receives_by_broadcast_in_turn() {
    let (tx, a) = broadcast(1);
    let b = tx.subscribe();
    let mut turns = vec![];
    for n in 0..6 {
        turns.push(match block_on(either(tx.send(n), a.recv())).unwrap() {
            Either::First(sent) => sent.map(|()| 's').unwrap(),
            Either::Second(got) => got.map(|_| 'r').unwrap(),
        });
        let _ = b.try_recv();
    }
    assert_eq!(turns, ['s', 'r', 's', 'r', 's', 'r']);
}

#[test]
fn a_dropped_receive_has_read_nothing() {
    let (tx, rx) = broadcast(1);
    {
        let mut recv = pin!(rx.recv());
        assert!(poll_once(&mut recv).is_pending());
        tx.try_send(1).unwrap();
    }
    assert_eq!(*rx.try_recv().unwrap(), 1);
}

#[test]
fn threads_that_receive_a_broadcast_all_see_the_whole() {
    const VALUES: u64 = scale(2_000) as u64;
    let (tx, rx) = broadcast(3);
    let readers: Vec<_> = (0..3)
        .map(|_| rx.clone())
        .map(|rx| std::thread::spawn(move || std::iter::from_fn(|| rx.recv_blocking().ok().map(|n| *n)).sum::<u64>()))
        .collect();
    drop(rx);
    let senders =
        [tx.clone(), tx].map(|tx| std::thread::spawn(move || (0..VALUES).for_each(|n| tx.send_blocking(n).unwrap())));
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    for reader in readers {
        assert_eq!(reader.join().unwrap(), VALUES * (VALUES - 1));
    }
}

#[test]
fn a_watch_shows_the_latest_and_tells_of_a_change_once() {
    let (tx, rx) = watch('a');
    let other = rx.clone();
    assert!(rx.try_recv().is_err(), "the first value is no change");
    assert_eq!(*rx.latest(), 'a');
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut recv = pin!(rx.recv());
    assert!(recv.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    tx.send('b').unwrap();
    tx.send('c').unwrap();
    assert!(woken.is_woken());
    assert_eq!(poll_once(&mut recv), Poll::Ready(Ok(Arc::new('c'))));
    assert!(rx.try_recv().is_err());
    assert_eq!(*other.try_recv().unwrap(), 'c');
    assert!(tx.subscribe().try_recv().is_err());
}

#[test]
fn the_last_value_of_a_watch_is_seen_before_its_end() {
    let (tx, rx) = watch(0);
    tx.send(1).unwrap();
    drop(tx);
    assert_eq!(*rx.recv_blocking().unwrap(), 1);
    assert!(rx.recv_blocking().unwrap_err().is_retired());
    assert_eq!(*rx.latest(), 1);
}

#[test]
fn a_watch_without_receivers_and_a_poisoned_one_give_the_value_back() {
    let (tx, rx) = watch(0);
    drop(rx);
    assert_eq!(tx.send(1).unwrap_err().into_value(), 1);
    let rx = tx.subscribe();
    tx.send(2).unwrap();
    tx.poison("enough");
    assert!(matches!(tx.send(3).unwrap_err().into_cause(), Ended::Poisoned(_)));
    assert!(matches!(rx.recv_blocking(), Err(Ended::Poisoned(_))));
}

#[test]
fn a_oneshot_gives_its_value_or_tells_that_none_will_come() {
    let (tx, rx) = oneshot();
    tx.send(5).unwrap();
    assert_eq!(block_on(rx.recv()).unwrap(), Ok(5));
    let (tx, rx) = oneshot::<u8>();
    drop(tx);
    assert!(rx.recv_blocking().unwrap_err().is_retired());
    let (tx, rx) = oneshot();
    {
        let mut closed = pin!(tx.closed());
        assert!(poll_once(&mut closed).is_pending());
        drop(rx);
        assert!(matches!(poll_once(&mut closed), Poll::Ready(ended) if ended.is_retired()));
    }
    assert_eq!(tx.send(6).unwrap_err().into_value(), 6);
}

#[test]
fn a_oneshot_is_named_declared_and_poisoned_like_any_channel() {
    let (tx, rx) = oneshot::<u8>();
    tx.set_name("answer");
    tx.declare(ProcessId(7));
    assert_eq!((tx.name(), tx.id()), ("answer".to_owned(), rx.id()));
    assert_eq!((tx.inspect().senders.count, tx.inspect().senders.holders), (1, vec![ProcessId(7)]));
    tx.poison("no answer");
    assert!(matches!(rx.recv_blocking(), Err(Ended::Poisoned(_))));
    assert_eq!(tx.send(1).unwrap_err().into_value(), 1);
}

/// Answers when it is dropped.
struct Reply(Option<OneshotSender<u8>>);

impl Drop for Reply {
    fn drop(&mut self) {
        self.0.take().unwrap().send(1).unwrap();
    }
}

#[test]
fn a_oneshot_sent_on_the_way_out_of_a_panic_arrives() {
    let (answer, question) = oneshot();
    let reply = Reply(Some(answer));
    let panicked = thread::spawn(move || {
        let _reply = reply;
        resume_unwind(Box::new("a bug"));
    });
    assert!(panicked.join().is_err());
    assert_eq!(question.recv_blocking(), Ok(1));
    assert!(question.recv_blocking().unwrap_err().is_retired());
    let (unused, question) = oneshot::<u8>();
    let panicked = thread::spawn(move || {
        let _unused = unused;
        resume_unwind(Box::new("a bug"));
    });
    assert!(panicked.join().is_err());
    assert!(matches!(question.recv_blocking(), Err(Ended::Poisoned(_))), "no answer came");
}
