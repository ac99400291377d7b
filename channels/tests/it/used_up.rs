//! An operation gives its result once: one that is polled again, or takes part in a choice again, panics; whether it was a
//! poll or a choice that got the result, and whether that was good or bad.

use crate::support::{choose_now, poll_once};
use rendez::sync::{Condition, Event, Exclusive, Reentrant, Semaphore};
use rendez::{
    Alt, Barrier, CancellationToken, Guard, OneshotSender, after, broadcast, channel, channel_bounded,
    channel_unbounded, future, oneshot, watch,
};
use std::future::{Future, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

/// How one comes to the result of an operation.
#[derive(Clone, Copy, Debug)]
enum By {
    Poll,
    Choice,
    Alt,
}

const WAYS: [By; 3] = [By::Poll, By::Choice, By::Alt];

/// Whether it is ready, asked in this way.
fn is_ready<G: Guard + Future>(mut guard: Pin<&mut G>, by: By) -> bool {
    match by {
        By::Poll => poll_once(&mut guard).is_ready(),
        By::Choice => {
            let is_ready = choose_now(&mut [Some(guard.as_mut())]) == Poll::Ready(0);
            if is_ready {
                drop(guard.output());
            }
            is_ready
        }
        By::Alt => {
            let mut alt = Alt::new();
            alt.once(guard, drop);
            alt.try_next().is_some()
        }
    }
}

/// What a panic said.
fn said(act: impl FnOnce() -> bool) -> String {
    let panic = catch_unwind(AssertUnwindSafe(act)).expect_err("it panics");
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// Gets the result of an operation in every way, and then asks it again in every way.
macro_rules! gives_once {
    ($operation:expr) => {
        for (first, again) in WAYS.into_iter().flat_map(|first| WAYS.map(|again| (first, again))) {
            let mut operation = pin!($operation);
            assert!(is_ready(operation.as_mut(), first), "{} by {first:?}", stringify!($operation));
            let said = said(|| is_ready(operation.as_mut(), again));
            let what = stringify!($operation);
            assert!(said.contains("gives its result once"), "{what} by {first:?}, then {again:?}: {said:?}");
        }
    };
}

#[test]
fn a_send() {
    let (tx, rx) = channel_unbounded();
    gives_once!(tx.send(1));
    let (mut slot, mut empty) = (Some(1), None);
    gives_once!(tx.send_from(refilled(&mut slot)));
    gives_once!(tx.send_from(&mut empty));
    assert_eq!(rx.inspect().sent, 18, "each once");
}

#[test]
fn a_send_that_has_failed() {
    let (tx, rx) = channel();
    drop(rx);
    gives_once!(tx.send(1));
    let mut slot = Some(1);
    gives_once!(tx.send_from(&mut slot));
    assert_eq!(slot, Some(1));
}

fn refilled(slot: &mut Option<i32>) -> &mut Option<i32> {
    *slot = Some(1);
    slot
}

#[test]
fn a_send_that_was_served_while_it_waited() {
    let (tx, rx) = channel();
    for again in WAYS {
        let mut send = pin!(tx.send(1));
        assert!(poll_once(&mut send).is_pending());
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!(poll_once(&mut send), Poll::Ready(Ok(())));
        assert!(said(|| is_ready(send.as_mut(), again)).contains("gives its result once"));
    }
}

#[test]
fn a_receive() {
    let (tx, rx) = channel_unbounded();
    (0..100).for_each(|n| tx.try_send(n).unwrap());
    gives_once!(rx.recv());
    gives_once!(rx.next());
    gives_once!(rx.recv_extended());
    assert_eq!(rx.inspect().received, 27, "each once");
}

#[test]
fn a_receive_that_has_failed() {
    let (tx, rx) = channel::<u8>();
    drop(tx);
    gives_once!(rx.recv());
    gives_once!(rx.next());
    gives_once!(rx.recv_extended());
}

#[test]
fn a_receive_that_was_served_while_it_waited() {
    let (tx, rx) = channel();
    for again in WAYS {
        let mut recv = pin!(rx.recv());
        assert!(poll_once(&mut recv).is_pending());
        tx.try_send(1).unwrap();
        assert_eq!(poll_once(&mut recv), Poll::Ready(Ok(1)));
        assert!(said(|| is_ready(recv.as_mut(), again)).contains("gives its result once"));
    }
}

#[test]
fn a_wait_for_an_end_or_for_a_word_to_stop() {
    let (tx, rx) = channel::<u8>();
    let (answer, question): (OneshotSender<u8>, _) = oneshot();
    drop((rx, question));
    gives_once!(tx.closed());
    gives_once!(answer.closed());
    let stop = CancellationToken::new();
    stop.cancel();
    gives_once!(stop.cancelled());
}

#[test]
fn an_operation_on_a_broadcast_or_a_watch() {
    let (news, paper) = broadcast(100);
    gives_once!(news.send(1));
    gives_once!(paper.recv());
    drop(paper);
    gives_once!(news.send(1));
    let (setting, knob) = watch(0);
    drop(setting);
    gives_once!(knob.recv());
}

#[test]
fn a_sync() {
    let mut only = Barrier::new().enrol();
    gives_once!(only.sync());
    assert_eq!(only.try_sync(), Some(9), "each once");
}

#[test]
fn a_timer_and_a_future() {
    gives_once!(after(Duration::ZERO));
    gives_once!(future(ready(())));
}

#[test]
fn a_lock_a_permit_and_the_like() {
    let (exclusive, seats, shot) = (Exclusive::new(0), Semaphore::new(2), Event::new());
    gives_once!(exclusive.lock());
    gives_once!(exclusive.lock_anyway());
    gives_once!(seats.acquire());
    gives_once!(seats.acquire_many(2));
    shot.set();
    gives_once!(shot.wait());
    let changed = Condition::new();
    gives_once!(changed.wait_while(exclusive.try_lock().unwrap(), |_| false));
    let reentrant = Reentrant::new(0);
    gives_once!(reentrant.lock());
}

#[test]
fn an_operation_that_was_not_chosen_goes_on() {
    let ((tx, rx), (other_tx, other)) = (channel_bounded(1), channel_bounded(1));
    let mut recv = pin!(rx.recv());
    other_tx.try_send(2).unwrap();
    let mut second = pin!(other.recv());
    assert_eq!(choose_now(&mut [Some(recv.as_mut()), Some(second.as_mut())]), Poll::Ready(1));
    assert_eq!(second.output(), Ok(2));
    tx.try_send(1).unwrap();
    assert_eq!(poll_once(&mut recv), Poll::Ready(Ok(1)));
}
