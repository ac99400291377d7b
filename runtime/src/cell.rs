//! The cell of a process: its identity, state and place in the tree, shared by all who refer to it. Not its body, nor the memory of both.

mod ending;

use crate::actor::Ears;
use crate::control::{Control, Listeners};
use crate::ended::{More, Record, Standing};
use crate::executor::{self, Executor, Home};
use crate::group::Group;
use crate::inner::{Brief, Desk, Inner, Parent, Report};
use crate::log::tell;
use crate::spans::Spans;
use crate::task::{self, Job, Once, Own, Unstarted};
use crate::trace::Followed;
use crate::usage::Used;
use crate::waits::{Asker, Links, Rest};
use crate::{Failure, World};
use rendez_channels::Poison;
use rendez_channels::lock::{Held, Lock};
use rendez_channels::steps::{self, Touched};
use rendez_channels::trace::Follow;
use rendez_model::{ChannelId, Process, ProcessId, ProcessKind};
use std::borrow::Cow;
use std::num::NonZeroU64;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::Waker;

pub(crate) use crate::task::Cell;

/// What is known of a process, whatever its body is: the beginning of its [`Cell`], and reached by it.
///
/// What a turn touches comes last, next to the beginning of the body.
#[repr(C)]
pub(crate) struct Head {
    /// No user code runs under it, and nobody waits under it.
    inner: Lock<Inner, Brief>,
    /// What few processes need, made on first use.
    control: Once<Control>,
    spawned_at: &'static Location<'static>,
    /// Once it has started; where its world is not the global one, from its making on.
    home: Once<Home>,
    id: ProcessId,
    /// Twice the polls that are over, and one more during a poll.
    polls: AtomicU64,
    /// Where it stands in the list of its parent, or of the world. Relaxed: changed and read under that list's lock.
    place: AtomicU32,
    /// Whether a thread runs its blocking body. Relaxed, like `polls`: read by snapshots only.
    on_thread: AtomicBool,
    /// Relaxed: set before it starts.
    calm: AtomicBool,
    cancelled: AtomicBool,
    /// Whether it has ended normally, to be asked without the lock; set under it.
    ended_well: AtomicBool,
    pub(crate) own: Own,
}

// Programs have many processes: what few of them have belongs into a box.
#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Cell<()>>() <= 144, "a process takes more memory than it did");

/// What a process will be, before it has a body. Its id is known, so that ports can be declared.
pub(crate) struct Draft {
    id: ProcessId,
    home: Option<Arc<Home>>,
    name: Cow<'static, str>,
    kind: ProcessKind,
    spawned_at: &'static Location<'static>,
}

impl Draft {
    /// Of the world of the process that makes it.
    #[track_caller]
    pub(crate) fn new(name: impl Into<Cow<'static, str>>, kind: ProcessKind) -> Self {
        Self::at(name, kind, Location::caller())
    }

    /// The same for a process that another line has asked for.
    pub(crate) fn at(
        name: impl Into<Cow<'static, str>>,
        kind: ProcessKind,
        spawned_at: &'static Location<'static>,
    ) -> Self {
        let home = executor::own_home();
        let world = World::or_global(home.as_ref().and_then(|home| home.own_world()));
        Self { id: world.next_process(), home, name: name.into(), kind, spawned_at }
    }

    pub(crate) const fn id(&self) -> ProcessId {
        self.id
    }

    /// The process.
    pub(crate) fn with<T>(self, body: impl Job<T> + 'static) -> Unstarted<T> {
        Unstarted::new(|own| self.head(own), body)
    }

    /// Inlined, so that it is built where it stays: copied word by word, each load of two words waits for the stores before it.
    #[inline(always)]
    fn head(self, own: Own) -> Head {
        Head {
            inner: Lock::with_brief(Inner::new(self.name.into()), Brief::new(self.kind)),
            control: Once::new(Control::inherited()),
            spawned_at: self.spawned_at,
            home: Once::new(self.home),
            id: self.id,
            polls: AtomicU64::new(0),
            place: AtomicU32::new(0),
            on_thread: AtomicBool::new(false),
            calm: AtomicBool::new(false),
            cancelled: AtomicBool::new(false),
            ended_well: AtomicBool::new(false),
            own,
        }
    }
}

