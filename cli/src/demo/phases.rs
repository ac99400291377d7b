//! The two phases of the demo: each a scope of its own, wired here from its processes.

use crate::demo::Demo;
use crate::demo::cluster::{Link, link};
use crate::demo::collector::{CollectorEnds, Counted, collector};
use crate::demo::compare::{Compared, Sample, TILE_ROWS, compare, sample};
use crate::demo::feeder::{FeederEnds, WINDOW, feeder};
use crate::demo::index::IndexRef;
use crate::demo::printer::Line;
use crate::demo::source::{folder, reader, walker};
use crate::demo::worker::{NodeEnds, work};
use crate::job::{BestPairs, Frequencies, Walk};
use rendez::gpu::Gpu;
use rendez::model::ProcessKind;
use rendez::prelude::*;
use rendez::skeletons::{Member, Reduced, root};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Files are read by two, so that one can wait for the disk.
const READERS: usize = 2;
/// Lots of paths that wait to be read.
const PATHS: u64 = 8;
/// Lots of texts that wait to be folded: with the longest file allowed this bounds the memory of reading.
const TEXTS: u64 = 8;

/// The first phase: counts all files on all nodes and sums their document frequencies.
///
/// # Errors
/// A failure of one of its processes; the loss of a child node is none.
pub async fn count(
    demo: &Demo,
    walk: Walk,
    links: Vec<Link>,
    index: IndexRef,
    lines: Sender<Line>,
    interrupts: Receiver<()>,
) -> Outcome<(Counted, Frequencies)> {
    let demo = demo.clone();
    let dimension = demo.parameters.dimension;
    let phase = Process::new("phase 1: count", async move {
        let (here, far) = link(0);
        let mut all = vec![here];
        all.extend(links);
        let nodes = all.len();
        let own = node_zero(far, dimension, demo.workers);
        let (feeders, members, ends) = hub(all, lines, interrupts);
        let (source, collector_ends) = source(&demo, walk, index.clone(), ends)?;
        let sum = root(members, merge(dimension)).named("all_reduce");
        let ((), (), (), counted, sum) =
            par![group("source", source), group("feeders", feeders), own, collector(nodes, index, collector_ends), sum]
                .values()
                .await?;
        Outcome::Ok((counted, sum))
    });
    let (counted, sum) = phase.kind(ProcessKind::Scope).await?;
    let frequencies = with_absent(sum, &counted)?;
    Ok((counted, frequencies))
}

/// Several processes as one, so that scopes of different sizes fit into one `par!`.
fn group(name: &str, processes: Vec<Process>) -> Process {
    Process::new(name, async move { par(processes).await }).kind(ProcessKind::Scope)
}

/// This process's own share of the counting.
fn node_zero(far: crate::demo::cluster::Far, dimension: usize, workers: usize) -> Process {
    let sum = Member { to_root: far.part, from_root: far.sum };
    let ends = NodeEnds { jobs: far.jobs, results: far.results, sum, tally: None };
    Process::new("node-0", async move { work(ends, dimension, workers).await.map(drop) }).kind(ProcessKind::Scope)
}

/// What the source and the collector need from the hub.
struct HubEnds {
    jobs: Sender<crate::demo::messages::Job>,
    fed: Receiver<crate::demo::feeder::Fed>,
    all_done: Sender<()>,
    lines: Sender<Line>,
    interrupts: Receiver<()>,
}

type Members = Vec<(Receiver<Frequencies>, Sender<Frequencies>)>;

/// A feeder for each node, between the one channel of jobs and the node's own.
fn hub(links: Vec<Link>, lines: Sender<Line>, interrupts: Receiver<()>) -> (Vec<Process>, Members, HubEnds) {
    let (jobs, fresh) = channel_named("jobs", ChannelKind::Rendezvous);
    let (given_back, retries) = channel_named("retries", ChannelKind::Bounded(((WINDOW + 1) * links.len()) as u64));
    let (collector, fed) = channel_named("fed", ChannelKind::Rendezvous);
    let (all_done, done) = channel_named("all done", ChannelKind::Rendezvous);
    let (mut feeders, mut members) = (Vec::new(), Vec::new());
    for (node, link) in links.into_iter().enumerate() {
        let ends = FeederEnds {
            jobs: fresh.clone(),
            given_back: given_back.clone(),
            retries: retries.clone(),
            output: link.jobs,
            results: link.results,
            collector: collector.clone(),
            all_done: done.clone(),
        };
        feeders.push(feeder(node, ends));
        members.push((link.part, link.sum));
    }
    (feeders, members, HubEnds { jobs, fed, all_done, lines, interrupts })
}

