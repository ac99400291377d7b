//! A semaphore: eight guests, two seats; never more than two sit at a time.
//!
//! Answers recipe 2.6, threads that synchronise by a semaphore; `c02_06_semaphore.py` is the same job in Python. A
//! semaphore is a channel of tokens. One that begins at 0 signals: `ready.add(1)` lets go who waits in
//! `ready.acquire()`; or send what is ready itself, as in `c02_10_queue`.
//!
//! Run: `cargo run --example c02_06_semaphore`
//!
//! ```text
//!  guest 0 ---+
//!  guest 1 ---+---> seats (2 tokens)
//!  ..      ---+
//!  guest 7 ---+
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! 8 guests sat, at most 2 at a time: true
//! ```

use rendez::prelude::*;
use rendez::sync::{Exclusive, Semaphore};
use std::time::Duration;

const GUESTS: usize = 8;
const SEATS: usize = 2;

/// How many sit now, sat at most, and sat at all.
#[derive(Default)]
struct Count {
    now: usize,
    most: usize,
    total: usize,
}

#[process]
async fn guest(seats: Semaphore, count: Exclusive<Count>) -> Outcome {
    let _seat = seats.acquire().await?;
    sit(&mut *count.lock().await?);
    after(Duration::from_millis(2)).await;
    count.lock().await?.now -= 1;
    Ok(())
}

fn sit(count: &mut Count) {
    count.now += 1;
    count.most = count.most.max(count.now);
    count.total += 1;
}

#[rendez::main]
async fn main() -> Outcome {
    let (seats, count) = (Semaphore::named("seats", SEATS), Exclusive::new(Count::default()));
    let guests = (0..GUESTS).map(|n| guest(seats.clone(), count.clone()).named(format!("guest {n}")));
    par(guests.collect::<Vec<_>>()).await?;
    let count = count.lock().await?;
    println!("{} guests sat, at most {SEATS} at a time: {}", count.total, count.most <= SEATS);
    Ok(())
}
