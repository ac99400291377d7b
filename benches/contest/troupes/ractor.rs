//! Actors of ractor: a task each, and what they send is boxed.

use crate::place::Tasks;
use crate::troupe::{Part, Troupe};
use ractor::concurrency::JoinHandle;
use ractor::rpc::CallResult;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use std::marker::PhantomData;

/// ractor.
pub(crate) struct Ractor;

/// An actor with a part, which is its state.
struct Player<P>(PhantomData<fn() -> P>);

/// A message.
pub(crate) enum Message {
    Told(u64),
    Asked(u64, RpcReplyPort<u64>),
}

impl<P: Part> Actor for Player<P> {
    type Msg = Message;
    type State = P;
    type Arguments = P;

    async fn pre_start(&self, _: ActorRef<Message>, part: P) -> Result<P, ActorProcessingErr> {
        Ok(part)
    }

    async fn handle(&self, _: ActorRef<Message>, message: Message, part: &mut P) -> Result<(), ActorProcessingErr> {
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
        Ok(())
    }
}

impl Troupe for Ractor {
    type Address<P: Part> = ActorRef<Message>;
    type Carrier = Tasks;

    async fn start<P: Part>(part: P) -> Option<ActorRef<Message>> {
        let (address, _task): (_, JoinHandle<()>) = Actor::spawn(None, Player(PhantomData), part).await.ok()?;
        Some(address)
    }

    async fn tell<P: Part>(actor: &ActorRef<Message>, number: u64) -> Option<()> {
        actor.send_message(Message::Told(number)).ok()
    }

    async fn ask<P: Part>(actor: &ActorRef<Message>, number: u64) -> Option<u64> {
        match actor.call(|answer| Message::Asked(number, answer), None).await {
            Ok(CallResult::Success(value)) => Some(value),
            _ => None,
        }
    }
}
