//! What nodes say to each other: the frames of the control stream and of a channel's stream. See docs/WIRE.md.

use rendez_channels::trace::Trace;
use rendez_wire::{DecodeError, EncodeError, FrameError, Limits, decode_within, encode_into, put_frame};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest name, in bytes, of a node, a channel or an actor.
pub(crate) const NAME_MAX: usize = 256;
/// The longest text, in bytes, of an error, a type or an interface.
pub(crate) const TEXT_MAX: usize = 4096;
/// How many published names an answer lists.
pub(crate) const PUBLISHED_MAX: usize = 16;
/// First byte of a frame that carries a value: above every index of [`ChannelFrame`].
const ITEM: u8 = 0x7f;

/// A frame of the one control stream of a connection.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum ControlFrame<'a> {
    /// First in each direction: who speaks, and which version.
    Hello { version: u32, name: &'a str },
    /// Asks for a published actor.
    Find { request: u64, name: &'a str, interface: &'a str, fingerprint: u64 },
    /// Answers `Find`: calls go to this number.
    Found { request: u64, actor: u32 },
    /// Answers `Find`: it is not to be had.
    Refuse { request: u64, refusal: Refusal },
    /// Calls a method of an actor that was found, on behalf of something or of nothing.
    Call {
        number: u64,
        actor: u32,
        method: u32,
        #[serde(borrow)]
        trace: Option<Mark<'a>>,
        args: Raw<'a>,
    },
    /// Answers `Call`: the encoded result.
    Answer { number: u64, result: Raw<'a> },
    /// Answers `Call`: there is no result.
    Failure { number: u64, outcome: Outcome, text: &'a str },
}

/// A frame of the stream of one channel.
#[derive(Debug, PartialEq)]
pub(crate) enum ChannelFrame<'a> {
    /// One encoded value.
    Item(&'a [u8]),
    /// Anything else.
    Other(ChannelControl<'a>),
}

/// All frames of a channel's stream but its values.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum ChannelControl<'a> {
    /// First, from the side that connects: which end it wants, and how many values may be under way to it.
    Open { name: &'a str, direction: Direction, label: &'a str, fingerprint: u64, window: u32 },
    /// First, from the home: it is connected, and this many values may be under way to the home.
    Accept { window: u32 },
    /// First, from the home: it is not.
    Refuse { refusal: Refusal },
    /// This many values have been taken by a receive: as many more may follow.
    Taken { count: u32 },
    /// No more values come, or none are wanted.
    Retire,
    /// The channel is poisoned.
    Poison { channel: &'a str, cause: &'a str, origin: &'a str },
    /// The values after this belong to this, up to the next such frame; those before the first one to nothing.
    Follow {
        #[serde(borrow)]
        trace: Option<Mark<'a>>,
    },
}

/// What values are sent for: a trace, by the node where it began and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark<'a> {
    pub(crate) node: &'a str,
    pub(crate) id: u64,
    pub(crate) name: &'a str,
}

impl<'a> Mark<'a> {
    /// Of a trace, as the node of this name tells it to others.
    pub(crate) fn of(trace: &'a Trace, here: &'a str) -> Self {
        Self { node: trace.node().unwrap_or(here), id: trace.id(), name: cut(trace.name()) }
    }

    /// The trace, as the node of this name has it.
    pub(crate) fn trace(&self, here: &str) -> Trace {
        Trace::arrived(Some(self.node).filter(|node| *node != here), self.id, self.name)
    }

    fn check(&self) -> Result<(), ProtocolError> {
        short(self.node, NAME_MAX)?;
        short(self.name, TEXT_MAX)
    }
}

/// A mark that is kept. It follows nothing: a trace that were kept would go on for as long.
#[derive(Debug)]
pub(crate) struct Told {
    node: String,
    id: u64,
    name: String,
}

impl Told {
    pub(crate) fn mark(&self) -> Mark<'_> {
        Mark { node: &self.node, id: self.id, name: &self.name }
    }
}

impl From<Mark<'_>> for Told {
    fn from(mark: Mark<'_>) -> Self {
        Self { node: mark.node.to_owned(), id: mark.id, name: mark.name.to_owned() }
    }
}

/// Which end of a channel the connecting side wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Direction {
    /// A sender: values go to the home.
    Send,
    /// A receiver: values come from the home.
    Receive,
}

