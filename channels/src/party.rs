//! Who is acting: the seam through which a runtime says on whose behalf this thread runs. Channels never learn more.

use crate::prim::Held;
use crate::trace::Trace;
use crate::{Inspect, InspectBarrier, Poison};
use rendez_model::ProcessId;
use std::cell::{Cell, RefCell};
use std::sync::{Arc, Weak};
use std::task::Waker;

/// A process, as far as a channel needs to know one. Implemented by the runtime.
pub trait Party: Send + Sync {
    /// Its id; waiters carry it.
    fn id(&self) -> ProcessId;
    /// Its name, for the origin of poison.
    fn name(&self) -> String;
    /// A party stands at the channel, or has made it: a chance to list it for snapshots. It is told once a channel, to the first
    /// party there; those that come later are not told.
    fn met(&self, channel: Weak<dyn Inspect>);
    /// A party waits at the barrier; told as of a channel.
    fn met_at(&self, barrier: Weak<dyn InspectBarrier>) {
        drop(barrier);
    }
    /// Whether channels are to be listed when they are made, not only when somebody waits.
    fn observes(&self) -> bool;
    /// Whether its scope is ending it.
    fn cancelled(&self) -> bool;
    /// Wakes this waker once when its scope ends it.
    fn wake_on_cancel(&self, waker: &Waker);
    /// The [trace](crate::trace) that it has. Asked only while there is any, also under locks of channels: nothing but a look.
    fn trace(&self) -> Option<Trace> {
        None
    }
    /// From now on it has this one. Said by itself, under no lock of channels.
    fn set_trace(&self, trace: Option<Trace>) {
        drop(trace);
    }
}

/// Shows a party to who looks, if there is one.
pub type Show = fn(look: &mut dyn FnMut(&dyn Party));

/// On whose behalf a thread acts: an id, and how to see who that is. Two words, so that a runtime can say it at every poll.
#[derive(Clone, Copy, Debug)]
pub struct Acting {
    id: ProcessId,
    show: Show,
}

impl Acting {
    /// The party with this id. `show` is called on the same thread while it acts, by what needs more than the id.
    #[must_use]
    pub const fn new(id: ProcessId, show: Show) -> Self {
        Self { id, show }
    }
}

thread_local! {
    static ACTING: Cell<Option<Acting>> = const { Cell::new(None) };
    /// Whether there is anything in [`FAILING`], so that asking for it is a load.
    static IS_FAILING: Cell<bool> = const { Cell::new(false) };
    static FAILING: RefCell<Option<Arc<Poison>>> = const { RefCell::new(None) };
    static CALM: Cell<bool> = const { Cell::new(false) };
}

/// Says on whose behalf this thread acts from now on, and gives back who did before. A runtime calls it around every poll.
#[inline]
pub fn swap(acting: Option<Acting>) -> Option<Acting> {
    ACTING.replace(acting)
}

/// Looks at the party on whose behalf this thread acts, if somebody said who that is.
pub fn look<R>(look: impl FnOnce(&dyn Party) -> R) -> Option<R> {
    let acting = ACTING.get()?;
    let (mut look, mut seen) = (Some(look), None);
    (acting.show)(&mut |party| seen = look.take().map(|look| look(party)));
    seen
}

/// Whether somebody said so.
#[must_use]
#[inline]
pub fn is_known() -> bool {
    ACTING.get().is_some()
}

/// Its id; 0 where nobody said.
#[must_use]
#[inline]
pub fn current_id() -> ProcessId {
    ACTING.get().map_or_else(ProcessId::default, |acting| acting.id)
}

/// Tells the party of a thing that stands under this lock, where somebody has said who acts and `listed` that no party was told
/// yet. The lock is given up before.
pub(crate) fn tell_once<S>(
    mut state: Held<'_, S>,
    listed: impl FnOnce(&mut S) -> &mut bool,
    tell: impl FnOnce(&dyn Party),
) {
    if !is_known() || std::mem::replace(listed(&mut state), true) {
        return;
    }
    drop(state);
    look(tell);
}

/// Its name; empty where nobody said.
#[must_use]
pub fn current_name() -> String {
    look(|party| party.name()).unwrap_or_default()
}

/// Says that the current process is on its way out in failure: ends dropped from now on poison their channels.
///
/// An error that leaves a process drops the process's ends on its way, before the runtime sees it. This is how those
/// ends know. It holds until [`end_of_poll`].
pub fn failing(poison: Arc<Poison>) {
    IS_FAILING.set(true);
    FAILING.with(|failing| *failing.borrow_mut() = Some(poison));
}

/// Says that the poll is over: who was failing has ended or recovered.
#[inline]
pub fn end_of_poll() {
    if IS_FAILING.replace(false) {
        FAILING.with(|failing| failing.borrow_mut().take());
    }
}

/// Acts so that ends dropped meanwhile are given up without poison, whatever happens: who comes after takes care of it.
///
/// A runtime polls a process in it that is started again when it fails.
pub fn calmly<R>(act: impl FnOnce() -> R) -> R {
    struct Back(bool);
    impl Drop for Back {
        fn drop(&mut self) {
            CALM.set(self.0);
        }
    }
    let _back = Back(CALM.replace(true));
    act()
}

/// The poison that an end dropped now leaves behind, if any: its process fails, or its thread panics.
pub(crate) fn legacy(channel: impl FnOnce() -> String) -> Option<Arc<Poison>> {
    if CALM.get() {
        return None;
    }
    if IS_FAILING.get()
        && let Some(poison) = FAILING.try_with(|failing| failing.borrow().clone()).ok().flatten()
    {
        return Some(poison);
    }
    std::thread::panicking().then(|| Arc::new(Poison::new(channel(), "a panic", current_name())))
}
