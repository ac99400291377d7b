//! Rendezvous, buffers, retire and poison, one task at a time.

use crate::support::poll_once;
use rendez::{Ended, channel, channel_bounded};
use std::pin::pin;
use std::task::Poll;

#[test]
fn a_send_does_not_complete_before_a_receive_has_committed() {
    let (tx, rx) = channel();
    let mut send = Box::pin(tx.send(1));
    assert!(poll_once(&mut send).is_pending());
    let mut recv = Box::pin(rx.recv());
    assert_eq!(poll_once(&mut recv), Poll::Ready(Ok(1)));
    assert_eq!(poll_once(&mut send), Poll::Ready(Ok(())));
}

#[test]
fn a_value_that_a_dropped_receive_was_served_goes_to_the_next_one_first() {
    let (tx, rx) = channel();
    let mut served = Box::pin(rx.recv());
    assert!(poll_once(&mut served).is_pending());
    assert_eq!(poll_once(&mut pin!(tx.send(1))), Poll::Ready(Ok(())));
    let mut second = Box::pin(tx.send(2));
    assert!(poll_once(&mut second).is_pending());
    drop(served);
    assert_eq!(rx.inspect().depth, 1, "it counts in the depth, at capacity 0 too");
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn a_dropped_send_from_leaves_its_value_in_the_slot() {
    let (tx, rx) = channel::<String>();
    let mut slot = Some("kept".to_owned());
    let mut send = Box::pin(tx.send_from(&mut slot));
    assert!(poll_once(&mut send).is_pending());
    drop(send);
    assert_eq!(slot.as_deref(), Some("kept"));
    assert!(rx.try_recv().is_err());
}

#[test]
fn the_receive_that_frees_a_place_moves_the_parked_senders_value() {
    let (tx, rx) = channel_bounded(1);
    assert_eq!(poll_once(&mut pin!(tx.send(1))), Poll::Ready(Ok(())));
    let mut parked = Box::pin(tx.send(2)); // nobody polls it again
    assert!(poll_once(&mut parked).is_pending());
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(rx.try_recv(), Ok(2));
    drop(parked);
    assert!(rx.try_recv().is_err(), "it was sent once");
}

#[test]
fn receivers_drain_and_then_see_the_channel_retired() {
    let (tx, rx) = channel_bounded(2);
    tx.try_send(1).unwrap();
    tx.retire();
    assert_eq!(rx.next_blocking(), Ok(Some(1)));
    assert_eq!(rx.next_blocking(), Ok(None));
}

#[test]
fn senders_see_the_last_receiver_go_at_once_with_their_value() {
    let (tx, rx) = channel();
    let mut send = Box::pin(tx.send("back"));
    assert!(poll_once(&mut send).is_pending());
    drop(rx);
    let Poll::Ready(Err(error)) = poll_once(&mut send) else { panic!("the send ends") };
    assert_eq!(*error.value(), "back");
    assert!(error.cause().is_retired());
}

#[test]
fn a_committed_match_beats_the_poison_that_comes_after_it() {
    let (tx, rx) = channel();
    let mut recv = Box::pin(rx.recv());
    assert!(poll_once(&mut recv).is_pending());
    assert_eq!(poll_once(&mut pin!(tx.send(7))), Poll::Ready(Ok(())));
    tx.poison("disk full");
    assert_eq!(poll_once(&mut recv), Poll::Ready(Ok(7)));
    let Err(Ended::Poisoned(poison)) = rx.recv_blocking() else { panic!("poisoned") };
    assert_eq!(poison.cause, "disk full");
}

#[test]
fn poison_wakes_who_waits_and_makes_buffered_values_undelivered() {
    let (tx, rx) = channel_bounded(2);
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    let mut parked = Box::pin(tx.send(3));
    assert!(poll_once(&mut parked).is_pending());
    rx.poison("no more");
    let Poll::Ready(Err(error)) = poll_once(&mut parked) else { panic!("the send ends") };
    assert_eq!(error.into_value(), 3);
    assert_eq!(tx.undelivered(), [1, 2]);
}
