//! Turns: in which order a choice looks at its guards, and what it notes when it has served one. No guard is asked here.
//!
//! Fair is: the least recently served first. An end knows when it was served; one that takes part for the first time comes
//! last, so that those that stay are not starved by those that come and go. Timers and futures are made anew each time and
//! know nothing: each of them has one turn in every n choices at which it is looked at before the ends, which keep count for
//! them. Guards of one and the same end, which all know the same, take turns among themselves.
//!
//! Mostly the guard whose turn it is is ready: one look at all memories finds it, and they are put in order only if it is
//! not.

use crate::alt::{Arm, Order};
use crate::guard::Attempt;
use crate::memory::{Memory, one_more};
use std::cell::Cell;
use std::pin::Pin;
use std::ptr;

/// What the memories of a choice's guards say.
pub(crate) struct Turns {
    order: Order,
    /// The guard to be looked at first, where that is plain to see.
    first: Option<usize>,
    /// The latest stamp among the guards.
    latest: u64,
    /// How many such choices there were before, as the ends remember; where guards without memory take part.
    mixed: Option<u16>,
}

/// A guard's number, and what it is sorted by: ends by their stamp, then those without memory.
pub(crate) type Turn = (u64, usize);

/// Numbers of guards up to here are kept on the stack.
const FEW: usize = 8;

/// Sorts behind every stamp.
const NO_MEMORY: u64 = u64::MAX;

thread_local! {
    /// Counts the choices with guards without memory of which no end knows the number.
    static FORGETFUL: Cell<u16> = const { Cell::new(0) };
}

