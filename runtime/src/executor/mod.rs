//! The executor: the seam behind which processes run. Which one it is, is known to this file only.
//!
//! A process runs on what its parent runs on. Where there is no process, the thread's own executor counts ([`enter`]), and
//! else that of the ambient tokio runtime. Time is the executor's too.

mod carriers;
mod tokio_tasks;

use crate::cell::Cell;
use crate::explore::Controlled;
use crate::task::Turn;
use crate::{Failure, World};
use rendez_channels::clock::{self, Clock, Sleep};
use std::cell::RefCell;
use std::hash::{BuildHasher, RandomState};
use std::ops::Deref;
use std::ptr;
use std::sync::{Arc, Once, OnceLock};
use std::time::Instant;
use tokio::runtime::Handle;
use tokio_tasks::TokioTasks;

/// What runs processes.
///
/// It is given the turn of each process that is ready, which it takes with [`Turn::run`], sooner or later, on any thread; the turn that
/// it may get back by that it takes as ready. Before an executor goes away it calls [`Turn::abandon`] for those that it has, and
/// [`abandon_asleep`](crate::task::abandon_asleep) for all other processes that it was ever given and that have not ended.
pub(crate) trait Executor: Send + Sync {
    /// The first turn of a new process.
    fn start(&self, turn: Turn);

    /// The turn of a process that was asleep.
    fn ready(&self, turn: Turn);

    /// Runs a blocking body on a thread of its own. Dropped, if it cannot be run any more.
    fn spawn_blocking(&self, body: Box<dyn FnOnce() + Send>);

    /// The present.
    fn now(&self) -> Instant;

    /// A timer.
    fn sleep_until(&self, deadline: Instant) -> Sleep;

    /// How many turns its processes have taken together, if none of them runs or is ready; none where nobody counts.
    fn turns_asleep(&self) -> Option<u64> {
        None
    }

    /// What it runs of its own, besides processes; none where that is not known.
    fn own(&self) -> Option<Own> {
        None
    }

    /// The same, as what explores, where it does.
    fn controlled(self: Arc<Self>) -> Option<Arc<Controlled>> {
        None
    }

    /// Where chance begins here.
    fn seed(&self) -> u64 {
        fresh_seed()
    }

    /// Where its processes are listed, if that is not the global world.
    fn own_world(&self) -> Option<Arc<World>> {
        None
    }
}

/// Tasks and threads of an executor, whatever they do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Own {
    /// Tasks of the runtime.
    pub(crate) tasks: usize,
    /// Threads besides its workers.
    pub(crate) threads: usize,
}

/// Where processes are at home: what they run on, and where they are listed. They know it by one word. It lies apart from its
/// count, which changes whenever one starts or is dropped.
#[repr(align(64))]
pub(crate) struct Home {
    executor: Arc<dyn Executor>,
    /// Where the executor lies, for who asks whether it is another: of a `dyn` that is computed anew each time.
    address: usize,
    /// None: the global one.
    world: Option<Arc<World>>,
}

impl Home {
    pub(crate) fn of(executor: Arc<dyn Executor>) -> Arc<Self> {
        let world = executor.own_world();
        Arc::new(Self { address: Self::address(&executor), executor, world })
    }

    #[inline]
    pub(crate) const fn own_world(&self) -> Option<&Arc<World>> {
        self.world.as_ref()
    }

    fn address<E: Executor + ?Sized>(executor: &Arc<E>) -> usize {
        Arc::as_ptr(executor).addr()
    }

    /// Whether its processes run on this.
    #[inline]
    pub(crate) fn is_at<E: Executor>(&self, executor: &E) -> bool {
        self.address == ptr::from_ref(executor).addr()
    }

    /// Whether both run their processes on the same.
    pub(crate) const fn runs_with(&self, other: &Self) -> bool {
        self.address == other.address
    }

    /// The same for a process that was made elsewhere, and stays listed there.
    pub(crate) fn of_stranger(self: Arc<Self>) -> Arc<Self> {
        if self.world.is_none() {
            return self;
        }
        Arc::new(Self { executor: Arc::clone(&self.executor), address: self.address, world: None })
    }
}

impl Deref for Home {
    type Target = Arc<dyn Executor>;

    fn deref(&self) -> &Arc<dyn Executor> {
        &self.executor
    }
}

thread_local! {
    static ENTERED: RefCell<Option<Arc<Home>>> = const { RefCell::new(None) };
}

/// This thread's executor until it is dropped; see [`enter`].
#[must_use = "the executor is the thread's own until this is dropped"]
pub(crate) struct Entered {
    before: Option<Arc<Home>>,
}

