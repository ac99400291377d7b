//! Running a program: a runtime where there is none, the root process, and the grace at the end. What ctrl-c does is in `interrupts`.

use crate::cell::{Cell, Draft};
use crate::drive::process_of;
use crate::inner::Report;
use crate::interrupts::{self, Requests, interrupt};
use crate::log::Quiet;
use crate::process::spawn_under;
use crate::{
    IntoOutcome, Outcome, Process, ProcessRef, Scheduler, World, executor,
    waits::{self, Census},
};
use rendez_model::ProcessKind;
use std::future::{Future, poll_fn};
use std::process::ExitCode;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// How long the program waits for processes that do not end when it does.
const GRACE: Duration = Duration::from_secs(5);
/// How many of those that do not end are named.
const NAMED_MAX: usize = 16;

/// Runs `body` as the root process, on a new multi-threaded tokio runtime, and waits for everything below it.
///
/// While it runs, deadlocks are looked for. These, crashes of actors, processes that keep their thread and the like are told through
/// `tracing`; on a thread where it has no subscriber they go to standard error, a line each.
///
/// Ctrl-c requests an end, and so does `SIGTERM`, by which a system or another program asks for it. The first goes to those who
/// wait for [`ctrl_c`](crate::ctrl_c). Where nobody does, all processes are [requested to stop](crate::stop_requested); what has
/// not ended after the [grace](RunOptions::grace) is named and ended. The second, of either kind, ends the program at once, with
/// status 130 or 143. What the system does by default with these two signals, to end the program, is off from then on, and stays
/// so when this has returned.
///
/// # Errors
/// How the root process failed.
///
/// # Panics
/// When called from inside of a tokio runtime: there, use the processes directly.
#[track_caller]
pub fn run<O: IntoOutcome>(body: impl Future<Output = O> + Send + 'static) -> Outcome<O::Value> {
    RunOptions::new().run(body)
}

/// How a program runs, where [`run`] is not enough.
///
/// ```
/// use rendez_runtime::{Outcome, RunOptions, Scheduler};
///
/// let answer = RunOptions::new().workers(2).scheduler(Scheduler::TokioTasks).run(async { Outcome::Ok(42) });
/// assert_eq!(answer.unwrap(), 42);
/// ```
#[derive(Clone, Debug)]
#[must_use = "options run nothing by themselves"]
pub struct RunOptions {
    name: String,
    workers: Option<usize>,
    scheduler: Scheduler,
    grace: Duration,
    quiet: bool,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl RunOptions {
    /// Those of [`run`].
    pub fn new() -> Self {
        let scheduler = Scheduler::of_environment();
        Self { name: "main".to_owned(), workers: None, scheduler, grace: GRACE, quiet: false }
    }

    /// The name of the root process.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// How many workers the runtime has; one for each core unless it is said here. At least one.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers.max(1));
        self
    }

    /// What runs the processes.
    pub const fn scheduler(mut self, scheduler: Scheduler) -> Self {
        self.scheduler = scheduler;
        self
    }

    /// How long after a request to end those who listen to requests to stop may take to end by themselves, and how long after the end of
    /// the root process those may take that do not end with it; 5 seconds unless it is said here. Then the program ends.
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Has warnings and errors that nobody hears of through `tracing` dropped, where else they go to standard error: for a program
    /// that provokes them.
    pub const fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Runs `body` as [`run`] does.
    ///
    /// # Errors
    /// How the root process failed.
    ///
    /// # Panics
    /// When called from inside of a tokio runtime.
    #[track_caller]
    pub fn run<O: IntoOutcome>(self, body: impl Future<Output = O> + Send + 'static) -> Outcome<O::Value> {
        let _quiet = self.quiet.then(Quiet::begin);
        let process = Process { job: process_of(Draft::new(self.name, ProcessKind::Scope), body) };
        let runtime = executor::build(self.workers)?;
        let outcome = {
            let _here = executor::enter(executor::of(runtime.handle().clone(), self.scheduler));
            runtime.block_on(root(process, self.grace))
        };
        runtime.shutdown_timeout(Duration::ZERO);
        outcome
    }
}

async fn root<T: Send + 'static>(process: Process<T>, grace: Duration) -> Outcome<T> {
    let cell = process.cell();
    // It listens from here on: a ctrl-c that comes while the first process starts is not missed.
    let requests = Requests::listen().ok();
    let interrupts =
        requests.map(|requests| tokio::spawn(interrupt(ProcessRef::new(Arc::clone(&cell)), requests, grace)));
    let census = Census {
        executor: executor::here()?,
        runtime: Handle::current(),
        interrupts: interrupts.as_ref().map(JoinHandle::abort_handle),
    };
    let _monitor = waits::watch(Arc::clone(cell.world()), Some(census));
    let root = spawn_under(process, None, Report::Nobody)?;
    poll_fn(|cx| if cell.ended_or_failed(cx.waker()) { Poll::Ready(()) } else { Poll::Pending }).await;
    if tokio::time::timeout(grace, root.process().ended()).await.is_err() {
        eprintln!("still running {grace:?} after the end of `{}`: {}", cell.name(), unended(&cell));
        cell.leave_children();
    }
    let outcome = root.join().await;
    if let Some(interrupts) = interrupts {
        interrupts.abort();
    }
    outcome
}

/// The processes at the tips of the tree that have not ended: those that all others wait for.
pub(crate) fn unended(cell: &Arc<Cell>) -> String {
    let (mut tips, mut to_see) = (Vec::new(), cell.children());
    while let Some(cell) = to_see.pop() {
        let below = cell.children();
        if below.is_empty() {
            tips.push(cell.label());
        }
        to_see.extend(below);
    }
    if tips.is_empty() {
        tips.push(cell.label());
    }
    let more = tips.len().saturating_sub(NAMED_MAX);
    tips.truncate(NAMED_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    tips.join(", ") + &more
}

/// What `#[rendez::main]` expands to: runs `body` and prints its failure.
#[doc(hidden)]
#[track_caller]
pub fn run_main<O: IntoOutcome>(options: RunOptions, body: impl Future<Output = O> + Send + 'static) -> ExitCode {
    match options.run(body) {
        Err(failure) if failure.is_cancelled() => ExitCode::from(interrupts::status()),
        Err(failure) if !failure.is_retired() => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

/// The labels of all processes that live now; empty when nothing is left.
#[must_use]
pub fn living() -> Vec<String> {
    World::here().survivors()
}
