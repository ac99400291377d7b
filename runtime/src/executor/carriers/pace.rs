//! When a carrier looks at the clock, and what it does then. Pure: the present is an argument.

use std::time::{Duration, Instant};

/// Between two looks at the clock, if turns are shorter than that.
const LOOK: Duration = Duration::from_micros(25);
/// Turns between two looks at most.
const TURNS_MAX: u32 = 64;
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
    /// Whether the queue ran dry since the last look.
    ran_dry: bool,
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
    pub(super) const fn new(now: Instant, interval: u32) -> Self {
        Self { began: now, looked: now, left: interval, interval, ran_dry: true }
    }

    /// Turns between looks, for the next stay.
    pub(super) const fn interval(&self) -> u32 {
        self.interval
    }

    /// The queue is empty: nothing has waited.
    #[inline]
    pub(super) const fn dry(&mut self) {
        self.ran_dry = true;
    }

    /// A turn is over: whether it is time to look.
    #[inline]
    pub(super) const fn turn(&mut self) -> bool {
        self.left -= 1;
        self.left == 0
    }

    /// Looks at the clock.
    pub(super) fn look(&mut self, now: Instant, has_idle: bool) -> Look {
        let passed = now.saturating_duration_since(self.looked);
        self.interval = match passed {
            long if long >= 2 * LOOK => (self.interval / 2).max(1),
            short if 2 * short <= LOOK => (self.interval * 2).min(TURNS_MAX),
            _ => self.interval,
        };
        let waited = !std::mem::take(&mut self.ran_dry);
        (self.looked, self.left) = (now, self.interval);
        let stay = if has_idle { STAY_BESIDE_IDLE } else { STAY };
        if now.saturating_duration_since(self.began) >= stay {
            Look::Yield
        } else if waited && has_idle {
            Look::Share
        } else {
            Look::GoOn
        }
    }
}
