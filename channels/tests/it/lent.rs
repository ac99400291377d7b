//! Guards that are lent to a reusable choice: used before, between and after, also when the choice is forgotten or they are
//! removed.

use crate::support::{choose_now, poll_once};
use rendez::{Alt, Barrier, Sender, channel, channel_bounded, channel_unbounded, future};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

#[test]
fn a_receive_that_was_polled_before_takes_part() {
    let (tx, rx) = channel();
    let mut recv = pin!(rx.recv());
    assert!(poll_once(&mut recv).is_pending());
    let mut alt = Alt::new();
    alt.once(recv.as_mut(), Result::unwrap);
    assert!(alt.try_next().is_none());
    let mut next = pin!(alt.next());
    assert!(poll_once(&mut next).is_pending());
    tx.try_send(7).unwrap();
    assert_eq!(poll_once(&mut next), Poll::Ready(Some(7)));
}

#[test]
fn a_receive_that_was_served_before_gives_its_value() {
    let (tx, rx) = channel();
    let mut recv = pin!(rx.recv());
    assert!(poll_once(&mut recv).is_pending());
    tx.try_send(7).unwrap();
    let mut alt = Alt::new();
    alt.once(recv.as_mut(), Result::unwrap);
    assert_eq!(alt.try_next(), Some(7));
}

#[test]
fn a_value_that_uses_its_channel_when_dropped_is_not_dropped_under_its_lock() {
    struct Nosy(Sender<Self>);
    impl Drop for Nosy {
        fn drop(&mut self) {
            let _ = self.0.inspect();
        }
    }
    let (tx, rx) = channel::<Nosy>();
    let mut recv = pin!(rx.recv());
    assert!(poll_once(&mut recv).is_pending());
    assert!(tx.try_send(Nosy(tx.clone())).is_ok());
    let mut alt = Alt::new();
    alt.once(recv.as_mut(), |received| drop(received.unwrap()));
    assert_eq!(alt.try_next(), Some(()));
}

#[test]
fn a_receive_goes_on_when_its_choice_is_dropped_or_forgotten() {
    // What is forgotten leaks, which Miri would report.
    for forgotten in [false, !cfg!(miri)] {
        let (tx, rx) = channel_bounded(1);
        let mut recv = pin!(rx.recv());
        {
            let mut alt = Alt::new();
            alt.once(recv.as_mut(), Result::unwrap);
            assert!(alt.try_next().is_none());
            if forgotten {
                std::mem::forget(alt);
            }
        }
        assert!(poll_once(&mut recv).is_pending());
        tx.try_send(7).unwrap();
        assert_eq!(poll_once(&mut recv), Poll::Ready(Ok(7)));
    }
}

#[test]
fn a_removed_guard_does_not_answer_for_the_one_in_its_place() {
    let ((tx, rx), (_other_tx, other)) = (channel(), channel::<u8>());
    let mut recv = pin!(rx.recv());
    let mut alt = Alt::new();
    let id = alt.once(recv.as_mut(), Result::unwrap);
    assert!(alt.try_next().is_none());
    assert!(alt.remove(id));
    alt.receive(&other, Result::unwrap);
    let mut next = pin!(alt.next());
    assert!(poll_once(&mut next).is_pending());
    assert!(tx.try_send(1).is_err(), "nobody receives there any more");
    assert!(poll_once(&mut next).is_pending());
}

#[test]
fn a_sync_that_was_polled_before_is_one_party() {
    let barrier = Barrier::new();
    let (mut a, mut b) = (barrier.enrol(), barrier.enrol());
    let mut sync = pin!(a.sync());
    assert!(poll_once(&mut sync).is_pending());
    let mut alt = Alt::new();
    alt.once(sync.as_mut(), |phase| phase);
    assert!(alt.try_next().is_none());
    assert_eq!(barrier.parties(), (2, 1));
    let mut next = pin!(alt.next());
    assert!(poll_once(&mut next).is_pending());
    assert_eq!(b.try_sync(), Some(0));
    assert_eq!(poll_once(&mut next), Poll::Ready(Some(0)));
}

#[test]
fn an_empty_slot_has_nothing_to_send() {
    let (tx, rx) = channel_bounded::<u8>(1);
    let mut slot = None;
    let mut recv = pin!(rx.recv());
    assert!(poll_once(&mut recv).is_pending());
    {
        let mut alt = Alt::new();
        alt.once(tx.send_from(&mut slot), |sent| sent.is_ok());
        assert_eq!(alt.try_next(), Some(true));
    }
    assert!(poll_once(&mut recv).is_pending());
    assert_eq!((tx.inspect().sent, tx.inspect().received), (0, 0));
}

#[test]
fn an_empty_slot_takes_no_place_in_a_full_channel() {
    let (tx, rx) = channel_bounded::<u8>(1);
    tx.try_send(1).unwrap();
    let mut slot = None;
    {
        let mut alt = Alt::new();
        alt.once(tx.send_from(&mut slot), |sent| sent.is_ok());
        assert_eq!(alt.try_next(), Some(true));
    }
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(tx.try_send(2).is_ok());
}

#[test]
fn a_future_has_its_turn_beside_ends_made_anew() {
    let (tx, rx) = channel_unbounded();
    let (stay_tx, stay) = channel_unbounded();
    (0..100).for_each(|n| [&tx, &stay_tx].into_iter().for_each(|tx| tx.try_send(n).unwrap()));
    let served = (0..60).map(|_| {
        let fresh = rx.clone();
        let (mut a, mut b, mut c) = (pin!(fresh.recv()), pin!(stay.recv()), pin!(future(async {})));
        match choose_now(&mut [Some(a.as_mut()), Some(b.as_mut()), Some(c.as_mut())]) {
            Poll::Ready(number) => number,
            Poll::Pending => panic!("all are ready"),
        }
    });
    let served: Vec<_> = served.collect();
    assert!(served.windows(4).all(|window| window.contains(&2)), "{served:?}");
}

#[test]
fn a_guard_whose_drop_panics_is_removed() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }
    let (_tx, rx) = channel::<u8>();
    let mut alt: Alt<'_, u8> = Alt::new();
    let kept = Panics;
    let id = alt.receive(&rx, move |received| {
        let _kept = &kept;
        received.unwrap()
    });
    assert!(catch_unwind(AssertUnwindSafe(|| alt.remove(id))).is_err());
    assert!(alt.is_empty());
    assert_eq!(alt.next_blocking(), Ok(None));
}
