//! A process before it runs, and the reference to one that does. How it is driven is in `drive`.

use crate::cell::{Cell, Draft};
use crate::control::wind_down;
use crate::drive::{CellOf, New, process_of, process_on_thread};
use crate::inner::Report;
use crate::{Failure, IntoOutcome, Outcome, executor};
use rendez_model::{End, ProcessId, ProcessKind};
use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

/// A process that has not started: a body with a name. It does nothing until it is spawned, put into a `par!` or
/// awaited.
///
/// `#[process]` functions make one. Awaiting it runs it as a child of the current process, in sequence.
///
/// ```
/// use rendez_runtime::{Outcome, Process, run};
///
/// let double = |n: u64| Process::new("double", async move { Outcome::Ok(2 * n) });
/// assert_eq!(run(async move { double(21).await }).unwrap(), 42);
/// ```
#[must_use = "a process does nothing unless it is spawned, put into a `par!` or awaited"]
pub struct Process<T = ()> {
    pub(crate) job: New<T>,
}

impl<T: Send + 'static> Process<T> {
    /// A process whose body is a future.
    #[track_caller]
    pub fn new<O: IntoOutcome<Value = T>>(
        name: impl Into<String>,
        body: impl Future<Output = O> + Send + 'static, // drop what is not `Send` before `.await`, or use `Arc`
    ) -> Self {
        Self { job: process_of(Draft::new(name.into(), ProcessKind::Function), body) }
    }

    /// The process as all others know it.
    pub(crate) fn cell(&self) -> Arc<Cell> {
        self.job.cell()
    }

    /// Another name than the function's, for reports and the picture.
    pub fn named(self, name: impl Into<String>) -> Self {
        self.job.set_name(name.into());
        self
    }

    /// What the picture shows it as.
    pub fn kind(self, kind: ProcessKind) -> Self {
        self.job.set_kind(kind);
        self
    }

    /// A line for the picture, such as the device it works on.
    pub fn note(self, note: impl Into<String>) -> Self {
        self.job.set_note(note.into());
        self
    }

    /// The id it will have.
    #[must_use]
    pub fn id(&self) -> ProcessId {
        self.job.id()
    }
}

/// A process whose body is a function that blocks its thread: file reading, long computing, a foreign library.
///
/// It runs on an OS thread and uses the blocking forms of its channels. Its scope's end reaches it at its next channel
/// operation, as [`Ended::Cancelled`](rendez_channels::Ended::Cancelled).
#[track_caller]
pub fn blocking<O: IntoOutcome>(
    name: impl Into<String>,
    body: impl FnOnce() -> O + Send + 'static,
) -> Process<O::Value> {
    Process { job: process_on_thread(Draft::new(name.into(), ProcessKind::Blocking), body) }
}

/// What can be run as a process: a [`Process`], or any future that ends with an outcome.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot run as a process",
    label = "expected a `#[process]` call, or a future that is `Send + 'static` and ends with `Outcome`",
    note = "values that a process uses move into it: clone what is needed elsewhere, and hold nothing across `.await` that is not `Send`"
)]
pub trait IntoProcess {
    /// What it ends with when all went well.
    type Value: Send + 'static;

    /// The process.
    fn into_process(self) -> Process<Self::Value>;

    /// The process, made where another line has asked for it, unless it has been made already.
    #[doc(hidden)]
    fn into_process_at(self, _line: &'static Location<'static>) -> Process<Self::Value>
    where
        Self: Sized,
    {
        self.into_process()
    }
}

impl<T: Send + 'static> IntoProcess for Process<T> {
    type Value = T;
    fn into_process(self) -> Self {
        self
    }
}

impl<F> IntoProcess for F
where
    F: Future<Output: IntoOutcome> + Send + 'static,
{
    type Value = <F::Output as IntoOutcome>::Value;
    #[track_caller]
    fn into_process(self) -> Process<Self::Value> {
        self.into_process_at(Location::caller())
    }

    fn into_process_at(self, line: &'static Location<'static>) -> Process<Self::Value> {
        Process { job: process_of(Draft::at("async block", ProcessKind::Function, line), self) }
    }
}

/// Refers to a process that was started: its address, for as long as somebody keeps it.
#[derive(Clone)]
pub struct ProcessRef {
    cell: Arc<Cell>,
}

impl ProcessRef {
    pub(crate) const fn new(cell: Arc<Cell>) -> Self {
        Self { cell }
    }

    pub(crate) const fn cell(&self) -> &Arc<Cell> {
        &self.cell
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> ProcessId {
        self.cell.id()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        self.cell.name()
    }

    /// The process as data.
    #[must_use]
    pub fn inspect(&self) -> rendez_model::Process {
        let mut process = self.cell.describe();
        self.cell.world().complete_one(&mut process);
        process
    }

    /// The number of the OS process that is its body, from its start to its end: that of a [`Program`](crate::Program).
    #[must_use]
    pub fn os_pid(&self) -> Option<u32> {
        self.cell.os_pid()
    }

    /// A line for the picture.
    pub fn set_note(&self, note: impl Into<String>) {
        self.cell.set_note(note.into());
    }

    /// Has it end at its next step, with all below it. Its ends retire.
    pub fn stop(&self) {
        self.cell.cancel();
    }

    /// Requests it and all below it to stop by themselves: see [`stop_requested`](crate::stop_requested).
    pub fn request_stop(&self) {
        self.cell.request_stop();
    }

    /// Requests it to stop, gives it `grace` to do so, stops it then, and waits for its end. Where nothing below it listens
    /// to requests it is stopped at once.
    ///
    /// # Cancel safety
    /// Dropped, it has made the request; whether the process is stopped too is not said.
    pub async fn stop_within(&self, grace: Duration) -> End {
        if let Some(end) = wind_down(grace, || self.cell.request_stop(), pin!(self.ended())).await {
            return end;
        }
        self.stop();
        self.ended().await
    }

    /// Waits for its end, whichever it is: a monitor. Others who watch it or are linked with it may hear of the end a moment later.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn ended(&self) -> End {
        self.cell.until_ended().await
    }
}

