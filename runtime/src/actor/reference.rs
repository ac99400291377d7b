//! The address of an actor: what can be sent to it and asked of it from outside.

use super::inside::Inside;
use super::timers::{Scheduled, What};
use super::{Actor, Letter, signals};
use crate::reply::{Reply, reply};
use crate::{CallError, ProcessRef};
use rendez_channels::{Ended, SendError, Sender, TrySendError, clock};
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The address of an actor of type `A`: the mailbox with the process behind it. It stays valid across restarts.
pub struct ActorRef<A: Actor> {
    pub(super) mailbox: Sender<Letter<A::Message>>,
    pub(super) inside: Arc<Inside<A>>,
    /// How long its asks wait for an answer.
    patience: Option<Duration>,
}

impl<A: Actor> Clone for ActorRef<A> {
    fn clone(&self) -> Self {
        Self { mailbox: self.mailbox.clone(), inside: Arc::clone(&self.inside), patience: self.patience }
    }
}

impl<A: Actor> fmt::Debug for ActorRef<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActorRef").field("process", &self.process()).finish_non_exhaustive()
    }
}

/// A message that was not sent, with why.
pub struct Undelivered<M> {
    /// The message, or what is left of a batch: nothing of it was sent.
    pub messages: Vec<M>,
    /// Why.
    pub cause: CallError,
}

impl<M> fmt::Debug for Undelivered<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Undelivered").field("cause", &self.cause).finish_non_exhaustive()
    }
}

impl<M> fmt::Display for Undelivered<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl<M> Error for Undelivered<M> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}

impl<A: Actor> ActorRef<A> {
    pub(crate) fn new(mailbox: Sender<Letter<A::Message>>, inside: &Arc<Inside<A>>) -> Self {
        Self { mailbox, inside: Arc::clone(inside), patience: None }
    }

    /// The process of the present incarnation.
    #[must_use]
    pub fn process(&self) -> ProcessRef {
        ProcessRef::new(self.inside.signals.cell())
    }

    /// The same address, whose asks wait for so long at most.
    ///
    /// A message that the actor has not begun by then is withdrawn, and was [not sent](CallError::NotSent); of one that it
    /// has, the outcome is [unknown](CallError::Unknown).
    #[must_use]
    pub fn within(&self, patience: Duration) -> Self {
        Self { patience: Some(patience), ..self.clone() }
    }

