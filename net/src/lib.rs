//! rendez-net: nodes that talk over QUIC. Channel ends and actors of other nodes are used as if they were here.
//!
//! A [`Node`] has an [`Identity`], listens, and admits the peers whose ids it was told; every connection is encrypted
//! and both sides prove their keys. What a node publishes under a name, a [`Peer`] gives to others: a sender, a
//! receiver, an actor. Values flow under credit, so that a slow receiver is sent less; retirement, poison and the loss
//! of a node come through as the end of the channel.
//!
//! ```
//! use rendez_channels::channel;
//! use rendez_net::{Admit, Config, Identity, Node};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (hub_key, worker_key) = (Identity::generate()?, Identity::generate()?);
//! let hub_id = hub_key.id();
//! let hub = Node::bind(Config { admit: Admit::only([worker_key.id()]), ..Config::new("hub", hub_key) })?;
//! let worker = Node::bind(Config::new("worker", worker_key))?;
//!
//! let (jobs, input) = channel::<u32>();
//! hub.publish_receiver("jobs", input)?; // at home on the hub, received by the worker
//! let remote = worker.connect(hub.address(), hub_id).await?.receiver::<u32>("jobs").await?;
//!
//! jobs.send(42).await?;
//! assert_eq!(remote.recv().await?, 42);
//! worker.shutdown().await;
//! hub.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! ```text
//!  hub: main --jobs-->  ~~QUIC~~  --jobs@hub--> worker: main
//! ```
//!
//! What it does not know: what the values mean, and when a lost node should be replaced.

mod actor;
mod admit;
mod barrier;
mod child;
mod child_process;
mod control;
mod error;
mod event;
#[cfg(test)]
mod hostile;
mod identity;
mod lent;
mod line;
mod node;
mod origin;
mod peer;
#[doc(hidden)]
pub mod proto;
mod publish;
mod pump;
mod quic;
mod tasks;
mod workers;

pub use actor::CALL_DEADLINE;
pub use admit::Admit;
pub use barrier::RemoteEnrolment;
pub use child::{CHILDREN_MAX, Child, ChildNode, ChildSpec, child_main};
pub use error::{NetError, Reason};
pub use event::{EVENTS_MAX, NodeEvent};
pub use identity::{Identity, IdentityError, NodeId, NodeIdError};
pub use lent::{LENT_MAX, RemoteEnd};
pub use node::{Config, Node, PEERS_MAX};
pub use peer::Peer;
pub use proto::ProtocolError;
pub use publish::{NAMES_MAX, Publish, WINDOW_MAX};
pub use pump::OnLoss;
pub use quic::Transport;
pub use workers::Workers;
