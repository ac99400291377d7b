//! With: what is taken is given back at the end of the block, however it ends.
//!
//! Answers recipe 2.9, threads that synchronise by the `with` statement; `c02_09_with.py` is the same job in Python. A guard
//! is a value that gives back when it is dropped; there is no other way to take anything, and no way to forget.
//!
//! Run: `cargo run --example c02_09_with`
//!
//! ```text
//!  careful, hasty <---> till
//!                 <---> counters (2 permits)
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! the till has 30
//! hasty was refused: no change for 100
//! both counters are free, and the till has 30
//! ```

use rendez::prelude::*;
use rendez::sync::{Exclusive, Semaphore};

/// Puts money into the till, if there is change for it.
async fn pay(till: &Exclusive<u32>, counters: &Semaphore, amount: u32) -> Result<(), String> {
    let _counter = counters.acquire().await.map_err(|ended| ended.to_string())?;
    let mut money = till.lock().await.map_err(|ended| ended.to_string())?;
    if amount > *money {
        return Err(format!("no change for {amount}")); // Till and counter are free again.
    }
    *money += amount;
    Ok(())
}

#[process]
async fn customer(till: Exclusive<u32>, counters: Semaphore, amount: u32) -> Outcome<Result<(), String>> {
    Ok(pay(&till, &counters, amount).await)
}

#[rendez::main]
async fn main() -> Outcome {
    let (till, counters) = (Exclusive::named("till", 20), Semaphore::named("counters", 2));
    customer(till.clone(), counters.clone(), 10).named("careful").await?.map_err(Failure::new)?;
    println!("the till has {}", *till.lock().await?);
    let refused = customer(till.clone(), counters.clone(), 100).named("hasty").await?;
    println!("hasty was refused: {}", refused.unwrap_err());
    let _both = counters.acquire_many(2).await?;
    println!("both counters are free, and the till has {}", *till.lock().await?);
    Ok(())
}
