//! A process as data: its name, its place in the tree and what it is doing. Not the process itself.

use crate::{BarrierId, ChannelId, Side};
use std::fmt;

/// Names a process within its node; counts from 1 in the order of spawning. 0 is nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ProcessId(pub u64);

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

/// What the body of a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ProcessKind {
    /// An async function over its ports.
    Function,
    /// An actor with a mailbox.
    Actor,
    /// A function on an OS thread of its own.
    Blocking,
    /// Work on a device.
    Device,
    /// A child OS process.
    Child,
    /// The program's first process, or a group that only holds others.
    Scope,
}

/// One thing that a blocked process would go on for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Wait {
    /// It stands at a channel: any end of the other side will do.
    Channel {
        /// The channel.
        channel: ChannelId,
        /// The direction it wants.
        side: Side,
    },
    /// It has called an actor, which has its message.
    Answer {
        /// The actor.
        of: ProcessId,
    },
    /// It has come to a barrier, where all parties have to come.
    Barrier {
        /// The barrier.
        barrier: BarrierId,
    },
    /// It joins a process.
    End {
        /// The process that has to end.
        of: ProcessId,
    },
    /// It waits for all its children to end.
    Children,
    /// It waits for something outside of the network: a timer, I/O, a lock or a task of another library.
    Outside,
}

impl Wait {
    /// The channel that it stands at, and the direction it wants, if that is what it waits for.
    #[must_use]
    pub const fn at(self) -> Option<(ChannelId, Side)> {
        match self {
            Self::Channel { channel, side } => Some((channel, side)),
            _ => None,
        }
    }
}

/// What a process is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum State {
    /// It has work and waits for a worker.
    Ready,
    /// It is on a worker.
    Running,
    /// It waits for something outside of the network: a timer, I/O.
    Waiting,
    /// It waits for other processes; several waits are a choice, any of which will do.
    Blocked {
        /// What would let it go on.
        on: Vec<Wait>,
        /// For how long, in milliseconds.
        for_ms: u64,
    },
    /// It has ended.
    Done(End),
}

impl State {
    /// What would let it go on, if it waits for other processes.
    #[must_use]
    pub fn waits(&self) -> &[Wait] {
        match self {
            Self::Blocked { on, .. } => on,
            _ => &[],
        }
    }
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum End {
    /// Its work was done, or a channel of its retired.
    Normal,
    /// Poison came through a channel.
    Poisoned(String),
    /// An error or a panic.
    Failed(String),
    /// Its scope ended it.
    Cancelled,
    /// Its node was lost.
    Lost,
}

/// A process at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Process {
    /// Its id on its node.
    pub id: ProcessId,
    /// Its name.
    pub name: String,
    /// What its body is.
    pub kind: ProcessKind,
    /// The process in whose scope it lives.
    pub parent: Option<ProcessId>,
    /// What it is doing.
    pub state: State,
    /// Where it was spawned, as `file:line`.
    pub spawned_at: String,
    /// How often a supervisor has started it again.
    pub restarts: u32,
    /// How often it was polled.
    pub polls: u64,
    /// For how long it was polled, in microseconds: of a process on carriers an estimate, by looks every 0.7 ms; measured where that
    /// was asked for, and then by the clock of the wall. Nothing is known of what runs on a thread of its own.
    #[cfg_attr(feature = "serde", serde(default))]
    pub busy_us: u64,
    /// How many sends, receives and choices it has begun to wait for, while that was measured.
    #[cfg_attr(feature = "serde", serde(default))]
    pub operations: u64,
    /// The names by which it is looked up, in order; mostly none.
    #[cfg_attr(feature = "serde", serde(default))]
    pub names: Vec<String>,
    /// What it follows, by number and name; none where nobody follows anything.
    #[cfg_attr(feature = "serde", serde(default))]
    pub trace: Option<String>,
    /// A line for the reader, such as the device it works on; often empty.
    pub note: String,
}

impl Process {
    /// A process that is ready to run.
    #[must_use]
    pub fn new(id: ProcessId, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            kind: ProcessKind::Function,
            parent: None,
            state: State::Ready,
            spawned_at: String::new(),
            restarts: 0,
            polls: 0,
            busy_us: 0,
            operations: 0,
            names: Vec::new(),
            trace: None,
            note: String::new(),
        }
    }

    /// Its name with its id, as in `worker (p7)`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} ({})", self.name, self.id)
    }
}
