//! A condition: a producer waits while the shelf is full, a consumer while it is empty.
//!
//! Answers recipe 2.7, threads that synchronise by a condition; `c02_07_condition.py` is the same job in Python. Nobody
//! needs to write this by hand for a shelf: `channel_bounded(4)` is one. It is for conditions that no channel knows of.
//!
//! Run: `cargo run --example c02_07_condition`
//!
//! ```text
//!  produce ---> shelf <--- consume
//!      |                     |
//!      +----- changed <------+
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! consumed 20 items, sum 210
//! ```

use rendez::prelude::*;
use rendez::sync::{Condition, Exclusive};
use std::collections::VecDeque;

const ITEMS: u32 = 20;
const PLACES: usize = 4;

type Shelf = Exclusive<VecDeque<u32>>;

#[process]
async fn produce(shelf: Shelf, changed: Condition) -> Outcome {
    for item in 1..=ITEMS {
        let mut items = changed.wait_while(shelf.lock().await?, |items| items.len() == PLACES).await?;
        items.push_back(item);
        changed.notify_all();
    }
    Ok(())
}

#[process]
async fn consume(shelf: Shelf, changed: Condition) -> Outcome<u32> {
    let mut sum = 0;
    for _ in 0..ITEMS {
        let mut items = changed.wait_while(shelf.lock().await?, |items| items.is_empty()).await?;
        sum += items.pop_front().unwrap_or_default();
        changed.notify_all();
    }
    Ok(sum)
}

#[rendez::main]
async fn main() -> Outcome {
    let (shelf, changed) = (Shelf::default(), Condition::named("changed"));
    let ((), sum) = par![produce(shelf.clone(), changed.clone()), consume(shelf, changed)].values().await?;
    println!("consumed {ITEMS} items, sum {sum}");
    Ok(())
}
