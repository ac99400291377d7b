//! Terms: a text becomes sparse counts of hashed pairs of neighbouring words. Not weighed: that takes all files.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The number of dimensions that terms are hashed into, unless a parameter says otherwise.
pub const DEFAULT_DIMENSION: usize = 1024;

/// The most dimensions: a row of f32 has 256 KiB then.
pub const MOST_DIMENSIONS: usize = 1 << 16;

/// Counts the terms of texts. It owns the table that it counts in: one tokeniser for each worker, used again and again.
///
/// A term is two neighbouring words. A word is a run of two or more letters, digits, underscores and bytes beyond
/// ASCII, without regard to case; what lies between words is ignored, so that a reformatted file stays a near-copy.
/// A term is hashed to a dimension *and to a sign*: where many terms meet in one dimension, as they must in a thousand,
/// they cancel out on average instead of making all long files look alike. (In a registry of 8,000 sources the pairs
/// above similarity 0.8 that really share text are 96 of 100 with signs, and 5 of 100 without.)
///
/// ```
/// use rendez_cli::job::Tokeniser;
///
/// let mut tokeniser = Tokeniser::new(1024)?;
/// assert_eq!(tokeniser.count(b"let MAX = (size);"), tokeniser.count(b"let max=size"));
/// assert_ne!(tokeniser.count(b"one two three"), tokeniser.count(b"three two one"));
/// # Ok::<(), rendez_cli::job::DimensionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tokeniser {
    /// Zero throughout between two texts.
    table: Vec<i32>,
}

/// The sparse counts of one text: dimensions in rising order, each with its count, never 0.
///
/// On the wire a dimension is its distance from the one before, so that most entries have two bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(Vec<(u32, i32)>);

/// A number of dimensions that cannot be had, or counts that do not fit it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DimensionError {
    /// There cannot be so many dimensions, or none.
    OutOfRange(usize),
    /// Counts name a dimension that is not among these many: they were made with another parameter.
    Mismatch {
        /// The dimension that the counts name.
        named: u32,
        /// How many dimensions there are.
        dimension: usize,
    },
}

impl Tokeniser {
    /// A tokeniser for this number of dimensions.
    ///
    /// # Errors
    ///
    /// [`DimensionError::OutOfRange`] unless the number is between 1 and [`MOST_DIMENSIONS`].
    pub fn new(dimension: usize) -> Result<Self, DimensionError> {
        if !(1..=MOST_DIMENSIONS).contains(&dimension) {
            return Err(DimensionError::OutOfRange(dimension));
        }
        Ok(Self { table: vec![0; dimension] })
    }

    /// The counts of this text.
    pub fn count(&mut self, text: &[u8]) -> Counts {
        let mut previous = 0;
        for word in Words(text) {
            self.add(previous, word);
            previous = word;
        }
        self.drain()
    }

    #[inline]
    fn add(&mut self, first: u64, second: u64) {
        // The last step of MurmurHash3's mixing: all bits of both words reach the upper half and the lowest bit.
        let mixed = (first.rotate_left(17) ^ second).wrapping_mul(ODD);
        let hash = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        // A fraction of the table's length: cheaper than a remainder, and the length need not be a power of two.
        let place = ((hash >> 32) * self.table.len() as u64) >> 32;
        let sign = 1 - ((hash >> 30) & 2) as i32;
        let count = &mut self.table[place as usize];
        *count = count.wrapping_add(sign);
    }

    /// The table as sparse counts; zero again afterwards.
    ///
    /// A scan of the whole table yields them in order. A list of the places touched would have to be kept on each term
    /// and sorted here, and most files touch a good part of a thousand dimensions.
    fn drain(&mut self) -> Counts {
        let mut counts = Vec::with_capacity(self.table.iter().filter(|&&count| count != 0).count());
        for (dimension, count) in (0..).zip(&mut self.table) {
            if *count != 0 {
                counts.push((dimension, std::mem::take(count)));
            }
        }
        Counts(counts)
    }
}

impl Counts {
    /// The dimensions, in rising order, with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (usize, i32)> {
        self.0.iter().map(|&(dimension, count)| (dimension as usize, count))
    }

    /// How many dimensions have a count.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the text had no terms.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all counts are of the first `dimension` dimensions.
    ///
    /// # Errors
    ///
    /// [`DimensionError::Mismatch`] if not.
    pub fn fit(&self, dimension: usize) -> Result<(), DimensionError> {
        match self.0.last() {
            Some(&(named, _)) if named as usize >= dimension => Err(DimensionError::Mismatch { named, dimension }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
impl Counts {
    /// These counts, for the tests of others.
    pub(crate) fn of<const N: usize>(counts: [(u32, i32); N]) -> Self {
        Self(counts.into())
    }
}

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut next = 0;
        serializer.collect_seq(self.0.iter().map(|&(dimension, count)| {
            let gap = dimension - next;
            next = dimension + 1;
            (gap, count)
        }))
    }
}

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut counts = Vec::<(u32, i32)>::deserialize(deserializer)?;
        let mut next = 0_u32;
        for (dimension, count) in &mut counts {
            let here = next.checked_add(*dimension).filter(|&here| (here as usize) < MOST_DIMENSIONS && *count != 0);
            *dimension = here.ok_or_else(|| serde::de::Error::custom("counts with a dimension beyond the limit"))?;
            next = *dimension + 1;
        }
        Ok(Self(counts))
    }
}

