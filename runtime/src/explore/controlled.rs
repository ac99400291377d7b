//! The controlled executor: one process at a time takes one step, on the explorer's thread, in a time of its own. Who is next it is
//! told; what a step touched it tells.

use super::search::Touch;
use crate::World;
use crate::cell::Cell;
use crate::drive;
use crate::executor::Executor;
use crate::task::Ran;
use rendez_channels::clock::Sleep;
use rendez_channels::steps::{Numbered, Operation, Steps, Touched};
use rendez_channels::waker_id;
use rendez_model::{ChannelId, End, ProcessId};
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};
use std::time::Instant;

/// Runs one schedule of one network.
pub(crate) struct Controlled {
    itself: Weak<Self>,
    thread: ThreadId,
    world: Arc<World>,
    /// Whether anybody wants to know what is touched.
    tells: bool,
    /// Whether anybody writes down what happens.
    notes: bool,
    run: Mutex<Run>,
}

struct Run {
    ready: BTreeMap<u64, Arc<Cell>>,
    now: Instant,
    timers: BTreeMap<(Instant, u64), Waker>,
    /// Who waits until nobody is ready, in the order of coming.
    idle: BTreeMap<u64, Waker>,
    next_entry: u64,
    /// How many channels, barriers and choices there are.
    numbers: [u64; 3],
    seed: u64,
    /// The step that is taken.
    step: Option<Step>,
    /// The operations that had to wait for another step, by process.
    put_off: HashMap<u64, Operation>,
    /// The numbers of things that lie somewhere.
    things: HashMap<usize, u64>,
    next_thing: u64,
    lost: Vec<(String, u64)>,
    /// The names of channels that nobody has asked for yet, where somebody does.
    names: Vec<(ChannelId, String)>,
    uncontrolled: Option<Uncontrolled>,
}

/// A step of a process, and what it came to.
#[derive(Debug, Default)]
pub(super) struct Step {
    pub(super) process: u64,
    pub(super) waker: u64,
    /// What it does, if it came to that.
    pub(super) operation: Option<Operation>,
    /// Sorted, each once.
    pub(super) touched: Vec<Touch>,
    /// Who was not ready before.
    pub(super) woke: Vec<u64>,
    pub(super) became: Became,
    /// Whether the process is in no scope.
    pub(super) is_stray: bool,
}

/// What becomes of a process by its step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Became {
    /// It waits.
    #[default]
    Waiting,
    /// It can go on.
    Ready,
    /// It has ended.
    Ended(End),
}

/// What is outside of an exploration's reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Uncontrolled {
    pub(super) process: u64,
    pub(super) what: &'static str,
}

/// Things that lie somewhere have even numbers, those that have their own odd ones.
const fn own(number: u64) -> u64 {
    number << 1 | 1
}

impl Controlled {
    pub(super) fn new(now: Instant, seed: u64, tells: bool, notes: bool) -> Arc<Self> {
        let run = Run {
            ready: BTreeMap::new(),
            now,
            timers: BTreeMap::new(),
            idle: BTreeMap::new(),
            next_entry: 0,
            numbers: [0; 3],
            seed,
            step: None,
            put_off: HashMap::new(),
            things: HashMap::new(),
            next_thing: 0,
            lost: Vec::new(),
            names: Vec::new(),
            uncontrolled: None,
        };
        let (thread, run) = (thread::current().id(), Mutex::new(run));
        Arc::new_cyclic(|itself| Self { itself: Weak::clone(itself), thread, world: World::empty(), tells, notes, run })
    }

    /// Writes the ids of those that can take a step, in order.
    pub(super) fn ready_ones(&self, into: &mut Vec<u64>) {
        into.clear();
        into.extend(self.lock().ready.keys());
    }

