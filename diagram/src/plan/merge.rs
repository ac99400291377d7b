//! One line for each channel, however many nodes see it. Not yet what is drawn of it.

use rendez_model::{Channel, ChannelId, Closing, Network, ProcessId, Side};
use std::collections::BTreeMap;

/// A process by its place: node, then process.
pub(super) type Holder = (usize, usize);

/// Most faces between a face and its home.
const LONGEST_WAY_HOME: usize = 8;

/// A channel at its home together with its faces on other nodes.
pub(super) struct Line<'a> {
    pub(super) host: usize,
    pub(super) channel: &'a Channel,
    /// Its home, where the network does not list it.
    pub(super) elsewhere: Option<String>,
    faces: Vec<&'a Channel>,
    /// Known holders of sending and of receiving ends.
    holders: [Vec<Holder>; 2],
    /// Ends at home, and ends at faces, whose holder is not known, for both sides.
    strangers: [(u64, u64); 2],
}

impl Line<'_> {
    /// The known holders of one side, and how many other ends it has.
    ///
    /// An end of a face keeps an end alive at home, held there by nobody known: it is counted once.
    pub(super) fn ends(&self, side: Side) -> (Vec<Holder>, u64) {
        let (home, away) = self.strangers[side as usize];
        let carried: u64 = self.faces.iter().map(|f| u64::from(f.ends(side).count)).sum();
        (self.holders[side as usize].clone(), home.saturating_sub(carried) + away)
    }

    /// Whether all ends of one side have been given up; the holders are then those that had them.
    pub(super) fn is_over(&self, side: Side) -> bool {
        self.all().all(|c| c.ends(side).count == 0) && self.all().any(|c| !c.ends(side).holders.is_empty())
    }

    /// The largest of what its home and its faces say: each counts what it has seen.
    pub(super) fn most(&self, figure: impl Fn(&Channel) -> u64) -> u64 {
        self.all().map(figure).max().unwrap_or(0)
    }

    pub(super) fn closing(&self) -> Option<&Closing> {
        self.all().find_map(|c| c.closing.as_ref())
    }

    /// The channel at home and its faces.
    fn all(&self) -> impl Iterator<Item = &Channel> {
        std::iter::once(self.channel).chain(self.faces.iter().copied())
    }

    /// Whether nobody holds it any more and it says nothing: not drawn.
    pub(super) fn is_gone(&self) -> bool {
        let held = [Side::Send, Side::Receive].into_iter().any(|side| {
            let (holders, strangers) = self.ends(side);
            !holders.is_empty() || strangers > 0
        });
        !held && self.most(|c| c.depth) == 0 && !matches!(self.closing(), Some(Closing::Poisoned(_)))
    }
}

/// All channels of a network.
pub(super) struct Lines<'a> {
    pub(super) all: Vec<Line<'a>>,
    index: BTreeMap<(usize, ChannelId), usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(network: &'a Network) -> Self {
        let atlas = Atlas::of(network);
        let mut lines = Self { all: Vec::new(), index: BTreeMap::new() };
        for (h, node) in network.nodes.iter().enumerate() {
            for channel in &node.channels {
                if atlas.home(h, channel) == (h, channel.id) {
                    lines.add(h, channel, &atlas);
                }
            }
        }
        for (h, node) in network.nodes.iter().enumerate() {
            for channel in &node.channels {
                lines.add_face(h, channel, &atlas);
            }
        }
        lines
    }

    /// The line of the channel that node `host` calls `id`.
    pub(super) fn find(&self, host: usize, id: ChannelId) -> Option<usize> {
        self.index.get(&(host, id)).copied()
    }

    fn add(&mut self, host: usize, channel: &'a Channel, atlas: &Atlas<'_>) {
        let mut line = Line {
            host,
            channel,
            elsewhere: channel.home.as_ref().map(|home| format!("{} on {}", home.channel, home.node)),
            faces: Vec::new(),
            holders: [Vec::new(), Vec::new()],
            strangers: [(0, 0); 2],
        };
        for side in [Side::Send, Side::Receive] {
            let (known, strangers) = atlas.holders(host, channel, side);
            line.holders[side as usize] = known;
            line.strangers[side as usize].0 = strangers;
        }
        self.index.entry((host, channel.id)).or_insert(self.all.len());
        self.all.push(line);
    }

    fn add_face(&mut self, host: usize, channel: &'a Channel, atlas: &Atlas<'_>) {
        let home = atlas.home(host, channel);
        if home == (host, channel.id) {
            return;
        }
        let Some(&at) = self.index.get(&home) else { return };
        self.index.entry((host, channel.id)).or_insert(at);
        let line = &mut self.all[at];
        line.faces.push(channel);
        for side in [Side::Send, Side::Receive] {
            let (known, strangers) = atlas.holders(host, channel, side);
            line.holders[side as usize].extend(known);
            line.strangers[side as usize].1 += strangers;
        }
    }
}

/// Where everything is.
struct Atlas<'a> {
    nodes: BTreeMap<&'a str, usize>,
    processes: BTreeMap<(usize, ProcessId), usize>,
    channels: BTreeMap<(usize, ChannelId), &'a Channel>,
}

impl<'a> Atlas<'a> {
    fn of(network: &'a Network) -> Self {
        let mut atlas = Self { nodes: BTreeMap::new(), processes: BTreeMap::new(), channels: BTreeMap::new() };
        for (h, node) in network.nodes.iter().enumerate() {
            atlas.nodes.entry(&node.id).or_insert(h);
            for (i, process) in node.processes.iter().enumerate() {
                atlas.processes.entry((h, process.id)).or_insert(i);
            }
            for channel in &node.channels {
                atlas.channels.entry((h, channel.id)).or_insert(channel);
            }
        }
        atlas
    }

    /// The channel that a face stands for; itself where its home is not listed, or leads round in a circle.
    fn home(&self, host: usize, channel: &Channel) -> (usize, ChannelId) {
        let mut at = (host, channel.id);
        let mut next = channel.home.as_ref();
        for _ in 0..LONGEST_WAY_HOME {
            let Some(home) = next else { return at };
            let Some(&h) = self.nodes.get(home.node.as_str()) else { break };
            let Some(there) = self.channels.get(&(h, home.channel)) else { break };
            at = (h, home.channel);
            next = there.home.as_ref();
        }
        if next.is_none() { at } else { (host, channel.id) }
    }

    /// The listed holders of one side, and how many ends nobody listed holds.
    fn holders(&self, host: usize, channel: &Channel, side: Side) -> (Vec<Holder>, u64) {
        let ends = channel.ends(side);
        let known: Vec<_> =
            ends.holders.iter().filter_map(|&p| Some((host, *self.processes.get(&(host, p))?))).collect();
        let all = u64::from(ends.count).max(ends.holders.len() as u64);
        let strangers = all - known.len() as u64;
        (known, strangers)
    }
}
