//! Marks: one bit a guard, set by whoever may have something for it. Grows without moving, so that nobody needs a lock.
//!
//! A bit is set and cleared under the lock of its guard's channel, so that both are exact; it is read without.

use crate::prim::AtomicU64;
use std::sync::OnceLock;
use std::sync::atomic::Ordering;

/// Words of bits: the first inline, then blocks of 1, 2, 4, .. words.
pub(crate) struct Marks {
    first: AtomicU64,
    blocks: [OnceLock<Box<[AtomicU64]>>; BLOCKS],
}

/// Room for 64 * 2^20 guards; more of them share the last word's fate: they are never marked, and `set` panics.
const BLOCKS: usize = 20;

impl Marks {
    pub(crate) fn new() -> Self {
        Self { first: AtomicU64::new(0), blocks: [const { OnceLock::new() }; BLOCKS] }
    }

    /// # Panics
    /// For a guard beyond the room there is.
    pub(crate) fn set(&self, guard: usize) {
        let (word, bit) = (self.make(guard / 64), 1 << (guard % 64));
        // Relaxed: under the channel's lock, by which the owner sees what it is about; the bit itself orders nothing.
        if word.load(Ordering::Relaxed) & bit == 0 {
            word.fetch_or(bit, Ordering::Relaxed);
        }
    }

    pub(crate) fn clear(&self, guard: usize) {
        let bit = 1 << (guard % 64);
        // Relaxed: as in `set`.
        if let Some(word) = self.word(guard / 64)
            && word.load(Ordering::Relaxed) & bit != 0
        {
            word.fetch_and(!bit, Ordering::Relaxed);
        }
    }

    /// The first that is set from `from` on, going round among the first `guards`.
    pub(crate) fn next(&self, from: usize, guards: usize) -> Option<usize> {
        let words = guards.div_ceil(64);
        let at = |word: usize, mask: u64| {
            // Relaxed: who sets it wakes the owner afterwards; what it misses now it is told then.
            let bits = self.word(word)?.load(Ordering::Relaxed) & mask;
            (bits != 0).then(|| word * 64 + bits.trailing_zeros() as usize)
        };
        let first = from / 64;
        if first >= words {
            return (0..words).find_map(|word| at(word, u64::MAX));
        }
        let above = u64::MAX << (from % 64);
        at(first, above)
            .or_else(|| (first + 1..words).chain(0..first).find_map(|word| at(word, u64::MAX)))
            .or_else(|| at(first, !above))
    }

    fn word(&self, number: usize) -> Option<&AtomicU64> {
        let Some(number) = number.checked_sub(1) else { return Some(&self.first) };
        let (block, at) = place(number);
        self.blocks.get(block)?.get()?.get(at)
    }

    fn make(&self, number: usize) -> &AtomicU64 {
        let Some(number) = number.checked_sub(1) else { return &self.first };
        let (block, at) = place(number);
        assert!(block < BLOCKS, "a choice has at most 64 million guards");
        &self.blocks[block].get_or_init(|| (0..1 << block).map(|_| AtomicU64::new(0)).collect())[at]
    }
}

/// The block of a word behind the first, and its place there.
const fn place(number: usize) -> (usize, usize) {
    let block = (number + 1).ilog2() as usize;
    (block, number + 1 - (1 << block))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn are_found_going_round() {
        let marks = Marks::new();
        let set = [3, 64, 130, 5_000];
        set.into_iter().for_each(|guard| marks.set(guard));
        let found = [0, 3, 4, 64, 65, 131, 5_001, 9_000].map(|from| marks.next(from, 6_000));
        assert_eq!(found, [3, 3, 64, 64, 130, 5_000, 3, 3].map(Some));
        set.into_iter().for_each(|guard| marks.clear(guard));
        assert_eq!(marks.next(1, 6_000), None);
    }

    #[test]
    fn each_guard_has_a_bit_of_its_own() {
        let marks = Marks::new();
        (0..2_000).step_by(7).for_each(|guard| marks.set(guard));
        let mut found = vec![];
        while let Some(guard) = marks.next(0, 2_000) {
            marks.clear(guard);
            found.push(guard);
        }
        assert_eq!(found, (0..2_000).step_by(7).collect::<Vec<_>>());
    }
}
