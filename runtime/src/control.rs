//! What only few processes need: a request to stop, the poison that ends them, a shield. Made on first use.

use crate::alt;
use crate::cell::{Cell, Head};
use crate::shared::Shared;
use crate::trace::{self, Followed};
use crate::usage::Usage;
use crate::waits::{Asker, Sole};
use rendez_channels::lock::Held;
use rendez_channels::{CancellationToken, FutureGuard, Poison, at, clock, future};
use rendez_model::ChannelId;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How often to look again whether somebody listens, while some have not run yet.
const LOOK: Duration = Duration::from_millis(2);

/// Whether there is anybody who listens to requests to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Listeners {
    Nobody,
    /// Nobody so far; but somebody has not run yet, or runs, and may.
    Unknown,
    Somebody,
}

/// Requests to stop, and waits until `done` is; not for longer than the grace, and only for those who listen.
pub(crate) async fn wind_down<T: Send>(
    grace: Duration,
    request: impl Fn() -> Listeners + Send,
    mut done: Pin<&mut (impl Future<Output = T> + Send)>,
) -> Option<T> {
    // A grace too long for the clock has no end.
    let end = clock::now().checked_add(grace);
    loop {
        let look = match request() {
            Listeners::Nobody => return None,
            Listeners::Unknown => Some(clock::now() + LOOK),
            Listeners::Somebody => None,
        };
        let until = [look, end].into_iter().flatten().min();
        alt! {
            pri;
            done = future(done.as_mut()) => return Some(done),
            _ = at(until.unwrap_or_else(clock::now)), if until.is_some() => {}
        }
        if end.is_some_and(|end| clock::now() >= end) {
            return None;
        }
    }
}

pub(crate) struct Control {
    /// Cancelled when the process is requested to stop.
    stop: CancellationToken,
    /// Relaxed, like the next: who reads it late is waited for, or not, as if it had asked a moment later.
    listens: AtomicBool,
    is_shielded: AtomicBool,
    /// Its ends leave this behind when it is ended.
    poison: OnceLock<Arc<Poison>>,
    /// What it has used while somebody measured.
    pub(crate) usage: Usage,
    /// The answer that it waits for, and those that it waits for beside that.
    sole: Sole,
    asks: Shared<Vec<Asker>>,
    /// Of an actor that handles messages beside each other: its mailbox, at which it listens meanwhile; 0 is none. Relaxed: changed
    /// by who polls the process, read by snapshots, which look whether it rests.
    listens_at: AtomicU64,
    /// Whether, meanwhile, a timer of messages that are to come keeps one waker of it. Relaxed: as `listens_at`.
    keeps_timer: AtomicBool,
    /// Of its own place: most follow nothing.
    followed: OnceLock<Box<Followed>>,
}

impl Default for Control {
    fn default() -> Self {
        Self {
            stop: CancellationToken::from_outside(),
            listens: AtomicBool::default(),
            is_shielded: AtomicBool::default(),
            poison: OnceLock::default(),
            usage: Usage::default(),
            sole: Sole::default(),
            asks: Shared::default(),
            listens_at: AtomicU64::default(),
            keeps_timer: AtomicBool::default(),
            followed: OnceLock::default(),
        }
    }
}

impl Control {
    /// That of a process that is made here, which follows what its maker follows.
    #[inline]
    pub(crate) fn inherited() -> Option<Arc<Self>> {
        trace::current().map(|trace| {
            let followed = OnceLock::from(Box::new(Followed::of(Some(trace))));
            Arc::new(Self { followed, ..Self::default() })
        })
    }

    /// What it follows; made on first use.
    pub(crate) fn followed(&self) -> &Followed {
        self.followed.get_or_init(Box::default)
    }

    pub(crate) fn known_followed(&self) -> Option<&Followed> {
        self.followed.get().map(|followed| &**followed)
    }

