//! Takeover: what waits behind a process that keeps its thread is run by others, within two milliseconds, as threads measure them that do
//! what it takes: two sleeps, and a wake of another thread. On a machine with other work both are late. Which process runs where else is
//! not said.

use crate::carriers::yield_now;
use rendez_channels::channel_unbounded;
use rendez_runtime::{Outcome, RunOptions, Scheduler, spawn};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel as thread_channel};
use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::{Duration, Instant};

/// Within what time others run what waits.
const SOON: Duration = Duration::from_millis(2);
/// How often they have to, and in how many trials at most: by chance the one or the other is late.
const TIMES: usize = 5;
const TRIALS: usize = 200;
/// Longer than a carrier stays on its worker. The watch looks afresh then.
const WHILE: Duration = Duration::from_millis(1);
/// Far longer than two looks of the watch: it knows by then of a process that keeps its thread.
const KEPT: Duration = Duration::from_millis(20);
/// Long enough that carriers sleep, and the watch rests, if they do.
const QUIET: Duration = Duration::from_millis(50);
/// Far longer than anything here takes that does not hang.
const PATIENCE: Duration = Duration::from_secs(10);
/// More than are taken at once.
const MANY: usize = 100;

/// How a process keeps its thread.
#[derive(Clone, Copy, Debug)]
enum Keeps {
    ByBlocking,
    ByComputing,
}

impl Keeps {
    /// Keeps it until there is something.
    fn until<T>(self, there: &Receiver<T>) -> Result<T, RecvTimeoutError> {
        let begun = Instant::now();
        match self {
            Self::ByBlocking => there.recv_timeout(PATIENCE),
            Self::ByComputing => loop {
                match there.try_recv() {
                    Ok(found) => return Ok(found),
                    Err(_) if begun.elapsed() > PATIENCE => return Err(RecvTimeoutError::Timeout),
                    Err(_) => std::hint::spin_loop(),
                }
            },
        }
    }
}

/// How what waited came to run: after what time the last of them, what [`SOON`] was for others meanwhile, and on which threads.
struct Taken {
    after: Duration,
    soon: Duration,
    by: HashSet<ThreadId>,
}

/// A thread that sleeps for half of [`SOON`] and then for the other half, and another one that it wakes: when that goes on.
struct Sleepers {
    sleeps: JoinHandle<()>,
    wakes: JoinHandle<Duration>,
}

impl Sleepers {
    fn since(begun: Instant) -> Self {
        let (wake, woken) = thread_channel();
        let sleeps = thread::spawn(move || {
            for until in [SOON / 2, SOON] {
                thread::sleep(until.saturating_sub(begun.elapsed()));
            }
            wake.send(()).expect("somebody waits");
        });
        let wakes = thread::spawn(move || {
            woken.recv().expect("it is woken");
            begun.elapsed()
        });
        Self { sleeps, wakes }
    }

    fn woken_after(self) -> Duration {
        self.sleeps.join().expect("it sleeps only");
        self.wakes.join().expect("it is woken")
    }
}

/// Starts so many processes, which wait behind this one, and keeps its thread until they have run.
fn keep_until_taken(keeps: Keeps, processes: usize) -> Outcome<Taken> {
    let (runs, ran) = thread_channel();
    let begun = Instant::now();
    let sleepers = Sleepers::since(begun);
    for _ in 0..processes {
        let runs = runs.clone();
        spawn(async move {
            runs.send((Instant::now(), thread::current().id())).expect("somebody waits");
            Outcome::Ok(())
        });
    }
    let mut taken = Taken { after: Duration::ZERO, soon: SOON, by: HashSet::new() };
    for _ in 0..processes {
        let (at, by) = keeps.until(&ran)?;
        taken.after = taken.after.max(at - begun);
        taken.by.insert(by);
    }
    taken.soon = sleepers.woken_after();
    Ok(taken)
}

