//! The tasks of a node: spawned on the ambient runtime, none of which outlives it.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Tasks that end with their node, and a count of the work that a shutdown waits for.
pub(crate) struct Tasks {
    /// `None` once the node has ended.
    set: Mutex<Option<JoinSet<()>>>,
    unfinished: watch::Sender<usize>,
}

impl Tasks {
    pub(crate) fn new() -> Self {
        Self { set: Mutex::new(Some(JoinSet::new())), unfinished: watch::Sender::new(0) }
    }

    /// Runs a task, unless the node has ended.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(set) = set.as_mut() else { return };
        // What has ended is forgotten here, so that the set stays as small as the work.
        while set.try_join_next().is_some() {}
        set.spawn(task);
    }

    /// Counts as work that a shutdown waits for, until dropped.
    pub(crate) fn unfinished(&self) -> Unfinished {
        self.unfinished.send_modify(|count| *count += 1);
        Unfinished(self.unfinished.clone())
    }

    /// Waits until there is no work that a shutdown waits for.
    pub(crate) async fn finished(&self) {
        // The sender lives in `self`, so that this cannot fail.
        let _ = self.unfinished.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Waits for all tasks to end, which their closed connections make them do; after `patience` they are cut off.
    pub(crate) async fn end(&self, patience: Duration) {
        let set = self.set.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut set) = set else { return };
        let all = async { while set.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, all).await.is_err() {
            set.shutdown().await;
        }
    }
}

/// A share in the work that a shutdown waits for.
pub(crate) struct Unfinished(watch::Sender<usize>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
