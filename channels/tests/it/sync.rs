//! Locks, semaphores, events and conditions: who gets what, in which order, and what cancelling, panics and closing do.

use crate::support::{Chance, Either, Watchdog, Woken, either, poll_once, scale};
use rendez_channels::party::{self, Acting, Party};
use rendez_channels::sync::{AcquireError, Condition, Event, Exclusive, ExclusiveGuard, Reentrant, Semaphore};
use rendez_channels::{Alt, Ended, Inspect, block_on, channel, channel_bounded};
use rendez_model::ProcessId;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

const THREADS: usize = 4;
const ROUNDS: usize = scale(500);

fn must<T>(poll: Poll<T>) -> T {
    match poll {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it is ready"),
    }
}

/// Has a thread panic while it holds what `take` gives.
fn panic_with<G>(take: impl FnOnce() -> G + Send + 'static) {
    let clumsy = thread::spawn(move || {
        let _held = take();
        panic!("dropped it, for the test");
    });
    assert!(clumsy.join().is_err());
}

#[test]
fn a_lock_is_had_by_one_at_a_time_whether_it_blocks_or_awaits() {
    let (_watchdog, total) = Watchdog::over(|| Exclusive::new(0));
    let inside = Arc::new(AtomicUsize::new(0));
    let threads = (0..THREADS).map(|number| {
        let (total, inside) = (total.clone(), Arc::clone(&inside));
        thread::spawn(move || {
            for _ in 0..ROUNDS {
                let locked = if number % 2 == 0 { total.lock_blocking() } else { block_on(total.lock()).unwrap() };
                let mut guard = locked.unwrap();
                assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0, "somebody else is inside");
                *guard += 1;
                inside.fetch_sub(1, Ordering::Relaxed);
            }
        })
    });
    threads.collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(*total.lock_blocking().unwrap(), THREADS * ROUNDS);
}

#[test]
fn a_lock_goes_on_in_order_of_arrival_and_nobody_slips_in_between() {
    let lock = Exclusive::named("till", 'x');
    let first = lock.try_lock().unwrap();
    assert_eq!(lock.try_lock().unwrap_err(), AcquireError::Busy { of: "till".to_owned() });
    let (mut second, mut third) = (pin!(lock.lock()), pin!(lock.lock()));
    assert!(poll_once(&mut second).is_pending());
    assert!(poll_once(&mut third).is_pending());
    drop(first);
    assert!(lock.try_lock().is_err(), "it is promised to the second");
    assert!(poll_once(&mut third).is_pending());
    drop(must(poll_once(&mut second)).unwrap());
    assert!(must(poll_once(&mut third)).is_ok());
}

#[test]
fn a_lock_that_was_handed_to_a_dropped_wait_goes_to_the_next() {
    let lock = Exclusive::new(5);
    let first = lock.try_lock().unwrap();
    let mut second = Box::pin(lock.lock());
    let mut third = pin!(lock.lock());
    assert!(poll_once(&mut second).is_pending());
    assert!(poll_once(&mut third).is_pending());
    drop(first);
    drop(second);
    assert_eq!(*must(poll_once(&mut third)).unwrap(), 5);
}

#[test]
fn a_lock_is_a_guard_of_a_choice_and_is_free_when_the_choice_commits_elsewhere() {
    let lock = Exclusive::new(1);
    let (tx, rx) = channel_bounded(1);
    let held = lock.try_lock().unwrap();
    tx.try_send('m').unwrap();
    let chosen = block_on(either(lock.lock(), rx.recv())).unwrap();
    assert!(matches!(chosen, Either::Second(Ok('m'))));
    drop(held);
    let chosen = block_on(either(lock.lock(), rx.recv())).unwrap();
    assert!(matches!(chosen, Either::First(Ok(guard)) if *guard == 1));
    assert!(lock.try_lock().is_ok());

    let mut alt = Alt::new();
    alt.once(lock.lock(), |guard| *guard.unwrap());
    assert_eq!(block_on(alt.next()).unwrap(), Some(1));
}

