//! Frames: how a stream of bytes is cut into messages. Knows nothing of what is in them.
//!
//! A frame is its length as four little-endian bytes, then that many bytes.

use std::fmt;

/// Bytes before the body of a frame: its length.
pub const FRAME_HEADER: usize = 4;
/// The longest body. Longer values are for the sender to cut.
pub const FRAME_MAX: usize = 4 << 20;

/// Writes a frame at the end of `out`; `body` appends the frame's bytes. `out` is as before if that fails.
///
/// # Errors
/// What `body` says, or [`FrameError`] when it wrote more than [`FRAME_MAX`] bytes.
pub fn put_frame<E: From<FrameError>>(
    out: &mut Vec<u8>,
    body: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let start = out.len();
    out.extend([0; FRAME_HEADER]);
    let written = body(out).and_then(|()| {
        let length = out.len() - start - FRAME_HEADER;
        if length > FRAME_MAX { Err(FrameError { length }.into()) } else { Ok(length) }
    });
    match written {
        Ok(length) => {
            // No loss: FRAME_MAX fits in 32 bits.
            out[start..start + FRAME_HEADER].copy_from_slice(&(length as u32).to_le_bytes());
            Ok(())
        }
        Err(error) => {
            out.truncate(start);
            Err(error)
        }
    }
}

/// Cuts bytes into frames, however they arrive.
///
/// It holds at most one incomplete frame and what was pushed last, and it believes a length only as bytes arrive.
///
/// ```
/// use rendez_wire::{FrameError, FrameReader, put_frame};
/// let mut bytes = vec![];
/// put_frame::<FrameError>(&mut bytes, |out| Ok(out.extend(b"hello"))).unwrap();
/// let mut reader = FrameReader::new();
/// reader.push(&bytes[..3]);
/// assert_eq!(reader.next_frame(), Ok(None));
/// reader.push(&bytes[3..]);
/// assert_eq!(reader.next_frame(), Ok(Some(b"hello".as_slice())));
/// ```
#[derive(Debug, Default)]
pub struct FrameReader {
    buffer: Vec<u8>,
    /// Everything before this was given out.
    start: usize,
}

impl FrameReader {
    /// A reader at the start of a stream.
    #[must_use]
    pub const fn new() -> Self {
        Self { buffer: Vec::new(), start: 0 }
    }

    /// Adds what has arrived. Take out all frames before pushing again, so that little is kept.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The body of the next frame, or `None` until more has arrived.
    ///
    /// # Errors
    /// The next frame claims more than [`FRAME_MAX`] bytes: the stream cannot be read any further.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, FrameError> {
        let pending = &self.buffer[self.start..];
        let Some((header, rest)) = pending.split_first_chunk::<FRAME_HEADER>() else { return Ok(None) };
        let length = u32::from_le_bytes(*header) as usize;
        if length > FRAME_MAX {
            return Err(FrameError { length });
        }
        if rest.len() < length {
            return Ok(None);
        }
        let body = self.start + FRAME_HEADER;
        self.start = body + length;
        Ok(Some(&self.buffer[body..self.start]))
    }

    /// Whether a frame has begun and not ended: at the end of a stream this means that it was cut off.
    #[must_use]
    pub fn is_inside_frame(&self) -> bool {
        self.start < self.buffer.len()
    }
}

/// A frame is longer than [`FRAME_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameError {
    /// The bytes it has, or claims to have.
    pub length: usize,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a frame of {} bytes is longer than the limit of {FRAME_MAX}; send it in parts", self.length)
    }
}

impl std::error::Error for FrameError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bodies: &[&[u8]]) -> Vec<u8> {
        let mut out = vec![];
        for body in bodies {
            put_frame::<FrameError>(&mut out, |out| {
                out.extend_from_slice(body);
                Ok(())
            })
            .unwrap();
        }
        out
    }

    #[test]
    fn frames_come_out_whole_however_the_bytes_are_split() {
        let bodies: [&[u8]; 4] = [b"one", b"", b"a longer third", b"4"];
        let bytes = frames(&bodies);
        for split in 1..=bytes.len() {
            let (mut reader, mut seen) = (FrameReader::new(), vec![]);
            for part in bytes.chunks(split) {
                reader.push(part);
                while let Some(body) = reader.next_frame().unwrap() {
                    seen.push(body.to_vec());
                }
            }
            assert_eq!(seen, bodies, "split at {split}");
            assert!(!reader.is_inside_frame());
        }
    }

    #[test]
    fn an_oversized_claim_is_refused_before_its_body_arrives() {
        let mut reader = FrameReader::new();
        reader.push(&u32::MAX.to_le_bytes());
        assert_eq!(reader.next_frame(), Err(FrameError { length: u32::MAX as usize }));
        assert!(reader.buffer.capacity() < 64);
    }

    #[test]
    fn a_body_over_the_limit_leaves_the_output_as_it_was() {
        let mut out = vec![1];
        let error = put_frame::<FrameError>(&mut out, |out| {
            out.resize(out.len() + FRAME_MAX + 1, 0);
            Ok(())
        });
        assert_eq!((error, out), (Err(FrameError { length: FRAME_MAX + 1 }), vec![1]));
    }

    #[test]
    fn a_cut_frame_shows() {
        let mut reader = FrameReader::new();
        reader.push(&frames(&[b"cut off"])[..6]);
        assert_eq!(reader.next_frame(), Ok(None));
        assert!(reader.is_inside_frame());
    }
}
