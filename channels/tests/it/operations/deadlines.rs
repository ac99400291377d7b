//! Operations that wait until a point in time, and receives of many values at once.

use crate::support::Task;
use rendez::{Ended, Receiver, Sender, TryRecvError, TrySendError, channel, channel_bounded, channel_unbounded};
use std::time::{Duration, Instant};

/// A deadline that has passed, and one that does not come.
fn passed_and_far() -> [Instant; 2] {
    let now = Instant::now();
    [now, now + Duration::from_secs(3600)]
}

#[test]
fn what_is_ready_is_served_also_when_the_deadline_has_passed() {
    for deadline in passed_and_far() {
        let (tx, rx) = channel_bounded(1);
        assert_eq!(Task::new(tx.send_by(1, deadline)).done(), Ok(()));
        assert_eq!(Task::new(rx.recv_by(deadline)).done(), Ok(1));
    }
}

#[test]
fn a_late_send_gives_its_value_back() {
    let (tx, rx) = channel();
    let [passed, _] = passed_and_far();
    assert_eq!(Task::new(tx.send_by("kept", passed)).done(), Err(TrySendError::Full("kept")));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "it has left the line");
}

#[test]
fn a_late_receive_says_that_there_was_nothing() {
    let (tx, rx) = channel::<u8>();
    let [passed, _] = passed_and_far();
    assert_eq!(Task::new(rx.recv_by(passed)).done(), Err(TryRecvError::Empty));
    assert!(tx.try_send(1).is_err(), "it has left the line");
}

#[test]
fn who_comes_before_the_deadline_is_met() {
    let [_, far] = passed_and_far();
    let (tx, rx) = channel();
    let mut receive = Task::waiting(rx.recv_by(far));
    assert_eq!(Task::new(tx.send_by(1, far)).done(), Ok(()));
    assert_eq!(receive.done(), Ok(1));
    let mut send = Task::waiting(tx.send_by(2, far));
    assert_eq!(rx.try_recv(), Ok(2));
    assert_eq!(send.done(), Ok(()));
}

#[test]
fn who_waits_for_a_deadline_is_woken_by_it() {
    let (tx, rx) = channel::<u8>();
    let soon = || Instant::now() + Duration::from_millis(2);
    assert_eq!(rendez::block_on(rx.recv_by(soon())).unwrap(), Err(TryRecvError::Empty));
    assert_eq!(rendez::block_on(tx.send_by(1, soon())).unwrap(), Err(TrySendError::Full(1)));
}

#[test]
fn an_end_beats_the_deadline() {
    for deadline in passed_and_far() {
        let (tx, rx) = channel::<u8>();
        tx.poison("broken");
        let received = Task::new(rx.recv_by(deadline)).done();
        assert!(matches!(received, Err(TryRecvError::Ended(Ended::Poisoned(_)))));
        let Err(TrySendError::Ended(error)) = Task::new(tx.send_by(1, deadline)).done() else { panic!("it has ended") };
        assert_eq!(error.into_value(), 1);
    }
}

#[test]
fn a_value_that_was_handed_to_a_dropped_timed_receive_is_not_lost() {
    let [_, far] = passed_and_far();
    let (tx, rx) = channel();
    let receive = Task::waiting(rx.recv_by(far));
    tx.try_send(1).unwrap();
    drop(receive);
    assert_eq!(rx.try_recv(), Ok(1));
}

/// Receives up to `most` behind what is there.
fn many(rx: &Receiver<u8>, most: usize) -> (Result<usize, Ended>, Vec<u8>) {
    let mut into = vec![99];
    let count = Task::new(rx.recv_many(&mut into, most)).done();
    (count, into)
}

#[test]
fn many_are_appended_as_many_as_there_are_and_no_more_than_asked() {
    let (tx, rx) = channel_unbounded();
    (0..5).for_each(|n| tx.try_send(n).unwrap());
    assert_eq!(many(&rx, 3), (Ok(3), vec![99, 0, 1, 2]));
    assert_eq!(many(&rx, usize::MAX), (Ok(2), vec![99, 3, 4]));
}

#[test]
fn none_are_there_at_once() {
    let (tx, rx) = channel::<u8>();
    assert_eq!(many(&rx, 0), (Ok(0), vec![99]), "there is nothing to wait for");
    tx.retire();
    assert_eq!(many(&rx, 0), (Ok(0), vec![99]));
    let (count, into) = many(&rx, 1);
    assert!(count.is_err_and(|ended| ended.is_retired()));
    assert_eq!(into, [99]);
}

#[test]
fn many_come_from_parked_senders_too() {
    for capacity in [0, 1, 2] {
        let (tx, rx) = channel_bounded(capacity);
        let mut sends: Vec<_> = (0..4).map(|n| Task::new(tx.send(n))).collect();
        sends.iter_mut().for_each(|send| drop(send.poll()));
        assert_eq!(many(&rx, 3), (Ok(3), vec![99, 0, 1, 2]), "capacity {capacity}");
        assert_eq!(many(&rx, 3), (Ok(1), vec![99, 3]));
        assert!(sends.iter_mut().skip(capacity).all(|send| send.done().is_ok()));
    }
}

#[test]
fn what_is_left_of_a_retired_channel_comes_before_its_end() {
    let (tx, rx) = channel_unbounded();
    (0..2).for_each(|n| tx.try_send(n).unwrap());
    tx.retire();
    assert_eq!(many(&rx, 9), (Ok(2), vec![99, 0, 1]));
    assert!(many(&rx, 9).0.is_err_and(|ended| ended.is_retired()));
}

#[test]
fn poison_is_an_error_of_the_first() {
    let (tx, rx) = channel_unbounded();
    tx.try_send(1).unwrap();
    tx.poison("broken");
    let (count, into) = many(&rx, 9);
    assert!(matches!(count, Err(Ended::Poisoned(_))));
    assert_eq!(into, [99]);
}

#[test]
fn a_dropped_receive_of_many_loses_nothing() {
    let (tx, rx): (Sender<u8>, _) = channel();
    let mut into = Vec::new();
    {
        let receive = Task::waiting(rx.recv_many(&mut into, 2));
        tx.try_send(1).unwrap();
        drop(receive);
    }
    assert_eq!(into, []);
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn a_thread_has_the_same_forms() {
    let (tx, rx) = channel();
    let past = Instant::now();
    assert_eq!(rx.recv_by_blocking(past), Err(TryRecvError::Empty));
    assert_eq!(tx.send_by_blocking(1, past), Err(TrySendError::Full(1)));
    let sender = std::thread::spawn(move || {
        tx.send_by_blocking(2, Instant::now() + Duration::from_secs(3_600)).unwrap();
        tx.send_blocking(3).unwrap();
        tx.send_blocking(4).unwrap();
        tx
    });
    assert_eq!(rx.recv_by_blocking(Instant::now() + Duration::from_secs(3_600)), Ok(2));
    assert_eq!(rx.recv_extended_blocking().map(|value| *value), Ok(3));
    let mut into = vec![];
    assert_eq!(rx.recv_many_blocking(&mut into, 1), Ok(1));
    assert_eq!(into, [4]);
    let tx = sender.join().unwrap();
    drop(rx);
    assert!(matches!(tx.send_by_blocking(5, past), Err(TrySendError::Ended(error)) if *error.value() == 5));
    let (tx, rx) = channel_bounded(1);
    let permit = tx.reserve_blocking().unwrap();
    assert_eq!(tx.send_by_blocking(6, past), Err(TrySendError::Full(6)));
    permit.send(7).unwrap();
    assert_eq!(rx.try_recv(), Ok(7));
}
