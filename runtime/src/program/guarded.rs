//! A running program with its guard: started, asked to end, killed, waited for. What all that means for a process is in `mod`,
//! what the guard is in `system`.

use super::place::Place;
use super::system::Guard;
use crate::cell::Cell;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::process::Child;

/// What is seen of a program that runs.
pub(super) enum Seen {
    Ended(io::Result<ExitStatus>),
    /// Its process is requested to stop.
    Requested,
    /// Its process is being ended.
    Cancelled,
    /// Its guard has ended.
    Unguarded,
}

/// How long a thread that drops a running program waits for its end: one that is killed is gone long before.
const DROP_PATIENCE: Duration = Duration::from_millis(500);
/// How often it looks.
const DROP_LOOK: Duration = Duration::from_millis(1);

/// A program that runs. Dropped, as its process is when nothing runs processes any more, it is killed.
pub(super) struct Guarded {
    program: Child,
    guard: Guard,
    _place: Place,
}

impl Guarded {
    pub(super) fn start(command: Command, place: Place) -> io::Result<Self> {
        let mut command = tokio::process::Command::from(command);
        command.kill_on_drop(true);
        let guard = Guard::over(&mut command)?;
        let program = command.spawn()?;
        Ok(Self { program, guard, _place: place })
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.program.id()
    }

    /// Waits for whatever happens to it, or to its process.
    pub(super) async fn next(&mut self, cell: &Arc<Cell>, was_requested: bool) -> Seen {
        let stop = cell.control().listen();
        let mut requested = pin!(async {
            if was_requested {
                std::future::pending::<()>().await;
            }
            stop.cancelled().await;
        });
        poll_fn(|cx| {
            if let Poll::Ready(status) = self.poll_ended(cx) {
                return Poll::Ready(Seen::Ended(status));
            }
            if cell.is_cancelled() {
                return Poll::Ready(Seen::Cancelled);
            }
            if self.guard.poll_ended(cx).is_ready() {
                return Poll::Ready(Seen::Unguarded);
            }
            requested.as_mut().poll(cx).map(|()| Seen::Requested)
        })
        .await
    }

    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        pin!(self.program.wait()).poll(cx)
    }

    /// Asks it to end.
    pub(super) fn terminate(&mut self) {
        if !self.guard.terminate() {
            self.kill();
        }
    }

    fn kill(&mut self) {
        // An error says that it has ended.
        let _ = self.program.start_kill();
    }

    /// Kills what is left of it and its group, and waits until it is gone.
    pub(super) async fn end(&mut self) {
        self.kill();
        // An error says that the system knows it no more.
        let _ = self.program.wait().await;
        self.guard.dismiss();
        poll_fn(|cx| self.guard.poll_ended(cx)).await;
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.kill();
        self.guard.dismiss();
        let end = Instant::now() + DROP_PATIENCE;
        // Both are looked at each time, so that both are collected.
        while (matches!(self.program.try_wait(), Ok(None)) | self.guard.is_running()) && Instant::now() < end {
            std::thread::sleep(DROP_LOOK);
        }
    }
}
