//! How an actor is started: its name, its mailbox, what becomes of messages that nobody handles. Not the actor.

use super::inside::{Extras, Plan, Seed};
use super::{Actor, ActorRef, MAILBOX};
use crate::Process;
use crate::cell::{Cell, Draft};
use crate::drive::process_of;
use crate::inner::Report;
use crate::process::spawn_under;
use rendez_channels::{Overflow, Sender};
use rendez_model::ProcessKind;
use std::borrow::Cow;
use std::panic::Location;
use std::sync::Arc;

/// How many messages are set aside that cannot be handled in the present state, before further ones are refused.
pub(crate) const ASIDE: usize = 1024;

/// How an actor is started, where [`spawn_actor`](crate::spawn_actor) does not say enough.
///
/// ```
/// use rendez_runtime::{ActorOptions, Outcome, actor, run};
/// # use rendez_channels::Overflow;
///
/// struct Gauge(u32);
///
/// #[actor(crate = rendez_runtime)]
/// impl Gauge {
///     pub async fn set(&mut self, value: u32) {
///         self.0 = value;
///     }
///     pub async fn value(&self) -> u32 {
///         self.0
///     }
/// }
///
/// run(async {
///     let gauge = ActorOptions::new().named("pressure").mailbox(1).overflow(Overflow::DropOldest).spawn(Gauge(0));
///     gauge.set(3).await?;
///     assert_eq!(gauge.value().await?, 3);
///     Outcome::Ok(())
/// }).unwrap();
/// ```
#[must_use = "options start no actor until `spawn` is called"]
pub struct ActorOptions<A: Actor> {
    name: Cow<'static, str>,
    plan: Plan,
    extras: Option<Box<Extras<A>>>,
}

/// Makes the state of each message.
pub(crate) type Fresh<A> = Arc<dyn Fn() -> A + Send + Sync>;

impl<A: Actor> Default for ActorOptions<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Actor> ActorOptions<A> {
    /// The name of its type, a mailbox of [`MAILBOX`] messages, and who finds it full waits.
    pub const fn new() -> Self {
        let plan = Plan { room: MAILBOX, overflow: Overflow::Wait, aside: ASIDE };
        Self { name: Cow::Borrowed(A::NAME), plan, extras: None }
    }

    /// Its name, for reports and the picture.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Cow::Owned(name.into());
        self
    }

    /// How many messages its mailbox holds. With 0 who sends waits until the actor takes the message; with `usize::MAX` there is
    /// no bound, and the actor may take several at once, which stand in the mailbox no more.
    pub const fn mailbox(mut self, messages: usize) -> Self {
        self.plan.room = messages;
        self
    }

    /// What happens to a message that there is no room for. What is dropped is counted in the picture; who asked learns
    /// that the message was not sent.
    pub const fn overflow(mut self, overflow: Overflow) -> Self {
        self.plan.overflow = overflow;
        self
    }

    /// How many messages may be set aside because the present state does not accept them; further ones are refused.
    pub const fn aside(mut self, messages: usize) -> Self {
        self.plan.aside = messages;
        self
    }

    /// Where messages go that no handler has seen when the actor ends. What there is no room for is only counted.
    pub fn dead_letters(mut self, to: Sender<A::Message>) -> Self {
        self.extras.get_or_insert_default().dead_letters = Some(to);
        self
    }

    /// Starts an actor in the scope of the current process. Its failure fails that scope.
    ///
    /// # Panics
    /// When no tokio runtime is ambient.
    #[track_caller]
    pub fn spawn(self, actor: A) -> A::Ref {
        self.spawn_with(move || actor)
    }

    /// The same for an actor that is made in its own process: a panic there is the actor's failure.
    ///
    /// # Panics
    /// When no tokio runtime is ambient.
    #[track_caller]
    pub fn spawn_with(self, make: impl FnOnce() -> A + Send + 'static) -> A::Ref {
        self.spawn_as(ProcessKind::Actor, make).into()
    }

    #[track_caller]
    pub(crate) fn spawn_as(self, kind: ProcessKind, make: impl FnOnce() -> A + Send + 'static) -> ActorRef<A> {
        let (process, address) = self.prepare(kind, Location::caller(), make);
        spawn_under(process, Cell::current(), Report::Scope).unwrap_or_else(|failure| panic!("{failure}"));
        address
    }

    /// A process that runs one incarnation, and its address.
    pub(crate) fn prepare(
        self,
        kind: ProcessKind,
        spawned_at: &'static Location<'static>,
        make: impl FnOnce() -> A + Send + 'static,
    ) -> (Process<()>, ActorRef<A>) {
        let draft = Draft::at(self.name.clone(), kind, spawned_at);
        let (seed, sender) = Seed::new(self);
        let address = ActorRef::new(sender, seed.inside());
        (seed.incarnation(draft, make), address)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The name that it was given, where it is not that of its type.
    pub(crate) fn own_name(&self) -> Option<&str> {
        if let Cow::Owned(name) = &self.name { Some(name) } else { None }
    }

    /// Has each message handled by a state of its own.
    pub(crate) fn per_call(mut self, fresh: Fresh<A>) -> Self {
        self.extras.get_or_insert_default().fresh = Some(fresh);
        self
    }

    pub(crate) fn parts(self) -> (Plan, Option<Box<Extras<A>>>) {
        (self.plan, self.extras)
    }
}

impl<A: Actor> Seed<A> {
    /// Asks the running incarnation to end in order.
    pub(crate) fn stop(&self) {
        self.inside().signals.raise(super::signals::STOP);
    }

    /// A process that runs an incarnation made by `make`.
    pub(crate) fn incarnation(&self, draft: Draft, make: impl FnOnce() -> A + Send + 'static) -> Process<()> {
        let process = Process { job: process_of(draft, super::driver::incarnation(self.clone(), make)) };
        self.begin(process.cell());
        process
    }
}
