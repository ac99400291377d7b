//! Outlets: the recipients of actix as something that a process asks, or sends to. The way in is an inlet.

use crate::{CallError, Outcome, Process};
use ::actix::{MailboxError, Message, Recipient};
use rendez_channels::Receiver;

/// Asks through a recipient of actix, and says what became of the call as rendez does. `addr.clone().recipient()` is one.
///
/// For a limit of time, `recipient.send(message).timeout(time)` is actix's own.
///
/// # Errors
/// [`NotSent`](CallError::NotSent) when the actor had stopped before; [`Unknown`](CallError::Unknown) when it ended, or dropped the message:
/// actix does not say whether its handler had begun.
///
/// # Cancel safety
/// Dropped before its handler began, the message is withdrawn.
///
/// ```
/// use actix::prelude::*;
/// use rendez_runtime::actix::{ask, guest_actor};
/// use rendez_runtime::{Outcome, run, spawn};
///
/// struct Doubler;
/// impl Actor for Doubler {
///     type Context = actix::Context<Self>;
/// }
/// struct Double(u32);
/// impl Message for Double {
///     type Result = u32;
/// }
/// impl Handler<Double> for Doubler {
///     type Result = u32;
///     fn handle(&mut self, Double(n): Double, _: &mut Self::Context) -> u32 {
///         2 * n
///     }
/// }
///
/// run(async {
///     let (doubler, process) = guest_actor("doubler", |_| Doubler);
///     spawn(process);
///     assert_eq!(ask(&doubler.recipient(), Double(21)).await?, 42);
///     Outcome::Ok(())
/// })
/// .unwrap();
/// ```
pub async fn ask<M>(recipient: &Recipient<M>, message: M) -> Result<M::Result, CallError>
where
    M: Message<Result: Send> + Send,
{
    if !recipient.connected() {
        return Err(CallError::NotSent("the actix actor has stopped".into()));
    }
    recipient.send(message).await.map_err(|error| {
        CallError::Unknown(match error {
            MailboxError::Closed => "the actix actor stopped, or dropped this call".into(),
            MailboxError::Timeout => "no answer from the actix actor in time".into(),
        })
    })
}

/// A process that sends what comes from a channel to a recipient of actix, one by one: the next when the one before was answered, so
/// that who is slow holds up who sends. The answers are dropped.
///
/// It ends with its input, and when the actor has stopped: its input retires then, as that of a process that ends.
pub fn outlet<M>(input: Receiver<M>, recipient: Recipient<M>) -> Process
where
    M: Message<Result: Send> + Send + 'static,
{
    Process::new("outlet", async move {
        while let Some(message) = input.next().await? {
            if ask(&recipient, message).await.is_err() && !recipient.connected() {
                break;
            }
        }
        Outcome::Ok(())
    })
}