#[test]
fn a_holder_that_panics_poisons_until_somebody_heals() {
    let lock = Exclusive::named("ledger", 1);
    let (other, held) = (lock.clone(), lock.try_lock().unwrap());
    let mut waits = pin!(lock.lock());
    assert!(poll_once(&mut waits).is_pending());
    drop(held);
    drop(must(poll_once(&mut waits)).unwrap());
    let (tx, rx) = channel::<()>();
    let panics = thread::spawn(move || {
        let _held = other.lock_blocking().unwrap();
        rx.recv_blocking().unwrap();
        panic!("for the test");
    });
    tx.send_blocking(()).unwrap();
    let waited = lock.lock_blocking();
    assert!(panics.join().is_err());
    let Err(Ended::Poisoned(poison)) = waited else { panic!("it is poisoned") };
    assert_eq!(poison.to_string(), "channel `ledger` is poisoned: its holder panicked");
    assert_eq!(lock.try_lock().unwrap_err(), AcquireError::Ended(Ended::Poisoned(poison)));

    let mut guard = block_on(lock.lock_anyway()).unwrap().unwrap();
    assert!(ExclusiveGuard::poison(&guard).is_some());
    *guard = 2;
    drop(guard);
    assert!(lock.try_lock().is_err(), "looking at it does not heal");
    ExclusiveGuard::heal(&mut block_on(lock.lock_anyway()).unwrap().unwrap());
    assert_eq!(*lock.try_lock().unwrap(), 2);
}

#[test]
fn a_lock_taken_and_given_back_while_something_unwinds_is_not_poisoned() {
    struct Counts(Exclusive<u32>);
    impl Drop for Counts {
        fn drop(&mut self) {
            *self.0.lock_blocking().unwrap() += 1;
        }
    }
    let drops = Exclusive::new(0);
    let counts = Counts(drops.clone());
    panic_with(|| counts);
    assert_eq!(*drops.lock_blocking().unwrap(), 1);
}

/// Somebody, as a runtime would say.
struct Someone(u64);

impl Party for Someone {
    fn id(&self) -> ProcessId {
        ProcessId(self.0)
    }
    fn name(&self) -> String {
        format!("number {}", self.0)
    }
    fn met(&self, _: Weak<dyn Inspect>) {}
    fn observes(&self) -> bool {
        false
    }
    fn cancelled(&self) -> bool {
        false
    }
    fn wake_on_cancel(&self, _: &Waker) {}
}

fn acting_as<R>(who: u64, act: impl FnOnce() -> R) -> R {
    let show = |look: &mut dyn FnMut(&dyn Party)| look(&Someone(party::current_id().0));
    let before = party::swap(Some(Acting::new(ProcessId(who), show)));
    let result = act();
    party::swap(before);
    result
}

#[test]
fn a_party_may_lock_again_what_it_has_and_others_wait_for_the_last_guard() {
    let lock = Reentrant::new(7);
    let (outer, inner) = acting_as(1, || (must(poll_once(&mut pin!(lock.lock()))).unwrap(), lock.try_lock().unwrap()));
    let mut other = pin!(lock.lock());
    assert!(acting_as(2, || poll_once(&mut other)).is_pending());
    assert!(acting_as(2, || lock.try_lock()).is_err());
    drop(outer);
    assert!(acting_as(2, || poll_once(&mut other)).is_pending(), "one guard is left");
    let again = acting_as(1, || lock.lock_blocking().unwrap());
    drop((inner, again));
    assert_eq!(*must(acting_as(2, || poll_once(&mut other))).unwrap(), 7);
}

#[test]
fn outside_of_processes_the_thread_is_the_party_and_a_task_is_nobody() {
    let lock = Reentrant::named("room", ());
    assert_eq!(must(poll_once(&mut pin!(lock.lock()))).unwrap_err(), AcquireError::Nobody { of: "room".to_owned() });
    let guards = (lock.lock_blocking().unwrap(), lock.lock_blocking().unwrap());
    let other = lock.clone();
    let busy = thread::spawn(move || other.try_lock().is_err());
    assert!(busy.join().unwrap());
    drop(guards);
    let other = lock.clone();
    thread::spawn(move || drop(other.try_lock().unwrap())).join().unwrap();
}