/// Why something published is not to be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Refusal {
    /// Nothing has this name; what there is instead, at most [`PUBLISHED_MAX`], and how many more.
    Unknown { published: Vec<String>, more: u32 },
    /// It is published as something else.
    Kind { found: String },
    /// It is published with another type or interface.
    Type { found: String },
    /// The peer has as many as it may.
    Full { limit: u32 },
}

/// What became of a call that has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// It never reached the actor.
    NotSent,
    /// The actor, or its node, did not accept it.
    Refused,
    /// It began and failed.
    Failed,
    /// It may have happened.
    Unknown,
}

/// Bytes that are copied as a slice, where serde would go through them one by one.
#[derive(Debug, PartialEq)]
pub(crate) struct Raw<'a>(pub(crate) &'a [u8]);

impl Serialize for Raw<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&[u8]>::deserialize(deserializer).map(Self)
    }
}

/// Appends a frame.
///
/// # Errors
/// The frame is too long: a value or an argument is.
pub(crate) fn put<F: Serialize>(out: &mut Vec<u8>, frame: &F) -> Result<(), PutError> {
    put_frame(out, |out| Ok(encode_into(out, frame)?))
}

/// Appends a frame that carries a value.
///
/// # Errors
/// The value cannot be encoded, or is too long.
pub(crate) fn put_item<T: Serialize>(out: &mut Vec<u8>, value: &T) -> Result<(), PutError> {
    put_frame(out, |out| {
        out.push(ITEM);
        Ok(encode_into(out, value)?)
    })
}

/// Reads a frame of the control stream.
pub(crate) fn control_frame(body: &[u8]) -> Result<ControlFrame<'_>, ProtocolError> {
    let frame = decode_within(body, Limits::of(body.len()))?;
    match &frame {
        ControlFrame::Hello { name, .. } => short(name, NAME_MAX)?,
        ControlFrame::Find { name, interface, .. } => {
            short(name, NAME_MAX)?;
            short(interface, TEXT_MAX)?;
        }
        ControlFrame::Refuse { refusal, .. } => refusal.check()?,
        ControlFrame::Failure { text, .. } => short(text, TEXT_MAX)?,
        ControlFrame::Call { trace: Some(mark), .. } => mark.check()?,
        _ => {}
    }
    Ok(frame)
}

/// Reads a frame of a channel's stream.
pub(crate) fn channel_frame(body: &[u8]) -> Result<ChannelFrame<'_>, ProtocolError> {
    if let [ITEM, value @ ..] = body {
        return Ok(ChannelFrame::Item(value));
    }
    let frame = decode_within(body, Limits::of(body.len()))?;
    match &frame {
        ChannelControl::Open { name, label, .. } => {
            short(name, NAME_MAX)?;
            short(label, TEXT_MAX)?;
        }
        ChannelControl::Refuse { refusal } => refusal.check()?,
        ChannelControl::Poison { channel, cause, origin } => {
            short(channel, TEXT_MAX)?;
            short(cause, TEXT_MAX)?;
            short(origin, TEXT_MAX)?;
        }
        ChannelControl::Follow { trace: Some(mark) } => mark.check()?,
        _ => {}
    }
    Ok(ChannelFrame::Other(frame))
}

impl Refusal {
    fn check(&self) -> Result<(), ProtocolError> {
        match self {
            Self::Unknown { published, .. } if published.len() > PUBLISHED_MAX => {
                Err(ProtocolError::TooLong { what: "a list of names", limit: PUBLISHED_MAX })
            }
            Self::Unknown { published, .. } => published.iter().try_for_each(|name| short(name, NAME_MAX)),
            Self::Kind { found } | Self::Type { found } => short(found, TEXT_MAX),
            Self::Full { .. } => Ok(()),
        }
    }
}

fn short(text: &str, limit: usize) -> Result<(), ProtocolError> {
    if text.len() > limit { Err(ProtocolError::TooLong { what: "a name or a text", limit }) } else { Ok(()) }
}

/// `text`, cut to what a frame may carry.
pub(crate) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_MAX)]
}

/// Something that cannot be put into a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PutError {
    Encode(EncodeError),
    Long(FrameError),
}

