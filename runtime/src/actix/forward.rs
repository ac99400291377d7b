//! Forward: the answer of an actor, carried to who has asked through actix by whoever answers. No process waits for it.

use crate::reply::{Answer, Reply, reply};
use ::actix::dev::OneshotSender;
use rendez_model::ProcessId;
use std::future::Future as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// A reply whose answer goes to `asker`; where there is none, `asker` is dropped, which is a closed mailbox.
pub(super) fn forwarded<R: Send + 'static>(actor: &'static str, of: ProcessId, asker: OneshotSender<R>) -> Reply<R> {
    let (reply, answer) = reply(actor, of, false);
    Arc::new(Forward(Mutex::new(Some((answer, asker))))).look();
    reply
}

/// An answer, and who waits for it, until it is there.
struct Forward<R>(Mutex<Option<(Answer<R>, OneshotSender<R>)>>);

impl<R: Send + 'static> Forward<R> {
    /// Carries the answer if it is there, and else stands by for it.
    fn look(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        let arrived = {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let polled = waiting.as_mut().map(|(answer, _)| Pin::new(answer).poll(&mut Context::from_waker(&waker)));
            match polled {
                Some(Poll::Ready(answer)) => waiting.take().map(|(_, asker)| (answer, asker)),
                Some(Poll::Pending) | None => None,
            }
        };
        if let Some((Ok(value), asker)) = arrived {
            // An error says that nobody waits any more.
            drop(asker.send(value));
        }
    }
}

impl<R: Send + 'static> Wake for Forward<R> {
    fn wake(self: Arc<Self>) {
        self.look();
    }
}
