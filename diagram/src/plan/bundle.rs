//! Which channels are drawn as one thick arrow. Not where it runs.

use super::Wire;
use crate::words::stem;
use rendez_model::Closing;
use std::collections::BTreeMap;

/// What channels share that are drawn as one bundle.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kinship {
    /// The stem of their names; empty where they share all but that.
    name: String,
    host: usize,
    item: String,
    kind: String,
    ended: u8,
    ends: [Vec<usize>; 2],
}

impl Kinship {
    fn of(wire: &Wire) -> Self {
        Self {
            name: stem(&wire.name).to_owned(),
            host: wire.host,
            item: wire.item.clone(),
            kind: format!("{} {}", wire.kind, wire.delivery),
            ended: match &wire.closing {
                None => 0,
                Some(Closing::Retired) => 1,
                Some(Closing::Poisoned(_)) => 2,
            },
            ends: [&wire.senders, &wire.receivers].map(|tips| tips.blocks.keys().copied().collect()),
        }
    }

    fn nameless(&self) -> Self {
        Self { name: String::new(), ..self.clone() }
    }
}

/// How large each family of channels is.
pub(super) struct Bundling {
    /// Families that share a name and are large enough, or belong to a family of processes.
    named: BTreeMap<Kinship, bool>,
    /// How many others share all but the name.
    nameless: BTreeMap<Kinship, usize>,
    limit: usize,
}

impl Bundling {
    /// Bundles families of more than `limit` channels, and of more than one where a block of their ends `is_family`.
    pub(super) fn of(wires: &[Wire], limit: usize, is_family: impl Fn(usize) -> bool) -> Self {
        let mut sizes: BTreeMap<Kinship, usize> = BTreeMap::new();
        for wire in wires {
            *sizes.entry(Kinship::of(wire)).or_default() += 1;
        }
        let mut nameless: BTreeMap<Kinship, usize> = BTreeMap::new();
        let mut named = BTreeMap::new();
        for (family, size) in sizes {
            let folded = family.ends.iter().flatten().any(|&b| is_family(b));
            let bundled = size > limit || folded && size > 1;
            if !bundled {
                *nameless.entry(family.nameless()).or_default() += size;
            }
            named.insert(family, bundled);
        }
        Self { named, nameless, limit }
    }

    /// The bundle that a channel is drawn in.
    pub(super) fn bundle(&self, wire: &Wire) -> Option<Kinship> {
        let own = Kinship::of(wire);
        if self.named.get(&own).copied().unwrap_or(false) {
            return Some(own);
        }
        let nameless = own.nameless();
        (self.nameless.get(&nameless).copied().unwrap_or(0) > self.limit).then_some(nameless)
    }
}

impl Wire {
    /// Makes a bundle stand for one more channel.
    pub(super) fn join(&mut self, wire: Self) {
        let shared = stem(&self.name).to_owned();
        self.name = if shared == stem(&wire.name) { shared } else { MIXED.to_owned() };
        self.count += 1;
        self.depth = self.depth.saturating_add(wire.depth);
        self.high_water = self.high_water.max(wire.high_water);
        self.dropped = self.dropped.saturating_add(wire.dropped);
        self.sent = self.sent.saturating_add(wire.sent);
        self.received = self.received.saturating_add(wire.received);
        for (mine, its) in [(&mut self.senders, wire.senders), (&mut self.receivers, wire.receivers)] {
            mine.over &= its.over;
            mine.unknown = mine.unknown.saturating_add(its.unknown);
            for (block, n) in its.blocks {
                *mine.blocks.entry(block).or_default() += n;
            }
        }
    }
}

/// The name of a bundle whose channels have several.
const MIXED: &str = "channels";
