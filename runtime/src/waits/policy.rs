//! What is done about a certain deadlock: nothing but a report, the end of its scope, or the end of the program.

use super::{Deadlock, dump};
use crate::cell::Cell;
use crate::{Failure, World};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// What is to be done about a deadlock that is certain. Nothing is ever done about one that is only suspected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDeadlock {
    /// It is reported.
    #[default]
    Report,
    /// The innermost scope that all of its processes live in fails, with the sentence as its cause: a `par!` or scope that all of
    /// them are children of, else the process that they all live below. Where there is none, each of its processes fails so.
    FailScope,
    /// The program prints all of its processes and aborts.
    Abort,
}

/// Relaxed: who reads it late acts as was said before.
static POLICY: AtomicU8 = AtomicU8::new(OnDeadlock::Report as u8);

/// Says what is to be done about deadlocks in this program.
///
/// ```
/// use rendez_runtime::{OnDeadlock, on_deadlock};
///
/// on_deadlock(OnDeadlock::FailScope);
/// # on_deadlock(OnDeadlock::Report);
/// ```
pub fn on_deadlock(policy: OnDeadlock) {
    POLICY.store(policy as u8, Ordering::Relaxed);
}

pub(crate) fn act(world: &World, report: &Deadlock) {
    let policy = POLICY.load(Ordering::Relaxed);
    if policy == OnDeadlock::FailScope as u8 {
        fail_scope(world, report);
    } else if policy == OnDeadlock::Abort as u8 {
        eprintln!("{report}\n\n{}", dump());
        std::process::abort();
    }
}

fn fail_scope(world: &World, report: &Deadlock) {
    let cells: Vec<_> = report.cycle.members.iter().filter_map(|&id| world.find(id)).collect();
    let failure = Failure::new(&report.cycle.sentence);
    // Those of one `par!` or scope: that one fails, and says so where it is awaited.
    let mut groups = cells.iter().map(|cell| cell.group());
    if let Some(Some(group)) = groups.next()
        && groups.all(|other| other.is_some_and(|other| Arc::ptr_eq(&other, &group)))
    {
        return group.note_failure(&failure);
    }
    let scope = cells.iter().map(|cell| lineage(cell)).reduce(|common, other| {
        common.into_iter().filter(|one| other.iter().any(|its| Arc::ptr_eq(one, its))).collect()
    });
    match scope.and_then(|common| common.into_iter().next()) {
        Some(scope) => scope.fail_scope(failure),
        None => cells.iter().for_each(|cell| cell.fail_scope(failure.clone())),
    }
}

/// The scopes that a process is in, innermost first. One that waits in a circle with its own children is such a scope.
fn lineage(cell: &Arc<Cell>) -> Vec<Arc<Cell>> {
    let own = (!cell.children().is_empty()).then(|| Arc::clone(cell));
    own.into_iter().chain(std::iter::successors(cell.parent(), |cell| cell.parent())).collect()
}
