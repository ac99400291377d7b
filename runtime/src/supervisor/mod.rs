//! Supervisors: processes that start their children again when these fail. How one is made and talked to.

pub(crate) mod declared;
mod restart;
mod spec;
mod tree;

pub use restart::{AutoShutdown, Backoff, Restart, Strategy};
pub use spec::{ChildSpec, Shutdown};
pub use tree::{ChildId, ChildInfo};

use crate::actor::{Actor, ActorOptions, ActorRef};
use crate::log::tell;
use crate::{CallError, IntoProcess, Outcome, ProcessRef};
use rendez_model::ProcessKind;
use restart::Window;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tree::{Order, Rules, Tree};

/// As many orders may wait for a supervisor: to start a child, to end one, to tell of them.
pub const ORDERS_MAX: usize = 65_536;

/// How a supervisor will work, and what it begins with; see [`Supervisor::one_for_one`].
#[must_use = "a supervisor does nothing until it is started"]
pub struct Supervisor {
    name: String,
    rules: Rules,
    children: Vec<Arc<Mutex<ChildSpec>>>,
}

/// A running supervisor. Its children live in its scope: stopping it stops them. It ends by itself when this and its
/// clones are gone and its last child has ended; so it does not while it has a [permanent](Restart::Permanent) one.
#[derive(Clone, Debug)]
pub struct SupervisorRef {
    actor: ActorRef<Tree>,
    /// Relaxed: numbers that have to be unique.
    next: Arc<AtomicU64>,
}

/// Why a supervisor did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChildError {
    /// It has a child of this name.
    NameTaken(String),
    /// It has no such child.
    NoSuchChild,
    /// So many orders wait for it that there was no room for this one.
    NoRoom,
    /// It has ended, or did before it could.
    Ended(CallError),
}

impl fmt::Display for ChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTaken(name) => write!(f, "the supervisor has a child named `{name}`: give this one another name"),
            Self::NoSuchChild => f.write_str("the supervisor has no such child"),
            Self::NoRoom => write!(f, "{ORDERS_MAX} orders wait for the supervisor: wait for room, with `start_child`"),
            Self::Ended(error) => write!(f, "the supervisor: {error}"),
        }
    }
}

impl std::error::Error for ChildError {}

impl Supervisor {
    /// A failed child is started again, alone; an actor's mailbox and its references stay.
    ///
    /// Unless set otherwise: at most 3 restarts within 10 seconds, counted over all its children. One failure more and
    /// the supervisor ends its children and fails itself, and with it the scope that it lives in; a supervisor above
    /// starts it again with all it began with. (The words are those of Erlang/OTP.)
    ///
    /// ```
    /// use rendez_runtime::{Supervisor, run};
    /// use std::time::Duration;
    ///
    /// run(async {
    ///     let shop = Supervisor::one_for_one().intensity(5, Duration::from_secs(60)).start();
    ///     shop.stop();
    /// }).unwrap();
    /// ```
    pub fn one_for_one() -> Self {
        Self::of(Strategy::OneForOne)
    }

    /// When a child fails, the others are ended, the last added first, and all are started again in the order they were added.
    pub fn one_for_all() -> Self {
        Self::of(Strategy::OneForAll)
    }

    /// As [`one_for_all`](Self::one_for_all), for the failed child and those that were added after it.
    pub fn rest_for_one() -> Self {
        Self::of(Strategy::RestForOne)
    }

    /// As [`one_for_one`](Self::one_for_one), for many children that come and go: at its end they are all asked to end at
    /// once, in no order. (OTP: `simple_one_for_one`.)
    pub fn dynamic() -> Self {
        let mut supervisor = Self::of(Strategy::OneForOne);
        supervisor.rules.at_once = true;
        supervisor
    }

    fn of(strategy: Strategy) -> Self {
        let window = Window::new(3, Duration::from_secs(10));
        let rules = Rules { strategy, window, backoff: None, auto: AutoShutdown::Never, at_once: false };
        Self { name: "supervisor".into(), rules, children: Vec::new() }
    }

    /// At most `restarts` in any `period`.
    pub fn intensity(mut self, restarts: usize, period: Duration) -> Self {
        self.rules.window = Window::new(restarts, period);
        self
    }

