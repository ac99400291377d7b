//! What a row of the suite runs on: channels of a transport, and processes as tasks, as threads or as both.

use crate::support::Watchdog;
use rendez::{ChannelKind, Receiver, Sender, block_on, channel_bounded};
use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

/// What carries values from one end of a channel to the other.
pub(crate) trait Transport: Clone + Send + Sync + 'static {
    /// A channel, its two ends as far from each other as they get.
    fn open<V: Value>(&self, kind: ChannelKind) -> (Sender<V>, Receiver<V>);
    /// Waits until all news so far is delivered.
    fn settle(&self) -> impl Future<Output = ()> + Send;
}

/// What a row may send.
pub(crate) trait Value: Send + 'static {}

impl<V: Send + 'static> Value for V {}

/// What runs the processes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    /// Tasks in one thread.
    OneThread,
    /// Tasks on two worker threads.
    TwoWorkers,
    /// A thread each, which blocks.
    Threads,
    /// Tasks and threads in turn.
    Both,
}

/// Runs a row.
pub(crate) fn run<T: Transport, F>(transport: T, on: On, row: impl FnOnce(Net<T>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let (_watchdog, runtime) = Watchdog::over(|| runtime(on));
    let tasks = runtime.as_ref().map(|runtime| runtime.handle().clone());
    let row = row(Net { transport, on, tasks, started: Arc::default() });
    match (runtime, on) {
        (Some(runtime), On::OneThread) => runtime.block_on(row),
        (Some(runtime), On::TwoWorkers) => {
            runtime.block_on(runtime.spawn(row)).unwrap_or_else(|e| resume_unwind(e.into_panic()))
        }
        _ => block_on(row).unwrap(),
    }
}

fn runtime(on: On) -> Option<Runtime> {
    match on {
        On::OneThread => Some(Builder::new_current_thread().build().unwrap()),
        On::TwoWorkers | On::Both => Some(Builder::new_multi_thread().worker_threads(2).build().unwrap()),
        On::Threads => None,
    }
}

/// A transport, with what runs processes.
#[derive(Clone)]
pub(crate) struct Net<T> {
    transport: T,
    on: On,
    tasks: Option<Handle>,
    started: Arc<AtomicUsize>,
}

impl<T: Transport> Net<T> {
    /// A rendezvous.
    pub(crate) fn channel<V: Value>(&self) -> (Sender<V>, Receiver<V>) {
        self.transport.open(ChannelKind::Rendezvous)
    }

    /// A channel that holds so many values; none makes it a rendezvous.
    pub(crate) fn bounded<V: Value>(&self, capacity: usize) -> (Sender<V>, Receiver<V>) {
        match capacity {
            0 => self.channel(),
            n => self.transport.open(ChannelKind::Bounded(n as u64)),
        }
    }

    /// A channel that holds any number of values.
    pub(crate) fn unbounded<V: Value>(&self) -> (Sender<V>, Receiver<V>) {
        self.transport.open(ChannelKind::Unbounded)
    }

    /// So many channels of a capacity; their sending ends and their receiving ends.
    pub(crate) fn many<V: Value>(&self, count: usize, capacity: usize) -> (Vec<Sender<V>>, Vec<Receiver<V>>) {
        (0..count).map(|_| self.bounded(capacity)).unzip()
    }

    /// What runs its processes.
    pub(crate) const fn on(&self) -> On {
        self.on
    }

    /// Waits until all news so far is delivered.
    pub(crate) async fn settle(&self) {
        self.transport.settle().await;
    }

    /// Starts a process.
    pub(crate) fn start<F>(&self, process: F) -> Process<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        match &self.tasks {
            Some(tasks) if !self.is_threads_turn() => Process::Task(tasks.spawn(process)),
            _ => {
                let (tx, result) = channel_bounded(1);
                let body = move || drop(tx.try_send(block_on(process).unwrap()));
                Process::Thread { result, thread: thread::spawn(body) }
            }
        }
    }

    fn is_threads_turn(&self) -> bool {
        // Relaxed: it counts, and orders nothing.
        self.on == On::Both && self.started.fetch_add(1, Ordering::Relaxed) % 2 == 1
    }
}

/// A process that was started.
pub(crate) enum Process<R: Send + 'static> {
    Task(JoinHandle<R>),
    Thread { result: Receiver<R>, thread: thread::JoinHandle<()> },
}

impl<R: Send + 'static> Process<R> {
    /// Waits for its end; an error is its panic.
    pub(crate) async fn outcome(self) -> thread::Result<R> {
        match self {
            Self::Task(task) => task.await.map_err(tokio::task::JoinError::into_panic),
            Self::Thread { result, thread } => match result.recv().await {
                Ok(result) => Ok(result),
                Err(_) => Err(thread.join().expect_err("it ended without a result")),
            },
        }
    }

    /// What it came to. Its panic is ours.
    pub(crate) async fn end(self) -> R {
        self.outcome().await.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

/// What all of them came to, in order.
pub(crate) async fn ends<R: Send + 'static>(processes: impl IntoIterator<Item = Process<R>>) -> Vec<R> {
    let mut results = Vec::new();
    for process in processes {
        results.push(process.end().await);
    }
    results
}

/// Lets the others have a turn.
pub(crate) async fn pause() {
    let mut paused = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        thread::yield_now();
        Poll::Pending
    })
    .await;
}
