//! rendez-model: the process network as plain data. No clock, no I/O.
//!
//! A [`Network`] is what a running program says of itself at one instant (a *snapshot*), or what somebody declares
//! by hand. The runtime makes it, the wire carries it, the diagram draws it; none of the three knows the others. A
//! [`Recording`] is a network over a span of time.
//!
//! ```
//! use rendez_model::{Channel, ChannelId, ChannelKind, Ends, Network, Node, Process, ProcessId};
//!
//! let mut node = Node::new("n1", "local");
//! node.processes.push(Process::new(ProcessId(1), "producer"));
//! node.processes.push(Process::new(ProcessId(2), "consumer"));
//! let mut jobs = Channel::new(ChannelId(7), "jobs", ChannelKind::Rendezvous);
//! jobs.senders = Ends::held_by([ProcessId(1)]);
//! jobs.receivers = Ends::held_by([ProcessId(2)]);
//! node.channels.push(jobs);
//! let network = Network { nodes: vec![node], cycles: vec![] };
//! assert_eq!(network.nodes[0].process(ProcessId(2)).map(|p| p.name.as_str()), Some("consumer"));
//! ```
//!
//! What it does not know: how any of this came about.

mod barrier;
mod channel;
mod network;
mod process;
mod recorder;
mod recording;
mod sequence;

pub use barrier::{Barrier, BarrierId};
pub use channel::{Channel, ChannelId, ChannelKind, ChannelRef, Closing, Delivery, Ends, Occasion, Overflow, Side};
pub use network::{Cycle, Network, Node, Verdict, Waits};
pub use process::{End, Process, ProcessId, ProcessKind, State, Wait};
pub use recorder::{CHANGES_MAX, Recorder};
pub use recording::{Change, News, Recording};
pub use sequence::{Lane, Sequence, Step};
