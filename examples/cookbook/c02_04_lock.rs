//! A lock: two processes change one balance at the same time, and no change is lost.
//!
//! Answers recipe 2.4, threads that synchronise by a lock; `c02_04_lock.py` is the same job in Python. The lock owns what
//! it protects, so that nobody can forget to take it, and who waits for it is served in order of arrival.
//!
//! Run: `cargo run --example c02_04_lock`
//!
//! ```text
//!  change (+1) <---> balance <---> change (-1)
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! balance: 0
//! ```

use rendez::prelude::*;
use rendez::sync::Exclusive;

const CHANGES: u32 = 10_000;

#[process]
async fn change(by: i64, balance: Exclusive<i64>) -> Outcome {
    for _ in 0..CHANGES {
        *balance.lock().await? += by;
    }
    Ok(())
}

#[rendez::main]
async fn main() -> Outcome {
    let balance = Exclusive::named("balance", 0);
    par![change(1, balance.clone()), change(-1, balance.clone())].await?;
    println!("balance: {}", *balance.lock().await?);
    Ok(())
}
