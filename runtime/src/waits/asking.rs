//! Who waits for an answer: the note of it in the asker's cell, for as long as its waker is kept. Not the call.

use crate::cell::Cell;
use rendez_channels::clock;
use rendez_model::ProcessId;
use std::sync::Arc;
use std::task::Waker;

/// A waker that is kept where an answer will be, and the note that says so.
pub(crate) struct Asking {
    waker: Option<Waker>,
    /// Who asks, and its note's number.
    asker: Option<(Arc<Cell>, Asker)>,
}

/// One answer that a process waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    /// The actor that will answer.
    pub(crate) of: ProcessId,
    /// Whose waker is kept.
    pub(crate) waker: u64,
    /// Since when, by the coarse clock.
    pub(crate) since_ms: u64,
}

impl Asking {
    /// The acting process waits for an answer of `of`.
    pub(crate) fn new(of: ProcessId, waker: Waker) -> Self {
        let note = Asker { of, waker: rendez_channels::waker_id(&waker), since_ms: clock::coarse_ms() };
        let asker = Cell::current().map(|cell| (cell, note));
        if let Some((cell, note)) = &asker {
            cell.control().asks().push(*note);
        }
        Self { waker: Some(waker), asker }
    }

    pub(crate) fn wake(mut self) {
        let waker = self.waker.take();
        drop(self);
        waker.into_iter().for_each(Waker::wake);
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if let Some((cell, note)) = &self.asker {
            let mut asks = cell.control().asks();
            if let Some(at) = asks.iter().position(|known| known == note) {
                asks.swap_remove(at);
            }
        }
    }
}
