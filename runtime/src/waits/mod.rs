//! The wait-for graph: who waits for whom, which waits are hopeless, and how that is said. It ends nothing by itself.
//!
//! `sieve` finds who may be stuck, `snapshot` takes the graph of these from the running program, `graph` finds who is stuck in it, `knots`
//! which of these hold each other, `watch` what has changed since the look before, `words` the sentences: all but the first two are pure. `monitor` looks a few times
//! a second, at its `pace`, asks the `census` whether anybody else is there, tells, and does what the `policy` is.

mod asking;
mod census;
mod dump;
mod graph;
mod knots;
mod monitor;
mod pace;
mod policy;
mod quit;
mod sieve;
mod snapshot;
mod watch;
mod words;

pub(crate) use asking::{Asker, Asking, Noted, Sole};
pub(crate) use census::Census;
pub use dump::dump;
pub(crate) use monitor::watch;
pub use monitor::{Deadlock, News, Observation, deadlocks, observe};
pub use policy::{OnDeadlock, on_deadlock};
pub(crate) use sieve::{Rested, Sieve};
pub(crate) use snapshot::{Links, Rest, Sight, Snapshot};
pub(crate) use watch::Watch;
