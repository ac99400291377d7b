//! A child of a supervisor before it runs, and each time it is started again: how to make it, when, and how to stop it.

use super::restart::Restart;
use crate::actor::{Actor, ActorOptions, ActorRef, Seed};
use crate::cell::{Cell, Draft};
use crate::control::Listeners;
use crate::drive::process_of;
use crate::inner::Report;
use crate::process::spawn_under;
use crate::{Failure, IntoProcess, Outcome, Process, ProcessRef};
use rendez_model::ProcessKind;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a child may take to end in order, unless its spec says otherwise.
const GRACE: Duration = Duration::from_secs(5);

/// How a supervisor ends a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// It is asked to stop, and killed when it has not by then. A process that does not
    /// [listen](crate::stop_requested) to requests is ended at once.
    Grace(Duration),
    /// It is asked to stop, and waited for.
    Wait,
    /// It is killed.
    Kill,
}

/// A child as a supervisor needs to know it: an actor, a process, another supervisor.
///
/// ```
/// use rendez_runtime::{ChildSpec, Outcome, Restart, Supervisor, run};
///
/// run(async {
///     let once = ChildSpec::process("once", || async { Outcome::Ok(()) }).restart(Restart::Temporary);
///     let supervisor = Supervisor::one_for_one().child(once).start();
///     supervisor.stop();
/// }).unwrap();
/// ```
#[must_use = "a child does nothing unless a supervisor has it"]
pub struct ChildSpec {
    pub(crate) name: String,
    pub(crate) restart: Restart,
    pub(crate) shutdown: Shutdown,
    pub(crate) significant: bool,
    pub(crate) is_supervisor: bool,
    made_at: &'static Location<'static>,
    kind: Box<dyn Kind>,
}

/// What children differ in.
pub(crate) trait Kind: Send {
    /// The next incarnation; none when it was retired. One that is kept does not end because nobody refers to it.
    fn next(&mut self, is_kept: bool, draft: &dyn Fn(ProcessKind) -> Draft) -> Option<Next>;
    /// Asks the running incarnation to end in order.
    fn stop(&self, process: &ProcessRef);
    /// There will be no further incarnation.
    fn retire(&mut self);
}

/// A process that has not started, whatever it ends with.
pub(crate) struct Next {
    pub(crate) cell: Arc<Cell>,
    start: Box<dyn FnOnce(Report) -> Outcome + Send>,
}

impl Next {
    fn new<T: Send + 'static>(process: Process<T>) -> Self {
        let cell = process.cell();
        Self { cell, start: Box::new(|report| spawn_under(process, Cell::current(), report).map(drop)) }
    }

    /// Starts it in the scope of the current process.
    pub(crate) fn start(self, report: Report) -> Outcome {
        (self.start)(report)
    }
}

impl ChildSpec {
    /// An actor; `make` gives the state of each incarnation. Its mailbox and its references stay from one to the next.
    #[track_caller]
    pub fn actor<A: Actor>(name: impl Into<String>, make: impl FnMut() -> A + Send + 'static) -> (Self, A::Ref) {
        Self::actor_with(ActorOptions::new().named(name), make)
    }

    /// The same for an actor with a mailbox of one's own.
    #[track_caller]
    pub fn actor_with<A: Actor>(options: ActorOptions<A>, make: impl FnMut() -> A + Send + 'static) -> (Self, A::Ref) {
        let (spec, address) = Self::of_actor(options, ProcessKind::Actor, make);
        (spec, address.into())
    }

    /// An actor, by its address.
    #[track_caller]
    pub(crate) fn actor_at<A: Actor>(name: String, make: impl FnMut() -> A + Send + 'static) -> (Self, ActorRef<A>) {
        Self::of_actor(ActorOptions::new().named(name), ProcessKind::Actor, make)
    }

    #[track_caller]
    pub(crate) fn of_actor<A: Actor>(
        options: ActorOptions<A>,
        kind: ProcessKind,
        make: impl FnMut() -> A + Send + 'static,
    ) -> (Self, ActorRef<A>) {
        let name = options.name().to_owned();
        let draft = Draft::new(name.clone(), kind);
        let (seed, sender) = Seed::new(options);
        let address = ActorRef::new(sender, seed.inside());
        let make = Arc::new(Mutex::new(Some(make)));
        let first = incarnation(&seed, draft, &make);
        let child =
            Box::new(ActorChild { kind, first: Some(first), keeps: Some(address.clone()), both: Some((seed, make)) });
        (Self::new(name, child), address)
    }

    /// A process; `make` gives the one of each incarnation.
    ///
    /// Channel ends that it holds are given up, not poisoned, when it fails: `make` clones them, so that the channel stays.
    #[track_caller]
    pub fn process<P: IntoProcess>(name: impl Into<String>, make: impl FnMut() -> P + Send + 'static) -> Self {
        Self::new(name.into(), Box::new(ProcessChild { make: Some(make), made_at: Location::caller() }))
    }

