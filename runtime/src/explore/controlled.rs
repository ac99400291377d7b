//! The controlled executor: one process at a time takes one step, on the explorer's thread, in a time of its own. Who is next it is
//! told; what a step touched it tells.

use super::baton::{Baton, BodySteps};
use super::search::Touch;
use super::touches::Touches;
use crate::World;
use crate::executor::Executor;
use crate::task::{Ran, Turn, abandon_asleep};
use rendez_channels::clock::Sleep;
use rendez_channels::steps::{self, Numbered, Operation, Steps, Touched};
use rendez_channels::waker_id;
use rendez_model::{ChannelId, End, ProcessId};
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle, ThreadId};
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
    ready: BTreeMap<u64, Ready>,
    /// Threads with a body, by the numbers of their steps.
    bodies: BTreeMap<u64, OnThread>,
    /// Those that are parked, or were woken and have not gone on, by their parkers.
    parked: HashMap<usize, u64>,
    now: Instant,
    timers: BTreeMap<(Instant, u64), Waker>,
    /// Who waits until nobody is ready, in the order of coming.
    idle: BTreeMap<u64, Waker>,
    next_entry: u64,
    /// How many channels, barriers and choices there are.
    numbers: [u64; 4],
    seed: u64,
    /// The step that is taken.
    step: Option<Step>,
    /// The operations that had to wait for another step, by process.
    put_off: HashMap<u64, Operation>,
    touches: Touches,
    lost: Vec<(String, u64)>,
    /// The names of channels that nobody has asked for yet, where somebody does.
    names: Vec<(ChannelId, String)>,
    uncontrolled: Option<Uncontrolled>,
}

/// What can take a step.
enum Ready {
    Process(Turn),
    /// A process's body on its thread.
    Body,
}

/// A body on its thread.
struct OnThread {
    process: u64,
    baton: Arc<Baton>,
    /// What becomes of it by the step that it takes.
    became: Became,
    handle: Option<JoinHandle<()>>,
}

/// A step of a process, and what it came to.
#[derive(Debug, Default)]
pub(super) struct Step {
    pub(super) process: u64,
    pub(super) waker: u64,
    /// What it does, if it came to that.
    pub(super) operation: Option<Operation>,
    /// Each thing once.
    pub(super) touched: Vec<Touch>,
    /// Who was not ready before.
    pub(super) woke: Vec<u64>,
    pub(super) became: Became,
    /// Whether the process is in no scope.
    pub(super) is_stray: bool,
}

impl Run {
    /// Of what is touched outside of steps nothing is told, nor where nobody wants to know.
    fn touch(&mut self, tells: bool, what: Touched) {
        if tells && self.step.is_some() {
            self.touches.add(what);
        }
    }
}

