//! Signals: the control lane of an actor. What is raised is seen before any message; no messages here.

use super::{Exit, Monitor};
use crate::cell::Cell;
use crate::shared::Shared;
use rendez_model::ProcessId;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// End in order after the message under way.
pub(crate) const STOP: u8 = 1;
/// A process that it watches has ended.
pub(crate) const EXIT: u8 = 2;
/// There may be an urgent message.
pub(crate) const URGENT: u8 = 4;
/// The earliest timer may be another one.
pub(crate) const TIMER: u8 = 8;
/// What is stashed is to be handled.
pub(crate) const UNSTASH: u8 = 16;

pub(crate) struct Signals {
    raised: AtomicU8,
    /// The process of the present incarnation. Relaxed: who reads it between two incarnations gets either.
    process: AtomicU64,
    inner: Shared<Inner>,
}

struct Inner {
    /// The process of the present incarnation; none while the first is being made.
    cell: Option<Arc<Cell>>,
    /// Of its own place: few watch others.
    watch: Option<Box<Watch>>,
}

/// What an actor watches, and has heard of.
#[derive(Default)]
struct Watch {
    /// As many as there are monitors and links at most.
    exits: VecDeque<Exit>,
    /// The monitors that have not fired, by number.
    watching: BTreeMap<u64, Monitor>,
}

impl Signals {
    pub(crate) const fn new() -> Self {
        let inner = Inner { cell: None, watch: None };
        Self { raised: AtomicU8::new(0), process: AtomicU64::new(0), inner: Shared::new(inner) }
    }

    /// The same for all who ask between two incarnations.
    pub(crate) fn cell(&self) -> Arc<Cell> {
        self.inner.lock_unseen().cell.clone().expect("an actor has a process from its making on")
    }

    /// The id of its process.
    #[inline]
    pub(crate) fn process_id(&self) -> ProcessId {
        ProcessId(self.process.load(Ordering::Relaxed))
    }

    /// Another incarnation runs in another process, and has its own monitors. A stop that was for the one before is over.
    pub(crate) fn begin(&self, cell: Arc<Cell>) {
        self.process.store(cell.id().0, Ordering::Relaxed);
        let before = self.inner.lock().cell.replace(cell);
        drop(before);
        self.forget_all();
        self.clear(STOP);
    }

    /// Ends all monitors, and forgets what has not been heard yet.
    pub(crate) fn forget_all(&self) {
        let watch = self.inner.lock().watch.take();
        watch.iter().flat_map(|watch| watch.watching.values()).for_each(|monitor| {
            monitor.give_up();
        });
        self.clear(EXIT);
    }

    pub(crate) fn raise(&self, signal: u8) {
        self.inner.touched();
        // Release: pairs with the Acquire in `raised`. A driver that looked before this is polled again by the wake.
        self.raised.fetch_or(signal, Ordering::Release);
        self.cell().wake();
    }

    #[inline]
    pub(crate) fn raised(&self) -> u8 {
        self.inner.touched();
        // Acquire: pairs with the Release in `raise`.
        self.raised.load(Ordering::Acquire)
    }

    /// Whether `signal` was raised; it no longer is.
    pub(crate) fn take(&self, signal: u8) -> bool {
        self.raised() & signal != 0 && self.clear(signal) & signal != 0
    }

    fn clear(&self, signal: u8) -> u8 {
        // AcqRel: as in `raise` and `raised`.
        self.raised.fetch_and(!signal, Ordering::AcqRel)
    }

    /// Keeps a monitor until it fires; one that has fired already is not kept.
    pub(crate) fn watch(&self, monitor: &Monitor) {
        let mut inner = self.inner.lock();
        if !monitor.is_over() {
            inner.watch.get_or_insert_default().watching.insert(monitor.number(), monitor.clone());
        }
    }

    pub(crate) fn watch_no_more(&self, number: u64) -> Option<Monitor> {
        self.inner.lock().watch.as_mut()?.watching.remove(&number)
    }

    pub(crate) fn is_watching(&self) -> bool {
        let inner = self.inner.lock();
        inner.watch.as_ref().is_some_and(|watch| !watch.watching.is_empty() || !watch.exits.is_empty())
    }

    /// A watched process has ended. News for an incarnation that is over are nobody's.
    pub(crate) fn push_exit(&self, watcher: &Arc<Cell>, exit: Exit, number: u64) {
        let kept = {
            let mut inner = self.inner.lock();
            if !inner.cell.as_ref().is_some_and(|cell| Arc::ptr_eq(cell, watcher)) {
                return;
            }
            let watch = inner.watch.get_or_insert_default();
            watch.exits.push_back(exit);
            watch.watching.remove(&number)
        };
        drop(kept);
        self.raise(EXIT);
    }

    pub(crate) fn pop_exit(&self) -> Option<Exit> {
        if self.raised() & EXIT == 0 {
            return None;
        }
        let mut inner = self.inner.lock();
        let exit = inner.watch.as_mut().and_then(|watch| watch.exits.pop_front());
        if exit.is_none() {
            self.clear(EXIT);
        }
        exit
    }
}
