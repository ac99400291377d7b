//! Sync: locks, semaphores and conditions, each built on a channel, and events. For what is shared within a program; across
//! nodes one sends messages.
//!
//! State that several processes use is best owned by one of them and reached by its channels. Where a lock is what is
//! meant, these are for tasks and threads alike: who waits stands on a channel's list, in order of arrival, may be
//! cancelled at any time and is seen by snapshots as any wait is. All are handles: a clone is the same lock, and moves
//! into another process.
//!
//! | here | is a channel | taking is | giving back is |
//! |---|---|---|---|
//! | [`Exclusive`] | of one place, that holds the value | a receive | a send |
//! | [`Reentrant`] | of one place, that holds a token | a receive, but for who has it | a send |
//! | [`Semaphore`] | of n tokens | receives | sends |
//! | [`Condition`] | rendezvous | a receive | a send to those who wait now |
//!
//! An [`Event`] is a list of who waits for it, as a [`CancellationToken`](crate::CancellationToken) is. Who has a handle of an event,
//! a condition or a token can help who waits for it: by that deadlocks through them are known.

mod calm;
mod condition;
mod error;
mod event;
mod exclusive;
mod reentrant;
mod semaphore;
mod wraps;

pub use condition::Condition;
pub use error::AcquireError;
pub use event::Event;
pub use exclusive::{Exclusive, ExclusiveGuard, Locking, LockingAnyway};
pub use reentrant::{Reentrant, ReentrantGuard};
pub use semaphore::{Acquire, Semaphore, SemaphorePermit};
