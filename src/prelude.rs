//! What a program of rendez begins with: `use rendez::prelude::*;`. Names only.

pub use crate::{
    Alt, Barrier, CallError, CancellationToken, ChannelKind, ChannelOptions, Failure, OnFailure, Outcome, Overflow,
    Process, ProcessRef, Program, Receiver, Sender, Spawned, Supervisor, actor, after, alt, at, blocking, broadcast,
    channel, channel_bounded, channel_named, channel_unbounded, ctrl_c, future, oneshot, par, process, run, scope, seq,
    shield, spawn, spawn_actor, stop_requested, supervise, watch,
};

pub use crate::channels::Guard as _;
#[cfg(feature = "skeletons")]
pub use crate::skeletons::{Farm, Pool};
