//! The world: all processes and channels of one runtime, listed for snapshots. It schedules nothing.

use crate::cell::Cell;
use crate::ended::Record;
use crate::executor;
use crate::names::Names;
use crate::shared::Shared;
use crate::slots::{LOT, Slots};
use crate::usage::Samples;
use crate::waits::{Deadlock, Rested, Sight, Snapshot, Watch};
use rendez_channels::lock::{Held, Lock};
use rendez_channels::{Glimpse, Inspect, InspectBarrier};
use rendez_model::{Channel, ChannelId, Network, Node, Process, ProcessId, State};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Instant;

/// How many ended processes a snapshot still shows.
const ENDED_MAX: usize = 256;
/// How many ended channels an observed world keeps for the picture.
const ENDED_CHANNELS_MAX: usize = 256;

pub(crate) struct World {
    /// Relaxed: a number that has to be unique.
    next_process: AtomicU64,
    /// Relaxed: whoever reads it late lists a channel a little later.
    observers: AtomicUsize,
    /// Relaxed: whoever reads it late is measured from a later poll on.
    measurers: AtomicUsize,
    lists: Mutex<Lists>,
    tree: Lock<Tree>,
    watching: Mutex<Watching>,
    names: Shared<Names>,
    /// Who was seen running while nobody measured.
    samples: Mutex<Samples>,
}

/// What the monitor knows. Its lock is the first that is taken.
#[derive(Default)]
pub(crate) struct Watching {
    pub(crate) watch: Watch,
    /// When somebody looked last.
    pub(crate) last: Option<Instant>,
    /// Who rested then.
    pub(crate) rested: Rested,
    /// The deadlocks that are there now, by their numbers.
    pub(crate) cycles: BTreeMap<u64, Deadlock>,
}

/// The processes. A lock of its own, which no other is taken under.
struct Tree {
    /// Those without a parent that lives. All others are in the list of their parent.
    top: Slots,
    ended: VecDeque<Record>,
}

#[derive(Default)]
struct Lists {
    name: String,
    id: String,
    channels: Vec<Weak<dyn Inspect>>,
    /// Keeps them beyond their last ends while somebody observes, the oldest first.
    kept: Vec<Arc<dyn Inspect>>,
    /// At how many channels to look for those that have gone.
    prune_at: usize,
    /// How many go through the channels now.
    walks: usize,
    barriers: Vec<Weak<dyn InspectBarrier>>,
    prune_barriers_at: usize,
}

/// While it is there, the places in the list of channels stay what they are.
struct Walk<'a>(&'a World);

impl Drop for Walk<'_> {
    fn drop(&mut self) {
        self.0.lock().walks -= 1;
    }
}

/// The network of this OS process, as it is now.
///
/// Processes and channels in the order of their ids; ended ones are shown for a while. Channels are listed when
/// somebody waits on them, and from their making on while the network is [observed](crate::observe).
#[must_use]
pub fn network() -> Network {
    World::here().snapshot()
}

/// Says what this node is called in the picture: a short unique id and a name for people.
pub fn name_node(id: &str, name: &str) {
    let world = World::global();
    let mut lists = world.lock();
    id.clone_into(&mut lists.id);
    name.clone_into(&mut lists.name);
}

