//! Exits: who hears of the end of a process, as a monitor or by a link. Each monitor fires exactly once.

use super::Actor;
use super::inside::Inside;
use crate::ProcessRef;
use crate::cell::Cell;
use rendez_model::{End, ProcessId};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Wake, Waker};

/// The end of a process, as a message to who watches it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exit {
    /// The process.
    pub process: ProcessId,
    /// Its name.
    pub name: String,
    /// How it ended.
    pub end: End,
    /// Whether it comes of a [link].
    pub linked: bool,
}

/// A process being watched by an actor; see [`Context::monitor`](super::Context::monitor).
#[derive(Clone)]
pub struct Monitor(Arc<Watch>);

/// What happens when a process ends.
enum Then {
    /// The actor that asked hears of it.
    Tell(Arc<dyn Ears>),
    /// The linked process hears of it, or ends.
    Link,
}

/// A waker in the list of the watched process: it is woken when that ends.
struct Watch {
    number: u64,
    watched: Arc<Cell>,
    watcher: Weak<Cell>,
    then: Then,
    /// Set by who fires it or gives it up: once.
    over: AtomicBool,
}

/// Hears of exits that concern an actor.
pub(crate) trait Ears: Send + Sync {
    fn hear(&self, watcher: &Arc<Cell>, exit: Exit, number: u64);
    /// Keeps a monitor until it fires.
    fn watch(&self, monitor: &Monitor);
    /// Gives up one that was kept.
    fn watch_no_more(&self, number: u64) -> Option<Monitor>;
}

/// Links two processes: when one ends other than normally, so does the other.
///
/// The other is ended as by [`ProcessRef::stop`], unless it is an actor that hears exits (`#[actor(exited)]`): that gets
/// the end as a message instead, a normal one too. A process that has ended already counts as ending now. (Erlang: `link/1`,
/// with `trap_exit` for who hears exits.)
///
/// ```
/// use rendez_runtime::{Outcome, link, run, spawn};
///
/// run(async {
///     let endless = || spawn(std::future::pending::<Outcome>()).process();
///     let (one, other) = (endless(), endless());
///     link(&one, &other);
///     one.stop();
///     other.ended().await;
/// }).unwrap();
/// ```
pub fn link(one: &ProcessRef, other: &ProcessRef) {
    for (watched, watcher) in [(one, other), (other, one)] {
        Watch::begin(watched.cell(), watcher.cell(), Then::Link);
    }
}

pub(crate) fn monitor(watched: &ProcessRef, watcher: &Arc<Cell>, ears: Arc<dyn Ears>) -> Monitor {
    let monitor = Monitor(Watch::begin(watched.cell(), watcher, Then::Tell(Arc::clone(&ears))));
    ears.watch(&monitor);
    monitor
}

impl Monitor {
    /// Ends the watch. True: it has not fired, and never will.
    pub(crate) fn give_up(&self) -> bool {
        let in_time = self.0.finish();
        if in_time {
            if let Then::Tell(ears) = &self.0.then {
                drop(ears.watch_no_more(self.0.number));
            }
            self.0.watched.forget_watcher(&Waker::from(Arc::clone(&self.0)));
        }
        in_time
    }

    pub(crate) fn number(&self) -> u64 {
        self.0.number
    }

    /// Whether it has fired or was given up.
    pub(crate) fn is_over(&self) -> bool {
        // Acquire: pairs with the AcqRel in `finish`.
        self.0.over.load(Ordering::Acquire)
    }
}

impl Watch {
    fn begin(watched: &Arc<Cell>, watcher: &Arc<Cell>, then: Then) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let watch = Self {
            // Relaxed: a number that has to be unique.
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            watched: Arc::clone(watched),
            watcher: Arc::downgrade(watcher),
            then,
            over: AtomicBool::new(false),
        };
        let watch = Arc::new(watch);
        watch.look();
        watch
    }

    /// Whether it is this caller who ends it.
    fn finish(&self) -> bool {
        // AcqRel: of `give_up` and `look` on different threads one sees false; nothing else is ordered by it.
        !self.over.swap(true, Ordering::AcqRel)
    }

    /// Fires if the process has ended, else stays in its list: it may also be woken for another reason.
    fn look(self: &Arc<Self>) {
        let Some(end) = self.watched.ended(&Waker::from(Arc::clone(self))) else { return };
        if !self.finish() {
            return;
        }
        let Some(watcher) = self.watcher.upgrade() else { return };
        let linked = matches!(self.then, Then::Link);
        let normal = end == End::Normal;
        let exit = Exit { process: self.watched.id(), name: self.watched.name(), end, linked };
        match &self.then {
            Then::Tell(ears) => ears.hear(&watcher, exit, self.number),
            Then::Link => match watcher.ears() {
                Some(ears) => ears.hear(&watcher, exit, self.number),
                None if normal => {}
                None => watcher.cancel(),
            },
        }
    }
}

impl Wake for Watch {
    fn wake(self: Arc<Self>) {
        self.look();
    }
}

impl<A: Actor> Ears for Inside<A> {
    fn hear(&self, watcher: &Arc<Cell>, exit: Exit, number: u64) {
        self.signals.push_exit(watcher, exit, number);
    }

    fn watch(&self, monitor: &Monitor) {
        self.signals.watch(monitor);
    }

    fn watch_no_more(&self, number: u64) -> Option<Monitor> {
        self.signals.watch_no_more(number)
    }
}
