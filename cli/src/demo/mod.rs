//! `rendez demo`: which files of a tree are near-copies of each other? As a network over three nodes and a device.
//!
//! ```text
//!                                                      +--> node-1 (child process) --+
//!  walker --> readers --> folder --> jobs --> feeders -+--> node-2 (child process) --+--> collector --> index
//!                                                      +--> node-0 (this process) ---+
//!  weigher --> uploader --> multiplier (device) --> fetcher --> keeper
//! ```

pub mod child;
pub mod cluster;
pub mod collector;
pub mod compare;
pub mod deadlock;
pub mod feeder;
pub mod index;
pub mod messages;
pub mod phases;
pub mod picture;
pub mod printer;
pub mod progress;
pub mod source;
pub mod summary;
pub mod worker;

use crate::demo::cluster::Cluster;
use crate::demo::index::Index;
use crate::demo::printer::Line;
use crate::door::Door;
use crate::inspector::{INSPECTOR, Inspector};
use crate::job::reference::{Findings, Parameters};
use crate::job::{Walk, clusters};
use rendez::gpu::{Gpu, Pick};
use rendez::net::{Config, Identity, Node};
use rendez::prelude::*;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

/// The name of the launching node.
pub const NAME: &str = "demo";

/// What is asked of a run.
#[derive(Clone, Debug)]
pub struct Demo {
    /// The tree to search.
    pub root: PathBuf,
    /// The parameters of the job.
    pub parameters: Parameters,
    /// Rows of each table.
    pub rows: usize,
    /// The device that compares.
    pub device: Pick,
    /// How many child nodes work along.
    pub children: usize,
    /// How many workers count in this process.
    pub workers: usize,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where to write the picture.
    pub picture: PathBuf,
    /// Whether to plant a deadlock.
    pub break_it: bool,
}

/// Runs the demo to its end.
///
/// # Errors
/// In one sentence, what is missing or wrong and what to do about it; also when ctrl-c has ended it early.
pub async fn run(demo: Demo) -> Outcome {
    let start = Instant::now();
    let walk = Walk::new(&demo.root, demo.parameters.rules.clone())?;
    let gpu = Gpu::open(demo.device.clone())?;
    let observed = rendez::observe();
    let (lines, to_print) = channel_named("lines", ChannelKind::Bounded(16));
    let printing = spawn(printer::printer(to_print));
    lines.send(Line::Notice(format!("device: {}", gpu.why()))).await?;

    let (node, door) = open_door(&demo)?;
    let dimension = demo.parameters.dimension;
    let shop = Supervisor::one_for_one().named("index supervisor").start();
    let root = demo.root.display().to_string();
    let index = shop.actor("index", move || Index::new(root.clone(), dimension));
    node.publish_actor(cluster::INDEX, &index)?;
    node.publish_actor(INSPECTOR, &spawn_actor(Inspector))?;
    let (cluster, links) = Cluster::start(node, demo.children).await?;
    announce(&demo, &cluster, &lines).await?;
    let planted = if demo.break_it { Some(deadlock::plant(lines.clone())) } else { None };

    let (press, interrupts) = channel_named("interrupts", ChannelKind::Bounded(1));
    let interrupting = spawn(interrupter(press));
    let (counted, frequencies) =
        phases::count(&demo, walk, links, index.clone(), lines.clone(), interrupts.clone()).await?;
    let counting = counted.elapsed;
    let compared = phases::compare_all(&demo, gpu.clone(), &counted, frequencies, lines.clone(), interrupts).await?;
    let (deadlocks, stuck) = match planted {
        Some(planted) => planted.told().await,
        None => (Vec::new(), Vec::new()),
    };
    let reports = index.status().await.map(|status| status.nodes).unwrap_or_default();
    let network = picture::network(&cluster, &counted.nodes).await;
    picture::write(&network, &demo.picture)?;
    drop(observed);
    stuck.iter().for_each(ProcessRef::stop);

    let clusters = clusters(&compared.best, &counted.files);
    let interrupted = counted.interrupted || compared.interrupted;
    let summary = summary::Summary {
        nodes: &counted.nodes,
        reports: &reports,
        gpu: &gpu,
        samples: &compared.samples,
        rows: compared.rows,
        tile_pairs: compared.tile_pairs,
        dimension,
        terms: counted.counts.iter().map(|counts| counts.len() as u64).sum(),
        counting,
        comparing: compared.elapsed,
        whole: start.elapsed(),
        picture: &demo.picture,
        interrupted,
        deadlocks: &deadlocks,
    }
    .to_string();
    let findings =
        Findings { files: counted.files, pairs: compared.best, clusters, skips: counted.skips, bytes: counted.bytes };
    let report = summary::report(&demo, &findings, counting);
    lines.send(Line::Result(format!("{report}{summary}"))).await?;
    drop((lines, index, shop));
    cluster.shutdown().await;
    drop(door);
    printing.join().await?;
    interrupting.join().await?;
    if interrupted { Err(Failure::new("interrupted: the result is a partial one")) } else { Ok(()) }
}

/// Passes ctrl-c on to whichever phase runs; one that comes between the two waits for the second.
#[process]
async fn interrupter(press: Sender<()>) -> Outcome {
    let mut interrupt = Box::pin(ctrl_c());
    alt! {
        pressed = future(&mut interrupt) => {
            pressed?;
            press.send(()).await?;
        },
        _ = press.closed() => {},
    }
    Ok(())
}

/// Binds the node and writes down how others of this user find it.
fn open_door(demo: &Demo) -> Outcome<(Node, Door)> {
    let identity = Identity::generate()?;
    let guest = Identity::generate()?;
    let mut config = Config::new(NAME, identity);
    config.listen = demo.listen;
    let node = Node::bind(config)?;
    node.admit().add(guest.id());
    rendez::runtime::name_node(&node.id().to_string(), NAME);
    let door = Door::open(&node, &guest)?;
    Ok((node, door))
}

async fn announce(demo: &Demo, cluster: &Cluster, lines: &Sender<Line>) -> Outcome {
    let mut text = format!("searching {}", demo.root.display());
    for (name, pid) in cluster.pids() {
        text.push_str(&format!("; {name} is process {pid}"));
    }
    lines.send(Line::Notice(text)).await?;
    lines
        .send(Line::Notice("meanwhile, in another terminal: rendez ask index FILE, rendez ps, rendez draw".into()))
        .await?;
    Ok(())
}