#[test]
fn a_reentrant_lock_is_poisoned_and_healed_too() {
    let lock = Reentrant::new(0);
    let other = lock.clone();
    let clumsy = thread::spawn(move || {
        let _held = (other.lock_blocking().unwrap(), other.lock_blocking().unwrap());
        panic!("for the test");
    });
    assert!(clumsy.join().is_err());
    assert!(matches!(lock.lock_blocking(), Err(AcquireError::Ended(Ended::Poisoned(_)))));
    lock.heal();
    assert!(lock.lock_blocking().is_ok());
}

#[test]
fn no_more_than_its_permits_are_inside_of_a_semaphore() {
    const PERMITS: usize = 3;
    let (_watchdog, semaphore) = Watchdog::over(|| Semaphore::new(PERMITS));
    let inside = Arc::new(AtomicUsize::new(0));
    let mut chance = Chance::seeded();
    let threads = (0..THREADS).map(|number| {
        let counts: Vec<_> = (0..ROUNDS).map(|_| 1 + chance.below(PERMITS)).collect();
        let (semaphore, inside) = (semaphore.clone(), Arc::clone(&inside));
        thread::spawn(move || {
            for count in counts {
                let permit = match number % 2 {
                    0 => semaphore.acquire_many_blocking(count).unwrap(),
                    _ => semaphore.acquire_blocking().unwrap(),
                };
                let now = inside.fetch_add(permit.count(), Ordering::Relaxed) + permit.count();
                assert!(now <= PERMITS, "{now} are inside");
                inside.fetch_sub(permit.count(), Ordering::Relaxed);
            }
        })
    });
    threads.collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(semaphore.available(), PERMITS);
}

#[test]
fn permits_are_given_in_the_order_of_asking_one_or_several() {
    let semaphore = Semaphore::new(3);
    let mut held: Vec<_> = (0..3).map(|_| semaphore.try_acquire().unwrap()).collect();
    let mut several = pin!(semaphore.acquire_many(2));
    let mut one = pin!(semaphore.acquire());
    assert!(poll_once(&mut several).is_pending());
    assert!(poll_once(&mut one).is_pending());
    held.pop();
    assert!(poll_once(&mut several).is_pending());
    assert!(poll_once(&mut one).is_pending(), "who asked for several came first");
    assert!(semaphore.try_acquire().is_err());
    held.pop();
    assert!(poll_once(&mut one).is_pending());
    assert_eq!(must(poll_once(&mut several)).unwrap().count(), 2, "and gives them back here");
    assert_eq!(must(poll_once(&mut one)).unwrap().count(), 1);
}

#[test]
fn two_that_ask_for_several_do_not_wait_for_each_other() {
    let semaphore = Semaphore::new(2);
    let held = semaphore.try_acquire().unwrap();
    let (mut a, mut b) = (pin!(semaphore.acquire_many(2)), pin!(semaphore.acquire_many(2)));
    assert!(poll_once(&mut a).is_pending(), "it has one already");
    assert!(poll_once(&mut b).is_pending());
    drop(held);
    drop(must(poll_once(&mut a)).unwrap());
    assert!(must(poll_once(&mut b)).is_ok());
}

#[test]
fn of_two_that_try_for_all_permits_at_once_one_gets_them() {
    const ALL: usize = 1000;
    let semaphore = Semaphore::new(ALL);
    let (gate, successes) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let meet = |meeting: usize| {
        gate.fetch_add(1, Ordering::SeqCst);
        while gate.load(Ordering::SeqCst) < 2 * (meeting + 1) {
            thread::yield_now();
        }
    };
    let party = || {
        for round in 0..ROUNDS {
            meet(3 * round);
            let got = semaphore.try_acquire_many(ALL);
            successes.fetch_add(usize::from(got.is_ok()), Ordering::SeqCst);
            meet(3 * round + 1);
            drop(got);
            meet(3 * round + 2);
        }
    };
    thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(party))));
    assert_eq!(successes.into_inner(), ROUNDS);
    assert_eq!(semaphore.available(), ALL);
}

