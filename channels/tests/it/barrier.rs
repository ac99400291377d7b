//! Barriers and cancellation tokens: who meets, who is waited for, and both as guards.

use crate::support::{Either, Task, choose_now, either, poll_once, scale};
use rendez::{Alt, Barrier, CancellationToken, block_on, channel, channel_bounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

#[test]
fn nobody_passes_before_all_have_come() {
    let mut parties = Barrier::new().enrol_many(3);
    let [a, b, c] = parties.get_disjoint_mut([0, 1, 2]).unwrap();
    for phase in 0..3 {
        let (mut first, mut second) = (pin!(a.sync()), pin!(b.sync()));
        assert!(poll_once(&mut first).is_pending() && poll_once(&mut second).is_pending());
        assert_eq!(block_on(c.sync()), Ok(phase));
        assert_eq!((poll_once(&mut first), poll_once(&mut second)), (Poll::Ready(phase), Poll::Ready(phase)));
    }
}

#[test]
fn who_resigns_is_not_waited_for_and_who_enrols_is() {
    let barrier = Barrier::new();
    let (mut a, b) = (barrier.enrol(), barrier.enrol());
    let mut sync = pin!(a.sync());
    assert!(poll_once(&mut sync).is_pending());
    let mut late = barrier.enrol();
    b.resign();
    assert!(poll_once(&mut sync).is_pending(), "one enrolled while others waited");
    assert_eq!(late.try_sync(), Some(0));
    assert_eq!(poll_once(&mut sync), Poll::Ready(0));
    assert_eq!(late.try_sync(), None, "the other is not here");
    assert_eq!(barrier.parties(), (2, 0));
}

#[test]
fn a_dropped_sync_has_not_come() {
    let barrier = Barrier::new();
    let (mut a, mut b) = (barrier.enrol(), barrier.enrol());
    assert!(poll_once(&mut pin!(a.sync())).is_pending());
    assert_eq!(barrier.parties(), (2, 0));
    assert_eq!(b.try_sync(), None);
}

#[test]
fn the_last_who_resigns_lets_the_others_meet() {
    let barrier = Barrier::new();
    let (mut a, mut b, c) = (barrier.enrol(), barrier.enrol(), barrier.enrol());
    let (mut one, mut two) = (pin!(a.sync()), pin!(b.sync()));
    assert!(poll_once(&mut one).is_pending() && poll_once(&mut two).is_pending());
    drop(c);
    assert_eq!((poll_once(&mut one), poll_once(&mut two)), (Poll::Ready(0), Poll::Ready(0)));
}

#[test]
fn choosing_parties_meet_all_or_not_at_all() {
    let mut parties = Barrier::new().enrol_many(3);
    let [a, b, c] = parties.get_disjoint_mut([0, 1, 2]).unwrap();
    let (tx, rx) = channel_bounded(1);
    let (_quiet, quiet) = channel::<u8>();
    let mut two = pin!(either(b.sync(), quiet.recv()));
    let mut three = pin!(c.sync());
    {
        let mut one = Box::pin(either(a.sync(), rx.recv()));
        assert!(poll_once(&mut one).is_pending() && poll_once(&mut two).is_pending());
        tx.try_send(7).unwrap();
        assert_eq!(poll_once(&mut one), Poll::Ready(Either::Second(Ok(7))));
        assert!(poll_once(&mut three).is_pending(), "the first went elsewhere");
        assert!(poll_once(&mut two).is_pending());
    }
    let mut one = pin!(either(a.sync(), rx.recv()));
    assert_eq!(poll_once(&mut one), Poll::Ready(Either::First(0)));
    assert_eq!((poll_once(&mut two), poll_once(&mut three)), (Poll::Ready(Either::First(0)), Poll::Ready(0)));
}

#[test]
fn a_choice_never_meets_itself_at_a_barrier() {
    let mut parties = Barrier::new().enrol_many(2);
    let [a, b] = parties.get_disjoint_mut([0, 1]).unwrap();
    let mut both = pin!(either(a.sync(), b.sync()));
    (0..3).for_each(|_| assert!(poll_once(&mut both).is_pending()));
}

#[test]
fn a_reusable_choice_meets_at_a_barrier_when_it_is_used_and_only_then() {
    let barrier = Barrier::new();
    let (mut a, mut b) = (barrier.enrol(), barrier.enrol());
    let mut alt = Alt::new();
    alt.once(a.sync(), |phase| phase);
    assert!(alt.try_next().is_none());
    {
        let mut sync = pin!(b.sync());
        assert!(poll_once(&mut sync).is_pending(), "the choice is between its uses");
        assert_eq!(alt.try_next(), Some(0));
        assert_eq!(poll_once(&mut sync), Poll::Ready(0));
    }
    assert_eq!(alt.next_blocking(), Ok(None));
}

#[test]
fn threads_that_choose_meet_as_often_as_they_come() {
    const MEETINGS: u64 = scale(500) as u64;
    const CALLS: u64 = scale(1_000) as u64;
    let barrier = Barrier::new();
    // The caller meets a choice only while it waits at the barrier, and so contends for it with the others.
    let threads = barrier.enrol_many(3).into_iter().map(|mut party| {
        let (call, calls) = channel();
        let caller = thread::spawn(move || (0..CALLS).take_while(|_| call.send_blocking(()).is_ok()).count());
        let chooser = thread::spawn(move || {
            let (mut met, mut heard) = (0, 0);
            while met < MEETINGS {
                match block_on(either(party.sync(), calls.recv())).unwrap() {
                    Either::First(phase) => {
                        assert_eq!(phase, met);
                        met += 1;
                    }
                    Either::Second(Ok(())) => heard += 1,
                    Either::Second(Err(_)) => {
                        assert_eq!(party.sync_blocking(), Ok(met));
                        met += 1;
                    }
                }
            }
            heard
        });
        (caller, chooser)
    });
    for (caller, chooser) in threads.collect::<Vec<_>>() {
        let heard = chooser.join().unwrap();
        assert_eq!(caller.join().unwrap(), heard);
    }
    assert_eq!(barrier.parties(), (0, 0));
}

#[test]
fn a_token_tells_all_its_clones_and_children() {
    let token = CancellationToken::new();
    let (child, other) = (token.child(), token.child());
    let grandchild = child.child();
    let mut told = pin!(grandchild.cancelled());
    assert!(poll_once(&mut told).is_pending());
    other.cancel();
    assert!(poll_once(&mut told).is_pending() && !token.is_cancelled());
    token.clone().cancel();
    assert_eq!(poll_once(&mut told), Poll::Ready(()));
    assert!(child.is_cancelled() && token.child().is_cancelled());
}

#[test]
fn a_token_ends_a_choice_and_a_blocked_thread() {
    let (_tx, rx) = channel::<u8>();
    let token = CancellationToken::new();
    let thread = thread::spawn({
        let token = token.child();
        move || token.cancelled_blocking()
    });
    let mut choice = pin!(either(rx.recv(), token.cancelled()));
    assert!(poll_once(&mut choice).is_pending());
    token.cancel();
    assert_eq!(poll_once(&mut choice), Poll::Ready(Either::Second(())));
    assert_eq!(thread.join().unwrap(), Ok(()));
}

/// A waker that panics when it is used.
struct Bomb;

impl Wake for Bomb {
    fn wake(self: Arc<Self>) {
        panic!("waker");
    }
}

#[test]
fn a_waker_that_panics_keeps_no_child_from_being_cancelled() {
    let root = CancellationToken::new();
    let (first, second) = (root.child(), root.child());
    let grandchild = first.child();
    let waker = Waker::from(Arc::new(Bomb));
    let (mut at_root, mut at_first) = (pin!(root.cancelled()), pin!(first.cancelled()));
    assert!(at_root.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(at_first.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let mut waits = Task::waiting(grandchild.cancelled());
    assert!(catch_unwind(AssertUnwindSafe(|| root.cancel())).is_err());
    assert!([&root, &first, &second, &grandchild].iter().all(|token| token.is_cancelled()));
    assert!(waits.is_woken());
    waits.done();
}

#[test]
#[cfg_attr(miri, ignore = "it leaks on purpose")]
fn a_party_that_forgets_its_sync_is_counted_once() {
    let barrier = Barrier::new();
    let (mut a, mut b) = (barrier.enrol(), barrier.enrol());
    let forget = |enrolment: &mut rendez::Enrolment| {
        let mut sync = Box::pin(enrolment.sync());
        assert!(poll_once(&mut sync).is_pending());
        std::mem::forget(sync);
    };
    forget(&mut a);
    assert_eq!(a.try_sync(), None, "the other has not come");
    assert!(poll_once(&mut pin!(a.sync())).is_pending());
    assert!(choose_now(&mut [Some(pin!(a.sync()))]).is_pending());
    assert_eq!(barrier.parties(), (2, 1));
    assert_eq!(b.try_sync(), Some(0));
    assert_eq!(barrier.parties(), (2, 0));
    assert_eq!(b.try_sync(), None, "at the next meeting it has to come again");
    forget(&mut a);
    a.resign();
    assert_eq!(barrier.parties(), (1, 0));
    assert_eq!(b.try_sync(), Some(1));
}
