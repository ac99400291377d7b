//! The sieve: who may be stuck at all, found with a few words for each process. It finds no deadlock.
//!
//! Of a network that is large most wait for somebody who is not known, or runs, or waits for something outside. Who does is not
//! stuck, whatever others do, so that nothing of its waits has to be kept. The sieve lets those through by looking at each channel
//! and each cell once, and keeps of each process four words. Who is left is looked at as a whole.

use super::snapshot::Rest;
use crate::World;
use crate::cell::Cell;
use rendez_channels::{Glimpse, Stand};
use rendez_model::{Channel, ChannelId, Delivery, ProcessId, ProcessKind, Side};
use std::collections::BTreeSet;
use std::sync::Arc;

/// So many suspects are looked at as a whole without being sifted again.
const SUSPECTS_FEW: usize = 256;
/// How often suspects are sifted again by what is known of those that they wait for.
const SIFTS_MAX: usize = 3;
/// Who rested is remembered until the next look, if these are no more.
const RESTED_MAX: usize = 65_536;

/// It was polled since the look began, or is about to be.
const MOVES: u32 = 1;
/// One of its waits does not depend on who waits, or it waits for nothing: it is not stuck.
const HELPED: u32 = 2;
/// It waits for something.
const WAITS: u32 = 4;
/// Something else than processes could wake it, or nobody knows.
const OUTSIDE: u32 = 8;
/// It also listens, while it handles messages: what it waits for is not judged here.
const LISTENS: u32 = 16;
/// It waits for its children.
const CHILDREN: u32 = 32;
/// It stands somewhere with something outside, or was told to look again.
const OPEN: u32 = 64;
/// It is on a thread of its own, whose wakers say nothing.
const THREAD: u32 = 128;
/// A waker of it that was found.
const WAKER: u32 = 256;

/// All processes, and what is found out about each.
pub(crate) struct Sieve {
    /// In the order of their ids.
    cells: Vec<Arc<Cell>>,
    /// One for each of the cells.
    marks: Vec<Mark>,
    /// The places of cells in the order of their addresses; made when a waker is not that of who stands there.
    by_waker: Vec<u32>,
    /// Choices that stand at channels, and scopes, by the place of whose waker they have: each has one, wherever it stands.
    choices: Vec<(u32, u64)>,
    /// How many channels there were.
    pub(crate) channels: usize,
}

/// What is found out about a process.
struct Mark {
    id: ProcessId,
    /// How often it had been polled; the lower half, which is enough to see that it was.
    polls: u32,
    /// The marks above, and the number of wakers found.
    word: u32,
}

impl Mark {
    const fn has(&self, marks: u32) -> bool {
        self.word & marks != 0
    }

    const fn set(&mut self, marks: u32) {
        self.word |= marks;
    }

    const fn found_waker(&mut self) {
        self.word = self.word.saturating_add(WAKER);
    }

    const fn wakers(&self) -> usize {
        (self.word / WAKER) as usize
    }

    const fn is_as_before(&self, now: Rest) -> bool {
        now.rests && now.polls as u32 == self.polls
    }

    /// Whether it may be stuck.
    const fn is_suspect(&self) -> bool {
        self.has(WAITS) && !self.has(MOVES | HELPED)
    }

    /// Whether it waits for nothing but what other processes do.
    const fn waits_within(&self) -> bool {
        self.has(WAITS) && !self.has(MOVES | OUTSIDE)
    }
}

/// Who rested in a look.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rested {
    /// These, after so many polls.
    Few(Vec<(ProcessId, u32)>),
    /// More than are remembered.
    Many,
}

impl Default for Rested {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Rested {
    /// Whether somebody may have rested from then to now.
    pub(crate) fn still(&self, now: &Self) -> bool {
        let (Self::Few(then), Self::Few(now)) = (self, now) else { return true };
        let mut then = then.iter().peekable();
        now.iter().any(|one| {
            while then.next_if(|other| *other < one).is_some() {}
            then.peek() == Some(&one)
        })
    }
}

impl Sieve {
    /// Begins a look at these, which are in the order of their ids.
    pub(crate) fn new(cells: Vec<Arc<Cell>>) -> Self {
        let mark = |cell: &Arc<Cell>| {
            let Rest { rests, polls, .. } = cell.rest();
            Mark { id: cell.id(), polls: polls as u32, word: if rests { 0 } else { MOVES } }
        };
        let marks = cells.iter().map(mark).collect();
        Self { cells, marks, by_waker: Vec::new(), choices: Vec::new(), channels: 0 }
    }

