//! The monitor: advances the coarse clock, looks for deadlocks a few times a second, and tells. It judges nothing itself.

use super::census::{Census, told_from_outside};
use super::knots::Knot;
use super::pace::{Extent, PERIOD, Pace};
use super::watch::{Change, Known};
use super::{Sieve, Snapshot, Watch, policy, words};
use crate::cell::Cell;
use crate::log::tell;
use crate::{World, executor};
use rendez_channels::steps::{self, Counted};
use rendez_channels::{Receiver, Sender, TrySendError, channel_bounded, clock};
use rendez_model::{ChannelId, Cycle, Node, Process, ProcessId, Verdict};
use std::collections::BTreeSet;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

/// Reports that nobody has received; more are dropped, the log has them all.
const REPORTS_MAX: usize = 64;

static REPORTS: Mutex<Vec<Sender<Deadlock>>> = Mutex::new(Vec::new());

/// What the runtime says of a deadlock: that there is one, that it is certain, that it is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlock {
    /// Its number in this program; the same in all that is said of it.
    pub number: u64,
    /// What is new.
    pub news: News,
    /// The cycle as data, with its sentence.
    pub cycle: Cycle,
    /// For each process of the cycle, in its order, the line that spawned it, as `file:line:column`.
    pub spawned_at: Vec<String>,
}

/// What is new of a deadlock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It is suspected: as far as is known nobody can help, but somebody who is not known might.
    Suspected,
    /// It is certain: its processes go on only if one of them is ended from outside.
    Certain,
    /// It is over: a process of it has gone on, or was ended.
    Over,
}

impl fmt::Display for Deadlock {
    /// The sentence, and a line for each process that says where it was spawned.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cycle.sentence)?;
        for (step, line) in self.cycle.steps.iter().zip(&self.spawned_at) {
            write!(f, "\n  {} was spawned at {line}", step.process)?;
        }
        Ok(())
    }
}

/// A running monitor; it ends when this is dropped.
#[must_use = "the monitor ends when this is dropped"]
pub(crate) struct Monitor {
    task: tokio::task::JoinHandle<()>,
}

/// Lists channels from their making on and keeps ended ones for the picture, until it is dropped.
#[must_use = "the network is observed until this is dropped"]
pub struct Observation {
    world: Arc<World>,
    measured: Option<Measured>,
    _monitor: Monitor,
}

/// Observes the network: for a program that will be drawn, and for deadlocks where [`run`](crate::run) does not run it. Costs
/// a list entry a channel. How long processes are polled is known by samples then; to measure it, [`Observation::measured`].
///
/// # Panics
/// When no tokio runtime is ambient.
pub fn observe() -> Observation {
    let world = Arc::clone(World::global());
    world.begin_observing();
    Observation { measured: None, _monitor: watch(Arc::clone(&world), None), world }
}

impl Observation {
    /// Measures too: how long each process is polled, by two looks at the clock a poll, and how many operations it begins.
    ///
    /// ```
    /// use rendez_channels::channel;
    /// use rendez_runtime::{Outcome, observe, run, spawn};
    ///
    /// let operations = run(async {
    ///     let _observed = observe().measured();
    ///     let (tx, rx) = channel();
    ///     let sends = spawn(async move {
    ///         for n in 0..5 {
    ///             tx.send(n).await?;
    ///         }
    ///         Outcome::Ok(())
    ///     });
    ///     while rx.next().await?.is_some() {}
    ///     let process = sends.process();
    ///     sends.join().await?;
    ///     Outcome::Ok(process.inspect().operations)
    /// });
    /// assert_eq!(operations.unwrap(), 5);
    /// ```
    pub fn measured(mut self) -> Self {
        self.measured.get_or_insert_with(|| Measured::begin(Arc::clone(&self.world)));
        self
    }
}

/// The processes of a world are measured until this is dropped.
struct Measured {
    world: Arc<World>,
    _counted: Counted,
}

impl Measured {
    fn begin(world: Arc<World>) -> Self {
        world.begin_measuring();
        Self { world, _counted: steps::count() }
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        self.world.end_measuring();
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        self.world.end_observing();
    }
}

