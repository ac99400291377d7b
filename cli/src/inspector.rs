//! The inspector: an actor that tells other nodes what this one looks like, for pictures and lists.

use rendez::model::Network;
use rendez::prelude::*;

/// The name that it is published under.
pub const INSPECTOR: &str = "inspector";

/// Tells what this node looks like; it has no state.
pub struct Inspector;

#[actor(remote)]
impl Inspector {
    /// The network of this node, as it is now.
    pub async fn network(&mut self) -> Network {
        rendez::network()
    }
}
