//! What the runtime tells whoever runs the program: to `tracing`, or on standard error where nobody listens there. Not what the program
//! itself receives: that are `deadlocks` and `crash_reports`.

use crate::executor;
use std::fmt;
use std::io::{Write as _, stderr};
use std::sync::atomic::{AtomicUsize, Ordering};
use tracing::dispatcher::get_default;
use tracing::subscriber::NoSubscriber;

/// How many programs run that want nothing on standard error. Relaxed: it publishes nothing.
static QUIET: AtomicUsize = AtomicUsize::new(0);

/// Tells something, at a level of `tracing`.
macro_rules! tell {
    ($level:ident, $($text:tt)+) => {{
        tracing::$level!($($text)+);
        $crate::log::to_stderr(format_args!($($text)+));
    }};
}
pub(crate) use tell;

/// Warns of something, for crates that are built on this one.
pub fn warn(text: fmt::Arguments<'_>) {
    tell!(warn, "{text}");
}

/// One line, where nobody would hear of it else. One who explores prints what matters himself.
pub(crate) fn to_stderr(text: fmt::Arguments<'_>) {
    let is_heard = get_default(|subscriber| !subscriber.is::<NoSubscriber>());
    if is_heard || QUIET.load(Ordering::Relaxed) > 0 || executor::controlled().is_some() {
        return;
    }
    // Where standard error is closed nobody is to be told; what is told of goes on.
    let _ = writeln!(stderr(), "rendez: {text}");
}

/// Nothing is told on standard error until this is dropped.
pub(crate) struct Quiet;

impl Quiet {
    pub(crate) fn begin() -> Self {
        QUIET.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        QUIET.fetch_sub(1, Ordering::Relaxed);
    }
}
