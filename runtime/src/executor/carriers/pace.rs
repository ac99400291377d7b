//! When a carrier looks at the clock, and what it does then. Pure: the present is an argument.

use std::time::{Duration, Instant};

/// Between two looks at the clock, if turns are shorter than that.
const LOOK: Duration = Duration::from_micros(25);
/// Turns between two looks at most.
const TURNS_MAX: u32 = 64;
/// Something has waited if more stood in the queue at a look than this part of the turns until the next. A network of a few
/// processes that wake each other, of which one always stands there, is so not taken for one that needs a second worker.
const WAITED: usize = 8;
/// How long a carrier goes on before others have their turn on its worker, and the driver, while no worker is idle: ...
const STAY: Duration = Duration::from_micros(50);
/// ... and while one is, which drives timers and I/O, and takes what waits for a worker.
const STAY_BESIDE_IDLE: Duration = Duration::from_micros(500);

/// The pace of one stay of a carrier on its worker.
pub(super) struct Pace {
    began: Instant,
    looked: Instant,
    /// Turns until the next look.
    left: u32,
    /// Turns between the last look and the next.
    interval: u32,
    /// How many waited at the last look.
    waited: usize,
}

/// What a look at the clock comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    GoOn,
    /// Something has waited since the last look: an idle carrier should take it.
    Share,
    /// Time to let others on this worker.
    Yield,
}

impl Pace {
    pub(super) const fn new(now: Instant, interval: u32, waiting: usize) -> Self {
        Self { began: now, looked: now, left: interval, interval, waited: waiting }
    }

    /// Turns between looks, for the next stay.
    pub(super) const fn interval(&self) -> u32 {
        self.interval
    }

    /// A turn is over: whether it is time to look.
    #[inline]
    pub(super) const fn turn(&mut self) -> bool {
        self.left -= 1;
        self.left == 0
    }

    /// Looks at the clock, while so many wait.
    pub(super) fn look(&mut self, now: Instant, waiting: usize, has_idle: bool) -> Look {
        let has_waited = waiting > 0 && self.waited > self.interval as usize / WAITED;
        let passed = now.saturating_duration_since(self.looked);
        self.interval = match passed {
            long if long >= 2 * LOOK => (self.interval / 2).max(1),
            short if 2 * short <= LOOK => (self.interval * 2).min(TURNS_MAX),
            _ => self.interval,
        };
        (self.looked, self.left, self.waited) = (now, self.interval, waiting);
        let stay = if has_idle { STAY_BESIDE_IDLE } else { STAY };
        if has_waited && has_idle {
            Look::Share
        } else if now.saturating_duration_since(self.began) >= stay {
            Look::Yield
        } else {
            Look::GoOn
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the first look comes to, of a carrier that looks after so many turns, behind each of which so many wait.
    fn first_look(interval: u32, waiting: usize, has_idle: bool, after: Duration) -> Look {
        let began = Instant::now();
        Pace::new(began, interval, waiting).look(began + after, waiting, has_idle)
    }

    #[test]
    fn a_few_that_wake_each_other_stay_together_and_a_backlog_is_shared() {
        assert_eq!(first_look(TURNS_MAX, 3, true, LOOK), Look::GoOn);
        assert_eq!(first_look(TURNS_MAX, 20, true, LOOK), Look::Share);
        assert_eq!(first_look(TURNS_MAX, 20, false, LOOK), Look::GoOn, "nobody is there to take it");
    }

    #[test]
    fn behind_one_that_computes_for_long_a_single_one_is_shared() {
        assert_eq!(first_look(1, 1, true, STAY_BESIDE_IDLE), Look::Share);
        assert_eq!(first_look(1, 0, true, STAY_BESIDE_IDLE), Look::Yield);
        assert_eq!(first_look(1, 1, false, STAY), Look::Yield);
    }

    #[test]
    fn what_was_taken_meanwhile_is_not_shared() {
        let began = Instant::now();
        let mut pace = Pace::new(began, 1, 5);
        assert_eq!(pace.look(began + LOOK, 0, true), Look::GoOn);
    }
}
