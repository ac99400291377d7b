//! Recycled workers: child nodes that do jobs, each replaced by a new OS process after so many. Not a farm of nodes that
//! stay, and not a queue that outlives the program.

use crate::publish::Publish;
use crate::{ChildNode, ChildSpec, NetError, Node, NodeId};
use rendez_channels::{Ended, Receiver, Sender, channel};
use rendez_runtime::{Failure, Outcome, Process, ProcessRef, is_stop_requested, par, spawn, stop_requested};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::time::Duration;

/// How long a new worker may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Workers that have not started; [`Node::workers`] makes them.
#[derive(Clone, Debug)]
#[must_use = "workers do nothing before they run"]
pub struct Workers {
    node: Node,
    spec: ChildSpec,
    count: usize,
    jobs_each: u32,
}

impl Node {
    /// So many child processes at one time that do jobs; their `main` calls [`ChildNode::serve`].
    pub fn workers(&self, spec: ChildSpec, count: usize) -> Workers {
        Workers { node: self.clone(), spec, count, jobs_each: u32::MAX }
    }
}

impl Workers {
    /// Each OS process does so many jobs, at least one, and is replaced then: what it has leaked or kept goes with it.
    pub fn renewed_after(mut self, jobs: u32) -> Self {
        self.jobs_each = jobs.max(1);
        self
    }

    /// The process that has the jobs done: it ends when there are no more and all results have been taken, or when nobody
    /// takes results. A worker is started when there is a job for it; results come in the order in which they are ready.
    ///
    /// A worker that dies with a job is a failure that names it and how it ended: the job may have been done or not, and it is
    /// not given to another. A request to stop terminates the workers with the jobs that they have, and is a normal end.
    pub fn run<J, R>(self, jobs: Receiver<J>, results: Sender<R>) -> Process
    where
        J: Serialize + Send + 'static,
        R: DeserializeOwned + Send + 'static,
    {
        let name = format!("workers `{}`", self.spec.name());
        Process::new(name, async move {
            let place = |number| {
                let name = format!("{} {number}", self.spec.name());
                let place = Place {
                    node: self.node.clone(),
                    spec: self.spec.clone().named(&name),
                    jobs_each: self.jobs_each,
                    jobs: jobs.clone(),
                    results: results.clone(),
                };
                Process::new(format!("place of {name}"), place.fill())
            };
            let places: Vec<_> = (1..=self.count).map(place).collect();
            drop((jobs, results));
            par(places).await
        })
    }
}

/// Where one worker after another works.
struct Place<J: Send + 'static, R: Send + 'static> {
    node: Node,
    spec: ChildSpec,
    jobs_each: u32,
    jobs: Receiver<J>,
    results: Sender<R>,
}

impl<J, R> Place<J, R>
where
    J: Serialize + Send + 'static,
    R: DeserializeOwned + Send + 'static,
{
    async fn fill(self) -> Outcome {
        while let Some(job) = next_of(&self.jobs).await? {
            match self.employ(job).await {
                // Terminated with the job that it had.
                Err(_) if is_stop_requested() => return Ok(()),
                employed => employed?,
            }
            if self.results.is_closed() {
                break;
            }
        }
        Ok(())
    }

    /// One worker from its first job to its last.
    async fn employ(&self, first: J) -> Outcome {
        let (id, worker) = self.node.child(self.spec.clone())?;
        let ((to_worker, todo), (from_worker, done)) = (channel(), channel());
        let once = Publish { connections: Some(1), ..Publish::default() };
        let names = Names { node: self.node.clone(), id };
        self.node.publish_receiver_with(&jobs_of(id), todo, once.clone())?;
        self.node.publish_sender_with(&results_of(id), from_worker, once)?;
        let worker = spawn(worker);
        let watch = watch(names, worker.process());
        let exchange = Exchange {
            worker: self.spec.name().to_owned(),
            most: self.jobs_each,
            jobs: self.jobs.clone(),
            to_worker,
            done,
            results: self.results.clone(),
        };
        par![Process::new("watch", watch), Process::new("exchange", exchange.run(first))].await?;
        worker.join().await
    }
}

