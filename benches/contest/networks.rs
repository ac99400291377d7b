//! The networks, each written once for all families or troupes. What is measured of them and how is not here.

mod actors;
mod beside;
mod chameneos;
mod choice;
mod commstime;
mod cross;
mod explore;
mod farm;
mod fork;
mod idle;
mod late;
mod many;
mod pingpong;
mod ring;
mod skynet;
mod spawn;
mod stream;

pub(crate) use actors::{ActorRing, Ask, Big, Dining, HalfLoad, IdleActors, Tell};
pub(crate) use beside::Beside;
pub(crate) use chameneos::Chameneos;
pub(crate) use choice::Choice;
pub(crate) use commstime::Commstime;
pub(crate) use cross::Cross;
pub(crate) use explore::Explore;
pub(crate) use farm::Farm;
pub(crate) use fork::Fork;
pub(crate) use idle::Idle;
pub(crate) use late::Late;
pub(crate) use many::Many;
pub(crate) use pingpong::PingPong;
pub(crate) use ring::Ring;
pub(crate) use skynet::Skynet;
pub(crate) use spawn::Spawn;
pub(crate) use stream::Stream;

use std::future::Future;
use std::time::Duration;

/// What one run of a network did, or in a sentence what was wrong with its result.
pub(crate) type Measured = Result<Run, String>;

/// What was done in which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Operations.
    pub(crate) ops: u64,
    /// The time they took.
    pub(crate) time: Duration,
    /// The memory they took, where that is what counts and not the time.
    pub(crate) bytes: Option<u64>,
}

impl Run {
    /// A run whose time counts.
    pub(crate) fn timed(ops: u64, time: Duration) -> Self {
        Self { ops, time, bytes: None }
    }

    /// What an operation costs: nanoseconds, or bytes.
    pub(crate) fn cost(self) -> f64 {
        self.bytes.map_or(self.time.as_secs_f64() * 1e9, |bytes| bytes as f64) / self.ops as f64
    }
}

/// Processes over channels of the family `F`, or actors of the troupe `F`.
pub(crate) trait Network<F>: Copy + Send + Sync + 'static {
    /// Does about this many operations and checks the result.
    fn run(self, ops: u64) -> impl Future<Output = Measured> + Send;
}

/// An error unless a run has given what it should.
fn expect<T: PartialEq + std::fmt::Debug>(what: &str, seen: T, right: T) -> Result<(), String> {
    if seen == right { Ok(()) } else { Err(format!("{what} should have been {right:?}, not {seen:?}")) }
}