impl fmt::Display for DimensionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange(dimension) => {
                write!(f, "{dimension} dimensions cannot be had: ask for 1 to {MOST_DIMENSIONS}")
            }
            Self::Mismatch { named, dimension } => write!(
                f,
                "counts for dimension {named} where there are only {dimension}: start all nodes with the same dimension"
            ),
        }
    }
}

impl std::error::Error for DimensionError {}

/// The hashes of a text's words, one after the other.
struct Words<'a>(&'a [u8]);

impl Iterator for Words<'_> {
    type Item = u64;

    #[inline]
    fn next(&mut self) -> Option<u64> {
        loop {
            let start = self.0.iter().position(|&byte| WORD[byte as usize] != 0)?;
            let mut hash = 0_u64;
            let mut len = 0;
            for &byte in &self.0[start..] {
                let letter = WORD[byte as usize];
                if letter == 0 {
                    break;
                }
                hash = (hash.rotate_left(5) ^ u64::from(letter)).wrapping_mul(ODD);
                len += 1;
            }
            self.0 = &self.0[start + len..];
            if len >= SHORTEST_WORD {
                return Some(hash);
            }
        }
    }
}

/// A run of fewer bytes is no word: the `i` of a loop, the `s` of `it's`.
const SHORTEST_WORD: usize = 2;

/// 2⁶⁴ divided by the golden ratio: odd, and with no pattern in its bits.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

/// For each byte the byte that stands for it within a word, in lower case; 0 for those that end a word.
const WORD: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80 {
            table[byte as usize] = byte.to_ascii_lowercase();
        }
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(text: &str) -> Counts {
        Tokeniser::new(DEFAULT_DIMENSION).unwrap().count(text.as_bytes())
    }

    fn words(text: &str) -> usize {
        Words(text.as_bytes()).count()
    }

    #[test]
    fn a_word_has_two_bytes_or_more_of_letters_digits_and_underscores() {
        assert_eq!(words(""), 0);
        assert_eq!(words("a b, c"), 0);
        assert_eq!(words("fn add_2(x: u8) -> u8 { x + 2 }"), 4, "fn, add_2, u8, u8");
        assert_eq!(words("grün é"), 2, "é has two bytes");
    }

    #[test]
    fn layout_and_case_do_not_matter_and_order_does() {
        assert_eq!(counts("pub fn area(WIDTH: u32)"), counts("PUB fn\n    area (\n width: u32,\n)"));
        assert_ne!(counts("aa bb cc dd"), counts("dd cc bb aa"));
    }

    #[test]
    fn a_tokeniser_forgets_the_text_before() {
        let mut tokeniser = Tokeniser::new(64).unwrap();
        let first = tokeniser.count(b"one two three four");
        tokeniser.count(b"something else in between");
        assert_eq!(tokeniser.count(b"one two three four"), first);
    }

    #[test]
    fn the_counts_of_a_repeated_term_grow_and_signs_occur() {
        let repeated = counts(&"same ".repeat(100));
        assert!(repeated.iter().any(|(_, count)| count.abs() == 99), "{repeated:?}");
        let many = counts(&(0..300).map(|n| format!("word{n} ")).collect::<String>());
        let negative = many.iter().filter(|&(_, count)| count < 0).count();
        assert!((many.len() / 3..many.len() * 2 / 3).contains(&negative), "{negative} of {}", many.len());
    }

    #[test]
    fn a_dimension_is_checked() {
        for dimension in [0, MOST_DIMENSIONS + 1] {
            assert_eq!(Tokeniser::new(dimension).unwrap_err(), DimensionError::OutOfRange(dimension));
        }
        assert!(Tokeniser::new(1).unwrap().count(b"one two three").len() <= 1);
        assert_eq!(
            Counts::of([(7, 1)]).fit(7),
            Err(DimensionError::Mismatch { named: 7, dimension: 7 }),
            "counted from 0"
        );
        assert_eq!(Counts::of([(7, 1)]).fit(8), Ok(()));
    }
}
