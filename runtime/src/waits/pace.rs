//! When the monitor looks: often where that is cheap, seldom where a look takes long, at once where nobody runs. Pure: the present is an argument.
//!
//! What a look costs is not how long the last one took: on a busy machine the monitor is kept waiting in the middle of one. A look
//! that was fast for its size is believed at once, one that was slow by a quarter only.

use std::time::Duration;

/// Between two looks. A deadlock is told at the second look that sees it.
pub(super) const PERIOD: Duration = Duration::from_millis(200);
/// Of its time the monitor looks at most this part.
const LOOKS_AT_MOST: u32 = 50;
/// Looks at a network that sleeps, whatever they cost: one that finds the deadlock, and one that finds it again.
const LOOKS_ASLEEP: u32 = 2;

/// What a glance at a process costs, and a look at a process or a channel, before it is known better.
const GLANCE: Duration = Duration::from_nanos(100);
const LOOK: Duration = Duration::from_micros(1);

/// The pace of one monitor. Time is counted from when it began.
#[derive(Debug)]
pub(super) struct Pace {
    /// When it looks next, unless nobody runs before.
    next: Duration,
    glance: Cost,
    look: Cost,
    /// For how long looks that are over still keep it from the next one, after that one.
    owed: Duration,
    asleep: Asleep,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// So many processes, at the word of each only.
    Glance(usize),
    /// So many processes and channels; whether some wait for each other that had not when it looked before.
    Look { size: usize, has_suspects: bool },
}

/// What it costs to look at one process or channel, as far as is known.
#[derive(Debug)]
struct Cost(Duration);

impl Cost {
    /// What looking at so many costs, now that it took so long.
    fn learn(&mut self, took: Duration, size: usize) -> Duration {
        let size = u32::try_from(size.max(1)).unwrap_or(u32::MAX);
        let least = Duration::from_nanos(2);
        self.0 = (took / size).clamp(least, self.0 + self.0 / 2);
        self.0 * size
    }
}

