//! The census: whether anybody else than processes could still act in this OS process. It counts tasks and threads; it judges no wait.
//!
//! Where `run` runs the program, all that runs is known: the workers of its runtime and the thread that called it, the watch over
//! its carriers; the carriers, the monitor, and who waits for ctrl-c or SIGTERM. If there are no more tasks and threads than these, nobody has
//! an end, a lock or a reference who is not a process, or waits to be polled by one.

use super::monitor;
use crate::executor::{Home, Own};
use crate::interrupts;
use rendez_model::ChannelId;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

/// The one thread that is no worker's: it has called `run`.
const CALLER: usize = 1;
/// The one task that counts: the monitor.
const MONITOR: usize = 1;

/// What is known to run in a program of `run`.
pub(crate) struct Census {
    pub(crate) executor: Arc<Home>,
    pub(crate) runtime: Handle,
    /// Who waits for ctrl-c or SIGTERM.
    pub(crate) interrupts: Option<AbortHandle>,
}

impl Census {
    /// Where there is nobody but processes, and these slept while it was counted: how many turns they had taken together.
    pub(super) fn alone(&self) -> Option<u64> {
        let turns = self.executor.turns_asleep()?;
        let is_alone = self.counted().is_some_and(|all| self.known() == Some(all));
        (is_alone && self.executor.turns_asleep() == Some(turns)).then_some(turns)
    }

    fn known(&self) -> Option<Own> {
        let Own { tasks, threads } = self.executor.own()?;
        let interrupts = self.interrupts.iter().filter(|task| !task.is_finished()).count();
        let workers = self.runtime.metrics().num_workers();
        Some(Own { tasks: tasks + interrupts + MONITOR, threads: threads + workers + CALLER })
    }

    /// What there is in this OS process; all that is not known to be ours may help.
    fn counted(&self) -> Option<Own> {
        let threads = threads()?;
        Some(Own { tasks: self.runtime.metrics().num_alive_tasks(), threads })
    }
}

/// The channels at which the runtime itself tells something: who waits there waits for something outside.
pub(super) fn told_from_outside() -> BTreeSet<ChannelId> {
    interrupts::pressed_at().into_iter().chain(monitor::told_at()).collect()
}

/// How many threads this OS process has; none where that cannot be known.
fn threads() -> Option<usize> {
    if cfg!(target_os = "linux") { std::fs::read_dir("/proc/self/task").ok().map(Iterator::count) } else { None }
}
