//! A run of the property test as a script of seeds, one a step, so that a failing run can be made shorter and repeated.

use super::ends::make;
use super::world::World;
use crate::support::{Chance, scale};
use std::cell::Cell;
use std::fmt;
use std::io::{Write, stderr};
use std::ops::AddAssign;
use std::panic::{self, AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;
use std::time::{Duration, Instant};

/// Steps of an episode, each of which begins with new channels.
const STEPS: usize = 200;
/// How many futures are dropped unless `RENDEZ_CANCELLATIONS` says otherwise.
const CANCELLATIONS: u64 = scale(5_000) as u64;
/// How many runs are spent on making a failing script shorter.
const SHRINKING: usize = 2_000;
const PROGRESS: Duration = Duration::from_secs(10);

/// What was done, and what became of all values.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) values: u64,
    /// By `Fate`.
    pub(super) fates: [u64; 6],
    episodes: u64,
    unpolled: u64,
    waiting: u64,
    served: u64,
    claimed: u64,
}

impl Tally {
    /// A future is dropped that was polled or not, served and claimed or not.
    pub(super) const fn count(&mut self, polled: bool, (served, claimed): (bool, bool)) {
        *match (polled, served, claimed) {
            (false, ..) => &mut self.unpolled,
            (_, true, _) => &mut self.served,
            (_, _, true) => &mut self.claimed,
            _ => &mut self.waiting,
        } += 1;
    }

    const fn dropped(&self) -> u64 {
        self.unpolled + self.waiting + self.served + self.claimed
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        let Self { values, fates, episodes, unpolled, waiting, served, claimed } = other;
        self.fates.iter_mut().zip(fates).for_each(|(sum, more)| *sum += more);
        self.values += values;
        self.episodes += episodes;
        self.unpolled += unpolled;
        self.waiting += waiting;
        self.served += served;
        self.claimed += claimed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { values, fates, episodes, unpolled, waiting, served, claimed } = self;
        let [received, handed_back, undelivered, with_future, by_policy, with_channel] = fates;
        write!(
            f,
            "{} futures dropped ({unpolled} before their first poll, {waiting} while they waited, {served} after a partner \
             had committed, {claimed} while claimed) in {episodes} episodes; {values} values: {received} received, \
             {handed_back} handed back, {undelivered} taken back undelivered, {with_future} dropped with their future, \
             {by_policy} dropped by policy, {with_channel} dropped with their channel",
            self.dropped()
        )
    }
}

/// A run: the channels it begins with, and its steps.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Script {
    seed: u64,
    /// The steps that are done, of all there are.
    steps: Vec<usize>,
}

impl Script {
    fn whole(seed: u64) -> Self {
        Self { seed, steps: (0..STEPS).collect() }
    }

    /// Does all of it; `tell` says whether each step is noted.
    fn run(&self, tell: bool) -> (Option<Vec<String>>, thread::Result<Tally>) {
        let mut told = tell.then(Vec::new);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let mut chance = Chance::of(self.seed);
            let (model, lent, ends, ledger) = make(&mut chance);
            let mut world = World::new(model, &lent, ends, ledger, &mut chance);
            for &step in &self.steps {
                world.told = told.take();
                let done = catch_unwind(AssertUnwindSafe(|| {
                    world.step(&mut Chance::of(self.seed ^ (step as u64 + 1).rotate_left(32)))
                }));
                told = world.told.take();
                done.unwrap_or_else(|panic| resume_unwind(panic));
            }
            let remains = world.finish();
            Tally { episodes: 1, ..remains.finish(lent) }
        }));
        (told, outcome)
    }

    fn fails(&self) -> bool {
        self.run(false).1.is_err()
    }

    /// Leaves out what it fails without.
    fn shrink(mut self) -> Self {
        let mut left = SHRINKING;
        let mut size = self.steps.len() / 2;
        while size > 0 {
            let mut at = 0;
            while at < self.steps.len() && left > 0 {
                left -= 1;
                let mut shorter = self.clone();
                shorter.steps.drain(at..(at + size).min(self.steps.len()));
                if shorter.fails() {
                    self = shorter;
                } else {
                    at += size;
                }
            }
            size /= 2;
        }
        self
    }
}

/// Runs episodes until enough futures were dropped; `RENDEZ_SEED` repeats one, `RENDEZ_CANCELLATIONS` says how many are enough.
pub(super) fn run() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let (given, enough) = (number("RENDEZ_SEED"), number("RENDEZ_CANCELLATIONS"));
    let first = given.unwrap_or_else(Chance::any_seed);
    let enough = enough.or_else(|| given.map(|_| 0));
    let mut say = enough.map(|enough| Progress { since: Instant::now(), said: Instant::now(), enough });
    if let Some(say) = &say {
        say.line(&format!("seed {first}"));
    }
    let mut tally = Tally::default();
    for seed in (0..).map(|n| first.wrapping_add(n)) {
        let script = Script::whole(seed);
        match script.run(false).1 {
            Ok(more) => tally += more,
            Err(panic) => {
                explain(script);
                resume_unwind(panic);
            }
        }
        say.iter_mut().for_each(|say| say.now_and_then(&tally));
        if tally.dropped() >= enough.unwrap_or(CANCELLATIONS) {
            break;
        }
    }
    if let Some(say) = &say {
        say.line(&format!("{tally}, in {:.1} s", say.since.elapsed().as_secs_f64()));
    }
}

/// Says how to repeat a run that fails, and the shortest that was found to fail.
fn explain(script: Script) {
    thread_local!(static QUIET: Cell<bool> = const { Cell::new(false) });
    eprintln!("repeat with RENDEZ_SEED={}", script.seed);
    let loud = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !QUIET.get() {
            loud(info);
        }
    }));
    QUIET.set(true);
    let short = script.shrink();
    let (told, outcome) = short.run(true);
    QUIET.set(false);
    eprintln!("{} steps are enough: {:?}", short.steps.len(), short.steps);
    told.into_iter().flatten().for_each(|line| eprintln!("  {line}"));
    if let Err(panic) = outcome {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        eprintln!("  {}", text.unwrap_or_default());
    }
}

/// Lines of a long run. Not by `eprintln`, which the test harness keeps to itself.
struct Progress {
    since: Instant,
    said: Instant,
    enough: u64,
}

impl Progress {
    fn now_and_then(&mut self, tally: &Tally) {
        if self.said.elapsed() >= PROGRESS {
            self.said = Instant::now();
            self.line(&format!("{} of {} futures dropped", tally.dropped(), self.enough));
        }
    }

    fn line(&self, text: &str) {
        let _ = writeln!(stderr(), "cancellations: {text}");
    }
}
