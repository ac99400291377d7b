//! What a picture says, prepared from a network: remote channels merged, large families folded, names made safe.
//! Not where anything is put.

mod bundle;
mod fold;
mod merge;
mod tree;

use crate::words::{Mark, clean, counted, deadlock, duration, grouped, stem};
use bundle::Bundling;
use fold::Folds;
use merge::{Holder, Line, Lines};
use rendez_model::{ChannelKind, Closing, Cycle, Delivery, End, Network, Process, ProcessKind, Side, State, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// When families are folded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Folding {
    /// Most siblings of one name that are drawn one by one.
    pub(crate) family: usize,
    /// Most processes of a whole network before families of more than [`SMALL_FAMILY`] fold.
    pub(crate) network: usize,
}

/// Most siblings of one name that are drawn one by one in a large network.
const SMALL_FAMILY: usize = 3;
/// How many of the names that a process has are shown.
const MOST_NAMES: usize = 4;

impl Default for Folding {
    fn default() -> Self {
        Self { family: 12, network: 60 }
    }
}

/// Strands of deadlocks by line or wire, side and block, and how sure the surest of them is.
pub(crate) type Strands = BTreeMap<(usize, Side, usize), Verdict>;

/// Everything that a picture says.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) hosts: Vec<Host>,
    /// In the order of host and process.
    pub(crate) blocks: Vec<Block>,
    /// In the order of host and channel.
    pub(crate) wires: Vec<Wire>,
    /// One sentence for each deadlock, the certain ones first.
    pub(crate) sentences: Vec<(Verdict, String)>,
    /// The strands that deadlocks run along.
    pub(crate) strands: Strands,
    pub(crate) totals: Totals,
}

/// A node.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) note: String,
    pub(crate) lost: bool,
}

/// A process, or a family of processes drawn as one.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) host: usize,
    /// The block in whose scope it lives.
    pub(crate) parent: Option<usize>,
    pub(crate) name: String,
    /// Its id, or the first and last id of a family.
    pub(crate) ids: String,
    pub(crate) kind: ProcessKind,
    /// How many processes it stands for, without their children.
    pub(crate) count: usize,
    /// Descendants that are folded into it.
    pub(crate) within: usize,
    /// How many of its processes are in which state.
    pub(crate) tally: BTreeMap<Mark, usize>,
    /// For how long it has been blocked, or why it ended; empty for a family.
    pub(crate) since: String,
    /// What it stands at; empty for a family.
    pub(crate) stands: Vec<Stand>,
    pub(crate) note: String,
    pub(crate) spawned_at: String,
    pub(crate) restarts: u64,
    pub(crate) polls: u64,
    pub(crate) operations: u64,
    pub(crate) busy_us: u64,
    /// Whether it is caught in a deadlock, and in how sure a one.
    pub(crate) caught: Option<Verdict>,
}

impl Block {
    /// What it has used: how often and for how long it was polled, how many operations it began.
    pub(crate) fn used(&self) -> Vec<String> {
        let mut parts = Vec::new();
        if self.polls > 0 {
            parts.push(counted(self.polls, "poll"));
        }
        if self.operations > 0 {
            parts.push(counted(self.operations, "operation"));
        }
        if self.busy_us >= 1_000 {
            parts.push(duration(self.busy_us / 1_000));
        }
        parts
    }

    /// Its state in words: of a family, each state with its number.
    pub(crate) fn says(&self, mark: Mark, steady: bool) -> String {
        match (self.count, mark) {
            (2.., _) => format!("{} {}", grouped(self.tally.get(&mark).map_or(0, |&n| n as u64)), mark.word()),
            (_, Mark::Blocked) if !steady && !self.since.is_empty() => format!("blocked {}", self.since),
            (_, Mark::Failed | Mark::Poisoned) if !self.since.is_empty() => format!("{}: {}", mark.word(), self.since),
            _ => mark.word().to_owned(),
        }
    }

