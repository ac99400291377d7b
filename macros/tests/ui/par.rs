//! What cannot run side by side.

use rendez::{Outcome, Receiver, Sender, channel, par, process, seq};
use std::rc::Rc;

#[process]
async fn count(output: Sender<u8>) -> Outcome {
    Ok(output.send(1).await?)
}

#[process]
async fn show(input: Receiver<u8>) -> Outcome {
    input.recv().await?;
    Ok(())
}

async fn not_send() -> Outcome {
    par![async {
        let shared = Rc::new(5);
        rendez::after(std::time::Duration::from_secs(*shared)).await;
        Outcome::Ok(())
    }]
    .await
}

async fn no_process() -> Outcome {
    par![5, count].await
}

async fn no_outcome() -> Outcome {
    par![async { 5 }].await
}

async fn a_wrong_port() -> Outcome {
    let (tx, rx) = channel();
    par![count(rx), show(tx)].await
}

async fn nothing() {
    par![];
    seq![];
}

fn main() {}
