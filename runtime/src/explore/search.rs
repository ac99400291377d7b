//! Which schedule is next: the seam between a run and a way to search. And the simplest way, to take one that is given.

/// What a step has touched: a thing by its number, and whether it is one of those whose order does not matter among themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Touch {
    pub(super) thing: u64,
    pub(super) shared: bool,
}

/// A way to search. A run asks it at every step who is next, and tells it what that came to.
pub(super) trait Search {
    /// Whether there is another schedule; it begins.
    fn begin(&mut self) -> bool;

    /// Who of those that are ready, in the order of their ids, takes the next step; none where nothing new can come of it.
    fn choose(&mut self, ready: &[u64]) -> Option<u64>;

    /// The step that was chosen has touched these things, each once, and has made those ready that were not.
    fn ran(&mut self, process: u64, touched: &[Touch], woke: &[u64]);

    /// Time goes on: nobody was ready.
    fn time_passes(&mut self, woke: &[u64]);

    /// The schedule has ended.
    fn end(&mut self);

    /// The seed of the schedule that runs, where it has one.
    fn seed(&self) -> Option<u64> {
        None
    }

    /// Whether all schedules are done once [`begin`](Self::begin) says that there is no other.
    fn is_exhaustive(&self) -> bool {
        false
    }

    /// Whether it wants to know what steps touch.
    fn wants_touches(&self) -> bool {
        false
    }

    /// Whether the network has not done again what it did before under the same schedule.
    fn has_diverged(&self) -> bool {
        false
    }
}

/// One schedule, as given; where it says nothing, the first that is ready is next.
pub(super) struct Given<'s> {
    schedule: &'s [u64],
    at: usize,
    has_begun: bool,
    has_diverged: bool,
}

impl<'s> Given<'s> {
    pub(super) const fn new(schedule: &'s [u64]) -> Self {
        Self { schedule, at: 0, has_begun: false, has_diverged: false }
    }
}

impl Search for Given<'_> {
    fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.has_begun, true)
    }

    fn choose(&mut self, ready: &[u64]) -> Option<u64> {
        let given = self.schedule.get(self.at);
        self.at += 1;
        match given {
            Some(given) if !ready.contains(given) => {
                self.has_diverged = true;
                None
            }
            Some(given) => Some(*given),
            None => ready.first().copied(),
        }
    }

    fn ran(&mut self, _: u64, _: &[Touch], _: &[u64]) {}
    fn time_passes(&mut self, _: &[u64]) {}
    fn end(&mut self) {}

    fn has_diverged(&self) -> bool {
        self.has_diverged
    }
}
