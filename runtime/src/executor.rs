//! The executor: the seam behind which processes run. Today a tokio task each, on the ambient runtime.
//!
//! The only file that spawns on tokio and reads its clock.

use crate::Failure;
use rendez_channels::clock::{Clock, Sleep, install, thread_sleep};
use std::future::Future;
use std::sync::Once;
use std::time::Instant;
use tokio::runtime::Handle;

/// Runs a process's driver until it is ready.
pub(crate) fn spawn(driver: impl Future<Output = ()> + Send + 'static) -> Result<(), Failure> {
    use_tokio_clock();
    handle()?.spawn(driver);
    Ok(())
}

/// Runs a blocking body on a thread of its own.
pub(crate) fn spawn_blocking(body: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    handle()?.spawn_blocking(body);
    Ok(())
}

/// A multi-threaded runtime for a program that has none.
pub(crate) fn build() -> Result<tokio::runtime::Runtime, Failure> {
    use_tokio_clock();
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.map_err(|e| Failure::new(format_args!("the runtime does not start: {e}")))
}

/// Has timers served by tokio wherever a tokio runtime is ambient.
pub(crate) fn use_tokio_clock() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| install(Box::new(TokioClock)));
}

fn handle() -> Result<Handle, Failure> {
    Handle::try_current().map_err(|_| {
        Failure::new("no tokio runtime runs here: start the program with #[rendez::main] or rendez::run(..)")
    })
}

struct TokioClock;

impl Clock for TokioClock {
    fn now(&self) -> Instant {
        // tokio's present: it stands still where a test has paused it.
        tokio::time::Instant::now().into_std()
    }

    fn sleep_until(&self, deadline: Instant) -> Sleep {
        if Handle::try_current().is_ok() {
            Box::pin(tokio::time::sleep_until(deadline.into()))
        } else {
            thread_sleep(deadline)
        }
    }
}
