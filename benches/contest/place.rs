//! Place: where the processes of a network run: a tokio task, a process of rendez or an OS thread each. It knows no channel.

use rendez_runtime::{Outcome, RunOptions, Scheduler, Spawned};
use std::fmt::{self, Display};
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::thread;
use tokio::runtime::{Builder, Runtime};

/// Where the processes of a network run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Tasks on two workers of tokio.
    TwoWorkers,
    /// Tasks on one worker of tokio.
    OneWorker,
    /// Tasks on tokio's `current_thread`.
    CurrentThread,
    /// OS threads; for families that block.
    Threads,
    /// An arbiter of actix; for its actors.
    Arbiter,
    /// Processes of rendez, on so many workers; for families of processes.
    Processes(Scheduler, usize),
    /// The same on carriers, where nobody looks for deadlocks.
    Unwatched(usize),
}

/// A network that is run as one of its processes. Boxed, once a run, so that the program is built in half the time: all
/// contenders pay for one call through a table more at each poll of that process.
type Network<T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send>>;

impl Place {
    /// Runs a network to its end, on a runtime of its own.
    ///
    /// # Errors
    /// The runtime does not start, or the network's own.
    pub(crate) fn run<T: Send + 'static>(self, network: Network<T>) -> Result<T, String> {
        if let Self::Processes(scheduler, workers) = self {
            let outcome = RunOptions::new().workers(workers).scheduler(scheduler).run(Fine { process: network });
            return outcome.map_err(|failure| format!("the program failed: {failure}"))?;
        }
        if self == Self::Arbiter {
            // In a task, for the same reason as below: the root future would go through epoll each time.
            let network = actix::System::new().block_on(async { actix::spawn(network).await });
            return network.map_err(|e| format!("the network failed: {e}"))?;
        }
        if let Self::Unwatched(workers) = self {
            let runtime = Builder::new_multi_thread().worker_threads(workers).enable_all().build();
            let runtime = runtime.map_err(|e| format!("the runtime does not start: {e}"))?;
            return runtime.block_on(async { Processes::spawn(network).join().await })?;
        }
        match self.runtime().transpose().map_err(|e| format!("the runtime does not start: {e}"))? {
            // In a task: what `block_on` itself polls runs on a thread beside the workers.
            Some(runtime) => runtime.block_on(async { Tasks::spawn(network).join().await })?,
            None => ready(network),
        }
    }

    fn runtime(self) -> Option<std::io::Result<Runtime>> {
        match self {
            Self::TwoWorkers => Some(Builder::new_multi_thread().worker_threads(2).enable_all().build()),
            Self::OneWorker => Some(Builder::new_multi_thread().worker_threads(1).enable_all().build()),
            Self::CurrentThread => Some(Builder::new_current_thread().enable_all().build()),
            Self::Threads | Self::Arbiter | Self::Processes(..) | Self::Unwatched(_) => None,
        }
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TwoWorkers => f.write_str("mt2"),
            Self::OneWorker => f.write_str("mt1"),
            Self::CurrentThread => f.write_str("ct"),
            Self::Threads => f.write_str("threads"),
            Self::Arbiter => f.write_str("arbiter"),
            Self::Processes(Scheduler::TokioTasks, workers) => write!(f, "tasks-mt{workers}"),
            Self::Unwatched(workers) => write!(f, "unwatched-mt{workers}"),
            Self::Processes(_, workers) => write!(f, "carriers-mt{workers}"),
        }
    }
}

/// What carries a process: a type, so that a family is compiled for its own kind only.
pub(crate) trait Carrier {
    /// Starts a process.
    fn spawn<T: Send + 'static>(process: impl Future<Output = T> + Send + 'static) -> Process<T>;
}

/// Tasks of the runtime that the network runs on.
pub(crate) struct Tasks;

impl Carrier for Tasks {
    fn spawn<T: Send + 'static>(process: impl Future<Output = T> + Send + 'static) -> Process<T> {
        Process::Task(tokio::spawn(process))
    }
}

/// Processes of rendez, children of the one that starts them.
pub(crate) struct Processes;

impl Carrier for Processes {
    fn spawn<T: Send + 'static>(process: impl Future<Output = T> + Send + 'static) -> Process<T> {
        Process::Spawned(rendez_runtime::spawn(Fine { process }))
    }
}

pin_project_lite::pin_project! {
    /// A process that ends well, and no larger than what it does.
    struct Fine<F> {
        #[pin]
        process: F,
    }
}

impl<F: Future> Future for Fine<F> {
    type Output = Outcome<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().process.poll(cx).map(Ok)
    }
}

/// OS threads.
pub(crate) struct Threads;

impl Carrier for Threads {
    fn spawn<T: Send + 'static>(process: impl Future<Output = T> + Send + 'static) -> Process<T> {
        Process::Thread(thread::spawn(|| ready(process)))
    }
}

/// A process that was started.
pub(crate) enum Process<T> {
    /// As a task.
    Task(tokio::task::JoinHandle<T>),
    /// As a thread.
    Thread(thread::JoinHandle<T>),
    /// As a process of rendez.
    Spawned(Spawned<T>),
}

impl<T: Send + 'static> Process<T> {
    /// Waits for its end. For a thread it blocks, as all that a thread does.
    ///
    /// # Errors
    /// It panicked.
    pub(crate) async fn join(self) -> Result<T, String> {
        match self {
            Self::Task(task) => task.await.map_err(|e| format!("a process failed: {e}")),
            Self::Spawned(process) => process.join().await.map_err(|failure| failure.to_string()),
            Self::Thread(thread) => thread.join().map_err(|_| "a process panicked".to_owned()),
        }
    }
}

/// What a future gives that blocks instead of waiting.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a family that waits without blocking has no place on threads"),
    }
}
