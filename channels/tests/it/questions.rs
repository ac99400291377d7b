//! The questions that CSP libraries have answered wrongly, Q1 to Q18, as far as they are about channels of one node.
//!
//! Q1 is a compile-fail example of `Sender::retire`; Q14 is in `stress`, Q3 and Q15 are in `timers`, Q12 in `rendezvous`.

use crate::support::{Either, arms, choose_now, either, poll_once};
use rendez::__private::{ELSE, Order, choose};
use rendez::{Ended, Receiver, TryRecvError, TrySendError, channel, channel_bounded};
use std::pin::pin;
use std::task::Poll;

#[test]
fn q2_a_poisoned_channel_accepts_nothing_more() {
    let (tx, rx) = channel_bounded(5);
    let other = tx.clone();
    tx.try_send(1).unwrap();
    tx.poison("stop");
    assert!(matches!(other.try_send(10), Err(TrySendError::Ended(error)) if error.value == 10));
    assert!(matches!(rx.try_recv(), Err(TryRecvError::Ended(Ended::Poisoned(_)))), "at once, not behind the buffer");
    assert_eq!(rx.undelivered(), [1]);
}

#[test]
fn q4_a_thread_that_panics_does_not_leave_its_peer_waiting() {
    let (tx, rx) = channel_bounded::<u8>(1);
    let peer = std::thread::spawn(move || rx.recv_blocking());
    let dying = std::thread::spawn(move || {
        let _mine = tx;
        std::panic::resume_unwind(Box::new("a bug"));
    });
    assert!(dying.join().is_err());
    let Err(Ended::Poisoned(poison)) = peer.join().unwrap() else { panic!("the peer sees poison") };
    assert_eq!(poison.cause, "a panic");
}

#[test]
fn q5_poison_in_a_choice_names_the_channel_and_leaves_the_others_alone() {
    let (a_tx, a) = channel_bounded::<u8>(1);
    let (b_tx, b) = channel_bounded(1);
    a_tx.set_name("a");
    let mut waiting = Box::pin(either(a.recv(), b.recv()));
    assert!(poll_once(&mut waiting).is_pending());
    a_tx.poison("broken");
    let Poll::Ready(Either::First(Err(Ended::Poisoned(poison)))) = poll_once(&mut waiting) else { panic!("poisoned") };
    assert_eq!((poison.channel.as_str(), poison.cause.as_str()), ("a", "broken"));
    b_tx.try_send(1).unwrap();
    assert_eq!(b.try_recv(), Ok(1));
}

#[test]
fn q6_an_ended_channel_is_an_event_of_its_own_guard() {
    let (a_tx, a) = channel_bounded::<u8>(1);
    let (b_tx, b) = channel_bounded(4);
    a_tx.retire();
    (0..4).for_each(|n| b_tx.try_send(n).unwrap());
    let chosen: Vec<_> = (0..4).filter_map(|_| received_second(&a, &b)).collect();
    assert_eq!(chosen, [0, 1], "every other choice is b's");
}

/// What a fair choice received from the second of two, if it was the second's turn.
fn received_second(a: &Receiver<u8>, b: &Receiver<u8>) -> Option<u8> {
    match poll_once(&mut pin!(either(a.next(), b.recv()))) {
        Poll::Ready(Either::First(ended)) => {
            assert_eq!(ended, Ok(None));
            None
        }
        Poll::Ready(Either::Second(received)) => received.ok(),
        Poll::Pending => panic!("both are ready"),
    }
}

#[test]
fn q7_what_the_last_receiver_leaves_behind_can_be_taken_back() {
    let (tx, rx) = channel_bounded(3);
    (0..3).for_each(|n| tx.try_send(n).unwrap());
    assert_eq!(tx.undelivered(), [0; 0], "a receiver may still take them");
    rx.retire();
    assert_eq!(tx.inspect().depth, 3, "they are counted");
    assert_eq!(tx.undelivered(), [0, 1, 2]);
}

#[test]
fn q8_a_retired_sender_s_buffer_is_drained_first() {
    let (tx, rx) = channel_bounded(3);
    (0..3).for_each(|n| tx.try_send(n).unwrap());
    tx.retire();
    let drained: Vec<_> = std::iter::from_fn(|| rx.next_blocking().unwrap()).collect();
    assert_eq!(drained, [0, 1, 2]);
}

#[test]
fn q9_a_moved_end_keeps_its_count_and_a_clone_adds_one() {
    let (tx, rx) = channel_bounded::<u8>(1);
    let (carrier, post) = channel_bounded(1);
    let clone = tx.clone();
    carrier.try_send(clone).unwrap();
    assert_eq!(rx.inspect().senders.count, 2);
    let moved = post.try_recv().unwrap();
    tx.retire();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "the clone keeps the channel open");
    moved.try_send(7).unwrap();
    moved.retire();
    assert_eq!(rx.next_blocking(), Ok(Some(7)));
    assert_eq!(rx.next_blocking(), Ok(None));
}

#[test]
fn q10_else_never_beats_a_ready_guard() {
    let (tx, rx) = channel_bounded(1);
    for order in [Order::Fair, Order::Listed] {
        for n in 0..50 {
            tx.try_send(n).unwrap();
            assert_eq!(poll_once(&mut pin!(choose(&mut [Some(pin!(rx.recv()))], order, true))), Poll::Ready(0));
            assert_eq!(poll_once(&mut pin!(choose(&mut [Some(pin!(rx.recv()))], order, true))), Poll::Ready(ELSE));
        }
    }
}

#[test]
fn q11_a_guard_that_joins_late_is_served_within_n_choices_and_no_more_than_its_share() {
    let ends: Vec<_> = (0..3).map(|_| channel_bounded(100)).collect();
    ends.iter().for_each(|(tx, _)| (0..100).for_each(|n| tx.try_send(n).unwrap()));
    let served = |taking_part: usize| {
        let mut guards: Vec<_> = ends[..taking_part].iter().map(|(_, rx)| Box::pin(rx.recv())).collect();
        match choose_now(&mut arms(&mut guards)) {
            Poll::Ready(number) => number,
            Poll::Pending => panic!("all are ready"),
        }
    };
    assert_eq!((0..40).filter(|_| served(2) == 0).count(), 20);
    let mut after: Vec<_> = (0..30).map(|_| served(3)).collect();
    for window in after.windows(3) {
        assert!((0..3).all(|guard| window.contains(&guard)), "{after:?}");
    }
    after.retain(|guard| *guard == 2);
    assert_eq!(after.len(), 10);
}

#[test]
fn q13_an_end_that_is_held_for_late_comers_keeps_the_channel() {
    let (join, rx) = channel_bounded(4);
    for writer in 0..3 {
        let tx = join.clone();
        tx.try_send(writer).unwrap();
        tx.retire();
    }
    assert_eq!((0..3).map(|_| rx.try_recv().unwrap()).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "it is not retired between writers");
    join.retire();
    assert_eq!(rx.next_blocking(), Ok(None));
}

#[test]
fn an_uncommitted_send_of_a_rendezvous_counts_for_nothing() {
    let (tx, rx) = channel::<u8>();
    let mut choosing = Box::pin(either(tx.send(1), tx.closed()));
    assert!(poll_once(&mut choosing).is_pending());
    assert_eq!(rx.inspect().sent, 0);
    drop(choosing);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
}