impl World {
    pub(crate) fn global() -> &'static Arc<Self> {
        static WORLD: OnceLock<Arc<World>> = OnceLock::new();
        WORLD.get_or_init(Self::empty)
    }

    /// That of the process which acts, or of what runs processes here.
    pub(crate) fn here() -> Arc<Self> {
        let home = executor::own_home();
        Arc::clone(Self::or_global(home.as_ref().and_then(|home| home.own_world())))
    }

    #[inline]
    pub(crate) fn or_global(own: Option<&Arc<Self>>) -> &Arc<Self> {
        own.unwrap_or_else(|| Self::global())
    }

    /// One in which nothing has happened.
    pub(crate) fn empty() -> Arc<Self> {
        let lists = Lists { id: "local".into(), name: "local".into(), ..Lists::default() };
        Arc::new(Self {
            next_process: AtomicU64::new(1),
            observers: AtomicUsize::new(0),
            measurers: AtomicUsize::new(0),
            lists: Mutex::new(lists),
            tree: Lock::new(Tree { top: Slots::default(), ended: VecDeque::new() }),
            watching: Mutex::default(),
            names: Shared::default(),
            samples: Mutex::default(),
        })
    }

    pub(crate) fn next_process(&self) -> ProcessId {
        ProcessId(self.next_process.fetch_add(1, Ordering::Relaxed))
    }

    /// A process without a parent has started.
    pub(crate) fn enter(&self, cell: &Arc<Cell>) {
        self.tree().top.enter(cell);
    }

    /// Such a process has ended.
    pub(crate) fn leave(&self, cell: &Arc<Cell>) {
        let left = self.tree().top.leave(cell);
        drop(left);
    }

    /// A process has ended, and is shown for a while.
    pub(crate) fn remember(&self, record: Record) {
        let oldest = {
            let mut tree = self.tree();
            let oldest = if tree.ended.len() == ENDED_MAX { tree.ended.pop_front() } else { None };
            tree.ended.push_back(record);
            oldest
        };
        drop(oldest);
    }

    pub(crate) fn observes(&self) -> bool {
        self.observers.load(Ordering::Relaxed) > 0
    }

    /// Whether somebody wants to know what processes use.
    #[inline]
    pub(crate) fn measures(&self) -> bool {
        self.measurers.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn begin_measuring(&self) {
        self.measurers.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end_measuring(&self) {
        self.measurers.fetch_sub(1, Ordering::Relaxed);
    }

    /// One more observes.
    pub(crate) fn begin_observing(&self) {
        self.observers.fetch_add(1, Ordering::Relaxed);
    }

    /// One does not any more.
    pub(crate) fn end_observing(&self) {
        if self.observers.fetch_sub(1, Ordering::Relaxed) == 1 {
            let kept = std::mem::take(&mut self.lock().kept);
            drop(kept);
        }
    }

    pub(crate) fn list_channel(&self, channel: Weak<dyn Inspect>) {
        let kept = if self.observes() { channel.upgrade() } else { None };
        let mut lists = self.lock();
        lists.channels.push(channel);
        lists.kept.extend(kept);
        if lists.walks == 0 && lists.channels.len() >= lists.prune_at.max(ENDED_CHANNELS_MAX) {
            let dropped = lists.prune();
            lists.prune_at = 2 * lists.channels.len();
            drop(lists);
            drop(dropped);
        }
    }

    pub(crate) fn list_barrier(&self, barrier: Weak<dyn InspectBarrier>) {
        let mut lists = self.lock();
        if lists.barriers.len() >= lists.prune_barriers_at.max(ENDED_CHANNELS_MAX) {
            lists.barriers.retain(|listed| listed.strong_count() > 0);
            lists.prune_barriers_at = 2 * lists.barriers.len();
        }
        lists.barriers.push(barrier);
    }

    /// Looks at each channel that is listed and lives, some at a time.
    pub(crate) fn each_channel(&self, mut look: impl FnMut(&dyn Inspect)) {
        self.lock().walks += 1;
        let _walk = Walk(self);
        let (mut lot, mut next) = (Vec::new(), Some(0));
        while let Some(from) = next {
            {
                let lists = self.lock();
                let to = lists.channels.len().min(from + LOT);
                lot.extend(lists.channels[from..to].iter().filter_map(Weak::upgrade));
                next = (to < lists.channels.len()).then_some(to);
            }
            lot.drain(..).for_each(|channel: Arc<dyn Inspect>| look(&*channel));
        }
    }

    /// Those of these channels that live.
    pub(crate) fn channels(&self, ids: &BTreeSet<ChannelId>) -> Vec<Channel> {
        let (mut found, mut glimpse) = (Vec::new(), Glimpse::default());
        self.each_channel(|channel| {
            channel.glimpse(&mut glimpse);
            found.extend(ids.contains(&glimpse.channel.id).then(|| channel.channel()));
        });
        found.sort_unstable_by_key(|channel| channel.id);
        found
    }

    /// Those barriers that are listed and live.
    pub(crate) fn barriers(&self) -> Vec<Arc<dyn InspectBarrier>> {
        self.lock().barriers.iter().filter_map(Weak::upgrade).collect()
    }

    /// An empty node that is called what this one is.
    pub(crate) fn named_node(&self) -> Node {
        let lists = self.lock();
        Node::new(&lists.id, &lists.name)
    }

    pub(crate) fn watching(&self) -> MutexGuard<'_, Watching> {
        self.watching.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing of a user's is dropped under this lock.
    pub(crate) fn names(&self) -> Held<'_, Names> {
        self.names.lock()
    }

    /// A look at it is no step of who explores.
    pub(crate) fn names_unseen(&self) -> Held<'_, Names> {
        self.names.lock_unseen()
    }

    pub(crate) fn samples(&self) -> MutexGuard<'_, Samples> {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what is known of processes beside their cells: their names, and how they were sampled.
    pub(crate) fn complete(&self, processes: &mut [Process]) {
        let mut names: HashMap<ProcessId, Vec<String>> = HashMap::new();
        for (name, holder) in self.all_names() {
            names.entry(holder.id()).or_default().push(name);
        }
        let samples = self.samples();
        for process in processes {
            process.names = names.remove(&process.id).unwrap_or_default();
            add_sampled(process, &samples);
        }
    }

    /// The same for one, which looks at no others.
    pub(crate) fn complete_one(&self, process: &mut Process) {
        process.names = self.names_of(process.id, process.kind);
        add_sampled(process, &self.samples());
    }

    pub(crate) fn snapshot(&self) -> Network {
        let mut node = self.named_node();
        let cells = self.living();
        let found = Snapshot::take(&cells, self);
        node.processes.extend(cells.iter().map(|cell| cell.describe()));
        node.processes.extend(self.tree().ended.iter().map(Record::describe));
        // Who ends meanwhile is seen twice.
        node.processes.sort_by_key(|process| process.id);
        node.processes.dedup_by_key(|process| process.id);
        self.complete(&mut node.processes);
        for process in &mut node.processes {
            let sight = found.states.get(&process.id);
            if let (Some(Sight { state: Some(state), .. }), State::Waiting | State::Running) = (sight, &process.state) {
                process.state = state.clone();
            }
        }
        (node.channels, node.barriers) = (found.channels, found.barriers);
        let cycles = self.watching().cycles.values().map(|report| report.cycle.clone()).collect();
        Network { nodes: vec![node], cycles }
    }

    /// All processes that live, in the order of their ids.
    pub(crate) fn living(&self) -> Vec<Arc<Cell>> {
        let (mut cells, mut next) = (vec![], Some(0));
        while let Some(from) = next {
            next = self.tree().top.copy_lot(from, &mut cells);
        }
        let (mut lot, mut looked_at) = (vec![], 0);
        while looked_at < cells.len() {
            let mut next = Some(0);
            while let Some(from) = next {
                next = cells[looked_at].copy_children(from, &mut lot);
                cells.append(&mut lot);
            }
            looked_at += 1;
        }
        cells.sort_unstable_by_key(|cell| cell.id());
        cells.dedup_by_key(|cell| cell.id());
        cells
    }

    pub(crate) fn find(&self, id: ProcessId) -> Option<Arc<Cell>> {
        self.living().into_iter().find(|cell| cell.id() == id)
    }

    /// What a process is called that lives, or has ended a short while ago.
    pub(crate) fn name_of(&self, id: ProcessId) -> Option<String> {
        let living = self.find(id).map(|cell| cell.name());
        living
            .or_else(|| self.tree().ended.iter().rfind(|record| record.id == id).map(|record| record.name.to_string()))
    }

    pub(crate) fn survivors(&self) -> Vec<String> {
        self.living().iter().map(|cell| cell.label()).collect()
    }

    fn tree(&self) -> Held<'_, Tree> {
        self.tree.lock_unseen()
    }

    fn lock(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For how long it was polled, as far as it was sampled.
fn add_sampled(process: &mut Process, samples: &Samples) {
    let sampled = u64::try_from(samples.of(process.id).as_micros()).unwrap_or(u64::MAX);
    process.busy_us = process.busy_us.saturating_add(sampled);
}

impl Lists {
    /// Drops what no longer lives, and the oldest ended channels beyond the limit; the caller drops outside the lock.
    fn prune(&mut self) -> Vec<Arc<dyn Inspect>> {
        self.channels.retain(|listed| listed.strong_count() > 0);
        let ended = |kept: &Arc<dyn Inspect>| Arc::strong_count(kept) == 1;
        let mut surplus = self.kept.iter().filter(|kept| ended(kept)).count().saturating_sub(ENDED_CHANNELS_MAX);
        let drops = |kept: &mut Arc<dyn Inspect>| {
            let drops = surplus > 0 && ended(kept);
            surplus -= usize::from(drops);
            drops
        };
        self.kept.extract_if(.., drops).collect()
    }
}
