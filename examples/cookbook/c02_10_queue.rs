//! A queue: one producer, three consumers, each item to one of them; all end when there are no more.
//!
//! Answers recipe 2.10, threads that communicate by a queue; `c02_10_queue.py` is the same job in Python. There is no
//! item that says "no more" and nobody counts: the producer's end of the channel is dropped, and that is that.
//!
//! Run: `cargo run --example c02_10_queue`
//!
//! ```text
//!                      +---> consume 0
//!  produce ---items----+---> consume 1
//!                      +---> consume 2
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! 30 items, sum 465
//! ```

use rendez::prelude::*;

const ITEMS: u32 = 30;
const CONSUMERS: usize = 3;

#[process]
async fn produce(items: Sender<u32>) -> Outcome {
    for item in 1..=ITEMS {
        items.send(item).await?;
    }
    Ok(())
}

#[process]
async fn consume(items: Receiver<u32>) -> Outcome<Vec<u32>> {
    let mut consumed = vec![];
    while let Some(item) = items.next().await? {
        consumed.push(item);
    }
    Ok(consumed)
}

#[rendez::main]
async fn main() -> Outcome {
    let (items, queue) = channel_bounded(5);
    let consumers: Vec<_> = (0..CONSUMERS).map(|n| consume(queue.clone()).named(format!("consume {n}"))).collect();
    let ((), consumed) = par![produce(items), par(consumers).values()].values().await?;
    let consumed = consumed.concat();
    println!("{} items, sum {}", consumed.len(), consumed.iter().sum::<u32>());
    Ok(())
}