    /// The state that its colour shows: of a family, the worst of those that ended badly, else the most frequent.
    pub(crate) fn mark(&self) -> Mark {
        let bad = [Mark::Failed, Mark::Lost, Mark::Poisoned].into_iter().find(|m| self.tally.contains_key(m));
        let most = || self.tally.iter().max_by_key(|(m, n)| (**n, std::cmp::Reverse(**m))).map(|(m, _)| *m);
        bad.or_else(most).unwrap_or(Mark::Ready)
    }

    /// Its name, and how many it stands for.
    pub(crate) fn title(&self) -> String {
        if self.count > 1 { format!("{} ×{}", self.name, self.count) } else { self.name.clone() }
    }
}

/// One channel that a process stands at.
#[derive(Debug)]
pub(crate) struct Stand {
    /// The channel as drawn; none where the network does not list it.
    pub(crate) wire: Option<usize>,
    pub(crate) channel: String,
    pub(crate) side: Side,
}

/// A channel, over all nodes that see it, or a bundle of like channels.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) host: usize,
    pub(crate) name: String,
    pub(crate) item: String,
    pub(crate) kind: ChannelKind,
    pub(crate) delivery: Delivery,
    /// Values that its overflow policy has dropped.
    pub(crate) dropped: u64,
    /// How many channels it stands for.
    pub(crate) count: usize,
    pub(crate) depth: u64,
    pub(crate) high_water: u64,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) closing: Option<Closing>,
    pub(crate) senders: Tips,
    pub(crate) receivers: Tips,
    /// The channel's home, where the network does not list it.
    pub(crate) elsewhere: String,
}

impl Wire {
    pub(crate) const fn tips(&self, side: Side) -> &Tips {
        match side {
            Side::Send => &self.senders,
            Side::Receive => &self.receivers,
        }
    }

    /// Its name, and how many it stands for.
    pub(crate) fn title(&self) -> String {
        if self.count > 1 { format!("{} ×{}", self.name, self.count) } else { self.name.clone() }
    }

    /// How much is in it, where it can hold anything.
    pub(crate) fn fill(&self) -> String {
        match self.kind {
            ChannelKind::Rendezvous => String::new(),
            ChannelKind::Bounded(_) => format!("{}/{}", grouped(self.depth), grouped(self.places())),
            ChannelKind::Unbounded => format!("{}/∞", grouped(self.depth)),
        }
    }

    /// How many values it can hold.
    pub(crate) fn places(&self) -> u64 {
        match self.kind {
            ChannelKind::Rendezvous => 0,
            ChannelKind::Bounded(n) => n.saturating_mul(self.count as u64),
            ChannelKind::Unbounded => u64::MAX,
        }
    }

    /// How many values have come through it, and how many are neither here nor there.
    pub(crate) fn traffic(&self) -> String {
        let pending = self.sent.saturating_sub(self.received).saturating_sub(self.depth);
        let pending = if pending > 0 { format!(" (+{} under way)", grouped(pending)) } else { String::new() };
        format!("{} received{pending}", grouped(self.received))
    }

    /// To whom its values go, what it has dropped, how it ended and where it lives, where there is something to be said.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let delivery = (self.delivery != Delivery::One).then(|| self.delivery.to_string());
        let dropped = (self.dropped > 0).then(|| format!("{} dropped", grouped(self.dropped)));
        let ended = self.closing.as_ref().map(|closing| match closing {
            Closing::Retired => "retired".to_owned(),
            Closing::Poisoned(cause) => format!("poisoned: {cause}"),
        });
        let lives = (!self.elsewhere.is_empty()).then(|| format!("lives as {}", self.elsewhere));
        [delivery, dropped, ended, lives].into_iter().flatten().collect()
    }

    /// Whether a side of it has more than one end.
    pub(crate) fn is_shared(&self) -> bool {
        self.count == 1 && (self.senders.total() > 1 || self.receivers.total() > 1)
    }
}

/// Who holds the ends of one side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tips {
    /// Blocks, and how many ends each holds.
    pub(crate) blocks: BTreeMap<usize, u64>,
    /// Ends held by nobody that the network lists.
    pub(crate) unknown: u64,
    /// Whether all of them have been given up: the blocks are those that held them.
    pub(crate) over: bool,
}

