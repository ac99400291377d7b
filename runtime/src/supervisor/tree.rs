//! The supervisor itself: an actor that watches its children and starts them again. When and with whom is in `restart`.

use super::restart::{AutoShutdown, Backoff, Strategy, Window};
use super::spec::{ChildSpec, Shutdown};
use crate::actor::{Actor, ActorRef, Context, Exit, Monitor};
use crate::inner::Report;
use crate::log::tell;
use crate::reply::Reply;
use crate::{Failure, Outcome, ProcessRef, alt};
use rendez_channels::{after, clock, future};
use rendez_model::{End, ProcessId};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Names a child within its supervisor; counts in the order of adding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChildId(pub(crate) u64);

/// A child, as its supervisor sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChildInfo {
    /// Its number.
    pub id: ChildId,
    /// Its name.
    pub name: String,
    /// Its process; none while it waits to be started again.
    pub process: Option<ProcessRef>,
    /// How often it was started again.
    pub restarts: u32,
    /// Whether it is a supervisor.
    pub is_supervisor: bool,
}

/// What a supervisor can be asked.
pub(crate) enum Order {
    Add(ChildId, Arc<Mutex<ChildSpec>>),
    /// The same unless the name is taken.
    AddNew(ChildId, Arc<Mutex<ChildSpec>>, Reply<Option<ProcessRef>>),
    Remove(ChildId, Reply<bool>),
    Restart(ChildId, Reply<bool>),
    List(Reply<Vec<ChildInfo>>),
    /// The delay before these are started again is over.
    Again(Vec<ChildId>),
}

/// How a supervisor works.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) strategy: Strategy,
    pub(crate) window: Window,
    pub(crate) backoff: Option<Backoff>,
    pub(crate) auto: AutoShutdown,
    /// Whether the order in which children end does not matter: all are asked at once then.
    pub(crate) at_once: bool,
}

pub(crate) struct Tree {
    rules: Rules,
    children: BTreeMap<ChildId, Child>,
    by_process: HashMap<ProcessId, ChildId>,
    /// What it begins with.
    first: Vec<(ChildId, Arc<Mutex<ChildSpec>>)>,
}

struct Child {
    spec: Arc<Mutex<ChildSpec>>,
    running: Option<Running>,
    restarts: u32,
    /// Failures without a quiet period in between.
    failures: u32,
    last_failure: Option<Instant>,
}

struct Running {
    process: ProcessRef,
    monitor: Monitor,
    failure: Arc<Mutex<Option<Failure>>>,
}

impl Child {
    const fn new(spec: Arc<Mutex<ChildSpec>>) -> Self {
        Self { spec, running: None, restarts: 0, failures: 0, last_failure: None }
    }

