//! Encoding and decoding of one value. Not the frame around it: see [`put_frame`](crate::put_frame).

use crate::budget::{Budget, Guard};
use crate::type_label;
use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fmt;

/// How deep containers may nest in a decoded value.
pub const DEPTH_MAX: u32 = 128;
/// Memory that a decoded value may take for each byte of its encoding.
pub const MEMORY_PER_BYTE: usize = 32;
/// Memory that a decoded value may take however short its encoding is.
pub const MEMORY_FLOOR: usize = 1 << 20;

/// Encodes a value.
///
/// # Errors
/// The value refuses to be serialised, for example a path that is not UTF-8.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    encode_into(&mut out, value)?;
    Ok(out)
}

/// Encodes a value at the end of `out`, which is as before if that fails.
///
/// # Errors
/// As [`encode`].
pub fn encode_into<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> Result<(), EncodeError> {
    let before = out.len();
    postcard::serialize_with_flavor(value, Append(out)).map_err(|error| {
        out.truncate(before);
        EncodeError { of: type_label::<T>(), why: error.to_string() }
    })
}

/// Decodes a value that fills `bytes` exactly, within [`Limits::of`] their number.
///
/// # Errors
/// The bytes are no such value, go on after it, or ask for more memory or depth than the limits give.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    decode_within(bytes, Limits::of(bytes.len()))
}

/// Decodes a value that may borrow from `bytes`, within limits of the caller's.
///
/// # Errors
/// As [`decode`].
pub fn decode_within<'de, T: Deserialize<'de>>(bytes: &'de [u8], limits: Limits) -> Result<T, DecodeError> {
    let budget = Budget::new(limits);
    let mut inner = postcard::Deserializer::from_bytes(bytes);
    let value = T::deserialize(Guard::new(&mut inner, &budget));
    let fault = match (value, inner.finalize()) {
        (Ok(value), Ok([])) => return Ok(value),
        (Ok(_), rest) => DecodeFault::Trailing { bytes: rest.map_or(0, <[u8]>::len) },
        (Err(error), _) => budget.breach().unwrap_or_else(|| DecodeFault::of(&error)),
    };
    Err(DecodeError { of: type_label::<T>(), fault })
}

/// What a decoded value may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How deep its containers may nest.
    pub depth: u32,
    /// How many bytes of memory its parts may take together, by their size in Rust.
    pub memory: usize,
}

impl Limits {
    /// The limits for an encoding of this many bytes: [`MEMORY_PER_BYTE`] for each, at least [`MEMORY_FLOOR`].
    #[must_use]
    pub const fn of(bytes: usize) -> Self {
        let memory = bytes.saturating_mul(MEMORY_PER_BYTE);
        Self { depth: DEPTH_MAX, memory: if memory < MEMORY_FLOOR { MEMORY_FLOOR } else { memory } }
    }
}

/// A value that cannot be encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncodeError {
    /// The type of the value, without paths.
    pub of: String,
    /// What its serialisation said.
    pub why: String,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot encode `{}`: {}", self.of, self.why)
    }
}

impl std::error::Error for EncodeError {}

/// Bytes that are not the value they should be. The sender is at fault: another version, or hostile.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// The type that was wanted, without paths.
    pub of: String,
    /// What is wrong with the bytes.
    pub fault: DecodeFault,
}

/// What is wrong with bytes that do not decode.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeFault {
    /// They end inside of the value.
    Truncated,
    /// They go on after it.
    Trailing {
        /// How many are left over.
        bytes: usize,
    },
    /// Containers nest deeper than this.
    TooDeep {
        /// The limit.
        limit: u32,
    },
    /// The value would take more memory than this.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// They do not follow the encoding, or the type refuses what they say.
    Malformed(String),
}

