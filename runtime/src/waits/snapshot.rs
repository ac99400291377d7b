//! The network as it is: taken from cells, channels and barriers while they go on. It judges nothing.
//!
//! It is not taken at one instant; but each process is looked at before and after its waits are, by its word and its count of
//! polls. One that rests in both looks and was not polled in between has done nothing meanwhile: its waits, its ends and its
//! locks were the same all the time. The word of a process holds also how many of its wakers exist: what is more than those in
//! lists of ours is a timer's, a socket's, a task's, and the process then waits for something outside.

use super::{Asker, Sieve};
use crate::World;
use crate::cell::Cell;
use rendez_channels::{Glimpse, Inspect, Stand, clock};
use rendez_model::{Barrier, Channel, ChannelId, Node, Process, ProcessId, ProcessKind, State, Wait};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a network was found to be.
#[derive(Default)]
pub(crate) struct Snapshot {
    pub(crate) states: BTreeMap<ProcessId, Sight>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) barriers: Vec<Barrier>,
    /// Of these it is not known whether something outside might wake them.
    pub(crate) unsure: BTreeSet<ProcessId>,
    /// Actors that handle messages beside each other, and listen at their mailboxes.
    pub(crate) listening: BTreeMap<ProcessId, ChannelId>,
    /// Who is not among these and rests at one of these channels, for what each waits there.
    pub(crate) beside: BTreeMap<ProcessId, BTreeSet<Wait>>,
    /// Where there is nobody in this OS process but processes, and all of them wait for each other: after how many turns, and who they are.
    pub(crate) alone: Option<(u64, Vec<ProcessId>)>,
}

/// A process as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) polls: u64,
    /// What it waits for, if it does.
    pub(crate) state: Option<State>,
}

/// How a process stands with being run: of one load of its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rest {
    pub(crate) rests: bool,
    /// How many of its wakers exist.
    pub(crate) wakers: usize,
    pub(crate) polls: u64,
}

/// How a process is linked to others, but for channels.
pub(crate) struct Links {
    pub(crate) kind: ProcessKind,
    /// Whose wakers wait for its end.
    pub(crate) joined_by: Vec<u64>,
    pub(crate) awaits_children: bool,
    /// The scope that it is a child of, by a number, and whose waker waits for news of that scope.
    pub(crate) group: Option<(u64, u64)>,
    /// The answers that it waits for.
    pub(crate) asks: Vec<Asker>,
    /// The mailbox at which it listens while it handles messages beside each other.
    pub(crate) listens_at: Option<ChannelId>,
    /// Whether one of its wakers is kept for what a timer brings it meanwhile.
    pub(crate) keeps_timer: bool,
}

/// The waits of one process, while they are collected.
#[derive(Default)]
struct Waits {
    on: BTreeSet<Wait>,
    since_ms: Option<u64>,
    /// Whether it stands somewhere with something outside.
    open: bool,
    /// How many of its own wakers were found.
    wakers: usize,
    /// The choices whose waker was counted.
    choices: BTreeSet<u64>,
}

impl Waits {
    fn add(&mut self, wait: Wait, since_ms: u64) {
        self.on.insert(wait);
        self.since_ms = Some(self.since_ms.map_or(since_ms, |before| before.min(since_ms)));
    }
}

impl Snapshot {
    /// Looks at all of these, and at all that they may stand at.
    pub(crate) fn take(cells: &[Arc<Cell>], world: &World) -> Self {
        let mut seen = Glimpse::default();
        Self::of(cells, world, |channel, waits| {
            (seen.channel, seen.stands) = (channel.channel(), channel.waits());
            waits.at(&seen);
            Some(seen.channel.clone())
        })
    }

    /// Looks at those who may be stuck, and at the channels that they stand at; these have no names.
    pub(crate) fn of_suspects(cells: &[Arc<Cell>], world: &World, sieve: &Sieve) -> Self {
        let mut seen = Glimpse::default();
        let is_suspect = |stand: &Stand| sieve.is_suspect(stand.party);
        let mut found = Self::of(cells, world, |channel, waits| {
            channel.glimpse(&mut seen);
            let concerns = seen.stands.iter().any(|stand| waits.is_owner(stand) || is_suspect(stand));
            concerns.then(|| {
                waits.at(&seen);
                seen.channel.clone()
            })
        });
        found.beside.retain(|id, _| sieve.rests(*id));
        found
    }

    fn of(
        cells: &[Arc<Cell>],
        world: &World,
        mut look: impl FnMut(&dyn Inspect, &mut Collected) -> Option<Channel>,
    ) -> Self {
        let before: Vec<_> = cells.iter().map(|cell| cell.rest()).collect();
        let by_waker: BTreeMap<u64, ProcessId> = cells.iter().map(|cell| (cell.waker_id(), cell.id())).collect();
        let mut waits = Collected { by_waker, of: BTreeMap::new() };
        let mut snapshot = Self::default();
        world.each_channel(|channel| snapshot.channels.extend(look(channel, &mut waits)));
        for barrier in world.barriers() {
            let data = barrier.barrier();
            for stand in barrier.waits() {
                waits.stand(Wait::Barrier { barrier: data.id }, &stand);
            }
            snapshot.barriers.push(data);
        }
        for cell in cells {
            let listens_at = waits.cell(cell);
            snapshot.listening.extend(listens_at.map(|mailbox| (cell.id(), mailbox)));
        }
        for (cell, before) in cells.iter().zip(before) {
            let found = waits.of.remove(&cell.id()).unwrap_or_default();
            snapshot.enter(cell, before, found);
        }
        snapshot.beside.extend(waits.of.into_iter().map(|(id, found)| (id, found.on)));
        snapshot.channels.sort_unstable_by_key(|channel| channel.id);
        snapshot.barriers.sort_unstable_by_key(|barrier| barrier.id);
        snapshot
    }

