//! A child node of the demo: connects, finds the index, counts what it is sent, and stays until it is ended.

use crate::demo::cluster::{INDEX, JOBS, PART, RESULTS, SUM, number, of};
use crate::demo::index::{IndexRef, NodeReport};
use crate::demo::worker::{NodeEnds, work};
use crate::inspector::{INSPECTOR, Inspector};
use crate::memory;
use rendez::net::{ChildNode, Node, Peer};
use rendez::prelude::*;
use rendez::skeletons::Member;
use std::time::Duration;

/// Between two reports to the index.
const REPORT_EVERY: Duration = Duration::from_millis(500);

/// Runs a child node until its parent ends it.
///
/// # Errors
/// The parent cannot be reached, or does not have what the child needs.
pub async fn run(child: ChildNode) -> Outcome {
    let (name, number) = (child.name.clone(), number(&child.name));
    rendez::runtime::name_node(&child.identity.id().to_string(), &name);
    let _observed = rendez::observe();
    let (node, parent) = child.join().await?;
    node.publish_actor(INSPECTOR, &spawn_actor(Inspector))?;
    let index: IndexRef = node.resolve(&format!("{INDEX}@{}", parent.name())).await?;
    let dimension = index.status().await?.dimension;
    let (tally, counted) = channel_named("tally", ChannelKind::Bounded(16));
    let ends = ends(&parent, number, tally).await?;
    let working = Process::new("work", async move { work(ends, dimension, 1).await.map(drop) });
    if let Err(failure) = par![working, reporter(name, index, counted)].await {
        // Without a parent there is nobody to tell; that it ended is no failure of this node.
        return if parent.loss().is_some() { Ok(()) } else { Err(failure) };
    }
    // Its part is done; it can still be looked at until the parent closes the connection.
    stay(&node).await
}

async fn ends(parent: &Peer, number: usize, tally: Sender<NodeReport>) -> Outcome<NodeEnds> {
    let to_root = parent.sender(&of(PART, number)).await?;
    let from_root = parent.receiver(&of(SUM, number)).await?;
    Ok(NodeEnds {
        jobs: parent.receiver(&of(JOBS, number)).await?,
        results: parent.sender(&of(RESULTS, number)).await?,
        sum: Member { to_root, from_root },
        tally: Some(tally),
    })
}

/// Tells the index now and then what this node has done, and at last the whole.
#[process]
pub async fn reporter(name: String, index: IndexRef, counted: Receiver<NodeReport>) -> Outcome {
    let mut report = NodeReport::default();
    let mut going_on = true;
    while going_on {
        let mut tick = Box::pin(after(REPORT_EVERY));
        let due = loop {
            alt! {
                more = counted.next() => match more? {
                    Some(more) => report.add(&more),
                    None => break false,
                },
                _ = future(&mut tick) => break true,
            }
        };
        going_on = due;
        report.peak_memory = memory::peak();
        // The index is on another node and may be restarting: the next report says it all again.
        let _ = index.tell_report(name.clone(), report.clone()).await;
    }
    Ok(())
}

async fn stay(node: &Node) -> Outcome {
    let events = node.events();
    while !node.peers().is_empty() {
        alt! {
            event = events.next() => if event?.is_none() { break },
            _ = after(REPORT_EVERY) => {},
        }
    }
    Ok(())
}
