//! Poison that has a level, and channels that withstand it.

use crate::support::{Either, Task, either};
use rendez::{ChannelOptions, Ended, Poison, Receiver, Sender, TryRecvError, channel_bounded};
use std::sync::Arc;

fn immune(level: u32) -> (Sender<u8>, Receiver<u8>) {
    ChannelOptions::bounded(2).immune(level).open()
}

fn level_of(rx: &Receiver<u8>) -> Option<u32> {
    match rx.try_recv() {
        Err(TryRecvError::Ended(Ended::Poisoned(poison))) => Some(poison.level),
        _ => None,
    }
}

#[test]
fn a_channel_withstands_poison_up_to_its_level() {
    for (immunity, level, falls) in
        [(0, 0, false), (0, 1, true), (1, 1, false), (1, 2, true), (3, 2, false), (3, 4, true)]
    {
        let (tx, rx) = immune(immunity);
        tx.poison_at(level, "enough");
        assert_eq!(level_of(&rx), falls.then_some(level), "immune to {immunity}, poison of level {level}");
        assert_eq!(tx.try_send(1).is_err(), falls);
    }
}

#[test]
fn ordinary_poison_is_of_level_1() {
    let (tx, rx) = channel_bounded::<u8>(1);
    tx.poison("enough");
    assert_eq!(level_of(&rx), Some(1));
    let (tx, rx) = immune(1);
    rx.poison("enough");
    tx.try_send(1).unwrap();
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn it_works_from_both_ends() {
    let (tx, rx) = immune(1);
    rx.poison_at(2, "enough");
    assert!(matches!(tx.send_blocking(1).unwrap_err().into_cause(), Ended::Poisoned(poison) if poison.level == 2));
    assert_eq!(level_of(&rx), Some(2));
}

#[test]
fn who_waits_at_an_immune_channel_goes_on_waiting() {
    let (tx, rx) = immune(1);
    let mut receive = Task::waiting(rx.recv());
    tx.poison("enough");
    assert!(!receive.is_woken());
    tx.try_send(7).unwrap();
    assert_eq!(receive.done(), Ok(7));
}

#[test]
fn the_first_poison_stays() {
    let (tx, rx) = channel_bounded::<u8>(1);
    tx.poison_at(1, "first");
    tx.poison_at(9, "second");
    assert_eq!(level_of(&rx), Some(1));
}

#[test]
fn poison_that_is_passed_on_keeps_its_level_and_its_origin() {
    let (tx, rx) = channel_bounded::<u8>(1);
    let ((weak_tx, weak), (strong_tx, strong)) = (immune(1), immune(2));
    tx.set_name("source");
    tx.poison_at(2, "enough");
    let Err(Ended::Poisoned(poison)) = rx.recv_blocking() else { panic!("it is poisoned") };
    weak_tx.poison_with(Arc::clone(&poison));
    strong_tx.poison_with(poison);
    let Err(Ended::Poisoned(passed_on)) = weak.recv_blocking() else { panic!("it is poisoned") };
    assert_eq!((passed_on.channel.as_str(), passed_on.level), ("source", 2));
    assert_eq!(level_of(&strong), None);
}

#[test]
fn a_part_of_a_network_is_brought_down_and_the_rest_stays() {
    let ((part_tx, part), (rest_tx, rest)) = (immune(0), immune(1));
    let mut choice = Task::waiting(either(part.recv(), rest.recv()));
    for end in [&part_tx, &rest_tx] {
        end.poison("reset");
    }
    assert!(matches!(choice.done(), Either::First(Err(Ended::Poisoned(_)))));
    rest_tx.try_send(1).unwrap();
    assert_eq!(Task::new(rest.recv()).done(), Ok(1));
}

#[test]
fn an_immune_channel_outlives_a_panic_of_its_peer() {
    let (tx, rx) = immune(1);
    let dying = std::thread::spawn(move || {
        let tx = tx;
        tx.try_send(1).unwrap();
        std::panic::resume_unwind(Box::new("a bug"));
    });
    assert!(dying.join().is_err());
    assert_eq!(rx.next_blocking(), Ok(Some(1)), "what was sent is there");
    assert_eq!(rx.next_blocking(), Ok(None), "its end is given up like any other");
}

#[test]
fn poison_is_told_with_all_it_knows() {
    let mut poison = Poison::new("jobs", "disk full", "writer");
    assert_eq!(poison.level, 1);
    poison.level = 2;
    let (tx, rx) = channel_bounded::<u8>(1);
    tx.poison_with(Arc::new(poison));
    let ended = rx.recv_blocking().unwrap_err();
    assert_eq!(ended.to_string(), "channel `jobs` is poisoned by `writer`: disk full");
}

#[test]
fn what_brought_a_channel_down_first_stays_the_reason() {
    let (tx, rx) = channel_bounded::<u8>(1);
    rx.lose("depot", "gone");
    let first = tx.send_blocking(1).unwrap_err();
    rx.poison("late");
    assert_eq!(tx.send_blocking(1).unwrap_err(), first);
    let (tx, rx) = channel_bounded::<u8>(1);
    rx.poison("early");
    let first = tx.send_blocking(1).unwrap_err();
    rx.lose("depot", "gone");
    assert_eq!(tx.send_blocking(1).unwrap_err(), first);
}