#[test]
fn permits_given_to_a_dropped_wait_come_back() {
    let semaphore = Semaphore::new(2);
    let held = semaphore.try_acquire().unwrap();
    let mut several = Box::pin(semaphore.acquire_many(2));
    let mut one = Box::pin(semaphore.acquire());
    assert!(poll_once(&mut several).is_pending());
    assert!(poll_once(&mut one).is_pending());
    drop(several);
    assert!(must(poll_once(&mut one)).is_ok(), "what it had goes on");
    drop((one, held));
    assert_eq!(semaphore.available(), 2);
}

#[test]
fn a_wait_that_nobody_polls_keeps_nobody_from_the_other_permits() {
    let semaphore = Semaphore::new(2);
    let held = semaphore.try_acquire_many(2).unwrap();
    let mut asleep = pin!(semaphore.acquire());
    let mut awake = pin!(semaphore.acquire());
    assert!(poll_once(&mut asleep).is_pending());
    assert!(poll_once(&mut awake).is_pending());
    drop(held);
    assert!(must(poll_once(&mut awake)).is_ok());
}

#[test]
fn more_than_there_are_is_an_error_and_nothing_is_taken() {
    let semaphore = Semaphore::named("seats", 2);
    let error = semaphore.acquire_many_blocking(3).unwrap_err();
    assert_eq!(error, AcquireError::TooMany { of: "seats".to_owned(), wanted: 3, permits: 2 });
    let held = semaphore.try_acquire().unwrap();
    assert!(matches!(semaphore.try_acquire_many(2), Err(AcquireError::Busy { .. })));
    assert_eq!(semaphore.available(), 1);
    drop(held);
    assert!(Semaphore::new(0).try_acquire().is_err());
}

#[test]
fn closing_a_semaphore_retires_it_for_all_who_wait() {
    let semaphore = Semaphore::named("seats", 1);
    let held = semaphore.try_acquire().unwrap();
    let (mut one, mut several) = (pin!(semaphore.acquire()), pin!(semaphore.acquire_many(1)));
    assert!(poll_once(&mut one).is_pending());
    assert!(poll_once(&mut several).is_pending());
    semaphore.close();
    let retired = Ended::Retired { channel: Arc::new("seats".to_owned()) };
    assert_eq!(must(poll_once(&mut one)).unwrap_err(), retired);
    assert_eq!(must(poll_once(&mut several)).unwrap_err(), AcquireError::Ended(retired.clone()));
    drop(held);
    assert_eq!(semaphore.try_acquire().unwrap_err(), AcquireError::Ended(retired));
    assert_eq!(semaphore.available(), 0);
}

#[test]
fn an_event_lets_all_go_who_waited_even_if_it_is_cleared_at_once() {
    let event = Event::new();
    let (mut a, mut b) = (pin!(event.wait()), pin!(event.wait()));
    assert!(poll_once(&mut a).is_pending());
    assert!(poll_once(&mut b).is_pending());
    event.set();
    event.clear();
    assert!(!event.is_set());
    let mut late = pin!(event.wait());
    assert!(poll_once(&mut late).is_pending());
    assert!(poll_once(&mut a).is_ready() && poll_once(&mut b).is_ready());
    event.set();
    event.set();
    assert!(event.is_set());
    assert!(poll_once(&mut late).is_ready());
    assert!(poll_once(&mut pin!(event.wait())).is_ready());
}