impl Turns {
    /// Looks at the guards' memories.
    #[inline]
    pub(crate) fn look(guards: &[Arm<'_>], order: Order) -> Self {
        let (mut latest, mut least, mut first, mut is_tied) = (0, NO_MEMORY, 0, false);
        for (number, guard) in guards.iter().enumerate() {
            let Some(guard) = guard else { continue };
            let stamp = stamp(guard);
            latest = latest.max(stamp);
            is_tied |= stamp == least;
            if stamp < least {
                (least, first, is_tied) = (stamp, number, false);
            }
        }
        // There are some, all remember, all were served before, and one of them before all others.
        if order == Order::Fair && least <= latest && latest != NO_MEMORY && least != 0 && !is_tied {
            return Self { order, first: Some(first), latest, mixed: None };
        }
        Self::look_closely(guards, order)
    }

    /// Newcomers, guards of one end, guards without memory; or it is not memory that counts.
    #[cold]
    fn look_closely(guards: &[Arm<'_>], order: Order) -> Self {
        let stamps = || guards.iter().flatten().map(stamp).filter(|&stamp| stamp != NO_MEMORY);
        let mut turns = Self { order, first: None, latest: stamps().max().unwrap_or(0), mixed: None };
        let count = guards.iter().flatten().count();
        if order == Order::Listed || count < 2 {
            turns.first = guards.iter().position(Option::is_some);
            return turns;
        }
        if stamps().any(|stamp| stamp == 0) {
            // Who takes part for the first time comes after all others.
            turns.latest += 1;
            let newcomers = memories(guards).filter(|memory| memory.stamp() == 0);
            newcomers.for_each(|memory| memory.join(turns.latest));
        }
        if stamps().count() < count {
            turns.mixed = Some(mixed(guards));
        }
        turns
    }

    /// The guard whose turn it is, where a look was enough to say so.
    #[inline]
    pub(crate) const fn first(&self) -> Option<usize> {
        self.first
    }

    /// The guards in order.
    pub(crate) fn arrange(&self, guards: &[Arm<'_>]) -> Arranged {
        match Few::sorted(guards, self.order) {
            Some(few) if self.mixed.is_none() => Arranged::Few(few),
            _ => Arranged::Many(self.arrange_closely(guards)),
        }
    }

    /// Many guards, or some that take turns among themselves.
    #[cold]
    fn arrange_closely(&self, guards: &[Arm<'_>]) -> Vec<Turn> {
        let turn = |(number, guard): (usize, &Arm<'_>)| Some((stamp(guard.as_ref()?), number));
        let mut turns: Vec<_> = guards.iter().enumerate().filter_map(turn).collect();
        if self.order == Order::Fair && turns.len() > 1 {
            // By runs: guards that are served in turn are two of them.
            turns.sort_by_key(|&(stamp, _)| stamp);
            take_turns(guards, &mut turns, self.mixed);
        }
        turns
    }

    /// Notes that a guard was served.
    #[inline]
    pub(crate) fn served(&self, guards: &[Arm<'_>], number: usize) {
        if let Some(memory) = memory(guards, number) {
            memory.serve(self.latest + 1, || memories(guards).filter(|other| ptr::eq(*other, memory)).count());
        }
        if let Some(mixed) = self.mixed {
            note_mixed(guards, mixed);
        }
    }
}

/// The numbers of a choice's guards, in order.
pub(crate) enum Arranged {
    Few(Few),
    Many(Vec<Turn>),
}

impl Arranged {
    pub(crate) fn get(&self, at: usize) -> Option<usize> {
        match self {
            Self::Few(few) => few.numbers[..few.count].get(at).map(|&number| usize::from(number)),
            Self::Many(turns) => turns.get(at).map(|&(_, number)| number),
        }
    }

    pub(crate) fn numbers(&self) -> impl Iterator<Item = usize> + use<'_> {
        (0..).map_while(|at| self.get(at))
    }
}

/// So few guards, as they mostly are, that their order needs no memory.
pub(crate) struct Few {
    numbers: [u8; FEW],
    count: usize,
}

impl Few {
    /// Sorts by insertion. None where that is not all: there are more, or some know the same.
    #[inline]
    fn sorted(guards: &[Arm<'_>], order: Order) -> Option<Self> {
        let (mut stamps, mut few) = ([0; FEW], Self { numbers: [0; FEW], count: 0 });
        if guards.len() > FEW {
            return None;
        }
        for (number, guard) in (0..).zip(guards) {
            let Some(guard) = guard else { continue };
            let stamp = if order == Order::Fair { stamp(guard) } else { u64::from(number) };
            let mut at = few.count;
            while at > 0 && stamps[at - 1] > stamp {
                (stamps[at], few.numbers[at]) = (stamps[at - 1], few.numbers[at - 1]);
                at -= 1;
            }
            if at > 0 && stamps[at - 1] == stamp {
                return None;
            }
            (stamps[at], few.numbers[at]) = (stamp, number);
            few.count += 1;
        }
        Some(few)
    }
}

/// Guards that know the same take turns among themselves, and those that know nothing with the others.
#[cold]
fn take_turns(guards: &[Arm<'_>], turns: &mut [Turn], mixed: Option<u16>) {
    let remembering = turns.iter().take_while(|turn| turn.0 != NO_MEMORY).count();
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

/// How many choices with guards without memory there were before, as the ends remember.
fn mixed(guards: &[Arm<'_>]) -> u16 {
    // What is made anew each time knows nothing, ends too: the thread counts for them.
    memories(guards).map(Memory::mixed).max().filter(|&count| count != 0).unwrap_or_else(|| FORGETFUL.get())
}

/// Such a choice has served one; who counts such choices counts it.
#[cold]
fn note_mixed(guards: &[Arm<'_>], mixed: u16) {
    let next = one_more(mixed, guards.iter().flatten().count());
    if memories(guards).all(|memory| memory.mixed() == 0) {
        FORGETFUL.set(next);
    }
    memories(guards).for_each(|memory| memory.set_mixed(next));
}

#[inline(always)]
fn stamp(guard: &Pin<&mut dyn Attempt>) -> u64 {
    guard.memory().map_or(NO_MEMORY, Memory::stamp)
}

fn memories<'a>(guards: &'a [Arm<'_>]) -> impl Iterator<Item = &'a Memory> {
    guards.iter().flatten().filter_map(|guard| guard.memory())
}

#[inline]
fn memory<'a>(guards: &'a [Arm<'_>], number: usize) -> Option<&'a Memory> {
    guards.get(number)?.as_ref()?.memory()
}
