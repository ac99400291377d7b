//! rendez: processes that share nothing and talk over typed channels, in one thread, across cores, across machines
//! over QUIC, and with the GPU. A network of them draws itself and names its deadlocks.
//!
//! ```
//! use rendez::prelude::*;
//!
//! #[process]
//! async fn count(to: u64, output: Sender<u64>) -> Outcome {
//!     for n in 1..=to {
//!         output.send(n).await?;
//!     }
//!     Ok(())
//! }
//!
//! #[process]
//! async fn sum(input: Receiver<u64>) -> Outcome<u64> {
//!     let mut sum = 0;
//!     while let Some(n) = input.next().await? {
//!         sum += n;
//!     }
//!     Ok(sum)
//! }
//!
//! #[rendez::main]
//! async fn main() -> Outcome {
//!     let (tx, rx) = channel();
//!     let ((), sum) = par![count(10, tx), sum(rx)].values().await?;
//!     assert_eq!(sum, 55);
//!     Ok(())
//! }
//! ```
//!
//! ```text
//!  count ---> sum
//! ```
//!
//! What the words mean, and where each is at home:
//!
//! | word | what it is |
//! |---|---|
//! | process | something that runs and shares nothing: an async function ([`process`]), a function on a thread of its own, an [`actor`], a program; it ends in order, by failure, or cancelled |
//! | scope | what starts processes and ends only after them: [`par!`], [`scope()`], a program's root |
//! | channel, end | values go from [`Sender`]s to [`Receiver`]s; the last end of a side that is dropped *retires* the channel |
//! | rendezvous | a channel without places: a send is over when a receive has its value |
//! | poison | brings a channel down at once, with a cause that everybody there sees; what a failed process leaves behind |
//! | hand-back | a value whose receive was dropped goes to the next receive: cancelling loses nothing |
//! | guard, choice | what may be waited for together with others, and the wait that commits to exactly one of them: [`alt!`], [`Alt`] |
//! | actor, ask, tell | a process with a mailbox and methods; a call that is answered, one that is not |
//! | supervisor | a process that starts others again as its strategy says: [`supervise!`] |
//! | carrier | what runs ready processes on a worker; one that is blocked is taken over |
//! | node | a program that others reach over the network, feature `net` |
//!
//! The rooms of the house, each a crate of its own: [`channels`] (typed channels and choice), [`runtime`] (processes,
//! actors, supervision), [`model`] (the network as data), and by feature `net` (nodes on QUIC), `gpu` (devices),
//! `skeletons` (farm, pool, collectives) and `diagram` (pictures).

pub use rendez_channels as channels;
pub use rendez_channels::sync;
pub use rendez_model as model;
pub use rendez_runtime as runtime;
pub use rendez_runtime::{toolkit, trace};

#[cfg(feature = "actix")]
pub use rendez_runtime::actix;

#[cfg(feature = "diagram")]
pub use rendez_diagram as diagram;
#[cfg(feature = "gpu")]
pub use rendez_gpu as gpu;
#[cfg(feature = "net")]
pub use rendez_net as net;
#[cfg(feature = "skeletons")]
pub use rendez_skeletons as skeletons;
#[cfg(feature = "net")]
pub use rendez_wire as wire;

pub use rendez_channels::{
    Alt, Barrier, BroadcastReceiver, BroadcastSender, CancellationToken, ChannelKind, ChannelOptions, Ended,
    OneshotSender, Overflow, Receiver, SendError, Sender, WatchReceiver, WatchSender, WeakSender, after, at, block_on,
    broadcast, broadcast_with, channel, channel_bounded, channel_named, channel_unbounded, future, oneshot, watch,
};
pub use rendez_runtime::{
    Actor, ActorOptions, ActorRef, AutoShutdown, Backoff, Beside, Bus, CallError, ChildError, ChildId, ChildInfo,
    ChildSpec, Context, CrashReport, Deadlock, Exit, Explore, Explored, Failure, Fault, Handling, Instances,
    IntoOutcome, IntoProcess, MAILBOX, Mode, Monitor, NameError, News, NoSchedule, OnDeadlock, OnFailure, Outcome,
    Ports, Process, ProcessRef, Program, Reply, Restart, Router, RunOptions, Schedule, Scheduled, Scheduler, Scope,
    Scoped, Shutdown, Spawned, StashFull, Strategy, Supervisor, SupervisorRef, Tape, Undelivered, What, actor, alt,
    blocking, crash_reports, ctrl_c, current, deadlocks, detached, dump, explore, is_stop_requested, link, main,
    network, observe, on_deadlock, par, process, record, register, registered, run, scope, seq, shield, spawn,
    spawn_actor, stop_requested, supervise, test, testing, unregister, whereis, whereis_actor,
};

#[cfg(feature = "net")]
#[doc(hidden)]
pub mod calls;
pub mod prelude;

/// What macros of rendez expand to; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use rendez_runtime::__private::*;

    #[cfg(feature = "net")]
    pub use crate::calls as wire;
}
