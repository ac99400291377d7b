//! Fuzz bodies: functions that take any bytes and must not panic. Called by the ordinary tests and by `fuzz/`.

use crate::{DecodeFault, FRAME_MAX, FrameReader, Limits, decode, encode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

/// A type with everything that serde knows, recursive on purpose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Anything {
    /// Nothing.
    Unit,
    /// Plain values.
    Plain(bool, i8, u64, i128, char),
    /// Text, bytes.
    Text {
        /// Text.
        text: String,
        /// Bytes.
        bytes: Vec<u8>,
    },
    /// Containers.
    Many(Vec<Self>, BTreeMap<u16, Self>, BTreeSet<Option<u32>>),
    /// Itself.
    Boxed(Box<Self>),
    /// Something that takes no input.
    Empty(Vec<()>),
}

/// Decodes hostile bytes as several types; what decodes must encode and decode to the same again.
pub fn decoding(bytes: &[u8]) {
    round_trip::<Anything>(bytes);
    round_trip::<Vec<Vec<Option<[u32; 8]>>>>(bytes);
    round_trip::<(String, BTreeMap<u64, Vec<(u32, u16)>>)>(bytes);
}

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) {
    match decode::<T>(bytes) {
        Ok(value) => {
            let again = encode(&value).expect("what was decoded encodes");
            // The second encoding can be shorter, as numbers may be padded, and so have a smaller budget.
            let limits = Limits::of(bytes.len().max(again.len()));
            assert_eq!(crate::decode_within::<T>(&again, limits).as_ref(), Ok(&value));
        }
        Err(error) => assert!(!matches!(error.fault, DecodeFault::Trailing { bytes: 0 })),
    }
}

/// Cuts hostile bytes into frames: split in two ways, the frames must be the same.
pub fn framing(bytes: &[u8]) {
    let whole = frames_of(bytes, bytes.len().max(1));
    let split = frames_of(bytes, usize::from(bytes.first().copied().unwrap_or(1) % 7) + 1);
    assert_eq!(whole, split);
}

fn frames_of(bytes: &[u8], part: usize) -> (Vec<Vec<u8>>, bool) {
    let (mut reader, mut frames) = (FrameReader::new(), vec![]);
    for part in bytes.chunks(part) {
        reader.push(part);
        loop {
            match reader.next_frame() {
                Ok(Some(body)) => frames.push(body.to_vec()),
                Ok(None) => break,
                Err(error) => {
                    assert!(error.length > FRAME_MAX);
                    return (frames, true);
                }
            }
        }
    }
    (frames, false)
}

/// Runs a body over a corpus and over seeded mutations of it: the ordinary tests' way to fuzz.
///
/// # Panics
/// When the body does; the message before it names the round, which alone decides the input.
pub fn mutate(corpus: &[Vec<u8>], rounds: u64, body: impl Fn(&[u8])) {
    for seed in corpus {
        body(seed);
    }
    for round in 0..rounds {
        let input = mutation(corpus, round);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| body(&input)));
        if let Err(panic) = caught {
            eprintln!("ROUND={round} INPUT={input:02x?}");
            std::panic::resume_unwind(panic);
        }
    }
}

fn mutation(corpus: &[Vec<u8>], round: u64) -> Vec<u8> {
    let mut random = SplitMix(round);
    let mut input = match corpus {
        [] => vec![],
        some => some[random.below(some.len())].clone(),
    };
    for _ in 0..=random.below(4) {
        let at = random.below(input.len() + 1);
        match random.below(6) {
            0 => input.truncate(at),
            1 => input.insert(at, random.next() as u8),
            2 if at < input.len() => input[at] = random.next() as u8,
            3 if at < input.len() => input[at] ^= 1 << random.below(8),
            4 => input.splice(at..at, [0xff, 0xff, 0xff, 0xff, 0x0f]).for_each(drop),
            _ => input.extend((0..random.below(64)).map(|_| random.next() as u8)),
        }
    }
    input
}

/// A small generator: the same numbers for the same seed, everywhere.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUNDS: u64 = 5_000;

    #[test]
    fn hostile_bytes_do_not_panic_the_decoder() {
        let text = Anything::Text { text: "text".to_owned(), bytes: vec![1, 2, 3] };
        let many = Anything::Many(
            vec![text.clone(), Anything::Unit],
            BTreeMap::from([(7, Anything::Plain(true, -1, u64::MAX, i128::MIN, 'ä'))]),
            BTreeSet::from([None, Some(3)]),
        );
        let corpus = [Anything::Boxed(Box::new(many.clone())), Anything::Empty(vec![(); 9]), text, many];
        mutate(&corpus.map(|value| encode(&value).unwrap()), ROUNDS, decoding);
    }

    #[test]
    fn hostile_bytes_do_not_confuse_the_framing() {
        let two = [[3, 0, 0, 0].as_slice(), b"abc", &[0, 0, 0, 0]].concat();
        mutate(&[two, vec![], vec![0xff; 9]], ROUNDS, framing);
    }
}