impl Tips {
    /// How many ends there are now.
    pub(crate) fn total(&self) -> u64 {
        if self.over { 0 } else { self.blocks.values().sum::<u64>() + self.unknown }
    }
}

/// What the header counts.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) processes: u64,
    pub(crate) channels: u64,
    pub(crate) received: u64,
    pub(crate) tally: BTreeMap<Mark, u64>,
    /// Channels that nobody holds any more and that say nothing.
    pub(crate) gone: u64,
}

impl Totals {
    /// The header in words; without what differs from run to run where `steady`.
    pub(crate) fn says(&self, nodes: usize, steady: bool) -> String {
        let states: Vec<String> =
            self.tally.iter().map(|(mark, n)| format!("{} {}", grouped(*n), mark.word())).collect();
        let mut parts = vec![counted(nodes as u64, "node"), counted(self.processes, "process")];
        if !states.is_empty() && !steady {
            parts[1] = format!("{} ({})", parts[1], states.join(", "));
        }
        parts.push(counted(self.channels - self.gone, "channel"));
        if self.gone > 0 && !steady {
            parts.push(format!("{} ended and not drawn", counted(self.gone, "channel")));
        }
        if !steady {
            parts.push(format!("{} received", counted(self.received, "message")));
        }
        parts.join(" · ")
    }
}

impl Plan {
    pub(crate) fn of(network: &Network, folding: Folding) -> Self {
        let lines = Lines::of(network);
        let mut cycles: Vec<&Cycle> = network.cycles.iter().collect();
        // Of what several run along the surest says how sure it is.
        cycles.sort_by_key(|cycle| cycle.verdict);
        let held = cycles.iter().flat_map(|cycle| caught_in(network, cycle).into_iter().map(|at| (at, cycle.verdict)));
        let caught: BTreeMap<Holder, Verdict> = held.collect();
        let folds = Folds::of(network, &caught.keys().copied().collect(), limit(network, folding));
        let mut plan = Self {
            hosts: network.nodes.iter().map(host).collect(),
            blocks: blocks(network, &folds, &caught),
            wires: Vec::new(),
            sentences: sentences(network),
            strands: Strands::new(),
            totals: totals(network, &lines),
        };
        let strands = strands(network, &cycles, &lines, &folds);
        let wire_of = plan.add_wires(&lines, &folds, &strands, folding);
        let drawn = strands.into_iter().filter_map(|((l, s, b), verdict)| Some(((wire_of[l]?, s, b), verdict)));
        plan.strands = drawn.collect();
        plan.add_stands(network, &lines, &folds, &wire_of);
        plan
    }

    /// Draws lines as wires, like ones as bundles; says which wire each line became.
    fn add_wires(
        &mut self,
        lines: &Lines<'_>,
        folds: &Folds,
        strands: &Strands,
        folding: Folding,
    ) -> Vec<Option<usize>> {
        let caught: BTreeSet<usize> = strands.keys().map(|strand| strand.0).collect();
        let wires: Vec<_> = lines.all.iter().map(|line| wire(line, folds)).collect();
        let bundling = Bundling::of(&wires, folding.family, |b| self.blocks[b].count > 1);
        let mut bundles = BTreeMap::new();
        let mut wire_of = vec![None; wires.len()];
        for (l, wire) in wires.into_iter().enumerate().filter(|(l, _)| !lines.all[*l].is_gone()) {
            let bundle = if caught.contains(&l) { None } else { bundling.bundle(&wire) };
            let drawn = bundle.map_or(self.wires.len(), |key| *bundles.entry(key).or_insert(self.wires.len()));
            match self.wires.get_mut(drawn) {
                Some(bundle) => bundle.join(wire),
                None => self.wires.push(wire),
            }
            wire_of[l] = Some(drawn);
        }
        wire_of
    }