/// A network in which nobody runs.
#[derive(Debug, Default)]
struct Asleep {
    /// After so many turns of all together.
    turns: u64,
    looks: u32,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { next: PERIOD, glance: Cost(GLANCE), look: Cost(LOOK), owed: Duration::ZERO, asleep: Asleep::default() }
    }

    /// How long to wait before it is asked again.
    pub(super) fn pause(&self, now: Duration) -> Duration {
        self.next.saturating_sub(now).clamp(Duration::from_millis(1), PERIOD)
    }

    /// Whether to look now. `turns`: how many turns all processes have taken together, if none of them runs or is ready.
    pub(super) fn is_due(&mut self, now: Duration, turns: Option<u64>) -> bool {
        let asleep = self.still_asleep(turns) && self.asleep.looks < LOOKS_ASLEEP;
        asleep || now >= self.next
    }

    /// Whether nobody has run since it was asked before.
    fn still_asleep(&mut self, turns: Option<u64>) -> bool {
        match turns {
            Some(turns) if turns == self.asleep.turns => true,
            Some(turns) => {
                self.asleep = Asleep { turns, looks: 0 };
                false
            }
            None => false,
        }
    }

    /// It has looked. Who is suspected is looked at again soon, once, and that is made up for afterwards.
    pub(super) fn looked(&mut self, now: Duration, took: Duration, extent: Extent) {
        self.asleep.looks += 1;
        let (cost, has_suspects) = match extent {
            Extent::Glance(size) => (self.glance.learn(took, size), false),
            Extent::Look { size, has_suspects } => (self.look.learn(took, size), has_suspects),
        };
        let pause = cost * LOOKS_AT_MOST + self.owed;
        if has_suspects && self.owed.is_zero() {
            self.owed = pause.saturating_sub(PERIOD);
            self.next = now + PERIOD;
        } else {
            self.owed = Duration::ZERO;
            self.next = now + PERIOD.max(pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    /// Processes and channels of the networks here.
    const SIZE: usize = 10_000;

    /// Looks whenever it is due, for a while; `took` says how long the look of a given number takes. When it looked.
    fn looks(
        span: Duration,
        turns: impl Fn(Duration) -> Option<u64>,
        took: impl Fn(usize) -> Duration,
    ) -> Vec<Duration> {
        let (mut pace, mut now, mut looks) = (Pace::new(), Duration::ZERO, vec![]);
        while now < span {
            now += pace.pause(now);
            if pace.is_due(now, turns(now)) {
                looks.push(now);
                let took = took(looks.len());
                now += took;
                pace.looked(now, took, Extent::Look { size: SIZE, has_suspects: false });
            }
        }
        looks
    }

    fn busy(_: Duration) -> Option<u64> {
        None
    }

    #[test]
    fn cheap_looks_come_each_period() {
        let looks = looks(Duration::from_secs(10), busy, |_| MS);
        assert!((49..=51).contains(&looks.len()), "{looks:?}");
    }

    #[test]
    fn looks_take_a_fiftieth_of_the_time_at_most() {
        for ms in [5, 20, 100] {
            let looks = looks(Duration::from_secs(600), busy, |_| ms * MS);
            let took = looks.len() as u32 * ms;
            assert!(took <= 600_000 / 50 + 6 * ms, "{took} ms of 600 s, by looks of {ms} ms");
            assert!(took >= 600_000 / 60, "no less than it may: {took} ms, by looks of {ms} ms");
        }
    }

    #[test]
    fn one_that_was_kept_waiting_hardly_puts_the_next_one_off() {
        // The first, and every third one, takes fifty times as long as it needs.
        let looks = looks(Duration::from_secs(60), busy, |look| if look % 3 == 1 { 200 * MS } else { 4 * MS });
        let pauses = looks.windows(2).map(|two| two[1] - two[0]);
        assert!(pauses.skip(1).max() <= Some(520 * MS), "{looks:?}");
    }

    #[test]
    fn glances_say_nothing_of_what_looks_cost() {
        let mut pace = Pace::new();
        for second in 1..=20 {
            let now = Duration::from_secs(second);
            pace.looked(now, 20 * MS, Extent::Look { size: SIZE, has_suspects: false });
            let after_look = pace.next;
            pace.looked(now, MS / 2, Extent::Glance(SIZE));
            assert_eq!(pace.next, now + PERIOD);
            assert!(second < 3 || after_look == now + Duration::from_secs(1), "{after_look:?}");
        }
    }

    #[test]
    fn a_cost_that_stays_is_learned() {
        // The network has changed after the fifth look: each costs twenty times as much from then on.
        let looks = looks(Duration::from_secs(600), busy, |look| if look <= 5 { MS } else { 20 * MS });
        let last = &looks[looks.len() - 2..];
        assert!((1_000 * MS..1_100 * MS).contains(&(last[1] - last[0])), "{looks:?}");
    }

    #[test]
    fn who_is_suspected_is_looked_at_again_soon_and_the_cost_is_made_up_for() {
        let (mut pace, mut now, mut looks) = (Pace::new(), PERIOD, vec![]);
        while looks.len() < 40 {
            assert!(pace.is_due(now, None));
            looks.push(now);
            now += 10 * MS;
            // There are always some, but never the same.
            pace.looked(now, 10 * MS, Extent::Look { size: SIZE, has_suspects: true });
            now = pace.next;
        }
        for two in looks.chunks(2) {
            assert_eq!(two[1] - two[0], PERIOD + 10 * MS);
        }
        assert!(now >= 40 * 10 * MS * LOOKS_AT_MOST, "a fiftieth of the time at most: {looks:?}");
    }

    #[test]
    fn where_all_sleep_two_looks_follow_whatever_they_cost() {
        let asleep = Duration::from_millis(1_234);
        let turns = |now| if now < asleep { None } else { Some(17) };
        let looks = looks(Duration::from_secs(20), turns, |_| 90 * MS);
        let after: Vec<_> = looks.iter().filter(|&&at| at >= asleep).copied().collect();
        assert!(after[1] - asleep <= 3 * PERIOD + 90 * MS, "{after:?}");
        assert!(after[2] - after[1] >= 2_000 * MS, "then the cost counts: {after:?}");
    }

    #[test]
    fn who_has_run_meanwhile_did_not_sleep() {
        // It is never seen running, but has taken a turn each time.
        let turns = |now: Duration| Some(now.as_millis() as u64);
        let looks = looks(Duration::from_secs(20), turns, |_| 90 * MS);
        assert!(looks.len() <= 8, "{looks:?}");
    }
}
