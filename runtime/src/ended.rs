//! What is kept of a process that has ended: itself as data, made without allocating for most, and small, since each that ends is copied
//! into the world's list.

use crate::name::Name;
use rendez_model::{End, Process, ProcessId, ProcessKind, State};
use std::num::NonZeroU64;
use std::panic::Location;
use std::time::Duration;

/// What is kept of a process that has ended.
pub(crate) struct Record {
    pub(crate) id: ProcessId,
    pub(crate) name: Name,
    pub(crate) parent: Option<NonZeroU64>,
    pub(crate) spawned_at: &'static Location<'static>,
    pub(crate) polls: u64,
    pub(crate) more: Option<Box<More>>,
    pub(crate) kind: ProcessKind,
    pub(crate) standing: Standing,
}

// A cache line, which is moved in registers.
#[cfg(target_pointer_width = "64")]
const _: () =
    assert!(size_of::<Record>() <= 64, "the record of a process that has ended takes more memory than it did");

/// How far a process is.
#[derive(Clone, Copy)]
pub(crate) enum Standing {
    Ready,
    Running,
    Waiting,
    Done,
}

/// What few processes have to tell.
#[derive(Default, PartialEq)]
pub(crate) struct More {
    /// How it has ended, where that is not normal.
    pub(crate) bad_end: Option<End>,
    pub(crate) restarts: u32,
    pub(crate) busy: Duration,
    pub(crate) operations: u64,
    /// What it follows, in words.
    pub(crate) trace: Option<Box<str>>,
    pub(crate) note: String,
}

impl More {
    /// None where there is nothing to tell.
    pub(crate) fn boxed(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

impl Record {
    pub(crate) fn describe(&self) -> Process {
        let mut process = Process::new(self.id, &*self.name);
        process.kind = self.kind;
        process.parent = self.parent.map(|id| ProcessId(id.get()));
        process.state = self.state();
        process.spawned_at = self.spawned_at.to_string();
        process.polls = self.polls;
        if let Some(more) = &self.more {
            process.restarts = more.restarts;
            process.busy_us = u64::try_from(more.busy.as_micros()).unwrap_or(u64::MAX);
            process.operations = more.operations;
            process.trace = more.trace.as_deref().map(str::to_owned);
            process.note.clone_from(&more.note);
        }
        process
    }

    fn state(&self) -> State {
        match self.standing {
            Standing::Ready => State::Ready,
            Standing::Running => State::Running,
            Standing::Waiting => State::Waiting,
            Standing::Done => {
                let bad = self.more.as_ref().and_then(|more| more.bad_end.clone());
                State::Done(bad.unwrap_or(End::Normal))
            }
        }
    }
}
