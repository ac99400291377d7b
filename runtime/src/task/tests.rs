//! What the memory of a process has to hold: wakes, counts, outcomes, and what is set once. All of it runs under Miri.

use super::*;
use crate::cell::Draft;
use crate::drive::process_of;
use crate::executor::{Executor, Home};
use crate::inner::Report;
use crate::{Failure, Outcome};
use rendez_channels::clock::{Sleep, thread_sleep};
use rendez_model::ProcessKind;
use std::collections::VecDeque;
use std::future::{pending, poll_fn};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::Instant;

/// Runs what is ready when it is told to.
#[derive(Default)]
struct ByHand(Mutex<VecDeque<Turn>>);

impl Executor for ByHand {
    fn start(&self, turn: Turn) {
        self.ready(turn);
    }
    fn ready(&self, turn: Turn) {
        self.0.lock().unwrap().push_back(turn);
    }
    fn spawn_blocking(&self, body: Box<dyn FnOnce() + Send>) {
        std::thread::spawn(body);
    }
    fn now(&self) -> Instant {
        Instant::now()
    }
    fn sleep_until(&self, deadline: Instant) -> Sleep {
        thread_sleep(deadline)
    }
}

impl ByHand {
    fn turn(&self) -> Option<Ran> {
        let turn = self.0.lock().unwrap().pop_front()?;
        Some(turn.run())
    }

    /// Runs until nothing is ready; how often something ran.
    fn exhaust(&self) -> usize {
        let mut turns = 0;
        while let Some(ran) = self.turn() {
            turns += 1;
            if let Ran::Again(turn) = ran {
                self.ready(turn);
            }
        }
        turns
    }
}

type Started<T> = Arc<Cell<dyn Job<Outcome<T>>>>;

fn start<T: Send + 'static>(on: &Arc<ByHand>, body: impl Future<Output = Outcome<T>> + Send + 'static) -> Started<T> {
    let draft = Draft::new("test", ProcessKind::Function);
    process_of(draft, body).start(None, Report::Nobody, Home::of(Arc::clone(on) as _))
}

/// Says when it is dropped.
struct Held(Arc<AtomicBool>);

impl Held {
    fn new() -> (Self, impl Fn() -> bool) {
        let dropped = Arc::new(AtomicBool::new(false));
        (Self(Arc::clone(&dropped)), move || dropped.load(Ordering::Relaxed))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A process that leaves its waker here, and ends when it is woken.
fn sleeper(on: &Arc<ByHand>) -> (Started<u8>, Waker) {
    let place = Arc::new(Mutex::new(None));
    let leaves = Arc::clone(&place);
    let body = poll_fn(move |cx| match leaves.lock().unwrap().replace(cx.waker().clone()) {
        None => Poll::Pending,
        Some(_) => Poll::Ready(Ok(7)),
    });
    let job = start(on, body);
    assert_eq!(on.exhaust(), 1);
    let waker = place.lock().unwrap().clone().unwrap();
    (job, waker)
}

#[test]
fn a_process_runs_once_for_all_wakes_before_it_runs() {
    let on = Arc::default();
    let (job, waker) = sleeper(&on);
    for _ in 0..3 {
        waker.wake_by_ref();
    }
    waker.wake();
    assert_eq!(on.exhaust(), 1);
    assert_eq!(job.take_outcome(), Some(Ok(7)));
}

#[test]
fn a_wake_while_it_runs_has_it_run_again() {
    let on = Arc::default();
    let mut turns = 0;
    let body = poll_fn(move |cx| {
        turns += 1;
        let waker = cx.waker().clone();
        waker.wake_by_ref();
        waker.wake();
        if turns < 3 { Poll::Pending } else { Poll::Ready(Ok(turns)) }
    });
    let job = start(&on, body);
    assert_eq!(on.exhaust(), 3);
    assert_eq!(job.take_outcome(), Some(Ok(3)));
}

#[test]
fn wakers_that_others_hold_are_counted() {
    let on = Arc::default();
    let (job, waker) = sleeper(&on);
    assert_eq!(job.sleep().1, 2, "one with the process and ours");
    let another = waker.clone();
    assert_eq!(job.sleep().1, 3);
    drop(another);
    waker.wake();
    assert_eq!(on.exhaust(), 1);
    assert_eq!(job.sleep().1, 0);
}

#[test]
fn a_waker_outlives_its_process_and_does_nothing_then() {
    let on: Arc<ByHand> = Arc::default();
    let (job, waker) = sleeper(&on);
    let late = waker.clone();
    waker.wake();
    assert_eq!(on.exhaust(), 1);
    let memory = Arc::downgrade(&job);
    drop(job);
    let later = late.clone();
    late.wake_by_ref();
    later.wake();
    assert_eq!(on.exhaust(), 0, "it has ended");
    assert_eq!(memory.strong_count(), 1, "the waker keeps it in memory");
    drop(late);
    assert_eq!(memory.strong_count(), 0);
}

#[test]
fn wakes_from_many_threads_are_neither_lost_nor_doubled() {
    let rounds = if cfg!(miri) { 20 } else { 5_000 };
    let on: Arc<ByHand> = Arc::default();
    let place: Arc<Mutex<Option<Waker>>> = Arc::default();
    let (told, leaves) = (Arc::new(AtomicUsize::new(0)), Arc::clone(&place));
    let seen = Arc::clone(&told);
    let body = poll_fn(move |cx| {
        *leaves.lock().unwrap() = Some(cx.waker().clone());
        if seen.load(Ordering::Acquire) == 2 * rounds { Poll::Ready(Ok(())) } else { Poll::Pending }
    });
    let job = start(&on, body);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..rounds {
                    told.fetch_add(1, Ordering::Release);
                    let waker = place.lock().unwrap().clone();
                    waker.into_iter().for_each(Waker::wake);
                }
            });
            scope.spawn(|| {
                while told.load(Ordering::Acquire) < 2 * rounds {
                    on.exhaust();
                    std::thread::yield_now();
                }
            });
        }
    });
    on.exhaust();
    assert_eq!(job.take_outcome(), Some(Ok(())));
    assert_eq!(job.sleep().1, 1, "the one that it has left itself");
}

