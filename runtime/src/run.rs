//! Running a program: a runtime where there is none, the root process, ctrl-c, and the grace at the end.

use crate::cell::Cell;
use crate::drive::{Body, conclude, run_body, wait_for_children};
use crate::{Failure, IntoOutcome, Outcome, World, executor, monitor, process};
use rendez_model::{End, ProcessKind};
use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How long the program waits for processes that do not end when it does.
const GRACE: Duration = Duration::from_secs(5);

/// How many guards of [`ctrl_c`] live. Relaxed: read when a person presses a key.
static CTRL_C_GUARDS: AtomicUsize = AtomicUsize::new(0);

/// Runs `body` as the root process, on a new multi-threaded tokio runtime, and waits for everything below it.
///
/// While it runs, deadlocks are looked for and logged. The first ctrl-c ends the root's scope unless somebody waits for
/// [`ctrl_c`]; the second ends the program.
///
/// # Errors
/// How the root process failed.
///
/// # Panics
/// When called from inside of a tokio runtime: there, use the processes directly.
#[track_caller]
pub fn run<O: IntoOutcome>(body: impl Future<Output = O> + Send + 'static) -> Outcome<O::Value> {
    run_named("main", body)
}

#[track_caller]
fn run_named<O: IntoOutcome>(name: &str, body: impl Future<Output = O> + Send + 'static) -> Outcome<O::Value> {
    let cell = process::new_cell(name.to_owned(), ProcessKind::Scope);
    let runtime = executor::build()?;
    let outcome = runtime.block_on(root(cell, body));
    runtime.shutdown_timeout(Duration::ZERO);
    outcome
}

async fn root<O: IntoOutcome>(cell: Arc<Cell>, body: impl Future<Output = O> + Send + 'static) -> Outcome<O::Value> {
    cell.adopt(None);
    let _monitor = monitor::watch(Arc::clone(cell.world()));
    let interrupts = tokio::spawn(interrupt(Arc::clone(&cell)));
    let body = Body::Async(Box::pin(async move { body.await.into_outcome() }));
    let mut outcome = run_body(&cell, body).await;
    if outcome.is_ok() {
        wait_for_children(&cell).await;
    } else if tokio::time::timeout(GRACE, wait_for_children(&cell)).await.is_err() {
        let names: Vec<_> = cell.children().iter().map(|child| child.label()).collect();
        eprintln!("still running {} s after the end of `{}`: {}", GRACE.as_secs(), cell.name(), names.join(", "));
    }
    outcome = conclude(&cell, outcome);
    interrupts.abort();
    cell.finish(outcome.as_ref().err().map_or(End::Normal, Failure::end));
    outcome
}

/// The first ctrl-c ends the root's scope unless somebody else takes care of it; the second ends the program.
async fn interrupt(root: Arc<Cell>) {
    for press in 1.. {
        if tokio::signal::ctrl_c().await.is_err() {
            return;
        }
        if press > 1 {
            std::process::exit(130);
        }
        if CTRL_C_GUARDS.load(Ordering::Relaxed) == 0 {
            root.cancel();
        }
    }
}

/// Waits for ctrl-c, as a guard of a choice or alone. While somebody waits, ctrl-c ends nothing by itself.
///
/// # Errors
/// When the signal cannot be listened to.
///
/// # Cancel safety
/// A ctrl-c between two waits is not seen by the second.
pub fn ctrl_c() -> rendez_channels::FutureGuard<std::pin::Pin<Box<dyn Future<Output = Outcome<()>> + Send>>> {
    let listening = Listening::new();
    rendez_channels::future(Box::pin(async move {
        let pressed = tokio::signal::ctrl_c().await;
        drop(listening);
        Ok(pressed?)
    }))
}

struct Listening;

impl Listening {
    fn new() -> Self {
        CTRL_C_GUARDS.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        CTRL_C_GUARDS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What `#[rendez::main]` expands to: runs `body` and prints its failure.
#[doc(hidden)]
#[track_caller]
pub fn run_main<O: IntoOutcome>(name: &str, body: impl Future<Output = O> + Send + 'static) -> ExitCode {
    match run_named(name, body) {
        Err(failure) if failure.is_cancelled() => ExitCode::from(130),
        Err(failure) if !failure.is_retired() => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

/// The labels of all processes that live now; empty when nothing is left.
#[must_use]
pub fn living() -> Vec<String> {
    World::global().survivors()
}