/// Tries, on carriers of its own each time, until what waited was taken in time often enough.
fn is_taken_soon<F>(workers: usize, trial: impl Fn() -> F)
where
    F: Future<Output = Outcome<Option<Taken>>> + Send + 'static,
{
    let carriers = RunOptions::new().workers(workers).scheduler(Scheduler::Carriers);
    let mut all = vec![];
    for _ in 0..TRIALS {
        all.extend(carriers.clone().run(trial()).unwrap().map(|taken| (taken.after, taken.soon)));
        if all.iter().filter(|(after, soon)| after <= soon).count() == TIMES {
            return;
        }
    }
    all.sort();
    panic!(
        "{} of {TRIALS} trials count, the soonest of them, each beside what {SOON:?} were for others: {:?}",
        all.len(),
        all.iter().take(TIMES).collect::<Vec<_>>()
    );
}

/// Goes on for a while, with a turn after the other.
async fn go_on() {
    let begun = Instant::now();
    while begun.elapsed() < WHILE {
        yield_now().await;
    }
}

#[test]
fn an_idle_carrier_takes_over_within_two_milliseconds() {
    for keeps in [Keeps::ByBlocking, Keeps::ByComputing] {
        is_taken_soon(2, move || async move {
            // Whoever has nothing to do sleeps by then.
            keep_until_taken(keeps, 1)?;
            go_on().await;
            keep_until_taken(keeps, MANY).map(Some)
        });
    }
}

#[test]
fn where_all_workers_are_kept_a_spare_takes_over_within_two_milliseconds() {
    for keeps in [Keeps::ByBlocking, Keeps::ByComputing] {
        for workers in 1..=2 {
            is_taken_soon(workers, move || async move {
                go_on().await;
                all_keep_theirs(keeps, workers).await.map(Some)
            });
        }
    }
}

/// As many processes as there are workers keep theirs at the same time, each until what waits behind it has run; the latest.
async fn all_keep_theirs(keeps: Keeps, workers: usize) -> Outcome<Taken> {
    let all_run = Arc::new(Barrier::new(workers));
    let keeper = move || {
        let all_run = Arc::clone(&all_run);
        async move {
            all_run.wait();
            keep_until_taken(keeps, MANY)
        }
    };
    let others: Vec<_> = (1..workers).map(|_| spawn(keeper())).collect();
    let mut latest = keeper().await?;
    for other in others {
        let taken = other.join().await?;
        latest.after = latest.after.max(taken.after);
        latest.soon = latest.soon.max(taken.soon);
    }
    Ok(latest)
}

/// One of three that keep their threads until all run. Whoever stands on none of the workers stays there alone, and starts another one
/// once the workers have nothing to do any more; whether that was so.
async fn starts_one_from_a_spare(workers: Arc<HashSet<ThreadId>>, all_run: Arc<Barrier>) -> Outcome<bool> {
    all_run.wait();
    if workers.contains(&thread::current().id()) {
        return Ok(false);
    }
    thread::sleep(QUIET);
    keep_until_taken(Keeps::ByBlocking, 1)?;
    Ok(true)
}

#[test]
fn what_is_started_on_a_spare_is_run_by_others_though_all_workers_sleep() {
    let carriers = RunOptions::new().workers(2).scheduler(Scheduler::Carriers);
    let from_a_spare = carriers.run(async {
        let (workers, all_run) = (Arc::new(threads_of_workers(2).await?), Arc::new(Barrier::new(3)));
        let one = || starts_one_from_a_spare(Arc::clone(&workers), Arc::clone(&all_run));
        let others = [spawn(one()), spawn(one())];
        let mut from_a_spare = usize::from(one().await?);
        for other in others {
            from_a_spare += usize::from(other.join().await?);
        }
        Outcome::Ok(from_a_spare)
    });
    assert!(from_a_spare.unwrap() > 0, "two workers run two of three");
}

#[test]
fn a_carrier_that_never_sleeps_takes_over_within_two_milliseconds() {
    for keeps in [Keeps::ByBlocking, Keeps::ByComputing] {
        is_taken_soon(2, move || beside_a_busy_one(keeps));
    }
}

