//! The word of a choice: idle, free, claimed or committed. The protocol by which two choices agree, without any channel.
//!
//! A choice stands on the lists of all its guards' channels and may be chosen at any time while it is free. Whoever
//! commits with it does so through its word, under the lock of the channel they meet at; where both sides are choosing,
//! both words are claimed first, in the order of ids. Nobody spins: who meets a claimed word flags it and goes on, and
//! who frees a flagged word has its owner look again.
//!
//! A reusable choice ([`Alt`](crate::Alt)) is idle between its uses and stays on its lists. It keeps a mark for each
//! guard that may be ready, so that it looks at those alone. Whoever would have met it, had it been free, marks the
//! guard, under the channel's lock, and looks once more, since a use of it may have begun meanwhile; only an attempt that
//! found nothing takes a mark away, under the same lock.
//!
//! `channels/verification/` has models of the protocol.

use crate::marks::Marks;
use crate::prim::{AtomicUsize, Lock, fence};
use crate::steps::{self, Numbered};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Waker;

// The phase, in the two lowest bits of the word.
const IDLE: usize = 0;
const FREE: usize = 1;
const CLAIMED: usize = 2;
/// Committed to the guard whose number stands above the flags.
const COMMITTED: usize = 3;
const PHASE: usize = 3;
/// Claimed, and somebody met it meanwhile.
const AGAIN: usize = 4;
/// Claimed, and its owner went away meanwhile: whoever frees it makes it idle.
const LEAVING: usize = 8;
const GUARD_SHIFT: u32 = 4;

/// One choice, shared by the lists it stands on. Public for the hidden half of guards only.
pub struct Choice {
    id: u64,
    word: AtomicUsize,
    /// Which guards may be ready; of a reusable choice.
    marks: Option<Box<Marks>>,
    /// Whether a guard of it ever stood at a place that no snapshot sees, for which its one waker is kept: no count of wakers shows that.
    /// Relaxed: read by snapshots only.
    unseen: AtomicBool,
    /// Its owner's, of the last poll.
    waker: Lock<Option<Waker>>,
}

/// What came of trying to commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreed {
    /// Both are committed to each other.
    Yes,
    /// The other cannot: it has committed, is being claimed, is idle, or is ourselves.
    NotThem,
    /// We cannot: somebody has committed with us, or is about to.
    NotUs,
}

impl Choice {
    /// A choice for one use, free from the start.
    pub(crate) fn new(waker: Waker) -> Self {
        Self::with(FREE, None, Some(waker))
    }

    /// A choice that is used again and again, idle at first.
    pub(crate) fn reusable() -> Self {
        Self::with(IDLE, Some(Box::new(Marks::new())), None)
    }

    fn with(phase: usize, marks: Option<Box<Marks>>, waker: Option<Waker>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self {
            id: steps::number(Numbered::Choice, &NEXT),
            word: AtomicUsize::new(phase),
            marks,
            unseen: AtomicBool::new(false),
            waker: Lock::new(waker),
        }
    }

    /// Its place in the order of claims.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// Whether it is used again and again.
    pub(crate) const fn is_reusable(&self) -> bool {
        self.marks.is_some()
    }

    /// The guard it is committed to.
    pub(crate) fn committed(&self) -> Option<usize> {
        self.touched();
        // Acquire: pairs with the AcqRel of `commit` and `commit_free`.
        let word = self.word.load(Ordering::Acquire);
        (word & PHASE == COMMITTED).then_some(word >> GUARD_SHIFT)
    }

    /// Whether it waits: may be chosen now, or is being chosen.
    pub(crate) fn is_waiting(&self) -> bool {
        // Relaxed: for snapshots, which are not taken at one instant anyway.
        matches!(self.word.load(Ordering::Relaxed) & PHASE, FREE | CLAIMED)
    }

    /// Whether somebody has claimed it.
    pub(crate) fn is_claimed(&self) -> bool {
        // Acquire: pairs with the AcqRel of `release`; what the holder of a claim did before it freed it is seen.
        self.word.load(Ordering::Acquire) & PHASE == CLAIMED
    }

