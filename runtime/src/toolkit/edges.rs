//! Where a network of the toolkit begins and ends: out of a collection, into one, and into nothing.

use crate::{Outcome, process};
use rendez_channels::{Receiver, Sender};

/// Sends all of `items`, in order, and ends.
///
/// Law: `collect` of a `source` is the items.
#[process]
pub async fn source<I>(items: I, output: Sender<I::Item>) -> Outcome
where
    I: IntoIterator<Item: Send + 'static, IntoIter: Send> + Send + 'static,
{
    for item in items {
        output.send(item).await?;
    }
    Ok(())
}

/// Receives until its input ends, and ends with all it has received, in order.
#[process]
pub async fn collect<T: Send + 'static>(input: Receiver<T>) -> Outcome<Vec<T>> {
    let mut all = Vec::new();
    while let Some(value) = input.next().await? {
        all.push(value);
    }
    Ok(all)
}

/// Receives until its input ends, and drops it all: JCSP's black hole.
#[process]
pub async fn sink<T: Send + 'static>(input: Receiver<T>) -> Outcome {
    while input.next().await?.is_some() {}
    Ok(())
}
