//! Place: where the processes of a network run, a tokio task or an OS thread each. It knows no channel.

use std::fmt::{self, Display};
use std::future::Future;
use std::pin::pin;
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
}

/// All places for tasks.
pub(crate) const TASKS: [Place; 3] = [Place::TwoWorkers, Place::OneWorker, Place::CurrentThread];

impl Place {
    /// Runs a network to its end, as a process of this place, on a runtime of its own.
    ///
    /// # Errors
    /// The runtime does not start, or the network's own.
    pub(crate) fn run<T: Send + 'static>(
        self,
        network: impl Future<Output = Result<T, String>> + Send + 'static,
    ) -> Result<T, String> {
        match self.runtime().transpose().map_err(|e| format!("the runtime does not start: {e}"))? {
            // In a task: what `block_on` itself polls runs on a thread beside the workers.
            Some(runtime) => runtime.block_on(async { self.spawn(network).join().await })?,
            None => ready(network),
        }
    }

    /// Starts a process.
    pub(crate) fn spawn<T: Send + 'static>(self, process: impl Future<Output = T> + Send + 'static) -> Process<T> {
        match self {
            Self::Threads => Process::Thread(thread::spawn(|| ready(process))),
            _ => Process::Task(tokio::spawn(process)),
        }
    }

    fn runtime(self) -> Option<std::io::Result<Runtime>> {
        match self {
            Self::TwoWorkers => Some(Builder::new_multi_thread().worker_threads(2).build()),
            Self::OneWorker => Some(Builder::new_multi_thread().worker_threads(1).build()),
            Self::CurrentThread => Some(Builder::new_current_thread().build()),
            Self::Threads => None,
        }
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TwoWorkers => "mt2",
            Self::OneWorker => "mt1",
            Self::CurrentThread => "ct",
            Self::Threads => "threads",
        })
    }
}

/// A process that was started.
pub(crate) enum Process<T> {
    /// As a task.
    Task(tokio::task::JoinHandle<T>),
    /// As a thread.
    Thread(thread::JoinHandle<T>),
}

impl<T> Process<T> {
    /// Waits for its end. For a thread it blocks, as all that a thread does.
    ///
    /// # Errors
    /// It panicked.
    pub(crate) async fn join(self) -> Result<T, String> {
        match self {
            Self::Task(task) => task.await.map_err(|e| format!("a process failed: {e}")),
            Self::Thread(thread) => thread.join().map_err(|_| "a process panicked".to_owned()),
        }
    }
}

/// What a future gives that blocks instead of waiting.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a family that waits without blocking has no place on threads"),
    }
}
