//! Random numbers from a seed, the same on every machine; not for secrets.
//!
//! Steele, Lea, Flood: Fast splittable pseudorandom number generators (OOPSLA 2014).

/// A source of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// One of so many, from 0 on; 0 of none.
    pub(crate) const fn below(&mut self, count: u64) -> u64 {
        ((self.next() as u128 * count as u128) >> 64) as u64
    }
}
