//! A process that goes on when what waits for it is ended: clean-up that has to be done. Not one that is never waited for.

use crate::cell::Cell;
use crate::inner::Report;
use crate::process::spawn_under;
use crate::{Failure, IntoProcess, Outcome};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

/// Runs a process that the end of its scope does not end.
///
/// When the current process is ended, or the wait is dropped, the shielded one goes on, and the scope does not end before
/// it: give it a limit, as in `shield(par![save(state)].within(limit))`. Its own
/// [`ProcessRef::stop`](crate::ProcessRef::stop) still ends it. Its failure comes out here; where nobody waits any more, it
/// fails the current process's scope.
///
/// # Errors
/// How the process has failed.
///
/// # Panics
/// When no tokio runtime is ambient. It starts at once.
///
/// # Cancel safety
/// Dropped, it leaves the process running; what that ends with is dropped when it comes.
///
/// ```
/// use rendez_channels::after;
/// use rendez_runtime::{Outcome, par, run, shield};
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use std::time::Duration;
///
/// let saved = Arc::new(AtomicBool::new(false));
/// let done = Arc::clone(&saved);
/// let save = async move {
///     after(Duration::from_millis(20)).await;
///     done.store(true, Ordering::SeqCst);
///     Outcome::Ok(())
/// };
/// let work = async move { shield(save).await };
/// let late = run(async { par![work].within(Duration::from_millis(5)).await });
/// assert!(late.unwrap_err().is_deadline());
/// assert!(saved.load(Ordering::SeqCst), "it was ended only when it had saved");
/// ```
#[track_caller]
#[must_use = "await it: it has started, and its outcome is wanted"]
pub fn shield<P>(process: P) -> impl Future<Output = Outcome<P::Value>> + Send + use<P>
where
    P: IntoProcess, // it may move between threads: drop what is not `Send` before `.await`, or use `Arc`
{
    let process = process.into_process();
    process.cell().control().shield();
    let scope = Cell::current();
    let is_left = Arc::new(AtomicBool::new(false));
    let (left, fails) = (Arc::clone(&is_left), scope.clone());
    let report = move |failure: &Failure| {
        // Acquire: pairs with the Release in `drop`.
        if let (true, true, Some(scope)) = (left.load(Ordering::Acquire), failure.fails_scope(), fails) {
            scope.fail_scope(failure.clone());
        }
    };
    let spawned = spawn_under(process, scope, Report::To(Box::new(Box::new(report))));
    let spawned = spawned.unwrap_or_else(|failure| panic!("{failure}"));
    Shielded { joining: Box::pin(spawned.join()), is_left }
}

struct Shielded<T> {
    joining: Pin<Box<dyn Future<Output = Outcome<T>> + Send>>,
    is_left: Arc<AtomicBool>,
}

impl<T> Future for Shielded<T> {
    type Output = Outcome<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome<T>> {
        self.joining.as_mut().poll(cx)
    }
}

impl<T> Drop for Shielded<T> {
    fn drop(&mut self) {
        // Release: pairs with the Acquire where the process ends.
        self.is_left.store(true, Ordering::Release);
    }
}
