//! Hosted: an actor of actix run as one of rendez. Its mailbox, its supervision and its thread are ours, its handlers actix's.

use super::context::Context;
use super::inlet::into_mailbox;
use crate::failure::panic_text;
use crate::{Actor, ActorRef, Failure, Outcome, actor::Letter};
use ::actix::dev::{Envelope, EnvelopeProxy as _};
use ::actix::{ActorState, Addr, Running};
use rendez_channels::WeakSender;
use rendez_model::End;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// An actor of actix, with a [`Context`] of rendez, as an actor of rendez.
///
/// It needs an `impl actix::Actor` whose `Context` is [`rendez::actix::Context<Self>`](Context), and a state that is `Send`. Its
/// `Handler`s and `Message`s stay as they are. It then has all that actors have here: a mailbox with a [policy](crate::ActorOptions), a
/// [supervisor](crate::Supervisor) that starts it again after a panic, a place in the tree and in the picture. And it is run with
/// those that it talks to, instead of on an arbiter's thread, so that an ask needs no thread to be woken.
///
/// `Actor::start` and whatever else needs an arbiter is [`spawn_actor`](crate::spawn_actor) here: `spawn_actor(Hosted::new(actor)).addr()`. Who
/// answers with actix's own `ResponseFuture` needs an arbiter too: take [`ResponseFuture`](super::ResponseFuture) and
/// [`AtomicResponse`](super::AtomicResponse) from here, or run the actor as a [guest](super::guest_actor).
///
/// ```
/// use actix::{Actor, ActorContext, Handler, Message};
/// use rendez_runtime::actix::{Context, Hosted};
/// use rendez_runtime::{Outcome, run, spawn_actor};
///
/// struct Counter(u64);
/// impl Actor for Counter {
///     type Context = Context<Self>;
/// }
///
/// struct Add(u64);
/// impl Message for Add {
///     type Result = u64;
/// }
/// impl Handler<Add> for Counter {
///     type Result = u64;
///     fn handle(&mut self, Add(n): Add, context: &mut Self::Context) -> u64 {
///         self.0 += n;
///         if self.0 > 3 {
///             context.stop();
///         }
///         self.0
///     }
/// }
///
/// run(async {
///     let counter = spawn_actor(Hosted::new(Counter(1))).addr();
///     assert_eq!(counter.send(Add(2)).await?, 3);
///     assert_eq!(counter.send(Add(2)).await?, 5);
///     assert!(counter.send(Add(2)).await.is_err(), "it has stopped itself");
///     Outcome::Ok(())
/// })
/// .unwrap();
/// ```
pub struct Hosted<A: Hostable> {
    actor: A,
    context: Context<A>,
}

/// What can be [`Hosted`].
pub trait Hostable: ::actix::Actor<Context = Context<Self>> + Send {}

impl<A: ::actix::Actor<Context = Context<A>> + Send> Hostable for A {}

impl<A: Hostable> fmt::Debug for Hosted<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosted").field("actor", &std::any::type_name::<A>()).finish_non_exhaustive()
    }
}

impl<A: Hostable> Hosted<A> {
    /// An actor that has not started.
    pub const fn new(actor: A) -> Self {
        Self { actor, context: Context::new() }
    }

    /// Does what a handler has left to be done before the next message.
    async fn settle(&mut self, outside: &mut crate::Context<Self>) {
        while let Some(mut wait) = self.context.take_wait() {
            poll_fn(|cx| wait.as_mut().poll(&mut self.actor, &mut self.context, cx)).await;
        }
        if self.context.is_stopping() && self.actor.stopping(&mut self.context) == Running::Continue {
            self.context.set(ActorState::Running);
        }
        if !self.context.is_alive() {
            self.context.set(ActorState::Stopped);
            outside.stop();
        }
    }

    /// Calls what is actix's, in a place that may lack what that needs.
    fn guarded(&mut self, outside: &mut crate::Context<Self>, call: impl FnOnce(&mut A, &mut Context<A>)) {
        let (actor, context) = (&mut self.actor, &mut self.context);
        let Err(payload) = catch_unwind(AssertUnwindSafe(|| call(actor, context))) else { return };
        if !panic_text(&*payload).is_some_and(|said| said.contains("LocalSet")) {
            resume_unwind(payload);
        }
        outside.fail(Failure::new(format_args!(
            "`{}` has called what needs an arbiter of actix (actix's `ResponseFuture`, `actix::spawn`): take \
             `ResponseFuture` of `rendez::actix`, or run it as a guest, with `guest_actor`",
            std::any::type_name::<A>()
        )));
    }
}

/// The mailbox of a [`Hosted`] actor holds these: messages in the envelopes of actix.
pub struct Enveloped<A: Hostable>(pub(super) Envelope<A>);

impl<A: Hostable> fmt::Debug for Enveloped<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Enveloped")
    }
}

impl<A: Hostable> Actor for Hosted<A> {
    type Message = Enveloped<A>;
    type Ref = HostedRef<A>;
    const NAME: &'static str = "hosted";
    const METHODS: &'static [&'static str] = &["handle"];

    async fn handle(&mut self, Enveloped(mut envelope): Enveloped<A>, outside: &mut crate::Context<Self>) {
        self.guarded(outside, |actor, context| envelope.handle(actor, context));
        self.settle(outside).await;
    }

    fn method(_: &Enveloped<A>) -> u16 {
        0
    }

    fn begin(_: &Enveloped<A>) -> bool {
        true
    }

    async fn started(&mut self, outside: &mut crate::Context<Self>) -> Outcome {
        self.context.begin(outside);
        self.guarded(outside, |actor, context| actor.started(context));
        self.settle(outside).await;
        Ok(())
    }

    /// From outside: the answer of the actor counts for nothing, a stop stops.
    async fn stopping(&mut self, _: &mut crate::Context<Self>) -> Outcome {
        if self.context.is_alive() {
            self.context.set(ActorState::Stopping);
            self.actor.stopping(&mut self.context);
            self.context.set(ActorState::Stopped);
        }
        Ok(())
    }

    async fn stopped(&mut self, _: &End) {
        self.context.set(ActorState::Stopped);
        self.actor.stopped(&mut self.context);
    }
}

/// A reference to a [`Hosted`] actor.
pub struct HostedRef<A: Hostable>(ActorRef<Hosted<A>>);

impl<A: Hostable> Clone for HostedRef<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A: Hostable> fmt::Debug for HostedRef<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HostedRef").field(&self.0).finish()
    }
}

impl<A: Hostable> From<ActorRef<Hosted<A>>> for HostedRef<A> {
    fn from(address: ActorRef<Hosted<A>>) -> Self {
        Self(address)
    }
}

impl<A: Hostable> HostedRef<A> {
    /// An address of actix for it, which is a reference more, and stays when it is started again. A process of its scope carries the
    /// messages; each call makes one, so clone the address instead.
    ///
    /// # Panics
    /// When neither the actor nor this thread runs on a tokio runtime.
    #[track_caller]
    #[must_use]
    pub fn addr(&self) -> Addr<A> {
        into_mailbox(&self.0, |envelope| Some(Enveloped(envelope)))
    }

    /// The actor as rendez knows it: to stop it, to monitor it.
    #[must_use]
    pub const fn address(&self) -> &ActorRef<Hosted<A>> {
        &self.0
    }
}

/// A reference that does not keep the actor.
pub(super) type WeakMailbox<A> = WeakSender<Letter<Enveloped<A>>>;
