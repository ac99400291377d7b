//! The word of a choice: free, claimed or committed. The protocol by which two choices agree, without any channel.
//!
//! A choice stands on the lists of all its guards' channels and may be chosen at any time. Whoever commits with it
//! does so through its word, under the lock of the channel they meet at; where both sides are choosing, both words are
//! claimed first, in the order of ids. Nobody spins: who meets a claimed word marks it and goes on, and who frees a
//! marked word has its owner look again.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::Waker;

const FREE: usize = 0;
const CLAIMED: usize = 1;
/// Claimed, and somebody met it meanwhile.
const CLAIMED_AGAIN: usize = 2;
/// Committed to guard `word - COMMITTED`.
const COMMITTED: usize = 3;

/// One choice that waits, shared by the lists it stands on. Public for the hidden half of guards only.
pub struct Choice {
    id: u64,
    word: AtomicUsize,
    /// Whether a guard of it waits for something outside of channels. Relaxed: read by snapshots only.
    open: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

/// What came of trying to commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreed {
    /// Both are committed to each other.
    Yes,
    /// The other cannot: it has committed, is being claimed, or is ourselves.
    NotThem,
    /// We cannot: somebody has committed with us, or is about to.
    NotUs,
}

impl Choice {
    pub(crate) fn new(waker: Waker) -> Self {
        // Relaxed: the number has to be unique and says nothing about other memory.
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { id, word: AtomicUsize::new(FREE), open: AtomicBool::new(false), waker: Mutex::new(Some(waker)) }
    }

    /// The guard it is committed to.
    pub(crate) fn committed(&self) -> Option<usize> {
        // Acquire: pairs with the AcqRel of `commit` and `commit_free`.
        self.word.load(Ordering::Acquire).checked_sub(COMMITTED)
    }

    /// Notes that it also waits for something outside of channels.
    pub(crate) fn set_open(&self) {
        self.open.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    /// Whom to wake at a commit; the last poll's waker counts.
    pub(crate) fn set_waker(&self, waker: &Waker) {
        let fresh = {
            let current = self.lock();
            if current.as_ref().is_some_and(|w| w.will_wake(waker)) {
                return;
            }
            drop(current);
            waker.clone()
        };
        let old = self.lock().replace(fresh);
        drop(old);
    }

    /// Wakes its owner. Not under a lock of ours: a waker is user code, and so is cloning one; its owner brings a new one.
    pub(crate) fn wake(&self) {
        let waker = self.lock().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Free to claimed; a word that was met claimed is marked.
    pub(crate) fn claim(&self) -> bool {
        let mut seen = FREE;
        loop {
            let wanted = match seen {
                FREE => CLAIMED,
                CLAIMED => CLAIMED_AGAIN,
                _ => return false,
            };
            // AcqRel: pairs with itself and with `release`; claims and frees of one word form one order.
            match self.word.compare_exchange(seen, wanted, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return wanted == CLAIMED,
                Err(now) => seen = now,
            }
        }
    }

    /// Claimed to free; true when somebody met it meanwhile, so that its owner has to look again.
    #[must_use]
    pub(crate) fn release(&self) -> bool {
        // AcqRel: pairs with `claim`.
        self.word.swap(FREE, Ordering::AcqRel) == CLAIMED_AGAIN
    }

    /// Claimed (by us) to committed.
    pub(crate) fn commit(&self, guard: usize) {
        // AcqRel: pairs with the Acquire of `committed`.
        let was = self.word.swap(COMMITTED + guard, Ordering::AcqRel);
        debug_assert!(was == CLAIMED || was == CLAIMED_AGAIN, "only a claimed word is committed");
    }

    /// Free to committed in one step, for a partner that is not choosing.
    pub(crate) fn commit_free(&self, guard: usize) -> bool {
        if !self.claim() {
            return false;
        }
        self.commit(guard);
        true
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Waker>> {
        self.waker.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Commits `us` and `them` to each other; a side that is not choosing is `None` and always willing.
///
/// Claims in the order of ids, whoever asks. `look_again` gets each choice that was freed after somebody had met it:
/// it has to be woken once the channel's lock is released.
pub(crate) fn agree<C: AsRef<Choice>>(
    us: Option<(&C, usize)>,
    them: Option<(&C, usize)>,
    mut look_again: impl FnMut(&C),
) -> Agreed {
    match (us, them) {
        (None, None) => Agreed::Yes,
        (Some((us, guard)), None) => if_so(us.as_ref().commit_free(guard), Agreed::NotUs),
        (None, Some((them, guard))) => if_so(them.as_ref().commit_free(guard), Agreed::NotThem),
        (Some((us, our_guard)), Some((them, their_guard))) => {
            let (ours, theirs) = (us.as_ref(), them.as_ref());
            if ours.id == theirs.id || theirs.committed().is_some() {
                return Agreed::NotThem;
            }
            let we_come_first = ours.id < theirs.id;
            let (first, second) = if we_come_first { (us, them) } else { (them, us) };
            let blame =
                |first_failed: bool| if first_failed == we_come_first { Agreed::NotUs } else { Agreed::NotThem };
            if !first.as_ref().claim() {
                return blame(true);
            }
            if !second.as_ref().claim() {
                if first.as_ref().release() {
                    look_again(first);
                }
                return blame(false);
            }
            ours.commit(our_guard);
            theirs.commit(their_guard);
            Agreed::Yes
        }
    }
}

const fn if_so(yes: bool, otherwise: Agreed) -> Agreed {
    if yes { Agreed::Yes } else { otherwise }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn choice() -> Arc<Choice> {
        Arc::new(Choice::new(Waker::noop().clone()))
    }

    #[test]
    fn a_choice_commits_once() {
        let (a, b, c) = (choice(), choice(), choice());
        assert_eq!(agree(Some((&a, 0)), Some((&b, 1)), |_| ()), Agreed::Yes);
        assert_eq!((a.committed(), b.committed()), (Some(0), Some(1)));
        assert_eq!(agree(Some((&c, 0)), Some((&b, 0)), |_| ()), Agreed::NotThem);
        assert_eq!(agree(Some((&a, 2)), Some((&c, 0)), |_| ()), Agreed::NotUs);
        assert_eq!(c.committed(), None);
        assert!(c.commit_free(5), "a refused partner is free again");
    }

    #[test]
    fn a_choice_never_meets_itself() {
        let a = choice();
        assert_eq!(agree(Some((&a, 0)), Some((&a, 1)), |_| ()), Agreed::NotThem);
        assert_eq!(a.committed(), None);
    }

    #[test]
    fn who_frees_a_word_that_was_met_has_its_owner_look_again() {
        let (older, younger) = (choice(), choice());
        assert!(younger.claim());
        let mut again = 0;
        assert_eq!(agree(Some((&older, 0)), Some((&younger, 0)), |_| again += 1), Agreed::NotThem);
        assert_eq!(again, 0, "nobody met the older one");
        assert!(younger.release(), "the younger one was met while it was claimed");
    }
}
