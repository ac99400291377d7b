//! When to start a failed child again: a window of restarts. Pure: time is an argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What follows a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Start it again after this delay.
    RestartAfter(Duration),
    /// It has failed too often.
    GiveUp,
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

    /// A child has failed now.
    pub(crate) fn decide(&mut self, now: Instant) -> Verdict {
        while self.recent.front().is_some_and(|&then| now.saturating_duration_since(then) >= self.period) {
            self.recent.pop_front();
        }
        if self.recent.len() >= self.intensity {
            return Verdict::GiveUp;
        }
        self.recent.push_back(now);
        Verdict::RestartAfter(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_up_at_one_failure_more_than_the_intensity_within_the_period() {
        let (mut window, start) = (Window::new(2, Duration::from_secs(10)), Instant::now());
        let at = |s| start + Duration::from_secs(s);
        assert_eq!(window.decide(at(0)), Verdict::RestartAfter(Duration::ZERO));
        assert_eq!(window.decide(at(5)), Verdict::RestartAfter(Duration::ZERO));
        assert_eq!(window.decide(at(9)), Verdict::GiveUp);
        assert_eq!(window.decide(at(10)), Verdict::RestartAfter(Duration::ZERO), "the first has left the window");
    }
}
