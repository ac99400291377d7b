//! Actors of actix, all on one arbiter. Their handlers wait for nothing.

use crate::place::{Tasks, ready};
use crate::troupe::{Part, Troupe};
use actix::{Actor, Addr, Context, Handler, Message};

/// actix.
pub(crate) struct Actix;

/// An actor with a part.
pub(crate) struct Player<P>(P);

struct Told(u64);
struct Asked(u64);

impl Message for Told {
    type Result = ();
}

impl Message for Asked {
    type Result = u64;
}

impl<P: Part> Actor for Player<P> {
    type Context = Context<Self>;
}

impl<P: Part> Handler<Told> for Player<P> {
    type Result = ();

    fn handle(&mut self, Told(number): Told, _: &mut Context<Self>) {
        ready(self.0.hear(number));
    }
}

impl<P: Part> Handler<Asked> for Player<P> {
    type Result = u64;

    fn handle(&mut self, Asked(number): Asked, _: &mut Context<Self>) -> u64 {
        ready(self.0.hear(number))
    }
}

impl Troupe for Actix {
    type Address<P: Part> = Addr<Player<P>>;
    type Carrier = Tasks;

    async fn start<P: Part>(part: P) -> Option<Addr<Player<P>>> {
        Some(Player(part).start())
    }

    async fn tell<P: Part>(actor: &Addr<Player<P>>, number: u64) -> Option<()> {
        actor.do_send(Told(number));
        Some(())
    }

    async fn ask<P: Part>(actor: &Addr<Player<P>>, number: u64) -> Option<u64> {
        actor.send(Asked(number)).await.ok()
    }
}
