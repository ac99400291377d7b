//! The seat of a carrier: what others see of it. Who sits there is in `carrier`.

use super::queues::{Queues, Stealers};
use rendez_model::ProcessId;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// On cache lines of its own.
#[repr(align(128))]
pub(super) struct Line<T>(pub(super) T);

/// One seat.
pub(super) struct Seat {
    own: Line<Own>,
    asleep: AtomicBool,
    /// The watch has seen it in the same turn, or waiting for its worker, for too long: what waits here is for the others.
    stuck: AtomicBool,
    waiting: Stealers,
    away: Mutex<Away>,
}

/// Written by who sits there, at every turn.
struct Own {
    turns: AtomicU64,
    /// What runs; 0 between turns.
    process: AtomicU64,
}

/// What is needed while nobody runs here.
struct Away {
    /// What waits here, while nobody sits here.
    queues: Option<Queues>,
    waker: Option<Waker>,
}

impl Seat {
    pub(super) fn new() -> Self {
        let queues = Queues::new();
        Self {
            own: Line(Own { turns: AtomicU64::new(0), process: AtomicU64::new(0) }),
            asleep: AtomicBool::new(false),
            stuck: AtomicBool::new(false),
            waiting: queues.stealers(),
            away: Mutex::new(Away { queues: Some(queues), waker: None }),
        }
    }

    /// Takes the seat; none when somebody sits there.
    pub(super) fn sit(&self) -> Option<Queues> {
        self.away().queues.take()
    }

    /// Leaves the seat.
    pub(super) fn stand_up(&self, queues: Queues) {
        self.away().queues = Some(queues);
    }

    pub(super) fn is_taken(&self) -> bool {
        self.away().queues.is_none()
    }

    /// A turn begins: of this process.
    #[inline]
    pub(super) fn begin_turn(&self, process: ProcessId) {
        // Relaxed, like the next two: the watch looks whether they change.
        self.own.0.turns.store(self.own.0.turns.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        self.own.0.process.store(process.0, Ordering::Relaxed);
    }

    /// Nothing runs here until the next turn.
    pub(super) fn rest(&self) {
        self.own.0.process.store(0, Ordering::Relaxed);
        self.set_stuck(false);
    }

    pub(super) fn turns(&self) -> u64 {
        self.own.0.turns.load(Ordering::Relaxed)
    }

    /// What runs here, if anything.
    pub(super) fn process(&self) -> Option<ProcessId> {
        let id = self.own.0.process.load(Ordering::Relaxed);
        (id != 0).then_some(ProcessId(id))
    }

    pub(super) fn is_stuck(&self) -> bool {
        // Relaxed, like the next: who reads it late takes a longer way.
        self.stuck.load(Ordering::Relaxed)
    }

    pub(super) fn set_stuck(&self, stuck: bool) {
        if self.is_stuck() != stuck {
            self.stuck.store(stuck, Ordering::Relaxed);
        }
    }

    pub(super) fn has_work(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// What waits here, for others to take.
    pub(super) const fn waiting(&self) -> &Stealers {
        &self.waiting
    }

    pub(super) fn is_asleep(&self) -> bool {
        // Relaxed: whoever acts on it changes it, or looks again.
        self.asleep.load(Ordering::Relaxed)
    }

    /// Whether it changed.
    pub(super) fn set_asleep(&self, asleep: bool) -> bool {
        // SeqCst: see `Carriers::rouse` and `fall_asleep`.
        self.asleep.swap(asleep, Ordering::SeqCst) != asleep
    }

    /// What wakes the carrier.
    pub(super) fn set_waker(&self, waker: &Waker) {
        if !self.away().waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            let waker = waker.clone();
            let old = self.away().waker.replace(waker);
            drop(old);
        }
    }

    pub(super) fn wake(&self) {
        let waker = self.away().waker.clone();
        waker.into_iter().for_each(Waker::wake);
    }

    fn away(&self) -> MutexGuard<'_, Away> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
