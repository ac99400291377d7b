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
//! The rooms of the house, each a crate of its own: [`channels`] (typed channels and choice), [`runtime`] (processes,
//! actors, supervision), [`model`] (the network as data), and by feature `net` (nodes on QUIC), `gpu` (devices),
//! `skeletons` (farm, pool, collectives) and `diagram` (pictures).

pub use rendez_channels as channels;
pub use rendez_channels::sync;
pub use rendez_model as model;
pub use rendez_runtime as runtime;
pub use rendez_runtime::toolkit;

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