#[test]
fn an_abandoned_process_drops_its_body_and_counts_as_cancelled() {
    let on = Arc::default();
    let (held, dropped) = Held::new();
    let body = async move {
        let _held = held;
        pending::<Outcome>().await
    };
    let job = start(&on, body);
    on.exhaust();
    let cell: Arc<Cell> = Arc::clone(&job) as _;
    abandon_asleep(&cell);
    abandon_asleep(&cell);
    assert!(dropped());
    assert!(job.take_outcome().unwrap().is_err_and(|failure: Failure| failure.is_cancelled()));
}

#[test]
fn a_process_that_was_never_run_can_be_abandoned() {
    let on: Arc<ByHand> = Arc::default();
    let (held, dropped) = Held::new();
    let job = start(&on, async move {
        drop(held);
        Outcome::Ok(())
    });
    let turn = on.0.lock().unwrap().pop_front().unwrap();
    turn.abandon();
    assert!(dropped() && job.take_outcome().unwrap().is_err());
}

#[test]
fn a_process_that_is_awake_is_abandoned_by_who_has_its_turn_only() {
    let on: Arc<ByHand> = Arc::default();
    let (held, dropped) = Held::new();
    let job = start(&on, async move {
        let _held = held;
        pending::<Outcome>().await
    });
    let cell: Arc<Cell> = Arc::clone(&job) as _;
    abandon_asleep(&cell);
    assert!(!dropped(), "its turn is with the executor");
    assert_eq!(on.exhaust(), 1);
    abandon_asleep(&cell);
    assert!(dropped());
}

#[test]
fn a_turn_that_is_dropped_leaves_a_process_that_is_freed_with_its_last_reference() {
    let (held, dropped) = Held::new();
    let process = process_of(Draft::new("test", ProcessKind::Function), async move {
        drop(held);
        Outcome::Ok(())
    });
    let (turn, job) = process.begin();
    drop(turn);
    assert!(!dropped());
    drop(job);
    assert!(dropped());
}

/// What a body does with a waker of its own while it is polled, on this thread or another, and how many are left then.
#[test]
fn wakers_made_and_dropped_while_it_is_polled_are_counted_when_it_rests() {
    let kept: Arc<Mutex<Vec<Waker>>> = Arc::default();
    let leaves = Arc::clone(&kept);
    let steps: [fn(&Waker, &mut Vec<Waker>); 6] = [
        |own, kept| kept.push(own.clone()),
        |own, kept| kept.extend([own.clone(), own.clone()]),
        |_, kept| drop(kept.pop()),
        |own, kept| drop((own.clone(), kept.pop())),
        |own, kept| {
            let theirs = own.clone();
            kept.extend(std::thread::spawn(move || theirs.clone()).join());
        },
        |_, kept| {
            let all = std::mem::take(kept);
            std::thread::spawn(move || drop(all)).join().unwrap();
        },
    ];
    let mut next = 0;
    let on = Arc::default();
    let job = start(
        &on,
        poll_fn(move |cx| {
            steps[next](cx.waker(), &mut leaves.lock().unwrap());
            next += 1;
            Poll::<Outcome>::Pending
        }),
    );
    let cell: Arc<Cell> = Arc::clone(&job) as _;
    for left in [1, 3, 2, 1, 2, 0] {
        assert_eq!(on.exhaust(), 1);
        assert_eq!((job.sleep(), kept.lock().unwrap().len()), ((true, left), left));
        cell.wake();
    }
}