    fn with_spec<R>(&self, act: impl FnOnce(&mut ChildSpec) -> R) -> R {
        act(&mut self.spec.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Tree {
    pub(crate) fn new(rules: Rules, first: Vec<(ChildId, Arc<Mutex<ChildSpec>>)>) -> Self {
        Self { rules, children: BTreeMap::new(), by_process: HashMap::new(), first }
    }

    fn add(&mut self, id: ChildId, spec: Arc<Mutex<ChildSpec>>, context: &Context<Self>) {
        self.children.insert(id, Child::new(spec));
        self.start(id, context);
    }

    fn start(&mut self, id: ChildId, context: &Context<Self>) {
        let Some(child) = self.children.get_mut(&id).filter(|child| child.running.is_none()) else { return };
        let Some(next) = child.with_spec(|spec| spec.next(child.restarts)) else {
            self.children.remove(&id);
            return;
        };
        let running = ProcessRef::new(Arc::clone(&next.cell));
        let failure = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&failure);
        let report = move |failed: &Failure| {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(failed.clone());
        };
        // It cannot fail: what runs the supervisor runs its children.
        let _ = next.start(Report::To(Box::new(Box::new(report))));
        self.by_process.insert(running.id(), id);
        let monitor = context.monitor(&running);
        child.running = Some(Running { process: running, monitor, failure });
    }

    /// Ends a child and waits for that, as its spec says.
    async fn end(&mut self, id: ChildId, context: &Context<Self>) {
        let Some(child) = self.children.get_mut(&id) else { return };
        let Some(Running { process, monitor, .. }) = child.running.take() else { return };
        self.by_process.remove(&process.id());
        context.demonitor(&monitor);
        let shutdown = child.with_spec(|spec| spec.shutdown);
        if shutdown == Shutdown::Kill {
            process.stop();
        } else {
            child.with_spec(|spec| spec.stop(&process));
        }
        if let Shutdown::Grace(grace) = shutdown {
            alt! {
                _ = future(Box::pin(process.ended())) => return,
                _ = after(grace) => process.stop(),
            }
        }
        process.ended().await;
    }

    /// Ends these, the last one first.
    async fn end_all(&mut self, ids: &[ChildId], context: &Context<Self>) {
        if self.rules.at_once {
            for child in ids.iter().filter_map(|id| self.children.get(id)) {
                if let Some(Running { process, .. }) = &child.running {
                    child.with_spec(|spec| spec.stop(process));
                }
            }
        }
        for id in ids.iter().rev() {
            self.end(*id, context).await;
        }
    }

    /// A child is one no more: messages to it are refused from now on.
    fn forget(&mut self, id: ChildId) -> bool {
        let child = self.children.remove(&id);
        if let Some(child) = &child {
            child.with_spec(ChildSpec::retire);
        }
        child.is_some()
    }

    fn ids(&self) -> Vec<ChildId> {
        self.children.keys().copied().collect()
    }

    /// A child has ended, and nobody had asked it to.
    async fn child_ended(&mut self, id: ChildId, end: &End, context: &mut Context<Self>) {
        let Some(child) = self.children.get_mut(&id) else { return };
        let Some(Running { failure, .. }) = child.running.take() else { return };
        let failure = failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        if !child.with_spec(|spec| spec.restart.after(end)) {
            self.ended_for_good(id, failure.as_ref(), context);
            return;
        }
        let now = clock::now();
        if !self.rules.window.allows(now) {
            self.give_up(id, end, failure.as_ref(), context).await;
            return;
        }
        let delay = self.delay(id, now);
        let all = self.ids();
        let group = self.rules.strategy.group(&all, id);
        let others: Vec<_> = group.iter().copied().filter(|&other| other != id).collect();
        self.end_all(&others, context).await;
        let temporary: Vec<_> = others.into_iter().filter(|id| self.is_temporary(*id)).collect();
        for id in temporary {
            self.forget(id);
        }
        if delay > Duration::ZERO {
            context.after(delay, Order::Again(group));
        } else {
            self.start_again(&group, context);
        }
    }

    fn is_temporary(&self, id: ChildId) -> bool {
        self.children.get(&id).is_some_and(|child| child.with_spec(|spec| spec.restart == super::Restart::Temporary))
    }

    fn start_again(&mut self, group: &[ChildId], context: &Context<Self>) {
        for id in group {
            if let Some(child) = self.children.get_mut(id).filter(|child| child.running.is_none()) {
                child.restarts += 1;
                let name = child.with_spec(|spec| spec.name.clone());
                tell!(warn, "`{name}` is started again by its supervisor, restart {}", child.restarts);
                self.start(*id, context);
            }
        }
    }

    fn delay(&mut self, id: ChildId, now: Instant) -> Duration {
        let period = self.rules.window.period();
        let (Some(backoff), Some(child)) = (&mut self.rules.backoff, self.children.get_mut(&id)) else {
            return Duration::ZERO;
        };
        let was_quiet = child.last_failure.is_none_or(|last| now.saturating_duration_since(last) >= period);
        child.failures = if was_quiet { 1 } else { child.failures.saturating_add(1) };
        let delay = backoff.delay(child.failures);
        child.last_failure = Some(now + delay);
        delay
    }

    fn ended_for_good(&mut self, id: ChildId, failure: Option<&Failure>, context: &Context<Self>) {
        if let Some(failure) = failure.filter(|failure| failure.fails_scope()) {
            tell!(error, "a child has failed and is not started again: {failure}");
        }
        let is_significant = |child: &Child| child.with_spec(|spec| spec.significant);
        let was_significant = self.children.get(&id).is_some_and(is_significant);
        self.forget(id);
        let ends = match self.rules.auto {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => was_significant,
            AutoShutdown::AllSignificant => was_significant && !self.children.values().any(is_significant),
        };
        if ends {
            context.stop();
        }
    }

    /// Ends all children, and fails in its turn.
    async fn give_up(&mut self, id: ChildId, end: &End, failure: Option<&Failure>, context: &mut Context<Self>) {
        let name = self.children.get(&id).map(|child| child.with_spec(|spec| spec.name.clone())).unwrap_or_default();
        let all = self.ids();
        self.end_all(&all, context).await;
        let (intensity, period) = (self.rules.window.intensity(), self.rules.window.period());
        let cause = failure.map_or_else(|| format!("{end:?}"), ToString::to_string);
        let failure = Failure::new(format!(
            "gave `{name}` up: it ended although it may not, after {intensity} restarts within {period:?} (mend what \
             follows, or allow for more with `intensity`): {cause}"
        ));
        // What the children are made with is dropped in the same poll, unless a supervisor above keeps it to start this one
        // again: channel ends in it are poisoned then.
        context.fail(failure);
    }

    fn list(&self) -> Vec<ChildInfo> {
        let info = |(&id, child): (&ChildId, &Child)| ChildInfo {
            id,
            name: child.with_spec(|spec| spec.name.clone()),
            process: child.running.as_ref().map(|running| running.process.clone()),
            restarts: child.restarts,
            is_supervisor: child.with_spec(|spec| spec.is_supervisor),
        };
        self.children.iter().map(info).collect()
    }

    fn add_new(&mut self, id: ChildId, spec: Arc<Mutex<ChildSpec>>, context: &Context<Self>) -> Option<ProcessRef> {
        let name = spec.lock().unwrap_or_else(PoisonError::into_inner).name.clone();
        if self.children.values().any(|child| child.with_spec(|spec| spec.name == name)) {
            spec.lock().unwrap_or_else(PoisonError::into_inner).retire();
            return None;
        }
        self.add(id, spec, context);
        self.children.get(&id)?.running.as_ref().map(|running| running.process.clone())
    }
}

impl Actor for Tree {
    type Message = Order;
    type Ref = ActorRef<Self>;
    const NAME: &'static str = "Supervisor";
    const HEARS_EXITS: bool = true;
    const METHODS: &'static [&'static str] = &["add", "remove", "restart", "list", "start again"];

    async fn started(&mut self, context: &mut Context<Self>) -> Outcome {
        for (id, spec) in std::mem::take(&mut self.first) {
            self.add(id, spec, context);
        }
        Ok(())
    }

    async fn handle(&mut self, order: Order, context: &mut Context<Self>) {
        match order {
            Order::Add(id, spec) => self.add(id, spec, context),
            Order::AddNew(id, spec, reply) => reply.answer(self.add_new(id, spec, context)),
            Order::Remove(id, reply) => {
                self.end(id, context).await;
                reply.answer(self.forget(id));
            }
            Order::Restart(id, reply) => {
                self.end(id, context).await;
                self.start_again(&[id], context);
                reply.answer(self.children.contains_key(&id));
            }
            Order::List(reply) => reply.answer(self.list()),
            Order::Again(group) => self.start_again(&group, context),
        }
    }

    fn method(order: &Order) -> u16 {
        match order {
            Order::Add(..) | Order::AddNew(..) => 0,
            Order::Remove(..) => 1,
            Order::Restart(..) => 2,
            Order::List(..) => 3,
            Order::Again(..) => 4,
        }
    }

    fn begin(order: &Order) -> bool {
        match order {
            Order::AddNew(_, _, reply) => reply.begin(),
            Order::Remove(_, reply) | Order::Restart(_, reply) => reply.begin(),
            Order::List(reply) => reply.begin(),
            Order::Add(..) | Order::Again(..) => true,
        }
    }

    async fn exited(&mut self, exit: Exit, context: &mut Context<Self>) {
        if let Some(id) = self.by_process.remove(&exit.process) {
            self.child_ended(id, &exit.end, context).await;
        }
    }

    async fn stopping(&mut self, context: &mut Context<Self>) -> Outcome {
        let all = self.ids();
        self.end_all(&all, context).await;
        Ok(())
    }

    fn describe(&self) -> String {
        let names = self.children.values().map(|child| child.with_spec(|spec| spec.name.clone()));
        names.collect::<Vec<_>>().join(", ")
    }
}
