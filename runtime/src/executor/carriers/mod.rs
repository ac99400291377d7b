//! Processes on ready queues of our own, which carriers work off: one tokio task for each worker of a runtime.
//!
//! A wake within a carrier is a push to its queue. Everything else here is about the cases that this alone gets wrong: work
//! that waits while a worker idles, wakes from outside, a process that keeps its thread, a runtime that goes away.

mod carrier;
mod outside;
mod pace;
mod queues;
mod seat;
mod watch;

use super::{Executor, Own, tokio_tasks};
use crate::World;
use crate::task::{Turn, abandon_asleep};
use carrier::Carrier;
use crossbeam_deque::Steal;
use outside::Outside;
use queues::Queues;
use rendez_channels::clock::Sleep;
use seat::{Line, Seat};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::runtime::{Handle, Id, RuntimeFlavor};
use watch::Watch;

pub(super) use carrier::push_here;

/// How many threads stand in at once for workers that are all kept by processes.
const SPARES_MAX: usize = 4;

/// All carriers of one runtime.
pub(super) struct Carriers {
    me: Weak<Self>,
    runtime: Handle,
    /// What was woken outside of its carriers.
    outside: Outside,
    /// A seat for each carrier, and behind them those of the spares.
    seats: Box<[Seat]>,
    /// How many carriers there are.
    regular: usize,
    /// How many of them sleep.
    idle: Line<AtomicUsize>,
    has_started: AtomicBool,
    /// How many of them the runtime has not dropped.
    left: AtomicUsize,
    /// The runtime has gone away: nothing runs any more.
    closed: AtomicBool,
    /// Somebody abandons what comes from outside.
    draining: AtomicBool,
    watch: Watch,
}

/// The carriers of each runtime that has some, for those who come from outside of all processes.
static OF_RUNTIMES: Mutex<Option<HashMap<Id, Weak<Carriers>>>> = Mutex::new(None);

/// The carriers of a runtime; they start with their first process.
pub(super) fn of(runtime: Handle) -> Arc<Carriers> {
    let mut all = OF_RUNTIMES.lock().unwrap_or_else(PoisonError::into_inner);
    let all = all.get_or_insert_default();
    let id = runtime.id();
    if let Some(carriers) = all.get(&id).and_then(Weak::upgrade) {
        return carriers;
    }
    all.retain(|_, carriers| carriers.strong_count() > 0);
    let carriers = Carriers::new(runtime);
    all.insert(id, Arc::downgrade(&carriers));
    carriers
}

