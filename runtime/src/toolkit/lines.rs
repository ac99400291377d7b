//! Between bytes and lines: what comes over a socket in pieces of any size, as text. It reads and writes nothing itself.

use crate::{Failure, Outcome, process};
use rendez_channels::{Receiver, Sender};

/// How many bytes a line may have that comes out of [`lines`].
pub const LINE_MAX: usize = 64 * 1024;

/// Sends the lines of a text that comes as bytes, in pieces of any size, without their ends (`\n` or `\r\n`).
///
/// What follows the last newline is a line too, unless it is empty. A line of more than [`LINE_MAX`] bytes, or one that is not
/// UTF-8, is a failure that says which line it was; so memory is bounded by that and one piece.
///
/// Law: `unlines` then `lines` is `identity`, for lines that have no newline inside and no `\r` at their end.
///
/// ```
/// use rendez_channels::channel;
/// use rendez_runtime::toolkit::{collect, lines, source};
/// use rendez_runtime::{par, run};
///
/// let text = run(async {
///     let ((a_tx, a_rx), (b_tx, b_rx)) = (channel(), channel());
///     let pieces = ["on", "e\ntw", "o\r\n", "three"].map(|piece| piece.as_bytes().to_vec());
///     par![source(pieces, a_tx), lines(a_rx, b_tx), collect(b_rx)].values().await
/// });
/// assert_eq!(text.unwrap().2, ["one", "two", "three"]);
/// ```
#[process]
pub async fn lines(input: Receiver<Vec<u8>>, output: Sender<String>) -> Outcome {
    let mut splitter = Splitter::default();
    while let Some(piece) = input.next().await? {
        let mut piece = piece.as_slice();
        while let Some(line) = splitter.take_from(&mut piece)? {
            output.send(line).await?;
        }
    }
    if let Some(line) = splitter.rest()? {
        output.send(line).await?;
    }
    Ok(())
}

/// Sends each line as bytes, with a newline at its end.
///
/// Law: `unlines` then `lines` is `identity`, for lines that have no newline inside and no `\r` at their end.
#[process]
pub async fn unlines(input: Receiver<String>, output: Sender<Vec<u8>>) -> Outcome {
    while let Some(mut line) = input.next().await? {
        line.push('\n');
        output.send(line.into_bytes()).await?;
    }
    Ok(())
}

/// The line that has begun, and how many came before it.
#[derive(Default)]
pub(super) struct Splitter {
    begun: Vec<u8>,
    number: u64,
}

impl Splitter {
    /// The next line that ends in this piece; what it has no use for stays in the piece.
    pub(super) fn take_from(&mut self, piece: &mut &[u8]) -> Outcome<Option<String>> {
        let end = piece.iter().position(|byte| *byte == b'\n');
        let (part, rest) = piece.split_at(end.unwrap_or(piece.len()));
        if self.begun.len() + part.len() > LINE_MAX {
            let number = self.number + 1;
            return Err(Failure::new(format_args!(
                "line {number} has more than {LINE_MAX} bytes: no text, or of no lines"
            )));
        }
        self.begun.extend_from_slice(part);
        *piece = rest.get(1..).unwrap_or_default();
        if end.is_some() { self.finish().map(Some) } else { Ok(None) }
    }

    /// What follows the last newline.
    pub(super) fn rest(mut self) -> Outcome<Option<String>> {
        if self.begun.is_empty() { Ok(None) } else { self.finish().map(Some) }
    }

    fn finish(&mut self) -> Outcome<String> {
        self.number += 1;
        let mut line = std::mem::take(&mut self.begun);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        String::from_utf8(line).map_err(|e| Failure::new(format_args!("line {} is no UTF-8: {e}", self.number)))
    }
}
