//! Actors: processes whose port is a mailbox of typed messages. What an actor is; how one is driven is in `driver`.

mod agenda;
mod beside;
mod context;
mod crash;
mod driver;
mod exits;
mod inside;
mod named;
mod options;
mod reference;
mod signals;
mod stash;
mod streams;
mod timers;

pub use beside::{Beside, Handling};
pub use context::Context;
pub use crash::{CrashReport, crash_reports};
pub(crate) use exits::Ears;
pub use exits::{Exit, Monitor, link};
#[cfg(feature = "actix")]
pub(crate) use inside::Inside;
pub(crate) use inside::Letter;
pub(crate) use inside::Seed;
pub(crate) use named::NamedActor;
pub use options::ActorOptions;
pub use reference::{ActorRef, Undelivered};
pub use stash::StashFull;
pub use timers::Scheduled;
#[cfg(feature = "actix")]
pub(crate) use timers::What;

use crate::Outcome;
use rendez_model::End;
use std::future::{Future, ready};

/// How many messages a mailbox holds before those who send wait, unless its [options](ActorOptions) say otherwise.
pub const MAILBOX: usize = 64;

/// A state with a mailbox; `#[actor]` on an `impl` block makes one.
///
/// One message is handled at a time: the state is exclusive across `.await`, but for the messages of methods that are
/// [re-entrant](Self::beside) and share it.
///
/// A panic in whatever is called here (the making of the state, a hook, a handler, a timer) is one and the same failure:
/// the incarnation ends, and what follows is its supervisor's, or its scope's, to say.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an actor",
    label = "this has no messages",
    note = "write `#[actor]` on its `impl` block: each `pub async fn` with `&mut self` becomes a message"
)]
pub trait Actor: Sized + Send /* its state may move between threads: use `Arc` for `Rc` */ + 'static {
    /// All its messages.
    type Message: Send + 'static; // arguments move to the actor's thread: take what is `Send`, such as `Arc` for `Rc`
    /// The reference whose methods send them.
    type Ref: From<ActorRef<Self>> + Clone;
    /// The name of its type.
    const NAME: &'static str;
    /// Whether the ends of linked processes come to [`exited`](Self::exited), instead of ending this one.
    const HEARS_EXITS: bool = false;

    /// Handles one message and answers it.
    fn handle(&mut self, message: Self::Message, context: &mut Context<Self>) -> impl Future<Output = ()> + Send; // drop what is not `Send` before `.await`

    /// The names of the methods that messages stand for, for reports.
    const METHODS: &'static [&'static str];

    /// Which of them a message stands for.
    fn method(message: &Self::Message) -> u16;

    /// Says that a message is now handled: [`Reply::begin`](crate::Reply::begin) of its reply; true where it has none. A
    /// message whose asker has withdrawn it is not handled.
    fn begin(message: &Self::Message) -> bool;

    /// Whether a message can be handled in the present state. One that cannot is set aside, and looked at again, before
    /// newer ones, after each message that was handled.
    fn accepts(&self, _message: &Self::Message) -> bool {
        true
    }

    /// What of it may be handled beside other messages; nothing, unless it is re-entrant.
    fn beside(&self) -> Option<&(dyn Beside<Self> + Sync)> {
        None
    }

    /// Before the first message of each incarnation.
    fn started(&mut self, _context: &mut Context<Self>) -> impl Future<Output = Outcome> + Send {
        ready(Ok(()))
    }

    /// Before an orderly end: it was stopped, or nothing can come any more. Not after a failure, not when it is killed.
    fn stopping(&mut self, _context: &mut Context<Self>) -> impl Future<Output = Outcome> + Send {
        ready(Ok(()))
    }

    /// The last that is called on an incarnation that ends in order or in failure. Not when it is killed.
    fn stopped(&mut self, _end: &End) -> impl Future<Output = ()> + Send {
        ready(())
    }

    /// A process that was [monitored](Context::monitor) or linked has ended.
    fn exited(&mut self, _exit: Exit, _context: &mut Context<Self>) -> impl Future<Output = ()> + Send {
        ready(())
    }

    /// Its state in a few words, for a crash report.
    fn describe(&self) -> String {
        String::new()
    }
}

/// Starts an actor in the scope of the current process. A panic in a handler fails that scope.
///
/// # Panics
/// When no tokio runtime is ambient.
#[track_caller]
pub fn spawn_actor<A: Actor>(actor: A) -> A::Ref {
    ActorOptions::new().spawn(actor)
}
