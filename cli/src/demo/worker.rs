//! What a node does in the first phase: counts the texts it is sent, and takes part in the sum over all nodes.

use crate::demo::index::NodeReport;
use crate::demo::messages::{Done, Job};
use crate::job::{DimensionError, Frequencies, Tokeniser};
use rendez::prelude::*;
use rendez::skeletons::Member;

/// The ends that a node works with; on another node than the launching one they are remote.
pub struct NodeEnds {
    /// Texts to count.
    pub jobs: Receiver<Job>,
    /// What was counted.
    pub results: Sender<Done>,
    /// The node's place in the sum of document frequencies.
    pub sum: Member<Frequencies>,
    /// What was done, for a node that reports it.
    pub tally: Option<Sender<NodeReport>>,
}

/// Counts until the jobs retire, then adds this node's document frequencies to those of all; gives the sum over all.
///
/// # Errors
/// Poison, loss of the launching node, and a dimension that is none.
pub async fn work(ends: NodeEnds, dimension: usize, workers: usize) -> Outcome<Frequencies> {
    let NodeEnds { jobs, results, sum, tally } = ends;
    let crew: Vec<_> = (0..workers).map(|_| worker(dimension, jobs.clone(), results.clone(), tally.clone())).collect();
    drop((jobs, results, tally));
    let mut own = Frequencies::new(dimension);
    for part in par(crew).values().await? {
        own.merge(&part)?;
    }
    sum.all_reduce(own).await
}

/// Counts the texts of one job after another; ends with the document frequencies of all it has counted.
#[process]
pub async fn worker(
    dimension: usize,
    jobs: Receiver<Job>,
    results: Sender<Done>,
    tally: Option<Sender<NodeReport>>,
) -> Outcome<Frequencies> {
    let mut tokeniser = Tokeniser::new(dimension)?;
    let mut frequencies = Frequencies::new(dimension);
    while let Some(job) = jobs.next().await? {
        let done = count(&mut tokeniser, &mut frequencies, job)?;
        if let Some(tally) = &tally {
            let (files, bytes) = (done.counts.len() as u64, done.bytes);
            tally.send(NodeReport { files, bytes, peak_memory: 0 }).await?;
        }
        results.send(done).await?;
    }
    Ok(frequencies)
}

fn count(tokeniser: &mut Tokeniser, frequencies: &mut Frequencies, job: Job) -> Result<Done, DimensionError> {
    let mut done = Done { job: job.number, bytes: 0, counts: Vec::with_capacity(job.texts.len()) };
    for text in job.texts {
        let counts = tokeniser.count(&text.bytes.0);
        frequencies.add(&counts)?;
        done.bytes += text.bytes.0.len() as u64;
        done.counts.push((text.file, counts));
    }
    Ok(done)
}
