//! The nodes of the demo: child processes of the same program, and the channels between them and this one.

use crate::demo::messages::{Done, Job};
use crate::inspector::{INSPECTOR, InspectorRef};
use crate::job::Frequencies;
use rendez::model::Network;
use rendez::net::{Child, ChildSpec, Node, NodeEvent, Publish};
use rendez::prelude::*;
use std::time::Duration;

/// How long a child may take to be there.
const PATIENCE: Duration = Duration::from_secs(20);

/// The name that the index is published under.
pub const INDEX: &str = "index";

/// The channels between the launching process and a node, by what they carry: texts to count ..
pub const JOBS: &str = "jobs";
/// .. what was counted ..
pub const RESULTS: &str = "results";
/// .. the node's part of the sum ..
pub const PART: &str = "part";
/// .. and the sum.
pub const SUM: &str = "sum";

/// The name of a channel of node number `node`, here and where it is published.
#[must_use]
pub fn of(what: &str, node: usize) -> String {
    format!("{what}-{node}")
}

/// This end of the channels to one node, whether that is a child or this process itself.
pub struct Link {
    /// Texts for it.
    pub jobs: Sender<Job>,
    /// Its results.
    pub results: Receiver<Done>,
    /// Its part of the sum.
    pub part: Receiver<Frequencies>,
    /// The sum, for it.
    pub sum: Sender<Frequencies>,
}

/// The other end of the same channels.
pub struct Far {
    /// Texts to count.
    pub jobs: Receiver<Job>,
    /// What was counted.
    pub results: Sender<Done>,
    /// This node's part of the sum.
    pub part: Sender<Frequencies>,
    /// The sum.
    pub sum: Receiver<Frequencies>,
}

/// The channels between the launching process and node number `node`.
#[must_use]
pub fn link(node: usize) -> (Link, Far) {
    let (jobs, far_jobs) = channel_named(&of(JOBS, node), ChannelKind::Rendezvous);
    let (far_results, results) = channel_named(&of(RESULTS, node), ChannelKind::Rendezvous);
    let (far_part, part) = channel_named(&of(PART, node), ChannelKind::Rendezvous);
    let (sum, far_sum) = channel_named(&of(SUM, node), ChannelKind::Rendezvous);
    let far = Far { jobs: far_jobs, results: far_results, part: far_part, sum: far_sum };
    (Link { jobs, results, part, sum }, far)
}

/// The children of a run.
pub struct Cluster {
    node: Node,
    children: Vec<Child>,
    /// Given up at the end: the warden ends.
    _open: Sender<()>,
}

/// Withdraws the channels of a lost child: those it had not connected yet would otherwise wait for it for ever.
#[process]
async fn warden(node: Node, events: Receiver<NodeEvent>, closing: Receiver<()>) -> Outcome {
    loop {
        alt! {
            event = events.next() => match event? {
                Some(NodeEvent::Lost { name, .. } | NodeEvent::Left { name, .. }) => {
                    for what in [JOBS, RESULTS, PART, SUM] {
                        node.withdraw(&of(what, number(&name)));
                    }
                }
                Some(_) => {}
                None => return Ok(()),
            },
            _ = closing.next() => return Ok(()),
        }
    }
}

impl Cluster {
    /// Starts `count` children and gives the links to them, in order from node 1 on.
    ///
    /// # Errors
    /// A child that cannot be started, or is not there in time.
    pub async fn start(node: Node, count: usize) -> Outcome<(Self, Vec<Link>)> {
        let (open, closing) = channel_named("cluster", ChannelKind::Rendezvous);
        spawn(warden(node.clone(), node.events(), closing));
        let mut cluster = Self { node, children: Vec::new(), _open: open };
        let mut links = Vec::new();
        for number in 1..=count {
            let (link, far) = link(number);
            cluster.publish(number, far)?;
            cluster.children.push(cluster.node.detached(ChildSpec::new(name(number))).await?);
            links.push(link);
        }
        for child in &cluster.children {
            child.joined(PATIENCE).await?;
        }
        Ok((cluster, links))
    }

    /// Each channel is for one remote end: its name goes when that has connected, so that the channel can retire.
    fn publish(&self, number: usize, far: Far) -> Outcome {
        let once = || Publish { connections: Some(1), ..Publish::default() };
        self.node.publish_receiver_with(&of(JOBS, number), far.jobs, once())?;
        self.node.publish_sender_with(&of(RESULTS, number), far.results, once())?;
        self.node.publish_sender_with(&of(PART, number), far.part, once())?;
        self.node.publish_receiver_with(&of(SUM, number), far.sum, once())?;
        Ok(())
    }

    /// The number of each child's process, for reports.
    #[must_use]
    pub fn pids(&self) -> Vec<(String, u32)> {
        self.children.iter().filter_map(|child| Some((child.name().to_owned(), child.pid()?))).collect()
    }

    /// The networks of the children that still live.
    pub async fn networks(&self) -> Vec<Network> {
        let mut networks = Vec::new();
        for child in &self.children {
            let Ok(peer) = self.node.peer(child.name()) else { continue };
            if let Ok(inspector) = peer.actor::<InspectorRef>(INSPECTOR).await
                && let Ok(network) = inspector.network().await
            {
                networks.push(network);
            }
        }
        networks
    }

    /// Ends all children, the warden and this node.
    pub async fn shutdown(self) {
        for child in &self.children {
            child.stop().await;
        }
        self.node.shutdown().await;
    }
}

/// The name of a child.
#[must_use]
pub fn name(number: usize) -> String {
    format!("node-{number}")
}

/// The number at the end of a child's name; 0 where there is none.
#[must_use]
pub fn number(name: &str) -> usize {
    name.rsplit('-').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