    /// Notes that it stands at a place that no snapshot sees, which wakes it by itself; for good.
    pub fn stands_unseen(&self) {
        self.unseen.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_open(&self) -> bool {
        self.unseen.load(Ordering::Relaxed)
    }

    /// Free to claimed; a word that was met claimed is flagged.
    pub(crate) fn claim(&self) -> bool {
        self.leave_free(CLAIMED)
    }

    /// Free to committed in one step, for a partner that is not choosing.
    pub(crate) fn commit_free(&self, guard: usize) -> bool {
        self.leave_free(COMMITTED | guard << GUARD_SHIFT)
    }

    fn leave_free(&self, to: usize) -> bool {
        self.touched();
        // Relaxed: a look; what counts is the exchange.
        let mut seen = self.word.load(Ordering::Relaxed);
        loop {
            let wanted = match seen & PHASE {
                FREE => to,
                CLAIMED => seen | AGAIN,
                _ => return false,
            };
            // AcqRel: pairs with itself and with `release`; claims and frees of one word form one order.
            match self.word.compare_exchange(seen, wanted, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return seen & PHASE == FREE,
                Err(now) => seen = now,
            }
        }
    }

    /// Claimed to free; true when somebody met it meanwhile, so that its owner has to look again.
    #[must_use]
    pub(crate) fn release(&self) -> bool {
        let mut seen = CLAIMED;
        loop {
            debug_assert!(seen & PHASE == CLAIMED, "only a claimed word is freed");
            let leaving = seen & LEAVING != 0;
            // AcqRel: pairs with `leave_free`.
            match self.word.compare_exchange(
                seen,
                if leaving { IDLE } else { FREE },
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return !leaving && seen & AGAIN != 0,
                Err(now) => seen = now,
            }
        }
    }

    /// Claimed (by us) to committed.
    pub(crate) fn commit(&self, guard: usize) {
        // AcqRel: pairs with the Acquire of `committed`.
        let was = self.word.swap(COMMITTED | guard << GUARD_SHIFT, Ordering::AcqRel);
        debug_assert!(was & PHASE == CLAIMED, "only a claimed word is committed");
    }

    /// Its owner begins a use of it: idle to free. One that was committed after its owner had left stays so.
    pub(crate) fn enter(&self) {
        self.by_owner(|word| match word & PHASE {
            IDLE => FREE,
            CLAIMED => word & !LEAVING,
            _ => word,
        });
        if self.marks.is_some() {
            // SeqCst: pairs with the fence in `agree` and the one of barriers.
            fence(Ordering::SeqCst);
        }
    }

    /// Its owner goes away: if without a commit, free to idle, and nobody is to be woken any more. One that is claimed turns
    /// idle when it is freed.
    pub(crate) fn exit(&self) {
        let left = self.by_owner(|word| match word & PHASE {
            FREE => IDLE,
            CLAIMED => word | LEAVING,
            _ => word,
        });
        if left {
            // Dropped outside of the lock: it is user code.
            let waker = self.waker.lock().take();
            drop(waker);
        }
    }

    /// Its owner has seen the commit: committed to idle.
    pub(crate) fn seen(&self) {
        // Release: pairs with the Acquire of who meets it next.
        self.word.store(IDLE, Ordering::Release);
    }

    /// Its word is touched: who explores knows it by its lock, which goes with it.
    #[inline(always)]
    fn touched(&self) {
        steps::touches_at(&raw const self.waker);
    }

    /// Whether that changed it.
    fn by_owner(&self, change: impl Fn(usize) -> usize) -> bool {
        self.touched();
        // Acquire, AcqRel: as in `leave_free`.
        let mut seen = self.word.load(Ordering::Acquire);
        while change(seen) != seen {
            match self.word.compare_exchange(seen, change(seen), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
        false
    }

    /// Marks a guard that may be ready. Under the lock of the guard's channel.
    #[inline]
    pub(crate) fn mark(&self, guard: usize) {
        if let Some(marks) = &self.marks {
            marks.set(guard);
        }
    }

    /// Takes a mark away: an attempt found nothing. Under the lock of the guard's channel.
    #[inline]
    pub(crate) fn unmark(&self, guard: usize) {
        if let Some(marks) = &self.marks {
            marks.clear(guard);
        }
    }

    /// The first marked guard from `from` on, before `end`.
    pub(crate) fn next_marked(&self, from: usize, end: usize) -> Option<usize> {
        self.marks.as_ref()?.next(from, end)
    }

    /// Whom to wake at a commit; the last poll's waker counts.
    pub(crate) fn set_waker(&self, waker: &Waker) {
        if self.waker.lock().as_ref().is_some_and(|current| current.will_wake(waker)) {
            return;
        }
        // Cloned and dropped outside of the lock: both are user code.
        let fresh = waker.clone();
        let old = self.waker.lock().replace(fresh);
        drop(old);
    }

    /// Which waker it would wake, if it has one.
    pub(crate) fn waker_id(&self) -> Option<u64> {
        self.waker.lock().as_ref().map(crate::waker_id)
    }

    /// Wakes its owner. Not under a lock of ours: a waker is user code, and so is cloning one; its owner brings a new one.
    pub fn wake(&self) {
        let waker = self.waker.lock().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Commits `us` and `them` to each other; a side that is not choosing is `None` and always willing.
///
/// Claims in the order of ids, whoever asks. `look_again` gets each choice that was freed after somebody had met it:
/// it has to be woken once the channel's lock is released.
#[inline]
pub(crate) fn agree<C: AsRef<Choice>>(
    us: Option<(&C, usize)>,
    them: Option<(&C, usize)>,
    mut look_again: impl FnMut(&C),
) -> Agreed {
    let agreed = agree_now(us, them, &mut look_again);
    match them {
        Some((choice, guard)) if agreed == Agreed::NotThem && choice.as_ref().marks.is_some() => {
            choice.as_ref().mark(guard);
            if us.is_some_and(|(us, _)| us.as_ref().id == choice.as_ref().id) {
                // What it puts into a buffer now, its own receive finds at the next use.
                return agreed;
            }
            // SeqCst: pairs with the fence in `enter`. A use of it that begins now sees the mark, or we see that it has begun.
            fence(Ordering::SeqCst);
            agree_now(us, them, &mut look_again)
        }
        _ => agreed,
    }
}

#[inline]
fn agree_now<C: AsRef<Choice>>(
    us: Option<(&C, usize)>,
    them: Option<(&C, usize)>,
    look_again: impl FnMut(&C),
) -> Agreed {
    match (us, them) {
        (None, None) => Agreed::Yes,
        (Some((us, guard)), None) => if_so(us.as_ref().commit_free(guard), Agreed::NotUs),
        (None, Some((them, guard))) => if_so(them.as_ref().commit_free(guard), Agreed::NotThem),
        (Some(us), Some(them)) => agree_both(us, them, look_again),
    }
}

fn agree_both<C: AsRef<Choice>>(us: (&C, usize), them: (&C, usize), mut look_again: impl FnMut(&C)) -> Agreed {
    let (ours, theirs) = (us.0.as_ref(), them.0.as_ref());
    if ours.id == theirs.id || theirs.committed().is_some() {
        return Agreed::NotThem;
    }
    let we_come_first = ours.id < theirs.id;
    let (first, second) = if we_come_first { (us.0, them.0) } else { (them.0, us.0) };
    let blame = |first_failed: bool| if first_failed == we_come_first { Agreed::NotUs } else { Agreed::NotThem };
    if !first.as_ref().claim() {
        return blame(true);
    }
    if !second.as_ref().claim() {
        if first.as_ref().release() {
            look_again(first);
        }
        return blame(false);
    }
    ours.commit(us.1);
    theirs.commit(them.1);
    Agreed::Yes
}

const fn if_so(yes: bool, otherwise: Agreed) -> Agreed {
    if yes { Agreed::Yes } else { otherwise }
}

#[cfg(all(test, not(loom)))]
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

    #[test]
    fn an_idle_choice_is_marked_and_not_committed() {
        let them = Arc::new(Choice::reusable());
        assert_eq!(agree(None, Some((&them, 70)), |_| ()), Agreed::NotThem);
        assert_eq!(them.next_marked(0, 100), Some(70));
        them.enter();
        assert_eq!(agree(None, Some((&them, 70)), |_| ()), Agreed::Yes);
        assert_eq!(agree(None, Some((&them, 3)), |_| ()), Agreed::NotThem, "it has committed");
        assert_eq!(them.next_marked(0, 100), Some(3), "it looks there next time");
    }

    #[test]
    fn an_owner_that_leaves_a_claimed_choice_leaves_it_idle_or_committed() {
        for commits in [false, true] {
            let choice = Choice::reusable();
            choice.enter();
            assert!(choice.claim());
            choice.exit();
            if commits {
                choice.commit(2);
                assert_eq!(choice.committed(), Some(2));
            } else {
                assert!(!choice.release(), "there is nobody to look again");
                assert!(!choice.claim(), "it is idle");
            }
        }
    }
}
