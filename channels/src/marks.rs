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

/// Room for 64 * 2^20 guards.
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

    /// The first that is set from `from` on, before `end`.
    pub(crate) fn next(&self, from: usize, end: usize) -> Option<usize> {
        for word in from / 64..end.div_ceil(64) {
            // Relaxed: who sets it looks once more after a fence, or wakes the owner; what is missed now is seen then.
            let Some(mut bits) = self.word(word).map(|bits| bits.load(Ordering::Relaxed)) else { continue };
            if word == from / 64 {
                bits &= u64::MAX << (from % 64);
            }
            if bits != 0 {
                let found = word * 64 + bits.trailing_zeros() as usize;
                return (found < end).then_some(found);
            }
        }
        None
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
    fn are_found_within_a_range() {
        let marks = Marks::new();
        let set = [3, 64, 130, 5_000];
        set.into_iter().for_each(|guard| marks.set(guard));
        let found = [(0, 6_000), (3, 4), (4, 64), (4, 65), (65, 6_000), (131, 5_000), (131, 5_001), (5_001, 9_000)];
        let found = found.map(|(from, end)| marks.next(from, end));
        assert_eq!(found, [Some(3), Some(3), None, Some(64), Some(130), None, Some(5_000), None]);
        set.into_iter().for_each(|guard| marks.clear(guard));
        assert_eq!(marks.next(0, 6_000), None);
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