    /// How many processes there are.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Who rested when the look began.
    pub(crate) fn rested(&self) -> Rested {
        let rested = || self.marks.iter().filter(|mark| !mark.has(MOVES));
        if rested().nth(RESTED_MAX).is_some() {
            return Rested::Many;
        }
        Rested::Few(rested().map(|mark| (mark.id, mark.polls)).collect())
    }

    /// Who there is.
    pub(crate) fn everybody(&self) -> Vec<ProcessId> {
        self.marks.iter().map(|mark| mark.id).collect()
    }

    /// Whether all processes wait, for nothing but what other processes do.
    pub(crate) fn all_wait_within(&self) -> bool {
        self.marks.iter().all(Mark::waits_within)
    }

    /// Those who may be stuck.
    pub(crate) fn suspects(&self) -> Vec<Arc<Cell>> {
        let suspects = self.cells.iter().zip(&self.marks).filter(|(_, mark)| mark.is_suspect());
        suspects.map(|(cell, _)| Arc::clone(cell)).collect()
    }

    /// Whether it may be stuck.
    pub(crate) fn is_suspect(&self, id: ProcessId) -> bool {
        self.place(id).is_some_and(|at| self.marks[at].is_suspect())
    }

    /// Whether it rested all the time.
    pub(crate) fn rests(&self, id: ProcessId) -> bool {
        self.place(id).is_some_and(|at| !self.marks[at].has(MOVES))
    }

    /// Looks at all of them; at these channels others tell something.
    pub(crate) fn sift(&mut self, world: &World, told: &BTreeSet<ChannelId>) {
        for (cell, mark) in self.cells.iter().zip(&mut self.marks) {
            mark.set(if cell.listens_at().is_some() { LISTENS } else { 0 });
        }
        let mut glimpse = Glimpse::default();
        world.each_channel(|channel| {
            channel.glimpse(&mut glimpse);
            self.channel(&glimpse, told.contains(&glimpse.channel.id));
        });
        for barrier in world.barriers() {
            barrier.waits().iter().for_each(|stand| {
                self.stand(stand);
            });
        }
        (0..self.len()).for_each(|at| self.links(at));
        self.conclude();
        let mut suspects = self.suspected();
        for _ in 0..SIFTS_MAX {
            let before = suspects;
            self.sift_again(world, before > SUSPECTS_FEW);
            suspects = self.suspected();
            if suspects == before {
                break;
            }
        }
    }

    fn suspected(&self) -> usize {
        self.marks.iter().filter(|mark| mark.is_suspect()).count()
    }

    fn channel(&mut self, Glimpse { channel, stands }: &Glimpse, is_told: bool) {
        self.channels += 1;
        for stand in stands {
            let Some(at) = self.stand(stand) else { continue };
            self.marks[at].set(if is_told { OUTSIDE } else { 0 });
            self.judge(at, channel, stand.side);
        }
    }

    /// Counts the waker that is kept there; gives the place of who waits.
    fn stand(&mut self, stand: &Stand) -> Option<usize> {
        let party = self.place(stand.party);
        if let Some(owner) = stand.waker.and_then(|waker| self.owner(waker, party)) {
            match stand.choice {
                Some(choice) => self.choices.push((owner as u32, choice)),
                None => self.marks[owner].found_waker(),
            }
        }
        let at = party.filter(|_| stand.waits)?;
        self.marks[at].set(WAITS);
        if stand.open || stand.waker.is_none() {
            self.marks[at].set(OPEN);
        }
        Some(at)
    }

    /// Notes it, if who waits there is not stuck.
    fn judge(&mut self, at: usize, channel: &Channel, side: Side) {
        if !self.marks[at].has(LISTENS | HELPED) && !self.may_be_hopeless(channel, side) {
            self.marks[at].set(HELPED);
        }
    }

    /// Whether all who could help who waits at this side of a channel are known, and may be stuck themselves. The rule is that of
    /// `graph`; who is about to meet somebody there is not known here.
    fn may_be_hopeless(&mut self, channel: &Channel, side: Side) -> bool {
        let lent = channel.lent.as_ref();
        let has_something = side == Side::Receive && channel.depth > 0 && lent.is_none();
        if channel.home.is_some() || channel.closing.is_some() || has_something && channel.delivery == Delivery::One {
            return false;
        }
        let ends = lent.filter(|_| side == Side::Receive).unwrap_or_else(|| channel.ends(side.opposite()));
        ends.count > 0 && ends.all_known() && ends.holders.iter().all(|&holder| self.may_stay(holder))
    }

