//! rendez-channels: typed channels and choice. It knows no process, no executor and no socket.
//!
//! A channel has two ends, each of which may be cloned, moved and dropped; every operation has an async and a blocking
//! form on the same channel. Cancelling an operation loses nothing. Take it alone when you want its channels in a
//! program that already has its tasks and threads; the `rendez` crate adds processes.
//!
//! ```
//! use rendez_channels::{block_on, channel, channel_bounded};
//!
//! let (numbers, input) = channel();
//! let (output, squares) = channel_bounded(4);
//! let source = std::thread::spawn(move || (1..=3).try_for_each(|n| numbers.send_blocking(n)));
//! let square = std::thread::spawn(move || {
//!     while let Some(n) = input.next_blocking()? {
//!         output.send_blocking(n * n).map_err(|e| e.into_cause())?;
//!     }
//!     Ok::<_, rendez_channels::Ended>(())
//! });
//! let seen: Vec<u64> = std::iter::from_fn(|| squares.next_blocking().unwrap()).collect();
//! assert_eq!(seen, [1, 4, 9]);
//! # source.join().unwrap().unwrap();
//! # square.join().unwrap().unwrap();
//! ```
//!
//! ```text
//!  source --numbers--> square --squares--> main
//! ```

mod after_lock;
mod alt;
mod barrier;
mod blocking;
mod broadcast;
mod choice;
mod claim;
mod closed;
mod core;
mod end;
mod ends;
mod error;
mod exactly;
mod extended;
mod guard;
mod happening;
mod hold;
mod inspect;
mod marks;
mod memory;
mod oneshot;
mod options;
mod permit;
mod prim;
mod receive;
mod register;
mod send;
mod set;
mod shell;
mod state;
#[cfg(feature = "stream")]
mod stream;
mod tellers;
mod timer;
mod token;
mod turns;
mod waiters;
mod waiting;
mod watch;
mod weak;

pub mod clock;
#[cfg(not(loom))]
#[doc(hidden)]
pub mod lock;
pub mod party;
pub mod steps;
pub mod sync;
pub mod trace;

pub use barrier::{Barrier, Enrolment};
pub use blocking::block_on;
pub use broadcast::{BroadcastReceiver, BroadcastSender, broadcast, broadcast_with};
pub use ends::{Receiver, Sender, channel, channel_bounded, channel_named, channel_unbounded};
pub use error::{Ended, Loss, Poison, SendError, TryRecvError, TrySendError};
pub use extended::Extended;
pub use guard::{FutureGuard, Guard, future};
pub use inspect::{Glimpse, Inspect, InspectBarrier, Stand, waker_id};
pub use oneshot::{OneshotSender, oneshot};
pub use options::ChannelOptions;
pub use permit::{OwnedPermit, Permit, ReserveError};
pub use receive::{Next, Recv, RecvExtended};
#[doc(hidden)]
pub use register::Inborn;
pub use rendez_model::{ChannelKind, Delivery, Overflow};
pub use send::{Reserve, Send, SendFrom};
pub use set::{Alt, GuardId};
#[cfg(feature = "stream")]
pub use stream::{Incoming, Outgoing, OwnedIncoming, OwnedOutgoing};
pub use timer::{Timer, after, at};
pub use token::CancellationToken;
pub use watch::{WatchReceiver, WatchSender, watch};
pub use weak::WeakSender;

/// What macros of rendez expand to; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::alt::{Arm, ELSE, Order, choose};
    pub use crate::choice::Choice;
    pub use crate::claim::Claim;
    pub use crate::guard::{Attempt, Guard, Progress, Seat};
    pub use crate::memory::Memory;
}
