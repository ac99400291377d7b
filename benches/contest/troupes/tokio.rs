//! Actors written by hand: a task, an unbounded mpsc, a oneshot for each answer.

use crate::place::Tasks;
use crate::troupe::{Part, Troupe};
use tokio::sync::{mpsc, oneshot};

/// What one writes who has no library of actors.
pub(crate) struct TokioActors;

/// A message.
pub(crate) enum Message {
    Told(u64),
    Asked(u64, oneshot::Sender<u64>),
}

/// An address: its part is known to the actor alone.
impl Troupe for TokioActors {
    type Address<P: Part> = mpsc::UnboundedSender<Message>;
    type Carrier = Tasks;

    async fn start<P: Part>(part: P) -> Option<Self::Address<P>> {
        let (address, mailbox) = mpsc::unbounded_channel();
        tokio::spawn(play(part, mailbox));
        Some(address)
    }

    async fn tell<P: Part>(actor: &Self::Address<P>, number: u64) -> Option<()> {
        actor.send(Message::Told(number)).ok()
    }

    async fn ask<P: Part>(actor: &Self::Address<P>, number: u64) -> Option<u64> {
        let (answer, answered) = oneshot::channel();
        actor.send(Message::Asked(number, answer)).ok()?;
        answered.await.ok()
    }
}

async fn play(mut part: impl Part, mut mailbox: mpsc::UnboundedReceiver<Message>) {
    while let Some(message) = mailbox.recv().await {
        match message {
            Message::Told(number) => {
                part.hear(number).await;
            }
            Message::Asked(number, answer) => {
                let value = part.hear(number).await;
                // Who asked may have gone.
                let _ = answer.send(value);
            }
        }
    }
}