    /// Whether it may be that this one does nothing more for who waits for it.
    fn may_stay(&mut self, id: ProcessId) -> bool {
        let Some(at) = self.place(id) else { return false };
        if !self.marks[at].is_as_before(self.cells[at].rest()) {
            self.marks[at].set(MOVES);
        }
        !self.marks[at].has(MOVES | HELPED | LISTENS)
    }

    /// Who waits for this one, and what it waits for that its cell knows.
    fn links(&mut self, at: usize) {
        let links = self.cells[at].links();
        if links.kind == ProcessKind::Blocking {
            self.marks[at].set(THREAD | OUTSIDE);
        }
        if links.keeps_timer {
            self.marks[at].found_waker();
        }
        if links.awaits_children {
            self.marks[at].set(WAITS | CHILDREN);
        }
        for waker in links.joined_by {
            if let Some(joiner) = self.owner(waker, None) {
                self.marks[joiner].found_waker();
                let goes_on = self.marks[at].has(MOVES | HELPED);
                self.marks[joiner].set(if goes_on { WAITS | HELPED } else { WAITS });
            }
        }
        if let Some((group, waker)) = links.group
            && let Some(owner) = self.owner(waker, None)
        {
            self.choices.push((owner as u32, group));
            self.marks[owner].set(WAITS | CHILDREN);
        }
        for ask in links.asks {
            self.marks[at].set(WAITS);
            if ask.waker == self.cells[at].waker_id() {
                self.marks[at].found_waker();
            }
            self.asks(at, ask.of);
        }
    }

    /// One waits for the answer of another, which may listen and owe it all the same.
    fn asks(&mut self, at: usize, of: ProcessId) {
        if !self.rests(of) || self.place(of).is_some_and(|of| self.marks[of].has(HELPED)) {
            self.marks[at].set(HELPED);
        }
    }

    /// All that is said of wakers is known now.
    fn conclude(&mut self) {
        self.choices.sort_unstable();
        self.choices.dedup();
        for (owner, _) in std::mem::take(&mut self.choices) {
            self.marks[owner as usize].found_waker();
        }
        for (cell, mark) in self.cells.iter().zip(&mut self.marks) {
            let now = cell.rest();
            if !mark.is_as_before(now) {
                mark.set(MOVES);
            } else if !mark.has(THREAD) && (mark.has(OPEN) || now.wakers > mark.wakers()) {
                mark.set(HELPED | OUTSIDE);
            }
        }
    }

    /// Judges the suspects once more, now that more is known of those they wait for; at channels only where that pays.
    fn sift_again(&mut self, world: &World, at_channels: bool) {
        // Children have been made after their parents, mostly.
        for at in (0..self.len()).rev() {
            if self.marks[at].is_suspect() {
                self.again(at);
            }
        }
        if !at_channels {
            return;
        }
        let mut glimpse = Glimpse::default();
        world.each_channel(|channel| {
            channel.glimpse(&mut glimpse);
            for stand in glimpse.stands.iter().filter(|stand| stand.waits) {
                if let Some(at) = self.place(stand.party).filter(|&at| self.marks[at].is_suspect()) {
                    self.judge(at, &glimpse.channel, stand.side);
                }
            }
        });
    }

    fn again(&mut self, at: usize) {
        let cell = Arc::clone(&self.cells[at]);
        for ask in cell.asks() {
            self.asks(at, ask.of);
        }
        if self.marks[at].has(CHILDREN) && self.child_that_goes_on(&cell).is_some() {
            self.marks[at].set(HELPED);
        }
    }

