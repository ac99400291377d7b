//! Who waits for an answer: the note of it in the asker's cell, for as long as its waker is kept. Not the call.
//!
//! Mostly a process waits for one answer. That note is a few words in its cell, which the process alone changes while it is polled,
//! with the number of that poll: the note counts as long as the process has not been polled again. So the waker that it stands
//! for is there while it counts: who answers uses it up, and by that has the process polled. Further answers that are waited for
//! at once, and those that something else is woken for in the process, stand in a list under a lock.

use crate::World;
use crate::cell::Cell;
use rendez_channels::{clock, waker_id};
use rendez_model::ProcessId;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;

/// A waker that is kept where an answer will be, and what is noted of that.
pub(crate) struct Asking {
    waker: Waker,
    note: Note,
}

/// Where it is noted who asks.
enum Note {
    /// Nowhere, or in the cell by the asker.
    Elsewhere,
    /// In the list of this process.
    Listed(Arc<Cell>, Asker),
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

/// The one answer that a process waits for, mostly. Changed by who polls the process, while it does.
#[derive(Default)]
pub(crate) struct Sole {
    /// The actor; 0 is none.
    of: AtomicU64,
    /// In which poll it was noted. Relaxed, as the next: read by snapshots, which look whether the process rests.
    polls: AtomicU64,
    since_ms: AtomicU64,
}

impl Sole {
    #[inline]
    fn set(&self, of: ProcessId, polls: u64) {
        self.polls.store(polls, Ordering::Relaxed);
        self.since_ms.store(clock::coarse_ms(), Ordering::Relaxed);
        // Release: pairs with the Acquire of `get`: who sees the note sees that the process was polled for it.
        self.of.store(of.0, Ordering::Release);
    }

    #[inline]
    fn clear(&self) {
        self.of.store(0, Ordering::Release);
    }

    #[inline]
    fn is_free(&self) -> bool {
        self.of.load(Ordering::Relaxed) == 0
    }

    /// The note, if the process has been polled so often and was not again.
    pub(crate) fn get(&self, polls: u64, waker: u64) -> Option<Asker> {
        let of = self.of.load(Ordering::Acquire);
        let counts = of != 0 && self.polls.load(Ordering::Relaxed) == polls;
        counts.then(|| Asker { of: ProcessId(of), waker, since_ms: self.since_ms.load(Ordering::Relaxed) })
    }
}

/// In whose cell an answer is noted as the sole one; nobody's, if it is not.
#[derive(Default)]
pub(crate) struct Noted(Option<ProcessId>);

impl Noted {
    #[inline]
    pub(crate) const fn is_any(&self) -> bool {
        self.0.is_some()
    }

    /// The acting process waits for an answer of `of`, with this waker. False: it is to be [listed](Asking::listed).
    #[inline]
    pub(crate) fn note(&mut self, of: ProcessId, waker: &Waker) -> bool {
        let noted = Cell::with_current(|cell| {
            let cell = cell.filter(|cell| cell.waker_id() == waker_id(waker))?;
            let sole = cell.control().sole();
            if self.0 != Some(cell.id()) && (self.is_any() || !sole.is_free()) {
                return None;
            }
            sole.set(of, cell.polls());
            Some(cell.id())
        });
        if noted.is_none() {
            self.forget();
        } else {
            self.0 = noted;
        }
        noted.is_some()
    }

    /// It waits no more.
    #[inline]
    pub(crate) fn forget(&mut self) {
        let Some(asker) = self.0.take() else { return };
        Cell::with_current(|cell| match cell {
            Some(cell) if cell.id() == asker => cell.control().sole().clear(),
            _ => forget_of(asker),
        });
    }
}

/// The wait was handed to another, or dropped by another.
#[cold]
fn forget_of(asker: ProcessId) {
    if let Some(cell) = World::here().find(asker) {
        cell.control().sole().clear();
    }
}

impl Asking {
    /// What is kept of a wait that is noted as the sole one of its process.
    #[inline]
    pub(crate) const fn noted(waker: Waker) -> Self {
        Self { waker, note: Note::Elsewhere }
    }

    /// The acting process waits for an answer of `of`, among others.
    #[cold]
    pub(crate) fn listed(of: ProcessId, waker: Waker) -> Self {
        let asker = Asker { of, waker: waker_id(&waker), since_ms: clock::coarse_ms() };
        let note = Cell::current().map_or(Note::Elsewhere, |cell| {
            cell.control().asks().push(asker);
            Note::Listed(cell, asker)
        });
        Self { waker, note }
    }

    /// Whether this waker is kept, for a wait that is noted as the sole one.
    pub(crate) fn is_noted_for(&self, waker: &Waker) -> bool {
        matches!(self.note, Note::Elsewhere) && self.waker.will_wake(waker)
    }

    #[inline]
    pub(crate) fn wake(self) {
        let Self { waker, note } = self;
        drop(note);
        waker.wake();
    }
}

impl Drop for Note {
    #[inline]
    fn drop(&mut self) {
        if let Self::Listed(cell, note) = self {
            let mut asks = cell.control().asks();
            if let Some(at) = asks.iter().position(|known| known == note) {
                asks.swap_remove(at);
            }
        }
    }
}