impl<T: 'static> Unstarted<T> {
    /// Enters the tree under `parent` and starts on an executor; a parent that is being ended ends the newcomer too.
    pub(crate) fn start(self, parent: Option<Arc<Cell>>, report: Report, home: Arc<Home>) -> Arc<Cell<dyn Job<T>>> {
        let (turn, job) = self.begin();
        turn.with_cell(|cell| cell.adopt(parent, report));
        job.home.get_or_set(|| home.of_stranger()).start(turn);
        job
    }
}

impl Head {
    pub(crate) const fn id(&self) -> ProcessId {
        self.id
    }

    /// What it runs on; none before it has started.
    #[inline]
    pub(crate) fn executor(&self) -> Option<&Arc<dyn Executor>> {
        self.home.get().map(|home| &**home)
    }

    #[inline]
    pub(crate) fn runs_at<E: Executor>(&self, executor: &E) -> bool {
        self.home.get().is_some_and(|home| home.is_at(executor))
    }

    pub(crate) fn home(&self) -> Option<Arc<Home>> {
        self.home.shared()
    }

    /// Whether it can run there: it has no home yet, or this one.
    pub(crate) fn may_run_at(&self, home: &Home) -> bool {
        self.home.get().is_none_or(|own| own.runs_with(home))
    }

    /// What lies between it and the task that runs it; no user code runs in there.
    pub(crate) fn at_desk<R>(&self, act: impl FnOnce(&mut Desk) -> R) -> R {
        act(self.lock_unseen().seldom().desk.get_or_insert_default())
    }

    #[inline]
    pub(crate) fn world(&self) -> &Arc<World> {
        World::or_global(self.own_world())
    }

    #[inline]
    pub(crate) fn own_world(&self) -> Option<&Arc<World>> {
        self.home.get()?.own_world()
    }

    pub(crate) fn name(&self) -> String {
        self.lock().name.to_string()
    }

    pub(crate) fn set_name(&self, name: String) {
        self.lock().name = Cow::<str>::Owned(name).into();
    }

    pub(crate) fn put_spans(&self, spans: Spans) {
        self.lock_unseen().seldom().spans = spans;
    }

    /// For who polls it, and puts them back.
    pub(crate) fn take_spans(&self) -> Spans {
        self.lock_unseen().seldom.as_mut().and_then(|seldom| seldom.spans.take())
    }

    pub(crate) fn set_kind(&self, kind: ProcessKind) {
        self.lock().brief_mut().kind = kind;
    }

    pub(crate) fn set_note(&self, note: String) {
        self.lock().seldom().note = note;
    }

    /// The OS process that is its body; a note says so, if there is none.
    pub(crate) fn set_os_pid(&self, pid: Option<u32>) {
        let mut inner = self.lock();
        let seldom = inner.seldom();
        seldom.os_pid = pid;
        if let (Some(pid), true) = (pid, seldom.note.is_empty()) {
            seldom.note = format!("OS process {pid}");
        }
    }

    pub(crate) fn os_pid(&self) -> Option<u32> {
        self.lock().seldom.as_ref()?.os_pid
    }

    /// Name and spawn line, for reports.
    pub(crate) fn label(&self) -> String {
        format!("process `{}` (spawned at {})", self.name(), self.spawned_at)
    }

    /// Takes a child in, unless it has ended itself.
    fn take_in(&self, child: &Arc<Cell>) -> bool {
        let mut inner = self.lock();
        let lives = !inner.brief().has_ended;
        if lives {
            inner.seldom().children.enter(child);
        }
        lives
    }

    pub(crate) fn place(&self) -> u32 {
        self.place.load(Ordering::Relaxed)
    }