    /// A child of this one that is not stuck.
    pub(crate) fn child_that_goes_on(&self, cell: &Cell) -> Option<ProcessId> {
        let (mut lot, mut next) = (Vec::new(), Some(0));
        while let Some(from) = next {
            next = cell.copy_children(from, &mut lot);
            let found = lot.drain(..).map(|child| child.id()).rfind(|&id| !self.is_suspect(id));
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Where a process stands in the list.
    fn place(&self, id: ProcessId) -> Option<usize> {
        let first = self.marks.first()?.id;
        // Mostly none is missing in between.
        let most = usize::try_from(id.0.checked_sub(first.0)?).ok()?.min(self.marks.len() - 1);
        if self.marks[most].id == id {
            return Some(most);
        }
        self.marks[..most].binary_search_by_key(&id, |mark| mark.id).ok()
    }

    /// Whose waker it is, perhaps this one's.
    fn owner(&mut self, waker: u64, perhaps: Option<usize>) -> Option<usize> {
        if perhaps.is_some_and(|at| self.cells[at].waker_id() == waker) {
            return perhaps;
        }
        let waker_of = |at: &u32| self.cells[*at as usize].waker_id();
        if self.by_waker.is_empty() {
            self.by_waker = (0..self.cells.len() as u32).collect();
            self.by_waker.sort_unstable_by_key(waker_of);
        }
        self.by_waker.binary_search_by_key(&waker, waker_of).ok().map(|at| self.by_waker[at] as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Outcome, run, spawn};
    use rendez_channels::{Receiver, Sender, after, channel};
    use std::time::Duration;

    const LONG: Duration = Duration::from_secs(1_000);

    fn rested(all: &[(u64, u32)]) -> Rested {
        Rested::Few(all.iter().map(|&(id, polls)| (ProcessId(id), polls)).collect())
    }

    #[test]
    fn who_was_polled_in_between_has_not_rested() {
        let then = rested(&[(1, 5), (3, 7), (4, 1)]);
        assert!(then.still(&rested(&[(2, 2), (3, 7)])));
        assert!(then.still(&rested(&[(1, 6), (4, 1)])));
        assert!(!then.still(&rested(&[(1, 6), (2, 5), (3, 8), (5, 1)])));
        assert!(!then.still(&Rested::default()));
        assert!(then.still(&Rested::Many) && Rested::Many.still(&then), "who that was is not known");
    }

    #[test]
    fn who_waits_for_something_outside_or_runs_is_not_within() {
        let within = |word| Mark { id: ProcessId(1), polls: 1, word }.waits_within();
        assert!(within(WAITS) && within(WAITS | HELPED | LISTENS | WAKER));
        assert!(!within(0) && !within(WAITS | MOVES) && !within(WAITS | OUTSIDE));
    }

    #[test]
    fn who_waits_where_others_tell_something_is_not_within() {
        let within = run(async {
            let (tx, rx) = channel();
            let (channel, process) = (rx.id(), spawn(waits(rx)).process());
            after(Duration::from_millis(50)).await;
            let world = World::here();
            let within = [BTreeSet::new(), BTreeSet::from([channel])].map(|told| {
                let mut sieve = Sieve::new(world.living());
                sieve.sift(&world, &told);
                sieve.place(process.id()).map(|at| sieve.marks[at].waits_within())
            });
            process.stop();
            drop(tx);
            Outcome::Ok(within)
        });
        assert_eq!(within.unwrap(), [Some(true), Some(false)], "it may be told something");
    }

    /// Those of the living processes who may be stuck, once all wait; by name, without double ones.
    async fn suspects() -> Vec<String> {
        after(Duration::from_millis(50)).await;
        let world = World::here();
        let mut sieve = Sieve::new(world.living());
        sieve.sift(&world, &BTreeSet::new());
        let mut names: Vec<_> = sieve.suspects().iter().map(|cell| cell.name()).collect();
        names.sort();
        names.dedup();
        names
    }

    async fn waits(rx: Receiver<u8>) -> Outcome {
        rx.recv().await?;
        Ok(())
    }

    async fn has(senders: Vec<Sender<u8>>, on: impl Future<Output = ()>) -> Outcome {
        senders.iter().for_each(|tx| tx.declare(Cell::current().map_or(ProcessId(0), |own| own.id())));
        on.await;
        Ok(())
    }

    #[test]
    fn however_many_wait_for_one_who_waits_for_a_timer_they_are_let_through() {
        let names = run(async {
            let (mut senders, mut all) = (vec![], vec![]);
            for _ in 0..4 * SUSPECTS_FEW {
                let (tx, rx) = channel();
                senders.push(tx);
                all.push(spawn(waits(rx)).process());
            }
            all.push(spawn(has(senders, after(LONG))).process());
            let (tx, rx) = channel();
            all.push(spawn(has(vec![tx], async move { drop(rx.recv().await) })).process());
            let names = suspects().await;
            all.iter().for_each(|process| process.stop());
            Outcome::Ok(names)
        });
        assert_eq!(names.unwrap().len(), 1, "the last alone may be stuck");
    }
}
