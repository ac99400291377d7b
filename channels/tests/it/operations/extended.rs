//! The extended rendezvous: a sender is held until its receiver has acted.

use crate::support::{Either, Task, either};
use rendez::{Alt, Extended, Receiver, TrySendError, channel, channel_bounded};
use std::sync::atomic::{AtomicBool, Ordering};

/// The ways to let a sender go on.
const LET_GO: [fn(Extended<u8>); 3] = [Extended::release, drop, |held| assert_eq!(held.into_value(), 1)];

#[test]
fn a_sender_that_waits_is_held_until_it_is_let_go() {
    for let_go in LET_GO {
        let (tx, rx) = channel();
        let mut send = Task::waiting(tx.send(1));
        let held = Task::new(rx.recv_extended()).done().unwrap();
        assert_eq!(*held, 1);
        assert!(!send.is_woken());
        assert!(send.poll().is_pending());
        let_go(held);
        assert!(send.is_woken());
        assert_eq!(send.done(), Ok(()));
    }
}

#[test]
fn a_sender_that_comes_later_is_held_until_it_is_let_go() {
    for let_go in LET_GO {
        let (tx, rx) = channel();
        let mut receive = Task::waiting(rx.recv_extended());
        let mut send = Task::waiting(tx.send(1));
        assert!(receive.is_woken());
        let held = receive.done().unwrap();
        assert!(send.poll().is_pending());
        let_go(held);
        assert!(send.is_woken());
        assert_eq!(send.done(), Ok(()));
    }
}

#[test]
fn the_value_may_be_changed_while_its_sender_is_held() {
    let (tx, rx) = channel();
    let _send = Task::waiting(tx.send(vec![1]));
    let mut held = Task::new(rx.recv_extended()).done().unwrap();
    held.push(2);
    assert_eq!(held.into_value(), [1, 2]);
}

#[test]
fn who_tries_to_send_is_not_held() {
    let (tx, rx) = channel();
    let mut receive = Task::waiting(rx.recv_extended());
    tx.try_send(1).unwrap();
    let held = receive.done().unwrap();
    assert!(matches!(tx.try_send(2), Err(TrySendError::Full(2))), "nobody receives while the first is acted on");
    held.release();
}

#[test]
fn who_has_sent_into_a_buffer_has_gone_on() {
    let (tx, rx) = channel_bounded(1);
    assert_eq!(Task::new(tx.send(1)).done(), Ok(()));
    let mut second = Task::waiting(tx.send(2));
    let held = Task::new(rx.recv_extended()).done().unwrap();
    assert_eq!(second.done(), Ok(()), "its value took the place that became free");
    assert_eq!(held.into_value(), 1);
}

#[test]
fn a_slot_is_empty_while_its_sender_is_held() {
    let (tx, rx) = channel();
    let mut slot = Some(1);
    {
        let mut send = Task::waiting(tx.send_from(&mut slot));
        let held = Task::new(rx.recv_extended()).done().unwrap();
        assert!(send.poll().is_pending());
        drop(send); // the sender does not wait for the act
        assert_eq!(held.into_value(), 1);
    }
    assert_eq!(slot, None, "it was sent");
}

#[test]
fn poison_and_retirement_do_not_undo_what_was_committed() {
    let ends: [fn(Receiver<u8>); 2] = [|rx| rx.poison("broken"), drop];
    for end in ends {
        let (tx, rx) = channel();
        let mut send = Task::waiting(tx.send(1));
        let held = Task::new(rx.recv_extended()).done().unwrap();
        end(rx);
        assert!(send.poll().is_pending(), "the receiver still acts");
        held.release();
        assert_eq!(send.done(), Ok(()));
        assert!(tx.try_send(2).is_err());
    }
}

#[test]
fn a_choice_that_has_sent_is_held_and_commits_to_nothing_else() {
    let (tx, rx) = channel();
    let (other_tx, other) = channel::<u8>();
    let mut choice = Task::waiting(either(tx.send(1), other.recv()));
    let held = Task::new(rx.recv_extended()).done().unwrap();
    assert!(choice.poll().is_pending());
    assert!(other_tx.try_send(9).is_err(), "it is committed elsewhere");
    held.release();
    assert!(choice.is_woken());
    assert_eq!(choice.done(), Either::First(Ok(())));
}