    /// Has a process that is ready take its next step.
    pub(super) fn step(&self, process: u64) -> Option<Step> {
        let cell = {
            let mut run = self.lock();
            let cell = run.ready.remove(&process)?;
            let touched = vec![Touch { thing: own(process), shared: false }];
            run.step = Some(Step { process, waker: cell.waker_id(), touched, ..Step::default() });
            cell
        };
        let (mut is_stray, mut again) = (false, None);
        let became = match drive::run(cell) {
            Ran::Rests => Became::Waiting,
            Ran::Again(cell) => {
                again = Some(cell);
                Became::Ready
            }
            Ran::Done(cell, end) => {
                is_stray = matches!(end, End::Failed(_)) && cell.describe().parent.is_none();
                Became::Ended(end)
            }
        };
        let mut run = self.lock();
        again.into_iter().for_each(|cell| drop(run.ready.insert(process, cell)));
        let mut step = run.step.take()?;
        step.touched.sort_unstable();
        // Of two touches of one thing, the one whose order matters comes first.
        step.touched.dedup_by_key(|touch| touch.thing);
        (step.became, step.is_stray) = (became, is_stray);
        Some(step)
    }

    /// Nobody is ready: wakes those who wait for that, else those whose time comes next, not after `latest`. Whom; none where
    /// nobody is left to wake.
    pub(super) fn let_time_pass(&self, latest: Option<Instant>) -> Option<Vec<u64>> {
        let due = {
            let mut run = self.lock();
            if !run.idle.is_empty() {
                std::mem::take(&mut run.idle).into_values().collect()
            } else {
                let next = run.timers.first_key_value().map(|((at, _), _)| *at)?;
                if latest.is_some_and(|latest| next > latest) {
                    return None;
                }
                run.now = run.now.max(next);
                let later = run.timers.split_off(&(next, u64::MAX));
                std::mem::replace(&mut run.timers, later).into_values().collect::<Vec<_>>()
            }
        };
        self.lock().step = Some(Step::default());
        due.into_iter().for_each(Waker::wake);
        self.lock().step.take().map(|step| step.woke)
    }

    /// Of which channels nobody has received how many values.
    pub(super) fn lost(&self) -> Vec<(String, u64)> {
        self.lock().lost.clone()
    }

    /// The names of channels that have come since this was asked last.
    pub(super) fn new_names(&self) -> Vec<(ChannelId, String)> {
        std::mem::take(&mut self.lock().names)
    }

    /// What a process is called.
    pub(super) fn name(&self, process: u64) -> String {
        self.world.name_of(ProcessId(process)).unwrap_or_else(|| ProcessId(process).to_string())
    }

    /// Who lives.
    pub(super) fn survivors(&self) -> Vec<String> {
        self.world.survivors()
    }

    /// Why nobody can go on.
    pub(super) fn held_up(&self) -> Vec<String> {
        self.world.held_up()
    }

    pub(super) fn is_uncontrolled(&self) -> bool {
        self.lock().uncontrolled.is_some()
    }

    pub(super) fn uncontrolled(&self) -> Option<Uncontrolled> {
        self.lock().uncontrolled.clone()
    }

    /// Ends whatever lives.
    pub(super) fn wind_up(&self) {
        for cell in self.world.living() {
            drive::abandon(&cell);
        }
        let (ready, timers, idle) = {
            let mut run = self.lock();
            (std::mem::take(&mut run.ready), std::mem::take(&mut run.timers), std::mem::take(&mut run.idle))
        };
        drop((ready, timers, idle));
    }

    /// Notes what the program does that cannot be controlled; the first counts.
    fn note_uncontrolled(&self, process: u64, what: &'static str) {
        self.lock().uncontrolled.get_or_insert(Uncontrolled { process, what });
    }

    /// Waits until nobody is ready.
    pub(crate) fn settled(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        Settled { on: Arc::clone(self), entry: None, is_over: false }
    }

    fn enter(&self, wakers: impl FnOnce(&mut Run, u64, Waker), waker: &Waker) -> u64 {
        let waker = waker.clone();
        let mut run = self.lock();
        let entry = run.next_entry;
        run.next_entry += 1;
        wakers(&mut run, entry, waker);
        entry
    }

