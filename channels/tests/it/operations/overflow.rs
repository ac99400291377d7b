//! What a channel does with a value that it has no room for.

use crate::support::{Chance, Either, Task, either, scale};
use rendez::{
    Alt, ChannelOptions, Ended, Overflow, Receiver, Sender, TryRecvError, TrySendError, after, channel_bounded,
};
use std::sync::Arc;
use std::time::Duration;

/// A full channel of two, with 0 and 1 in it.
fn full(overflow: Overflow) -> (Sender<u8>, Receiver<u8>) {
    let (tx, rx) = ChannelOptions::bounded(2).name("full").overflow(overflow).open();
    (0..2).for_each(|n| tx.try_send(n).unwrap());
    (tx, rx)
}

fn drain(rx: &Receiver<u8>) -> Vec<u8> {
    std::iter::from_fn(|| rx.try_recv().ok()).collect()
}

#[test]
fn wait_is_what_a_channel_does_unless_told() {
    let (tx, rx) = channel_bounded(1);
    tx.try_send(1).unwrap();
    let mut send = Task::waiting(tx.send(2));
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(send.done(), Ok(()));
    assert_eq!((rx.inspect().dropped, rx.inspect().overflow), (0, Overflow::Wait));
}

#[test]
fn fail_gives_the_value_back_and_the_channel_goes_on() {
    let (tx, rx) = full(Overflow::Fail);
    let refused = Ended::Overflow { channel: Arc::new("full".to_owned()) };
    let error = Task::new(tx.send(2)).done().unwrap_err();
    assert_eq!(error.into_parts(), (2, refused.clone()));
    assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));
    let error = tx.send_blocking(4).unwrap_err();
    assert_eq!(error.into_parts(), (4, refused.clone()));
    let mut slot = Some(5);
    assert_eq!(Task::new(tx.send_from(&mut slot)).done(), Err(refused));
    assert_eq!(slot, Some(5));
    assert_eq!(drain(&rx), [0, 1]);
    assert_eq!(rx.inspect().dropped, 0, "what was given back is not dropped");
    tx.try_send(6).unwrap();
    assert_eq!(rx.try_recv(), Ok(6));
}

#[test]
fn fail_is_an_answer_to_a_choice() {
    let (tx, rx) = full(Overflow::Fail);
    let mut choice = Task::new(either(tx.send(2), after(Duration::from_secs(3600))));
    let Either::First(Err(error)) = choice.done() else { panic!("a full channel answers at once") };
    assert_eq!(error.into_value(), 2);
    let mut alt = Alt::new();
    alt.send(&tx, 3, |sent| sent.map_err(|error| error.into_value()));
    assert_eq!(alt.try_next(), Some(Err(3)));
    assert_eq!(drain(&rx), [0, 1]);
}

#[test]
fn a_place_is_waited_for_also_where_a_send_would_fail() {
    let (tx, rx) = full(Overflow::Fail);
    let mut reserve = Task::waiting(tx.reserve());
    assert_eq!(rx.try_recv(), Ok(0));
    reserve.done().unwrap().send(2).unwrap();
    assert_eq!(drain(&rx), [1, 2]);
}

#[test]
fn drop_newest_keeps_what_came_first_and_counts() {
    let (tx, rx) = full(Overflow::DropNewest);
    assert_eq!(Task::new(tx.send(2)).done(), Ok(()));
    tx.try_send(3).unwrap();
    assert_eq!(drain(&rx), [0, 1]);
    assert_eq!((rx.inspect().dropped, rx.inspect().sent, rx.inspect().received), (2, 4, 2));
}

#[test]
fn drop_oldest_keeps_what_came_last_and_counts() {
    let (tx, rx) = full(Overflow::DropOldest);
    assert_eq!(Task::new(tx.send(2)).done(), Ok(()));
    tx.try_send(3).unwrap();
    assert_eq!(drain(&rx), [2, 3]);
    assert_eq!((rx.inspect().dropped, rx.inspect().sent), (2, 4));
}

