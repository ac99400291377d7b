//! A pool: a function over items on a few threads, results in order. Not a farm: it takes a collection, not a stream.

use rendez_channels::{Receiver, Sender, channel_bounded};
use rendez_model::ProcessKind;
use rendez_runtime::{Failure, Outcome, Process, par, process, trace};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// How many items for each thread are taken from their iterator ahead of need.
const READ_AHEAD_PER_THREAD: usize = 16;

/// Threads for work that computes or blocks.
///
/// At most that many functions run at once, over all maps of the pool and its clones; tokio's workers stay free.
///
/// ```
/// use rendez_runtime::run;
/// use rendez_skeletons::Pool;
///
/// let outcome = run(async {
///     let pool = Pool::new(4);
///     let squares = pool.map(|n| n * n, 0..100).await?;
///     assert_eq!(squares[99], 99 * 99);
///     pool.map(|n| 12 / n, [4, 3, 2, 1, 0]).await
/// });
/// assert!(outcome.unwrap_err().cause().starts_with("item 4 panicked: attempt to divide by zero"));
/// ```
#[derive(Clone, Debug)]
pub struct Pool {
    turns: Arc<Turns>,
}

impl Pool {
    /// A pool of that many threads, at least one.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        Self { turns: Arc::new(Turns::new(threads.max(1))) }
    }

    /// Applies `f` to each item and gives the results in the order of the items. `await` it, or put it into a `par!`.
    ///
    /// Items are taken from their iterator as they are needed, on a thread too, so that it may be long and slow. When
    /// `f` panics, the others stop after their current item, and the failure says which item it was.
    #[track_caller]
    pub fn map<I, O, F, C>(&self, f: F, items: C) -> Process<Vec<O>>
    where
        I: Send + 'static,
        O: Send + 'static,
        F: Fn(I) -> O + Send + Sync + 'static,
        C: IntoIterator<Item = I>,
        C::IntoIter: Send + 'static,
    {
        let (numbered, jobs) = channel_bounded(self.turns.count * READ_AHEAD_PER_THREAD);
        let items = feed(items.into_iter(), numbered).named("items");
        let f = Arc::new(f);
        let mut workers = Vec::with_capacity(self.turns.count);
        // No iterator: the line that spawns a worker is that of the map's caller.
        for _ in 0..self.turns.count {
            workers.push(worker(jobs.clone(), Arc::clone(&f), Arc::clone(&self.turns)));
        }
        drop(jobs);
        let body = async move {
            let workers = Process::new("workers", async move { par(workers).values().await });
            let ((), parts) = par![items, workers.kind(ProcessKind::Scope)].values().await?;
            Ok::<_, Failure>(in_order(parts))
        };
        Process::new("pool.map", body).kind(ProcessKind::Scope)
    }
}

/// The right to compute: as many turns as the pool has threads.
#[derive(Debug)]
struct Turns {
    count: usize,
    give: Sender<()>,
    take: Receiver<()>,
}

impl Turns {
    fn new(count: usize) -> Self {
        let (give, take) = channel_bounded(count);
        give.set_name("turns");
        for _ in 0..count {
            give.try_send(()).expect("a channel that holds as many as there are turns");
        }
        Self { count, give, take }
    }

    fn in_turn<O>(&self, compute: impl FnOnce() -> O) -> Outcome<O> {
        // A turn is no message: the job goes on with what it follows.
        let trace = trace::current();
        self.take.recv_blocking()?;
        trace::resume(trace);
        let made = compute();
        // Not `send_blocking`: a worker that is being ended has to give its turn back all the same.
        self.give.try_send(()).expect("there is room for each turn that was taken");
        Ok(made)
    }
}

#[process(blocking)]
fn feed<I: Send + 'static>(items: impl Iterator<Item = I> + Send + 'static, jobs: Sender<(usize, I)>) -> Outcome {
    for job in items.enumerate() {
        jobs.send_blocking(job)?;
    }
    Ok(())
}

#[process(blocking)]
fn worker<I, O, F>(jobs: Receiver<(usize, I)>, f: Arc<F>, turns: Arc<Turns>) -> Outcome<Vec<(usize, O)>>
where
    I: Send + 'static,
    O: Send + 'static,
    F: Fn(I) -> O + Send + Sync + 'static,
{
    let mut made = vec![];
    while let Some((index, item)) = jobs.next_blocking()? {
        // Caught here and not by the process: the turn has to be given back, and the failure has to say the item.
        let result = turns.in_turn(|| catch_unwind(AssertUnwindSafe(|| f(item))))?;
        let panicked = |payload| Failure::new(format_args!("item {index} panicked: {}", message(payload)));
        made.push((index, result.map_err(panicked)?));
    }
    Ok(made)
}

fn message(payload: Box<dyn Any + Send>) -> String {
    let payload =
        payload.downcast::<String>().map_or_else(|other| other.downcast::<&str>().map(|s| s.to_string()), |s| Ok(*s));
    payload.unwrap_or_else(|_| "a panic without a message".to_owned())
}

fn in_order<O>(parts: Vec<Vec<(usize, O)>>) -> Vec<O> {
    let mut made: Vec<_> = parts.into_iter().flatten().collect();
    made.sort_unstable_by_key(|&(index, _)| index);
    made.into_iter().map(|(_, result)| result).collect()
}