    /// What the wait-for graph needs of what was found, without names; takes the channels and barriers along. These are the processes
    /// that were looked at; `goes_on` finds a child of one that is not among them.
    pub(crate) fn node(&mut self, cells: &[Arc<Cell>], goes_on: impl Fn(&Cell) -> Option<ProcessId>) -> Node {
        let (channels, barriers) = (std::mem::take(&mut self.channels), std::mem::take(&mut self.barriers));
        let mut node = Node { channels, barriers, ..Node::default() };
        let mut others: BTreeMap<ProcessId, Process> = BTreeMap::new();
        let other = |id| Process::new(id, String::new());
        for (id, on) in std::mem::take(&mut self.beside) {
            let state = State::Blocked { on: on.into_iter().collect(), for_ms: 0 };
            others.insert(id, Process { state, ..other(id) });
        }
        for cell in cells {
            let mut process = other(cell.id());
            process.parent = cell.parent().map(|parent| parent.id());
            if let Some(Sight { state: Some(state), .. }) = self.states.get(&cell.id()) {
                process.state = state.clone();
            }
            let needs_children = |wait: &Wait| matches!(wait, Wait::Children | Wait::End { .. });
            if process.state.waits().iter().any(needs_children)
                && let Some(child) = goes_on(cell)
            {
                others.entry(child).or_insert_with(|| other(child)).parent = Some(cell.id());
            }
            node.processes.push(process);
        }
        let is_other = |other: &Process| cells.binary_search_by_key(&other.id, |cell| cell.id()).is_err();
        node.processes.extend(others.into_values().filter(is_other));
        node.processes.sort_by_key(|process| process.id);
        node
    }

    fn enter(&mut self, cell: &Cell, before: Rest, mut found: Waits) {
        let after = cell.rest();
        let on_thread = cell.kind() == ProcessKind::Blocking;
        let rests = before.rests && after.rests && before.polls == after.polls;
        if rests && on_thread {
            self.unsure.insert(cell.id());
        } else if found.open || after.wakers > found.wakers {
            found.on.insert(Wait::Outside);
        }
        let is_blocked = rests && found.on.iter().any(|&wait| wait != Wait::Outside);
        let state = is_blocked.then(|| State::Blocked {
            on: found.on.into_iter().collect(),
            for_ms: found.since_ms.map_or(0, |since| clock::coarse_ms().saturating_sub(since)),
        });
        self.states.insert(cell.id(), Sight { polls: after.polls, state });
    }
}

struct Collected {
    by_waker: BTreeMap<u64, ProcessId>,
    of: BTreeMap<ProcessId, Waits>,
}

impl Collected {
    fn at(&mut self, seen: &Glimpse) {
        for stand in &seen.stands {
            self.stand(Wait::Channel { channel: seen.channel.id, side: stand.side }, stand);
        }
    }

    /// Whether the waker that is kept there is of one of those who are looked at.
    fn is_owner(&self, stand: &Stand) -> bool {
        stand.waker.is_some_and(|waker| self.by_waker.contains_key(&waker))
    }

    fn stand(&mut self, wait: Wait, stand: &Stand) {
        if let Some(&process) = stand.waker.and_then(|waker| self.by_waker.get(&waker)) {
            let waits = self.of.entry(process).or_default();
            let is_new = stand.choice.is_none_or(|choice| waits.choices.insert(choice));
            waits.wakers += usize::from(is_new);
        }
        if stand.waits {
            let waits = self.of.entry(stand.party).or_default();
            waits.add(wait, stand.since_ms);
            // One that was told to look again and has not yet is about to.
            waits.open |= stand.open || stand.waker.is_none();
        }
    }

    /// Who waits for the end of this process, and what it waits for that its cell knows. Gives where it listens meanwhile.
    fn cell(&mut self, cell: &Cell) -> Option<ChannelId> {
        let links = cell.links();
        for waker in links.joined_by {
            if let Some(&process) = self.by_waker.get(&waker) {
                let waits = self.of.entry(process).or_default();
                waits.on.insert(Wait::End { of: cell.id() });
                waits.wakers += 1;
            }
        }
        if links.awaits_children {
            self.of.entry(cell.id()).or_default().on.insert(Wait::Children);
        }
        // The scope that it is a child of may be told by it to look.
        if let Some((group, waker)) = links.group
            && let Some(&process) = self.by_waker.get(&waker)
        {
            let waits = self.of.entry(process).or_default();
            waits.wakers += usize::from(waits.choices.insert(group));
            waits.on.insert(Wait::Children);
        }
        for ask in links.asks {
            let waits = self.of.entry(cell.id()).or_default();
            waits.add(Wait::Answer { of: ask.of }, ask.since_ms);
            waits.wakers += usize::from(ask.waker == cell.waker_id());
        }
        if links.keeps_timer {
            // What comes of it is a message, as what comes to the mailbox: those under way do not wait for it.
            self.of.entry(cell.id()).or_default().wakers += 1;
        }
        links.listens_at
    }
}