    #[track_caller]
    fn new(name: String, kind: Box<dyn Kind>) -> Self {
        Self {
            name,
            restart: Restart::default(),
            shutdown: Shutdown::Grace(GRACE),
            significant: false,
            is_supervisor: false,
            made_at: Location::caller(),
            kind,
        }
    }

    /// Which ends have it started again: failures, unless said otherwise. A permanent actor does not end with its last
    /// reference either; it lives as long as its supervisor.
    pub const fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// How it is ended: in order, with five seconds for it, unless said otherwise.
    pub const fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Its end may end the supervisor; see [`AutoShutdown`](super::AutoShutdown).
    pub const fn significant(mut self) -> Self {
        self.significant = true;
        self
    }

    pub(crate) const fn of_supervisor(mut self) -> Self {
        self.is_supervisor = true;
        self.shutdown = Shutdown::Wait;
        self
    }

    pub(crate) fn next(&mut self, restarts: u32) -> Option<Next> {
        let (name, made_at) = (self.name.clone(), self.made_at);
        let is_kept = self.restart == Restart::Permanent;
        let next = self.kind.next(is_kept, &|kind| Draft::at(name.clone(), kind, made_at))?;
        next.cell.set_restarts(restarts);
        next.cell.set_name(self.name.clone());
        // The failure of one that is not started again is told to its channels.
        if self.restart != Restart::Temporary {
            next.cell.set_calm();
        }
        Some(next)
    }

    pub(crate) fn stop(&self, process: &ProcessRef) {
        self.kind.stop(process);
    }

    pub(crate) fn retire(&mut self) {
        self.kind.retire();
    }
}

/// Makes the state of each incarnation. Called in the incarnation's own process, so that a panic is its failure; empty
/// while that runs.
type Make<F> = Arc<Mutex<Option<F>>>;

struct ActorChild<A: Actor, F> {
    kind: ProcessKind,
    /// The first incarnation, whose process references know already.
    first: Option<Process<()>>,
    /// A reference, so that there always is one.
    keeps: Option<ActorRef<A>>,
    /// What further incarnations are made of; none once it was retired.
    both: Option<(Seed<A>, Make<F>)>,
}

fn incarnation<A: Actor, F>(seed: &Seed<A>, draft: Draft, make: &Make<F>) -> Process<()>
where
    F: FnMut() -> A + Send + 'static,
{
    let make = Arc::clone(make);
    seed.incarnation(draft, move || call(&make))
}

impl<A: Actor, F: FnMut() -> A + Send + 'static> Kind for ActorChild<A, F> {
    fn next(&mut self, is_kept: bool, draft: &dyn Fn(ProcessKind) -> Draft) -> Option<Next> {
        if !is_kept {
            self.keeps = None;
        }
        let (seed, make) = self.both.as_ref()?;
        let process = self.first.take().unwrap_or_else(|| incarnation(seed, draft(self.kind), make));
        Some(Next::new(process))
    }

    fn stop(&self, process: &ProcessRef) {
        match &self.both {
            Some((seed, _)) => seed.stop(),
            None => process.stop(),
        }
    }

    fn retire(&mut self) {
        // A process that has not started and its actor refer to each other.
        if let Some(first) = self.first.take() {
            first.job.begin().0.abandon();
        }
        drop((self.keeps.take(), self.both.take()));
    }
}

impl<A: Actor, F> Drop for ActorChild<A, F> {
    fn drop(&mut self) {
        if let Some(first) = self.first.take() {
            first.job.begin().0.abandon();
        }
    }
}

/// Calls what a lock keeps, outside of the lock.
fn call<R>(make: &Mutex<Option<impl FnMut() -> R>>) -> R {
    let lock = || make.lock().unwrap_or_else(PoisonError::into_inner);
    let mut taken = lock().take().expect("an actor has one incarnation at a time");
    let made = catch_unwind(AssertUnwindSafe(&mut taken));
    *lock() = Some(taken);
    made.unwrap_or_else(|payload| resume_unwind(payload))
}

struct ProcessChild<F> {
    make: Option<F>,
    made_at: &'static Location<'static>,
}

impl<P: IntoProcess, F: FnMut() -> P + Send + 'static> Kind for ProcessChild<F> {
    fn next(&mut self, _: bool, draft: &dyn Fn(ProcessKind) -> Draft) -> Option<Next> {
        let make = self.make.as_mut()?;
        let made = catch_unwind(AssertUnwindSafe(|| make().into_process_at(self.made_at)));
        Some(made.map_or_else(
            |payload| {
                let fails = std::future::ready(Err::<(), _>(Failure::panic(&*payload)));
                Next::new(Process { job: process_of(draft(ProcessKind::Function), fails) })
            },
            Next::new,
        ))
    }

    fn stop(&self, process: &ProcessRef) {
        if process.cell().request_stop() != Listeners::Somebody {
            process.stop();
        }
    }

    fn retire(&mut self) {
        self.make = None;
    }
}