    fn add_stands(&mut self, network: &Network, lines: &Lines<'_>, folds: &Folds, wire_of: &[Option<usize>]) {
        for (h, node) in network.nodes.iter().enumerate() {
            for (i, process) in node.processes.iter().enumerate() {
                let State::Blocked { on, .. } = &process.state else { continue };
                let block = &mut self.blocks[folds.block(h, i)];
                if block.count > 1 || block.within > 0 && folds.leads(h, i).is_none() {
                    continue;
                }
                block.stands.extend(on.iter().take(MOST_STANDS).filter_map(|wait| wait.at()).map(|(channel, side)| {
                    let line = lines.find(h, channel);
                    let name = line.map_or_else(|| channel.to_string(), |l| clean(&lines.all[l].channel.label()));
                    Stand { wire: line.and_then(|l| wire_of[l]), channel: name, side }
                }));
            }
        }
    }
}

/// Most waits of one process that are looked at.
const MOST_STANDS: usize = 256;

fn limit(network: &Network, folding: Folding) -> usize {
    let all: usize = network.nodes.iter().map(|n| n.processes.len()).sum();
    if all > folding.network { folding.family.min(SMALL_FAMILY) } else { folding.family }
}

fn sentences(network: &Network) -> Vec<(Verdict, String)> {
    let mut sentences: Vec<_> = network.cycles.iter().map(|cycle| (cycle.verdict, sentence(cycle))).collect();
    sentences.sort_by_key(|(verdict, _)| std::cmp::Reverse(*verdict));
    sentences
}

fn sentence(cycle: &Cycle) -> String {
    if cycle.sentence.is_empty() {
        format!("{} wait for each other in a ring", counted(cycle.steps.len() as u64, "process"))
    } else {
        // Every format says itself that it is one.
        let said = format!("{}: ", deadlock(cycle.verdict));
        clean(cycle.sentence.strip_prefix(&said).unwrap_or(&cycle.sentence))
    }
}

fn host(node: &rendez_model::Node) -> Host {
    Host { id: clean(&node.id), name: clean(&node.name), note: clean(&node.note), lost: node.lost }
}

fn totals(network: &Network, lines: &Lines<'_>) -> Totals {
    let mut totals = Totals::default();
    for process in network.nodes.iter().flat_map(|n| &n.processes) {
        totals.processes += 1;
        *totals.tally.entry(Mark::of(&process.state)).or_default() += 1;
    }
    for line in &lines.all {
        totals.channels += 1;
        totals.received = totals.received.saturating_add(line.most(|c| c.received));
        totals.gone += u64::from(line.is_gone());
    }
    totals
}

fn blocks(network: &Network, folds: &Folds, caught: &BTreeMap<Holder, Verdict>) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::with_capacity(folds.len());
    let mut within = Vec::new();
    for (h, node) in network.nodes.iter().enumerate() {
        for (i, process) in node.processes.iter().enumerate() {
            match folds.leads(h, i) {
                Some(first) if first == i => {
                    blocks.push(block(h, folds.parent(h, i), process, caught.get(&(h, i)).copied()))
                }
                Some(_) => add_member(&mut blocks[folds.block(h, i)], process),
                None => within.push(folds.block(h, i)),
            }
        }
    }
    for block in within {
        blocks[block].within += 1;
    }
    blocks
}

fn block(host: usize, parent: Option<usize>, process: &Process, caught: Option<Verdict>) -> Block {
    Block {
        host,
        parent,
        name: if process.name.is_empty() { process.id.to_string() } else { clean(&process.name) },
        ids: process.id.to_string(),
        kind: process.kind,
        count: 1,
        within: 0,
        tally: BTreeMap::from([(Mark::of(&process.state), 1)]),
        since: since(&process.state),
        stands: Vec::new(),
        note: note(process),
        spawned_at: clean(&process.spawned_at),
        restarts: process.restarts.into(),
        polls: process.polls,
        operations: process.operations,
        busy_us: process.busy_us,
        caught,
    }
}

fn since(state: &State) -> String {
    match state {
        State::Blocked { for_ms, .. } if *for_ms > 0 => format!("for {}", duration(*for_ms)),
        State::Done(End::Failed(cause) | End::Poisoned(cause)) => clean(cause),
        _ => String::new(),
    }
}