impl DecodeFault {
    fn of(error: &postcard::Error) -> Self {
        match error {
            postcard::Error::DeserializeUnexpectedEnd => Self::Truncated,
            postcard::Error::SerdeDeCustom => Self::Malformed("the type refuses what they say".to_owned()),
            other => Self::Malformed(other.to_string()),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot decode `{}`: ", self.of)?;
        match &self.fault {
            DecodeFault::Truncated => f.write_str("the bytes end inside of it"),
            DecodeFault::Trailing { bytes } => write!(f, "{bytes} bytes are left over after it"),
            DecodeFault::TooDeep { limit } => write!(f, "it nests deeper than {limit} levels"),
            DecodeFault::TooLarge { limit } => {
                write!(f, "it would take more than {limit} bytes of memory; give larger `Limits` if that is meant")
            }
            DecodeFault::Malformed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Lets postcard write at the end of a vector that stays ours.
struct Append<'a>(&'a mut Vec<u8>);

impl Flavor for Append<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::ser::Error as _;
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Tree {
        Leaf,
        Node(Box<Self>),
    }

    fn fault<T: DeserializeOwned>(bytes: &[u8]) -> DecodeFault {
        decode::<T>(bytes).map(drop).unwrap_err().fault
    }

    #[test]
    fn a_value_comes_back_as_it_was() {
        type Value = (BTreeMap<String, Vec<Option<i64>>>, char, f32, Tree, [u16; 3], ());
        let map = BTreeMap::from([("a".to_owned(), vec![Some(-1), None, Some(i64::MAX)]), (String::new(), vec![])]);
        let value: Value = (map, 'ß', 0.1, Tree::Node(Box::new(Tree::Leaf)), [1, 2, u16::MAX], ());
        assert_eq!(decode::<Value>(&encode(&value).unwrap()).unwrap(), value);
    }

    #[test]
    fn bytes_may_be_borrowed() {
        let bytes = encode(&("name", [1_u8, 2, 3].as_slice())).unwrap();
        let (name, rest): (&str, &[u8]) = decode_within(&bytes, Limits::of(bytes.len())).unwrap();
        assert_eq!((name, rest), ("name", [1, 2, 3].as_slice()));
    }

    #[test]
    fn trailing_bytes_are_an_error() {
        let mut bytes = encode(&7_u32).unwrap();
        bytes.extend([0, 0]);
        assert_eq!(fault::<u32>(&bytes), DecodeFault::Trailing { bytes: 2 });
    }

    #[test]
    fn a_length_prefix_of_four_gibibytes_costs_nothing() {
        let claims_4_gib = [0x80, 0x80, 0x80, 0x80, 0x10];
        assert_eq!(fault::<Vec<u64>>(&claims_4_gib), DecodeFault::Truncated);
        assert_eq!(fault::<String>(&claims_4_gib), DecodeFault::Truncated);
        // Units take no input: only the budget ends this loop.
        assert_eq!(fault::<Vec<()>>(&claims_4_gib), DecodeFault::TooLarge { limit: MEMORY_FLOOR });
    }

    #[test]
    fn small_input_does_not_become_a_large_value() {
        let mut bytes = encode(&1_000_000_u32).unwrap();
        bytes.resize(1_000_000 + bytes.len(), 0);
        let limit = Limits::of(bytes.len()).memory;
        assert_eq!(fault::<Vec<Option<[u64; 32]>>>(&bytes), DecodeFault::TooLarge { limit });
        assert_eq!(decode::<Vec<Option<String>>>(&bytes).unwrap().len(), 1_000_000);
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_stack_overflow() {
        assert_eq!(fault::<Tree>(&vec![1; 100_000]), DecodeFault::TooDeep { limit: DEPTH_MAX });
        let levels = DEPTH_MAX as usize / 2;
        let mut fine = vec![1; levels - 1];
        fine.push(0);
        assert!(decode::<Tree>(&fine).is_ok());
    }

    #[test]
    fn a_value_that_cannot_be_encoded_leaves_the_output_as_it_was() {
        struct Refuses;
        impl Serialize for Refuses {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(S::Error::custom("no"))
            }
        }
        let mut out = vec![9];
        let error = encode_into(&mut out, &(1_u8, Refuses)).unwrap_err();
        assert_eq!((out, error.of.as_str()), (vec![9], "(u8, Refuses)"));
    }
}
