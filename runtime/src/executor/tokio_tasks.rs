//! The reference executor: a tokio task for each process. It orders nothing itself.

use super::Executor;
use crate::cell::Cell;
use crate::drive::{abandon, run};
use crate::task::Ran;
use rendez_channels::clock::{Sleep, thread_sleep};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::runtime::Handle;

/// A tokio runtime as an executor.
pub(super) struct TokioTasks {
    runtime: Handle,
}

impl TokioTasks {
    pub(super) const fn new(runtime: Handle) -> Self {
        Self { runtime }
    }
}

impl Executor for TokioTasks {
    fn start(&self, process: Arc<Cell>) {
        self.runtime.spawn(Driver { process, is_known: false, has_ended: false });
    }

    fn ready(&self, process: Arc<Cell>) {
        process.wake_driver();
    }

    fn spawn_blocking(&self, body: Box<dyn FnOnce() + Send>) {
        self.runtime.spawn_blocking(body);
    }

    fn now(&self) -> Instant {
        now()
    }

    fn sleep_until(&self, deadline: Instant) -> Sleep {
        sleep_until_here(deadline)
    }
}

/// tokio's present: it stands still where a test has paused it.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// A timer of the ambient runtime; where there is none, of a thread.
pub(super) fn sleep_until_here(deadline: Instant) -> Sleep {
    if Handle::try_current().is_ok() {
        Box::pin(tokio::time::sleep_until(deadline.into()))
    } else {
        thread_sleep(deadline)
    }
}

/// The task of one process. It keeps the process in memory, so that the counts which `run` and `ready` pass are dropped at once.
struct Driver {
    process: Arc<Cell>,
    /// Whether the process knows how to wake this task.
    is_known: bool,
    has_ended: bool,
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if !self.process.task().is_ready() {
            return Poll::Pending;
        }
        if !self.is_known {
            self.process.set_driver(cx.waker());
            self.is_known = true;
        }
        match run(Arc::clone(&self.process)) {
            Ran::Rests => {}
            Ran::Again(process) => process.wake_driver(),
            Ran::Done(..) => {
                self.has_ended = true;
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if !self.has_ended {
            abandon(&self.process);
        }
    }
}