/// Deadlocks as they are found, become certain, and are over: each of these once. While nobody receives, the first 64 are kept.
///
/// They are looked for while [`run`](crate::run) runs, or somebody [observes](crate::observe).
///
/// ```
/// use rendez_channels::channel;
/// use rendez_runtime::{News, Outcome, deadlocks, run, spawn};
///
/// let sentence = run(async {
///     let reports = deadlocks();
///     let (tx, rx) = channel::<u8>();
///     // Waits for what only it could send: it has tried both ends.
///     let waits = spawn(async move {
///         let _ = tokio::time::timeout(std::time::Duration::ZERO, tx.send(1)).await;
///         rx.recv().await?;
///         Outcome::Ok(())
///     });
///     let report = reports.recv().await?;
///     waits.stop();
///     assert_eq!(report.news, News::Suspected, "nobody declared who holds the ends");
///     Outcome::Ok(report.cycle.sentence)
/// });
/// assert!(sentence.unwrap().contains("waits to receive from"));
/// ```
#[must_use]
pub fn deadlocks() -> Receiver<Deadlock> {
    let (tx, rx) = channel_bounded(REPORTS_MAX);
    tx.set_name("deadlocks");
    REPORTS.lock().unwrap_or_else(PoisonError::into_inner).push(tx);
    rx
}

/// The channels at which deadlocks are told.
pub(super) fn told_at() -> Vec<ChannelId> {
    REPORTS.lock().unwrap_or_else(PoisonError::into_inner).iter().map(Sender::id).collect()
}

pub(crate) fn watch(world: Arc<World>, census: Option<Census>) -> Monitor {
    let task = tokio::spawn(async move {
        let (mut looks, mut dumps) = (pin!(look_forever(world, census)), pin!(super::quit::dump_on_quit()));
        poll_fn(|cx| if dumps.as_mut().poll(cx).is_pending() { looks.as_mut().poll(cx) } else { Poll::Pending }).await;
    });
    Monitor { task }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn look_forever(world: Arc<World>, census: Option<Census>) {
    let (start, base) = (Instant::now(), clock::coarse_ms());
    // Time as the timers of the runtime have it, also where it stands still.
    let began = tokio::time::Instant::now();
    let mut pace = Pace::new();
    let executor = census.as_ref().map(|census| Arc::clone(&census.executor)).or_else(|| executor::here().ok());
    loop {
        tokio::time::sleep(pace.pause(began.elapsed())).await;
        clock::advance_coarse(base + u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX));
        let turns = executor.as_ref().and_then(|executor| executor.turns_asleep());
        if pace.is_due(began.elapsed(), turns) {
            let looked_at = Instant::now();
            let extent = look(&world, census.as_ref());
            pace.looked(began.elapsed(), looked_at.elapsed(), extent);
        }
    }
}

/// One look, and how far it went; at nothing where another monitor has just had one.
fn look(world: &World, census: Option<&Census>) -> Extent {
    let Some((found, extent)) = world.look(PERIOD / 2, census) else { return Extent::Glance(0) };
    for change in &found.changes {
        let report = world.report(change, &found);
        match report.news {
            News::Certain => tell!(error, "{}", report.cycle.sentence),
            News::Suspected => tell!(warn, "{}", report.cycle.sentence),
            News::Over => tell!(info, "over: {}", report.cycle.sentence),
        }
        tell(&report);
        if report.news == News::Certain {
            policy::act(world, &report);
        }
    }
    extent
}

/// What has changed, and what it is told by.
#[derive(Default)]
struct Found {
    changes: Vec<Change>,
    /// Those who may be stuck.
    cells: Vec<Arc<Cell>>,
    /// Those who may be stuck and what they stand at, as they were when they were judged, without names.
    node: Node,
}

fn tell(report: &Deadlock) {
    let mut reports = REPORTS.lock().unwrap_or_else(PoisonError::into_inner);
    reports.retain(|inlet| !matches!(inlet.try_send(report.clone()), Err(TrySendError::Ended(_))));
}

impl World {
    /// Why nobody can go on, where nobody can: a sentence for each knot of waits; where none is seen, one for each who waits.
    pub(crate) fn held_up(&self) -> Vec<String> {
        let cells = self.living();
        let mut watch = Watch::default();
        let mut look = || {
            let mut found = Snapshot::take(&cells, self);
            let node = found.node(&cells, |_| None);
            (watch.look(&node, found), node)
        };
        look();
        let (changes, node) = look();
        let found = Found { changes, cells: cells.clone(), node };
        let told = found.changes.iter().filter_map(|change| match change {
            // Nothing at all can run: what would only be suspected elsewhere is certain here.
            Change::Found(known) => Some(found.describe(self, known, Verdict::Certain).cycle.sentence),
            Change::Gone(_) => None,
        });
        let told: Vec<_> = told.collect();
        if told.is_empty() { vec![words::nobody(&self.snapshot().nodes[0])] } else { told }
    }

