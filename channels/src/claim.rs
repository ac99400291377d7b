//! Claim: a choice that somebody has claimed and not committed yet, as a value. It may outlive a poll; who holds it decides.
//!
//! Locals claim a word for a few instructions, under a channel's lock (`choice`). A guard whose partner has to be asked, on
//! another node say, holds a claim until the answer has come: the choice is *reserved* meanwhile, and its other guards wait.
//! So such a claim must end, by an answer, by a deadline, or by the news that there will be none.

use crate::choice::Choice;
use std::sync::Arc;

/// A claim on a choice. Dropping it frees the choice and wakes its owner, which looks at all its guards again.
///
/// A guard makes one in `attempt` or `enlist` and answers [`Progress::Reserved`](crate::guard::Progress::Reserved), or
/// somebody else makes one for a guard that stands where partners meet. Once the choice is left, by `leave` or by the drop of
/// the guard, the claim has to be given up at once: what is still under way then is no longer the choice's.
#[must_use = "a claim that is dropped is over"]
pub struct Claim {
    choice: Arc<Choice>,
    is_over: bool,
}

impl Claim {
    /// Claims a choice that waits. None if it is claimed (then its owner is told to look again when it is freed),
    /// committed, or not in use.
    pub fn new(choice: &Arc<Choice>) -> Option<Self> {
        choice.claim().then(|| Self { choice: Arc::clone(choice), is_over: false })
    }

    /// The choice's place in the order of claims: who has claimed a choice and is asked by another waits for the own answer
    /// only if its place is the higher one.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.choice.id()
    }

    /// Commits the choice to its guard of that number. Outside of the owner's poll the owner has to be woken then, by
    /// [`Choice::wake`], with no lock held.
    pub fn commit(mut self, guard: usize) {
        self.is_over = true;
        self.choice.commit(guard);
    }

    /// Frees the choice; for who holds a lock. The owner has to be woken as after a commit, whether somebody has met the
    /// choice or not.
    pub fn release(mut self) {
        self.is_over = true;
        let _ = self.choice.release();
    }

    /// Frees the choice within the poll in which it was claimed: its owner looks again only if somebody met it meanwhile.
    pub(crate) fn release_in_poll(mut self) {
        self.is_over = true;
        if self.choice.release() {
            self.choice.wake();
        }
    }
}

impl Drop for Claim {
    /// Wakes the owner whether somebody has met it or not: guards that became ready meanwhile were not asked.
    fn drop(&mut self) {
        if !self.is_over {
            let _ = self.choice.release();
            self.choice.wake();
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn counted() -> (Arc<Count>, Arc<Choice>) {
        let count = Arc::new(Count::default());
        (Arc::clone(&count), Arc::new(Choice::new(Waker::from(count))))
    }

    #[test]
    fn a_choice_has_one_claim_at_a_time() {
        let (_, choice) = counted();
        let claim = Claim::new(&choice).expect("it is free");
        assert!(Claim::new(&choice).is_none());
        assert_eq!(claim.id(), choice.id());
        drop(claim);
        assert!(Claim::new(&choice).is_some());
    }

    #[test]
    fn one_that_is_dropped_wakes_the_owner_met_or_not() {
        let (count, choice) = counted();
        drop(Claim::new(&choice));
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn one_that_ends_within_its_poll_wakes_the_owner_only_if_it_was_met() {
        for met in [false, true] {
            let (count, choice) = counted();
            let claim = Claim::new(&choice).expect("it is free");
            if met {
                assert!(Claim::new(&choice).is_none());
            }
            claim.release_in_poll();
            assert_eq!(count.0.load(Ordering::Relaxed), usize::from(met));
        }
    }

    #[test]
    fn a_commit_stands_and_wakes_nobody_by_itself() {
        let (count, choice) = counted();
        Claim::new(&choice).expect("it is free").commit(3);
        assert_eq!(choice.committed(), Some(3));
        assert!(Claim::new(&choice).is_none());
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_choice_whose_owner_has_left_is_out_of_use_when_its_claim_ends() {
        let (_, choice) = counted();
        let claim = Claim::new(&choice).expect("it is free");
        choice.exit();
        drop(claim);
        assert!(Claim::new(&choice).is_none());
    }
}