fn source(demo: &Demo, walk: Walk, index: IndexRef, hub: HubEnds) -> Outcome<(Vec<Process>, CollectorEnds)> {
    let (paths_tx, paths) = channel_named("paths", ChannelKind::Bounded(PATHS));
    let (texts_tx, texts) = channel_named("texts", ChannelKind::Bounded(TEXTS));
    let (walked_tx, walked) = channel_named("walked", ChannelKind::Bounded(1));
    let (folded_tx, folded) = channel_named("folded", ChannelKind::Rendezvous);
    let (stop, stopped) = channel_named("stop", ChannelKind::Rendezvous);
    let mut source = vec![walker(walk, paths_tx, walked_tx, stopped), folder(index, texts, hub.jobs, folded_tx)];
    for _ in 0..READERS {
        let (root, rules) = (demo.root.clone(), demo.parameters.rules.clone());
        source.push(reader(root, rules, paths.clone(), texts_tx.clone()));
    }
    let HubEnds { fed, all_done, lines, interrupts, .. } = hub;
    Ok((source, CollectorEnds { fed, walked, folded, interrupts, all_done, stop, lines }))
}

/// Adds two parts of the sum; both have the dimension that this node has told everybody.
fn merge(dimension: usize) -> impl Fn(Frequencies, Frequencies) -> Frequencies + Send + 'static {
    move |mut a, b| {
        if let Err(error) = a.merge(&b) {
            tracing::error!(%error, dimension, "a node's part of the sum does not fit and is left out");
        }
        a
    }
}

/// The sum of all, where what lost nodes had counted is counted again from their results.
fn with_absent(sum: Reduced<Frequencies>, counted: &Counted) -> Outcome<Frequencies> {
    let mut frequencies = sum.value;
    for node in sum.absent {
        for &rank in &counted.nodes[node].ranks {
            frequencies.add(&counted.counts[rank as usize])?;
        }
    }
    Ok(frequencies)
}

/// What the second phase found.
pub struct ComparedAll {
    /// The best pairs.
    pub best: BestPairs,
    /// One tile on every other device.
    pub samples: Vec<Sample>,
    /// How many rows were compared.
    pub rows: usize,
    /// How many pairs of tiles.
    pub tile_pairs: usize,
    /// How long it took.
    pub elapsed: Duration,
    /// Whether ctrl-c ended it early.
    pub interrupted: bool,
}

/// The second phase: weighs all files and compares all pairs on the device.
///
/// # Errors
/// Fewer than two files, or a device that fails.
pub async fn compare_all(
    demo: &Demo,
    gpu: Gpu,
    counted: &Counted,
    frequencies: Frequencies,
    lines: Sender<Line>,
    interrupts: Receiver<()>,
) -> Outcome<ComparedAll> {
    if counted.counts.len() < 2 {
        let error = crate::job::RootError::NothingToCompare(demo.root.clone(), counted.skips.clone());
        return Err(error.into());
    }
    let start = Instant::now();
    let counts = Arc::clone(&counted.counts);
    let weights = frequencies.weights();
    let samples = sample(&gpu, &counts, &weights).await?;
    let best = BestPairs::new(demo.parameters.pairs, demo.parameters.threshold);
    let (progress, compared) = channel_named("compared", ChannelKind::Bounded(1));
    let (stop, stopped) = channel_named("stop", ChannelKind::Rendezvous);
    let rows = counts.len();
    let phase = Process::new("phase 2: compare", async move {
        par![
            Process::new("compare", compare(gpu, counts, weights, best, progress, stopped)).kind(ProcessKind::Scope),
            watcher(compared, interrupts, stop, lines),
        ]
        .values()
        .await
    });
    let (best, interrupted) = phase.kind(ProcessKind::Scope).await?;
    let tiles = rows.div_ceil(TILE_ROWS);
    let tile_pairs = tiles * (tiles + 1) / 2;
    Ok(ComparedAll { best, samples, rows, tile_pairs, elapsed: start.elapsed(), interrupted })
}

/// Between two progress lines.
const TICK: Duration = Duration::from_millis(500);

/// Tells how far the comparison is, and ends it early at ctrl-c; says whether it did.
#[process]
async fn watcher(
    compared: Receiver<Compared>,
    interrupts: Receiver<()>,
    stop: Sender<()>,
    lines: Sender<Line>,
) -> Outcome<bool> {
    let mut stop = Some(stop);
    let mut last = None;
    let mut tick = Box::pin(after(TICK));
    loop {
        alt! {
            progress = compared.next() => match progress? {
                Some(progress) => last = Some(progress),
                None => return Ok(stop.is_none()),
            },
            _ = future(&mut tick) => {
                if let Some(Compared { done, of }) = last {
                    lines.send(Line::Progress(format!("comparing: {done} of {of} pairs of tiles"))).await?;
                }
                tick = Box::pin(after(TICK));
            },
            _ = interrupts.recv(), if stop.is_some() => stop = None,
        }
    }
}