impl Carriers {
    fn new(runtime: Handle) -> Arc<Self> {
        let regular = runtime.metrics().num_workers();
        // Who wants one thread gets one.
        let spares = if runtime.runtime_flavor() == RuntimeFlavor::CurrentThread { 0 } else { SPARES_MAX };
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            runtime,
            outside: Outside::default(),
            seats: (0..regular + spares).map(|_| Seat::new()).collect(),
            regular,
            idle: Line(AtomicUsize::new(0)),
            has_started: AtomicBool::new(false),
            left: AtomicUsize::new(regular),
            closed: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            watch: Watch::default(),
        })
    }

    /// Starts the carriers, once.
    fn launch(&self) {
        // Relaxed: it orders nothing. Who changes it spawns the tasks; others push to queues that these will find.
        if self.has_started.load(Ordering::Relaxed) || self.has_started.swap(true, Ordering::Relaxed) {
            return;
        }
        let Some(me) = self.me.upgrade() else { return };
        for seat in 0..self.regular {
            self.runtime.spawn(Carrier::new(Arc::clone(&me), seat));
        }
        self.watch.attend(&me);
    }

    /// From a thread that is not, or not now, a carrier of ours.
    fn push_outside(&self, process: Turn) {
        self.outside.push(process);
        // SeqCst: either we see that the executor has closed, or who closes it sees what we have pushed.
        fence(Ordering::SeqCst);
        if self.is_closed() {
            self.drain();
        } else {
            self.rouse();
        }
    }

    /// Takes one that was woken outside, and some more to the queue.
    fn take_outside(&self, queues: &Queues) -> Option<Turn> {
        if self.outside.is_empty() {
            return None;
        }
        self.outside.move_to(queues.woken());
        queues.woken().pop()
    }

    /// Takes some that were woken outside to the end of the queue.
    fn move_outside_to(&self, queues: &Queues) {
        if !self.outside.is_empty() {
            self.outside.move_to(queues.woken());
        }
    }

    /// Takes from those who are stuck to the end of the queue.
    fn help(&self, seat: usize, queues: &Queues) {
        let stuck = self.seats.iter().enumerate().filter(|(i, other)| *i != seat && other.is_stuck());
        for (_, other) in stuck {
            if let Some(process) = other.waiting().steal(queues) {
                queues.push(process);
            }
        }
    }

    /// Takes from the queues of another, and some more to the own ones.
    fn steal(&self, seat: usize, queues: &Queues) -> Option<Turn> {
        let others = (1..self.seats.len()).map(|step| &self.seats[(seat + step) % self.seats.len()]);
        others.filter(|other| other.has_work()).find_map(|other| other.waiting().steal(queues))
    }

    /// Counts what runs there as having run for so long; where somebody measures, who polls does.
    fn sample(&self, seat: &Seat, time: Duration) {
        let world = World::global();
        if let Some(process) = seat.process().filter(|_| !world.measures()) {
            world.samples().add(process, time);
        }
    }

    fn has_idle(&self) -> bool {
        // Relaxed: looked at again by `rouse`.
        self.idle.0.load(Ordering::Relaxed) > 0
    }

    /// Wakes a carrier that sleeps, if one does.
    fn rouse(&self) -> bool {
        // SeqCst: pairs with that of `fall_asleep`. Either we see who sleeps, or it sees what we have pushed.
        fence(Ordering::SeqCst);
        if self.idle.0.load(Ordering::SeqCst) == 0 {
            return false;
        }
        let Some(seat) = self.seats[..self.regular].iter().find(|seat| self.awaken(seat)) else { return false };
        seat.wake();
        true
    }

    /// Counts a carrier that slept as awake, and has it watched; false when it did not sleep.
    fn awaken(&self, seat: &Seat) -> bool {
        let slept = seat.is_asleep() && seat.set_asleep(false);
        if slept {
            self.idle.0.fetch_sub(1, Ordering::SeqCst);
            if let Some(me) = self.me.upgrade() {
                self.watch.attend(&me);
            }
        }
        slept
    }

    /// Counts a carrier as asleep, unless there is something from outside.
    fn fall_asleep(&self, seat: &Seat) -> bool {
        seat.set_asleep(true);
        self.idle.0.fetch_add(1, Ordering::SeqCst);
        // SeqCst: pairs with that of `rouse`.
        fence(Ordering::SeqCst);
        // Who was roused meanwhile has a wake on its way.
        self.outside.is_empty() || !self.awaken(seat)
    }

    /// Whether nobody carries, nor stands in for one that does.
    fn all_sleep(&self) -> bool {
        // SeqCst: see `Watch::rest`.
        self.idle.0.load(Ordering::SeqCst) == self.regular && !self.seats[self.regular..].iter().any(Seat::is_taken)
    }

    fn is_closed(&self) -> bool {
        // Acquire: pairs with the Release of `close`.
        self.closed.load(Ordering::Acquire)
    }

    /// A carrier was dropped; with the last of them everything ends.
    fn leave(&self) {
        // AcqRel: the last one sees what all others have left behind.
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.closed.store(true, Ordering::SeqCst);
            self.watch.end();
            self.sweep();
        }
    }

    /// Abandons all that has not ended.
    fn sweep(&self) {
        self.drain();
        for process in World::global().living() {
            if process.runs_at(self) {
                abandon_asleep(&process);
            }
        }
        self.drain();
    }

    /// Abandons all that is ready, and what becomes ready by that: one after the other, not one within the other.
    fn drain(&self) {
        // SeqCst: who finds the flag set has pushed before; who resets it looks once more.
        while !self.outside.is_empty() && !self.draining.swap(true, Ordering::SeqCst) {
            while let Some(process) = self.outside.pop() {
                process.abandon();
            }
            self.draining.store(false, Ordering::SeqCst);
            fence(Ordering::SeqCst);
        }
    }
}

impl Executor for Carriers {
    fn start(&self, process: Turn) {
        self.launch();
        if let Err(process) = carrier::push_new(self, process) {
            self.push_outside(process);
        }
    }

    fn ready(&self, process: Turn) {
        self.push_outside(process);
    }

    fn spawn_blocking(&self, body: Box<dyn FnOnce() + Send>) {
        self.runtime.spawn_blocking(body);
    }

    fn turns_asleep(&self) -> Option<u64> {
        let turns = || self.seats.iter().map(Seat::turns).sum();
        let before = turns();
        (self.all_sleep() && self.outside.is_empty() && turns() == before).then_some(before)
    }

    fn own(&self) -> Option<Own> {
        // Relaxed: who asks does so while nothing runs.
        let tasks = if self.has_started.load(Ordering::Relaxed) { self.left.load(Ordering::Relaxed) } else { 0 };
        Some(Own { tasks, threads: usize::from(self.watch.is_there()) })
    }

    fn now(&self) -> Instant {
        tokio_tasks::now()
    }

    fn sleep_until(&self, deadline: Instant) -> Sleep {
        tokio_tasks::sleep_until_here(deadline)
    }
}

/// Asks again as long as somebody was in the way.
fn retrying<T>(mut steal: impl FnMut() -> Steal<T>) -> Option<T> {
    loop {
        match steal() {
            Steal::Success(found) => return Some(found),
            Steal::Empty => return None,
            Steal::Retry => std::hint::spin_loop(),
        }
    }
}