    /// Waits before it starts a child again. A child that has run without failing for the period of the
    /// [intensity](Self::intensity) begins with the first delay again.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.rules.backoff = Some(backoff);
        self
    }

    /// Whether it ends when its [significant](ChildSpec::significant) children have.
    pub const fn auto_shutdown(mut self, auto: AutoShutdown) -> Self {
        self.rules.auto = auto;
        self
    }

    /// Its name, for reports and the picture.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// A child that it begins with, after those before.
    pub fn child(mut self, spec: ChildSpec) -> Self {
        self.children.push(Arc::new(Mutex::new(spec)));
        self
    }

    /// An actor that it begins with; `make` gives the state of each incarnation.
    #[track_caller]
    pub fn add_actor<A: Actor>(&mut self, name: &str, make: impl FnMut() -> A + Send + 'static) -> A::Ref {
        let (spec, address) = ChildSpec::actor(name, make);
        self.children.push(Arc::new(Mutex::new(spec)));
        address
    }

    /// Starts it in the scope of the current process.
    ///
    /// # Panics
    /// When no tokio runtime is ambient.
    #[track_caller]
    pub fn start(self) -> SupervisorRef {
        let (options, next, make) = self.parts();
        SupervisorRef { actor: options.spawn_as(ProcessKind::Scope, make), next }
    }

    /// Runs it, structured: waits until its last child has ended, and ends it when this is dropped.
    ///
    /// # Errors
    /// It gave a child up.
    ///
    /// # Cancel safety
    /// Dropped unfinished, it ends the supervisor and its children at once; the current process does not end before them.
    #[track_caller]
    pub fn run(self) -> impl Future<Output = Outcome> + Send {
        let asked_at = Location::caller();
        async move {
            let (options, _, make) = self.parts();
            let (process, address) = options.prepare(ProcessKind::Scope, asked_at, make);
            // It ends with its last child: nobody refers to it.
            drop(address);
            process.await
        }
    }

    /// It as a child of another supervisor, to be started again with what it begins with. It is waited for
    /// when it is ended, unless the spec is told otherwise.
    #[track_caller]
    pub fn into_child(self) -> (ChildSpec, SupervisorRef) {
        let (options, next, make) = self.parts();
        let (spec, actor) = ChildSpec::of_actor(options, ProcessKind::Scope, make);
        (spec.of_supervisor(), SupervisorRef { actor, next })
    }

    /// How to start it as an actor, and how to make its state each time.
    fn parts(self) -> (ActorOptions<Tree>, Arc<AtomicU64>, impl FnMut() -> Tree + Send + 'static) {
        let Self { name, rules, children } = self;
        let count = children.len() as u64;
        let options = ActorOptions::new().named(name).mailbox(ORDERS_MAX);
        let make = move || {
            let children = children.iter().zip(0..).map(|(spec, id)| (ChildId(id), Arc::clone(spec)));
            Tree::new(rules.clone(), children.collect())
        };
        (options, Arc::new(AtomicU64::new(count)), make)
    }
}

impl SupervisorRef {
    /// Starts an actor under this supervisor; `make` gives the state of each incarnation.
    #[track_caller]
    pub fn actor<A: Actor>(&self, name: &str, make: impl FnMut() -> A + Send + 'static) -> A::Ref {
        let (spec, address) = ChildSpec::actor(name, make);
        self.child(spec);
        address
    }

    /// Starts a process under this supervisor; `make` gives the one of each incarnation.
    #[track_caller]
    pub fn process_child<P: IntoProcess>(&self, name: &str, make: impl FnMut() -> P + Send + 'static) -> ChildId {
        self.child(ChildSpec::process(name, make))
    }

    /// Starts a supervisor under this supervisor.
    #[track_caller]
    pub fn supervisor(&self, supervisor: Supervisor) -> Self {
        let (spec, child) = supervisor.into_child();
        self.child(spec);
        child
    }