    fn lock(&self) -> MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Executor for Controlled {
    fn start(&self, process: Arc<Cell>) {
        self.ready(process);
    }

    fn ready(&self, process: Arc<Cell>) {
        let id = process.id().0;
        if thread::current().id() != self.thread {
            self.note_uncontrolled(id, "was woken by another thread");
        }
        let mut run = self.lock();
        if let Some(step) = &mut run.step {
            step.woke.push(id);
        }
        run.ready.insert(id, process);
    }

    fn spawn_blocking(&self, body: Box<dyn FnOnce() + Send>) {
        let process = self.lock().step.as_ref().map_or(0, |step| step.process);
        self.note_uncontrolled(process, "has a body that blocks a thread");
        drop(body);
    }

    fn now(&self) -> Instant {
        self.lock().now
    }

    fn sleep_until(&self, deadline: Instant) -> Sleep {
        match self.itself.upgrade() {
            Some(on) => Box::pin(VirtualSleep { on, deadline, entry: None }),
            None => rendez_channels::clock::thread_sleep(deadline),
        }
    }

    fn controlled(self: Arc<Self>) -> Option<Arc<Controlled>> {
        Some(self)
    }

    fn world(&self) -> Arc<World> {
        Arc::clone(&self.world)
    }

    fn seed(&self) -> u64 {
        let mut run = self.lock();
        run.seed = run.seed.wrapping_add(1);
        run.seed
    }
}

impl Steps for Controlled {
    fn touches(&self, what: Touched) {
        if !self.tells {
            return;
        }
        let mut run = self.lock();
        let Run { step: Some(step), things, next_thing, .. } = &mut *run else { return };
        let (thing, shared) = match what {
            Touched::Own(number) => (own(number), false),
            Touched::Shared(number) => (own(number), true),
            Touched::At(at) => {
                let number = things.entry(at).or_insert_with(|| {
                    *next_thing += 1;
                    *next_thing
                });
                (*number << 1, false)
            }
        };
        let touch = Touch { thing, shared };
        if step.touched.last() != Some(&touch) {
            step.touched.push(touch);
        }
    }

    fn gone(&self, at: usize) {
        if self.tells {
            self.lock().things.remove(&at);
        }
    }

    fn begins(&self, operation: Operation, waker: &Waker) -> bool {
        let mut run = self.lock();
        let Run { step: Some(step), put_off, .. } = &mut *run else { return true };
        if waker_id(waker) != step.waker {
            // Something of the process's own polls for it, and would not poll again.
            return true;
        }
        // The one that was put off has its turn, whatever is polled before it.
        let has_turn = step.operation.is_none() || put_off.get(&step.process) == Some(&operation);
        if has_turn {
            put_off.remove(&step.process);
            step.operation.get_or_insert(operation);
        } else {
            put_off.insert(step.process, operation);
            drop(run);
            waker.wake_by_ref();
        }
        has_turn
    }

    fn number(&self, kind: Numbered) -> u64 {
        let number = &mut self.lock().numbers[kind as usize];
        *number += 1;
        *number
    }

    fn named(&self, channel: ChannelId, name: &str) {
        if self.notes {
            self.lock().names.push((channel, name.to_owned()));
        }
    }

    fn lost(&self, _: ChannelId, channel: String, values: u64) {
        self.lock().lost.push((channel, values));
    }
}

/// A timer in the network's own time.
struct VirtualSleep {
    on: Arc<Controlled>,
    deadline: Instant,
    entry: Option<u64>,
}

impl Future for VirtualSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.leave();
        if self.on.now() >= self.deadline {
            return Poll::Ready(());
        }
        let deadline = self.deadline;
        self.entry =
            Some(self.on.enter(|run, entry, waker| drop(run.timers.insert((deadline, entry), waker)), cx.waker()));
        Poll::Pending
    }
}

impl VirtualSleep {
    fn leave(&mut self) {
        if let Some(entry) = self.entry.take() {
            let waker = self.on.lock().timers.remove(&(self.deadline, entry));
            drop(waker);
        }
    }
}

impl Drop for VirtualSleep {
    fn drop(&mut self) {
        self.leave();
    }
}

/// A wait until nobody is ready.
struct Settled {
    on: Arc<Controlled>,
    entry: Option<u64>,
    is_over: bool,
}

impl Future for Settled {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.entry {
            None => {
                self.entry = Some(self.on.enter(|run, entry, waker| drop(run.idle.insert(entry, waker)), cx.waker()));
            }
            Some(entry) => {
                let waits = self.on.lock().idle.contains_key(&entry);
                self.is_over = !waits;
            }
        }
        if self.is_over { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Settled {
    fn drop(&mut self) {
        if let Some(entry) = self.entry {
            let waker = self.on.lock().idle.remove(&entry);
            drop(waker);
        }
    }
}

/// The processes among these, as the model calls them.
pub(super) fn ids(processes: &[u64]) -> Vec<ProcessId> {
    processes.iter().copied().map(ProcessId).collect()
}