/// One worker is kept, the other has work without end of its own. Counts if that one alone has taken what waited: not where a spare
/// has helped, since the system had the busy one pause for longer than a look.
async fn beside_a_busy_one(keeps: Keeps) -> Outcome<Option<Taken>> {
    let workers = threads_of_workers(2).await?;
    let (stop, turns) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (begins, begun) = thread_channel();
    for _ in 0..MANY {
        let (stop, turns, begins) = (Arc::clone(&stop), Arc::clone(&turns), begins.clone());
        spawn(async move {
            begins.send(())?;
            while !stop.load(Ordering::Relaxed) {
                turns.fetch_add(1, Ordering::Relaxed);
                yield_now().await;
            }
            Outcome::Ok(())
        });
    }
    // All of them are the other carrier's then, which takes them from behind this process.
    for _ in 0..MANY {
        keeps.until(&begun)?;
    }
    let own = thread::current().id();
    go_on().await;
    if thread::current().id() != own {
        stop.store(true, Ordering::Relaxed);
        return Ok(None);
    }
    let before = turns.load(Ordering::Relaxed);
    let taken = keep_until_taken(keeps, MANY);
    let was_busy = turns.load(Ordering::Relaxed) - before > MANY;
    stop.store(true, Ordering::Relaxed);
    Ok(Some(taken?).filter(|taken| was_busy && taken.by.iter().all(|by| *by != own && workers.contains(by))))
}

#[test]
fn what_is_woken_or_started_on_a_thread_that_has_been_kept_for_long_is_run_by_who_slept() {
    for keeps in [Keeps::ByBlocking, Keeps::ByComputing] {
        is_taken_soon(2, move || from_one_kept_for_long(keeps));
    }
}

/// One worker is kept, the other has nothing to do; then this process wakes some, and starts one. Counts if the other worker has run
/// them: not where a spare has.
async fn from_one_kept_for_long(keeps: Keeps) -> Outcome<Option<Taken>> {
    let workers = threads_of_workers(2).await?;
    let (go, going) = channel_unbounded::<()>();
    let (runs, ran) = thread_channel();
    for _ in 0..MANY {
        let (going, runs) = (going.clone(), runs.clone());
        spawn(async move {
            going.recv().await?;
            runs.send((Instant::now(), thread::current().id())).expect("somebody waits");
            Outcome::Ok(())
        });
    }
    // They wait by then, and whoever has nothing to do sleeps.
    go_on().await;
    let (own, begun) = (thread::current().id(), Instant::now());
    let (_nothing, never) = thread_channel::<()>();
    while begun.elapsed() < KEPT {
        match keeps {
            Keeps::ByBlocking => drop(never.recv_timeout(KEPT)),
            Keeps::ByComputing => std::hint::spin_loop(),
        }
    }
    let woken = Instant::now();
    let sleepers = Sleepers::since(woken);
    for _ in 0..MANY {
        go.try_send(()).expect("it has no bound");
    }
    let mut taken = keep_until_taken(keeps, 1)?;
    for _ in 0..MANY {
        let (at, by) = keeps.until(&ran)?;
        taken.after = taken.after.max(at - woken);
        taken.by.insert(by);
    }
    taken.soon = sleepers.woken_after();
    Ok(Some(taken).filter(|taken| taken.by.iter().all(|by| *by != own && workers.contains(by))))
}

/// The threads of all workers of this runtime, which have a task each at the same time.
async fn threads_of_workers(workers: usize) -> Outcome<HashSet<ThreadId>> {
    let all_run = Arc::new(Barrier::new(workers));
    let task = || {
        let all_run = Arc::clone(&all_run);
        tokio::spawn(async move {
            all_run.wait();
            thread::current().id()
        })
    };
    let mut threads = HashSet::new();
    for task in (0..workers).map(|_| task()).collect::<Vec<_>>() {
        threads.insert(task.await?);
    }
    Ok(threads)
}
