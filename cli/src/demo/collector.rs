//! The collector of the first phase: chooses between results, loss of a node, the progress timer and ctrl-c.

use crate::demo::feeder::Fed;
use crate::demo::index::IndexRef;
use crate::demo::printer::Line;
use crate::demo::progress::Progress;
use crate::demo::source::{Folded, Walked};
use crate::job::{Counts, FileId, Files, Skips};
use rendez::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two progress lines.
const TICK: Duration = Duration::from_millis(500);

/// What the collector works with.
pub struct CollectorEnds {
    /// From all feeders.
    pub fed: Receiver<Fed>,
    /// From the walker.
    pub walked: Receiver<Walked>,
    /// From the folder, at its end.
    pub folded: Receiver<Folded>,
    /// Given up when all jobs are done: the feeders end.
    pub all_done: Sender<()>,
    /// Ctrl-c.
    pub interrupts: Receiver<()>,
    /// Given up at ctrl-c: the walker ends, and the rest winds down with what it has.
    pub stop: Sender<()>,
    /// Progress lines for people, in the order of time.
    pub lines: Sender<Line>,
}

impl rendez::Ports for CollectorEnds {
    fn declare(&self, holder: rendez::model::ProcessId) {
        self.fed.declare(holder);
        self.walked.declare(holder);
        self.folded.declare(holder);
        self.interrupts.declare(holder);
        self.all_done.declare(holder);
        self.stop.declare(holder);
        self.lines.declare(holder);
    }
}

/// The outcome of the first phase.
pub struct Counted {
    /// The contents, in the order of their names.
    pub files: Files,
    /// The counts of each content, in the order of their names.
    pub counts: Arc<Vec<Counts>>,
    /// What was left out.
    pub skips: Skips,
    /// How many bytes were read.
    pub bytes: u64,
    /// How long the phase took.
    pub elapsed: Duration,
    /// What each node did.
    pub nodes: Vec<NodeShare>,
    /// Whether ctrl-c ended it early.
    pub interrupted: bool,
}

/// What one node did in the first phase.
#[derive(Clone, Debug, Default)]
pub struct NodeShare {
    /// Files counted.
    pub files: u64,
    /// Bytes counted.
    pub bytes: u64,
    /// Why it was lost, if it was.
    pub lost: Option<String>,
    /// The ranks of the files that it counted.
    pub ranks: Vec<u32>,
}

/// Collects the results of all nodes until every job is done.
#[process]
pub async fn collector(nodes: usize, index: IndexRef, ends: CollectorEnds) -> Outcome<Counted> {
    let mut collector = Collector::new(nodes);
    let CollectorEnds { fed, walked, folded, interrupts, all_done, stop, lines } = ends;
    let mut stop = Some(stop);
    let mut tick = Box::pin(after(TICK));
    while !collector.all_done() {
        alt! {
            event = fed.recv() => collector.take(event?, &index, &lines).await?,
            progress = walked.next(), if !collector.walked.over => collector.walked = progress?.unwrap_or(Walked { over: true, ..collector.walked }),
            all = folded.recv(), if collector.folded.is_none() => collector.folded = Some(all?),
            _ = future(&mut tick) => {
                lines.send(Line::Progress(collector.progress().to_string())).await?;
                tick = Box::pin(after(TICK));
            },
            _ = interrupts.recv(), if stop.is_some() => {
                stop = None;
                lines.send(Line::Notice("interrupted: finishing what is under way; once more to end at once".to_owned())).await?;
            },
        }
    }
    drop(all_done);
    collector.finish(stop.is_none())
}

struct Collector {
    start: Instant,
    walked: Walked,
    folded: Option<Folded>,
    counts: BTreeMap<FileId, (usize, Counts)>,
    nodes: Vec<NodeShare>,
    jobs: u64,
}

impl Collector {
    fn new(nodes: usize) -> Self {
        let nodes = vec![NodeShare::default(); nodes];
        let walked = Walked::default();
        Self { start: Instant::now(), walked, folded: None, counts: BTreeMap::new(), nodes, jobs: 0 }
    }

    fn all_done(&self) -> bool {
        self.folded.as_ref().is_some_and(|folded| folded.jobs == self.jobs)
    }

    async fn take(&mut self, event: Fed, index: &IndexRef, lines: &Sender<Line>) -> Outcome {
        match event {
            Fed::Done { node, done } => {
                self.jobs += 1;
                self.nodes[node].files += done.counts.len() as u64;
                self.nodes[node].bytes += done.bytes;
                let known = done.counts.iter().map(|(id, counts)| (*id, counts.clone())).collect();
                // The index has a supervisor of its own: that it is being restarted is no reason to stop.
                let _ = index.tell_add(known).await;
                self.counts.extend(done.counts.into_iter().map(|(id, counts)| (id, (node, counts))));
            }
            Fed::Lost { node, unfinished, why } => {
                lines
                    .send(Line::Notice(format!(
                        "node-{node} is lost ({why}); its {unfinished} unfinished jobs go to others"
                    )))
                    .await?;
                self.nodes[node].lost = Some(why);
            }
        }
        Ok(())
    }

    fn progress(&self) -> Progress {
        Progress {
            files: self.nodes.iter().map(|node| node.files).sum(),
            bytes: self.nodes.iter().map(|node| node.bytes).sum(),
            seen: self.walked.bytes,
            all_seen: self.walked.over,
            elapsed: self.start.elapsed(),
        }
    }

    fn finish(self, interrupted: bool) -> Outcome<Counted> {
        let Some(folded) = self.folded else { return Err(Failure::new("the folder ended without a word")) };
        let mut nodes = self.nodes;
        let mut ranked = Vec::with_capacity(self.counts.len());
        for (id, (node, counts)) in self.counts {
            let rank = folded.ranks[id.0 as usize];
            nodes[node].ranks.push(rank.0);
            ranked.push((rank, counts));
        }
        ranked.sort_unstable_by_key(|(rank, _)| *rank);
        Ok(Counted {
            files: folded.files,
            counts: Arc::new(ranked.into_iter().map(|(_, counts)| counts).collect()),
            skips: folded.skips,
            bytes: folded.bytes,
            elapsed: self.start.elapsed(),
            nodes,
            interrupted,
        })
    }
}
