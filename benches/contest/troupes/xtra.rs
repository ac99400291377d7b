//! Actors of xtra: a task each, and a handler for each type of message.

use crate::place::Tasks;
use crate::troupe::{Part, Troupe};
use xtra::{Actor, Address, Context, Handler, Mailbox};

/// xtra.
pub(crate) struct Xtra;

/// An actor with a part.
pub(crate) struct Player<P>(P);

struct Told(u64);
struct Asked(u64);

impl<P: Part> Actor for Player<P> {
    type Stop = ();

    async fn stopped(self) {}
}

impl<P: Part> Handler<Told> for Player<P> {
    type Return = ();

    async fn handle(&mut self, Told(number): Told, _: &mut Context<Self>) {
        self.0.hear(number).await;
    }
}

impl<P: Part> Handler<Asked> for Player<P> {
    type Return = u64;

    async fn handle(&mut self, Asked(number): Asked, _: &mut Context<Self>) -> u64 {
        self.0.hear(number).await
    }
}

impl Troupe for Xtra {
    type Address<P: Part> = Address<Player<P>>;
    type Carrier = Tasks;

    async fn start<P: Part>(part: P) -> Option<Address<Player<P>>> {
        Some(xtra::spawn_tokio(Player(part), Mailbox::unbounded()))
    }

    async fn tell<P: Part>(actor: &Address<Player<P>>, number: u64) -> Option<()> {
        // The answer that comes is nothing, and nobody waits for it.
        actor.send(Told(number)).detach().await.ok().map(drop)
    }

    async fn ask<P: Part>(actor: &Address<Player<P>>, number: u64) -> Option<u64> {
        actor.send(Asked(number)).await.ok()
    }
}
