//! Managed state: several processes write into one dictionary that an actor keeps.
//!
//! Answers recipe 3.8, a manager and its proxies; `c03_08_managed.py` is the same job in Python. The actor is the manager and its
//! reference the proxy, with methods of one's own instead of a dictionary's: to add a square and to count it is one step,
//! and takes no lock. With `#[actor(remote)]` the same reference works from other nodes.
//!
//! Run: `cargo run --example c03_08_managed`
//!
//! ```text
//!  work 0 --+
//!  ..       +--add--> squares
//!  work 4 --+
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! 0: 0, 1: 1, 2: 4, 3: 9, 4: 16
//! total 10
//! ```

use rendez::prelude::*;
use std::collections::BTreeMap;

const WORKERS: u32 = 5;

/// What the processes share.
#[derive(Default)]
pub struct Squares {
    squares: BTreeMap<u32, u32>,
    total: u32,
}

#[actor]
impl Squares {
    /// Enters a square.
    pub async fn add(&mut self, n: u32, square: u32) {
        self.squares.insert(n, square);
        self.total += n;
    }

    /// All of them, and the sum of what they are the squares of.
    pub async fn all(&self) -> (BTreeMap<u32, u32>, u32) {
        (self.squares.clone(), self.total)
    }
}

#[process]
async fn work(n: u32, squares: SquaresRef) -> Outcome {
    squares.add(n, n * n).await?;
    Ok(())
}

#[rendez::main]
async fn main() -> Outcome {
    let squares: SquaresRef = spawn_actor(Squares::default());
    par((0..WORKERS).map(|n| work(n, squares.clone()))).await?;
    let (all, total) = squares.all().await?;
    let all: Vec<_> = all.iter().map(|(n, square)| format!("{n}: {square}")).collect();
    println!("{}", all.join(", "));
    println!("total {total}");
    Ok(())
}
