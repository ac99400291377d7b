//! Timer: the guard that is ready once a time has passed, also a future. Not the clock behind it.

use crate::choice::Choice;
use crate::clock::{self, Sleep};
use crate::guard::{Attempt, Guard, Progress, Seat, used_up};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

/// A guard that is ready once `delay` has passed; also a future.
///
/// The time runs from the call; one too long for the clock never passes. It needs no runtime: where there is none, a
/// thread of rendez keeps it.
///
/// # Cancel safety
/// Dropping it frees the timer at once.
///
/// ```
/// use rendez_channels::{after, block_on};
/// use std::time::Duration;
///
/// block_on(after(Duration::from_millis(1))).unwrap();
/// ```
pub fn after(delay: Duration) -> Timer {
    Timer { deadline: clock::now().checked_add(delay), sleep: None, is_over: false }
}

/// A guard that is ready once `deadline` has come; also a future. As [`after`], but for a point in time.
///
/// # Cancel safety
/// Dropping it frees the timer at once.
pub const fn at(deadline: Instant) -> Timer {
    Timer { deadline: Some(deadline), sleep: None, is_over: false }
}

/// The guard of [`after`] and [`at`].
#[must_use = "a timer does nothing unless it is awaited or is a guard"]
pub struct Timer {
    /// None is never.
    deadline: Option<Instant>,
    /// Set up only when there is something to wait for: a choice whose other guards are ready makes no timer.
    sleep: Option<Sleep>,
    /// It has given its result.
    is_over: bool,
}

impl Timer {
    fn is_due(&self) -> bool {
        self.deadline.is_some_and(|deadline| clock::now() >= deadline)
    }

    /// Waits; what has passed stays so, whatever the clock says later.
    fn pass(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_over {
            used_up();
        }
        let Some(deadline) = self.deadline else { return Poll::Pending };
        let has_passed = self.is_due()
            || self.sleep.get_or_insert_with(|| clock::sleep_until(deadline)).as_mut().poll(cx).is_ready();
        if !has_passed {
            return Poll::Pending;
        }
        self.deadline = Some(clock::now());
        self.sleep = None;
        Poll::Ready(())
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.pass(cx));
        self.is_over = true;
        Poll::Ready(())
    }
}

impl Attempt for Timer {
    fn attempt(mut self: Pin<&mut Self>, cx: &mut Context<'_>, seat: Seat<'_>) -> Progress {
        if self.is_over {
            used_up();
        }
        let Some((choice, number)) = seat else { return Progress::committed_if(self.is_due()) };
        Progress::committed_if(self.pass(cx).is_ready() && choice.commit_free(number))
    }

    fn enlist(self: Pin<&mut Self>, cx: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> Progress {
        self.attempt(cx, Some((choice, number)))
    }

    fn collect(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn leave(mut self: Pin<&mut Self>) {
        self.sleep = None;
    }

    fn is_asked(&self) -> bool {
        true
    }
}

impl Guard for Timer {
    type Output = ();

    fn output(mut self: Pin<&mut Self>) {
        self.is_over = true;
    }
}
