//! Crash reports: what is known of an incarnation that failed. The failure itself goes its own way.

use crate::Failure;
use crate::cell::Cell;
use crate::log::tell;
use rendez_channels::{Receiver, Sender, TrySendError, channel_bounded};
use rendez_model::ProcessId;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// How many of the last messages a report names.
const LAST: usize = 8;
/// Reports that nobody has received; more are dropped, the log has them all.
const REPORTS_MAX: usize = 64;

static REPORTS: Mutex<Vec<Sender<CrashReport>>> = Mutex::new(Vec::new());

/// What is known of an incarnation of an actor that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CrashReport {
    /// The actor's name.
    pub actor: String,
    /// The process of the incarnation.
    pub process: ProcessId,
    /// Where it was spawned.
    pub spawned_at: String,
    /// The method that failed, or the hook: `started`, `stopping`, `exited`, `timer`.
    pub message: &'static str,
    /// What went wrong.
    pub cause: String,
    /// The last methods that it began before, the latest last.
    pub before: Vec<&'static str>,
    /// What the actor says of its state, as it was left; empty where it says nothing.
    pub state: String,
    /// How often it had been started again before.
    pub restarts: u32,
}

impl fmt::Display for CrashReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { actor, process, spawned_at, message, cause, before, state, restarts } = self;
        write!(f, "actor `{actor}` ({process}, spawned at {spawned_at}) failed in `{message}`: {cause}")?;
        if !before.is_empty() {
            write!(f, "; before: {}", before.join(", "))?;
        }
        if !state.is_empty() {
            write!(f, "; state: {state}")?;
        }
        write!(f, "; restarts so far: {restarts}")
    }
}

/// Reports of actors that fail, each once. While nobody receives, the first 64 are kept.
#[must_use]
pub fn crash_reports() -> Receiver<CrashReport> {
    let (tx, rx) = channel_bounded(REPORTS_MAX);
    tx.set_name("crash reports");
    REPORTS.lock().unwrap_or_else(PoisonError::into_inner).push(tx);
    rx
}

/// The last methods that an incarnation began: a ring, so that noting one costs a store.
#[derive(Default)]
pub(crate) struct Trail {
    methods: [&'static str; LAST],
    count: usize,
}

impl Trail {
    pub(crate) const fn note(&mut self, method: &'static str) {
        self.methods[self.count % LAST] = method;
        self.count += 1;
    }

    pub(crate) fn last(&self) -> Option<&'static str> {
        self.count.checked_sub(1).map(|last| self.methods[last % LAST])
    }

    /// The latest last, without the very last.
    fn before(&self) -> Vec<&'static str> {
        let before = self.count.saturating_sub(1);
        (before.saturating_sub(LAST - 1)..before).map(|index| self.methods[index % LAST]).collect()
    }
}

pub(crate) fn report(cell: &Cell, trail: &Trail, failure: &Failure, state: String) {
    let described = cell.describe();
    let crash = CrashReport {
        actor: described.name,
        process: described.id,
        spawned_at: described.spawned_at,
        message: trail.last().unwrap_or("started"),
        cause: failure.cause(),
        before: trail.before(),
        state,
        restarts: described.restarts,
    };
    tell!(error, "{crash}");
    let mut reports = REPORTS.lock().unwrap_or_else(PoisonError::into_inner);
    reports.retain(|to| !matches!(to.try_send(crash.clone()), Err(TrySendError::Ended(_))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_keeps_the_last_methods() {
        let mut trail = Trail::default();
        assert_eq!((trail.last(), trail.before()), (None, vec![]));
        trail.note("a");
        assert_eq!((trail.last(), trail.before()), (Some("a"), vec![]));
        "bcdefghij".split("").filter(|name| !name.is_empty()).for_each(|_| trail.note("x"));
        trail.note("z");
        assert_eq!((trail.last(), trail.before().len()), (Some("z"), LAST - 1));
    }
}