    /// Who takes them has come through `control`, which tells who explores.
    pub(crate) fn asks(&self) -> Held<'_, Vec<Asker>> {
        self.asks.lock_unseen()
    }

    #[inline]
    pub(crate) const fn sole(&self) -> &Sole {
        &self.sole
    }

    /// All answers that the process of this cell, its own, waits for.
    pub(crate) fn all_asks(&self, cell: &Head) -> Vec<Asker> {
        self.asks().iter().copied().chain(self.sole.get(cell.polls(), cell.waker_id())).collect()
    }

    /// From now on the process also listens at this mailbox; none: no more.
    pub(crate) fn listen_at(&self, mailbox: Option<ChannelId>) {
        self.listens_at.store(mailbox.map_or(0, |id| id.0), Ordering::Relaxed);
    }

    pub(crate) fn listens_at(&self) -> Option<ChannelId> {
        Some(self.listens_at.load(Ordering::Relaxed)).filter(|id| *id != 0).map(ChannelId)
    }

    /// Whether one of its wakers is kept for messages that a timer brings.
    pub(crate) fn keep_timer(&self, keeps: bool) {
        self.keeps_timer.store(keeps, Ordering::Relaxed);
    }

    pub(crate) fn keeps_timer(&self) -> bool {
        self.keeps_timer.load(Ordering::Relaxed)
    }

    pub(crate) fn shield(&self) {
        self.is_shielded.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_shielded(&self) -> bool {
        self.is_shielded.load(Ordering::Relaxed)
    }

    /// Has the process poison its ends when it is ended; the first poison stays.
    pub(crate) fn set_poison(&self, poison: &Arc<Poison>) {
        let _ = self.poison.set(Arc::clone(poison));
    }

    pub(crate) fn poison(&self) -> Option<&Arc<Poison>> {
        self.poison.get()
    }

    pub(crate) fn request_stop(&self) {
        self.stop.cancel();
    }

    pub(crate) fn is_requested(&self) -> bool {
        self.stop.is_cancelled()
    }

    pub(crate) fn listens(&self) -> bool {
        self.listens.load(Ordering::Relaxed)
    }

    pub(crate) fn listen(&self) -> CancellationToken {
        self.listens.store(true, Ordering::Relaxed);
        self.stop.clone()
    }
}

/// Waits until the current process is requested to stop: as a guard of a choice, or alone. Outside of any process nobody
/// requests that, and it waits for ever.
///
/// A request comes from [`ProcessRef::request_stop`](crate::ProcessRef::request_stop), from the
/// [grace](crate::Scoped::grace) of a scope that ends early, and from ctrl-c or SIGTERM; it reaches all processes below. It leaves
/// the process alone: what is still to do is done, and the process ends by itself. Who takes longer than the grace is
/// ended; who never asks for requests is ended at once, so that only those are waited for that can make use of it.
///
/// # Cancel safety
/// Nothing is lost: a request stands.
///
/// ```
/// use rendez_runtime::{Outcome, alt, run, spawn, stop_requested};
/// use std::time::Duration;
///
/// let last_words = run(async {
///     let server = spawn(async {
///         stop_requested().await;
///         Outcome::Ok("saved")
///     });
///     rendez_channels::after(Duration::from_millis(5)).await;
///     server.process().request_stop();
///     server.join().await
/// });
/// assert_eq!(last_words.unwrap(), "saved");
/// ```
pub fn stop_requested() -> FutureGuard<Pin<Box<dyn Future<Output = ()> + Send>>> {
    let stop = Cell::current().map(|cell| cell.control().listen());
    future(Box::pin(async move {
        match stop {
            Some(stop) => stop.cancelled().await,
            None => std::future::pending().await,
        }
    }))
}

/// Whether the current process was requested to stop, or is being ended: for a function that computes for long on a thread.
///
/// ```
/// use rendez_runtime::{Outcome, blocking, is_stop_requested, run, spawn};
///
/// let rounds = run(async {
///     let counting = spawn(blocking("count", || {
///         let mut rounds = 0;
///         while !is_stop_requested() {
///             rounds += 1;
///         }
///         Outcome::Ok(rounds)
///     }));
///     counting.process().request_stop();
///     counting.join().await
/// });
/// assert!(rounds.is_ok());
/// ```
#[must_use]
pub fn is_stop_requested() -> bool {
    Cell::current().is_some_and(|cell| {
        cell.control().listen();
        cell.is_cancelled() || cell.control().is_requested()
    })
}
