//! One stream as frames in both directions, with what is read and not yet handled, and what is not yet written.

use crate::error::Reason;
use crate::proto::{ChannelFrame, ProtocolError, PutError, channel_frame, put, put_item};
use crate::quic::{Reader, Writer};
use rendez_wire::FrameReader;
use serde::Serialize;

/// Bytes that wait to be written before no more values are taken in.
const OUT_MAX: usize = 256 << 10;

/// The stream of one channel.
pub(crate) struct Line {
    writer: Writer,
    reader: Reader,
    frames: FrameReader,
    out: Vec<u8>,
    /// Bytes of `out` that are written.
    done: usize,
    /// The peer has ended its direction.
    ended: bool,
}

/// What there is to do on a line, in the order that [`Line::turn`] looks.
pub(crate) enum Turn {
    /// Bytes have arrived: see [`Line::next_frame`].
    Arrived,
    /// The peer has ended its direction.
    Ended,
    /// Some bytes were written.
    Written,
}

impl Line {
    pub(crate) const fn new(writer: Writer, reader: Reader) -> Self {
        Self { writer, reader, frames: FrameReader::new(), out: Vec::new(), done: 0, ended: false }
    }

    /// Queues a frame.
    pub(crate) fn put<F: Serialize>(&mut self, frame: &F) {
        // Our own frames carry names and texts that were cut to their limits.
        put(&mut self.out, frame).expect("frames without values are short and always encode");
    }

    /// Queues a frame that carries a value.
    pub(crate) fn put_item<T: Serialize>(&mut self, value: &T) -> Result<(), PutError> {
        put_item(&mut self.out, value)
    }

    /// Whether another value may be queued.
    pub(crate) const fn has_room(&self) -> bool {
        self.out.len() - self.done < OUT_MAX
    }

    /// Reads or writes a little, whichever can be done first.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(crate) async fn turn(&mut self) -> Result<Turn, Reason> {
        let Self { writer, reader, frames, out, done, ended } = self;
        tokio::select! {
            biased;
            read = reader.read(frames), if !*ended => {
                *ended = !read?;
                Ok(if *ended { Turn::Ended } else { Turn::Arrived })
            }
            written = writer.write(&out[*done..]), if *done < out.len() => {
                *done += written?;
                if *done == out.len() {
                    out.clear();
                    *done = 0;
                }
                Ok(Turn::Written)
            }
            else => std::future::pending().await,
        }
    }

    /// The next frame that has arrived whole.
    pub(crate) fn next_frame(&mut self) -> Result<Option<ChannelFrame<'_>>, Reason> {
        let Some(body) = self.frames.next_frame().map_err(|error| Reason::Protocol(error.into()))? else {
            return Ok(None);
        };
        channel_frame(body).map(Some).map_err(Reason::Protocol)
    }

    /// Waits for the next frame, writing what is queued meanwhile.
    pub(crate) async fn frame<R>(&mut self, read: impl FnOnce(ChannelFrame<'_>) -> R) -> Result<R, Reason> {
        loop {
            if let Some(frame) = self.next_frame()? {
                return Ok(read(frame));
            }
            if matches!(self.turn().await?, Turn::Ended) {
                return Err(Reason::Protocol(ProtocolError::CutOff));
            }
        }
    }

    /// Writes what is queued and ends our direction.
    pub(crate) async fn finish(&mut self) -> Result<(), Reason> {
        self.writer.write_all(&self.out[self.done..]).await?;
        self.out.clear();
        self.done = 0;
        self.writer.finish();
        Ok(())
    }

    /// Waits until the peer has ended its direction too; what it still says is dropped.
    pub(crate) async fn linger(&mut self) {
        let mut ignored = FrameReader::new();
        while !self.ended
            && let Ok(true) = self.reader.read(&mut ignored).await
        {
            ignored = FrameReader::new();
        }
    }
}
