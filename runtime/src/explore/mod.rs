//! Exploration: runs a network under all its schedules, or many, and says which of them has a fault.
//!
//! `search` says who is next (`tree`: all schedules, `chance`: some), `controlled` has that process take its step, `touches` notes what
//! it touches, `network` runs one schedule so and judges it, `report` is what is told, `schedule` how a schedule is written down,
//! `baton` what bodies that block their threads wait for.

mod baton;
mod chance;
mod controlled;
mod network;
mod report;
mod schedule;
mod search;
mod touches;
mod tree;

pub(crate) use controlled::Controlled;
pub use report::{Explored, Fault, What};
pub use schedule::{NoSchedule, Schedule};

use crate::IntoOutcome;
use chance::Chance;
use network::{Ending, Network, Ran};
use search::{Given, Search};
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tree::Tree;

/// Steps of a schedule, unless it is said otherwise.
const DEPTH: usize = 10_000;
/// Schedules, unless it is said otherwise.
const SCHEDULES_MAX: u64 = 1_000_000;

/// Explores a network: runs it again and again, each time in another order of its steps, in a time of its own.
///
/// `network` makes it anew for each schedule; it needs no change. What comes out is the first fault: a deadlock, a failure, a process
/// that stays alive after the end, a value that nobody has received. The fault has its schedule, by which it is replayed, and prints
/// as a sequence diagram.
///
/// A step of a process goes from one operation on a channel, barrier or choice to the next; what it does in between (`try_`
/// forms, dropping ends, starting processes) is part of the step, as it is on one worker. Time passes when nobody is ready. `tokio::sync`
/// works inside; tokio's time, I/O and tasks end the exploration with [`Uncontrolled`](What::Uncontrolled). Bodies that block their
/// threads take turns with the others, a baton going to and fro.
///
/// ```
/// use rendez_channels::channel;
/// use rendez_runtime::{Outcome, What, explore, par, Process};
///
/// // Both send before they receive.
/// let explored = explore(|| async {
///     let (to_left, left) = channel::<u8>();
///     let (to_right, right) = channel::<u8>();
///     let a = Process::new("a", async move { to_right.send(1).await?; Outcome::Ok(left.recv().await?) });
///     let b = Process::new("b", async move { to_left.send(2).await?; Outcome::Ok(right.recv().await?) });
///     par![a, b].values().await
/// })
/// .exhaustively();
/// assert!(matches!(explored.fault.unwrap().what, What::Deadlock(_)));
/// ```
#[track_caller]
pub fn explore<F, N>(network: F) -> Explore<F>
where
    F: Fn() -> N + Send + Sync + 'static,
    N: Future<Output: IntoOutcome> + Send + 'static,
{
    Explore {
        network: Arc::new(network),
        made_at: Location::caller(),
        depth: DEPTH,
        schedules: SCHEDULES_MAX,
        within: None,
        reduces: true,
        may_lose: false,
    }
}

/// What is to be explored, and how far; see [`explore`].
#[must_use = "say how: exhaustively(), randomly(..) or replay(..)"]
pub struct Explore<F> {
    network: Arc<F>,
    made_at: &'static Location<'static>,
    depth: usize,
    schedules: u64,
    within: Option<Duration>,
    reduces: bool,
    may_lose: bool,
}

impl<F, N> Explore<F>
where
    F: Fn() -> N + Send + Sync + 'static,
    N: Future<Output: IntoOutcome> + Send + 'static,
{
    /// How many steps a schedule has at most; what is longer is cut off there, and counted. 10,000 unless it is said here.
    pub const fn depth(mut self, steps: usize) -> Self {
        self.depth = steps;
        self
    }

    /// How many schedules are run at most; a million unless it is said here.
    pub const fn at_most(mut self, schedules: u64) -> Self {
        self.schedules = schedules;
        self
    }

    /// For how long new schedules are begun; for ever unless it is said here.
    pub const fn within(mut self, time: Duration) -> Self {
        self.within = Some(time);
        self
    }

    /// Runs also schedules that differ only in the order of steps that touch nothing in common: for processes that share more
    /// than channels, atomics or locks of their own.
    pub const fn unreduced(mut self) -> Self {
        self.reduces = false;
        self
    }

    /// A value that nobody receives is no fault.
    pub const fn may_lose_values(mut self) -> Self {
        self.may_lose = true;
        self
    }

    /// Runs all schedules, as far as the limits go: for small networks that end.
    pub fn exhaustively(self) -> Explored {
        let mut tree = Tree::new(self.reduces);
        self.explore(&mut tree)
    }

    /// Runs the network once in turn, and then so many schedules by chance, those of `seed`, `seed + 1` and so on: half of them
    /// with priorities that change a few times, which finds what needs a rare order.
    pub fn randomly(self, seed: u64, schedules: u64) -> Explored {
        self.explore(&mut Chance::new(seed, schedules))
    }

    /// Runs one schedule again.
    pub fn replay(self, schedule: &Schedule) -> Explored {
        self.explore(&mut Given::new(&schedule.0))
    }

    /// On a thread of its own: no runtime is ambient there.
    fn explore(self, search: &mut (dyn Search + Send)) -> Explored {
        let thread = std::thread::Builder::new().name("explore".into());
        std::thread::scope(|scope| {
            let explorer = thread.spawn_scoped(scope, || self.search(search)).expect("a thread to explore on");
            explorer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn search(&self, search: &mut dyn Search) -> Explored {
        let begun = Instant::now();
        let network = Network {
            make: Arc::clone(&self.network),
            made_at: self.made_at,
            depth: self.depth,
            may_lose: self.may_lose,
            begun,
        };
        let mut explored = Explored { schedules: 0, redundant: 0, cut: 0, longest: 0, complete: false, fault: None };
        while self.may_begin(&explored, begun) {
            if !search.begin() {
                explored.complete = search.is_exhaustive() && explored.cut == 0;
                break;
            }
            let ran = network.run(search, None);
            let seed = search.seed();
            search.end();
            explored.longest = explored.longest.max(ran.schedule.len());
            if let Some(what) = explored.count(&ran) {
                explored.fault = Some(network.fault(what, seed, ran.schedule));
                break;
            }
        }
        explored
    }

    fn may_begin(&self, explored: &Explored, begun: Instant) -> bool {
        let in_time = self.within.is_none_or(|time| begun.elapsed() < time);
        in_time && explored.schedules + explored.redundant + explored.cut < self.schedules
    }
}

impl Explored {
    /// What a schedule has come to; its fault.
    fn count(&mut self, ran: &Ran) -> Option<What> {
        match &ran.ending {
            Ending::Redundant => self.redundant += 1,
            Ending::Cut => self.cut += 1,
            Ending::Sound => self.schedules += 1,
            Ending::Faulty(what) => {
                self.schedules += 1;
                return Some(what.clone());
            }
        }
        None
    }
}
