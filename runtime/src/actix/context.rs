//! Context: what a handler of a hosted actor can do, under actix's names. What needs an arbiter is not here.

use super::hosted::{Enveloped, Hostable, Hosted, HostedRef, WeakMailbox};
use super::inlet::Sent;
use crate::actor::{Inside, Scheduled, What};
use crate::{ActorRef, Outcome, spawn};
use ::actix::dev::{Envelope, EnvelopeProxy, MessageResponse, OneshotSender, ToEnvelope};
use ::actix::{ActorContext, ActorFuture, ActorFutureExt as _, ActorState, Addr, Handler, Message};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What an actor waits for before it handles its next message.
type Wait<A> = Pin<Box<dyn ActorFuture<A, Output = ()> + Send>>;

/// The context of a [`Hosted`] actor: `type Context = rendez::actix::Context<Self>`.
///
/// It has the methods of actix's `Context` under their names. They differ in this: what they are given has to be `Send`; the
/// timers are exact, and follow the clock of a test; `cancel_future` says whether it was in time.
pub struct Context<A: Hostable> {
    state: ActorState,
    waits: Vec<Wait<A>>,
    own: Option<Own<A>>,
}

/// The actor, as rendez knows it.
struct Own<A: Hostable> {
    inside: Arc<Inside<Hosted<A>>>,
    mailbox: Option<WeakMailbox<A>>,
}

impl<A: Hostable> fmt::Debug for Context<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("state", &self.state).finish_non_exhaustive()
    }
}

impl<A: Hostable> Context<A> {
    pub(super) const fn new() -> Self {
        Self { state: ActorState::Started, waits: vec![], own: None }
    }

    pub(super) fn begin(&mut self, outside: &crate::Context<Hosted<A>>) {
        self.own = Some(Own { inside: Arc::clone(outside.inside()), mailbox: outside.weak_mailbox() });
        self.state = ActorState::Running;
    }

    pub(super) const fn set(&mut self, state: ActorState) {
        self.state = state;
    }

    pub(super) fn is_alive(&self) -> bool {
        self.state.alive()
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.state == ActorState::Stopping
    }

    /// The latest first, as actix has it.
    pub(super) fn take_wait(&mut self) -> Option<Wait<A>> {
        self.waits.pop()
    }

    /// An address for others; closed where nobody else has one any more: the actor is about to end, and one of its own would not keep
    /// it.
    ///
    /// # Panics
    /// When no tokio runtime is ambient.
    #[must_use]
    pub fn address(&self) -> Addr<A> {
        let reference = self.own.as_ref().and_then(|own| {
            let mailbox = own.mailbox.as_ref()?.upgrade()?;
            Some(HostedRef::from(ActorRef::new(mailbox, &own.inside)))
        });
        match reference {
            Some(reference) => reference.addr(),
            None => Addr::new(::actix::dev::channel::channel(1).0),
        }
    }

    /// Has something done with the actor before its next message: neither a message nor a timer is handled meanwhile.
    pub fn wait(&mut self, future: impl ActorFuture<A, Output = ()> + Send + 'static) {
        self.waits.push(Box::pin(future));
    }

    /// Runs a future beside the actor, as a process below it, which it does not end before. What has to do with its state sends it a message.
    pub fn spawn(&mut self, future: impl Future<Output = ()> + Send + 'static) {
        spawn(async move {
            future.await;
            Outcome::Ok(())
        });
    }

    /// A message to itself: before what is in the mailbox, after what was sent so before.
    pub fn notify<M>(&mut self, message: M)
    where
        A: Handler<M>,
        M: Message<Result: Send> + Send + 'static,
    {
        self.notify_later(message, Duration::ZERO);
    }

    /// A message to itself, once `after` has passed. It does not go through the mailbox, and so cannot find that full.
    pub fn notify_later<M>(&mut self, message: M, after: Duration) -> Scheduled
    where
        A: Handler<M>,
        M: Message<Result: Send> + Send + 'static,
    {
        self.timer(after, What::Once(Enveloped(Sent::packed(message, None))))
    }

    /// Calls a function with the actor once `after` has passed.
    pub fn run_later(&mut self, after: Duration, f: impl FnOnce(&mut A, &mut Self) + Send + 'static) -> Scheduled {
        self.timer(after, What::Once(called(f)))
    }

