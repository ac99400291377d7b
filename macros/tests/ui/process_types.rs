//! Processes whose types do not fit.

use rendez::{Outcome, Receiver, Sender, channel, process};
use std::rc::Rc;

#[process]
async fn ends_with_a_number() -> u32 {
    5
}

#[process]
async fn forgets_its_outcome(input: Receiver<u8>) -> Outcome {
    input.recv().await?;
}

#[process]
async fn holds_what_is_not_send(output: Sender<u8>) -> Outcome {
    let shared = Rc::new(5);
    output.send(*shared).await?;
    output.send(*shared).await?;
    Ok(())
}

#[process]
async fn is_given_anything<T>(value: T) -> Outcome {
    drop(value);
    Ok(())
}

#[process]
async fn copies(input: Receiver<u8>, output: Sender<u8>) -> Outcome {
    while let Some(x) = input.next().await? {
        output.send(x).await?;
    }
    Ok(())
}

fn wrong_ends() {
    let (tx, rx) = channel::<u8>();
    let (text_tx, text_rx) = channel::<String>();
    let _ = copies(tx, rx);
    let _ = copies(text_rx, text_tx);
}

fn main() {}