    /// Starts a child under this supervisor, after those before. If the supervisor has ended, so has the child; and where [`ORDERS_MAX`]
    /// orders wait for it, which is logged as an error. [`try_child`](Self::try_child) says so, [`start_child`](Self::start_child)
    /// waits for room.
    pub fn child(&self, spec: ChildSpec) -> ChildId {
        let id = self.next_id();
        if let Err(error @ ChildError::NoRoom) = self.add(id, spec) {
            tell!(error, "a child was not started: {error}");
        }
        id
    }

    /// The same, where the child is started unless it is said that it is not.
    ///
    /// # Errors
    /// [`ChildError::NoRoom`], or the supervisor has ended.
    ///
    /// ```
    /// use rendez_runtime::{ChildSpec, Outcome, Supervisor, run};
    ///
    /// run(async {
    ///     let shop = Supervisor::dynamic().start();
    ///     shop.try_child(ChildSpec::process("clerk", || async { Outcome::Ok(()) })).unwrap();
    ///     shop.stop();
    /// }).unwrap();
    /// ```
    pub fn try_child(&self, spec: ChildSpec) -> Result<ChildId, ChildError> {
        let id = self.next_id();
        self.add(id, spec).map(|()| id)
    }

    /// What comes back is dropped, and its mailbox with it.
    fn add(&self, id: ChildId, spec: ChildSpec) -> Result<(), ChildError> {
        self.actor.try_tell(Order::Add(id, Arc::new(Mutex::new(spec)))).map_err(|undelivered| {
            if self.actor.is_over() { ChildError::Ended(undelivered.cause) } else { ChildError::NoRoom }
        })
    }

    /// Starts a child, unless there is one of its name.
    ///
    /// # Errors
    /// The name is taken, or the supervisor has ended.
    ///
    /// # Cancel safety
    /// Dropped, it may have started the child.
    pub async fn start_child(&self, spec: ChildSpec) -> Result<(ChildId, ProcessRef), ChildError> {
        let (id, name) = (self.next_id(), spec.name.clone());
        let spec = Arc::new(Mutex::new(spec));
        let added = self.actor.ask(|reply| Order::AddNew(id, spec, reply)).await.map_err(ChildError::Ended)?;
        added.map(|process| (id, process)).ok_or(ChildError::NameTaken(name))
    }

    /// Ends a child, as its spec says, and forgets it; messages to it are refused from then on.
    ///
    /// # Errors
    /// There is no such child (any more), or the supervisor has ended.
    ///
    /// # Cancel safety
    /// Dropped, it ends the child nevertheless.
    pub async fn remove(&self, child: ChildId) -> Result<(), ChildError> {
        self.done(self.actor.ask(|reply| Order::Remove(child, reply)).await)
    }

    /// Ends a child in order and starts it again; an actor's mailbox stays. It does not count as a failure.
    ///
    /// # Errors
    /// There is no such child (any more), or the supervisor has ended.
    ///
    /// # Cancel safety
    /// Dropped, it restarts the child nevertheless.
    pub async fn restart(&self, child: ChildId) -> Result<(), ChildError> {
        self.done(self.actor.ask(|reply| Order::Restart(child, reply)).await)
    }

    /// Its children, in the order they were added.
    ///
    /// # Errors
    /// It has ended.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn children(&self) -> Result<Vec<ChildInfo>, ChildError> {
        self.actor.ask(Order::List).await.map_err(ChildError::Ended)
    }

    /// The supervisor's process.
    #[must_use]
    pub fn process(&self) -> ProcessRef {
        self.actor.process()
    }

    /// Has it end its children, the last added first, each as its spec says, and then end itself.
    pub fn stop(&self) {
        self.actor.stop();
    }

    /// Ends it and all below it at once.
    pub fn kill(&self) {
        self.actor.kill();
    }

    fn next_id(&self) -> ChildId {
        ChildId(self.next.fetch_add(1, Ordering::Relaxed))
    }

    #[expect(clippy::unused_self, reason = "it is what one of its calls came to")]
    fn done(&self, answer: Result<bool, CallError>) -> Result<(), ChildError> {
        match answer {
            Ok(true) => Ok(()),
            Ok(false) => Err(ChildError::NoSuchChild),
            Err(error) => Err(ChildError::Ended(error)),
        }
    }
}