#[test]
fn a_process_that_is_polled_within_the_poll_of_another_counts_its_own_wakers() {
    let (outer, inner): (Arc<ByHand>, Arc<ByHand>) = Default::default();
    let kept: Arc<Mutex<Vec<Waker>>> = Arc::default();
    let keep = |kept: &Arc<Mutex<Vec<Waker>>>, cx: &Context<'_>| kept.lock().unwrap().push(cx.waker().clone());
    let within = {
        let kept = Arc::clone(&kept);
        start(
            &inner,
            poll_fn(move |cx| {
                keep(&kept, cx);
                Poll::<Outcome>::Pending
            }),
        )
    };
    let around = {
        let (kept, inner) = (Arc::clone(&kept), Arc::clone(&inner));
        start(
            &outer,
            poll_fn(move |cx| {
                keep(&kept, cx);
                inner.exhaust();
                keep(&kept, cx);
                Poll::<Outcome>::Pending
            }),
        )
    };
    outer.exhaust();
    assert_eq!((within.sleep(), around.sleep()), ((true, 1), (true, 2)));
}

#[test]
fn a_process_that_ends_keeps_its_memory_for_the_wakers_that_it_has_made_in_its_last_poll() {
    let on = Arc::default();
    let place: Arc<Mutex<Option<Waker>>> = Arc::default();
    let leaves = Arc::clone(&place);
    let job = start(
        &on,
        poll_fn(move |cx| {
            *leaves.lock().unwrap() = Some(cx.waker().clone());
            Poll::Ready(Outcome::Ok(()))
        }),
    );
    on.exhaust();
    let memory = Arc::downgrade(&job);
    drop(job);
    assert_eq!(memory.strong_count(), 1);
    place.lock().unwrap().take().unwrap().wake();
    assert_eq!(memory.strong_count(), 0);
}

#[test]
fn an_outcome_is_taken_once_or_dropped() {
    let on = Arc::default();
    let (held, dropped) = Held::new();
    let job = start(&on, async move { Outcome::Ok(held) });
    on.exhaust();
    let outcome = job.take_outcome();
    assert!(job.take_outcome().is_none() && !dropped());
    drop(outcome);
    assert!(dropped());

    let (held, dropped) = Held::new();
    let job = start(&on, async move { Outcome::Ok(held) });
    assert!(job.take_outcome().is_none(), "it has not run");
    on.exhaust();
    assert!(dropped(), "nobody will come for it");
}

#[test]
fn what_is_set_once_is_set_by_the_first_and_dropped_with_it() {
    let once = Once::new(None);
    assert!(once.get().is_none() && once.shared().is_none());
    let all: [Arc<u8>; 4] = std::array::from_fn(|number| Arc::new(number as u8));
    let found: Vec<u8> = std::thread::scope(|scope| {
        let (once, all) = (&once, &all);
        let threads = all.each_ref().map(|own| scope.spawn(move || *once.get_or_set(|| Arc::clone(own))));
        threads.map(|thread| thread.join().unwrap()).into()
    });
    let first = once.shared().unwrap();
    assert!(found.iter().all(|found| *found == *first));
    drop(once);
    let counts = all.each_ref().map(Arc::strong_count);
    assert_eq!(counts.iter().sum::<usize>(), 4 + 1, "ours, and one that was shared");
    assert_eq!(Arc::strong_count(&first), 2);
}

#[test]
fn who_acts_is_known_while_it_acts_and_only_then() {
    let on = Arc::default();
    let job = start(&on, async { Outcome::Ok(Cell::current().map(|cell| cell.id())) });
    on.exhaust();
    let cell: Arc<Cell> = Arc::clone(&job) as _;
    assert_eq!(job.take_outcome(), Some(Ok(Some(cell.id()))));
    assert!(Cell::current().is_none());
}
