//! How a process ends: its body, then its children, then itself, and who waits for that. Not what it ends with.

use super::{Cell, Head};
use crate::inner::{Brief, Conclusion, Inner, Report};
use crate::names::Holder;
use crate::slots::Slots;
use crate::watchers::Watchers;
use rendez_channels::lock::Held;
use rendez_channels::steps::{self, Touched};
use rendez_model::End;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Poll, Waker};

impl Head {
    /// The body has ended; who waits for its failure learns of it. If it is alone, what it concludes from.
    pub(crate) fn body_ended(&self, failed: bool) -> Option<Conclusion> {
        let (watchers, concluded) = {
            let mut inner = self.lock();
            inner.brief_mut().has_failed = failed;
            inner.brief_mut().awaits_children = true;
            let watchers = if failed { std::mem::take(&mut inner.watchers) } else { Watchers::default() };
            (watchers, is_alone(&inner).then(|| inner.conclude()))
        };
        watchers.wake();
        concluded
    }

    /// The same, when all children have ended, or are not to be waited for; it is woken when that changes, once its body has ended.
    pub(crate) fn concluded(&self) -> Option<Conclusion> {
        let mut inner = self.lock();
        is_alone(&inner).then(|| inner.conclude())
    }

    /// The same, whoever lives.
    pub(crate) fn conclude(&self) -> Conclusion {
        self.lock().conclude()
    }

    /// How it has ended, if it has.
    pub(crate) fn end(&self) -> Option<End> {
        end_of(&self.lock_unseen())
    }

    /// How it ended; until then the waker is kept.
    pub(crate) fn ended(&self, waker: &Waker) -> Option<End> {
        // Mostly it has, and neither a lock nor a waker is needed.
        if self.ended_well() {
            return Some(End::Normal);
        }
        if let Some(end) = end_of(&self.lock()) {
            return Some(end);
        }
        let waker = waker.clone();
        let mut inner = self.lock();
        let end = end_of(&inner);
        let surplus = if end.is_none() { inner.watchers.add(waker) } else { Some(waker) };
        drop(inner);
        drop(surplus);
        end
    }

    /// Waits for its end, whichever it is.
    pub(crate) fn until_ended(&self) -> impl Future<Output = End> {
        poll_fn(|cx| self.ended(cx.waker()).map_or(Poll::Pending, Poll::Ready))
    }

    /// Whether it has ended, or its body has in failure; until then the waker is kept.
    pub(crate) fn ended_or_failed(&self, waker: &Waker) -> bool {
        self.ended(waker).is_some() || self.lock().brief().has_failed
    }

    /// The waker is no longer to be called.
    pub(crate) fn forget_watcher(&self, waker: &Waker) {
        let dropped = self.lock().watchers.remove(waker);
        drop(dropped);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended_well() || self.lock().brief().has_ended
    }

    fn ended_well(&self) -> bool {
        steps::touches(|| Touched::Own(self.id.0));
        // Acquire: who finds that it has ended sees what it did.
        self.ended_well.load(Ordering::Acquire)
    }
}

impl Cell {
    /// The process has ended: leaves the tree and wakes who waited for that. Children that it leaves behind are the world's.
    pub(crate) fn finish(self: &Arc<Self>, end: End) {
        let (mut is_registered, mut orphans) = (false, Slots::default());
        let (watchers, parent, report, record) = {
            let mut inner = self.lock();
            inner.brief_mut().has_ended = true;
            if end == End::Normal {
                // Release: pairs with the Acquire in `ended_well`.
                self.ended_well.store(true, Ordering::Release);
            } else {
                inner.seldom().bad_end = Some(end);
            }
            if let Some(seldom) = &mut inner.seldom {
                is_registered = seldom.is_registered;
                orphans = std::mem::take(&mut seldom.children);
                seldom.desk = None;
                seldom.threads.clear();
            }
            let report = std::mem::replace(&mut inner.report, Report::Nobody);
            let record = self.record(&inner, inner.brief());
            (std::mem::take(&mut inner.watchers), inner.parent.leave(), report, record)
        };
        if is_registered {
            self.world().names().release(Holder::Process(self.id()));
        }
        for orphan in orphans.cells() {
            self.world().enter(orphan);
            if orphan.has_ended() {
                self.world().leave(orphan);
            }
        }
        self.world().remember(record);
        if let Report::Group(group, number) = report {
            group.note_end(number as usize);
        }
        if !parent.is_some_and(|parent| parent.forget_child(self)) {
            self.world().leave(self);
        }
        // Who waits for its end finds it gone.
        watchers.wake();
    }
}

/// How a process has ended, if it has.
fn end_of(inner: &Held<'_, Inner, Brief>) -> Option<End> {
    inner.brief().has_ended.then(|| inner.end())
}

/// Whether it waits for no children.
fn is_alone(inner: &Held<'_, Inner, Brief>) -> bool {
    !inner.has_children() || inner.brief().leaves_children
}
