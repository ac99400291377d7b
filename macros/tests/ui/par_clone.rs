//! An end that two processes are to hold, and was not cloned.

use rendez::{Outcome, Sender, channel, par, process};

#[process]
async fn count(output: Sender<u8>) -> Outcome {
    Ok(output.send(1).await?)
}

async fn one_end_for_two() -> Outcome {
    let (tx, rx) = channel();
    par![count(tx), count(tx), async move { rx.recv().await.map(drop) }].await
}

fn main() {}
