//! rendez-runtime: processes and actors. Scopes, supervision, the snapshot of the network and its deadlocks.
//!
//! A process is an async function (or a blocking one) that owns the ends of its channels. `par!` runs processes side by
//! side and ends when all have ended; a failure ends exactly its scope. Everything works in an existing tokio runtime.
//!
//! ```
//! use rendez_channels::{Receiver, Sender, channel};
//! use rendez_runtime::{Outcome, Process, par, run};
//!
//! fn count(to: u64, output: Sender<u64>) -> Process {
//!     Process::new("count", async move {
//!         for n in 1..=to {
//!             output.send(n).await?;
//!         }
//!         Outcome::Ok(())
//!     })
//! }
//!
//! fn sum(input: Receiver<u64>) -> Process<u64> {
//!     Process::new("sum", async move {
//!         let mut sum = 0;
//!         while let Some(n) = input.next().await? {
//!             sum += n;
//!         }
//!         Outcome::Ok(sum)
//!     })
//! }
//!
//! let (tx, rx) = channel();
//! let ((), sum) = run(async move { par![count(10, tx), sum(rx)].values().await }).unwrap();
//! assert_eq!(sum, 55);
//! ```
//!
//! ```text
//!  count ----> sum
//! ```
//!
//! What it does not know: other nodes, devices, pictures.

// The macros' expansions begin at `::rendez`; in here that is this crate.
extern crate self as rendez;

#[cfg(feature = "actix")]
pub mod actix;
mod actor;
mod bus;
mod call;
mod failure;
mod group;
mod instances;
mod interrupts;
mod log;
mod name;
mod names;
mod par;
mod ports;
mod process;
mod program;
mod remote;
mod router;
mod run;
mod scope;
mod shield;
mod supervisor;
mod tape;
mod waits;
mod world;

mod acting;
mod cell;
mod control;
mod drive;
mod ended;
mod executor;
mod explore;
mod inner;
mod os;
mod random;
mod reply;
mod shared;
mod slots;
mod spans;
mod task;
mod usage;
mod watchers;

pub use actor::{
    Actor, ActorOptions, ActorRef, Beside, Context, CrashReport, Exit, Handling, MAILBOX, Monitor, Scheduled,
    StashFull, Undelivered, crash_reports, link, spawn_actor,
};
pub use bus::Bus;
pub use call::CallError;
pub use control::{is_stop_requested, stop_requested};
pub use executor::Scheduler;
pub use explore::{Explore, Explored, Fault, NoSchedule, Schedule, What, explore};
pub use failure::{Failure, IntoOutcome, Outcome};
pub use group::OnFailure;
pub use instances::{Instances, Mode};
pub use interrupts::ctrl_c;
pub use names::{NAME_MAX, NAMES_MAX, NameError, register, registered, unregister, whereis, whereis_actor};
pub use par::{Alike, ProcessSet, par};
pub use ports::Ports;
pub use process::{IntoProcess, Process, ProcessRef, Spawned, blocking, current, detached, spawn};
pub use program::{PROGRAMS_MAX, Program};
pub use remote::{RemoteActor, RemoteCall, RemoteInlet, RemoteLink};
pub use rendez_macros::{actor, alt, main, process, supervise, test};
pub use reply::Reply;
pub use router::Router;
pub use run::{RunOptions, living, run};
pub use scope::{Dynamic, Joining, Scope, Scoped, scope};
pub use shield::shield;
pub use supervisor::{
    AutoShutdown, Backoff, ChildError, ChildId, ChildInfo, ChildSpec, ORDERS_MAX, Restart, Shutdown, Strategy,
    Supervisor, SupervisorRef,
};
pub use tape::{Tape, record};
pub use waits::{Deadlock, News, Observation, OnDeadlock, deadlocks, dump, observe, on_deadlock};
use world::World;
pub use world::{name_node, network};

/// What macros of rendez expand to; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::call::flatten;
    pub use crate::expansion::{blocking_process, child, process};
    pub use crate::log::warn;
    pub use crate::par::Several;
    pub use crate::ports::{IsEnd, IsPorts, NotEnd, NotPorts, Probe};
    pub use crate::remote::Inlet;
    pub use crate::reply::Reply;
    pub use crate::run::run_main;
    pub use crate::supervisor::declared::*;
    pub use crate::testing::{How, run_test};
    pub use crate::{
        Actor, ActorRef, Beside, CallError, Context, Exit, Handling, IntoOutcome, Outcome, Process, ProcessRef,
        RemoteActor, RemoteCall, RemoteInlet, RemoteLink, Restart, RunOptions, Supervisor,
    };
    pub use rendez_channels::__private::*;
    pub use rendez_model::{End, ProcessId};
}

mod expansion;

pub mod testing;
pub mod toolkit;
pub mod trace;
