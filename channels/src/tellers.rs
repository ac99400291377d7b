//! Tellers: the handles by which something is brought about, and who is known to hold them. Not what comes about.

use crate::party;
use crate::register::Holder;
use rendez_model::{Ends, ProcessId};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All handles of one thing.
#[derive(Default)]
pub(crate) struct Tellers {
    /// How many there are. Relaxed: a handle is counted before it exists, and who looks at a network has seen by its word that the
    /// process which made it rests, or else takes that one for a helper.
    count: AtomicU32,
    /// The holders of those whose holder is known; fewer than `count` otherwise.
    known: Mutex<Vec<Holder>>,
}

/// One of them; a clone is another one, of which nobody knows who holds it.
pub(crate) struct Handle {
    tellers: Arc<Tellers>,
    /// The process known to hold it; 0 is nobody. Relaxed throughout: it is written under the lock only, and is a hint.
    holder: AtomicU64,
}

impl Tellers {
    /// Adds who could bring it about.
    pub(crate) fn describe(&self, ends: &mut Ends) {
        let known = self.lock();
        ends.count += self.count.load(Ordering::Relaxed);
        ends.holders.extend(known.iter().map(|holder| holder.process()));
        ends.kept += known.iter().map(|holder| u32::from(holder.is_kept())).sum::<u32>();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Holder>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn forget(known: &mut Vec<Holder>, holder: Holder) {
    if let Some(at) = known.iter().position(|known| *known == holder) {
        known.swap_remove(at);
    }
}

impl Handle {
    pub(crate) fn new(tellers: &Arc<Tellers>) -> Self {
        tellers.count.fetch_add(1, Ordering::Relaxed);
        Self { tellers: Arc::clone(tellers), holder: AtomicU64::new(0) }
    }

    /// This process holds it; it may give it away.
    pub(crate) fn declare(&self, process: ProcessId) {
        if Holder(self.holder.load(Ordering::Relaxed)).process() != process {
            self.pass_to(Holder::of(process, false));
        }
    }

    /// This process holds it and cannot give it away.
    pub(crate) fn keep(&self, process: ProcessId) {
        self.pass_to(Holder::of(process, true));
    }

    /// The acting process has it in hand.
    pub(crate) fn note_holder(&self) {
        let acting = party::current_id();
        if acting != ProcessId(0) {
            self.declare(acting);
        }
    }

    fn pass_to(&self, holder: Holder) {
        let mut known = self.tellers.lock();
        forget(&mut known, Holder(self.holder.swap(holder.0, Ordering::Relaxed)));
        if !holder.is_nobody() {
            known.push(holder);
        }
    }
}

impl Clone for Handle {
    fn clone(&self) -> Self {
        Self::new(&self.tellers)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let holder = Holder(*self.holder.get_mut());
        let mut known = (!holder.is_nobody()).then(|| self.tellers.lock());
        if let Some(known) = &mut known {
            forget(known, holder);
        }
        // Still under the lock, where it was in the list: who looks never sees more holders than handles.
        self.tellers.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a runtime says of a type with the field `handle`.
macro_rules! told_by_handle {
    ($type:ident) => {
        impl $type {
            /// Says which process holds this handle; a runtime does so at spawn. 0 is nobody.
            pub fn declare(&self, holder: rendez_model::ProcessId) {
                self.handle.declare(holder);
            }

            /// As [`Sender::keep`](crate::Sender::keep).
            #[doc(hidden)]
            pub fn keep(&self, holder: rendez_model::ProcessId) {
                self.handle.keep(holder);
            }
        }
    };
}

pub(crate) use told_by_handle;

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn ends(tellers: &Tellers) -> Ends {
        let mut ends = Ends::default();
        tellers.describe(&mut ends);
        ends
    }

    #[test]
    fn a_handle_is_known_by_its_holder_and_a_clone_by_nobody() {
        let tellers = Arc::default();
        let (one, other) = (Handle::new(&tellers), Handle::new(&tellers));
        one.keep(ProcessId(1));
        assert!(!ends(&tellers).all_known());
        other.declare(ProcessId(2));
        assert!(ends(&tellers).all_known() && !ends(&tellers).all_kept());
        other.keep(ProcessId(2));
        assert!(ends(&tellers).all_kept());
        let third = one.clone();
        assert!(!ends(&tellers).all_known(), "nobody knows who has the clone");
        drop(third);
        one.declare(ProcessId(1));
        assert!(ends(&tellers).all_kept(), "who is noted again keeps it still");
        one.declare(ProcessId(3));
        assert!(ends(&tellers).all_known() && !ends(&tellers).all_kept(), "it has left");
        drop(one);
        assert_eq!(ends(&tellers), Ends::kept_by([ProcessId(2)]));
    }
}