    /// Calls a function with the actor in each `period`, the first time when one has passed. Periods that are missed are not made up for.
    ///
    /// # Panics
    /// When the period is zero.
    pub fn run_interval(&mut self, period: Duration, f: impl FnMut(&mut A, &mut Self) + Send + 'static) -> Scheduled {
        assert!(period > Duration::ZERO, "a period is longer than nothing: use `notify` for a message at once");
        let f = Arc::new(Mutex::new(f));
        let make = move || {
            let f = Arc::clone(&f);
            called(move |actor: &mut A, context: &mut Self| {
                // Nobody else calls it: the actor handles one message at a time.
                f.lock().unwrap_or_else(PoisonError::into_inner)(actor, context);
            })
        };
        self.timer(period, What::Every(period, Box::new(make)))
    }

    /// Takes a delayed message or function back, or the further ones of a period. True: it will never be handled; false: it has been,
    /// or was cancelled before.
    pub fn cancel_future(&mut self, handle: Scheduled) -> bool {
        self.own.as_ref().is_some_and(|own| own.inside.cancel_timer(handle))
    }

    fn timer(&self, after: Duration, what: What<Enveloped<A>>) -> Scheduled {
        let own = self.own.as_ref().expect("a context is used by the handlers of an actor that has started");
        own.inside.after(after, what)
    }
}

impl<A: Hostable> ActorContext for Context<A> {
    /// After this message it is asked whether it wants to go on (`stopping`), and stops if not.
    fn stop(&mut self) {
        if self.state.alive() {
            self.state = ActorState::Stopping;
        }
    }

    /// After this message it stops, and is not asked.
    fn terminate(&mut self) {
        self.state = ActorState::Stopped;
    }

    fn state(&self) -> ActorState {
        self.state
    }
}

impl<A, M> ToEnvelope<A, M> for Context<A>
where
    A: Hostable + Handler<M>,
    M: Message<Result: Send> + Send + 'static,
{
    fn pack(message: M, asker: Option<OneshotSender<M::Result>>) -> Envelope<A> {
        Sent::packed(message, asker)
    }
}

/// A function in the place of a message.
struct Call<F>(Option<F>);

impl<A: Hostable, F: FnOnce(&mut A, &mut Context<A>)> EnvelopeProxy<A> for Call<F> {
    fn handle(&mut self, actor: &mut A, context: &mut Context<A>) {
        if let Some(call) = self.0.take() {
            call(actor, context);
        }
    }
}

fn called<A: Hostable>(call: impl FnOnce(&mut A, &mut Context<A>) + Send + 'static) -> Enveloped<A> {
    Enveloped(Envelope::with_proxy(Box::new(Call(Some(call)))))
}

/// An answer that comes later, from a future that does not need the actor: `actix::ResponseFuture`, `Send`.
///
/// It is run as a process below the actor, which handles other messages meanwhile.
#[must_use = "it is the answer of a handler"]
pub struct ResponseFuture<T>(Pin<Box<dyn Future<Output = T> + Send>>);

impl<T> fmt::Debug for ResponseFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture")
    }
}

impl<T> ResponseFuture<T> {
    /// The answer is what the future gives.
    pub fn new(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Box::pin(future))
    }
}

impl<A: Hostable, M: Message<Result: Send>> MessageResponse<A, M> for ResponseFuture<M::Result> {
    fn handle(self, context: &mut Context<A>, asker: Option<OneshotSender<M::Result>>) {
        context.spawn(async move { answer(asker, self.0.await) });
    }
}

/// An answer from a future that has the actor to itself, `.await`s included: `actix::AtomicResponse`, `Send`.
#[must_use = "it is the answer of a handler"]
pub struct AtomicResponse<A, T>(Pin<Box<dyn ActorFuture<A, Output = T> + Send>>)
where
    A: ::actix::Actor;

impl<A: ::actix::Actor, T> fmt::Debug for AtomicResponse<A, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AtomicResponse")
    }
}

impl<A: ::actix::Actor, T> AtomicResponse<A, T> {
    /// The answer is what the future gives; `into_actor` and its combinators make one.
    pub fn new(future: impl ActorFuture<A, Output = T> + Send + 'static) -> Self {
        Self(Box::pin(future))
    }
}

impl<A: Hostable, M: Message<Result: Send>> MessageResponse<A, M> for AtomicResponse<A, M::Result> {
    fn handle(self, context: &mut Context<A>, asker: Option<OneshotSender<M::Result>>) {
        context.wait(self.0.map(|value, _, _| answer(asker, value)));
    }
}

fn answer<T>(asker: Option<OneshotSender<T>>, value: T) {
    // An error says that nobody waits any more.
    let _ = asker.map(|asker| asker.send(value));
}
