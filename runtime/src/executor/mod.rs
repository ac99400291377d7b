//! The executor: the seam behind which processes run. Which one it is, is known to this file only.
//!
//! A process runs on what its parent runs on. Where there is no process, the thread's own executor counts ([`enter`]), and
//! else that of the ambient tokio runtime. Time is the executor's too.

mod tokio_tasks;

use crate::Failure;
use crate::cell::Cell;
use rendez_channels::clock::{self, Clock, Sleep, thread_sleep};
use std::cell::RefCell;
use std::sync::{Arc, Once};
use std::time::Instant;
use tokio::runtime::Handle;
use tokio_tasks::TokioTasks;

/// What runs processes.
///
/// It is given each process that is ready, once, as an `Arc` that it passes to `drive::run`, sooner or later, on any thread; what
/// that gives back it either forgets (it rests, or has ended) or takes as ready. Before an executor goes away it calls
/// `drive::abandon` for all processes that it was ever given and that have not ended.
pub(crate) trait Executor: Send + Sync {
    /// A new process, ready for the first time.
    fn start(&self, process: Arc<Cell>);

    /// A process that was asleep is ready.
    fn ready(&self, process: Arc<Cell>);

    /// Runs a blocking body on a thread of its own. Dropped, if it cannot be run any more.
    fn spawn_blocking(&self, body: Box<dyn FnOnce() + Send>);

    /// The present.
    fn now(&self) -> Instant;

    /// A timer.
    fn sleep_until(&self, deadline: Instant) -> Sleep;
}

thread_local! {
    static ENTERED: RefCell<Option<Arc<dyn Executor>>> = const { RefCell::new(None) };
}

/// This thread's executor until it is dropped; see [`enter`].
#[must_use = "the executor is the thread's own until this is dropped"]
pub(crate) struct Entered {
    before: Option<Arc<dyn Executor>>,
}

/// Makes an executor this thread's own, for what is no process.
pub(crate) fn enter(executor: Arc<dyn Executor>) -> Entered {
    install_clock();
    Entered { before: ENTERED.replace(Some(executor)) }
}

impl Drop for Entered {
    fn drop(&mut self) {
        ENTERED.set(self.before.take());
    }
}

/// The executor that a process started here runs on.
pub(crate) fn here() -> Result<Arc<dyn Executor>, Failure> {
    chosen().or_else(ambient).ok_or_else(|| {
        Failure::new("no tokio runtime runs here: start the program with #[rendez::main] or rendez::run(..)")
    })
}

/// That of the current process, else this thread's own.
fn chosen() -> Option<Arc<dyn Executor>> {
    let of_process = Cell::current().and_then(|cell| cell.executor().cloned());
    of_process.or_else(|| ENTERED.try_with(|entered| entered.borrow().clone()).ok().flatten())
}

/// That of the ambient runtime.
fn ambient() -> Option<Arc<dyn Executor>> {
    let handle = Handle::try_current().ok()?;
    install_clock();
    Some(of(handle))
}

/// That of a runtime.
pub(crate) fn of(runtime: Handle) -> Arc<dyn Executor> {
    Arc::new(TokioTasks::new(runtime))
}

/// A multi-threaded runtime for a program that has none.
pub(crate) fn build() -> Result<tokio::runtime::Runtime, Failure> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
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
        match chosen() {
            Some(executor) => executor.sleep_until(deadline),
            None if Handle::try_current().is_ok() => tokio_tasks::sleep_until(deadline),
            None => thread_sleep(deadline),
        }
    }
}
