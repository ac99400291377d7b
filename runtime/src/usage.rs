//! Usage: for how long processes were polled, and how many operations they began. Measured where somebody wants that, else sampled; it
//! changes nothing.

use rendez_channels::steps;
use rendez_model::ProcessId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Of how many processes samples are kept: of those that were seen running for longest.
const SAMPLED_MAX: usize = 4096;

/// What was measured of one process. Relaxed: numbers for people, changed by who polls it.
#[derive(Default)]
pub(crate) struct Usage {
    busy_ns: AtomicU64,
    operations: AtomicU64,
}

impl Usage {
    /// The time it was polled, and the operations it began.
    pub(crate) fn so_far(&self) -> (Duration, u64) {
        (Duration::from_nanos(self.busy_ns.load(Ordering::Relaxed)), self.operations.load(Ordering::Relaxed))
    }

    pub(crate) fn add(&self, used: &Used) {
        let busy = u64::try_from(used.busy.as_nanos()).unwrap_or(u64::MAX);
        self.busy_ns.fetch_add(busy, Ordering::Relaxed);
        self.operations.fetch_add(used.operations, Ordering::Relaxed);
    }
}

/// What a poll has used.
pub(crate) struct Used {
    busy: Duration,
    operations: u64,
}

/// The beginning of a poll that is measured.
pub(crate) struct Begun {
    at: Instant,
    operations: u64,
}

impl Begun {
    pub(crate) fn now() -> Self {
        Self { at: Instant::now(), operations: steps::begun() }
    }

    /// What was used since, on the same thread.
    pub(crate) fn used(&self) -> Used {
        Used { busy: self.at.elapsed(), operations: steps::begun().saturating_sub(self.operations) }
    }

    /// The same of a body that has its thread to itself: how long it ran there is not how long it has computed.
    pub(crate) fn used_on_thread(&self) -> Used {
        Used { busy: Duration::ZERO, ..self.used() }
    }
}

/// Who was seen running, and between which looks. Bounded by [`SAMPLED_MAX`].
#[derive(Default)]
pub(crate) struct Samples(HashMap<ProcessId, Duration>);

impl Samples {
    /// A process was seen running, so long after the look before.
    pub(crate) fn add(&mut self, process: ProcessId, time: Duration) {
        if self.0.len() >= SAMPLED_MAX && !self.0.contains_key(&process) {
            self.forget_half();
        }
        *self.0.entry(process).or_default() += time;
    }

    pub(crate) fn of(&self, process: ProcessId) -> Duration {
        self.0.get(&process).copied().unwrap_or_default()
    }

    /// Those that were seen least.
    fn forget_half(&mut self) {
        let mut times: Vec<_> = self.0.values().copied().collect();
        let (_, median, _) = times.select_nth_unstable(SAMPLED_MAX / 2);
        let median = *median;
        self.0.retain(|_, time| *time > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_bounded_and_those_seen_most_stay() {
        let (mut samples, tick) = (Samples::default(), Duration::from_millis(1));
        (0..3).for_each(|_| samples.add(ProcessId(1), tick));
        for n in 2..50_000 {
            samples.add(ProcessId(n), tick);
            assert!(samples.0.len() <= SAMPLED_MAX);
        }
        assert_eq!(samples.of(ProcessId(1)), 3 * tick);
        assert_eq!(samples.of(ProcessId(2)), Duration::ZERO, "it was seen no more than others, and is forgotten");
    }
}
