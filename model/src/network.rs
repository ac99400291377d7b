//! The whole network: nodes with their processes and channels, and the cycles of waiting among them.

use crate::{Barrier, BarrierId, Channel, ChannelId, Process, ProcessId, Wait};

/// One machine's (or OS process's) part of the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Node {
    /// Its id: unique in the network, short enough to print.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// A line for the reader, such as its address, or how it was lost; often empty.
    pub note: String,
    /// Whether it was lost: what it shows is then the last that was heard of it.
    pub lost: bool,
    /// Its processes, in the order of their ids.
    pub processes: Vec<Process>,
    /// Its channels, in the order of their ids.
    pub channels: Vec<Channel>,
    /// Its barriers that somebody waits at, in the order of their ids.
    pub barriers: Vec<Barrier>,
}

impl Node {
    /// An empty node.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), ..Self::default() }
    }

    /// The process of this id.
    #[must_use]
    pub fn process(&self, id: ProcessId) -> Option<&Process> {
        self.processes.iter().find(|p| p.id == id)
    }

    /// The channel of this id.
    #[must_use]
    pub fn channel(&self, id: ChannelId) -> Option<&Channel> {
        self.channels.iter().find(|c| c.id == id)
    }

    /// The barrier of this id.
    #[must_use]
    pub fn barrier(&self, id: BarrierId) -> Option<&Barrier> {
        self.barriers.iter().find(|b| b.id == id)
    }
}

/// How sure a deadlock is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Verdict {
    /// As far as is known nobody else can help; but somebody not known might.
    #[default]
    Suspected,
    /// Nobody can help: the processes go on only if one of them is ended from outside.
    Certain,
}

/// One step of a cycle: a process and what it waits for, which the next process of the cycle does not give.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Waits {
    /// Who waits.
    pub process: ProcessId,
    /// What for.
    pub wait: Wait,
}

/// A ring of processes each of which waits for the next, the last for the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Cycle {
    /// The [`Node::id`] that it was found on.
    pub node: String,
    /// Its steps, from the lowest process id on; none where nobody at all can go on and no ring is seen.
    pub steps: Vec<Waits>,
    /// All processes that are caught in it, those of the steps among them: none of them goes on before another does.
    pub members: Vec<ProcessId>,
    /// How sure that is.
    pub verdict: Verdict,
    /// The cycle in one sentence.
    pub sentence: String,
}

/// A process network at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Network {
    /// Its nodes; the first is the one that made the snapshot.
    pub nodes: Vec<Node>,
    /// Deadlocks found in it.
    pub cycles: Vec<Cycle>,
}