/// The next job; none where there are no more, or the current process is requested to stop.
async fn next_of<J: Send + 'static>(jobs: &Receiver<J>) -> Outcome<Option<J>> {
    tokio::select! {
        biased;
        () = stop_requested() => Ok(None),
        job = jobs.next() => Ok(job?),
    }
}

/// Fails for a worker that does not connect. When it has ended its names are withdrawn, so that nobody waits at a channel that
/// it has not got as far as asking for.
async fn watch(names: Names, worker: ProcessRef) -> Outcome {
    let failed = |why: &str| {
        let advice = "let its `main` call `child_main`, and `serve` then";
        Err(Failure::new(format_args!("worker `{}` {why}: {advice}", worker.name())))
    };
    tokio::select! {
        _ = names.node.joined(names.id) => {}
        end = worker.ended() => return failed(&format!("has ended before it was connected ({end:?})")),
        () = tokio::time::sleep(CONNECT_TIMEOUT) => return failed(&format!("was not connected within {CONNECT_TIMEOUT:?}")),
    }
    worker.ended().await;
    drop(names);
    Ok(())
}

/// What goes on with one worker.
struct Exchange<J: Send + 'static, R: Send + 'static> {
    worker: String,
    most: u32,
    jobs: Receiver<J>,
    to_worker: Sender<J>,
    done: Receiver<R>,
    results: Sender<R>,
}

impl<J: Send + 'static, R: Send + 'static> Exchange<J, R> {
    /// Gives it one job after another, and passes its results on.
    async fn run(self, first: J) -> Outcome {
        let mut next = Some(first);
        for number in 1..=self.most {
            let Some(job) = next.take() else { return Ok(()) };
            let result = self.have_done(job).await?;
            self.results.send(result).await?;
            if number < self.most {
                next = next_of(&self.jobs).await?;
            }
        }
        Ok(())
    }

    /// Its ends are no normal end here: there is a job.
    async fn have_done(&self, job: J) -> Outcome<R> {
        let left = |ended: Ended| {
            Failure::new(format_args!("worker `{}` has not done the job that it was given: {ended}", self.worker))
        };
        self.to_worker.send(job).await.map_err(|error| left(error.into_cause()))?;
        self.done.recv().await.map_err(left)
    }
}

/// What a worker's channels are published under, taken back when it is gone.
struct Names {
    node: Node,
    id: NodeId,
}

impl Drop for Names {
    fn drop(&mut self) {
        self.node.withdraw(&jobs_of(self.id));
        self.node.withdraw(&results_of(self.id));
    }
}

fn jobs_of(id: NodeId) -> String {
    format!("jobs of {id}")
}

fn results_of(id: NodeId) -> String {
    format!("results of {id}")
}

impl ChildNode {
    /// Does jobs for the [`Workers`] of the parent until it is replaced or there are no more: what the `main` of a worker calls.
    ///
    /// # Errors
    /// The parent has no workers of these types, or is lost.
    ///
    /// # Cancel safety
    /// A dropped call leaves nothing behind; the job under way is lost.
    pub async fn serve<J, R, W>(self, mut work: impl FnMut(J) -> W + Send) -> Result<(), NetError>
    where
        J: DeserializeOwned + Send + 'static,
        R: Serialize + Send + 'static,
        W: Future<Output = R> + Send,
    {
        let id = self.identity.id();
        let (node, parent) = self.join().await?;
        let jobs = parent.receiver::<J>(&jobs_of(id)).await?;
        let results = parent.sender::<R>(&results_of(id)).await?;
        while let Ok(Some(job)) = jobs.next().await {
            if results.send(work(job).await).await.is_err() {
                break;
            }
        }
        drop((jobs, results));
        node.shutdown().await;
        Ok(())
    }
}
