//! User code that panics where a channel runs it: wakers, values that are dropped, futures, closures. The channel goes on.

use crate::support::{Task, Woken, either};
use rendez::{ChannelOptions, Extended, Overflow, channel, channel_bounded, channel_unbounded, future};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// A waker that panics.
struct Panicking;

impl Wake for Panicking {
    fn wake(self: Arc<Self>) {
        panic!("a waker's bug");
    }
}

fn poll_panicking<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&Waker::from(Arc::new(Panicking))))
}

/// A value whose drop panics once it is armed.
struct Bomb(Arc<AtomicBool>);

impl Bomb {
    fn armed() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        // Relaxed: one thread.
        assert!(!self.0.swap(false, Ordering::Relaxed), "a value's bug");
    }
}

fn panics<R>(act: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(act)).is_err()
}

#[test]
fn who_wakes_a_panicking_waker_panics_and_the_value_arrives() {
    let (tx, rx) = channel();
    let mut receive = pin!(rx.recv());
    assert!(poll_panicking(receive.as_mut()).is_pending());
    assert!(panics(|| tx.try_send(1)));
    assert_eq!(poll_panicking(receive), Poll::Ready(Ok(1)), "it was committed");
    let mut send = pin!(tx.send(2));
    assert!(poll_panicking(send.as_mut()).is_pending());
    assert!(panics(|| rx.try_recv()));
    assert_eq!(poll_panicking(send), Poll::Ready(Ok(())));
    let mut next = Task::waiting(rx.recv());
    tx.try_send(3).unwrap();
    assert_eq!(next.done(), Ok(3), "the channel goes on");
}

#[test]
fn the_others_are_woken_too() {
    let (tx, rx) = channel::<u8>();
    let mut first = Task::waiting(rx.recv());
    let mut faulty = pin!(rx.recv());
    assert!(poll_panicking(faulty.as_mut()).is_pending());
    let mut last = Task::waiting(rx.recv());
    assert!(panics(|| tx.poison("broken")));
    assert!(first.is_woken() && last.is_woken());
    assert!(first.done().is_err() && last.done().is_err());
    assert!(matches!(poll_panicking(faulty), Poll::Ready(Err(_))));
}

#[test]
fn a_choice_with_a_panicking_waker_is_committed() {
    let ((tx, rx), (_idle_tx, idle)) = (channel(), channel::<u8>());
    let mut choice = pin!(either(rx.recv(), idle.recv()));
    assert!(poll_panicking(choice.as_mut()).is_pending());
    assert!(panics(|| tx.try_send(1)));
    assert_eq!(poll_panicking(choice), Poll::Ready(crate::support::Either::First(Ok(1))));
}

#[test]
fn a_value_that_overflows_may_panic() {
    for overflow in [Overflow::DropNewest, Overflow::DropOldest] {
        let (tx, rx) = ChannelOptions::bounded(1).overflow(overflow).open();
        let old = Bomb(Arc::new(AtomicBool::new(overflow == Overflow::DropOldest)));
        assert!(tx.try_send(old).is_ok());
        let new = Bomb(Arc::new(AtomicBool::new(overflow == Overflow::DropNewest)));
        assert!(panics(|| drop(tx.try_send(new))));
        assert_eq!((rx.inspect().depth, rx.inspect().dropped), (1, 1));
        assert!(rx.try_recv().is_ok());
        assert!(rx.try_recv().is_err());
    }
}

#[test]
fn the_value_of_a_dropped_send_may_panic_and_the_send_has_left_the_line() {
    let (tx, rx) = channel();
    let first = Task::waiting(tx.send(Bomb::armed()));
    let mut second = Task::waiting(tx.send(Bomb(Arc::default())));
    assert!(panics(|| drop(first)));
    assert!(rx.try_recv().is_ok());
    assert!(second.done().is_ok());
    assert!(rx.try_recv().is_err(), "the first was not sent");
}

#[test]
fn a_value_left_in_a_channel_may_panic_and_the_others_are_dropped() {
    let rest = Arc::new(AtomicBool::new(false));
    let (tx, rx) = channel_unbounded();
    for value in [Bomb(Arc::clone(&rest)), Bomb::armed(), Bomb(Arc::clone(&rest))] {
        assert!(tx.try_send(value).is_ok());
    }
    drop(rx);
    assert!(panics(|| drop(tx)));
    assert_eq!(Arc::strong_count(&rest), 1);
}

#[test]
fn a_value_that_panics_while_its_sender_is_held_lets_it_go_on() {
    let (tx, rx) = channel();
    let mut send = Task::waiting(tx.send(Bomb::armed()));
    let held = Task::new(rx.recv_extended()).done().unwrap();
    assert!(panics(|| Extended::release(held)));
    assert!(send.is_woken());
    assert!(send.done().is_ok());
}

#[test]
fn a_future_that_panics_in_a_choice_leaves_nothing_behind() {
    let (tx, rx) = channel();
    let mut polls = 0;
    let faulty = future(poll_fn(move |_| {
        polls += 1;
        assert!(polls < 2, "a future's bug");
        Poll::<()>::Pending
    }));
    let mut choice = Task::waiting(either(rx.recv(), faulty));
    assert!(panics(|| choice.poll()));
    drop(choice);
    assert!(tx.try_send(1).is_err(), "nobody waits any more");
    let mut receive = Task::waiting(rx.recv());
    tx.try_send(2).unwrap();
    assert_eq!(receive.done(), Ok(2));
}

#[test]
fn a_process_that_panics_while_it_waits_leaves_its_lines() {
    let (tx, rx) = channel_bounded::<u8>(1);
    let woken = Arc::new(Woken::default());
    let waiting = AssertUnwindSafe(|| {
        let mut receive = Box::pin(rx.recv());
        let _ = receive.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(&woken))));
        panic!("a process's bug");
    });
    assert!(catch_unwind(waiting).is_err());
    tx.try_send(1).unwrap();
    assert!(!woken.is_woken());
    assert_eq!(rx.try_recv(), Ok(1));
}

/// A second panic in a destructor would end the program.
#[test]
fn a_waker_that_panics_while_an_end_is_dropped_in_a_panic_is_let_be() {
    let (tx, rx) = channel::<u8>();
    let mut receive = pin!(rx.recv());
    assert!(poll_panicking(receive.as_mut()).is_pending());
    assert!(panics(move || {
        let _dropped_in_the_panic = tx;
        panic!("a process's bug");
    }));
    assert!(matches!(poll_panicking(receive), Poll::Ready(Err(_))));
}

#[test]
fn a_guard_for_one_use_whose_closure_panics_is_used_up() {
    let (tx, rx) = channel_unbounded();
    (0..3).for_each(|n| tx.try_send(n).unwrap());
    let mut alt = rendez::Alt::new();
    alt.once(rx.recv(), |_| panic!("a closure's bug"));
    alt.receive(&rx, Result::unwrap);
    assert!(panics(|| alt.try_next()));
    assert_eq!(alt.len(), 1);
    assert_eq!([alt.try_next(), alt.try_next(), alt.try_next()], [Some(1), Some(2), None]);
}
