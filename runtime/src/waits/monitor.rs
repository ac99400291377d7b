//! The monitor: advances the coarse clock, looks for deadlocks a few times a second, and tells. It judges nothing itself.

use super::watch::{Change, Known};
use super::{Snapshot, Watch, policy, words};
use crate::World;
use rendez_channels::{Receiver, Sender, TrySendError, channel_bounded, clock};
use rendez_model::{Cycle, Node, ProcessId, Verdict};
use std::collections::BTreeSet;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

/// Between two looks. A deadlock is told at the second look that sees it.
const PERIOD: Duration = Duration::from_millis(200);
/// Of its time the monitor looks at most this part: where a look takes long, the next one is later.
const LOOKS_AT_MOST: u32 = 50;
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
    _monitor: Monitor,
}

/// Observes the network: for a program that will be drawn, and for deadlocks where [`run`](crate::run) does not run it. Costs
/// a list entry a channel.
///
/// # Panics
/// When no tokio runtime is ambient.
pub fn observe() -> Observation {
    let world = World::global();
    world.set_observes(true);
    Observation { _monitor: watch(Arc::clone(&world)), world }
}

impl Drop for Observation {
    fn drop(&mut self) {
        self.world.set_observes(false);
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

pub(crate) fn watch(world: Arc<World>) -> Monitor {
    let task = tokio::spawn(async move {
        let (mut looks, mut dumps) = (pin!(look_forever(world)), pin!(super::quit::dump_on_quit()));
        poll_fn(|cx| if dumps.as_mut().poll(cx).is_pending() { looks.as_mut().poll(cx) } else { Poll::Pending }).await;
    });
    Monitor { task }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn look_forever(world: Arc<World>) {
    let start = Instant::now();
    let base = clock::coarse_ms();
    let mut pause = PERIOD;
    loop {
        tokio::time::sleep(pause).await;
        clock::advance_coarse(base + u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX));
        let began = Instant::now();
        look(&world);
        pause = PERIOD.max(began.elapsed() * LOOKS_AT_MOST);
    }
}

/// One look; nothing where another monitor has just had one.
fn look(world: &World) {
    let Some(changes) = world.look(PERIOD / 2) else { return };
    for change in changes {
        let (known, over) = match change {
            Change::Found(known) => (known, false),
            Change::Gone(known) => (known, true),
        };
        let report = world.report(&known, over);
        match report.news {
            News::Certain => tracing::error!("{}", report.cycle.sentence),
            News::Suspected => tracing::warn!("{}", report.cycle.sentence),
            News::Over => tracing::info!("over: {}", report.cycle.sentence),
        }
        tell(&report);
        if report.news == News::Certain {
            policy::act(world, &report);
        }
    }
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
            let mut found = Snapshot::take(&cells, &self.places());
            let node = self.lean_node(&cells, &mut found);
            watch.look(&node, found)
        };
        look();
        let knots = look().into_iter().filter_map(|change| match change {
            Change::Found(Known { number, knot, .. }) => Some((number, knot)),
            Change::Gone(_) => None,
        });
        let told = knots.map(|(number, knot)| {
            // Nothing at all can run: what would only be suspected elsewhere is certain here.
            self.describe(number, &knot.members, &knot.steps, Verdict::Certain).cycle.sentence
        });
        let told: Vec<_> = told.collect();
        if told.is_empty() { vec![words::nobody(&self.snapshot().nodes[0])] } else { told }
    }

    /// What has changed since the look before; none if that was just now.
    fn look(&self, least: Duration) -> Option<Vec<Change>> {
        let mut watching = self.watching();
        let now = clock::now();
        if watching.last.is_some_and(|last| last <= now && now - last < least) {
            return None;
        }
        watching.last = Some(now);
        let cells = self.living();
        // While all processes move nothing else is looked at.
        let rests = cells.iter().map(|cell| (cell.id(), cell.rest())).filter(|(_, rest)| rest.rests);
        let rests: BTreeSet<(ProcessId, u64)> = rests.map(|(id, rest)| (id, rest.polls)).collect();
        let still = watching.rested.intersection(&rests).next().is_some();
        watching.rested = rests;
        if !still && watching.cycles.is_empty() {
            return Some(Vec::new());
        }
        let mut found = Snapshot::take(&cells, &self.places());
        let node = self.lean_node(&cells, &mut found);
        let changes = watching.watch.look(&node, found);
        Some(changes)
    }

    /// What is to be said of a deadlock; it is in the picture from now on, or no more.
    fn report(&self, known: &Known, over: bool) -> Deadlock {
        let Known { number, knot, verdict } = known;
        let mut watching = self.watching();
        let before = watching.cycles.iter().position(|(at, _)| at == number);
        let before = before.map(|at| watching.cycles.swap_remove(at).1);
        let Deadlock { cycle, spawned_at, .. } = match before {
            Some(told) if over => told,
            _ => self.describe(*number, &knot.members, &knot.steps, *verdict),
        };
        let news = match (over, verdict) {
            (true, _) => News::Over,
            (false, Verdict::Certain) => News::Certain,
            (false, Verdict::Suspected) => News::Suspected,
        };
        let report = Deadlock { number: *number, news, cycle, spawned_at };
        if !over {
            watching.cycles.push((*number, report.clone()));
        }
        report
    }

    fn describe(
        &self,
        number: u64,
        members: &[ProcessId],
        steps: &[rendez_model::Waits],
        verdict: Verdict,
    ) -> Deadlock {
        let mut node: Node = self.named_node();
        let cells = self.living();
        let of = |id: ProcessId| cells.binary_search_by_key(&id, |cell| cell.id()).ok().map(|at| &cells[at]);
        node.processes = members.iter().filter_map(|&id| Some(of(id)?.describe())).collect();
        let at: BTreeSet<_> = steps.iter().filter_map(|step| step.wait.at()).map(|(channel, _)| channel).collect();
        node.channels = self.places().channels.iter().map(|channel| channel.channel()).collect();
        node.channels.retain(|channel| at.contains(&channel.id));
        let others = members.len() - steps.len();
        let sentence = words::sentence(&node, steps, others, verdict);
        let spawned_at =
            steps.iter().map(|step| of(step.process).map_or_else(String::new, |cell| cell.spawned_at())).collect();
        let (steps, members) = (steps.to_vec(), members.to_vec());
        let cycle = Cycle { node: node.id, steps, members, verdict, sentence };
        Deadlock { number, news: News::Suspected, cycle, spawned_at }
    }
}
