//! What waits at one seat: processes that were woken, in that order, and those that have not run yet, the last started first.
//!
//! A tree of processes is so gone through in depth: what one starts has mostly ended before the next of its siblings begins, and
//! the next finds its memory. Others take from the other end, where the largest branches are. Who has run stands in a queue.

use super::retrying;
use crate::task::Turn;
use crossbeam_deque::{Steal, Stealer, Worker};

/// In so many turns whoever was woken first, and whoever was started first, have one each before all others: who starts others
/// without end keeps neither from running.
const ROUND: u32 = 16;

/// The side of who sits there.
pub(super) struct Queues {
    woken: Worker<Turn>,
    new: Worker<Turn>,
    /// The other end of `new`.
    oldest: Stealer<Turn>,
}

/// The side of all others.
pub(super) struct Stealers {
    woken: Stealer<Turn>,
    new: Stealer<Turn>,
}

impl Queues {
    pub(super) fn new() -> Self {
        let new = Worker::new_lifo();
        Self { woken: Worker::new_fifo(), oldest: new.stealer(), new }
    }

    pub(super) fn stealers(&self) -> Stealers {
        Stealers { woken: self.woken.stealer(), new: self.new.stealer() }
    }

    /// It was woken.
    #[inline]
    pub(super) fn push(&self, process: Turn) {
        self.woken.push(process);
    }

    /// It was started.
    pub(super) fn push_new(&self, process: Turn) {
        self.new.push(process);
    }

    /// The next to run, in this turn.
    #[inline]
    pub(super) fn pop(&self, turn: u32) -> Option<Turn> {
        if self.new.is_empty() {
            return self.woken.pop();
        }
        let patient = match turn % ROUND {
            0 => self.woken.pop(),
            1 => retrying(|| self.oldest.steal()),
            _ => None,
        };
        patient.or_else(|| self.new.pop()).or_else(|| self.woken.pop())
    }

    /// Any, as long as there are some.
    pub(super) fn pop_any(&self) -> Option<Turn> {
        self.woken.pop().or_else(|| self.new.pop())
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.woken.len() + self.new.len()
    }

    /// Where those go that were woken.
    pub(super) const fn woken(&self) -> &Worker<Turn> {
        &self.woken
    }
}

impl Stealers {
    pub(super) fn is_empty(&self) -> bool {
        self.woken.is_empty() && self.new.is_empty()
    }

    /// Takes about half of what was woken there, or else of what is new, to these queues, and one for now.
    pub(super) fn steal(&self, to: &Queues) -> Option<Turn> {
        let from = |from: &Stealer<_>, to| retrying(|| -> Steal<_> { from.steal_batch_and_pop(to) });
        from(&self.woken, &to.woken).or_else(|| from(&self.new, &to.new))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use crate::cell::Draft;
    use crate::drive::process_of;
    use rendez_model::{ProcessId, ProcessKind};

    fn process() -> Turn {
        process_of(Draft::new("waits", ProcessKind::Function), async { Outcome::Ok(()) }).begin().0
    }

    /// So many processes, and their ids.
    fn processes<const N: usize>() -> ([Turn; N], [ProcessId; N]) {
        let all = std::array::from_fn(|_| process());
        let ids = std::array::from_fn(|i: usize| all[i].id());
        (all, ids)
    }

    /// A turn in which nobody goes first.
    const ORDINARY: u32 = 2;

    #[test]
    fn who_is_new_goes_first_and_the_last_started_before_all() {
        let (all, [a, b, c]) = processes();
        let queues = Queues::new();
        let [woken, first, second] = all;
        queues.push(woken);
        queues.push_new(first);
        queues.push_new(second);
        let order = std::iter::from_fn(|| queues.pop(ORDINARY).map(|process| process.id()));
        assert_eq!(order.collect::<Vec<_>>(), [c, b, a]);
        assert_eq!(queues.len(), 0);
    }

    #[test]
    fn who_starts_others_without_end_keeps_nobody_from_running() {
        let (all, [woken, oldest]) = processes();
        let queues = Queues::new();
        let [first, second] = all;
        queues.push(first);
        queues.push_new(second);
        let mut left = vec![woken, oldest];
        for turn in 0..=ROUND {
            queues.push_new(process());
            let ran = queues.pop(turn).unwrap().id();
            left.retain(|&id| id != ran);
        }
        assert_eq!(left, []);
    }

    #[test]
    fn others_take_those_that_were_started_first() {
        let (all, ids) = processes::<4>();
        let (queues, own) = (Queues::new(), Queues::new());
        all.into_iter().for_each(|process| queues.push_new(process));
        let stealers = queues.stealers();
        let mut stolen = [stealers.steal(&own).unwrap().id(), own.pop(ORDINARY).unwrap().id()];
        stolen.sort();
        assert_eq!(stolen, ids[..2]);
        assert!(own.len() == 0 && !stealers.is_empty());
        assert_eq!(queues.pop(ORDINARY).unwrap().id(), ids[3]);
    }
}
