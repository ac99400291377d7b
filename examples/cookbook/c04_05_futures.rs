//! Futures: what will be known, with what is done once it is.
//!
//! Answers recipe 4.5, asyncio and futures; `c04_05_futures.py` is the same job in Python. A started
//! process is a future of its value; a callback is who waits for it: a process, too, whose failure is not lost.
//!
//! Run: `cargo run --example c04_05_futures`
//!
//! ```text
//!  sum, factorial ---> said   (a callback of each)
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! the sum of the first 100 numbers is 5050
//! the product of the first 10 numbers is 3628800
//! ```

use rendez::prelude::*;

#[process]
async fn sum(n: u64) -> Outcome<u64> {
    Ok((1..=n).sum())
}

#[process]
async fn product(n: u64) -> Outcome<u64> {
    Ok((1..=n).product())
}

/// The callback: turns what a future comes to into words.
#[process]
async fn say(what: &'static str, future: Spawned<u64>) -> Outcome<String> {
    Ok(format!("the {what} numbers is {}", future.join().await?))
}

#[rendez::main]
async fn main() -> Outcome {
    let (sum, product) = (spawn(sum(100)), spawn(product(10)));
    let (first, second) =
        par![say("sum of the first 100", sum), say("product of the first 10", product)].values().await?;
    println!("{first}\n{second}");
    Ok(())
}
