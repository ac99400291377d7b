//! The network as it is: taken from cells, channels and barriers while they go on. It judges nothing.
//!
//! It is not taken at one instant; but each process is looked at before and after its waits are, by its word and its count of
//! polls. One that rests in both looks and was not polled in between has done nothing meanwhile: its waits, its ends and its
//! locks were the same all the time. The word of a process holds also how many of its wakers exist: what is more than those in
//! lists of ours is a timer's, a socket's, a task's, and the process then waits for something outside.

use super::Asker;
use crate::cell::Cell;
use crate::world::Places;
use rendez_channels::{Stand, clock};
use rendez_model::{Barrier, Channel, ChannelId, ProcessId, ProcessKind, State, Wait};
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
    /// Whether there is nobody in this OS process but these, and all of them wait for each other.
    pub(crate) is_alone: bool,
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
    /// Looks at all of these.
    pub(crate) fn take(cells: &[Arc<Cell>], places: &Places) -> Self {
        let before: Vec<_> = cells.iter().map(|cell| cell.rest()).collect();
        let by_waker: BTreeMap<u64, ProcessId> = cells.iter().map(|cell| (cell.waker_id(), cell.id())).collect();
        let mut waits = Collected { by_waker, of: BTreeMap::new() };
        let mut snapshot = Self::default();
        snapshot.channels.reserve_exact(places.channels.len());
        for channel in &places.channels {
            let data = channel.channel();
            for stand in channel.waits() {
                waits.stand(Wait::Channel { channel: data.id, side: stand.side }, &stand);
            }
            snapshot.channels.push(data);
        }
        for barrier in &places.barriers {
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
        snapshot.channels.sort_unstable_by_key(|channel| channel.id);
        snapshot.barriers.sort_unstable_by_key(|barrier| barrier.id);
        snapshot
    }

    /// Whether all processes wait, for nothing but what other processes do; at none of these channels, where others tell something.
    pub(crate) fn all_wait_within(&self, others: &BTreeSet<ChannelId>) -> bool {
        let within =
            |wait: &Wait| *wait != Wait::Outside && wait.at().is_none_or(|(channel, _)| !others.contains(&channel));
        let waits_within = |sight: &Sight| sight.state.as_ref().is_some_and(|state| state.waits().iter().all(within));
        self.unsure.is_empty() && self.states.values().all(waits_within)
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

#[cfg(test)]
mod tests {
    use super::*;
    use rendez_model::Side;

    fn waiting(on: &[&[Wait]]) -> Snapshot {
        let sight = |on: &[Wait]| Sight { polls: 1, state: Some(State::Blocked { on: on.to_vec(), for_ms: 0 }) };
        let states = (1..).map(ProcessId).zip(on.iter().map(|on| sight(on))).collect();
        Snapshot { states, ..Snapshot::default() }
    }

    #[test]
    fn who_waits_for_what_others_tell_or_runs_is_not_within() {
        let at = |channel| Wait::Channel { channel: ChannelId(channel), side: Side::Receive };
        let others = BTreeSet::from([ChannelId(7)]);
        assert!(waiting(&[&[at(1)], &[at(2), Wait::Children]]).all_wait_within(&others));
        assert!(!waiting(&[&[at(1)], &[at(2), at(7)]]).all_wait_within(&others), "it may be told something");
        assert!(!waiting(&[&[at(1), Wait::Outside]]).all_wait_within(&others), "a timer may help");
        let mut runs = waiting(&[&[at(1)], &[at(2)]]);
        runs.states.get_mut(&ProcessId(2)).unwrap().state = None;
        assert!(!runs.all_wait_within(&others));
        let mut unsure = waiting(&[&[at(1)]]);
        unsure.unsure.insert(ProcessId(1));
        assert!(!unsure.all_wait_within(&others));
    }
}
