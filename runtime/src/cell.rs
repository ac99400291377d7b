//! The cell of a process: its identity, state and place in the tree, shared by all who refer to it. Not its body.

use crate::{Failure, World};
use rendez_channels::{Inspect, party::Party};
use rendez_model::{End, Process, ProcessId, ProcessKind, State};
use std::any::Any;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Waker;

pub(crate) struct Cell {
    id: ProcessId,
    world: Arc<World>,
    spawned_at: &'static Location<'static>,
    /// Relaxed throughout, like the next two: read by snapshots only.
    running: AtomicBool,
    polls: AtomicU64,
    restarts: AtomicU32,
    cancelled: AtomicBool,
    inner: Mutex<Inner>,
}

struct Inner {
    name: String,
    kind: ProcessKind,
    note: String,
    parent: Option<Arc<Cell>>,
    children: Vec<Arc<Cell>>,
    /// The failure of a child that fails this scope.
    scope_failure: Option<Failure>,
    end: Option<End>,
    /// The driving task or thread, to be woken by a cancel.
    driver: Vec<Waker>,
    /// Who waits for the end of this process, or of its last child.
    watchers: Vec<Waker>,
}

impl Cell {
    pub(crate) fn new(
        world: &Arc<World>,
        name: String,
        kind: ProcessKind,
        spawned_at: &'static Location<'static>,
    ) -> Arc<Self> {
        let inner = Inner {
            name,
            kind,
            note: String::new(),
            parent: None,
            children: Vec::new(),
            scope_failure: None,
            end: None,
            driver: Vec::new(),
            watchers: Vec::new(),
        };
        Arc::new(Self {
            id: world.next_process(),
            world: Arc::clone(world),
            spawned_at,
            running: AtomicBool::new(false),
            polls: AtomicU64::new(0),
            restarts: AtomicU32::new(0),
            cancelled: AtomicBool::new(false),
            inner: Mutex::new(inner),
        })
    }

    /// The process on whose behalf this thread acts.
    pub(crate) fn current() -> Option<Arc<Self>> {
        rendez_channels::party::current()?.as_any().downcast().ok()
    }

    pub(crate) const fn id(&self) -> ProcessId {
        self.id
    }

    pub(crate) const fn world(&self) -> &Arc<World> {
        &self.world
    }

    pub(crate) fn name(&self) -> String {
        self.lock().name.clone()
    }

    pub(crate) fn set_name(&self, name: String) {
        self.lock().name = name;
    }

    pub(crate) fn set_kind(&self, kind: ProcessKind) {
        self.lock().kind = kind;
    }

    pub(crate) fn set_note(&self, note: String) {
        self.lock().note = note;
    }

    /// Name and spawn line, for reports.
    pub(crate) fn label(&self) -> String {
        format!("process `{}` (spawned at {})", self.name(), self.spawned_at)
    }

