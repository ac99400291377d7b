//! The errors of this crate, and the reasons for which a peer is lost.

use crate::NodeId;
use crate::proto::ProtocolError;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// What a node cannot do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetError {
    /// The address to listen on is taken by another program, or another node.
    AddressInUse {
        /// The address.
        address: SocketAddr,
    },
    /// The address to listen on cannot be had.
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        why: String,
    },
    /// The key is not one that TLS takes.
    Key {
        /// What is wrong with it.
        why: String,
    },
    /// There is a node at the address, but it is another one.
    WrongPeer {
        /// The address.
        address: SocketAddr,
        /// The node that was expected there.
        expected: NodeId,
        /// The node that is there.
        found: NodeId,
    },
    /// The node at the address does not admit this one.
    NotAdmitted {
        /// The address.
        address: SocketAddr,
        /// The node there.
        peer: NodeId,
        /// This node.
        me: NodeId,
    },
    /// No connection came about.
    Unreachable {
        /// The address.
        address: SocketAddr,
        /// The node that was expected there.
        peer: NodeId,
        /// What happened instead.
        why: String,
    },
    /// The connection to the peer is gone.
    Lost {
        /// The peer's name.
        peer: String,
        /// Why.
        reason: Reason,
    },
    /// No node of this name is connected.
    NoSuchNode {
        /// The name that was asked for.
        name: String,
        /// The names of connected nodes.
        connected: Vec<String>,
    },
    /// Several connected nodes have this name.
    AmbiguousNode {
        /// The name that was asked for.
        name: String,
        /// Their ids.
        ids: Vec<NodeId>,
    },
    /// A name that is not of the form `what@node`.
    NotAnAddress {
        /// The text.
        text: String,
    },
    /// The peer publishes nothing under this name.
    UnknownName {
        /// The name that was asked for.
        name: String,
        /// The peer's name.
        node: String,
        /// What is published there, in order; not all of it when it is much.
        published: Vec<String>,
        /// How many names are left out of `published`.
        more: u32,
    },
    /// The name stands for something else: a sender, a receiver or an actor.
    WrongKind {
        /// The name that was asked for.
        name: String,
        /// The peer's name.
        node: String,
        /// What was asked for.
        wanted: String,
        /// What it is.
        found: String,
    },
    /// The name stands for values of another type.
    WrongType {
        /// The name that was asked for.
        name: String,
        /// The peer's name.
        node: String,
        /// The type that was asked for.
        wanted: String,
        /// The type that is published.
        found: String,
    },
    /// A second thing was published under one name.
    NameTaken {
        /// The name.
        name: String,
    },
    /// A name that is empty or too long.
    BadName {
        /// The name, cut.
        name: String,
    },
    /// A table of fixed size is full.
    Full {
        /// What it holds.
        what: &'static str,
        /// How many.
        limit: usize,
    },
    /// The peer lets no more channel ends be open over the connection.
    NoRoom {
        /// The peer.
        peer: String,
    },
    /// A child process cannot be started, or did not become a node.
    Child {
        /// The child's name.
        name: String,
        /// What happened.
        why: String,
    },
    /// This node has been shut down.
    ShutDown,
    /// There is no tokio runtime here.
    NoRuntime,
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressInUse { address } => write!(
                f,
                "cannot listen on {address}: the address is in use; stop the program that has it, or choose another \
                 port (port 0 takes any free one)"
            ),
            Self::Listen { address, why } => {
                write!(f, "cannot listen on {address}: {why}; choose an address of this machine")
            }
            Self::Key { why } => write!(f, "the key of this node cannot be used: {why}"),
            Self::WrongPeer { address, expected, found } => {
                write!(f, "the node at {address} is {found:#}, not {expected:#} as expected; check address and id")
            }
            Self::NotAdmitted { address, peer, me } => {
                write!(f, "node {peer:#} at {address} does not admit this node; add {me:#} to the ids that it admits")
            }
            Self::Unreachable { address, peer, why } => {
                write!(f, "no connection to node {peer} at {address}: {why}; check that it runs and listens there")
            }
            Self::Lost { peer, reason } => write!(f, "lost node `{peer}`: {reason}"),
            Self::NoSuchNode { name, connected } => {
                write!(f, "no node named `{name}` is connected; connected: {}", list(connected, 0))
            }
            Self::AmbiguousNode { name, ids } => {
                let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
                write!(f, "several nodes are named `{name}` ({}); ask one of them by its id", ids.join(", "))
            }
            Self::NotAnAddress { text } => write!(f, "{text:?} is not of the form `name@node`"),
            Self::UnknownName { name, node, published, more } => {
                write!(f, "nothing named `{name}` is published at node `{node}`; there: {}", list(published, *more))
            }
            Self::WrongKind { name, node, wanted, found } => {
                write!(f, "`{name}` at node `{node}` is {found}, not {wanted}")
            }
            Self::WrongType { name, node, wanted, found } => {
                write!(f, "`{name}` at node `{node}` is of type `{found}`, not `{wanted}`")
            }
            Self::NameTaken { name } => {
                write!(f, "`{name}` is published already; withdraw that first, or choose another name")
            }
            Self::BadName { name } => {
                write!(f, "{name:?} cannot be a name: it must have 1 to {} bytes and no `@`", crate::proto::NAME_MAX)
            }
            Self::Full { what, limit } => write!(f, "no more {what}: the limit is {limit}"),
            Self::NoRoom { peer } => write!(
                f,
                "node `{peer}` lets no more channel ends be open over this connection: drop some, or raise `Transport::streams` there"
            ),
            Self::Child { name, why } => write!(f, "child node `{name}`: {why}"),
            Self::NoRuntime => f.write_str("a node needs a tokio runtime: bind it inside of one"),
            Self::ShutDown => f.write_str("this node has been shut down"),
        }
    }
}

impl std::error::Error for NetError {}

/// Why a peer is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It said goodbye.
    Left,
    /// Nothing was heard of it for this long.
    Silent(Duration),
    /// Its process has ended, in these words.
    Exited(String),
    /// It said something that no node says; the connection was closed.
    Protocol(ProtocolError),
    /// It closed the connection, in these words.
    Dismissed(String),
    /// The transport failed, in these words.
    Transport(String),
    /// This node closed the connection.
    Closed,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Left => f.write_str("it has shut down"),
            Self::Silent(time) => write!(f, "nothing heard of it for {time:?}"),
            Self::Exited(how) => f.write_str(how),
            Self::Protocol(error) => write!(f, "it broke the protocol: {error}"),
            Self::Dismissed(why) => write!(f, "it closed the connection: {why}"),
            Self::Transport(why) => write!(f, "the connection failed: {why}"),
            Self::Closed => f.write_str("this node closed the connection"),
        }
    }
}

/// Names in one line, as in `a, b and 3 more`.
fn list(names: &[String], more: u32) -> String {
    match (names, more) {
        ([], 0) => "nothing".to_owned(),
        (names, 0) => names.join(", "),
        (names, more) => format!("{} and {more} more", names.join(", ")),
    }
}
