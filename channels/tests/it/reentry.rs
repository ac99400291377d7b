//! No user code runs under a lock of ours: wakers, values and parties that come back to what they came from find it free.

use crate::support::{Watchdog, either, poll_once};
use rendez::party::{self, Acting, Party};
use rendez::sync::{Event, Reentrant, Semaphore};
use rendez::{Inspect, Receiver, after, channel_bounded};
use rendez_model::ProcessId;
use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Looks at the channel whenever it runs or is dropped.
struct Nosy(Arc<Mutex<Option<Receiver<Self>>>>);

impl Nosy {
    fn look(&self) {
        let end = self.0.lock().unwrap();
        if let Some(end) = &*end {
            assert!(end.inspect().receivers.count > 0);
        }
    }

    /// Gives its end up.
    fn look_away(&self) {
        let end = self.0.lock().unwrap().take();
        drop(end);
    }

    fn poll<F: Future>(&self, future: &mut Pin<Box<F>>) -> Poll<F::Output> {
        let waker = Waker::from(Arc::new(Self(Arc::clone(&self.0))));
        future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    fn again(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl Wake for Nosy {
    fn wake(self: Arc<Self>) {
        self.look();
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        self.look();
    }
}

#[test]
fn wakers_and_values_may_use_their_channel() {
    for capacity in [0, 1, 4] {
        for end in [poison, retire_receivers, retire_senders] {
            let (_watchdog, (tx, rx)) = Watchdog::over(|| channel_bounded(capacity));
            let nosy = Nosy(Arc::new(Mutex::new(Some(rx.clone()))));
            let mut unserved = Box::pin(rx.recv());
            (0..2).for_each(|_| assert!(nosy.poll(&mut unserved).is_pending()));
            drop(unserved);
            let mut received: Vec<_> = (0..3).map(|_| Box::pin(rx.recv())).collect();
            received.iter_mut().for_each(|recv| assert!(nosy.poll(recv).is_pending()));
            (0..3).for_each(|_| assert!(nosy.poll(&mut Box::pin(tx.send(nosy.again()))).is_ready()));
            received.iter_mut().take(2).for_each(|recv| drop(nosy.poll(recv)));
            drop(received); // one is handed back
            let mut sends: Vec<_> = (0..6).map(|_| Box::pin(tx.send(nosy.again()))).collect();
            (0..2).for_each(|_| sends.retain_mut(|send| nosy.poll(send).is_pending()));
            drop(rx.try_recv());
            let mut choice = Box::pin(either(tx.send(nosy.again()), after(Duration::from_secs(60))));
            assert!(nosy.poll(&mut choice).is_pending());
            assert!(nosy.poll(&mut choice).is_pending());
            let mut closed = Box::pin(tx.closed());
            assert!(nosy.poll(&mut closed).is_pending());
            drop(sends.pop());
            drop((choice, closed, sends));
            let mut waiting = Box::pin(tx.send(nosy.again()));
            drop(nosy.poll(&mut waiting));
            drop(waiting);
            end(tx, rx, &nosy);
        }
    }
}

type End = rendez::Sender<Nosy>;

fn poison(tx: End, rx: Receiver<Nosy>, nosy: &Nosy) {
    let mut send = Box::pin(tx.send(nosy.again()));
    drop(nosy.poll(&mut send));
    tx.poison("enough");
    assert!(poll_once(&mut send).is_ready());
    drop(tx.undelivered());
    nosy.look_away();
    drop(rx);
}

fn retire_receivers(tx: End, rx: Receiver<Nosy>, nosy: &Nosy) {
    let mut send = Box::pin(tx.send(nosy.again()));
    drop(nosy.poll(&mut send));
    drop(rx);
    nosy.look_away();
    assert!(poll_once(&mut send).is_ready());
    drop(tx.undelivered());
}

fn retire_senders(tx: End, rx: Receiver<Nosy>, nosy: &Nosy) {
    while rx.try_recv().is_ok() {}
    let mut recv = Box::pin(rx.recv());
    assert!(nosy.poll(&mut recv).is_pending());
    drop(tx);
    assert!(matches!(poll_once(&mut recv), Poll::Ready(Err(_))));
    drop(recv);
    nosy.look_away();
}

/// A party that looks at something when it is told of a channel.
struct Curious(Box<dyn Fn() + Send + Sync>);

impl Party for Curious {
    fn id(&self) -> ProcessId {
        ProcessId(1)
    }
    fn name(&self) -> String {
        (self.0)();
        "curious".to_owned()
    }
    fn met(&self, _: Weak<dyn Inspect>) {
        (self.0)();
    }
    fn observes(&self) -> bool {
        true
    }
    fn cancelled(&self) -> bool {
        false
    }
    fn wake_on_cancel(&self, _: &Waker) {}
}

thread_local! {
    static CURIOUS: RefCell<Option<Arc<Curious>>> = const { RefCell::new(None) };
}

/// Acts as a party that looks, and says how often it did.
fn curious(look: impl Fn() + Send + Sync + 'static, act: impl FnOnce()) -> usize {
    let (_watchdog, ()) = Watchdog::over(|| ());
    let looks = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&looks);
    let counted = move || {
        count.fetch_add(1, Ordering::Relaxed);
        look();
    };
    let show = |look: &mut dyn FnMut(&dyn Party)| {
        let curious = CURIOUS.with_borrow(Option::clone);
        curious.into_iter().for_each(|curious| look(&*curious));
    };
    CURIOUS.set(Some(Arc::new(Curious(Box::new(counted)))));
    let before = party::swap(Some(Acting::new(ProcessId(1), show)));
    act();
    party::swap(before);
    CURIOUS.set(None);
    looks.load(Ordering::Relaxed)
}

#[test]
fn a_party_may_use_the_event_whose_channel_it_is_told_of() {
    let event = Event::new();
    let other = event.clone();
    let looks = curious(
        move || {
            let _ = other.is_set();
        },
        || {
            event.set();
            event.clear();
            let mut wait = Box::pin(event.wait());
            assert!(poll_once(&mut wait).is_pending());
        },
    );
    assert!(looks > 0, "it was told");
    assert!(!event.is_set());
}

#[test]
fn a_party_may_use_the_semaphore_at_which_it_waits_for_several() {
    let seats = Semaphore::new(2);
    let other = seats.clone();
    let held = seats.try_acquire().unwrap();
    let looks = curious(
        move || assert!(poll_once(&mut Box::pin(other.acquire_many(2))).is_pending()),
        || assert!(poll_once(&mut Box::pin(seats.acquire_many(2))).is_pending()),
    );
    assert!(looks > 0, "it was told");
    drop(held);
    assert_eq!(seats.available(), 2);
}

#[test]
fn a_party_may_use_the_lock_that_it_poisons() {
    let room = Reentrant::new(0);
    let (other, clumsy) = (room.clone(), room.clone());
    let looks = curious(
        move || drop(other.try_lock()),
        || {
            let panics = AssertUnwindSafe(|| {
                let _held = clumsy.lock_blocking().unwrap();
                panic!("for the test");
            });
            assert!(catch_unwind(panics).is_err());
        },
    );
    assert!(looks > 0, "it was asked for its name");
}
