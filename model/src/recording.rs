//! A network over a span of time, as its first state and what changed since; and how it was at any time. Who records it is `recorder`.

use crate::{Channel, ChannelId, Cycle, Network, Node, Process, ProcessId, State};

/// A network over a span of time: how it was at first, and each change since; a [`Recorder`](crate::Recorder) makes one.
///
/// Between two looks nothing is known: a process that came and went in between is seen only if the second look still shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Recording {
    /// The network when the recording begins.
    pub first: Network,
    /// When it begins, in milliseconds of the recorder's clock; 0, unless its beginning was given up.
    pub begins_ms: u64,
    /// When it ends.
    pub ends_ms: u64,
    /// What changed, in the order of time.
    pub changes: Vec<Change>,
}

/// One thing that became different.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Change {
    /// When it was seen, in milliseconds of the recorder's clock.
    pub at_ms: u64,
    /// The [`Node::id`] of its node; empty where it is of the whole network.
    pub node: String,
    /// What it is.
    pub news: News,
}

/// What became different.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum News {
    /// The node is there, and this is what is said of it; its processes and channels have news of their own.
    Node {
        /// Its name.
        name: String,
        /// Its note.
        note: String,
        /// Whether it is lost.
        lost: bool,
    },
    /// The node is there no more.
    NodeGone,
    /// The process is there, and is this now.
    Process(Process),
    /// The process is shown no more.
    ProcessGone(ProcessId),
    /// The channel is there, and is this now.
    Channel(Channel),
    /// The channel is there no more.
    ChannelGone(ChannelId),
    /// These are the deadlocks now.
    Cycles(Vec<Cycle>),
}

impl Recording {
    /// The network at a time: the last that was noted until then. Before its beginning it is as at its beginning.
    #[must_use]
    pub fn at(&self, at_ms: u64) -> Network {
        let mut network = self.first.clone();
        let mut now = self.begins_ms;
        for change in self.changes.iter().take_while(|change| change.at_ms <= at_ms) {
            age(&mut network, change.at_ms.saturating_sub(now));
            now = change.at_ms;
            change.apply(&mut network);
        }
        age(&mut network, at_ms.min(self.ends_ms).saturating_sub(now));
        network
    }

    /// The times at which it changes, its beginning first.
    #[must_use]
    pub fn moments(&self) -> Vec<u64> {
        let mut moments = vec![self.begins_ms];
        moments.extend(self.changes.iter().map(|change| change.at_ms));
        moments.dedup();
        moments
    }

    /// Folds the oldest changes into its first state, all of one time together.
    pub(crate) fn forget(&mut self, count: usize) {
        let Some(until) = self.changes.get(count.saturating_sub(1)).map(|change| change.at_ms) else { return };
        self.first = self.at(until);
        self.begins_ms = until;
        self.changes.retain(|change| change.at_ms > until);
    }
}

impl Change {
    fn apply(&self, network: &mut Network) {
        if let News::Cycles(cycles) = &self.news {
            network.cycles.clone_from(cycles);
            return;
        }
        let at = network.nodes.iter().position(|node| node.id == self.node);
        let Some(at) = at else {
            if let News::Node { name, note, lost } = &self.news {
                let node = Node { note: note.clone(), lost: *lost, ..Node::new(&*self.node, &**name) };
                network.nodes.push(node);
            }
            return;
        };
        let node = &mut network.nodes[at];
        match &self.news {
            News::Node { name, note, lost } => {
                node.name.clone_from(name);
                node.note.clone_from(note);
                node.lost = *lost;
            }
            News::NodeGone => drop(network.nodes.remove(at)),
            News::Process(process) => put(&mut node.processes, process, |p| p.id),
            News::ProcessGone(id) => node.processes.retain(|process| process.id != *id),
            News::Channel(channel) => put(&mut node.channels, channel, |c| c.id),
            News::ChannelGone(id) => node.channels.retain(|channel| channel.id != *id),
            News::Cycles(_) => {}
        }
    }
}

/// Puts one in its place in a list in the order of ids.
fn put<T: Clone, I: Ord>(list: &mut Vec<T>, item: &T, id: impl Fn(&T) -> I) {
    match list.binary_search_by_key(&id(item), &id) {
        Ok(at) => list[at] = item.clone(),
        Err(at) => list.insert(at, item.clone()),
    }
}

/// Lets time pass: who waits has waited for longer.
pub(crate) fn age(network: &mut Network, by_ms: u64) {
    for process in network.nodes.iter_mut().flat_map(|node| &mut node.processes) {
        if let State::Blocked { for_ms, .. } = &mut process.state {
            *for_ms = for_ms.saturating_add(by_ms);
        }
    }
}
