//! The stash: messages that an actor keeps for later by its own word. Those that its state does not accept are the agenda's.

use super::{Actor, Context, signals};
use crate::trace::Traced;
use std::fmt;

/// There is no room to stash one message more; see [`Context::stash`].
pub struct StashFull<M> {
    /// The message, to be answered in another way.
    pub message: M,
    /// How many are stashed.
    pub room: usize,
}

impl<M> fmt::Debug for StashFull<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StashFull").field("room", &self.room).finish_non_exhaustive()
    }
}

impl<M> fmt::Display for StashFull<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} messages are stashed, and no more can be: `unstash` them earlier, or set `aside` higher",
            self.room
        )
    }
}

impl<M> std::error::Error for StashFull<M> {}

impl<A: Actor> Context<A> {
    /// Keeps a message until [`unstash`](Self::unstash). A message that waits for an answer is kept with its
    /// [`Reply`](crate::Reply), which a method gets that has an argument of that type.
    ///
    /// What one word says needs no stash: `#[actor(when = condition)]` keeps a message back while the state does not
    /// accept it. A stash is for what only the handler knows. It outlives the incarnation, as the mailbox does; what is in it
    /// when the actor ends is given back as undelivered.
    ///
    /// # Errors
    /// As many are stashed as may be [set aside](super::ActorOptions::aside); the message comes back.
    ///
    /// ```
    /// use rendez_runtime::{Context, Outcome, Reply, actor, run, spawn_actor};
    ///
    /// /// Looks nothing up before it has its table.
    /// #[derive(Default)]
    /// struct Lookup {
    ///     table: Vec<String>,
    /// }
    ///
    /// #[actor(crate = rendez_runtime)]
    /// impl Lookup {
    ///     pub async fn get(&mut self, n: usize, reply: Reply<Option<String>>, context: &mut Context<Self>) {
    ///         if !self.table.is_empty() {
    ///             reply.answer(self.table.get(n).cloned());
    ///         } else if let Err(full) = context.stash(LookupMessage::get(n, reply)) {
    ///             drop(full.message); // Whoever asked learns that there is no answer.
    ///         }
    ///     }
    ///
    ///     pub async fn load(&mut self, table: Vec<String>, context: &mut Context<Self>) {
    ///         self.table = table;
    ///         context.unstash();
    ///     }
    /// }
    ///
    /// run(async {
    ///     let lookup = spawn_actor(Lookup::default());
    ///     let (first, loaded) = tokio::join!(lookup.get(0), lookup.load(vec!["tea".into()]));
    ///     assert_eq!((first?, loaded?), (Some("tea".into()), ()));
    ///     Outcome::Ok(())
    /// }).unwrap();
    /// ```
    pub fn stash(&self, message: A::Message) -> Result<(), StashFull<A::Message>> {
        let room = self.inside().plan.aside;
        let mut message = Some(message);
        self.inside().with_lanes(|lanes| {
            if lanes.stash.len() < room {
                lanes.stash.extend(message.take().map(Traced::here));
            }
        });
        message.map_or(Ok(()), |message| Err(StashFull { message, room }))
    }

    /// Has all that was stashed handled after the present message, the oldest first, before what is in the mailbox.
    pub fn unstash(&self) {
        self.inside().signals.raise(signals::UNSTASH);
    }
}