/// Makes an executor this thread's own, for what is no process.
pub(crate) fn enter(home: Arc<Home>) -> Entered {
    install_clock();
    Entered { before: ENTERED.replace(Some(home)) }
}

impl Drop for Entered {
    fn drop(&mut self) {
        ENTERED.set(self.before.take());
    }
}

/// The executor that a process started here runs on.
pub(crate) fn here() -> Result<Arc<Home>, Failure> {
    chosen().or_else(ambient).ok_or_else(|| {
        Failure::new("no tokio runtime runs here: start the program with #[rendez::main] or rendez::run(..)")
    })
}

/// That of the current process, else this thread's own.
fn chosen() -> Option<Arc<Home>> {
    let of_process = Cell::with_current(|cell| cell?.home());
    of_process.or_else(entered)
}

/// This thread's own.
fn entered() -> Option<Arc<Home>> {
    ENTERED.try_with(|entered| entered.borrow().clone()).ok().flatten()
}

/// What explores the network that this thread acts for, if anything does.
pub(crate) fn controlled() -> Option<Arc<Controlled>> {
    Arc::clone(&chosen()?.executor).controlled()
}

/// A seed for whatever is left to chance.
pub(crate) fn seed() -> u64 {
    chosen().map_or_else(fresh_seed, |executor| executor.seed())
}

/// Another one each time, as the standard library draws it.
fn fresh_seed() -> u64 {
    RandomState::new().hash_one(0)
}

/// The home of a process that is made here, if it is listed elsewhere than in the global world.
pub(crate) fn own_home() -> Option<Arc<Home>> {
    let of_process = Cell::with_current(|cell| cell.map(|cell| cell.own_world().and_then(|_| cell.home())));
    of_process.unwrap_or_else(|| entered().filter(|home| home.world.is_some()))
}

/// That of the ambient runtime.
fn ambient() -> Option<Arc<Home>> {
    let handle = Handle::try_current().ok()?;
    install_clock();
    Some(of(handle, Scheduler::of_environment()))
}

/// That of a runtime.
pub(crate) fn of(runtime: Handle, scheduler: Scheduler) -> Arc<Home> {
    Home::of(match scheduler {
        Scheduler::Carriers => carriers::of(runtime),
        Scheduler::TokioTasks => Arc::new(TokioTasks::new(runtime)),
    })
}

/// Has a process run that was asleep; where it runs on what runs here, without much ado.
#[inline]
pub(crate) fn ready(turn: Turn) {
    if let Err(turn) = carriers::push_here(turn)
        && let Some(executor) = turn.executor().cloned()
    {
        executor.ready(turn);
    }
}

/// What runs the processes of a program.
///
/// On both, all of tokio works inside a process: timers, sockets, `spawn`, `spawn_blocking`, `block_in_place`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scheduler {
    /// Ready queues of rendez, worked off by one tokio task for each worker of the runtime. What [`run`](crate::run) takes.
    Carriers,
    /// A tokio task for each process: the reference.
    TokioTasks,
}

impl Scheduler {
    /// What the environment says in `RENDEZ_EXECUTOR`, for tests and comparisons: `carriers` or `tasks`.
    pub(crate) fn of_environment() -> Self {
        static CHOSEN: OnceLock<Scheduler> = OnceLock::new();
        *CHOSEN.get_or_init(|| match std::env::var("RENDEZ_EXECUTOR").as_deref() {
            Ok("carriers") | Err(_) => Self::Carriers,
            Ok("tasks") => Self::TokioTasks,
            Ok(other) => panic!("RENDEZ_EXECUTOR is `{other}`: write `carriers` or `tasks`"),
        })
    }
}

/// A multi-threaded runtime for a program that has none, with so many workers or one for each core.
pub(crate) fn build(workers: Option<usize>) -> Result<tokio::runtime::Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = workers {
        builder.worker_threads(workers);
    }
    let built = builder.enable_all().build();
    built.map_err(|e| Failure::new(format_args!("the runtime does not start: {e}")))
}

/// Has timers of channels served by the executor.
fn install_clock() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| clock::install(Box::new(ExecutorClock)));
}

struct ExecutorClock;

impl Clock for ExecutorClock {
    fn now(&self) -> Instant {
        chosen().map_or_else(tokio_tasks::now, |executor| executor.now())
    }

    fn sleep_until(&self, deadline: Instant) -> Sleep {
        chosen().map_or_else(|| tokio_tasks::sleep_until_here(deadline), |executor| executor.sleep_until(deadline))
    }
}
