//! Actors: processes whose port is a mailbox of typed messages. The driver; what starts it again is the supervisor.

use crate::cell::{Cell, Draft, Report};
use crate::drive::process_of;
use crate::process::{ProcessRef, spawn_under};
use crate::reply::{Reply, refuse, reply};
use crate::restart::Verdict;
use crate::{CallError, Failure, Outcome, Process};
use rendez_channels::{Receiver, Sender, channel_named};
use rendez_model::{ChannelKind, ProcessKind};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// How many messages a mailbox holds before those who send wait.
pub const MAILBOX: u64 = 64;

/// A state with a mailbox; `#[actor]` on an `impl` block makes one.
///
/// One message is handled at a time: the state is exclusive across `.await`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an actor",
    label = "this has no messages",
    note = "write `#[actor]` on its `impl` block: each `pub async fn` with `&mut self` becomes a message"
)]
pub trait Actor: Sized + Send /* its state may move between threads: use `Arc` for `Rc` */ + 'static {
    /// All its messages.
    type Message: Send + 'static; // arguments move to the actor's thread: take what is `Send`, such as `Arc` for `Rc`
    /// The reference whose methods send them.
    type Ref: From<ActorRef<Self>> + Clone;
    /// The name of its type.
    const NAME: &'static str;

    /// Handles one message and answers it.
    fn handle(&mut self, message: Self::Message) -> impl Future<Output = ()> + Send; // drop what is not `Send` before `.await`

    /// The method that a message stands for, for reports.
    fn method(message: &Self::Message) -> &'static str;
}

/// The address of an actor of type `A`: the mailbox with the process behind it. It stays valid across restarts.
pub struct ActorRef<A: Actor> {
    mailbox: Sender<A::Message>,
    process: ProcessRef,
}

impl<A: Actor> Clone for ActorRef<A> {
    fn clone(&self) -> Self {
        Self { mailbox: self.mailbox.clone(), process: self.process.clone() }
    }
}

impl<A: Actor> ActorRef<A> {
    /// The process behind it.
    #[must_use]
    pub const fn process(&self) -> &ProcessRef {
        &self.process
    }

    /// Sends a message and waits for its answer.
    ///
    /// # Errors
    /// What became of the call, if not an answer.
    ///
    /// # Cancel safety
    /// A dropped ask does not stop a handler that began; a message not yet taken is handled too.
    pub async fn ask<R: Send + 'static>(&self, make: impl FnOnce(Reply<R>) -> A::Message) -> Result<R, CallError> {
        let (reply, answer) = reply(A::NAME, self.process.id());
        self.tell(make(reply)).await?;
        answer.await
    }

    /// Sends a message and waits for room in the mailbox only.
    ///
    /// # Errors
    /// The actor has stopped.
    ///
    /// # Cancel safety
    /// A tell dropped before there was room has not been sent.
    pub async fn tell(&self, message: A::Message) -> Result<(), CallError> {
        self.mailbox.note_holder();
        self.mailbox.send(message).await.map_err(|error| {
            let method = A::method(&error.value);
            refuse(error.value);
            CallError::NotSent(format!("`{}` has stopped and takes no `{method}`", self.process.name()))
        })
    }
}

/// Starts an actor in the scope of the current process. A panic in a handler fails that scope.
///
/// # Panics
/// When no tokio runtime is ambient.
#[track_caller]
pub fn spawn_actor<A: Actor>(actor: A) -> A::Ref {
    let parent = Cell::current();
    let mut first = Some(actor);
    let prepared = prepare(A::NAME, move || first.take(), |_, _| Verdict::GiveUp);
    prepared.start(parent).unwrap_or_else(|failure| panic!("{failure}")).into()
}

/// An actor that has not started.
pub(crate) struct Prepared<A: Actor> {
    process: Process<()>,
    address: ActorRef<A>,
}

impl<A: Actor> Prepared<A> {
    /// Starts it below `parent`, whose scope fails with it.
    pub(crate) fn start(self, parent: Option<Arc<Cell>>) -> Outcome<ActorRef<A>> {
        spawn_under(self.process, parent, Report::Scope)?;
        Ok(self.address)
    }
}

/// Sets up mailbox and driver. `make` gives the state of each incarnation, `decide` what follows a failure.
#[track_caller]
pub(crate) fn prepare<A: Actor>(
    name: &str,
    make: impl FnMut() -> Option<A> + Send + 'static,
    decide: impl FnMut(&Cell, &Failure) -> Verdict + Send + 'static,
) -> Prepared<A> {
    let draft = Draft::new(name.to_owned(), ProcessKind::Actor);
    let (mailbox, inbox) = channel_named(&format!("{name}.mailbox"), ChannelKind::Bounded(MAILBOX));
    inbox.keep(draft.id());
    let process = Process { job: process_of(draft, incarnations(Inbox(Some(inbox)), make, decide)) };
    let address = ActorRef { mailbox, process: ProcessRef::new(process.cell()) };
    Prepared { process, address }
}

/// Runs one incarnation after another over the same mailbox.
async fn incarnations<A: Actor>(
    inbox: Inbox<A::Message>,
    mut make: impl FnMut() -> Option<A>,
    mut decide: impl FnMut(&Cell, &Failure) -> Verdict,
) -> Outcome<()> {
    let Some(cell) = Cell::current() else { return Ok(()) };
    let mut made = catching(&mut make);
    loop {
        let failure = match made {
            Ok(None) => return Ok(()),
            Ok(Some(actor)) => match serve(actor, &inbox).await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            },
            Err(failure) => failure,
        };
        match decide(&cell, &failure) {
            Verdict::GiveUp => return Err(failure),
            Verdict::RestartAfter(delay) => {
                tracing::warn!(process = %cell.id(), name = cell.name(), %failure, "restarts");
                cell.count_restart();
                if delay > Duration::ZERO {
                    rendez_channels::after(delay).await;
                }
            }
        }
        made = catching(&mut make);
    }
}

/// Handles messages until the last reference is gone (`Ok`) or a handler panics.
async fn serve<A: Actor>(mut actor: A, inbox: &Inbox<A::Message>) -> Outcome<()> {
    while let Some(message) = inbox.next().await? {
        let method = A::method(&message);
        let handled = {
            let mut handler = pin!(actor.handle(message));
            poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(cx))) {
                Ok(polled) => polled.map(Ok),
                Err(payload) => Poll::Ready(Err(Failure::panic(&*payload))),
            })
            .await
        };
        handled.map_err(|failure| failure.within(|| format!("`{}::{method}`", A::NAME)))?;
    }
    Ok(())
}

fn catching<A>(make: &mut impl FnMut() -> Option<A>) -> Outcome<Option<A>> {
    catch_unwind(AssertUnwindSafe(make)).map_err(|payload| Failure::panic(&*payload))
}

/// The receiving side of a mailbox. When it goes, messages that no handler has seen are refused.
struct Inbox<M: Send + 'static>(Option<Receiver<M>>);

impl<M: Send + 'static> Inbox<M> {
    /// The next message, or `None` when the last reference is gone.
    async fn next(&self) -> Outcome<Option<M>> {
        match &self.0 {
            Some(receiver) => Ok(receiver.next().await?),
            None => Ok(None),
        }
    }
}

impl<M: Send + 'static> Drop for Inbox<M> {
    fn drop(&mut self) {
        refuse(self.0.take().map(Receiver::close));
    }
}
