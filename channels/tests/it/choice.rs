//! Choice over guards, one task at a time.

use crate::support::{Either, Woken, arms, choose_now, either, poll_once};
use rendez::__private::{Arm, Guard};
use rendez::{channel, channel_bounded, future};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

#[test]
fn of_guards_that_stay_ready_each_is_served_in_turn() {
    let ends: Vec<_> = (0..4).map(|_| channel_bounded(100)).collect();
    for (tx, _) in &ends {
        (0..100).for_each(|n| tx.try_send(n).unwrap());
    }
    for _ in 0..25 {
        let mut served = Vec::new();
        for _ in 0..4 {
            let mut guards: Vec<_> = ends.iter().map(|(_, rx)| Box::pin(rx.recv())).collect();
            let Poll::Ready(number) = choose_now(&mut arms(&mut guards)) else { panic!("all are ready") };
            served.push(number);
        }
        served.sort_unstable();
        assert_eq!(served, [0, 1, 2, 3]);
    }
}

#[test]
fn a_choice_that_holds_both_ends_never_meets_itself() {
    let (tx, rx) = channel();
    let (mut send, mut recv) = (pin!(tx.send(1)), pin!(rx.recv()));
    assert!(choose_now(&mut [Some(send.as_mut()), Some(recv.as_mut())]).is_pending());
}