    /// Sends a message and waits for its answer.
    ///
    /// # Errors
    /// What became of the call, if not an answer.
    ///
    /// # Cancel safety
    /// A dropped ask does not stop a handler that began; a message not yet taken is handled too.
    pub async fn ask<R: Send + 'static>(&self, make: impl FnOnce(Reply<R>) -> A::Message) -> Result<R, CallError> {
        // It is the caller's code: not to be called under a lock of ours.
        let made = |reply| {
            let message = make(reply);
            move || message
        };
        self.ask_made(made).await
    }

    /// The same for a message that is put together where it stays: what `make` gives does no more than that.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    ///
    /// # Cancel safety
    /// As `ask`.
    #[doc(hidden)]
    pub async fn ask_made<R: Send + 'static, M: FnOnce() -> A::Message>(
        &self,
        make: impl FnOnce(Reply<R>) -> M,
    ) -> Result<R, CallError> {
        if let Some((deadline, patience)) = self.until() {
            // Of its own place: an ask takes as much as the largest of what it may come to.
            return Box::pin(self.ask_by(|reply| make(reply)(), deadline, patience)).await;
        }
        let (reply, mut answer) = reply(A::NAME, self.inside.signals.process_id(), false);
        match self.send_made(make(reply)).await {
            // In its place, from where nothing is moved any more.
            Ok(()) => (&mut answer).await,
            Err(error) => Err(self.not_sent(error.value(), error.cause())),
        }
    }

    /// Until when one that asks now is patient, and for how long that is; a time too far for the clock is never.
    fn until(&self) -> Option<(Instant, Duration)> {
        let patience = self.patience?;
        Some((clock::now().checked_add(patience)?, patience))
    }

    /// Sends a message and waits for room in the mailbox only.
    ///
    /// # Errors
    /// The actor has stopped.
    ///
    /// # Cancel safety
    /// A tell dropped before there was room has not been sent.
    pub async fn tell(&self, message: A::Message) -> Result<(), CallError> {
        self.tell_made(move || message).await
    }

    /// The same for a message that is put together where it stays: `make` does no more than that.
    ///
    /// # Errors
    /// As [`tell`](Self::tell).
    ///
    /// # Cancel safety
    /// As [`tell`](Self::tell).
    #[doc(hidden)]
    pub async fn tell_made(&self, make: impl FnOnce() -> A::Message) -> Result<(), CallError> {
        self.send_made(make).await.map_err(|error| self.not_sent(error.value(), error.cause()))
    }

    #[inline]
    async fn send_made(&self, make: impl FnOnce() -> A::Message) -> Result<(), SendError<Letter<A::Message>>> {
        self.mailbox.note_holder();
        match self.mailbox.send_made(move || Letter::One(make())) {
            Ok(()) => Ok(()),
            Err(make) => self.mailbox.send(make()).await,
        }
    }

    /// Sends several messages that are handled without another one in between.
    ///
    /// # Errors
    /// The actor has stopped.
    ///
    /// # Cancel safety
    /// As [`tell`](Self::tell), all of them or none.
    pub async fn batch(&self, messages: Vec<A::Message>) -> Result<(), CallError> {
        self.mailbox.note_holder();
        let batch = Letter::Batch(Box::new(messages));
        self.mailbox.send(batch).await.map_err(|error| self.not_sent(error.value(), error.cause()))
    }

    /// Sends a message if there is room now; else it comes back.
    ///
    /// # Errors
    /// The message, and why it was not sent.
    pub fn try_tell(&self, message: A::Message) -> Result<(), Undelivered<A::Message>> {
        self.mailbox.try_send(Letter::One(message)).map_err(|error| {
            let name = self.process().name();
            let cause = CallError::NotSent(match &error {
                TrySendError::Ended(error) => why(&name, error.cause()),
                _ => format!("the mailbox of `{name}` has no room"),
            });
            Undelivered { messages: error.into_value().into_messages(), cause }
        })
    }

    /// Sends a message that is handled before all in the mailbox, in the order of such messages. As many as the mailbox
    /// holds may wait; who sends more waits for room.
    ///
    /// # Errors
    /// The actor has stopped.
    ///
    /// # Cancel safety
    /// As [`tell`](Self::tell).
    pub async fn urge(&self, message: A::Message) -> Result<(), CallError> {
        let Some(urgent) = self.inside.urgent_sender() else {
            let stopped = Ended::Retired { channel: Arc::default() };
            return Err(self.not_sent(&Letter::One(message), &stopped));
        };
        urgent.note_holder();
        // Before it waits for room too: what is there already may not have been looked at.
        let mut sending = std::pin::pin!(urgent.send(message));
        let sent = std::future::poll_fn(|cx| {
            let polled = sending.as_mut().poll(cx);
            self.inside.signals.raise(signals::URGENT);
            polled
        });
        sent.await.map_err(|error| {
            let (message, cause) = error.into_parts();
            self.not_sent(&Letter::One(message), &cause)
        })
    }

    /// An urgent message that is answered; see [`ask`](Self::ask) and [`urge`](Self::urge).
    ///
    /// # Errors
    /// As `ask`.
    ///
    /// # Cancel safety
    /// As `ask`.
    pub async fn ask_urgently<R: Send + 'static>(
        &self,
        make: impl FnOnce(Reply<R>) -> A::Message,
    ) -> Result<R, CallError> {
        let (reply, answer) = reply(A::NAME, self.inside.signals.process_id(), self.patience.is_some());
        self.urge(make(reply)).await?;
        match self.until() {
            Some((deadline, patience)) => answer.by(deadline, patience).await,
            None => answer.await,
        }
    }

    /// Has a message handled once `delay` has passed, whatever is in the mailbox then. It outlives restarts.
    ///
    /// # Errors
    /// The actor has stopped; the message comes back.
    pub fn tell_after(&self, delay: Duration, message: A::Message) -> Result<Scheduled, CallError> {
        let at = clock::now().checked_add(delay);
        let timer = at.and_then(|at| self.inside.add_timer(at, What::Once(message), false));
        timer.ok_or_else(|| CallError::NotSent(format!("`{}` has stopped", self.process().name())))
    }

    /// Takes a delayed message back. True: it will never be handled.
    #[must_use = "only `true` says that the message will not be handled"]
    pub fn cancel(&self, timer: Scheduled) -> bool {
        self.inside.cancel_timer(timer)
    }

    /// Has it end in order: after the message under way, before all others.
    ///
    /// What is in the mailbox is given back: who asks learns that the message was not sent, the rest goes to the
    /// [dead letters](super::ActorOptions::dead_letters) and is [counted](Self::undelivered). A supervisor does not
    /// start an actor again that was stopped, unless it is permanent.
    pub fn stop(&self) {
        self.inside.signals.raise(signals::STOP);
    }

    /// Ends it at once, in the midst of a message too, with all processes below it; no hook of it runs.
    pub fn kill(&self) {
        self.process().stop();
    }

    /// How many messages were sent and seen by no handler: left in the mailbox when the actor ended, or refused.
    #[must_use]
    pub fn undelivered(&self) -> u64 {
        self.inside.undelivered()
    }

    /// How many messages are before one that would be sent now: those in the mailbox, and those that the actor has taken.
    #[must_use]
    pub fn load(&self) -> usize {
        self.mailbox.len() + self.inside.taken()
    }

    /// Whether it has ended for good.
    pub(crate) fn is_over(&self) -> bool {
        self.mailbox.is_closed()
    }

    #[cfg(feature = "actix")]
    pub(crate) const fn mailbox(&self) -> &Sender<Letter<A::Message>> {
        &self.mailbox
    }

    async fn ask_by<R: Send + 'static>(
        &self,
        make: impl FnOnce(Reply<R>) -> A::Message,
        deadline: Instant,
        patience: Duration,
    ) -> Result<R, CallError> {
        let (reply, answer) = reply(A::NAME, self.inside.signals.process_id(), true);
        self.tell_by(make(reply), deadline).await?;
        answer.by(deadline, patience).await
    }

    async fn tell_by(&self, message: A::Message, deadline: Instant) -> Result<(), CallError> {
        self.mailbox.note_holder();
        match self.mailbox.send_by(Letter::One(message), deadline).await {
            Ok(()) => Ok(()),
            Err(TrySendError::Ended(error)) => Err(self.not_sent(error.value(), error.cause())),
            Err(_full) => {
                let text = format!("the mailbox of `{}` had no room by the deadline", self.process().name());
                Err(CallError::NotSent(text))
            }
        }
    }

    #[cold]
    fn not_sent(&self, letter: &Letter<A::Message>, cause: &Ended) -> CallError {
        let name = self.process().name();
        let method = match letter {
            Letter::One(message) => A::METHODS.get(usize::from(A::method(message))).copied().unwrap_or("message"),
            Letter::Batch(_) => "batch",
        };
        CallError::NotSent(match cause {
            Ended::Retired { .. } => format!("`{name}` has stopped and takes no `{method}`"),
            cause => why(&name, cause),
        })
    }
}

fn why(name: &str, cause: &Ended) -> String {
    match cause {
        Ended::Retired { .. } => format!("`{name}` has stopped"),
        Ended::Overflow { .. } => format!("the mailbox of `{name}` is full"),
        cause => format!("the mailbox of `{name}`: {cause}"),
    }
}
