//! Context: what a handler can do beyond its own state. Timers, monitors, its own end.

#[cfg(feature = "actix")]
use super::Letter;
use super::exits::{self, Monitor};
use super::inside::{Inside, Seed};
use super::streams::Streams;
use super::timers::{Scheduled, What};
use super::{Actor, ActorRef, signals};
use crate::cell::Cell;
use crate::{Failure, NameError, ProcessRef};
#[cfg(feature = "actix")]
use rendez_channels::WeakSender;
use std::sync::Arc;
use std::time::Duration;

/// An actor seen from inside: a method of an `#[actor]` that has an argument `context: &mut Context<Self>` gets it.
///
/// What it sets up (delayed and periodic messages, monitors) belongs to the incarnation, and ends with it.
///
/// ```
/// use rendez_runtime::{Context, Outcome, actor, run, spawn_actor};
/// use std::time::Duration;
///
/// struct Clock(u32);
///
/// #[actor(crate = rendez_runtime)]
/// impl Clock {
///     #[actor(started)]
///     async fn started(&mut self, context: &mut Context<Self>) -> Outcome {
///         context.every(Duration::from_millis(1), ClockMessage::tick);
///         Ok(())
///     }
///     #[actor(one_way)]
///     pub async fn tick(&mut self) {
///         self.0 += 1;
///     }
///     #[actor(when = self.0 >= 3)]
///     pub async fn three(&self) -> u32 {
///         self.0
///     }
/// }
///
/// run(async { assert!(spawn_actor(Clock(0)).three().await? >= 3); Outcome::Ok(()) }).unwrap();
/// ```
pub struct Context<A: Actor> {
    seed: Seed<A>,
    /// Of its own place: few have it.
    rare: Option<Box<Rare>>,
}

/// What few incarnations come to.
#[derive(Default)]
struct Rare {
    failure: Option<Failure>,
    streams: Streams,
}

impl<A: Actor> Context<A> {
    pub(crate) const fn new(seed: Seed<A>) -> Self {
        Self { seed, rare: None }
    }

    /// The process of this incarnation.
    #[must_use]
    pub fn process(&self) -> ProcessRef {
        ProcessRef::new(self.cell())
    }

    /// The actor's own address, for others. None once nobody else has one: the actor is about to end, and an address of its own
    /// would not keep it.
    ///
    /// An actor that keeps its address never ends by itself; and one that asks itself waits for ever, unless the method is
    /// `reentrant`: [`notify`](Self::notify) is for that.
    ///
    /// ```
    /// use rendez_channels::{Sender, channel};
    /// use rendez_runtime::{ActorRef, Context, Outcome, actor, run, spawn_actor};
    ///
    /// struct Clerk(u32);
    ///
    /// #[actor(crate = rendez_runtime)]
    /// impl Clerk {
    ///     /// Applies for work: whoever has some may call.
    ///     pub async fn apply(&mut self, context: &mut Context<Self>, office: Sender<ActorRef<Clerk>>) -> Outcome {
    ///         context.register("clerk")?;
    ///         if let Some(address) = context.address() {
    ///             office.send(address).await?;
    ///         }
    ///         Ok(())
    ///     }
    ///     pub async fn stamp(&mut self) -> u32 {
    ///         self.0 += 1;
    ///         self.0
    ///     }
    /// }
    ///
    /// let stamped = run(async {
    ///     let ((tx, applications), clerk) = (channel(), spawn_actor(Clerk(6)));
    ///     let ours = clerk.clone();
    ///     let applying = rendez_runtime::spawn(async move { Outcome::Ok(ours.apply(tx).await?) });
    ///     let theirs = ClerkRef::from(applications.recv().await?);
    ///     applying.join().await?;
    ///     Outcome::Ok(theirs.stamp().await?)
    /// });
    /// assert_eq!(stamped.unwrap(), 7);
    /// ```
    #[must_use]
    pub fn address(&self) -> Option<ActorRef<A>> {
        let mailbox = self.seed.inbox.receiver()?.weak_sender().upgrade()?;
        Some(ActorRef::new(mailbox, self.seed.inside()))
    }