#[test]
fn the_latest_value_replaces_the_one_before() {
    let (tx, rx) = ChannelOptions::latest().open();
    (0..5).for_each(|n| tx.try_send(n).unwrap());
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(4), Err(TryRecvError::Empty)));
    assert_eq!(rx.inspect().dropped, 4);
    let mut receive = Task::waiting(rx.recv());
    tx.try_send(5).unwrap();
    assert_eq!(receive.done(), Ok(5));
}

#[test]
fn a_value_that_was_handed_back_is_the_oldest() {
    let (tx, rx) = ChannelOptions::latest().open();
    let served = Task::waiting(rx.recv());
    tx.try_send(1).unwrap();
    drop(served);
    assert_eq!(rx.inspect().depth, 1);
    tx.try_send(2).unwrap();
    assert_eq!((rx.try_recv(), rx.inspect().dropped), (Ok(2), 1));
}

#[test]
fn a_rendezvous_that_drops_has_room_for_who_waits_only() {
    for overflow in [Overflow::DropNewest, Overflow::DropOldest] {
        let (tx, rx) = ChannelOptions::rendezvous().overflow(overflow).open();
        tx.try_send(1).unwrap();
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(rx.inspect().dropped, 1);
        let mut receive = Task::waiting(rx.recv());
        assert_eq!(Task::new(tx.send(2)).done(), Ok(()));
        assert_eq!(receive.done(), Ok(2));
        assert_eq!(rx.inspect().dropped, 1);
    }
}

#[test]
fn an_ended_channel_says_so_and_drops_nothing() {
    for overflow in [Overflow::Fail, Overflow::DropNewest, Overflow::DropOldest] {
        let (tx, rx) = full(overflow);
        drop(rx);
        let Err(TrySendError::Ended(error)) = tx.try_send(2) else { panic!("nobody receives any more") };
        assert!(error.cause().is_retired());
        assert_eq!((tx.inspect().dropped, tx.undelivered()), (0, vec![0, 1]));
    }
}

#[test]
fn what_overflows_is_dropped_at_once() {
    for (overflow, left) in [(Overflow::DropNewest, 1), (Overflow::DropOldest, 1)] {
        let (tx, rx) = ChannelOptions::bounded(1).overflow(overflow).open();
        let value = Arc::new(());
        (0..4).for_each(|_| tx.try_send(Arc::clone(&value)).unwrap());
        assert_eq!(Arc::strong_count(&value), 1 + left);
        drop((tx, rx));
        assert_eq!(Arc::strong_count(&value), 1);
    }
}

/// The task, if it has to wait.
fn waiting<F: Future>(future: F) -> Option<Task<F>> {
    let mut task = Task::new(future);
    task.poll().is_pending().then_some(task)
}

/// Whether each value that was sent is somewhere.
fn adds_up(rx: &Receiver<u8>, taken_back: u64) -> bool {
    let channel = rx.inspect();
    channel.sent == channel.received + channel.depth + channel.dropped + taken_back
}

#[test]
fn what_was_sent_was_received_or_dropped_or_is_there() {
    let mut chance = Chance::seeded();
    let policies = [Overflow::Wait, Overflow::Fail, Overflow::DropNewest, Overflow::DropOldest];
    for (overflow, capacity) in policies.into_iter().flat_map(|overflow| (0..3).map(move |places| (overflow, places))) {
        let (tx, rx) = ChannelOptions::bounded(capacity).overflow(overflow).open();
        let (mut permits, mut sends, mut receives) = (vec![], vec![], vec![]);
        for _ in 0..scale(200) {
            match chance.below(8) {
                0 | 1 => drop(tx.try_send(1)),
                2 => sends.extend(waiting(tx.send(2))),
                3 => receives.extend(waiting(rx.recv())),
                4 => drop(rx.try_recv()),
                5 => permits.extend(tx.try_reserve()),
                6 => permits.pop().into_iter().for_each(|permit| permit.send(3).unwrap()),
                _ => drop((permits.pop(), sends.pop(), receives.pop())),
            }
            assert!(adds_up(&rx, 0), "{overflow} {capacity}: {:?}", rx.inspect());
        }
        drop((permits, sends, receives));
        tx.poison("enough");
        let taken_back = rx.undelivered().len() as u64;
        assert!(adds_up(&rx, taken_back), "{overflow} {capacity}: {taken_back} of {:?}", rx.inspect());
    }
}