impl fmt::Debug for ProcessRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProcessRef({} {})", self.cell.name(), self.cell.id())
    }
}

/// A started process whose value can be waited for.
pub struct Spawned<T> {
    job: Arc<CellOf<T>>,
}

impl<T> fmt::Debug for Spawned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Spawned").field(&ProcessRef { cell: Arc::clone(&self.job) as _ }).finish()
    }
}

impl<T> Drop for Spawned<T> {
    /// Nobody joins: what it ends with is dropped.
    fn drop(&mut self) {
        drop(self.job.take_outcome());
    }
}

impl<T: Send + 'static> Spawned<T> {
    /// The reference to it, which outlives this.
    #[must_use]
    pub fn process(&self) -> ProcessRef {
        ProcessRef { cell: Arc::clone(&self.job) as _ }
    }

    /// Has it end at its next step.
    pub fn stop(&self) {
        self.process().stop();
    }

    /// Waits for what it ends with.
    ///
    /// # Errors
    /// How it ended otherwise.
    ///
    /// # Cancel safety
    /// Dropping the wait drops the value when it comes; the process goes on.
    pub async fn join(self) -> Outcome<T> {
        {
            self.job.until_ended().await;
        }
        self.outcome()
    }

    /// What it has ended with.
    pub(crate) fn outcome(self) -> Outcome<T> {
        self.job.take_outcome().unwrap_or_else(|| Err(Failure::cancelled()))
    }
}

/// The process that runs here: its id, its name, itself for others. None outside of any process.
///
/// In a handler of an actor it is the process of this incarnation; on the thread of a [`blocking`] body, that body's process. A
/// task of tokio's that a process has spawned is none.
///
/// ```
/// use rendez_runtime::{Outcome, Process, current, run};
///
/// let name = run(async {
///     Process::new("who am I", async { Outcome::Ok(current().expect("a process runs here").name()) }).await
/// });
/// assert_eq!(name.unwrap(), "who am I");
/// assert!(current().is_none(), "the thread of this test is no process");
/// ```
#[must_use]
pub fn current() -> Option<ProcessRef> {
    Cell::current().map(ProcessRef::new)
}

/// Starts a process in the scope of the current one, which does not end before it.
///
/// If it fails, the current process and its other children are ended, and the failure surfaces there. Outside of any
/// process it belongs to nobody, and its failure is logged.
///
/// # Panics
/// When no tokio runtime is ambient.
///
/// ```
/// use rendez_runtime::{Outcome, run, spawn};
///
/// let sum = run(async {
///     let a = spawn(async { Outcome::Ok(1) });
///     let b = spawn(async { Outcome::Ok(2) });
///     Outcome::Ok(a.join().await? + b.join().await?)
/// });
/// assert_eq!(sum.unwrap(), 3);
/// ```
#[track_caller]
pub fn spawn<P>(process: P) -> Spawned<P::Value>
where
    P: IntoProcess, // it may move between threads: drop what is not `Send` before `.await`, or use `Arc`
{
    spawn_under(process.into_process(), Cell::current(), Report::Scope).unwrap_or_else(|failure| panic!("{failure}"))
}

/// Starts a process in no scope: nobody waits for it, nothing ends it but itself or its [`ProcessRef`], and its failure is
/// logged. It runs until the program ends at the latest. In all other cases, [`spawn`].
///
/// # Panics
/// When no tokio runtime is ambient.
///
/// ```
/// use rendez_runtime::{Outcome, detached, run};
///
/// run(async {
///     let background = detached(async {
///         std::future::pending::<()>().await;
///         Outcome::Ok(())
///     });
///     assert_eq!(background.process().inspect().parent, None);
/// })
/// .unwrap(); // It has not waited.
/// ```
#[track_caller]
pub fn detached<P>(process: P) -> Spawned<P::Value>
where
    P: IntoProcess, // it may move between threads: drop what is not `Send` before `.await`, or use `Arc`
{
    spawn_under(process.into_process(), None, Report::Scope).unwrap_or_else(|failure| panic!("{failure}"))
}

/// Starts a process below `parent`; `report` hears of its failure before it counts as ended.
pub(crate) fn spawn_under<T: Send + 'static>(
    process: Process<T>,
    parent: Option<Arc<Cell>>,
    report: Report,
) -> Outcome<Spawned<T>> {
    let home = executor::here()?;
    if !process.job.may_run_at(&home) {
        return Err(Failure::new(format_args!(
            "{} was made in a network that is explored, which is over: make it where it is started",
            process.job.label()
        )));
    }
    Ok(Spawned { job: process.job.start(parent, report, home) })
}

impl<T: Send + 'static> IntoFuture for Process<T> {
    type Output = Outcome<T>;
    type IntoFuture = Pin<Box<dyn Future<Output = Outcome<T>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { crate::par!(self).values().await.map(|(value,)| value) })
    }
}
