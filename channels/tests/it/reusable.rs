//! The reusable choice, one task at a time: guards that stay, come and go, and what a dropped wait leaves.

use crate::support::{Woken, poll_once, scale};
use rendez::{Alt, Ended, Receiver, after, block_on, channel, channel_bounded, channel_unbounded, future};
use std::future::ready;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// A reusable choice over receives, which tells the number of the input with what it gave.
fn over<'a, T: Send + 'static>(
    inputs: impl IntoIterator<Item = &'a Receiver<T>>,
) -> Alt<'a, (usize, Result<T, Ended>)> {
    let mut alt = Alt::new();
    for (number, input) in inputs.into_iter().enumerate() {
        alt.receive(input, move |received| (number, received));
    }
    alt
}

#[test]
fn of_guards_that_stay_ready_each_is_served_within_n_choices() {
    for n in [2, 4, 64, scale(200)] {
        let ends: Vec<_> = (0..n).map(|_| channel_unbounded()).collect();
        ends.iter().for_each(|(tx, _)| (0..10).for_each(|value| tx.try_send(value).unwrap()));
        let mut alt = over(ends.iter().map(|(_, rx)| rx));
        for _ in 0..10 {
            let mut served: Vec<_> = (0..n).map(|_| alt.try_next().expect("all are ready").0).collect();
            served.sort_unstable();
            assert_eq!(served, (0..n).collect::<Vec<_>>());
        }
        assert!(alt.try_next().is_none());
    }
}

#[test]
fn a_guard_that_joins_late_is_served_within_n_choices_and_no_more_than_its_share() {
    let ends: Vec<_> = (0..4).map(|_| channel_unbounded()).collect();
    ends.iter().for_each(|(tx, _)| (0..200).for_each(|value| tx.try_send(value).unwrap()));
    let mut alt = over(ends[..3].iter().map(|(_, rx)| rx));
    (0..100).for_each(|_| assert!(alt.try_next().is_some()));
    alt.receive(&ends[3].1, |received| (3, received));
    let served: Vec<_> = (0..40).map(|_| alt.try_next().unwrap().0).collect();
    for window in served.windows(4) {
        assert!((0..4).all(|guard| window.contains(&guard)), "{served:?}");
    }
}

#[test]
fn a_prioritised_choice_serves_the_first_ready_guard() {
    let (urgent_tx, urgent) = channel_bounded(4);
    let (tx, rx) = channel_bounded(4);
    let mut alt = Alt::prioritised();
    alt.receive(&urgent, |received| received.unwrap());
    alt.receive(&rx, |received| received.unwrap());
    tx.try_send("later").unwrap();
    tx.try_send("later").unwrap();
    urgent_tx.try_send("first").unwrap();
    urgent_tx.try_send("first").unwrap();
    let served: Vec<_> = std::iter::from_fn(|| alt.try_next()).collect();
    assert_eq!(served, ["first", "first", "later", "later"]);
}