    /// What has changed since the look before, and how far the look went; none if that was just now.
    fn look(&self, least: Duration, census: Option<&Census>) -> Option<(Found, Extent)> {
        let mut watching = self.watching();
        let now = clock::now();
        if watching.last.is_some_and(|last| last <= now && now - last < least) {
            return None;
        }
        watching.last = Some(now);
        let mut sieve = Sieve::new(self.living());
        // While all processes move nothing else is looked at.
        let rested = sieve.rested();
        let still = watching.rested.still(&rested);
        watching.rested = rested;
        if !still && watching.cycles.is_empty() {
            return Some((Found::default(), Extent::Glance(sieve.len())));
        }
        sieve.sift(self, &told_from_outside());
        let cells = sieve.suspects();
        let mut found =
            if cells.is_empty() { Snapshot::default() } else { Snapshot::of_suspects(&cells, self, &sieve) };
        if sieve.all_wait_within() {
            found.alone = census.and_then(Census::alone).map(|turns| (turns, sieve.everybody()));
        }
        let node = found.node(&cells, |cell| sieve.child_that_goes_on(cell));
        let size = sieve.len() + sieve.channels;
        drop(sieve);
        let changes = watching.watch.look(&node, found);
        let extent = Extent::Look { size, has_suspects: watching.watch.has_suspects() };
        Some((Found { changes, cells, node }, extent))
    }

    /// What is to be said of a deadlock; it is in the picture from now on, or no more.
    fn report(&self, change: &Change, found: &Found) -> Deadlock {
        let (known, news) = match change {
            Change::Gone(known) => (known, News::Over),
            Change::Found(known) if known.verdict == Verdict::Certain => (known, News::Certain),
            Change::Found(known) => (known, News::Suspected),
        };
        let told = self.watching().cycles.get(&known.number).cloned();
        let report = match told {
            Some(told) if news == News::Over => Deadlock { news, ..told },
            _ => Deadlock { news, ..found.describe(self, known, known.verdict) },
        };
        let mut watching = self.watching();
        watching.cycles.remove(&known.number);
        if news != News::Over {
            watching.cycles.insert(known.number, report.clone());
        }
        report
    }
}

impl Found {
    fn cell(&self, id: ProcessId) -> Option<&Arc<Cell>> {
        self.cells.binary_search_by_key(&id, |cell| cell.id()).ok().map(|at| &self.cells[at])
    }

    /// With its name, and what it waited for when it was judged.
    fn process(&self, id: ProcessId) -> Option<Process> {
        let judged = &self.node.processes;
        let at = judged.binary_search_by_key(&id, |process| process.id).ok()?;
        Some(Process { state: judged[at].state.clone(), ..self.cell(id)?.describe() })
    }

    /// A deadlock of this world, with the names of those in it.
    fn describe(&self, world: &World, known: &Known, verdict: Verdict) -> Deadlock {
        let Knot { steps, members } = known.knot.clone();
        let mut node = world.named_node();
        let sentence = if steps.is_empty() {
            format!("deadlock: {}", words::nobody(&world.snapshot().nodes[0]))
        } else {
            node.processes = members.iter().filter_map(|&id| self.process(id)).collect();
            let waits = node.processes.iter().flat_map(|process| process.state.waits());
            let at: BTreeSet<_> = waits.filter_map(|wait| wait.at()).map(|(channel, _)| channel).collect();
            node.channels = world.channels(&at);
            words::sentence(&node, &steps, members.len() - steps.len(), verdict)
        };
        let line = |id| self.cell(id).map_or_else(String::new, |cell| cell.spawned_at().to_string());
        let spawned_at = steps.iter().map(|step| line(step.process)).collect();
        let cycle = Cycle { node: node.id, steps, members, verdict, sentence };
        Deadlock { number: known.number, news: News::Suspected, cycle, spawned_at }
    }
}
