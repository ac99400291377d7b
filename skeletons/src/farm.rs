//! A farm: workers that take items from one channel and send what they make of them into another. Not a pool: it works
//! on a stream and holds back who sends too fast.

use crate::order::Order;
use rendez_channels::{Ended, Receiver, Sender, block_on};
use rendez_model::ProcessKind;
use rendez_runtime::{Failure, Outcome, Process, alt, par, process};
use std::future::Future;
use std::sync::Arc;

/// How many items for each worker an ordered farm has under way: so far the others run ahead of a slow item.
const WINDOW_PER_WORKER: usize = 4;

/// A farm of workers on a stream of items.
///
/// Each item goes to one worker that is free, so that a slow one gets less. What they make comes out as it is done, or
/// [in the order](Self::ordered) of the items. Nothing is read ahead: an unordered farm holds one item a worker, an
/// ordered one at most its window, and while nobody receives, nobody sends.
///
/// The farm ends when its input retires, or when nobody receives its output any more. An item whose function fails
/// or panics fails the farm; poison passes through it.
///
/// ```
/// use rendez_channels::channel;
/// use rendez_runtime::{Outcome, par, run};
/// use rendez_skeletons::Farm;
///
/// let sum = run(async {
///     let ((numbers, input), (output, squares)) = (channel(), channel());
///     let source = async move {
///         for n in 1..=3 {
///             numbers.send(n).await?;
///         }
///         Outcome::Ok(())
///     };
///     let sum = async move {
///         let mut sum = 0;
///         while let Some(square) = squares.next().await? {
///             sum += square;
///         }
///         Outcome::Ok(sum)
///     };
///     par![source, Farm::new(2).map_blocking(input, output, |n: u64| Ok(n * n)), sum].values().await
/// });
/// assert_eq!(sum.unwrap().2, 14);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a farm is a plan until `map` makes a process of it"]
pub struct Farm {
    workers: usize,
    window: Option<usize>,
}

impl Farm {
    /// A farm of that many workers, at least one, whose results come out as they are done.
    pub const fn new(workers: usize) -> Self {
        Self { workers: if workers == 0 { 1 } else { workers }, window: None }
    }

    /// Results come out in the order of the items, of which four a worker are under way at most.
    pub const fn ordered(self) -> Self {
        self.ordered_within(self.workers.saturating_mul(WINDOW_PER_WORKER))
    }

    /// Results come out in the order of the items, of which `window` are under way at most (at least one): a slow item
    /// holds back the `window - 1` after it, and nothing else is taken from the input.
    pub const fn ordered_within(self, window: usize) -> Self {
        Self { workers: self.workers, window: Some(if window == 0 { 1 } else { window }) }
    }

    /// The farm as a process, with an async function: for work that waits.
    #[track_caller]
    pub fn map<I, O, F, R>(self, input: Receiver<I>, output: Sender<O>, f: F) -> Process
    where
        I: Send + 'static,
        O: Send + 'static,
        F: Fn(I) -> R + Send + Sync + 'static,
        R: Future<Output = Outcome<O>> + Send + 'static,
    {
        let Some(window) = self.window else {
            return scope(async_workers(self.workers, input, output, f));
        };
        let Order { items, made, processes } = Order::keep(window, input, output);
        let mut all = async_workers(self.workers, items, made, move |(place, item)| {
            let making = f(item);
            async move { Ok((place, making.await?)) }
        });
        all.extend(processes);
        scope(all)
    }

    /// The farm as a process, with a function that computes or blocks: each worker has a thread.
    #[track_caller]
    pub fn map_blocking<I, O, F>(self, input: Receiver<I>, output: Sender<O>, f: F) -> Process
    where
        I: Send + 'static,
        O: Send + 'static,
        F: Fn(I) -> Outcome<O> + Send + Sync + 'static,
    {
        let Some(window) = self.window else {
            return scope(blocking_workers(self.workers, input, output, f));
        };
        let Order { items, made, processes } = Order::keep(window, input, output);
        let mut all = blocking_workers(self.workers, items, made, move |(place, item)| Ok((place, f(item)?)));
        all.extend(processes);
        scope(all)
    }
}

/// The next item, or `None` when none will come or nobody wants what would be made of it.
pub(crate) async fn next_wanted<I: Send + 'static, O: Send + 'static>(
    input: &Receiver<I>,
    output: &Sender<O>,
) -> Result<Option<I>, Ended> {
    alt! { pri;
        ended = output.closed() => if ended.is_retired() { Ok(None) } else { Err(ended) },
        item = input.next() => item,
    }
}

#[track_caller]
fn scope(processes: Vec<Process>) -> Process {
    Process::new("farm", async move { par(processes).await }).kind(ProcessKind::Scope)
}

#[track_caller]
fn async_workers<I, O, F, R>(count: usize, input: Receiver<I>, output: Sender<O>, f: F) -> Vec<Process>
where
    I: Send + 'static,
    O: Send + 'static,
    F: Fn(I) -> R + Send + Sync + 'static,
    R: Future<Output = Outcome<O>> + Send + 'static,
{
    let f = Arc::new(f);
    let mut workers = Vec::with_capacity(count);
    // No iterator: the line that spawns a worker is that of the farm's caller.
    for _ in 0..count {
        workers.push(async_worker(input.clone(), output.clone(), Arc::clone(&f)).named("worker"));
    }
    workers
}

#[process]
async fn async_worker<I, O, F, R>(input: Receiver<I>, output: Sender<O>, f: Arc<F>) -> Outcome
where
    I: Send + 'static,
    O: Send + 'static,
    F: Fn(I) -> R + Send + Sync + 'static,
    R: Future<Output = Outcome<O>> + Send + 'static,
{
    while let Some(item) = next_wanted(&input, &output).await? {
        output.send(f(item).await.map_err(given_up)?).await?;
    }
    Ok(())
}

#[track_caller]
fn blocking_workers<I, O, F>(count: usize, input: Receiver<I>, output: Sender<O>, f: F) -> Vec<Process>
where
    I: Send + 'static,
    O: Send + 'static,
    F: Fn(I) -> Outcome<O> + Send + Sync + 'static,
{
    let f = Arc::new(f);
    let mut workers = Vec::with_capacity(count);
    // No iterator: the line that spawns a worker is that of the farm's caller.
    for _ in 0..count {
        workers.push(blocking_worker(input.clone(), output.clone(), Arc::clone(&f)).named("worker"));
    }
    workers
}

#[process(blocking)]
fn blocking_worker<I, O, F>(input: Receiver<I>, output: Sender<O>, f: Arc<F>) -> Outcome
where
    I: Send + 'static,
    O: Send + 'static,
    F: Fn(I) -> Outcome<O> + Send + Sync + 'static,
{
    while let Some(item) = block_on(next_wanted(&input, &output))?? {
        output.send_blocking(f(item).map_err(given_up)?)?;
    }
    Ok(())
}

/// A function that ends by retirement has ended normally, but its item would go missing: that is a failure.
fn given_up(failure: Failure) -> Failure {
    if failure.is_retired() { Failure::new(format_args!("gave up an item: {}", failure.cause())) } else { failure }
}
