//! Turns: in which order a choice looks at its guards, and what it notes when it has served one. No guard is asked here.
//!
//! Fair is: the least recently served first. An end knows when it was served; one that takes part for the first time comes
//! last, so that those that stay are not starved by those that come and go. Timers and futures are made anew each time and
//! know nothing: each of them has one turn in every n choices at which it is looked at before the ends, which keep count for
//! them. Guards of one and the same end, which all know the same, take turns among themselves.

use crate::alt::{Arm, Order};
use crate::memory::Memory;
use std::cell::Cell;

/// The order of one choice.
pub(crate) struct Turns {
    few: [Turn; FEW],
    count: usize,
    many: Vec<Turn>,
    /// The latest stamp among the guards.
    latest: u64,
    /// How many such choices there were before, as the ends remember; where guards without memory take part.
    mixed: Option<u16>,
}

/// Numbers of guards up to here are kept on the stack.
const FEW: usize = 8;

/// A guard's number, and what it is sorted by: ends by their stamp, then those without memory.
type Turn = (u64, usize);

/// Sorts behind every stamp.
const NO_MEMORY: u64 = u64::MAX;

thread_local! {
    /// Counts choices none of whose guards has a memory.
    static FORGETFUL: Cell<u16> = const { Cell::new(0) };
}

impl Turns {
    /// `is_decided` says that the guards are not to be looked at any more: what is still of interest is who was served when.
    pub(crate) fn new(guards: &[Arm<'_>], order: Order, is_decided: bool) -> Self {
        let mut turns = Self { few: [(0, 0); FEW], count: 0, many: Vec::new(), latest: 0, mixed: None };
        if guards.len() > FEW {
            turns.many.reserve(guards.len());
        }
        let mut newcomers = false;
        let mut remembering = 0;
        for (number, guard) in guards.iter().enumerate() {
            let Some(guard) = guard else { continue };
            let stamp = guard.memory().map_or(NO_MEMORY, Memory::stamp);
            if stamp != NO_MEMORY {
                turns.latest = turns.latest.max(stamp);
                remembering += 1;
                newcomers |= stamp == 0;
            }
            turns.push((stamp, number));
        }
        if order == Order::Fair && turns.numbers().len() > 1 {
            if newcomers {
                turns.welcome(guards);
            }
            if remembering < turns.numbers().len() {
                turns.mixed = Some(mixed(guards));
            }
            if !is_decided {
                turns.arrange(guards, remembering);
            }
        }
        turns
    }

    #[inline]
    fn push(&mut self, turn: Turn) {
        match self.few.get_mut(self.count) {
            Some(place) if self.many.is_empty() => {
                *place = turn;
                self.count += 1;
            }
            _ => {
                if self.many.is_empty() {
                    self.many.extend(&self.few[..self.count]);
                }
                self.many.push(turn);
            }
        }
    }

    /// Who takes part for the first time comes after all others.
    fn welcome(&mut self, guards: &[Arm<'_>]) {
        let now = self.latest + 1;
        for (stamp, number) in self.turns_mut() {
            if *stamp == 0
                && let Some(memory) = memory(guards, *number)
            {
                memory.join(now);
                *stamp = now;
            }
        }
        self.latest = now;
    }

    fn arrange(&mut self, guards: &[Arm<'_>], remembering: usize) {
        let mixed = self.mixed;
        let turns = self.turns_mut();
        sort(turns);
        // Guards with the same stamp are of one end, or have just come.
        let mut at = 0;
        while at + 1 < remembering {
            let alike = turns[at..remembering].iter().take_while(|turn| turn.0 == turns[at].0).count();
            if alike > 1 {
                let served = memory(guards, turns[at].1).map_or(0, Memory::served);
                turns[at..at + alike].rotate_left(usize::from(served) % alike);
            }
            at += alike;
        }
        if let Some(mixed) = mixed {
            let turn = usize::from(mixed) % turns.len();
            if turn >= remembering {
                turns.rotate_left(turn);
            }
        }
    }

    /// Notes that a guard was served.
    pub(crate) fn served(&self, guards: &[Arm<'_>], number: usize) {
        if let Some(memory) = memory(guards, number) {
            memory.serve(self.latest + 1);
        }
        if let Some(mixed) = self.mixed {
            let ends = guards.iter().flatten().filter_map(|guard| guard.memory());
            ends.for_each(|memory| memory.set_mixed(mixed.wrapping_add(1)));
        }
    }

    /// The numbers of the guards, in order.
    pub(crate) fn numbers(&self) -> impl ExactSizeIterator<Item = usize> + use<'_> {
        let turns = if self.many.is_empty() { &self.few[..self.count] } else { &self.many };
        turns.iter().map(|&(_, number)| number)
    }

    fn turns_mut(&mut self) -> &mut [Turn] {
        if self.many.is_empty() { &mut self.few[..self.count] } else { &mut self.many }
    }
}

/// By insertion where they are few, as they mostly are. Else by runs: guards that are served in turn are two of them.
#[inline]
fn sort(turns: &mut [Turn]) {
    if turns.len() > FEW {
        return turns.sort();
    }
    for end in 1..turns.len() {
        let mut at = end;
        while at > 0 && turns[at] < turns[at - 1] {
            turns.swap(at, at - 1);
            at -= 1;
        }
    }
}

/// How many such choices there were before, as the ends remember.
fn mixed(guards: &[Arm<'_>]) -> u16 {
    let counts = guards.iter().flatten().filter_map(|guard| guard.memory()).map(Memory::mixed);
    // New ends know nothing: of them alone, made anew each time, the first is served each time.
    counts.max().unwrap_or_else(|| FORGETFUL.replace(FORGETFUL.get().wrapping_add(1)))
}

fn memory<'a>(guards: &'a [Arm<'_>], number: usize) -> Option<&'a Memory> {
    guards.get(number)?.as_ref()?.memory()
}