#[test]
fn a_choice_that_holds_both_ends_sleeps() {
    let (tx, rx) = channel();
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut both = pin!(either(tx.send(1), rx.recv()));
    for _ in 0..3 {
        assert!(both.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert!(!woken.is_woken());
    }
}

#[test]
fn two_choices_meet() {
    let (a_tx, a_rx) = channel();
    let (_b_tx, b_rx) = channel::<u32>();
    let (mut send, mut idle) = (pin!(a_tx.send(5)), pin!(b_rx.recv()));
    let mut left: [Arm<'_>; 2] = [Some(send.as_mut()), Some(idle.as_mut())];
    let mut waiting = pin!(rendez::__private::choose(&mut left, rendez::__private::Order::Fair, false));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    let mut recv = Box::pin(a_rx.recv());
    assert_eq!(choose_now(&mut [Some(recv.as_mut())]), Poll::Ready(0));
    assert_eq!(recv.as_mut().output(), Ok(5));
    assert_eq!(waiting.as_mut().poll(&mut cx), Poll::Ready(0));
}

#[test]
fn a_value_sent_while_the_receiving_choice_is_claimed_is_not_overtaken() {
    let (tx, rx) = channel_bounded(2);
    let mut polls = 0;
    let sends_while_it_is_polled = poll_fn(|_| {
        polls += 1;
        if polls == 2 {
            tx.try_send(1).unwrap(); // the choice is claimed now: the value goes into the buffer
        }
        Poll::<()>::Pending
    });
    let mut waiting = pin!(either(rx.recv(), future(sends_while_it_is_polled)));
    assert!(poll_once(&mut waiting).is_pending());
    assert!(poll_once(&mut waiting).is_pending());
    tx.try_send(2).unwrap();
    assert_eq!(poll_once(&mut waiting), Poll::Ready(Either::First(Ok(1))));
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn a_receive_that_was_polled_and_served_may_still_become_a_guard() {
    let (tx, rx) = channel_bounded(2);
    let (_idle_tx, idle) = channel::<u32>();
    let mut recv = Box::pin(rx.recv());
    assert!(poll_once(&mut recv).is_pending());
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    let chosen = poll_once(&mut pin!(either(recv, idle.recv())));
    assert_eq!(chosen, Poll::Ready(Either::First(Ok(1))));
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn a_receive_that_was_polled_and_became_a_guard_stands_in_line_once() {
    let (tx, rx) = channel();
    let (_idle_tx, idle) = channel::<u32>();
    let mut recv = Box::pin(rx.recv());
    assert!(poll_once(&mut recv).is_pending());
    let mut waiting = Box::pin(either(recv, idle.recv()));
    assert!(poll_once(&mut waiting).is_pending());
    drop(waiting);
    assert!(tx.try_send(1).is_err(), "nobody receives any more");
}

#[test]
fn a_send_that_was_polled_may_still_become_a_guard() {
    let (tx, rx) = channel();
    let (idle_tx, _idle) = channel::<u32>();
    let (mut taken, mut waiting) = (Box::pin(tx.send(1)), Box::pin(tx.send(2)));
    assert!(poll_once(&mut taken).is_pending());
    assert!(poll_once(&mut waiting).is_pending());
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(poll_once(&mut pin!(either(taken, idle_tx.send(0)))), Poll::Ready(Either::First(Ok(()))));
    let mut chosen = pin!(either(waiting, idle_tx.send(0)));
    assert!(poll_once(&mut chosen).is_pending());
    assert_eq!(rx.try_recv(), Ok(2));
    assert_eq!(poll_once(&mut chosen), Poll::Ready(Either::First(Ok(()))));
    assert!(rx.try_recv().is_err(), "each was sent once");
}

/// A receiving choice that is claimed while `meanwhile` runs, at its second poll.
async fn claimed_once(rx: &rendez::Receiver<u32>, meanwhile: impl FnMut() + Send + Unpin) -> Option<u32> {
    let (mut polls, mut meanwhile) = (0, meanwhile);
    let future = future(poll_fn(move |_| {
        polls += 1;
        if polls == 2 {
            meanwhile();
        }
        Poll::<()>::Pending
    }));
    match either(rx.recv(), future).await {
        Either::First(received) => received.ok(),
        Either::Second(()) => None,
    }
}

#[test]
fn a_sender_that_comes_while_a_choice_is_claimed_is_met_when_it_looks_again() {
    let (tx, rx) = channel();
    let mut plain = Box::pin(tx.send(1));
    assert_eq!(met_while_claimed(&rx, || assert!(poll_once(&mut plain).is_pending())), Some(1));
    assert_eq!(poll_once(&mut plain), Poll::Ready(Ok(())));
}

#[test]
fn a_choice_that_comes_while_another_is_claimed_is_met_when_it_looks_again() {
    let (tx, rx) = channel();
    let (idle_tx, _idle_rx) = channel();
    let mut choosing = Box::pin(either(tx.send(2), idle_tx.send(0)));
    assert_eq!(met_while_claimed(&rx, || assert!(poll_once(&mut choosing).is_pending())), Some(2));
    assert_eq!(poll_once(&mut choosing), Poll::Ready(Either::First(Ok(()))));
}

/// What a receiving choice gets that is claimed while `meanwhile` runs.
fn met_while_claimed(rx: &rendez::Receiver<u32>, meanwhile: impl FnMut() + Send + Unpin) -> Option<u32> {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    let mut waiting = pin!(claimed_once(rx, meanwhile));
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    assert!(woken.is_woken(), "somebody met it while it was claimed");
    match waiting.as_mut().poll(&mut cx) {
        Poll::Ready(received) => received,
        Poll::Pending => panic!("it finds who came"),
    }
}

/// One of the two inputs is ready at every instant, so `else` is never right; here the change falls between the looks at
/// the first and the second.
#[test]
fn else_is_taken_only_when_at_one_moment_nothing_was_ready() {
    let ((tx1, rx1), (tx2, rx2)) = (channel_bounded(1), channel_bounded(1));
    tx1.try_send(1).unwrap();
    let meanwhile = future(poll_fn(|_| {
        tx2.try_send(2).unwrap();
        rx1.try_recv().unwrap();
        Poll::<()>::Pending
    }));
    let mut guards: [Arm<'_>; 3] = [Some(pin!(rx2.recv())), Some(pin!(meanwhile)), Some(pin!(rx1.recv()))];
    assert_ne!(
        poll_once(&mut pin!(rendez::__private::choose(&mut guards, rendez::__private::Order::Listed, true))),
        Poll::Ready(rendez::__private::ELSE)
    );
}
