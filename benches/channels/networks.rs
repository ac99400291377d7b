//! The networks, each written once for all families. What is measured of them and how is not here.

mod commstime;
mod many;
mod pingpong;
mod ring;
mod stream;

pub(crate) use commstime::Commstime;
pub(crate) use many::Many;
pub(crate) use pingpong::PingPong;
pub(crate) use ring::Ring;
pub(crate) use stream::Stream;

use crate::family::Family;
use crate::place::Place;
use std::future::Future;
use std::time::Duration;

/// What one run of a network did, or in a sentence what was wrong with its result.
pub(crate) type Measured = Result<Run, String>;

/// What was done in which time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Run {
    /// Operations.
    pub(crate) ops: u64,
    /// The time they took.
    pub(crate) time: Duration,
}

/// Processes over channels of the family `F`.
pub(crate) trait Network<F: Family>: Copy + Send + Sync + 'static {
    /// Does about this many operations at this place and checks the result.
    fn run(self, place: Place, ops: u64) -> impl Future<Output = Measured> + Send;
}

/// An error unless a run has given what it should.
fn expect<T: PartialEq + std::fmt::Debug>(what: &str, seen: T, right: T) -> Result<(), String> {
    if seen == right { Ok(()) } else { Err(format!("{what} should have been {right:?}, not {seen:?}")) }
}
