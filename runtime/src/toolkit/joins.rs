//! Processes with several inputs and one output.

use crate::trace::{self, Traced};
use crate::{Outcome, alt, process};
use rendez_channels::{Alt, Ended, Receiver, Sender};
use std::ops::Add;

/// Sends the sums of a value from each side, and ends with the shorter.
///
/// Law: it is `zip` then `map(|(a, b)| a + b)`.
#[process]
pub async fn plus<A, B, S>(left: Receiver<A>, right: Receiver<B>, output: Sender<S>) -> Outcome
where
    A: Add<B, Output = S> + Send + 'static,
    B: Send + 'static,
    S: Send + 'static,
{
    while let Some((a, b)) = both(&left, &right).await? {
        output.send(a + b).await?;
    }
    Ok(())
}

/// Sends pairs of a value from each side, and ends with the shorter.
///
/// Law: `unzip` then `zip` is `identity`.
#[process]
pub async fn zip<A, B>(left: Receiver<A>, right: Receiver<B>, output: Sender<(A, B)>) -> Outcome
where
    A: Send + 'static,
    B: Send + 'static,
{
    while let Some(pair) = both(&left, &right).await? {
        output.send(pair).await?;
    }
    Ok(())
}

/// Makes one ascending stream of two ascending ones; equal values all stay, the left one first.
///
/// Law: what comes out of sorted inputs is sorted, and has all of both.
#[process]
pub async fn merge<T: Ord + Send + 'static>(left: Receiver<T>, right: Receiver<T>, output: Sender<T>) -> Outcome {
    let mut heads = first_of_each(&left, &right).await?;
    loop {
        heads = match heads {
            (Some(l), Some(r)) if l.message <= r.message => {
                send(&output, l).await?;
                (head(&left).await?, Some(r))
            }
            (l, Some(r)) => {
                send(&output, r).await?;
                (l, head(&right).await?)
            }
            (Some(l), None) => {
                send(&output, l).await?;
                (head(&left).await?, None)
            }
            (None, None) => return Ok(()),
        };
    }
}

/// Sends on whatever comes from any input, fairly: JCSP's plex. It ends when all inputs have ended.
///
/// Law: the values of each input keep their order, and of n inputs that stay ready each is served within n values.
#[process]
pub async fn mux<T: Send + 'static>(inputs: Vec<Receiver<T>>, output: Sender<T>) -> Outcome {
    let mut any = Alt::new();
    for input in &inputs {
        any.receive(input, |received| received);
    }
    while let Some(received) = any.next().await {
        match received {
            Ok(value) => output.send(value).await?,
            Err(ended) if ended.is_retired() => {}
            Err(ended) => return Err(ended.into()),
        }
    }
    Ok(())
}

/// A value from each, in whatever order they come; none once one side has ended.
async fn both<A, B>(left: &Receiver<A>, right: &Receiver<B>) -> Result<Option<(A, B)>, Ended>
where
    A: Send + 'static,
    B: Send + 'static,
{
    alt! {
        a = left.next() => {
            let Some(a) = a? else { return Ok(None) };
            Ok(right.next().await?.map(|b| (a, b)))
        }
        b = right.next() => {
            let Some(b) = b? else { return Ok(None) };
            Ok(left.next().await?.map(|a| (a, b)))
        }
    }
}

/// Sends one that was held back, on behalf of what it belongs to.
async fn send<T: Send + 'static>(output: &Sender<T>, held: Traced<T>) -> Outcome {
    Ok(trace::within(held.trace, output.send(held.message)).await?)
}

/// The next one of a side, if there is one.
async fn head<T: Send + 'static>(input: &Receiver<T>) -> Result<Option<Traced<T>>, Ended> {
    Ok(input.next().await?.map(Traced::here))
}

/// The first of each, in whatever order they come; one that has ended has none.
async fn first_of_each<T: Send + 'static>(
    left: &Receiver<T>,
    right: &Receiver<T>,
) -> Result<(Option<Traced<T>>, Option<Traced<T>>), Ended> {
    alt! {
        l = left.next() => {
            let l = l?.map(Traced::here);
            Ok((l, head(right).await?))
        }
        r = right.next() => {
            let r = r?.map(Traced::here);
            Ok((head(left).await?, r))
        }
    }
}
