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

/// The last things that an incarnation began: a ring of numbers, so that noting one costs a shift.
///
/// A method has its number and one more, a hook one from the end of the scale: 0 is nothing.
#[derive(Default)]
pub(crate) struct Trail([u64; LAST / PER_WORD]);

/// How many numbers fit in a word.
const PER_WORD: usize = 4;
const BITS: u32 = u64::BITS / PER_WORD as u32;

/// What an incarnation begins that is no method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    Stopping = 0xFFFD,
    Exited = 0xFFFE,
    Timer = 0xFFFF,
}

impl Trail {
    /// Notes a method by its number.
    #[inline]
    pub(crate) const fn note(&mut self, method: u16) {
        self.push(method.wrapping_add(1));
    }

    pub(crate) const fn note_hook(&mut self, hook: Hook) {
        self.push(hook as u16);
    }

    #[inline]
    const fn push(&mut self, number: u16) {
        let [late, early] = self.0;
        self.0 = [late << BITS | number as u64, early << BITS | late >> (u64::BITS - BITS)];
    }

    /// The name of what was begun last. `methods` are the names of the methods, by number.
    pub(crate) fn last(&self, methods: &[&'static str]) -> Option<&'static str> {
        self.names(methods).next()
    }

    /// The latest last, without the very last.
    fn before(&self, methods: &[&'static str]) -> Vec<&'static str> {
        let mut before: Vec<_> = self.names(methods).skip(1).collect();
        before.reverse();
        before
    }

    /// The latest first.
    fn names(&self, methods: &[&'static str]) -> impl Iterator<Item = &'static str> {
        const { assert!(LAST == 2 * PER_WORD) };
        let word = |word: u64| (0..PER_WORD as u32).map(move |place| (word >> (place * BITS)) as u16);
        let numbers = self.0.into_iter().flat_map(word).take_while(|&number| number != 0);
        numbers.map(|number| match number {
            _ if number == Hook::Stopping as u16 => "stopping",
            _ if number == Hook::Exited as u16 => "exited",
            _ if number == Hook::Timer as u16 => "timer",
            method => methods.get(usize::from(method) - 1).copied().unwrap_or("a method"),
        })
    }
}

/// `methods` are the names of the methods, by number.
pub(crate) fn report(cell: &Cell, trail: &Trail, methods: &[&'static str], failure: &Failure, state: String) {
    let described = cell.describe();
    let crash = CrashReport {
        actor: described.name,
        process: described.id,
        spawned_at: described.spawned_at,
        message: trail.last(methods).unwrap_or("started"),
        cause: failure.cause(),
        before: trail.before(methods),
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
        let names: Vec<_> = "abcdefghijxz".split("").filter(|name| !name.is_empty()).collect();
        let mut trail = Trail::default();
        assert_eq!((trail.last(&names), trail.before(&names)), (None, vec![]));
        trail.note(0);
        assert_eq!((trail.last(&names), trail.before(&names)), (Some("a"), vec![]));
        (1..=9).for_each(|method| trail.note(method));
        assert_eq!(
            (trail.last(&names), trail.before(&names)),
            (Some("j"), "cdefghi".split("").filter(|n| !n.is_empty()).collect())
        );
        trail.note_hook(Hook::Timer);
        assert_eq!((trail.last(&names), trail.before(&names).last()), (Some("timer"), Some(&"j")));
        trail.note(700);
        assert_eq!(trail.last(&names), Some("a method"), "its number is beyond the names");
    }
}