/// Makes the block of a family's first process stand for one more.
fn add_member(block: &mut Block, process: &Process) {
    if block.count == 1 {
        block.name = stem(&block.name).to_owned();
        block.since.clear();
    }
    block.count += 1;
    let first = block.ids.split('…').next().unwrap_or_default();
    block.ids = format!("{first}…{}", process.id);
    *block.tally.entry(Mark::of(&process.state)).or_default() += 1;
    block.restarts = block.restarts.saturating_add(process.restarts.into());
    block.polls = block.polls.saturating_add(process.polls);
    block.operations = block.operations.saturating_add(process.operations);
    block.busy_us = block.busy_us.saturating_add(process.busy_us);
    for (mine, its) in [(&mut block.note, note(process)), (&mut block.spawned_at, clean(&process.spawned_at))] {
        if *mine != its {
            mine.clear();
        }
    }
}

/// The names by which a process is looked up, and its own line.
fn note(process: &Process) -> String {
    let mut parts: Vec<_> = process.names.iter().take(MOST_NAMES).map(|name| format!("= {}", clean(name))).collect();
    if process.names.len() > MOST_NAMES {
        parts.push("…".to_owned());
    }
    parts.push(clean(&process.note));
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

fn wire(line: &Line<'_>, folds: &Folds) -> Wire {
    let tips = |side| {
        let (holders, unknown) = line.ends(side);
        // What lives on a node that is not listed has its other ends there.
        let away = line.elsewhere.is_some() && line.closing().is_none() && holders.is_empty() && unknown == 0;
        let mut tips = Tips { unknown: if away { 1 } else { unknown }, over: line.is_over(side), ..Tips::default() };
        for (h, i) in holders {
            *tips.blocks.entry(folds.block(h, i)).or_default() += 1;
        }
        tips
    };
    Wire {
        host: line.host,
        name: clean(&line.channel.label()),
        item: clean(&line.channel.item),
        kind: line.channel.kind,
        delivery: line.channel.delivery,
        dropped: line.most(|c| c.dropped),
        count: 1,
        depth: line.most(|c| c.depth),
        high_water: line.most(|c| c.high_water),
        sent: line.most(|c| c.sent),
        received: line.most(|c| c.received),
        closing: line.closing().map(|closing| match closing {
            Closing::Retired => Closing::Retired,
            Closing::Poisoned(cause) => Closing::Poisoned(clean(cause)),
        }),
        senders: tips(Side::Send),
        receivers: tips(Side::Receive),
        elsewhere: line.elsewhere.as_deref().map(clean).unwrap_or_default(),
    }
}

/// The processes of a cycle; where nobody can go on and no cycle is seen, all that are caught.
fn caught_in(network: &Network, cycle: &Cycle) -> Vec<Holder> {
    let Some(h) = network.nodes.iter().position(|n| n.id == cycle.node) else { return Vec::new() };
    let index = |id| Some((h, network.nodes[h].processes.iter().position(|p| p.id == id)?));
    if cycle.steps.is_empty() {
        return cycle.members.iter().filter_map(|&id| index(id)).collect();
    }
    cycle.steps.iter().filter_map(|step| index(step.process)).collect()
}

/// For each step of each cycle: who stands at the channel, and who of the other side could help.
fn strands(network: &Network, cycles: &[&Cycle], lines: &Lines<'_>, folds: &Folds) -> Strands {
    let mut strands = Strands::new();
    for cycle in cycles {
        let Some(h) = network.nodes.iter().position(|n| n.id == cycle.node) else { continue };
        let block = |id| network.nodes[h].processes.iter().position(|p| p.id == id).map(|i| folds.block(h, i));
        for (i, step) in cycle.steps.iter().enumerate() {
            let Some((channel, side)) = step.wait.at() else { continue };
            let Some(line) = lines.find(h, channel) else { continue };
            let next = cycle.steps[(i + 1) % cycle.steps.len()].process;
            strands.extend(block(step.process).map(|b| ((line, side, b), cycle.verdict)));
            strands.extend(block(next).map(|b| ((line, side.opposite(), b), cycle.verdict)));
        }
    }
    strands
}
