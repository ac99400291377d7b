//! rendez-diagram: draws a process network: SVG, DOT, Mermaid, JSON, text. Pure functions from data to text.
//!
//! Use it to see a running program: the runtime says what it is doing as a [`Network`], this crate draws it. It draws
//! just as well a network that somebody wrote down by hand, or read from a file.
//!
//! ```
//! use rendez_model::{Channel, ChannelId, ChannelKind, Ends, Network, Node, Process, ProcessId};
//!
//! let mut node = Node::new("n1", "here");
//! node.processes.push(Process::new(ProcessId(1), "producer"));
//! node.processes.push(Process::new(ProcessId(2), "consumer"));
//! let mut jobs = Channel::new(ChannelId(7), "jobs", ChannelKind::Bounded(8));
//! (jobs.senders, jobs.receivers) = (Ends::held_by([ProcessId(1)]), Ends::held_by([ProcessId(2)]));
//! (jobs.sent, jobs.received, jobs.depth) = (1_204, 1_201, 3);
//! node.channels.push(jobs);
//! let network = Network { nodes: vec![node], cycles: vec![] };
//!
//! assert!(rendez_diagram::svg(&network).starts_with("<svg"));
//! assert_eq!(rendez_diagram::text(&network), "\
//! 1 node · 2 processes (2 ready) · 1 channel · 1,201 messages received
//!
//! node here (n1)
//!   ├─ producer  p1  ▷ ready
//!   └─ consumer  p2  ▷ ready
//!
//! channels
//!   jobs  producer ─▶ consumer  3/8  1,201 received
//! ");
//! ```
//!
//! In the picture processes are boxes, in the box of the process in whose scope they live and in the box of their node;
//! channels are arrows with their names; a legend says what else there is:
//!
//! ```text
//!   ┌ here ────────────────────────────────── n1 ┐
//!   │ ┌──────────────┐            ┌────────────┐ │
//!   │ │ producer  p1 │    jobs    │ consumer p2│ │
//!   │ │ ▷ ready      ├───────────▶│ ▷ ready    │ │
//!   │ └──────────────┘    3/8     └────────────┘ │
//!   └────────────────────────────────────────────┘
//! ```
//!
//! The same network gives the same text, to the byte. Names may hold anything: what a format minds is escaped, what
//! harms a reader (control characters, changes of direction) is replaced, what is long is cut with an ellipsis. Ids
//! that nobody has are drawn as ends of unknown holders. A thousand processes are drawn in some milliseconds: families
//! of like siblings fold into one box with their states counted.
//!
//! What it does not know: where a network comes from, what time it is, and what its deadlocks are: it draws the ones
//! that it is told.

mod dot;
mod film;
mod json;
mod layout;
mod mermaid;
mod metrics;
mod outline;
mod paint;
mod plan;
mod svg;
mod text;
mod words;

pub use dot::dot;
pub use film::{FRAMES_MAX, film};
pub use json::{JsonError, from_json, json, recording_from_json, recording_json};
pub use mermaid::mermaid;
use rendez_model::Network;
pub use svg::{STEPS_MAX, Svg, sequence};
pub use text::text;

/// The network as an SVG picture, drawn as usual; [`Svg`] has the options.
#[must_use]
pub fn svg(network: &Network) -> String {
    Svg::new().draw(network)
}
