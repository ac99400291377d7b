//! Processes with one input and several outputs.

use crate::{Outcome, process};
use rendez_channels::{Alt, Receiver, Sender};

/// Sends each value to all outputs, to each as soon as it takes it; the next value when all have it.
///
/// It ends when one of its outputs has nobody left to receive: so a ring winds down.
///
/// Law: what comes out of each output is what went in.
#[process]
pub async fn delta<T: Clone + Send + 'static>(input: Receiver<T>, outputs: Vec<Sender<T>>) -> Outcome {
    let mut sends = Alt::new();
    while let Some(value) = input.next().await? {
        for output in &outputs {
            sends.send(output, value.clone(), |sent| sent);
        }
        while let Some(sent) = sends.next().await {
            sent?;
        }
    }
    Ok(())
}

/// Takes pairs apart, the halves of each as soon as they are taken.
///
/// Law: `unzip` then `zip` is `identity`.
#[process]
pub async fn unzip<A, B>(input: Receiver<(A, B)>, left: Sender<A>, right: Sender<B>) -> Outcome
where
    A: Send + 'static,
    B: Send + 'static,
{
    let mut sends = Alt::new();
    while let Some((a, b)) = input.next().await? {
        sends.send(&left, a, |sent| sent.map_err(|e| e.into_cause()));
        sends.send(&right, b, |sent| sent.map_err(|e| e.into_cause()));
        while let Some(sent) = sends.next().await {
            sent?;
        }
    }
    Ok(())
}

/// Sends the values to its outputs in turn, as one deals cards.
///
/// Law: `demux` onto two and then `zip` gives the values by twos, in order.
#[process]
pub async fn demux<T: Send + 'static>(input: Receiver<T>, outputs: Vec<Sender<T>>) -> Outcome {
    let mut turns = outputs.iter().cycle();
    while let Some(value) = input.next().await? {
        let Some(output) = turns.next() else { break };
        output.send(value).await?;
    }
    Ok(())
}
