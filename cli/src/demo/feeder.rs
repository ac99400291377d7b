//! The feeder of one node: passes jobs on as the node takes them, and has them done by others if the node is lost.

use crate::demo::messages::{Done, Job};
use rendez::Ended;
use rendez::prelude::*;
use std::collections::BTreeMap;

/// How many jobs a node may have before their results are back: enough to hide the way there and back.
pub const WINDOW: usize = 4;

/// What a feeder tells the collector.
pub enum Fed {
    /// A job is done.
    Done {
        /// The number of the node.
        node: usize,
        /// Its result.
        done: Done,
    },
    /// The node is lost, and its unfinished jobs go to others.
    Lost {
        /// The number of the node.
        node: usize,
        /// How many jobs it had not finished.
        unfinished: usize,
        /// What is known about the loss.
        why: String,
    },
}

/// The ends of a feeder.
pub struct FeederEnds {
    /// Fresh jobs, for whichever node is free.
    pub jobs: Receiver<Job>,
    /// Jobs of lost nodes, from here to the others ..
    pub given_back: Sender<Job>,
    /// .. and from the others to here.
    pub retries: Receiver<Job>,
    /// To the node.
    pub output: Sender<Job>,
    /// From the node.
    pub results: Receiver<Done>,
    /// To the collector.
    pub collector: Sender<Fed>,
    /// Retires when all jobs are done.
    pub all_done: Receiver<()>,
}

impl rendez::Ports for FeederEnds {
    fn declare(&self, holder: rendez::model::ProcessId) {
        self.jobs.declare(holder);
        self.given_back.declare(holder);
        self.retries.declare(holder);
        self.output.declare(holder);
        self.results.declare(holder);
        self.collector.declare(holder);
        self.all_done.declare(holder);
    }
}

/// Feeds node number `node` until all jobs of all nodes are done.
#[process]
pub async fn feeder(node: usize, ends: FeederEnds) -> Outcome {
    let mut feeder = Feeder { node, ends, next: None, under_way: BTreeMap::new(), fresh: true };
    loop {
        match feeder.step().await {
            Ok(Step::GoOn) => {}
            Ok(Step::AllDone) => return Ok(()),
            Err(ended) => return feeder.give_up(&ended).await,
        }
    }
}

struct Feeder {
    node: usize,
    ends: FeederEnds,
    /// The job that the node gets as soon as it takes one.
    next: Option<Job>,
    /// Jobs that the node has or gets next, for the case that it is lost.
    under_way: BTreeMap<u64, Job>,
    /// Whether fresh jobs may still come.
    fresh: bool,
}

enum Step {
    GoOn,
    AllDone,
}

impl Feeder {
    /// One event. An error is the loss of the node; all other channels end only with the whole program.
    ///
    /// It offers a job and takes results in one choice: a node whose workers wait to give a result takes no job.
    async fn step(&mut self) -> Result<Step, Ended> {
        let offers = self.next.is_some();
        let room = !offers && self.under_way.len() < WINDOW;
        let FeederEnds { jobs, retries, output, results, collector, all_done, .. } = &self.ends;
        alt! {
            done = results.recv() => {
                let done = done?;
                self.under_way.remove(&done.job);
                collector.send(Fed::Done { node: self.node, done }).await.map_err(|error| error.into_cause())?;
            },
            sent = output.send_from(&mut self.next), if offers => sent?,
            job = retries.next(), if room => self.take(job?),
            job = jobs.next(), if room && self.fresh => {
                let job = job?;
                self.fresh = job.is_some();
                self.take(job);
            },
            _ = all_done.next() => return Ok(Step::AllDone),
        }
        Ok(Step::GoOn)
    }

    fn take(&mut self, job: Option<Job>) {
        if let Some(job) = job {
            self.under_way.insert(job.number, job.clone());
            self.next = Some(job);
        }
    }

    /// The node is lost: its unfinished jobs go back.
    async fn give_up(self, ended: &Ended) -> Outcome {
        let (node, unfinished) = (self.node, self.under_way.len());
        for job in self.under_way.into_values() {
            self.ends.given_back.send(job).await?;
        }
        self.ends.collector.send(Fed::Lost { node, unfinished, why: ended.to_string() }).await?;
        Ok(())
    }
}