    pub(crate) fn set_place(&self, place: u32) {
        self.place.store(place, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn is_cancelled(&self) -> bool {
        // Acquire: pairs with the Release in `set_cancelled`.
        self.cancelled.load(Ordering::Acquire)
    }

    /// What few processes need.
    pub(crate) fn control(&self) -> &Control {
        steps::touches(|| Touched::Own(self.id.0));
        self.control.get_or_set(Arc::default)
    }

    /// What it follows, if it ever followed anything.
    pub(crate) fn followed(&self) -> Option<&Followed> {
        self.known_control()?.known_followed()
    }

    fn known_control(&self) -> Option<&Control> {
        self.control.get()
    }

    /// What its ends leave behind when it is ended.
    pub(crate) fn ending_poison(&self) -> Option<&Arc<Poison>> {
        self.known_control()?.poison()
    }

    /// Requests it and all below it to stop by themselves.
    pub(crate) fn request_stop(&self) -> Listeners {
        self.control().request_stop();
        let own = if self.has_ended() {
            Listeners::Nobody
        } else if self.control().listens() {
            Listeners::Somebody
        } else if self.polls() == 0 || self.is_polled() {
            Listeners::Unknown
        } else {
            Listeners::Nobody
        };
        self.children().iter().fold(own, |listeners, child| listeners.max(child.request_stop()))
    }

    /// Ends that it drops are given up, not poisoned, however it ends: who starts it again takes care of them.
    pub(crate) fn set_calm(&self) {
        self.calm.store(true, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn is_calm(&self) -> bool {
        self.calm.load(Ordering::Relaxed)
    }

    pub(crate) fn set_ears(&self, ears: Weak<dyn Ears>) {
        self.lock().seldom().ears = Some(ears);
    }

    pub(crate) fn ears(&self) -> Option<Arc<dyn Ears>> {
        self.lock().seldom.as_ref()?.ears.as_ref()?.upgrade()
    }

    pub(crate) fn cancel_children(&self) {
        self.children().iter().for_each(|child| child.cancel_below(None));
    }

    /// Tells of a failure whoever has asked for that.
    pub(crate) fn report(&self, failure: &Failure) {
        let (report, parent) = {
            let mut inner = self.lock();
            let report = match &inner.report {
                Report::Group(group, number) => Report::Group(Arc::clone(group), *number),
                _ => std::mem::replace(&mut inner.report, Report::Nobody),
            };
            (report, inner.parent.lives().cloned())
        };
        match (report, parent) {
            (Report::Group(group, _), _) => group.note_failure(failure),
            (Report::To(hears), _) => hears(failure),
            (Report::Scope, Some(scope)) if failure.fails_scope() => scope.fail_scope(failure.clone()),
            (Report::Scope, None) if failure.fails_scope() => {
                tell!(error, "{} has failed, and has no scope that would: {failure}", self.label());
            }
            _ => {}
        }
    }

    pub(crate) fn children(&self) -> Vec<Arc<Cell>> {
        self.lock().seldom.iter().flat_map(|seldom| seldom.children.cells()).cloned().collect()
    }

    /// Adds some of its children; gives where to go on, if there are more.
    pub(crate) fn copy_children(&self, from: usize, into: &mut Vec<Arc<Cell>>) -> Option<usize> {
        self.lock().seldom.as_ref()?.children.copy_lot(from, into)
    }

    /// It has a name, to be given back when it ends; false when it has.
    pub(crate) fn note_registered(&self) -> bool {
        let mut inner = self.lock();
        inner.seldom().is_registered = true;
        !inner.brief().has_ended
    }

    /// A poll begins, or is over; only who runs it says so.
    #[inline]
    pub(crate) fn count_half_a_poll(&self) {
        self.polls.store(self.polls.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// How often it was polled, or began to be.
    #[inline]
    pub(crate) fn polls(&self) -> u64 {
        self.polls.load(Ordering::Relaxed).div_ceil(2)
    }

    fn is_polled(&self) -> bool {
        self.polls.load(Ordering::Relaxed) % 2 == 1
    }

    /// Somebody measures, and it has used this.
    pub(crate) fn note_usage(&self, used: &Used) {
        self.control.get_or_set(Arc::default).usage.add(used);
    }

    pub(crate) fn set_on_thread(&self, on_thread: bool) {
        self.on_thread.store(on_thread, Ordering::Relaxed);
    }

    pub(crate) fn set_restarts(&self, restarts: u32) {
        self.lock().seldom().restarts = restarts;
    }

    /// The process as data; what it stands at is known to channels, not to it.
    pub(crate) fn describe(&self) -> Process {
        let inner = self.lock();
        self.record(&inner, inner.brief()).describe()
    }

    /// The same, made without allocating for most.
    fn record(&self, inner: &Inner, brief: &Brief) -> Record {
        let polls = self.polls();
        let standing = if brief.has_ended {
            Standing::Done
        } else if self.is_polled() || self.on_thread.load(Ordering::Relaxed) {
            Standing::Running
        } else if polls == 0 {
            Standing::Ready
        } else {
            Standing::Waiting
        };
        Record {
            id: self.id,
            name: inner.name.clone(),
            parent: inner.parent.id().and_then(|id| NonZeroU64::new(id.0)),
            spawned_at: self.spawned_at,
            polls,
            more: self.more(inner),
            kind: brief.kind,
            standing,
        }
    }

    /// What it has to tell beyond what all have.
    fn more(&self, inner: &Inner) -> Option<Box<More>> {
        let (seldom, control) = (inner.seldom.as_deref(), self.known_control());
        if seldom.is_none() && control.is_none() {
            return None;
        }
        let (note, restarts, bad_end) =
            seldom.map(|seldom| (seldom.note.clone(), seldom.restarts, seldom.bad_end.clone())).unwrap_or_default();
        let (busy, operations) = control.map(|control| control.usage.so_far()).unwrap_or_default();
        let trace = self.followed().and_then(Follow::trace).map(|trace| trace.to_string().into());
        More { bad_end, restarts, busy, operations, trace, note }.boxed()
    }

    pub(crate) fn parent(&self) -> Option<Arc<Cell>> {
        self.lock().parent.lives().cloned()
    }

    /// The line that spawned it.
    pub(crate) const fn spawned_at(&self) -> &'static Location<'static> {
        self.spawned_at
    }

    pub(crate) fn kind(&self) -> ProcessKind {
        self.lock().brief().kind
    }

    /// The answers that it waits for.
    pub(crate) fn asks(&self) -> Vec<Asker> {
        self.known_control().map_or_else(Vec::new, |control| control.all_asks(self))
    }

    /// Where it listens while it handles messages beside each other.
    pub(crate) fn listens_at(&self) -> Option<ChannelId> {
        self.known_control().and_then(Control::listens_at)
    }

    /// How it stands with being run, for a snapshot.
    pub(crate) fn rest(&self) -> Rest {
        let (rests, wakers) = self.sleep();
        Rest { rests, wakers, polls: self.polls() }
    }

    /// The number of its wakers, as channels say it.
    pub(crate) fn waker_id(&self) -> u64 {
        std::ptr::from_ref(self).cast::<()>().addr() as u64
    }

    /// The scope that it is a child of, if that hears of it.
    pub(crate) fn group(&self) -> Option<Arc<Group>> {
        if let Report::Group(group, _) = &self.lock().report { Some(Arc::clone(group)) } else { None }
    }

    /// Who waits for it, and what it waits for that is not at channels.
    pub(crate) fn links(&self) -> Links {
        let (joined_by, awaits_children, kind) = {
            let inner = self.lock();
            let joined_by = inner.watchers.all().map(rendez_channels::waker_id).collect();
            (joined_by, inner.brief().awaits_children && !inner.brief().leaves_children, inner.brief().kind)
        };
        // Not under our lock: a group looks at its cells under its own.
        let group = self.group().and_then(|group| Some((Arc::as_ptr(&group).addr() as u64, group.owner_id()?)));
        let (asks, listens_at) = (self.asks(), self.listens_at());
        let keeps_timer = self.known_control().is_some_and(Control::keeps_timer);
        Links { kind, joined_by, awaits_children, group, asks, listens_at, keeps_timer }
    }

    /// Wakes this too, when it is cancelled: a thread that acts for it.
    pub(crate) fn wake_on_cancel(&self, waker: &Waker) {
        let waker = waker.clone();
        let mut inner = self.lock();
        let threads = &mut inner.seldom().threads;
        threads.retain(|w| !w.will_wake(&waker));
        threads.push(waker);
    }

    fn lock(&self) -> Held<'_, Inner, Brief> {
        steps::touches(|| Touched::Own(self.id.0));
        self.lock_unseen()
    }

    /// For what nobody sees here: in which order children end, and spans.
    fn lock_unseen(&self) -> Held<'_, Inner, Brief> {
        self.inner.lock_unseen()
    }
}

impl Cell {
    /// The process on whose behalf this thread acts.
    pub(crate) fn current() -> Option<Arc<Self>> {
        task::with_current(|cell| cell.cloned())
    }

    /// Looks at it, where it is not kept.
    pub(crate) fn with_current<R>(look: impl FnOnce(Option<&Arc<Self>>) -> R) -> R {
        task::with_current(look)
    }

    /// A parent that is being ended, or is requested to stop, takes the newcomer along.
    fn adopt(self: &Arc<Self>, parent: Option<Arc<Self>>, report: Report) {
        match &parent {
            Some(parent) => {
                if !parent.take_in(self) {
                    self.world().enter(self);
                }
                if parent.known_control().is_some_and(Control::is_requested) {
                    self.request_stop();
                }
                if parent.is_cancelled() {
                    self.cancel_below(parent.ending_poison());
                }
            }
            None => self.world().enter(self),
        }
        // It has not run, so that nobody has asked for these.
        let mut inner = self.lock();
        inner.report = report;
        inner.parent = parent.map_or(Parent::Gone(None), Parent::Lives);
    }

    /// Ends this process and all below it at their next step, but for what is shielded.
    pub(crate) fn cancel(self: &Arc<Self>) {
        self.cancel_with(None);
    }

    /// The same, and what they leave behind at their channels is poison.
    pub(crate) fn cancel_with(self: &Arc<Self>, poison: Option<&Arc<Poison>>) {
        if self.set_cancelled(poison) {
            self.children().iter().for_each(|child| child.cancel_below(poison));
        }
    }

    fn cancel_below(self: &Arc<Self>, poison: Option<&Arc<Poison>>) {
        if !self.known_control().is_some_and(Control::is_shielded) {
            self.cancel_with(poison);
        }
    }

    /// Has this process end, not those below it; false when it is being ended already.
    fn set_cancelled(self: &Arc<Self>, poison: Option<&Arc<Poison>>) -> bool {
        if let Some(poison) = poison {
            self.control().set_poison(poison);
        }
        // Release: pairs with the Acquire in `is_cancelled`.
        if self.cancelled.swap(true, Ordering::AcqRel) {
            return false;
        }
        let wakers = self.lock().seldom.as_mut().map(|seldom| std::mem::take(&mut seldom.threads)).unwrap_or_default();
        wakers.into_iter().for_each(Waker::wake);
        self.wake();
        true
    }

    /// Has it polled: something has happened that no channel tells.
    pub(crate) fn wake(self: &Arc<Self>) {
        if let Some(turn) = task::wake(self) {
            executor::ready(turn);
        }
    }

    /// A child has failed and this process's scope with it: its ends are poisoned, its other children ended.
    pub(crate) fn fail_scope(self: &Arc<Self>, failure: Failure) {
        let poison = failure.poison();
        self.lock().seldom().scope_failure.get_or_insert(failure);
        if self.set_cancelled(Some(&poison)) {
            self.cancel_children();
        }
    }

    /// Has it end without its children.
    pub(crate) fn leave_children(self: &Arc<Self>) {
        self.lock().brief_mut().leaves_children = true;
        self.wake();
    }

    /// A child has ended; false when it is not in the list.
    fn forget_child(self: &Arc<Self>, child: &Arc<Self>) -> bool {
        let (left, is_awaited) = {
            steps::touches(|| Touched::Shared(self.id.0));
            let mut inner = self.lock_unseen();
            let left = inner.seldom.as_mut().and_then(|seldom| seldom.children.leave(child));
            (left, !inner.has_children() && inner.brief().awaits_children)
        };
        if is_awaited {
            self.wake();
        }
        left.is_some()
    }
}
