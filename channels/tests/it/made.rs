//! Values that are put together where they stay, and several that are taken at once: the short ways of mailboxes, which do what sends and
//! receives do or nothing.

use crate::support::Task;
use rendez::{channel, channel_bounded, channel_unbounded};
use std::collections::VecDeque;
use std::task::Poll;

/// It was not made.
fn unmade() -> u8 {
    panic!("there is nothing to be done with it")
}

#[test]
fn what_is_made_goes_to_who_waits_for_it() {
    let (tx, rx) = channel();
    let mut receive = Task::waiting(rx.recv());
    assert!(tx.send_made(|| 7).is_ok());
    assert!(receive.is_woken());
    assert_eq!(receive.poll(), Poll::Ready(Ok(7)));
}

#[test]
fn what_is_made_goes_behind_what_is_there() {
    let (tx, rx) = channel_unbounded();
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    assert!(tx.send_made(|| 3).is_ok());
    assert_eq!(rx.try_iter().collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn nothing_is_made_where_there_is_nobody_and_no_room() {
    let (tx, _rx) = channel();
    assert!(tx.send_made(unmade).is_err());
    let (tx, _rx) = channel_bounded(1);
    tx.try_send(1).unwrap();
    assert!(tx.send_made(unmade).is_err());
}

#[test]
fn nothing_is_made_for_a_channel_that_has_ended() {
    let (tx, rx) = channel_unbounded();
    for n in 0..4 {
        tx.try_send(n).unwrap();
    }
    drop(rx);
    assert!(tx.send_made(unmade).is_err());
    let (tx, rx) = channel_unbounded();
    for n in 0..4 {
        tx.try_send(n).unwrap();
    }
    rx.poison("bad");
    assert!(tx.send_made(unmade).is_err());
}

#[test]
fn nothing_is_made_where_a_place_is_promised() {
    let (tx, _rx) = channel_bounded(4);
    tx.try_send(1).unwrap();
    let _places: Vec<_> = (0..3).map(|_| tx.try_reserve().unwrap()).collect();
    assert!(tx.send_made(unmade).is_err());
}

#[test]
fn as_many_are_taken_at_once_as_wanted_in_their_order() {
    let (tx, rx) = channel_unbounded();
    (0..5).for_each(|n| tx.try_send(n).unwrap());
    let mut taken = VecDeque::from([9]);
    rx.take_buffered(&mut taken, 3);
    assert_eq!(taken, [9, 0, 1, 2]);
    rx.take_buffered(&mut taken, 3);
    assert_eq!(taken, [9, 0, 1, 2, 3, 4]);
    assert!(rx.try_recv().is_err());
}

#[test]
fn nothing_is_taken_at_once_where_somebody_waits_to_send() {
    let (tx, rx) = channel_bounded(1);
    tx.try_send(1).unwrap();
    let _send = Task::waiting(tx.send(2));
    let mut taken = VecDeque::new();
    rx.take_buffered(&mut taken, 2);
    assert!(taken.is_empty(), "who waits would not be let in");
    assert_eq!(rx.try_iter().collect::<Vec<_>>(), [1, 2]);
}