#[test]
fn an_event_wakes_tasks_threads_and_choices() {
    let event = Event::named("start");
    let other = event.clone();
    let blocked = thread::spawn(move || other.wait_blocking());
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut task = pin!(event.wait());
    assert!(task.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let (_tx, rx) = channel::<()>();
    let mut choice = pin!(either(event.wait(), rx.recv()));
    assert!(poll_once(&mut choice).is_pending());
    event.set();
    assert!(woken.is_woken());
    assert_eq!(must(poll_once(&mut choice)), Either::First(()));
    blocked.join().unwrap().unwrap();
}

#[test]
fn a_panic_of_one_who_waits_or_sets_is_nothing_to_the_others() {
    struct Sets(Event);
    impl Drop for Sets {
        fn drop(&mut self) {
            self.0.set();
        }
    }
    let event = Event::new();
    let mut waits = pin!(event.wait());
    assert!(poll_once(&mut waits).is_pending());
    let other = event.clone();
    let clumsy = thread::spawn(move || {
        let mut waits = pin!(other.wait());
        assert!(poll_once(&mut waits).is_pending());
        panic!("for the test");
    });
    assert!(clumsy.join().is_err());
    assert!(poll_once(&mut waits).is_pending(), "it has not happened");
    let sets = Sets(event.clone());
    panic_with(|| sets);
    assert!(poll_once(&mut waits).is_ready());
}

#[test]
fn a_wait_gives_the_lock_up_and_has_it_again_afterwards() {
    let (lock, changed) = (Exclusive::new(0), Condition::new());
    let mut waits = pin!(changed.wait_while(lock.try_lock().unwrap(), |n| *n < 2));
    assert!(poll_once(&mut waits).is_pending());
    for n in 1..=2 {
        let mut guard = lock.try_lock().expect("who waits has given it up");
        *guard = n;
        changed.notify_all();
        assert!(poll_once(&mut waits).is_pending(), "the lock is taken");
        drop(guard);
        if n < 2 {
            assert!(poll_once(&mut waits).is_pending(), "the condition holds");
        }
    }
    assert_eq!(*must(poll_once(&mut waits)).unwrap(), 2);
}

#[test]
fn notifications_go_to_those_who_wait_in_order_of_arrival_and_else_nowhere() {
    let (lock, changed) = (Exclusive::new(()), Condition::new());
    changed.notify_one();
    changed.notify_all();
    let mut first = pin!(changed.wait(lock.try_lock().unwrap()));
    assert!(poll_once(&mut first).is_pending(), "what came before it does not count");
    let mut second = pin!(changed.wait(lock.try_lock().unwrap()));
    assert!(poll_once(&mut second).is_pending());
    changed.notify_one();
    assert!(poll_once(&mut second).is_pending());
    drop(must(poll_once(&mut first)).unwrap());
    changed.notify_one();
    assert!(must(poll_once(&mut second)).is_ok());
}

/// A waker that notifies, at the very moment that it is woken.
struct Notifies(Condition);

impl Wake for Notifies {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

#[test]
fn a_notification_at_the_moment_the_lock_is_free_is_not_lost() {
    let (lock, changed) = (Exclusive::new(()), Condition::new());
    let mut waits = pin!(changed.wait(lock.try_lock().unwrap()));
    let mut other = Box::pin(lock.lock());
    let waker = Waker::from(Arc::new(Notifies(changed.clone())));
    assert!(other.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(poll_once(&mut waits).is_pending(), "the other has the lock");
    drop(other);
    assert!(must(poll_once(&mut waits)).is_ok());
}

#[test]
fn a_notification_of_a_dropped_wait_goes_to_the_next() {
    let (lock, changed) = (Exclusive::new(()), Condition::new());
    // Dropped before it has seen the notification, and while it waits for the lock.
    for polls in [0, 1] {
        let mut first = Box::pin(changed.wait(lock.try_lock().unwrap()));
        assert!(poll_once(&mut first).is_pending());
        let mut second = pin!(changed.wait(lock.try_lock().unwrap()));
        assert!(poll_once(&mut second).is_pending());
        let held = lock.try_lock().unwrap();
        changed.notify_one();
        (0..polls).for_each(|_| assert!(poll_once(&mut first).is_pending(), "the lock is taken"));
        drop(first);
        drop(held);
        assert!(must(poll_once(&mut second)).is_ok());
    }
}

#[test]
fn a_notification_that_nobody_took_is_not_for_who_comes_later() {
    let (lock, changed) = (Exclusive::new(()), Condition::new());
    let mut gone = Box::pin(changed.wait(lock.try_lock().unwrap()));
    assert!(poll_once(&mut gone).is_pending());
    changed.notify_one();
    drop(gone);
    let mut late = pin!(changed.wait(lock.try_lock().unwrap()));
    assert!(poll_once(&mut late).is_pending());
    changed.notify_all();
    assert!(must(poll_once(&mut late)).is_ok());
}

#[test]
fn poison_reaches_all_who_wait_for_the_lock_by_a_condition() {
    let (lock, changed) = (Exclusive::new(()), Condition::new());
    let mut first = pin!(changed.wait(lock.try_lock().unwrap()));
    assert!(poll_once(&mut first).is_pending());
    let mut second = pin!(changed.wait(lock.try_lock().unwrap()));
    assert!(poll_once(&mut second).is_pending());
    let other = lock.clone();
    let clumsy = thread::spawn(move || {
        let _held = other.lock_blocking().unwrap();
        panic!("for the test");
    });
    assert!(clumsy.join().is_err());
    changed.notify_one();
    assert!(matches!(must(poll_once(&mut first)), Err(Ended::Poisoned(_))));
    assert!(matches!(must(poll_once(&mut second)), Err(Ended::Poisoned(_))), "the notification went on");
}

#[test]
fn no_wake_up_is_lost_between_tasks_and_threads() {
    // A buffer of one place, with a condition for each side: a lost wake-up stops it for ever.
    let (_watchdog, (buffer, filled, emptied)) =
        Watchdog::over(|| (Exclusive::new(None), Condition::new(), Condition::new()));
    let producers = (0..2).map(|number| {
        let (buffer, filled, emptied) = (buffer.clone(), filled.clone(), emptied.clone());
        thread::spawn(move || {
            for n in 0..ROUNDS {
                let guard = buffer.lock_blocking().unwrap();
                let mut guard = emptied.wait_while_blocking(guard, |place| place.is_some()).unwrap();
                *guard = Some(2 * n + number);
                filled.notify_one();
            }
        })
    });
    let producers: Vec<_> = producers.collect();
    let consumers = (0..2).map(|_| {
        let (buffer, filled, emptied) = (buffer.clone(), filled.clone(), emptied.clone());
        thread::spawn(move || {
            let take = async || {
                let guard = buffer.lock().await.unwrap();
                let value = filled.wait_while(guard, |place| place.is_none()).await.unwrap().take();
                emptied.notify_one();
                value.unwrap()
            };
            (0..ROUNDS).map(|_| block_on(take()).unwrap()).collect::<Vec<_>>()
        })
    });
    let mut seen: Vec<_> = consumers.collect::<Vec<_>>().into_iter().flat_map(|c| c.join().unwrap()).collect();
    producers.into_iter().for_each(|producer| producer.join().unwrap());
    seen.sort_unstable();
    assert_eq!(seen, (0..2 * ROUNDS).collect::<Vec<_>>());
}

/// Locks when it is dropped.
struct LocksLate(Reentrant<u8>, Exclusive<u8>);

impl Drop for LocksLate {
    fn drop(&mut self) {
        drop((self.0.lock_blocking(), self.1.lock_blocking()));
    }
}

#[test]
fn a_lock_taken_on_the_way_out_of_a_panic_is_not_poisoned() {
    let (again, once) = (Reentrant::new(1), Exclusive::new(1));
    let late = LocksLate(again.clone(), once.clone());
    let panicked = thread::spawn(move || {
        let _late = late;
        std::panic::resume_unwind(Box::new("a bug"));
    });
    assert!(panicked.join().is_err());
    assert!(again.lock_blocking().is_ok() && once.lock_blocking().is_ok());
}

#[test]
fn a_semaphore_that_begins_with_none_signals_by_what_is_added() {
    let ready = Semaphore::new(0);
    assert!(matches!(ready.try_acquire(), Err(AcquireError::Busy { .. })));
    let mut first = Box::pin(ready.acquire());
    let mut second = Box::pin(ready.acquire());
    assert!(poll_once(&mut first).is_pending() && poll_once(&mut second).is_pending());
    ready.add(1);
    assert!(poll_once(&mut second).is_pending(), "first come, first served");
    let Poll::Ready(Ok(permit)) = poll_once(&mut first) else { panic!("it was signalled") };
    permit.forget();
    assert_eq!(ready.available(), 0);
    assert!(poll_once(&mut second).is_pending(), "what is forgotten does not come back");
    ready.add(2);
    assert!(poll_once(&mut second).is_ready());
}
