//! Deadlines of whatever can be a guard: a broadcast, a newer value, a lock, a barrier, a permit; and nothing is lost to them.

use crate::support::Task;
use rendez::sync::{Event, Exclusive, Semaphore};
use rendez::{Barrier, Guard, block_on, broadcast, channel_bounded, future, watch};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_millis(5);
const LATER: Duration = Duration::from_secs(3_600);

/// None when nothing comes within a moment; a thread's form of it.
fn soon<G: Guard>(guard: G) -> Option<G::Output> {
    block_on(guard.within(SOON)).unwrap()
}

#[test]
fn whatever_does_not_come_is_late() {
    let ((_btx, brx), (_wtx, wrx), event) = (broadcast::<u8>(1), watch(0), Event::new());
    assert!(soon(brx.recv()).is_none());
    assert!(soon(wrx.recv()).is_none());
    assert!(soon(event.wait()).is_none());
    let lock = Exclusive::new(1);
    let (_held, permits) = (lock.try_lock().unwrap(), Semaphore::new(1));
    assert!(soon(lock.lock()).is_none());
    let _one = permits.try_acquire().unwrap();
    assert!(soon(permits.acquire()).is_none());
    let barrier = Barrier::new();
    let mut parties = barrier.enrol_many(2);
    assert!(soon(parties[0].sync()).is_none());
    let (tx, _rx) = channel_bounded(1);
    tx.try_send(1).unwrap();
    assert!(soon(future(Box::pin(tx.reserve()))).is_none());
}

#[test]
fn what_is_there_comes_though_its_deadline_has_passed() {
    let (tx, rx) = broadcast(1);
    tx.try_send(7).unwrap();
    assert_eq!(block_on(rx.recv().by(Instant::now())).unwrap().map(|got| *got.unwrap()), Some(7));
}

#[test]
fn a_lock_that_was_given_to_one_who_is_late_goes_to_the_next() {
    let lock = Exclusive::new(1);
    let held = lock.try_lock().unwrap();
    let impatient = Task::waiting(lock.lock().within(LATER));
    let mut next = Task::waiting(lock.lock());
    drop(held);
    assert!(impatient.is_woken());
    drop(impatient);
    assert!(next.done().is_ok());
}
