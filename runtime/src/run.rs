//! Running a program: a runtime where there is none, the root process, ctrl-c, and the grace at the end.

use crate::cell::{Cell, Draft};
use crate::control::{Listeners, wind_down};
use crate::drive::process_of;
use crate::inner::Report;
use crate::os::{Listening, Signal};
use crate::process::spawn_under;
use crate::{
    IntoOutcome, Outcome, Process, ProcessRef, Scheduler, World, alt, executor,
    waits::{self, Census},
};
use rendez_channels::{FutureGuard, Sender, channel_bounded, future};
use rendez_model::{ChannelId, ProcessKind};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// How long the program waits for processes that do not end when it does.
const GRACE: Duration = Duration::from_secs(5);
/// How many of those that do not end are named.
const NAMED_MAX: usize = 16;
/// The exit status of a program that ctrl-c has ended.
const INTERRUPTED: u8 = 130;

/// Runs `body` as the root process, on a new multi-threaded tokio runtime, and waits for everything below it.
///
/// While it runs, deadlocks are looked for and logged. The first ctrl-c goes to those who wait for [`ctrl_c`]. Where
/// nobody does, all processes are [requested to stop](crate::stop_requested); what has not ended after the
/// [grace](RunOptions::grace) is named and ended. The second ctrl-c ends the program at once.
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
}

impl Default for RunOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl RunOptions {
    /// Those of [`run`].
    pub fn new() -> Self {
        Self { name: "main".to_owned(), workers: None, scheduler: Scheduler::of_environment(), grace: GRACE }
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

    /// How long after ctrl-c those who listen to requests to stop may take to end by themselves, and how long after the end of
    /// the root process those may take that do not end with it; 5 seconds unless it is said here. Then the program ends.
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
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
    let presses = Listening::to(Signal::Interrupt).ok();
    let interrupts = presses.map(|presses| tokio::spawn(interrupt(ProcessRef::new(Arc::clone(&cell)), presses, grace)));
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

/// The first ctrl-c goes to those who wait for one, or shuts the program down; the second ends it.
async fn interrupt(root: ProcessRef, mut presses: Listening, grace: Duration) {
    let _answering = Answering::begin();
    press(&mut presses).await;
    if !tell_waiting() {
        let (mut second, mut shutting) = (pin!(press(&mut presses)), pin!(shut_down(root, grace)));
        alt! {
            pri;
            _ = future(second.as_mut()) => std::process::exit(INTERRUPTED.into()),
            _ = future(shutting.as_mut()) => {}
        }
    }
    press(&mut presses).await;
    std::process::exit(INTERRUPTED.into());
}

/// A ctrl-c that no process takes as a signal.
async fn press(presses: &mut Listening) {
    loop {
        poll_fn(|cx| presses.poll_next(cx)).await;
        if waiting().takers == 0 {
            return;
        }
    }
}

/// Requests all processes to stop; names and ends what has not after the grace.
async fn shut_down(root: ProcessRef, grace: Duration) {
    if wind_down(grace, || root.cell().request_stop(), pin!(root.ended())).await.is_some() {
        return;
    }
    if root.cell().request_stop() == Listeners::Somebody {
        eprintln!("not ended {grace:?} after ctrl-c, and ended now: {}", unended(root.cell()));
    }
    root.stop();
}

/// The processes at the tips of the tree that have not ended: those that all others wait for.
fn unended(cell: &Arc<Cell>) -> String {
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

/// Waits for ctrl-c, as a guard of a choice or alone. Who waits takes care of it: it ends nothing by itself then.
///
/// # Errors
/// When the signal cannot be listened to.
///
/// # Cancel safety
/// Keep it across choices, pinned: a ctrl-c between two waits is not seen by the second.
pub fn ctrl_c() -> FutureGuard<Pin<Box<dyn Future<Output = Outcome<()>> + Send>>> {
    let (press, pressed) = channel_bounded::<()>(1);
    let answered = {
        let mut waiting = waiting();
        waiting.presses.retain(|press| !press.is_closed());
        waiting.presses.push(press);
        waiting.answered
    };
    future(Box::pin(
        async move { if answered { Ok(pressed.recv().await?) } else { Ok(tokio::signal::ctrl_c().await?) } },
    ))
}

/// Who waits for ctrl-c, and whether a root process of [`run`] answers it.
struct Waiting {
    answered: bool,
    presses: Vec<Sender<()>>,
    /// How many take each ctrl-c as a signal; while there are any, it is theirs alone.
    takers: usize,
}

static WAITING: Mutex<Waiting> = Mutex::new(Waiting { answered: false, presses: Vec::new(), takers: 0 });

fn waiting() -> MutexGuard<'static, Waiting> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells all who wait, each once; whether there was anybody.
fn tell_waiting() -> bool {
    let presses = std::mem::take(&mut waiting().presses);
    presses.iter().filter(|press| press.try_send(()).is_ok()).count() > 0
}

/// The channels that tell of ctrl-c.
pub(crate) fn pressed_at() -> Vec<ChannelId> {
    waiting().presses.iter().map(Sender::id).collect()
}

/// A root process answers ctrl-c until this is dropped.
struct Answering;

impl Answering {
    fn begin() -> Self {
        waiting().answered = true;
        Self
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        waiting().answered = false;
    }
}

/// Ctrl-c is a signal like any other until this is dropped: it neither goes to who waits for it nor shuts the program down.
pub(crate) struct Taking;

impl Taking {
    pub(crate) fn begin() -> Self {
        waiting().takers += 1;
        Self
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        waiting().takers -= 1;
    }
}

/// What `#[rendez::main]` expands to: runs `body` and prints its failure.
#[doc(hidden)]
#[track_caller]
pub fn run_main<O: IntoOutcome>(name: &str, body: impl Future<Output = O> + Send + 'static) -> ExitCode {
    match RunOptions::new().named(name).run(body) {
        Err(failure) if failure.is_cancelled() => ExitCode::from(INTERRUPTED),
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