#[test]
fn a_choice_that_comes_to_send_is_held() {
    let (tx, rx) = channel();
    let (_other_tx, other) = channel::<u8>();
    let mut receive = Task::waiting(rx.recv_extended());
    let mut choice = Task::waiting(either(tx.send(1), other.recv()));
    receive.done().unwrap().release();
    assert!(choice.is_woken());
    assert_eq!(choice.done(), Either::First(Ok(())));
}

#[test]
fn a_reusable_choice_that_has_sent_is_held_over_a_dropped_wait() {
    let (tx, rx) = channel();
    let mut alt = Alt::new();
    alt.send(&tx, 1, |sent| sent);
    let wait = Task::waiting(alt.next());
    let held = Task::new(rx.recv_extended()).done().unwrap();
    drop(wait);
    assert_eq!(alt.try_next(), None, "the receiver still acts");
    held.release();
    assert_eq!(alt.try_next(), Some(Ok(())));
    assert!(alt.is_empty());
}

#[test]
fn a_choice_may_hold_whom_it_receives_from() {
    for sender_is_first in [true, false] {
        let (tx, rx) = channel();
        let (_idle_tx, idle) = channel::<u8>();
        let mut send = Task::new(tx.send(1));
        let mut choice = Task::new(either(rx.recv_extended(), idle.recv()));
        if sender_is_first {
            assert!(send.poll().is_pending());
        } else {
            assert!(choice.poll().is_pending());
            assert!(send.poll().is_pending());
        }
        let Either::First(Ok(held)) = choice.done() else { panic!("the first is ready") };
        drop(choice);
        assert!(send.poll().is_pending(), "sender first: {sender_is_first}");
        held.release();
        assert_eq!(send.done(), Ok(()));
    }
}

#[test]
fn a_dropped_receive_lets_its_sender_go_on_and_the_value_goes_to_the_next() {
    let (tx, rx) = channel();
    let receive = Task::waiting(rx.recv_extended());
    let mut send = Task::waiting(tx.send(1));
    drop(receive);
    assert!(send.is_woken());
    assert_eq!(send.done(), Ok(()));
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn a_dropped_receive_hands_on_to_one_that_waits_and_nobody_is_held() {
    let (tx, rx) = channel();
    let first = Task::waiting(rx.recv_extended());
    let mut second = Task::waiting(rx.recv_extended());
    let mut send = Task::waiting(tx.send(1));
    drop(first);
    assert_eq!(send.done(), Ok(()), "it had sent to one that is gone");
    assert!(second.is_woken());
    assert_eq!(second.done().unwrap().into_value(), 1);
}

#[test]
fn a_dropped_choice_that_was_served_lets_its_sender_go_on() {
    let (tx, rx) = channel();
    let (_idle_tx, idle) = channel::<u8>();
    let choice = Task::waiting(either(rx.recv_extended(), idle.recv()));
    let mut send = Task::waiting(tx.send(1));
    drop(choice);
    assert_eq!(send.done(), Ok(()));
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn a_removed_guard_that_was_served_lets_its_sender_go_on() {
    let (tx, rx) = channel();
    let mut alt = Alt::new();
    let id = alt.once(rx.recv_extended(), |held| held.map(Extended::into_value));
    let wait = Task::waiting(alt.next());
    let mut send = Task::waiting(tx.send(1));
    drop(wait);
    assert!(send.poll().is_pending(), "the next wait would give it");
    assert!(alt.remove(id));
    assert_eq!(send.done(), Ok(()));
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn a_thread_is_held_too() {
    static ACTED: AtomicBool = AtomicBool::new(false);
    let (tx, rx) = channel();
    let sender = std::thread::spawn(move || {
        tx.send_blocking(1).unwrap();
        ACTED.load(Ordering::Acquire)
    });
    let held = rendez::block_on(rx.recv_extended()).unwrap().unwrap();
    // Release: pairs with the Acquire of the sender, which must not read before.
    ACTED.store(true, Ordering::Release);
    held.release();
    assert!(sender.join().unwrap(), "the act was part of the communication");
}
