//! Actors of kameo: a task each, and a handler for each type of message.

use crate::place::Tasks;
use crate::troupe::{Part, Troupe};
use kameo::actor::{ActorRef, Spawn};
use kameo::error::Infallible;
use kameo::message::{Context, Message};
use kameo::{Actor, mailbox};

/// kameo.
pub(crate) struct Kameo;

/// An actor with a part.
pub(crate) struct Player<P>(P);

struct Told(u64);
struct Asked(u64);

impl<P: Part> Actor for Player<P> {
    type Args = P;
    type Error = Infallible;

    async fn on_start(part: P, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(Self(part))
    }
}

impl<P: Part> Message<Told> for Player<P> {
    type Reply = ();

    async fn handle(&mut self, Told(number): Told, _: &mut Context<Self, ()>) {
        self.0.hear(number).await;
    }
}

impl<P: Part> Message<Asked> for Player<P> {
    type Reply = u64;

    async fn handle(&mut self, Asked(number): Asked, _: &mut Context<Self, u64>) -> u64 {
        self.0.hear(number).await
    }
}

impl Troupe for Kameo {
    type Address<P: Part> = ActorRef<Player<P>>;
    type Carrier = Tasks;

    async fn start<P: Part>(part: P) -> Option<ActorRef<Player<P>>> {
        Some(Player::spawn_with_mailbox(part, mailbox::unbounded()))
    }

    async fn tell<P: Part>(actor: &ActorRef<Player<P>>, number: u64) -> Option<()> {
        actor.tell(Told(number)).try_send().ok()
    }

    async fn ask<P: Part>(actor: &ActorRef<Player<P>>, number: u64) -> Option<u64> {
        actor.ask(Asked(number)).send().await.ok()
    }
}