    /// Gives the actor a name: [`ActorRef::register`] from inside.
    ///
    /// # Errors
    /// The name is taken, or cannot be given; [`NameError::Ended`] where the actor has no [address](Self::address) any more.
    pub fn register(&self, name: impl AsRef<str>) -> Result<(), NameError> {
        let name = name.as_ref();
        let address = self.address().ok_or_else(|| NameError::Ended { name: name.to_owned() })?;
        address.register(name)
    }

    /// Ends the actor in order after the present message, before all others.
    pub fn stop(&self) {
        self.inside().signals.raise(signals::STOP);
    }

    /// Ends the incarnation in failure after the present message, as a panic would.
    pub fn fail(&mut self, failure: impl Into<Failure>) {
        self.rare().failure.get_or_insert(failure.into());
    }

    /// A message to itself: before what is in the mailbox, after what was sent so before.
    pub fn notify(&self, message: A::Message) -> Scheduled {
        self.after(Duration::ZERO, message)
    }

    /// A message to itself, once `delay` has passed. It does not go through the mailbox, and so cannot find that full.
    pub fn after(&self, delay: Duration, message: A::Message) -> Scheduled {
        self.timer(delay, What::Once(message))
    }

    /// A message to itself in each `period`, the first when one has passed. Periods that are missed are not made up for.
    /// They do not keep the actor: it ends when its last reference is gone.
    ///
    /// # Panics
    /// When the period is zero.
    pub fn every(&self, period: Duration, make: impl FnMut() -> A::Message + Send + 'static) -> Scheduled {
        assert!(period > Duration::ZERO, "a period is longer than nothing: use `notify` for a message at once");
        self.timer(period, What::Every(period, Box::new(make)))
    }

    /// Takes a delayed message, or the further ones of a period, back. True: it will never be handled; false: it has been,
    /// or was cancelled before.
    pub fn cancel(&self, timer: Scheduled) -> bool {
        self.inside().cancel_timer(timer)
    }

    /// Has the end of a process come to the method with `#[actor(exited)]`, exactly once, before any message. A process that has
    /// ended already ends now.
    pub fn monitor(&self, process: &ProcessRef) -> Monitor {
        exits::monitor(process, &self.cell(), Arc::clone(self.inside()) as _)
    }

    /// Ends a monitor. True: it has not fired, and never will.
    pub fn demonitor(&self, monitor: &Monitor) -> bool {
        monitor.give_up()
    }

    /// [Links](crate::link) a process to this one.
    pub fn link(&self, process: &ProcessRef) {
        exits::link(&self.process(), process);
    }

    #[inline]
    pub(crate) fn take_failure(&mut self) -> Option<Failure> {
        self.rare.as_mut()?.failure.take()
    }

    /// Its mailbox, for a reference of its own that does not keep it.
    #[cfg(feature = "actix")]
    pub(crate) fn weak_mailbox(&self) -> Option<WeakSender<Letter<A::Message>>> {
        Some(self.seed.inbox.receiver()?.weak_sender())
    }

    pub(crate) fn cell(&self) -> Arc<Cell> {
        self.inside().signals.cell()
    }

    pub(crate) fn inside(&self) -> &Arc<Inside<A>> {
        self.seed.inside()
    }

    /// Another one of the same incarnation.
    pub(crate) fn another(&self) -> Self {
        Self::new(self.seed.clone())
    }

    /// Takes what another context of the same incarnation has come to.
    pub(crate) fn join(&mut self, other: Self) {
        if let Some(other) = other.rare {
            let rare = self.rare();
            rare.streams.join(other.streams);
            rare.failure = rare.failure.take().or(other.failure);
        }
    }

    pub(crate) fn streams(&mut self) -> &mut Streams {
        &mut self.rare().streams
    }

    pub(crate) fn take_streams(&mut self) -> Streams {
        self.rare.as_mut().map(|rare| std::mem::take(&mut rare.streams)).unwrap_or_default()
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    fn timer(&self, delay: Duration, what: What<A::Message>) -> Scheduled {
        self.inside().after(delay, what)
    }
}
