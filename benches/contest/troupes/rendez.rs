//! Actors of rendez, as `#[actor]` makes them.

use crate::place::Processes;
use crate::troupe::{Part, Troupe};
use rendez_runtime::{ActorOptions, actor};

/// rendez.
pub(crate) struct RendezActors;

/// An actor with a part.
pub(crate) struct Player<P>(P);

#[actor(crate = rendez_runtime)]
impl<P: Part> Player<P> {
    #[actor(one_way)]
    pub(crate) async fn told(&mut self, number: u64) {
        self.0.hear(number).await;
    }

    pub(crate) async fn asked(&mut self, number: u64) -> u64 {
        self.0.hear(number).await
    }
}

impl Troupe for RendezActors {
    type Address<P: Part> = PlayerRef<P>;
    type Carrier = Processes;

    async fn start<P: Part>(part: P) -> Option<PlayerRef<P>> {
        Some(ActorOptions::new().mailbox(usize::MAX).spawn(Player(part)))
    }

    async fn tell<P: Part>(actor: &PlayerRef<P>, number: u64) -> Option<()> {
        actor.told(number).await.ok()
    }

    async fn ask<P: Part>(actor: &PlayerRef<P>, number: u64) -> Option<u64> {
        actor.asked(number).await.ok()
    }
}
