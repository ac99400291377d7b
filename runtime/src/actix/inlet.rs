//! Inlets: addresses of actix that lead into an actor, or a channel, of rendez. What an actor does with a message is its own.

use super::forward::forwarded;
use crate::actor::Letter;
use crate::cell::Cell;
use crate::inner::Report;
use crate::reply::Reply;
use crate::{Actor, ActorRef, Outcome, Process, alt, executor, spawn};
use ::actix::dev::channel::{AddressReceiver, channel};
use ::actix::dev::{Envelope, EnvelopeProxy, MessageResponse, OneshotSender, Stream as _, ToEnvelope};
use ::actix::{ActorContext, ActorState, Addr, Handler, Message, Recipient};
use rendez_channels::{Sender, future};
use rendez_model::ProcessId;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

/// How many messages lie between an [`inlet`] and the mailbox it leads to, before who sends more waits.
pub const INLET: usize = 16;

/// Says as which of its own messages an actor takes one of actix's.
///
/// ```
/// use actix::{Message, Recipient};
/// use rendez_runtime::actix::{Takes, inlet};
/// use rendez_runtime::{Outcome, Reply, actor, run, spawn_actor};
///
/// struct Counter(u64);
///
/// #[actor(crate = rendez_runtime)]
/// impl Counter {
///     pub async fn add(&mut self, n: u64) -> u64 {
///         self.0 += n;
///         self.0
///     }
/// }
///
/// struct Add(u64);
/// impl Message for Add {
///     type Result = u64;
/// }
///
/// impl Takes<Add> for Counter {
///     fn take(Add(n): Add, reply: Reply<u64>) -> CounterMessage {
///         CounterMessage::add(n, reply)
///     }
/// }
///
/// run(async {
///     let counter = spawn_actor(Counter(40));
///     let address = inlet(counter.address());
///     let recipient: Recipient<Add> = address.clone().recipient();
///     address.do_send(Add(1));
///     assert_eq!(address.send(Add(1)).await?, 42);
///     assert_eq!(recipient.send(Add(1)).await?, 43);
///     Outcome::Ok(())
/// })
/// .unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "the actor `{Self}` does not say how it takes the actix message `{M}`",
    label = "no `Takes<{M}>` for this actor",
    note = "write `impl Takes<{M}> for {Self}`, which makes one of its own messages of it"
)]
pub trait Takes<M: Message>: Actor {
    /// The message, with the reply that it is to be answered through.
    ///
    /// A message of a method that does not answer (`one_way`) leaves the reply to this function: `reply.answer(())` then says
    /// that the inlet has taken it. A reply that is dropped is a closed mailbox to who has asked.
    fn take(message: M, reply: Reply<M::Result>) -> Self::Message;
}

/// What an [`inlet`] is to actix: an actor that handles all that `A` [takes](Takes). It is never run there.
pub struct Inlet<A>(PhantomData<fn() -> A>);

impl<A> fmt::Debug for Inlet<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inlet")
    }
}

/// An address of actix that leads into the mailbox of an actor.
///
/// It is one reference more: the actor goes on while an address is left, and an address is closed once the actor has stopped
/// for good. A supervised actor that is started again keeps it. A process of the actor's scope carries the messages; each call
/// makes one, so clone the address instead.
///
/// What a request meets is said in [the module](crate::actix).
///
/// # Panics
/// When neither the actor nor this thread runs on a tokio runtime.
#[track_caller]
pub fn inlet<A: Actor>(actor: &ActorRef<A>) -> Addr<Inlet<A>> {
    let of = actor.process().id();
    into_mailbox(actor, move |mut envelope: Envelope<Inlet<A>>| {
        let mut opening = Opening { of, message: None };
        envelope.handle(&mut Inlet(PhantomData), &mut opening);
        opening.message
    })
}

/// An address of actix whose envelopes go into a mailbox as what `open` makes of them.
#[track_caller]
pub(super) fn into_mailbox<X, A>(
    actor: &ActorRef<A>,
    mut open: impl FnMut(Envelope<X>) -> Option<A::Message> + Send + 'static,
) -> Addr<X>
where
    X: ::actix::Actor,
    A: Actor,
{
    let (sender, receiver) = channel(INLET);
    // Who has asked for a message that is refused learns it by its reply.
    let open = move |envelope| Some((Letter::One(open(envelope)?), None));
    let body = carry(receiver, actor.mailbox().clone(), open);
    let process = Process::new(format!("inlet of {}", actor.process().name()), body);
    start_beside(actor.process().cell(), process);
    Addr::new(sender)
}

/// Starts a process in the scope of another one, on the same executor.
fn start_beside(other: &Arc<Cell>, process: Process) {
    let home = other.home().map_or_else(executor::here, Ok);
    let home = home.unwrap_or_else(|failure| panic!("{failure}"));
    drop(process.job.start(other.parent(), Report::Scope, home));
}

/// A recipient of actix that sends on a channel: for a library that publishes to a `Recipient`.
///
/// `send` is answered when the value is in the channel, or on a rendezvous when it was received; where nobody receives any more it is
/// a closed mailbox, and the value is dropped. A process of the current scope carries the values; it ends with the last clone
/// of the recipient, or the last receiver.
///
/// # Panics
/// When no tokio runtime is ambient.
///
/// ```
/// use actix::Message;
/// use rendez_channels::channel;
/// use rendez_runtime::actix::recipient;
/// use rendez_runtime::{Outcome, run};
///
/// struct Event(&'static str);
/// impl Message for Event {
///     type Result = ();
/// }
///
/// run(async {
///     let (output, input) = channel();
///     let listener = recipient(output);
///     listener.do_send(Event("opened"));
///     assert_eq!(input.recv().await?.0, "opened");
///     Outcome::Ok(())
/// })
/// .unwrap();
/// ```
#[track_caller]
pub fn recipient<M>(output: Sender<M>) -> Recipient<M>
where
    M: Message<Result = ()> + Send + 'static,
{
    let (sender, receiver) = channel(INLET);
    let open = |mut envelope: Envelope<Outward<M>>| {
        let mut opened = Opened(None);
        envelope.handle(&mut Outward(PhantomData), &mut opened);
        opened.0
    };
    spawn(Process::new(format!("recipient of {}", output.name()), carry(receiver, output, open)));
    Addr::new(sender).recipient()
}