#[test]
fn a_prioritised_choice_looks_at_its_guards_in_order_at_the_first_use_too() {
    let ends: Vec<_> = (0..3).map(|_| channel_bounded(1)).collect();
    let mut alt = Alt::prioritised();
    for (number, (tx, _)) in ends.iter().enumerate() {
        alt.send(tx, number, move |sent| sent.map(|()| number).unwrap());
    }
    assert_eq!(std::iter::from_fn(|| alt.try_next()).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(alt.is_empty(), "each was for one use");
}

#[test]
fn between_its_uses_it_is_not_chosen() {
    let (tx, rx) = channel();
    let mut alt = over([&rx]);
    assert!(poll_once(&mut pin!(alt.next())).is_pending());
    assert!(tx.try_send(1).is_err(), "nobody waits");
    let mut send = pin!(tx.send(2));
    assert!(poll_once(&mut send).is_pending());
    assert_eq!(poll_once(&mut pin!(alt.next())), Poll::Ready(Some((0, Ok(2)))));
    assert_eq!(poll_once(&mut send), Poll::Ready(Ok(())));
}

#[test]
fn a_waiting_one_is_chosen_by_who_comes() {
    let (tx, rx) = channel();
    let (_idle_tx, idle) = channel();
    let mut alt = over([&rx, &idle]);
    for round in 0..3 {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut next = pin!(alt.next());
        assert!(next.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        tx.try_send(round).unwrap();
        assert!(woken.is_woken());
        assert_eq!(poll_once(&mut next), Poll::Ready(Some((0, Ok(round)))));
    }
}

#[test]
fn one_that_waits_no_more_keeps_nobodys_waker() {
    let ((tx, rx), woken) = (channel(), Arc::new(Woken::default()));
    let mut alt = over([&rx]);
    let waker = Waker::from(Arc::clone(&woken));
    assert!(pin!(alt.next()).poll(&mut Context::from_waker(&waker)).is_pending());
    drop(waker);
    assert_eq!(Arc::strong_count(&woken), 1, "whoever waited may be gone");
    let mut send = Box::pin(tx.send(1));
    assert!(poll_once(&mut send).is_pending(), "nobody is woken, and nobody receives");
    assert!(!woken.is_woken());
    assert_eq!(alt.try_next(), Some((0, Ok(1))));
}

#[test]
fn two_reusable_choices_meet() {
    let (tx, rx) = channel();
    let mut sends = Alt::new();
    let mut receives = over([&rx]);
    for value in 0..3 {
        sends.send(&tx, value, |sent| sent.unwrap());
        let mut sending = pin!(sends.next());
        assert!(poll_once(&mut sending).is_pending());
        assert_eq!(poll_once(&mut pin!(receives.next())), Poll::Ready(Some((0, Ok(value)))));
        assert_eq!(poll_once(&mut sending), Poll::Ready(Some(())));
    }
}

#[test]
fn one_that_holds_both_ends_of_a_channel_never_meets_itself() {
    let (tx, rx) = channel();
    let mut alt = Alt::new();
    alt.send(&tx, 1, |_| "sent");
    alt.receive(&rx, |_| "received");
    alt.once(after(Duration::from_millis(1)), |()| "late");
    assert_eq!(alt.next_blocking(), Ok(Some("late")));
    assert!(alt.try_next().is_none());
}

#[test]
fn a_commit_before_a_wait_is_dropped_is_given_by_the_next() {
    let (tx, rx) = channel();
    let mut alt = over([&rx]);
    {
        let mut next = pin!(alt.next());
        assert!(poll_once(&mut next).is_pending());
        tx.try_send(7).unwrap();
    }
    assert_eq!(alt.try_next(), Some((0, Ok(7))));
}

#[test]
fn a_value_handed_to_a_removed_guard_goes_to_the_next_receive() {
    let (tx, rx) = channel();
    let mut alt = Alt::new();
    let id = alt.receive(&rx, |received| received);
    {
        let mut next = pin!(alt.next());
        assert!(poll_once(&mut next).is_pending());
        tx.try_send(7).unwrap();
    }
    assert!(alt.remove(id));
    assert!(!alt.remove(id), "it is gone");
    assert_eq!(rx.try_recv(), Ok(7));
    alt.receive(&rx, |received| received);
    let mut send = pin!(tx.send(8));
    assert!(poll_once(&mut send).is_pending());
    assert_eq!(alt.try_next(), Some(Ok(8)), "the choice goes on");
}

#[test]
fn a_value_handed_to_a_dropped_one_goes_to_the_next_receive() {
    let (tx, rx) = channel();
    let mut alt = over([&rx]);
    {
        let mut next = pin!(alt.next());
        assert!(poll_once(&mut next).is_pending());
        tx.try_send(7).unwrap();
    }
    drop(alt);
    assert_eq!(rx.try_recv(), Ok(7));
}

#[test]
fn an_ended_channel_is_an_event_of_its_guard_told_once() {
    let (a_tx, a) = channel_bounded::<u8>(1);
    let (b_tx, b) = channel_bounded(1);
    let mut alt = over([&a, &b]);
    a_tx.retire();
    assert!(matches!(alt.try_next(), Some((0, Err(Ended::Retired { .. })))));
    assert_eq!(alt.len(), 1);
    b_tx.try_send(5).unwrap();
    assert_eq!(alt.try_next(), Some((1, Ok(5))));
    b_tx.poison("broken");
    assert!(matches!(alt.try_next(), Some((1, Err(Ended::Poisoned(_))))));
    assert_eq!(block_on(alt.next()), Ok(None), "there is nothing left to wait for");
}

#[test]
fn retirement_wakes_one_that_waits() {
    let (tx, rx) = channel::<u8>();
    let mut alt = over([&rx]);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut next = pin!(alt.next());
    assert!(next.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    tx.retire();
    assert!(woken.is_woken());
    assert!(matches!(poll_once(&mut next), Poll::Ready(Some((0, Err(_))))));
}

#[test]
fn a_future_and_an_end_take_turns() {
    let (tx, rx) = channel_unbounded();
    (0..10).for_each(|value| tx.try_send(value).unwrap());
    let mut alt = Alt::new();
    alt.receive(&rx, |_| 'r');
    let mut served = String::new();
    for _ in 0..6 {
        alt.once(future(ready(())), |()| 'f');
        served.extend(alt.try_next());
        served.extend(alt.try_next());
    }
    assert_eq!(served.matches('r').count(), 6, "{served}");
    assert_eq!(served.matches('f').count(), 6, "{served}");
}

#[test]
fn a_send_that_was_not_served_gives_its_value_back_when_the_channel_ends() {
    let (tx, rx) = channel();
    let mut alt = Alt::new();
    alt.send(&tx, "kept", |sent| sent.map_err(|error| error.into_value()));
    assert!(poll_once(&mut pin!(alt.next())).is_pending());
    drop(rx);
    assert_eq!(alt.try_next(), Some(Err("kept")));
}

#[test]
fn it_is_not_counted_as_waiting_between_its_uses() {
    let (tx, rx) = channel::<u8>();
    let mut alt = over([&rx]);
    assert!(poll_once(&mut pin!(alt.next())).is_pending());
    assert!(tx.try_send(1).is_err());
    assert_eq!(rx.try_recv().ok(), None);
    drop(alt);
}

#[test]
fn threads_feed_one_that_chooses_and_nothing_is_lost() {
    const EACH: u64 = scale(2_000) as u64;
    for capacity in [0, 1, 16] {
        let ends: Vec<_> = (0..4).map(|_| channel_bounded(capacity)).collect();
        let (txs, rxs): (Vec<_>, Vec<_>) = ends.into_iter().unzip();
        let writers = txs.into_iter().enumerate().map(|(writer, tx)| {
            std::thread::spawn(move || (0..EACH).for_each(|n| tx.send_blocking(writer as u64 * EACH + n).unwrap()))
        });
        let writers: Vec<_> = writers.collect();
        let mut alt = over(&rxs);
        let mut seen = vec![vec![]; 4];
        while let Some((number, received)) = alt.next_blocking().unwrap() {
            if let Ok(value) = received {
                seen[number].push(value);
            }
        }
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        for (writer, seen) in seen.into_iter().enumerate() {
            let all: Vec<_> = (0..EACH).map(|n| writer as u64 * EACH + n).collect();
            assert_eq!(seen, all, "capacity {capacity}");
        }
    }
}

#[test]
fn what_it_sends_into_a_buffer_its_own_receive_finds_at_the_next_use() {
    let (tx, rx) = channel_bounded(1);
    let permit = tx.try_reserve().unwrap();
    let mut alt = Alt::new();
    alt.receive(&rx, |received| received.unwrap());
    alt.send(&tx, 7, |sent| sent.map(|()| 0).unwrap());
    assert_eq!(alt.try_next(), None, "the place is kept");
    drop(permit);
    assert_eq!([alt.try_next(), alt.try_next(), alt.try_next()], [Some(0), Some(7), None]);
}
