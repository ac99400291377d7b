//! An actor with a name by which it is looked up: typed, the same across restarts, and no reason for it to live on.

use super::inside::Inside;
use super::{Actor, ActorRef, Letter};
use crate::names::{Holder, NameError, Named};
use crate::{ProcessRef, World};
use rendez_channels::WeakSender;
use std::sync::{Arc, Weak};

pub(crate) struct NamedActor<A: Actor> {
    mailbox: WeakSender<Letter<A::Message>>,
    inside: Weak<Inside<A>>,
}

impl<A: Actor> NamedActor<A> {
    /// Its address; none once it has ended, or nobody else has one.
    pub(crate) fn address(&self) -> Option<ActorRef<A>> {
        let (mailbox, inside) = (self.mailbox.upgrade()?, self.inside.upgrade()?);
        (!inside.has_ended()).then(|| ActorRef::new(mailbox, &inside))
    }
}

impl<A: Actor> Named for NamedActor<A> {
    fn process(&self) -> Option<ProcessRef> {
        let inside = self.inside.upgrade().filter(|inside| !inside.has_ended())?;
        Some(ProcessRef::new(inside.signals.cell()))
    }

    fn holder(&self) -> Holder {
        Holder::Actor(self.inside.as_ptr().addr())
    }

    fn note_name(&self) -> bool {
        self.inside.upgrade().is_some_and(|inside| inside.note_registered())
    }
}

impl<A: Actor> ActorRef<A> {
    /// Gives the actor a name under which [`whereis_actor`](crate::whereis_actor) finds it. It keeps it when it is started
    /// again, until it ends for good. A name does not keep it: an actor without any reference ends.
    ///
    /// # Errors
    /// The name is taken, or cannot be given.
    ///
    /// ```
    /// use rendez_runtime::{Outcome, actor, run, spawn_actor, whereis_actor};
    ///
    /// struct Counter(u64);
    ///
    /// #[actor(crate = rendez_runtime)]
    /// impl Counter {
    ///     pub async fn add(&mut self, n: u64) -> u64 {
    ///         self.0 += n;
    ///         self.0
    ///     }
    /// }
    ///
    /// run(async {
    ///     let counter = spawn_actor(Counter(0));
    ///     counter.address().register("visits")?;
    ///     assert_eq!(whereis_actor::<Counter>("visits")?.add(1).await?, 1);
    ///     Outcome::Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn register(&self, name: impl AsRef<str>) -> Result<(), NameError> {
        let named: Arc<dyn Named> =
            Arc::new(NamedActor { mailbox: self.mailbox.downgrade(), inside: Arc::downgrade(&self.inside) });
        let world: Arc<World> = Arc::clone(self.inside.signals.cell().world());
        world.register(name.as_ref(), &named)
    }
}
