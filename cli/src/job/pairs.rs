//! The best pairs: at most K, above a threshold. Not how they are found, nor the clusters they form.

use crate::job::{Rank, Score};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// How many pairs are kept, unless a parameter says otherwise: about 2 MiB of them.
pub const DEFAULT_PAIRS: usize = 100_000;

/// Two near-copies. The better pair is the lesser one: the higher score first, equal scores by the order of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pair {
    /// How alike they are.
    pub score: Score,
    /// The first of the two by name.
    pub a: Rank,
    /// The second of the two.
    pub b: Rank,
}

/// The K best pairs at or above a threshold, of all that were ever offered, in whatever order and however often.
///
/// (A set, not a heap: when a node is lost its work is done again, and a pair that is offered twice must count once.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BestPairs {
    most: usize,
    threshold: Score,
    kept: BTreeSet<Pair>,
}

impl Pair {
    /// The pair of these two files, in the order of their ranks.
    #[must_use]
    pub fn new(one: Rank, other: Rank, score: Score) -> Self {
        Self { score, a: one.min(other), b: one.max(other) }
    }
}

impl Ord for Pair {
    fn cmp(&self, other: &Self) -> Ordering {
        other.score.cmp(&self.score).then(self.a.cmp(&other.a)).then(self.b.cmp(&other.b))
    }
}

impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl BestPairs {
    /// None yet; `most` will be kept, of those that score at least `threshold`.
    #[must_use]
    pub fn new(most: usize, threshold: Score) -> Self {
        Self { most, threshold, kept: BTreeSet::new() }
    }

    /// Keeps the pair if it is among the best so far.
    pub fn offer(&mut self, pair: Pair) {
        if pair.score < self.bar() {
            return;
        }
        self.kept.insert(pair);
        if self.kept.len() > self.most {
            self.kept.pop_last();
        }
    }

    /// Takes over the best of another's pairs.
    pub fn merge(&mut self, other: &Self) {
        other.kept.iter().for_each(|&pair| self.offer(pair));
    }

    /// The least score that can still get in: the threshold at first, more when the set is full. A pair of which a
    /// device says less than this score's [`floor`](Score::floor) need not be looked at.
    #[must_use]
    pub fn bar(&self) -> Score {
        match self.kept.last() {
            Some(worst) if self.kept.len() == self.most => worst.score.max(self.threshold),
            _ => self.threshold,
        }
    }

    /// The pairs, best first.
    pub fn iter(&self) -> impl Iterator<Item = &Pair> {
        self.kept.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether so many were found that some had to be let go, or nearly.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.kept.len() == self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(a: u32, b: u32, score: u16) -> Pair {
        Pair::new(Rank(a), Rank(b), Score(score))
    }

    #[test]
    fn the_best_are_kept_and_ties_go_by_name() {
        let mut best = BestPairs::new(3, Score(5_000));
        for offer in [pair(9, 8, 7_000), pair(0, 1, 4_999), pair(2, 3, 7_000), pair(4, 5, 9_000), pair(2, 9, 7_000)] {
            best.offer(offer);
        }
        let kept: Vec<Pair> = best.iter().copied().collect();
        assert_eq!(kept, [pair(4, 5, 9_000), pair(2, 3, 7_000), pair(2, 9, 7_000)]);
        assert_eq!(best.bar(), Score(7_000));
    }

    #[test]
    fn a_pair_offered_twice_counts_once() {
        let mut best = BestPairs::new(2, Score(0));
        best.offer(pair(1, 2, 100));
        best.offer(pair(2, 1, 100));
        assert_eq!(best.len(), 1);
    }

    #[test]
    fn none_are_kept_where_none_are_asked_for() {
        let mut best = BestPairs::new(0, Score(0));
        best.offer(pair(1, 2, 100));
        assert!(best.is_empty());
    }
}
