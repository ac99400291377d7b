//! The monitor: advances the coarse clock and looks for deadlocks a few times a second. It judges nothing itself.

use crate::World;
use rendez_channels::{Receiver, Sender, channel_bounded, clock};
use rendez_model::Cycle;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two looks.
const PERIOD: Duration = Duration::from_millis(200);
/// How long a wait must have stood, by the coarse clock, to count as stuck: it has then outlived a whole period, while
/// the waits of a network that moves are all younger. So a deadlock is told within three periods.
pub(crate) const SETTLED_MS: u64 = 2 * PERIOD.as_millis() as u64;
/// Reports that nobody has received; more are dropped, the log has them all.
const REPORTS_MAX: usize = 64;

static REPORTS: Mutex<Vec<Sender<Cycle>>> = Mutex::new(Vec::new());

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

/// Observes the network: for a program that will be drawn. Costs a list entry a channel.
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

/// Deadlocks as they are found, each once. While nobody receives, the first 64 are kept.
#[must_use]
pub fn deadlocks() -> Receiver<Cycle> {
    let (tx, rx) = channel_bounded(REPORTS_MAX);
    tx.set_name("deadlocks");
    REPORTS.lock().unwrap_or_else(PoisonError::into_inner).push(tx);
    rx
}

pub(crate) fn watch(world: Arc<World>) -> Monitor {
    Monitor { task: tokio::spawn(look_forever(world)) }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn look_forever(world: Arc<World>) {
    let start = Instant::now();
    let base = clock::coarse_ms();
    loop {
        tokio::time::sleep(PERIOD).await;
        clock::advance_coarse(base + u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX));
        for cycle in world.note_cycles(&world.snapshot().cycles) {
            tracing::error!("{}", cycle.sentence);
            tell(&cycle);
        }
    }
}

fn tell(cycle: &Cycle) {
    let mut reports = REPORTS.lock().unwrap_or_else(PoisonError::into_inner);
    reports.retain(|report| {
        let sent = report.try_send(cycle.clone());
        !matches!(sent, Err(rendez_channels::TrySendError::Ended(_)))
    });
}
