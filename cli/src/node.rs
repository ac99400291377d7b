//! `rendez node`: a node that others can look at, until ctrl-c.

use crate::args::NodeArgs;
use crate::door::Door;
use crate::inspector::{INSPECTOR, Inspector};
use rendez::net::{Config, Identity, Node, NodeId};
use rendez::prelude::*;
use std::net::SocketAddr;

/// Runs the node.
///
/// # Errors
/// The key cannot be read, the port is in use, or a node to connect to does not answer or does not admit this one.
pub async fn run(args: NodeArgs) -> Outcome {
    let identity = match &args.key {
        Some(path) => Identity::load_or_create(path)?,
        None => Identity::generate()?,
    };
    let guest = Identity::generate()?;
    let mut config = Config::new(args.name.clone(), identity);
    config.listen = args.listen;
    let node = Node::bind(config)?;
    node.admit().add(guest.id());
    for id in &args.admit {
        node.admit().add(id.parse::<NodeId>()?);
    }
    rendez::runtime::name_node(&node.id().to_string(), &args.name);
    let _observed = rendez::observe();
    node.publish_actor(INSPECTOR, &spawn_actor(Inspector))?;
    let door = Door::open(&node, &guest)?;
    eprintln!("node `{}` listens on {} as {:#}; ctrl-c ends it", node.name(), node.address(), node.id());
    for target in &args.connect {
        let (address, id) = parse_target(target)?;
        let peer = node.connect(address, id).await?;
        eprintln!("connected with `{}` at {address}", peer.name());
    }
    serve(&node).await?;
    drop(door);
    node.shutdown().await;
    Ok(())
}

async fn serve(node: &Node) -> Outcome {
    let events = node.events();
    let mut interrupt = Box::pin(ctrl_c());
    loop {
        alt! {
            event = events.recv() => eprintln!("{}", event?),
            _ = future(&mut interrupt) => return Ok(()),
        }
    }
}

fn parse_target(text: &str) -> Outcome<(SocketAddr, NodeId)> {
    let form = || Failure::new(format_args!("`{text}` is no node to connect to: write it as ADDRESS:PORT,ID"));
    let (address, id) = text.split_once(',').ok_or_else(form)?;
    Ok((address.parse().map_err(|_| form())?, id.parse::<NodeId>()?))
}
