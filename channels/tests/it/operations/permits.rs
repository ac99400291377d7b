//! Permits: places that are kept for a send.

use crate::support::Task;
use rendez::{
    ChannelKind, ChannelOptions, Ended, Overflow, Permit, ReserveError, TryRecvError, TrySendError, channel_bounded,
    channel_named, channel_unbounded,
};

#[test]
fn a_rendezvous_has_no_places_and_says_what_to_do() {
    let (tx, _rx) = channel_named::<u8>("jobs", ChannelKind::Rendezvous);
    let refused = ReserveError::Rendezvous { channel: "jobs".to_owned() };
    assert_eq!(Task::new(tx.reserve()).done().map(|_| ()), Err(refused.clone()));
    assert_eq!(tx.try_reserve().map(|_| ()), Err(refused.clone()));
    assert!(refused.to_string().contains("send_from"), "{refused}");
}

#[test]
fn a_kept_place_is_nobody_elses() {
    let (tx, rx) = channel_bounded(2);
    let first = tx.try_reserve().unwrap();
    let second = tx.try_reserve().unwrap();
    assert_eq!(tx.try_reserve().map(|_| ()), Err(ReserveError::Full));
    assert!(matches!(tx.try_send(9), Err(TrySendError::Full(9))));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "a place holds no value yet");
    second.send(2).unwrap();
    first.send(1).unwrap();
    assert_eq!([rx.try_recv(), rx.try_recv()], [Ok(2), Ok(1)], "first sent, not first reserved");
    assert_eq!(rx.inspect().depth, 0);
}

#[test]
fn a_place_kept_in_a_channel_that_was_in_use_is_nobody_elses() {
    let (tx, rx) = channel_bounded(2);
    tx.try_send(0).unwrap();
    let _permit = tx.try_reserve().unwrap();
    assert_eq!(rx.try_recv(), Ok(0));
    tx.try_send(1).unwrap();
    assert!(matches!(tx.try_send(2), Err(TrySendError::Full(2))));
}

#[test]
fn a_place_that_was_waited_for_is_nobody_elses() {
    let (tx, rx) = channel_bounded(2);
    tx.try_send(0).unwrap();
    tx.try_send(1).unwrap();
    let mut reserve = Task::waiting(tx.reserve());
    assert_eq!(rx.try_recv(), Ok(0));
    assert!(reserve.is_woken());
    let _permit = reserve.done().unwrap();
    assert!(matches!(tx.try_send(2), Err(TrySendError::Full(2))));
}

