//! The picture of the running program: the networks of all nodes in one, written as SVG.

use crate::demo::cluster::{self, Cluster};
use crate::demo::collector::NodeShare;
use rendez::model::{ChannelRef, Network, Node};
use rendez::prelude::*;
use std::path::Path;

/// The network of all nodes, as it is now.
pub async fn network(cluster: &Cluster, shares: &[NodeShare]) -> Network {
    let mut network = rendez::network();
    for other in cluster.networks().await {
        network.nodes.extend(other.nodes);
        network.cycles.extend(other.cycles);
    }
    for (number, share) in shares.iter().enumerate() {
        if let Some(why) = &share.lost {
            let name = cluster::name(number);
            network.nodes.push(Node { lost: true, note: why.clone(), ..Node::new(name.clone(), name) });
        }
    }
    join_remote_ends(&mut network);
    network
}

/// Gives each local face of a remote channel (named `channel@node`) the channel that it stands for.
fn join_remote_ends(network: &mut Network) {
    let homes: Vec<(String, ChannelRef)> = network.nodes.iter().flat_map(named_channels).collect();
    for channel in network.nodes.iter_mut().flat_map(|node| &mut node.channels) {
        if let Some((_, home)) = homes.iter().find(|(name, _)| *name == channel.name) {
            channel.home = Some(home.clone());
        }
    }
}

/// The channels of a node under the names that other nodes know them by.
fn named_channels(node: &Node) -> impl Iterator<Item = (String, ChannelRef)> {
    let named = node.channels.iter().filter(|channel| !channel.name.is_empty());
    named.map(|channel| {
        let home = ChannelRef { node: node.id.clone(), channel: channel.id };
        (format!("{}@{}", channel.name, node.name), home)
    })
}

/// Writes the picture.
///
/// # Errors
/// The file cannot be written.
pub fn write(network: &Network, path: &Path) -> Outcome {
    let drawing = rendez::diagram::Svg::new().title("rendez demo: near-copies among files").draw(network);
    std::fs::write(path, drawing)
        .map_err(|error| Failure::new(format_args!("the picture {} cannot be written: {error}", path.display())))
}
