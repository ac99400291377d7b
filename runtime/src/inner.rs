//! What is known of a process under the lock of its cell: its name, its place in the tree, who waits for it, how it ended. It locks
//! and wakes nobody.

use crate::Failure;
use crate::actor::Ears;
use crate::cell::Cell;
use crate::group::Group;
use crate::name::Name;
use crate::slots::Slots;
use crate::spans::Spans;
use crate::task::Turn;
use crate::watchers::Watchers;
use rendez_model::{End, ProcessId, ProcessKind};
use std::num::NonZeroU64;
use std::sync::{Arc, Weak};
use std::task::Waker;

/// What is known.
pub(crate) struct Inner {
    pub(crate) name: Name,
    pub(crate) parent: Parent,
    pub(crate) report: Report,
    /// Who waits for the end of this process, or of its body.
    pub(crate) watchers: Watchers,
    pub(crate) seldom: Option<Box<Seldom>>,
}

/// What is small of it, which lies beside the rest.
pub(crate) struct Brief {
    pub(crate) kind: ProcessKind,
    /// Whether the body has ended and only children are waited for.
    pub(crate) awaits_children: bool,
    /// Whether it ends without its children.
    pub(crate) leaves_children: bool,
    /// Whether the body has ended in failure.
    pub(crate) has_failed: bool,
    pub(crate) has_ended: bool,
}

impl Brief {
    pub(crate) const fn new(kind: ProcessKind) -> Self {
        Self { kind, awaits_children: false, leaves_children: false, has_failed: false, has_ended: false }
    }
}

/// Who has started a process, if somebody has.
pub(crate) enum Parent {
    /// It stands in the tree, below this.
    Lives(Arc<Cell>),
    /// It does not yet, or not any more; the id alone.
    Gone(Option<NonZeroU64>),
}

impl Parent {
    pub(crate) fn lives(&self) -> Option<&Arc<Cell>> {
        if let Self::Lives(parent) = self { Some(parent) } else { None }
    }

    pub(crate) fn id(&self) -> Option<ProcessId> {
        match self {
            Self::Lives(parent) => Some(parent.id()),
            Self::Gone(id) => id.map(|id| ProcessId(id.get())),
        }
    }

    /// The process has ended: what is left is who it was.
    pub(crate) fn leave(&mut self) -> Option<Arc<Cell>> {
        let id = self.id().and_then(|id| NonZeroU64::new(id.0));
        match std::mem::replace(self, Self::Gone(id)) {
            Self::Lives(parent) => Some(parent),
            Self::Gone(_) => None,
        }
    }
}

/// What few processes have, under the lock of the rest.
#[derive(Default)]
pub(crate) struct Seldom {
    pub(crate) children: Slots,
    /// While nobody polls it.
    pub(crate) spans: Spans,
    pub(crate) note: String,
    pub(crate) restarts: u32,
    /// The number of the OS process that is its body, while that runs.
    pub(crate) os_pid: Option<u32>,
    /// How it has ended, where that is not normal.
    pub(crate) bad_end: Option<End>,
    /// Whether it has a name by which it is looked up, or had.
    pub(crate) is_registered: bool,
    /// The failure of a child that fails this scope.
    pub(crate) scope_failure: Option<Failure>,
    /// What lies between it and the task that runs it, where it has a task of its own.
    pub(crate) desk: Option<Box<Desk>>,
    /// A thread that runs its body, to be woken by a cancel.
    pub(crate) threads: Vec<Waker>,
    /// Where an actor hears of the ends of linked processes.
    pub(crate) ears: Option<Weak<dyn Ears>>,
}

/// What lies between a process and the task that runs it.
#[derive(Default)]
pub(crate) struct Desk {
    /// To be taken by the task.
    pub(crate) turn: Option<Turn>,
    /// What wakes the task, once it has run.
    pub(crate) task: Option<Waker>,
    /// The task has gone away.
    pub(crate) is_left: bool,
}

/// Who hears of the failure of a process before it counts as ended.
pub(crate) enum Report {
    /// Nobody: whoever waits for it sees it.
    Nobody,
    /// Its parent's scope, which fails; where there is none, the log.
    Scope,
    /// The scope that it is a child of, under this number: of its end too.
    Group(Arc<Group>, u32),
    /// This. Boxed twice, so that a report is two words.
    To(Box<Hears>),
}

pub(crate) type Hears = Box<dyn FnOnce(&Failure) + Send>;

/// What the end of a process depends on besides its body.
pub(crate) struct Conclusion {
    /// The failure of a child that fails its scope.
    pub(crate) failure: Option<Failure>,
    /// Whether there is no scope around it.
    pub(crate) is_root: bool,
}

impl Inner {
    pub(crate) const fn new(name: Name) -> Self {
        Self { name, parent: Parent::Gone(None), report: Report::Nobody, watchers: Watchers::NOBODY, seldom: None }
    }

    pub(crate) fn seldom(&mut self) -> &mut Seldom {
        self.seldom.get_or_insert_default()
    }

    /// How it has ended, when it has.
    pub(crate) fn end(&self) -> End {
        self.seldom.as_ref().and_then(|seldom| seldom.bad_end.clone()).unwrap_or(End::Normal)
    }

    pub(crate) fn conclude(&mut self) -> Conclusion {
        let failure = self.seldom.as_mut().and_then(|seldom| seldom.scope_failure.take());
        Conclusion { failure, is_root: self.parent.lives().is_none() }
    }

    pub(crate) fn has_children(&self) -> bool {
        self.seldom.as_ref().is_some_and(|seldom| !seldom.children.is_empty())
    }
}
