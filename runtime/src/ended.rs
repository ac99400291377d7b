//! What is kept of a process that has ended: itself as data, made without allocating for most.

use crate::name::Name;
use rendez_model::{Process, ProcessId, ProcessKind, State};
use std::panic::Location;
use std::time::Duration;

/// What is kept of a process that has ended.
pub(crate) struct Record {
    pub(crate) id: ProcessId,
    pub(crate) name: Name,
    pub(crate) kind: ProcessKind,
    pub(crate) parent: Option<ProcessId>,
    pub(crate) state: State,
    pub(crate) spawned_at: &'static Location<'static>,
    pub(crate) restarts: u32,
    pub(crate) polls: u64,
    pub(crate) busy: Duration,
    pub(crate) operations: u64,
    /// What it follows, in words.
    pub(crate) trace: Option<Box<str>>,
    pub(crate) note: String,
}

impl Record {
    pub(crate) fn describe(&self) -> Process {
        let mut process = Process::new(self.id, &*self.name);
        process.kind = self.kind;
        process.parent = self.parent;
        process.state = self.state.clone();
        process.spawned_at = self.spawned_at.to_string();
        process.restarts = self.restarts;
        process.polls = self.polls;
        process.busy_us = u64::try_from(self.busy.as_micros()).unwrap_or(u64::MAX);
        process.operations = self.operations;
        process.trace = self.trace.as_deref().map(str::to_owned);
        process.note.clone_from(&self.note);
        process
    }
}