/// Carries what comes to an address into a channel, until the one or the other has ended.
async fn carry<X: ::actix::Actor, L: Send + 'static>(
    mut receiver: AddressReceiver<X>,
    output: Sender<L>,
    mut open: impl FnMut(Envelope<X>) -> Option<(L, Option<OneshotSender<()>>)>,
) -> Outcome {
    while let Some(envelope) = alt! {
        pri;
        _ = output.closed() => None,
        envelope = future(next(&mut receiver)) => envelope,
    } {
        let Some((letter, asker)) = open(envelope) else { continue };
        output.note_holder();
        if output.send(letter).await.is_ok() {
            let _ = asker.map(|asker| asker.send(()));
        }
    }
    Ok(())
}

/// The next envelope; none once nobody has an address any more.
async fn next<X: ::actix::Actor>(receiver: &mut AddressReceiver<X>) -> Option<Envelope<X>> {
    poll_fn(|cx| match Pin::new(&mut *receiver).poll_next(cx) {
        Poll::Pending if !receiver.connected() => Poll::Ready(None),
        polled => polled,
    })
    .await
}

/// The actor that a [`recipient`] is to actix.
struct Outward<M>(PhantomData<fn() -> M>);

/// The value of the one message that is handled, and who waits for it to be sent.
struct Opened<M>(Option<(M, Option<OneshotSender<()>>)>);

impl<M: Message<Result = ()> + Send + 'static> ::actix::Actor for Outward<M> {
    type Context = Opened<M>;
}

impl<M> ActorContext for Opened<M> {
    fn stop(&mut self) {}

    fn terminate(&mut self) {}

    fn state(&self) -> ActorState {
        ActorState::Running
    }
}

impl<M: Message<Result = ()> + Send + 'static> Handler<M> for Outward<M> {
    type Result = Taken<M>;

    fn handle(&mut self, value: M, _: &mut Opened<M>) -> Taken<M> {
        Taken(value)
    }
}

impl<M: Message<Result = ()> + Send + 'static> MessageResponse<Outward<M>, M> for Taken<M> {
    fn handle(self, opened: &mut Opened<M>, asker: Option<OneshotSender<()>>) {
        opened.0 = Some((self.0, asker));
    }
}

impl<M: Message<Result = ()> + Send + 'static> ToEnvelope<Outward<M>, M> for Opened<M> {
    fn pack(value: M, asker: Option<OneshotSender<()>>) -> Envelope<Outward<M>> {
        Sent::packed(value, asker)
    }
}

/// What is made of the one message that is handled.
pub struct Opening<A: Actor> {
    of: ProcessId,
    message: Option<A::Message>,
}

impl<A: Actor> ::actix::Actor for Inlet<A> {
    type Context = Opening<A>;
}

/// What lies behind an address is not stopped through actix.
impl<A: Actor> ActorContext for Opening<A> {
    fn stop(&mut self) {}

    fn terminate(&mut self) {}

    fn state(&self) -> ActorState {
        ActorState::Running
    }
}

impl<A: Takes<M>, M: Message + Send + 'static> Handler<M> for Inlet<A>
where
    M::Result: Send,
{
    type Result = Taken<M>;

    fn handle(&mut self, message: M, _: &mut Opening<A>) -> Taken<M> {
        Taken(message)
    }
}

/// A message on its way into a mailbox, whose answer comes from there.
pub struct Taken<M>(M);

impl<A: Takes<M>, M: Message + Send + 'static> MessageResponse<Inlet<A>, M> for Taken<M>
where
    M::Result: Send,
{
    fn handle(self, opening: &mut Opening<A>, asker: Option<OneshotSender<M::Result>>) {
        let reply = asker.map_or_else(Reply::none, |asker| forwarded(A::NAME, opening.of, asker));
        opening.message = Some(A::take(self.0, reply));
    }
}

impl<A: Takes<M>, M: Message + Send + 'static> ToEnvelope<Inlet<A>, M> for Opening<A>
where
    M::Result: Send,
{
    fn pack(message: M, asker: Option<OneshotSender<M::Result>>) -> Envelope<Inlet<A>> {
        Sent::packed(message, asker)
    }
}

/// A message in its envelope: given to its handler, unless who has asked is gone.
pub(super) struct Sent<M: Message> {
    message: Option<M>,
    asker: Option<OneshotSender<M::Result>>,
}

impl<M: Message + Send + 'static> Sent<M>
where
    M::Result: Send,
{
    pub(super) fn packed<X: Handler<M>>(message: M, asker: Option<OneshotSender<M::Result>>) -> Envelope<X> {
        Envelope::with_proxy(Box::new(Self { message: Some(message), asker }))
    }
}

impl<X: Handler<M>, M: Message> EnvelopeProxy<X> for Sent<M> {
    fn handle(&mut self, actor: &mut X, context: &mut X::Context) {
        let asker = self.asker.take();
        if asker.as_ref().is_some_and(OneshotSender::is_closed) {
            return;
        }
        if let Some(message) = self.message.take() {
            actor.handle(message, context).handle(context, asker);
        }
    }
}
