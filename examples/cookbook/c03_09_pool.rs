//! A pool: a function over many inputs, on four threads, the results in order.
//!
//! Answers recipe 3.9, a pool of processes; `c03_09_pool.py` is the same job in Python. Threads are enough: there is no
//! interpreter's lock to get away from, and nothing is pickled.
//!
//! Run: `cargo run --example c03_09_pool`
//!
//! ```text
//!            +--> worker 0 --+
//!  items ----+--> ..         +----> results, in order
//!            +--> worker 3 --+
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! 100 squares, the last 9801, the sum 328350
//! ```

use rendez::prelude::*;

#[rendez::main]
async fn main() -> Outcome {
    let squares = Pool::new(4).map(|n: u64| n * n, 0..100).await?;
    println!("{} squares, the last {}, the sum {}", squares.len(), squares[99], squares.iter().sum::<u64>());
    Ok(())
}
