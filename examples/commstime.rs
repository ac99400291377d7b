//! The benchmark of process networks: how long does one communication take?
//!
//! A number goes round a ring of three processes; each round costs four communications over rendezvous channels and
//! two switches between processes for each. When `consume` has seen enough it ends; its end of the channel retires,
//! and the ring winds down without anybody telling it to.
//!
//! Run: `cargo run --release --example commstime [ROUNDS]` (100000 rounds if not given)
//!
//! ```text
//!  prefix ---a---> delta ---d---> consume
//!     ^              |
//!     c              b
//!     |              v
//!     +--------- successor
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! .. rounds, last number ..
//! .. ns per communication
//! ```

use rendez::prelude::*;
use std::time::Instant;

const ROUNDS: u32 = 100_000;
const COMMUNICATIONS_PER_ROUND: f64 = 4.0;

#[process]
async fn prefix(first: u64, input: Receiver<u64>, output: Sender<u64>) -> Outcome {
    output.send(first).await?;
    while let Some(n) = input.next().await? {
        output.send(n).await?;
    }
    Ok(())
}

#[process]
async fn delta(input: Receiver<u64>, onward: Sender<u64>, out: Sender<u64>) -> Outcome {
    while let Some(n) = input.next().await? {
        onward.send(n).await?;
        out.send(n).await?;
    }
    Ok(())
}

#[process]
async fn successor(input: Receiver<u64>, output: Sender<u64>) -> Outcome {
    while let Some(n) = input.next().await? {
        output.send(n + 1).await?;
    }
    Ok(())
}

#[process]
async fn consume(rounds: u32, input: Receiver<u64>) -> Outcome {
    let start = Instant::now();
    let mut last = 0;
    for _ in 0..rounds {
        last = input.recv().await?;
    }
    let each = start.elapsed().as_secs_f64() * 1e9 / f64::from(rounds) / COMMUNICATIONS_PER_ROUND;
    println!("{rounds} rounds, last number {last}");
    println!("{each:.1} ns per communication");
    Ok(())
}

fn rounds() -> Outcome<u32> {
    let Some(text) = std::env::args().nth(1) else { return Ok(ROUNDS) };
    let rounds = text.parse().ok().filter(|&rounds| rounds > 0);
    rounds.ok_or_else(|| Failure::new(format!("`{text}` is no number of rounds: give a whole number from 1")))
}

#[rendez::main]
async fn main() -> Outcome {
    let rounds = rounds()?;
    let ((a_tx, a_rx), (b_tx, b_rx), (c_tx, c_rx), (d_tx, d_rx)) = (channel(), channel(), channel(), channel());
    par![prefix(0, c_rx, a_tx), delta(a_rx, b_tx, d_tx), successor(b_rx, c_tx), consume(rounds, d_rx)].await
}
