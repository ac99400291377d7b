//! The reference executor: a tokio task for each process. It orders nothing itself.

use super::Executor;
use crate::cell::Cell;
use crate::task::{Ran, Turn, abandon_asleep};
use rendez_channels::clock::{Sleep, thread_sleep};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
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
    fn start(&self, turn: Turn) {
        let process = turn.with_cell(Arc::clone);
        process.at_desk(|desk| desk.turn = Some(turn));
        self.runtime.spawn(Driver { process, has_ended: false });
    }

    fn ready(&self, turn: Turn) {
        let process = turn.with_cell(Arc::clone);
        let left = process.at_desk(|desk| {
            if desk.is_left {
                return Err(turn);
            }
            desk.turn = Some(turn);
            Ok(desk.task.clone())
        });
        match left {
            Ok(task) => task.into_iter().for_each(Waker::wake),
            Err(turn) => turn.abandon(),
        }
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

/// The task of one process.
struct Driver {
    process: Arc<Cell>,
    has_ended: bool,
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let turn = self.process.at_desk(|desk| {
            desk.task.get_or_insert_with(|| cx.waker().clone());
            desk.turn.take()
        });
        match turn.map(Turn::run) {
            None | Some(Ran::Rests) => {}
            Some(Ran::Again(turn)) => {
                self.process.at_desk(|desk| desk.turn = Some(turn));
                cx.waker().wake_by_ref();
            }
            Some(Ran::Ended) => {
                self.has_ended = true;
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let turn = self.process.at_desk(|desk| {
            desk.is_left = true;
            desk.turn.take()
        });
        // Where somebody is on the way with the turn, it is refused.
        turn.map_or_else(|| abandon_asleep(&self.process), Turn::abandon);
    }
}
