//! Processes with one input and one output: what comes in goes out, changed, more or less.

use crate::{Outcome, process};
use rendez_channels::{Receiver, Sender};
use std::ops::Add;

/// Sends on what it receives: a buffer of one.
///
/// Law: what comes out is what went in, in order.
#[process]
pub async fn identity<T: Send + 'static>(input: Receiver<T>, output: Sender<T>) -> Outcome {
    while let Some(value) = input.next().await? {
        output.send(value).await?;
    }
    Ok(())
}

/// Sends on what `with` makes of each value.
///
/// Law: `map(f)` then `map(g)` is `map(g ∘ f)`.
#[process]
pub async fn map<A, B, F>(mut with: F, input: Receiver<A>, output: Sender<B>) -> Outcome
where
    A: Send + 'static,
    B: Send + 'static,
    F: FnMut(A) -> B + Send + 'static,
{
    while let Some(value) = input.next().await? {
        let made = with(value);
        output.send(made).await?;
    }
    Ok(())
}

/// Sends on those values for which `wanted` holds, and drops the others.
///
/// Law: `keep(p)` twice is `keep(p)`.
#[process]
pub async fn keep<T, F>(mut wanted: F, input: Receiver<T>, output: Sender<T>) -> Outcome
where
    T: Send + 'static,
    F: FnMut(&T) -> bool + Send + 'static,
{
    while let Some(value) = input.next().await? {
        if wanted(&value) {
            output.send(value).await?;
        }
    }
    Ok(())
}

/// Sends `first`, and then what it receives: what sets a ring going.
///
/// Law: `prefix` then `tail` is `identity`.
#[process]
pub async fn prefix<T: Send + 'static>(first: T, input: Receiver<T>, output: Sender<T>) -> Outcome {
    output.send(first).await?;
    while let Some(value) = input.next().await? {
        output.send(value).await?;
    }
    Ok(())
}

/// Drops the first value, and sends on the others.
#[process]
pub async fn tail<T: Send + 'static>(input: Receiver<T>, output: Sender<T>) -> Outcome {
    input.next().await?;
    while let Some(value) = input.next().await? {
        output.send(value).await?;
    }
    Ok(())
}

/// Sends each number's successor.
///
/// Law: it is `map(|n| n + 1)`.
#[process]
pub async fn successor<T: Add<Output = T> + From<u8> + Send + 'static>(
    input: Receiver<T>,
    output: Sender<T>,
) -> Outcome {
    while let Some(number) = input.next().await? {
        output.send(number + T::from(1)).await?;
    }
    Ok(())
}

/// Sends the sums of each two successive values.
///
/// Law: it is `plus` of its input and the `tail` of its input.
#[process]
pub async fn pairs<T, S>(input: Receiver<T>, output: Sender<S>) -> Outcome
where
    T: Add<Output = S> + Clone + Send + 'static,
    S: Send + 'static,
{
    let Some(mut previous) = input.next().await? else { return Ok(()) };
    while let Some(value) = input.next().await? {
        output.send(previous + value.clone()).await?;
        previous = value;
    }
    Ok(())
}
