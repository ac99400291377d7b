//! Actix: its actors beside ours, in both directions. Not a runtime of its own: what an arbiter is, actix says.
//!
//! | you have | you want | take |
//! |---|---|---|
//! | an actor of rendez | an `Addr` or a `Recipient` of actix that reaches it | [`inlet`], with [`Takes`] for each message |
//! | a channel | a `Recipient` that sends on it | [`recipient`] |
//! | an actor of actix whose state is `Send` | it run, bounded and supervised as one of rendez | [`Hosted`], and [`Context`] for actix's own |
//! | an actor of actix as it is, or a whole system of them | it in a scope: seen, ended and waited for | [`guest_actor`], [`guest`] |
//! | a `Recipient` of actix | to ask it from a process, or send it what comes from a channel | [`ask`], [`outlet`] |
//!
//! An `Addr` and a `Recipient` can be used from everywhere, from an arbiter and from a process: a message goes into a queue of
//! actix's, and the waker of who reads it does the rest. Neither side ever blocks a thread for the other, so that an arbiter and
//! the carriers of rendez cannot wait for each other in a circle. The report of deadlocks does not see through that queue: a
//! circle of *messages* through actix is named as suspected at most.
//!
//! # What is kept
//!
//! - **Order**: messages of one `Addr` are handled in the order of their sends.
//! - **Room**: between an `Addr` and the actor lie [`INLET`] messages, and then the actor's own mailbox with its policy. `try_send`
//!   finds both full, `send` waits. `do_send` goes past the limit of actix's queue, as actix says: who loops over it is held up by
//!   nobody, unless the mailbox drops what is too much.
//! - **Ends**: an actor that has stopped, or did not take the message, is `MailboxError::Closed`; `timeout` is `MailboxError::Timeout`.
//!   A request that is dropped before its message was in the mailbox is withdrawn.
//!
//! Clone an `Addr` for each task that sends. A request of actix that finds no room on an `Addr` *shared* by several tasks is not
//! woken by actix when there is room; each clone has a place of its own.

mod context;
mod forward;
mod guest;
mod hosted;
mod inlet;
mod outlet;

pub use context::{AtomicResponse, Context, ResponseFuture};
pub use guest::{guest, guest_actor};
pub use hosted::{Enveloped, Hostable, Hosted, HostedRef};
pub use inlet::{INLET, Inlet, Opening, Taken, Takes, inlet, recipient};
pub use outlet::{ask, outlet};