impl From<EncodeError> for PutError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

impl From<FrameError> for PutError {
    fn from(error: FrameError) -> Self {
        Self::Long(error)
    }
}

impl fmt::Display for PutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encode(error) => error.fmt(f),
            Self::Long(error) => error.fmt(f),
        }
    }
}

/// Something that no node of this version says. The peer is at fault: another version, or hostile.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A frame is longer than the limit.
    Oversized {
        /// The bytes that it claims to have.
        length: usize,
    },
    /// A frame is no frame.
    Malformed {
        /// What its decoding said.
        why: String,
    },
    /// A part of a frame is longer than the limit.
    TooLong {
        /// The part.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A frame came where it does not belong.
    Unexpected {
        /// The frame, and when.
        what: &'static str,
    },
    /// A value came without credit for it.
    Overrun {
        /// How many values may be under way.
        window: u32,
    },
    /// The stream ended inside of a frame.
    CutOff,
    /// The first frame did not come in time.
    NoHello,
    /// The peer speaks another version.
    Version {
        /// The peer's version.
        theirs: u32,
        /// Our version.
        ours: u32,
    },
    /// A value is not of the channel's type.
    Value {
        /// What its decoding said.
        why: String,
    },
}

impl From<DecodeError> for ProtocolError {
    fn from(error: DecodeError) -> Self {
        Self::Malformed { why: error.to_string() }
    }
}

impl From<FrameError> for ProtocolError {
    fn from(error: FrameError) -> Self {
        Self::Oversized { length: error.length }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oversized { length } => {
                write!(f, "a frame of {length} bytes, over the limit of {}", rendez_wire::FRAME_MAX)
            }
            Self::Malformed { why } => write!(f, "a malformed frame: {why}"),
            Self::TooLong { what, limit } => write!(f, "{what} longer than {limit}"),
            Self::Unexpected { what } => write!(f, "unexpected {what}"),
            Self::Overrun { window } => write!(f, "more than {window} values under way"),
            Self::CutOff => f.write_str("a stream that ends inside of a frame"),
            Self::NoHello => f.write_str("no hello in time"),
            Self::Version { theirs, ours } => {
                write!(f, "protocol version {theirs} where this node speaks {ours}; build both from one version")
            }
            Self::Value { why } => write!(f, "a value of another type: {why}"),
        }
    }
}

impl std::error::Error for ProtocolError {}

#[cfg(test)]
mod tests {
    use super::*;
    use rendez_wire::encode;

    #[test]
    fn a_name_that_is_too_long_is_refused() {
        let long = "x".repeat(NAME_MAX + 1);
        let bytes = encode(&ControlFrame::Hello { version: 1, name: &long }).unwrap();
        assert_eq!(
            control_frame(&bytes).unwrap_err(),
            ProtocolError::TooLong { what: "a name or a text", limit: NAME_MAX }
        );
    }

    #[test]
    fn a_trace_with_a_name_that_is_too_long_is_refused_and_never_sent() {
        let (node, name) = ("x".repeat(NAME_MAX + 1), "y".repeat(TEXT_MAX + 1));
        for mark in [Mark { node: &node, id: 1, name: "" }, Mark { node: "", id: 1, name: &name }] {
            let bytes = encode(&ChannelControl::Follow { trace: Some(mark) }).unwrap();
            assert!(matches!(channel_frame(&bytes), Err(ProtocolError::TooLong { .. })));
            let call = ControlFrame::Call { number: 0, actor: 0, method: 0, trace: Some(mark), args: Raw(&[]) };
            assert!(matches!(control_frame(&encode(&call).unwrap()), Err(ProtocolError::TooLong { .. })));
        }
        assert_eq!(Mark::of(&Trace::new(&name), "here").name.len(), TEXT_MAX);
    }

    #[test]
    fn a_value_is_told_from_every_other_frame() {
        let mut out = vec![];
        put_item(&mut out, &5_u8).unwrap();
        assert_eq!(out, [2, 0, 0, 0, ITEM, 5]);
        assert_eq!(channel_frame(&out[4..]).unwrap(), ChannelFrame::Item(&[5]));
        let last = encode(&ChannelControl::Poison { channel: "", cause: "", origin: "" }).unwrap();
        assert!(last[0] < ITEM);
    }
}
