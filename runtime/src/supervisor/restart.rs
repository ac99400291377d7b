//! When and with whom to start a failed child again: strategies, a window of restarts, backoff. Pure: time is an argument.

use crate::executor;
use crate::random::Random;
use rendez_model::End;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Who is started again with a child that has failed. The words are those of Erlang/OTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// It alone.
    OneForOne,
    /// All children.
    OneForAll,
    /// It and those that were added after it.
    RestForOne,
}

/// Which ends of a child have it started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restart {
    /// Every end.
    Permanent,
    /// A failure, poison, or the loss of its node; not a normal end, and not a stop.
    #[default]
    Transient,
    /// None.
    Temporary,
}

/// Whether a supervisor ends when its significant children have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoShutdown {
    /// It does not.
    #[default]
    Never,
    /// When the first of them has.
    AnySignificant,
    /// When the last of them has.
    AllSignificant,
}

/// How long a supervisor waits before it starts a child again: twice as long each time, with chance, to a limit.
///
/// ```
/// use rendez_runtime::{Backoff, Supervisor};
/// use std::time::Duration;
///
/// let slowly = Backoff::exponential(Duration::from_millis(100), Duration::from_secs(30));
/// let supervisor = Supervisor::one_for_one().backoff(slowly);
/// # drop(supervisor);
/// ```
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    limit: Duration,
    chance: Random,
}

impl Backoff {
    /// `first` after the first failure, twice as long after each further one, `limit` at most. Of that a random part,
    /// between half and all of it, so that those who failed together do not come back together.
    #[must_use]
    pub fn exponential(first: Duration, limit: Duration) -> Self {
        Self { first, limit, chance: Random::new(executor::seed()) }
    }

    /// The same delays each time, for a test.
    #[must_use]
    pub const fn seeded(mut self, seed: u64) -> Self {
        self.chance = Random::new(seed);
        self
    }

    /// The delay after failure number `failure`, the first being 1.
    pub(crate) fn delay(&mut self, failure: u32) -> Duration {
        let doublings = failure.saturating_sub(1).min(31);
        let whole = self.first.saturating_mul(1 << doublings).min(self.limit);
        // Between a half and the whole, in steps of 1/65536.
        let part = u32::try_from(self.chance.next() >> 49).unwrap_or(0) + (1 << 15);
        whole.mul_f64(f64::from(part) / 65536.0)
    }
}

impl Restart {
    /// Whether a child that has ended so is started again.
    pub(crate) const fn after(self, end: &End) -> bool {
        match self {
            Self::Permanent => true,
            Self::Transient => matches!(end, End::Failed(_) | End::Poisoned(_) | End::Lost),
            Self::Temporary => false,
        }
    }
}

impl Strategy {
    /// Who has to be stopped and started again with a child, the child included; `all` in the order they were added.
    pub(crate) fn group<I: Copy + PartialEq>(self, all: &[I], failed: I) -> Vec<I> {
        match self {
            Self::OneForOne => vec![failed],
            Self::OneForAll => all.to_vec(),
            Self::RestForOne => all.iter().copied().skip_while(|&child| child != failed).collect(),
        }
    }
}

/// At most so many restarts in any period of this length.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    intensity: usize,
    period: Duration,
    recent: VecDeque<Instant>,
}

impl Window {
    pub(crate) const fn new(intensity: usize, period: Duration) -> Self {
        Self { intensity, period, recent: VecDeque::new() }
    }

    pub(crate) const fn intensity(&self) -> usize {
        self.intensity
    }

    pub(crate) const fn period(&self) -> Duration {
        self.period
    }

    /// A child has failed now: whether it may be started again.
    pub(crate) fn allows(&mut self, now: Instant) -> bool {
        while self.recent.front().is_some_and(|&then| now.saturating_duration_since(then) >= self.period) {
            self.recent.pop_front();
        }
        let allows = self.recent.len() < self.intensity;
        if allows {
            self.recent.push_back(now);
        }
        allows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_up_at_one_failure_more_than_the_intensity_within_the_period() {
        let (mut window, start) = (Window::new(2, Duration::from_secs(10)), Instant::now());
        let mut at = |s| window.allows(start + Duration::from_secs(s));
        assert_eq!([at(0), at(5), at(9)], [true, true, false]);
        assert!(at(10), "the first has left the window");
    }

    #[test]
    fn an_intensity_of_nothing_allows_no_restart() {
        assert!(!Window::new(0, Duration::from_secs(10)).allows(Instant::now()));
    }

    #[test]
    fn each_strategy_has_its_group() {
        let all = [1, 2, 3];
        let of = |strategy: Strategy| strategy.group(&all, 2);
        assert_eq!(of(Strategy::OneForOne), [2]);
        assert_eq!(of(Strategy::OneForAll), [1, 2, 3]);
        assert_eq!(of(Strategy::RestForOne), [2, 3]);
    }

    #[test]
    fn each_restart_type_has_its_ends() {
        let ends = [End::Normal, End::Cancelled, End::Failed(String::new()), End::Poisoned(String::new()), End::Lost];
        let of = |restart: Restart| ends.clone().map(|end| restart.after(&end));
        assert_eq!(of(Restart::Permanent), [true; 5]);
        assert_eq!(of(Restart::Transient), [false, false, true, true, true]);
        assert_eq!(of(Restart::Temporary), [false; 5]);
    }

    #[test]
    fn delays_double_to_the_limit_and_keep_half_of_themselves() {
        let mut backoff = Backoff::exponential(Duration::from_millis(100), Duration::from_secs(2)).seeded(7);
        for (failure, whole) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1600), (6, 2000), (4_000_000_000, 2000)] {
            let (delay, whole) = (backoff.delay(failure), Duration::from_millis(whole));
            assert!(whole / 2 <= delay && delay <= whole, "{failure}: {delay:?}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_delays_and_another_others() {
        let delays = |seed| {
            let mut backoff = Backoff::exponential(Duration::from_secs(1), Duration::from_secs(60)).seeded(seed);
            (1..9).map(|failure| backoff.delay(failure)).collect::<Vec<_>>()
        };
        assert_eq!(delays(1), delays(1));
        assert_ne!(delays(1), delays(2));
    }
}
