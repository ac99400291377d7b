//! Timers as guards, without a runtime.

use crate::support::{Either, Watchdog, either, poll_once};
use rendez::{after, block_on, channel, channel_bounded, clock, future};
use std::pin::{Pin, pin};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// A waker by which one can count who still holds it.
struct Held;

impl Wake for Held {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn dropping_a_timer_frees_it_at_once() {
    let held = Arc::new(Held);
    let waker = Waker::from(Arc::clone(&held));
    let mut hour = after(Duration::from_secs(3600));
    assert!(Pin::new(&mut hour).poll(&mut Context::from_waker(&waker)).is_pending());
    drop(waker);
    assert_eq!(Arc::strong_count(&held), 2, "the timer knows whom to wake");
    drop(hour);
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn a_choice_served_elsewhere_frees_its_timer() {
    let held = Arc::new(Held);
    let waker = Waker::from(Arc::clone(&held));
    let (tx, rx) = channel();
    let mut choice = Box::pin(either(rx.recv(), after(Duration::from_secs(3600))));
    assert!(choice.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    tx.try_send(1).unwrap();
    assert_eq!(choice.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Ready(Either::First(Ok(1))));
    drop((choice, waker));
    assert_eq!(Arc::strong_count(&held), 1);
}

/// A waker that panics when it is used, and says so first.
struct Bomb(mpsc::Sender<()>);

impl Wake for Bomb {
    fn wake(self: Arc<Self>) {
        let _ = self.0.send(());
        panic!("waker");
    }
}

#[test]
fn a_waker_that_panics_stops_no_other_timer() {
    let (gone_off, wait) = mpsc::channel();
    let waker = Waker::from(Arc::new(Bomb(gone_off)));
    // Long enough that it has not gone off at its first poll, also in an interpreter.
    let mut sleep = clock::thread_sleep(Instant::now() + Duration::from_millis(100));
    assert!(sleep.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    wait.recv().unwrap();
    let _watchdog = Watchdog::over(|| ());
    block_on(clock::thread_sleep(Instant::now() + Duration::from_millis(1))).unwrap();
}

#[test]
fn timers_fire_in_their_order_and_not_early() {
    let start = Instant::now();
    let waits: Vec<_> = [30, 10, 20]
        .map(|ms| {
            std::thread::spawn(move || {
                block_on(after(Duration::from_millis(ms))).unwrap();
                (start.elapsed(), ms)
            })
        })
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    for (elapsed, ms) in waits {
        assert!(elapsed >= Duration::from_millis(ms), "{elapsed:?} of {ms} ms");
    }
}

#[test]
fn a_delay_too_long_for_the_clock_never_passes() {
    assert!(poll_once(&mut pin!(after(Duration::MAX))).is_pending());
}

#[test]
fn a_timeout_fires_though_the_choice_holds_both_ends_of_a_channel() {
    let (tx, rx) = channel::<u8>();
    let both = either(tx.send(1), rx.recv());
    let chosen = block_on(either(future(Box::pin(both)), after(Duration::from_millis(5)))).unwrap();
    assert_eq!(chosen, Either::Second(()));
}

#[test]
fn a_deadline_is_served_though_an_end_stays_ready() {
    let (tx, rx) = channel_bounded(10);
    (0..10).for_each(|n| tx.try_send(n).unwrap());
    let mut deadline = after(Duration::ZERO);
    let served = (0..2).filter(|_| {
        let chosen = poll_once(&mut pin!(either(rx.recv(), future(&mut deadline))));
        chosen == Poll::Ready(Either::Second(()))
    });
    assert_eq!(served.count(), 1, "each of two guards within two choices");
}

#[test]
fn an_end_is_served_though_a_future_stays_ready() {
    let (tx, rx) = channel_bounded(10);
    (0..10).for_each(|n| tx.try_send(n).unwrap());
    let served: Vec<_> = (0..8)
        .map(|_| {
            poll_once(&mut pin!(either(rx.recv(), future(std::future::ready(()))))) == Poll::Ready(Either::Second(()))
        })
        .collect();
    assert!(served.windows(2).all(|pair| pair[0] != pair[1]), "{served:?}");
}

#[test]
fn a_closed_channel_does_not_starve_the_other_guards() {
    let (gone_tx, gone_rx) = channel::<u8>();
    drop(gone_rx);
    let (tx, rx) = channel_bounded(10);
    (0..10).for_each(|n| tx.try_send(n).unwrap());
    let received = (0..4).filter(|_| {
        matches!(poll_once(&mut pin!(either(gone_tx.closed(), rx.recv()))), Poll::Ready(Either::Second(_)))
    });
    assert_eq!(received.count(), 2);
}