#[test]
fn an_unbounded_channel_always_has_a_place() {
    let (tx, rx) = channel_unbounded();
    let permits: Vec<_> = (0..100).map(|_| tx.try_reserve().unwrap()).collect();
    (0..).zip(permits).for_each(|(n, permit): (u8, _)| permit.send(n).unwrap());
    assert_eq!((0..100).map(|_| rx.try_recv().unwrap()).collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
}

#[test]
fn a_permit_serves_a_receiver_that_waits() {
    let (tx, rx) = channel_bounded(1);
    let permit = tx.try_reserve().unwrap();
    let mut receive = Task::waiting(rx.recv());
    permit.send(1).unwrap();
    assert!(receive.is_woken());
    assert_eq!(receive.done(), Ok(1));
    assert!(tx.try_reserve().is_ok(), "its place is free again");
}

#[test]
fn a_dropped_permit_frees_its_place_for_who_waits_first() {
    let (tx, rx) = channel_bounded(1);
    let permit = tx.try_reserve().unwrap();
    let mut send = Task::waiting(tx.send(1));
    let mut reserve = Task::waiting(tx.reserve());
    drop(permit);
    assert!(send.is_woken() && !reserve.is_woken());
    assert_eq!(send.done(), Ok(()));
    assert!(reserve.poll().is_pending());
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(reserve.is_woken());
    reserve.done().unwrap().send(2).unwrap();
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn a_dropped_reservation_leaves_the_line() {
    let (tx, rx) = channel_bounded(1);
    tx.try_send(0).unwrap();
    let gone = Task::waiting(tx.reserve());
    let mut next = Task::waiting(tx.reserve());
    drop(gone);
    assert_eq!(rx.try_recv(), Ok(0));
    next.done().unwrap().send(1).unwrap();
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn a_place_that_was_kept_for_a_dropped_reservation_goes_to_who_waits_next() {
    let (tx, rx) = channel_bounded(1);
    tx.try_send(0).unwrap();
    let served = Task::waiting(tx.reserve());
    let mut send = Task::waiting(tx.send(1));
    assert_eq!(rx.try_recv(), Ok(0));
    assert!(served.is_woken());
    assert!(send.poll().is_pending());
    drop(served);
    assert!(send.is_woken());
    assert_eq!(send.done(), Ok(()));
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(tx.try_reserve().is_ok(), "no place is lost");
}

#[test]
fn who_meets_a_receiver_needs_no_place() {
    let (tx, rx) = channel_bounded(1);
    let permit = tx.try_reserve().unwrap();
    let mut receive = Task::waiting(rx.recv());
    assert_eq!(Task::new(tx.send(0)).done(), Ok(()), "it is handed over");
    assert_eq!(receive.done(), Ok(0));
    let mut send = Task::waiting(tx.send(2));
    permit.send(1).unwrap();
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!((send.done(), rx.try_recv()), (Ok(()), Ok(2)));
}

#[test]
fn who_waits_for_a_place_sees_the_channel_end() {
    let (tx, rx) = channel_bounded(1);
    tx.try_send(0).unwrap();
    let mut reserve = Task::waiting(tx.reserve());
    rx.poison("broken");
    assert!(reserve.is_woken());
    assert!(matches!(reserve.done().map(|_| ()), Err(ReserveError::Ended(Ended::Poisoned(_)))));
    assert!(matches!(tx.try_reserve().map(|_| ()), Err(ReserveError::Ended(Ended::Poisoned(_)))));
}

#[test]
fn a_permit_gives_the_value_back_when_the_channel_has_ended_since() {
    let (tx, rx) = channel_bounded(1);
    let permit = tx.try_reserve().unwrap();
    drop(rx);
    let error = permit.send("kept").unwrap_err();
    assert_eq!(*error.value(), "kept");
    assert!(error.cause().is_retired());
    assert!(matches!(tx.try_reserve().map(|_| ()), Err(ReserveError::Ended(_))));
    let unused: Option<Permit<'_, &str>> = tx.try_reserve().ok();
    assert!(unused.is_none());
}

#[test]
fn an_overflowing_channel_keeps_its_promise_to_permits() {
    let (tx, rx) = ChannelOptions::bounded(2).overflow(Overflow::DropOldest).open();
    let permit = tx.try_reserve().unwrap();
    (0..3).for_each(|n| tx.try_send(n).unwrap());
    permit.send(9).unwrap();
    assert_eq!([rx.try_recv(), rx.try_recv()], [Ok(2), Ok(9)], "one place was left to the others");
    assert_eq!(rx.inspect().dropped, 2);
}

#[test]
fn where_permits_keep_all_places_what_overflows_is_the_new_value() {
    for overflow in [Overflow::DropOldest, Overflow::DropNewest] {
        let (tx, rx) = ChannelOptions::bounded(1).overflow(overflow).open();
        let permit = tx.try_reserve().unwrap();
        tx.try_send(1).unwrap();
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(rx.inspect().dropped, 1);
        permit.send(2).unwrap();
        assert_eq!(rx.try_recv(), Ok(2));
    }
}

#[test]
fn a_channel_made_with_no_places_is_a_rendezvous_however_it_is_said() {
    let (tx, _rx) = ChannelOptions::of(ChannelKind::Bounded(0)).open::<u8>();
    assert_eq!(tx.inspect().kind, ChannelKind::Rendezvous);
    assert!(matches!(tx.try_reserve().map(|_| ()), Err(ReserveError::Rendezvous { .. })));
    assert!(Task::new(tx.reserve()).poll().is_ready(), "it would wait for ever");
}

#[test]
fn an_owned_permit_keeps_its_place_elsewhere_and_gives_the_end_back() {
    let (tx, rx) = channel_bounded(1);
    let permit = Task::new(tx.clone().reserve_owned()).done().unwrap();
    assert!(tx.try_send(9).is_err(), "the only place is kept");
    let end = std::thread::spawn(move || permit.send(1)).join().unwrap().unwrap();
    assert!(end.same_channel(&tx));
    assert_eq!(rx.try_recv(), Ok(1));
    let permit = Task::new(end.reserve_owned()).done().unwrap();
    drop(permit);
    assert_eq!(tx.inspect().senders.count, 1, "the end went with it");
    tx.try_send(2).unwrap();
}

#[test]
fn an_owned_permit_of_a_channel_that_has_ended_gives_the_value_back() {
    let (tx, rx) = channel_bounded(1);
    let permit = Task::new(tx.reserve_owned()).done().unwrap();
    drop(rx);
    assert_eq!(permit.send(1).map(|_| ()).unwrap_err().into_value(), 1);
}

#[test]
fn an_owned_permit_that_is_released_leaves_the_end() {
    let (tx, _rx) = channel_bounded(1);
    let tx = Task::new(tx.reserve_owned()).done().unwrap().release();
    tx.try_send(1).unwrap();
    assert!(!tx.is_closed() && tx.len() == 1 && tx.capacity() == Some(1) && !tx.is_empty());
}