impl OnThread {
    fn runs_on(&self, thread: ThreadId) -> bool {
        self.handle.as_ref().is_some_and(|handle| handle.thread().id() == thread)
    }
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

impl Controlled {
    pub(super) fn new(now: Instant, seed: u64, tells: bool, notes: bool) -> Arc<Self> {
        let run = Run {
            ready: BTreeMap::new(),
            bodies: BTreeMap::new(),
            parked: HashMap::new(),
            now,
            timers: BTreeMap::new(),
            idle: BTreeMap::new(),
            next_entry: 0,
            numbers: [0; 4],
            seed,
            step: None,
            put_off: HashMap::new(),
            touches: Touches::new(),
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

    /// Has a process that is ready take its next step. `last` is a step that nobody needs any more.
    pub(super) fn step(&self, number: u64, last: Step) -> Option<Step> {
        let Step { touched, woke, .. } = last;
        let ready = self.lock().ready.remove(&number)?;
        let (became, is_stray) = match ready {
            Ready::Process(turn) => self.step_of_process(number, turn, woke),
            Ready::Body => (self.step_of_body(number, woke)?, false),
        };
        let mut run = self.lock();
        let touched = run.touches.end(touched);
        Some(Step { touched, became, is_stray, ..run.step.take()? })
    }

    fn step_of_process(&self, number: u64, turn: Turn, woke: Vec<u64>) -> (Became, bool) {
        self.begin_step(number, number, turn.waker_id(), woke);
        let cell = turn.with_cell(Arc::clone);
        match turn.run() {
            Ran::Rests => (Became::Waiting, false),
            Ran::Again(turn) => {
                self.lock().ready.insert(number, Ready::Process(turn));
                (Became::Ready, false)
            }
            Ran::Ended => {
                let end = cell.end().unwrap_or(End::Normal);
                let is_stray = matches!(end, End::Failed(_)) && cell.describe().parent.is_none();
                (Became::Ended(end), is_stray)
            }
        }
    }

    fn step_of_body(&self, number: u64, woke: Vec<u64>) -> Option<Became> {
        let (process, baton) = {
            let mut run = self.lock();
            let body = run.bodies.get_mut(&number)?;
            body.became = Became::Waiting;
            (body.process, Arc::clone(&body.baton))
        };
        self.begin_step(number, process, 0, woke);
        baton.lend();
        let mut run = self.lock();
        let became = run.bodies.get(&number)?.became.clone();
        if became == Became::Ready {
            run.ready.insert(number, Ready::Body);
        }
        Some(became)
    }

    /// Its list is an old one, emptied: there are many steps.
    fn begin_step(&self, number: u64, process: u64, waker: u64, mut woke: Vec<u64>) {
        woke.clear();
        let mut run = self.lock();
        run.touches.begin(process);
        run.step = Some(Step { process: number, waker, woke, ..Step::default() });
    }

    /// Whether a body may begin an operation in the step that it takes.
    pub(super) fn has_turn(&self, operation: Operation) -> bool {
        let mut run = self.lock();
        let Some(step) = &mut run.step else { return true };
        let is_first = step.operation.is_none();
        step.operation.get_or_insert(operation);
        is_first
    }

    /// The step of a body is over, and it waits until its parker is woken.
    pub(super) fn body_parks(&self, number: u64, parker: usize) {
        self.lock().parked.insert(parker, number);
    }

    /// A body that was parked has its next step.
    pub(super) fn body_goes_on(&self, parker: usize) {
        self.lock().parked.remove(&parker);
    }

    /// What becomes of a body by the step that is over.
    pub(super) fn body_became(&self, number: u64, became: Became) {
        if let Some(body) = self.lock().bodies.get_mut(&number) {
            body.became = became;
        }
    }

    /// Ends all bodies.
    fn withdraw_bodies(&self) {
        let bodies = std::mem::take(&mut self.lock().bodies);
        bodies.values().for_each(|body| body.baton.withdraw());
        for handle in bodies.into_values().filter_map(|body| body.handle) {
            // How it unwound is nobody's concern any more.
            let _ = handle.join();
        }
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
        let body = self.lock().bodies.get(&process).map(|body| body.process);
        if let Some(process) = body {
            return format!("{} on its thread", self.name(process));
        }
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
        self.withdraw_bodies();
        self.abandon_ready();
        for cell in self.world.living() {
            abandon_asleep(&cell);
            self.abandon_ready();
        }
        let (timers, idle) = {
            let mut run = self.lock();
            (std::mem::take(&mut run.timers), std::mem::take(&mut run.idle))
        };
        drop((timers, idle));
    }

    /// Ends who is ready, and who is woken by that.
    fn abandon_ready(&self) {
        loop {
            let Some((_, ready)) = self.lock().ready.pop_first() else { return };
            if let Ready::Process(turn) = ready {
                turn.abandon();
            }
        }
    }

    /// Waits until nobody is ready.
    pub(crate) fn settled(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        Settled { on: Arc::clone(self), entry: None }
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
    fn start(&self, turn: Turn) {
        self.ready(turn);
    }

    fn ready(&self, turn: Turn) {
        let id = turn.id().0;
        let mut run = self.lock();
        let here = thread::current().id();
        if here != self.thread && !run.bodies.values().any(|body| body.runs_on(here)) {
            run.uncontrolled.get_or_insert(Uncontrolled { process: id, what: "was woken by another thread" });
        }
        if let Some(step) = &mut run.step {
            step.woke.push(id);
        }
        // Woken by another first, it might have run before this.
        run.touch(self.tells, Touched::Waking(id));
        run.ready.insert(id, Ready::Process(turn));
    }

    fn spawn_blocking(&self, body: Box<dyn FnOnce() + Send>) {
        let number = self.world.next_process().0;
        let process = self.lock().step.as_ref().map_or(0, |step| step.process);
        let baton = Arc::new(Baton::new());
        let Some(on) = self.itself.upgrade() else { return };
        let steps = Arc::new(BodySteps { on, baton: Arc::clone(&baton), number });
        let run = move || {
            let _steps = steps::enter(Arc::clone(&steps) as _);
            if steps.baton.wait() {
                body();
                steps.on.body_became(number, Became::Ended(End::Normal));
                steps.baton.give_back();
            }
        };
        let thread = thread::Builder::new().name("explored body".into()).spawn(run);
        let mut run = self.lock();
        match thread {
            Ok(handle) => {
                run.bodies.insert(number, OnThread { process, baton, became: Became::Ready, handle: Some(handle) });
                run.ready.insert(number, Ready::Body);
                run.step.iter_mut().for_each(|step| step.woke.push(number));
            }
            Err(_) => drop(run.uncontrolled.get_or_insert(Uncontrolled { process, what: "gets no thread" })),
        }
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

    fn own_world(&self) -> Option<Arc<World>> {
        Some(Arc::clone(&self.world))
    }

    fn seed(&self) -> u64 {
        let mut run = self.lock();
        run.seed = run.seed.wrapping_add(1);
        run.seed
    }
}

impl Steps for Controlled {
    fn touches(&self, what: Touched) {
        if self.tells {
            self.lock().touch(true, what);
        }
    }

    fn gone(&self, at: usize) {
        if self.tells {
            self.lock().touches.gone(at);
        }
    }

    fn begins(&self, operation: Operation, waker: &Waker) -> bool {
        let mut run = self.lock();
        let Run { step: Some(step), put_off, .. } = &mut *run else { return true };
        if waker_id(waker) != step.waker {
            // Something of the process's own polls for it, and would not poll again.
            run.touches.begin_part();
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

    fn parks(&self, _: usize) {
        let mut run = self.lock();
        let process = run.step.as_ref().map_or(0, |step| step.process);
        let what = "blocks its thread, and is no blocking(..) process";
        run.uncontrolled.get_or_insert(Uncontrolled { process, what });
        drop(run);
        panic!("a process {what}: await instead");
    }

    fn unparks(&self, parker: usize) {
        let mut run = self.lock();
        let Some(&number) = run.parked.get(&parker) else { return };
        if run.ready.insert(number, Ready::Body).is_none() {
            run.step.iter_mut().for_each(|step| step.woke.push(number));
        }
        let process = run.bodies.get(&number).map(|body| body.process);
        process.into_iter().for_each(|process| run.touch(self.tells, Touched::Waking(process)));
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
}

impl Future for Settled {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(entry) = self.entry {
            let waits = self.on.lock().idle.contains_key(&entry);
            return if waits { Poll::Pending } else { Poll::Ready(()) };
        }
        self.entry = Some(self.on.enter(|run, entry, waker| drop(run.idle.insert(entry, waker)), cx.waker()));
        Poll::Pending
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