    /// Enters the tree under `parent`; a parent that is being ended ends the newcomer too.
    pub(crate) fn adopt(self: &Arc<Self>, parent: Option<Arc<Self>>) {
        if let Some(parent) = &parent {
            parent.lock().children.push(Arc::clone(self));
        }
        let late = parent.as_ref().is_some_and(|parent| parent.is_cancelled());
        self.lock().parent = parent;
        self.world.enter(self);
        if late {
            self.cancel();
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        // Acquire: pairs with the Release in `cancel`.
        self.cancelled.load(Ordering::Acquire)
    }

    /// Ends this process and all below it at their next step.
    pub(crate) fn cancel(&self) {
        // Release: pairs with the Acquire in `is_cancelled`.
        if self.cancelled.swap(true, Ordering::AcqRel) {
            return;
        }
        let (wakers, children) = {
            let mut inner = self.lock();
            (std::mem::take(&mut inner.driver), inner.children.clone())
        };
        wakers.into_iter().for_each(Waker::wake);
        children.iter().for_each(|child| child.cancel());
    }

    /// A child has failed and this process's scope with it.
    pub(crate) fn fail_scope(&self, failure: Failure) {
        self.lock().scope_failure.get_or_insert(failure);
        self.cancel();
    }

    pub(crate) fn is_root(&self) -> bool {
        self.lock().parent.is_none()
    }

    pub(crate) fn take_scope_failure(&self) -> Option<Failure> {
        self.lock().scope_failure.take()
    }

    pub(crate) fn cancel_children(&self) {
        let children = self.lock().children.clone();
        children.iter().for_each(|child| child.cancel());
    }

    /// Whether all children have ended; the waker is called when the last does.
    pub(crate) fn childless(&self, waker: &Waker) -> bool {
        let waker = waker.clone();
        let mut inner = self.lock();
        let childless = inner.children.is_empty();
        if !childless {
            inner.watchers.push(waker);
        }
        childless
    }

    pub(crate) fn children(&self) -> Vec<Arc<Self>> {
        self.lock().children.clone()
    }

    /// The process has ended: leaves the tree and wakes who waited for that.
    pub(crate) fn finish(self: &Arc<Self>, end: End) {
        let (watchers, parent) = {
            let mut inner = self.lock();
            inner.end = Some(end);
            inner.driver.clear();
            (std::mem::take(&mut inner.watchers), inner.parent.clone())
        };
        self.world.leave(self);
        watchers.into_iter().for_each(Waker::wake);
        if let Some(parent) = parent {
            parent.forget_child(self);
        }
    }

    /// How it ended; until then the waker is kept.
    pub(crate) fn ended(&self, waker: &Waker) -> Option<End> {
        let waker = waker.clone();
        let mut inner = self.lock();
        if inner.end.is_none() {
            inner.watchers.retain(|w| !w.will_wake(&waker));
            inner.watchers.push(waker);
        }
        inner.end.clone()
    }

    pub(crate) fn end(&self) -> Option<End> {
        self.lock().end.clone()
    }

    pub(crate) fn set_running(&self, running: bool) {
        self.running.store(running, Ordering::Relaxed);
        if running {
            self.polls.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn count_restart(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn restarts(&self) -> u32 {
        self.restarts.load(Ordering::Relaxed)
    }

    /// The process as data; what it stands at is known to channels, not to it.
    pub(crate) fn describe(&self) -> Process {
        let mut process = Process::new(self.id, String::new());
        let inner = self.lock();
        process.name.clone_from(&inner.name);
        process.kind = inner.kind;
        process.note.clone_from(&inner.note);
        process.parent = inner.parent.as_ref().map(|parent| parent.id);
        process.spawned_at = self.spawned_at.to_string();
        process.restarts = self.restarts();
        process.polls = self.polls.load(Ordering::Relaxed);
        process.state = match &inner.end {
            Some(end) => State::Done(end.clone()),
            None if self.running.load(Ordering::Relaxed) => State::Running,
            None if process.polls == 0 => State::Ready,
            None => State::Waiting,
        };
        process
    }

    fn forget_child(&self, child: &Arc<Self>) {
        let watchers = {
            let mut inner = self.lock();
            inner.children.retain(|c| !Arc::ptr_eq(c, child));
            if inner.children.is_empty() && inner.end.is_none() { std::mem::take(&mut inner.watchers) } else { vec![] }
        };
        watchers.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Party for Cell {
    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }

    fn id(&self) -> ProcessId {
        self.id
    }

    fn name(&self) -> String {
        Self::name(self)
    }

    fn met(&self, channel: Weak<dyn Inspect>) {
        self.world.list_channel(channel);
    }

    fn observes(&self) -> bool {
        self.world.observes()
    }

    fn cancelled(&self) -> bool {
        self.is_cancelled()
    }

    fn wake_on_cancel(&self, waker: &Waker) {
        let waker = waker.clone();
        let mut inner = self.lock();
        inner.driver.retain(|w| !w.will_wake(&waker));
        inner.driver.push(waker);
    }
}
