//! What a program of rendez begins with: `use rendez::prelude::*;`. Names only.

pub use crate::{
    CallError, ChannelKind, Failure, Outcome, Process, ProcessRef, Receiver, Sender, Spawned, Supervisor, actor, after,
    alt, blocking, channel, channel_bounded, channel_named, channel_unbounded, ctrl_c, future, par, process, run, seq,
    spawn, spawn_actor,
};

#[cfg(feature = "skeletons")]
pub use crate::skeletons::{Farm, Pool};
