//! What was sent and will not be received: who gets it back, and when.

use crate::support::Task;
use rendez::{Sender, channel, channel_bounded, channel_unbounded};
use std::sync::Arc;

#[test]
fn the_last_receiver_that_closes_takes_what_is_left() {
    let (tx, rx) = channel_unbounded();
    (0..3).for_each(|n| tx.try_send(n).unwrap());
    let other = rx.clone();
    assert_eq!(rx.close(), [0; 0], "the other may still receive them");
    assert_eq!(other.try_recv(), Ok(0));
    assert_eq!(other.close(), [1, 2]);
    assert_eq!(tx.undelivered(), [0; 0], "they were taken");
    assert!(tx.try_send(3).is_err());
}

#[test]
fn values_that_were_handed_back_come_first() {
    let (tx, rx) = channel_bounded(2);
    let first = Task::waiting(rx.recv());
    let second = Task::waiting(rx.recv());
    (0..4).for_each(|n| tx.try_send(n).unwrap());
    drop((second, first));
    assert_eq!(rx.inspect().depth, 4);
    assert_eq!(rx.close(), [0, 1, 2, 3], "in the order of their commits");
}

#[test]
fn a_send_that_waits_keeps_its_own_value() {
    let (tx, rx) = channel_bounded(1);
    tx.try_send(1).unwrap();
    let mut send = Task::waiting(tx.send(2));
    assert_eq!(rx.close(), [1]);
    assert!(send.is_woken());
    assert_eq!(send.done().unwrap_err().into_value(), 2);
}

#[test]
fn a_rendezvous_that_closes_has_nothing_left() {
    let (tx, rx) = channel();
    let mut send = Task::waiting(tx.send(1));
    assert_eq!(rx.close(), [0; 0]);
    assert_eq!(send.done().unwrap_err().into_value(), 1);
}

#[test]
fn what_is_handed_back_after_the_end_is_undelivered_too() {
    let (tx, rx) = channel();
    let served = Task::waiting(rx.recv());
    tx.try_send(1).unwrap();
    tx.poison("broken");
    assert_eq!(tx.undelivered(), [0; 0], "a receive has committed to it");
    drop(served);
    assert_eq!((tx.undelivered(), tx.undelivered()), (vec![1], vec![]));
}

#[test]
fn poison_and_loss_give_back_what_no_receive_had_committed_to() {
    let ends: [fn(&Sender<u8>); 2] = [|tx| tx.poison("broken"), |tx| tx.lose("depot", "gone")];
    for end in ends {
        let (tx, rx) = channel_bounded(3);
        (0..3).for_each(|n| tx.try_send(n).unwrap());
        assert_eq!(rx.try_recv(), Ok(0));
        end(&tx);
        assert_eq!(rx.inspect().depth, 2, "they are counted");
        assert_eq!(rx.undelivered(), [1, 2]);
        assert_eq!(rx.inspect().depth, 0);
    }
}

#[test]
fn what_nobody_takes_is_dropped_with_the_channel() {
    let value = Arc::new(());
    let (tx, rx) = channel_unbounded();
    let served = Task::waiting(rx.recv());
    (0..3).for_each(|_| tx.try_send(Arc::clone(&value)).unwrap());
    drop(served); // one is handed back
    drop(rx);
    assert_eq!(Arc::strong_count(&value), 4, "the sender may take them back");
    drop(tx);
    assert_eq!(Arc::strong_count(&value), 1);
}
