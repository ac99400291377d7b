//! What the processes of the demo tell each other. Data only; all of it crosses the network.

use crate::job::{Counts, FileId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// A text to be counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Which file it is.
    pub file: FileId,
    /// Its bytes.
    pub bytes: Bytes,
}

/// Some texts, enough to be worth a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Counts from 0 in the order of making.
    pub number: u64,
    /// The texts.
    pub texts: Vec<Text>,
}

/// A finished job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The job.
    pub job: u64,
    /// How many bytes of text it had.
    pub bytes: u64,
    /// The counts of each of its texts.
    pub counts: Vec<(FileId, Counts)>,
}

/// Bytes that the encoding copies as a whole, not one by one.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(AsWhole).map(Self)
    }
}

struct AsWhole;

impl de::Visitor<'_> for AsWhole {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }
}
