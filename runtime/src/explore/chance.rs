//! Schedules by chance: a seed for each, half of them with priorities that change now and then. No schedule is left out for good.
//!
//! A schedule with priorities runs who of the ready has the highest, and takes it away from the one that runs at a few steps drawn
//! before. Of a fault that needs d such changes it finds one in n·k^(d-1) schedules at least, of n processes and k steps: Burckhardt,
//! Kothari, Musuvathi, Nagarakatte: A randomized scheduler with probabilistic guarantees of finding bugs (ASPLOS 2010). The other
//! half draws from those that are ready at each step.

use super::search::{Search, Touch};
use crate::random::Random;
use std::collections::{BTreeMap, BTreeSet};

/// The most changes of priorities in one schedule.
const CHANGES_MAX: u64 = 4;

/// So many schedules from a seed on.
pub(super) struct Chance {
    first: u64,
    begun: u64,
    schedules: u64,
    /// How many steps a schedule has, by the one that ran before all others.
    steps: u64,
    random: Random,
    how: How,
    step: u64,
}

enum How {
    /// As they come: who has been ready longest is next. It tells how long schedules are.
    InTurn { waiting: Vec<u64> },
    /// By drawing.
    Drawn,
    /// By priorities, which change at these steps.
    Ranked { ranks: BTreeMap<u64, u64>, changes: BTreeSet<u64>, lowest: u64 },
}

impl Chance {
    /// The schedules of `seed`, `seed + 1` and so on, after one in which all take turns.
    pub(super) const fn new(seed: u64, schedules: u64) -> Self {
        let how = How::InTurn { waiting: Vec::new() };
        Self { first: seed, begun: 0, schedules, steps: 0, random: Random::new(seed), how, step: 0 }
    }

    const fn current(&self) -> u64 {
        self.first.wrapping_add(self.begun.saturating_sub(2))
    }
}

impl Search for Chance {
    fn begin(&mut self) -> bool {
        if self.begun > self.schedules {
            return false;
        }
        self.begun += 1;
        self.step = 0;
        if self.begun == 1 {
            return true;
        }
        self.random = Random::new(self.current());
        self.how = if self.random.below(2) == 0 {
            How::Drawn
        } else {
            // Ranks are drawn above all of these.
            let count = self.random.below(CHANGES_MAX);
            let changes = (0..count).map(|_| self.random.below(self.steps.max(1))).collect();
            How::Ranked { ranks: BTreeMap::new(), changes, lowest: CHANGES_MAX }
        };
        true
    }

    fn choose(&mut self, ready: &[u64]) -> Option<u64> {
        let Self { random, how, step, .. } = self;
        match how {
            How::InTurn { waiting } => {
                waiting.retain(|process| ready.contains(process));
                for process in ready {
                    if !waiting.contains(process) {
                        waiting.push(*process);
                    }
                }
                (!waiting.is_empty()).then(|| waiting.remove(0))
            }
            How::Drawn => {
                let drawn = random.below(ready.len().max(1) as u64);
                ready.get(usize::try_from(drawn).unwrap_or(0)).copied()
            }
            How::Ranked { ranks, changes, lowest } => {
                let mut highest = |ranks: &mut BTreeMap<u64, u64>| {
                    let rank = |process: &&u64| *ranks.entry(**process).or_insert_with(|| random.next() | 1 << 63);
                    ready.iter().max_by_key(rank).copied()
                };
                let first = highest(ranks)?;
                if changes.remove(step) {
                    *lowest = lowest.saturating_sub(1);
                    ranks.insert(first, *lowest);
                    return highest(ranks);
                }
                Some(first)
            }
        }
    }

    fn ran(&mut self, _: u64, _: &[Touch], _: &[u64]) {
        self.step += 1;
    }

    fn time_passes(&mut self, _: &[u64]) {}

    fn end(&mut self) {
        if self.begun == 1 {
            self.steps = self.step;
        }
    }

    fn seed(&self) -> Option<u64> {
        (self.begun > 1).then(|| self.current())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three that take five steps each: the schedules that are drawn.
    fn drawn(seed: u64, schedules: u64) -> Vec<Vec<u64>> {
        let mut chance = Chance::new(seed, schedules);
        let mut all = Vec::new();
        while chance.begin() {
            let (mut left, mut schedule) = ([5, 5, 5], Vec::new());
            loop {
                let ready: Vec<u64> = (0..3).filter(|&p| left[p as usize] > 0).collect();
                if ready.is_empty() {
                    break;
                }
                let next = chance.choose(&ready).unwrap();
                left[next as usize] -= 1;
                schedule.push(next);
                chance.ran(next, &[], &[]);
            }
            chance.end();
            all.push(schedule);
        }
        all
    }

    #[test]
    fn the_same_seed_gives_the_same_schedules_and_a_schedule_has_a_seed_of_its_own() {
        assert_eq!(drawn(7, 20), drawn(7, 20));
        assert_eq!(drawn(7, 20)[5], drawn(11, 1)[1], "schedule 4 after seed 7 is that of seed 11");
        assert_ne!(drawn(7, 20), drawn(8, 20));
    }

    #[test]
    fn the_first_lets_all_take_turns_and_the_others_differ() {
        let all = drawn(1, 100);
        assert_eq!(all.len(), 101);
        assert_eq!(all[0][..6], [0, 1, 2, 0, 1, 2]);
        let different: BTreeSet<_> = all.iter().collect();
        assert!(different.len() > 60, "{} of them", different.len());
        let switches = |schedule: &Vec<u64>| schedule.windows(2).filter(|two| two[0] != two[1]).count();
        assert!(all.iter().any(|schedule| switches(schedule) == 2), "one after the other, by priorities");
    }
}
