//! A source and a sink around what is tested, and a gauge of how much is under way.

use rendez_channels::{Receiver, Sender, after, future};
use rendez_runtime::{Failure, IntoOutcome, Outcome, Process, alt};
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Runs a network that has to end by itself: one that hangs fails.
pub(crate) fn run<O>(body: impl Future<Output = O> + Send + 'static) -> Outcome<O::Value>
where
    O: IntoOutcome + 'static,
{
    rendez_runtime::run(async move {
        let mut body = pin!(body);
        alt! {
            outcome = future(&mut body) => outcome.into_outcome(),
            () = after(Duration::from_secs(20)) => Err(Failure::new("the network hangs")),
        }
    })
}

/// Long enough for everything that can move to have moved.
pub(crate) async fn settle() {
    after(Duration::from_millis(100)).await;
}

pub(crate) fn source<T: Send + 'static>(
    items: impl IntoIterator<Item = T, IntoIter: Send> + Send + 'static,
    output: Sender<T>,
) -> Process {
    Process::new("source", async move {
        for item in items {
            output.send(item).await?;
        }
        Outcome::Ok(())
    })
}

pub(crate) fn sink<T: Send + 'static>(input: Receiver<T>) -> Process<Vec<T>> {
    Process::new("sink", async move {
        let mut seen = vec![];
        while let Some(item) = input.next().await? {
            seen.push(item);
        }
        Outcome::Ok(seen)
    })
}

/// How many are in it now, how many were at most, how many have entered.
#[derive(Default)]
pub(crate) struct Gauge {
    now: AtomicUsize,
    most: AtomicUsize,
    total: AtomicUsize,
}

impl Gauge {
    pub(crate) fn enter(&self) {
        self.total.fetch_add(1, Ordering::SeqCst);
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
    }

    pub(crate) fn leave(&self) {
        self.now.fetch_sub(1, Ordering::SeqCst);
    }

    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    pub(crate) fn total(&self) -> usize {
        self.total.load(Ordering::SeqCst)
    }
}
