//! A re-entrant lock, without one: a crate of items whose operations are made of each other, used by two processes.
//!
//! Answers recipe 2.5, threads that synchronise by a re-entrant lock; `c02_05_rlock.py` is the same job in Python. There
//! `replace` holds the lock that `remove` and `add`, which it calls, take again. Here the crate is an actor: a message
//! has it to itself until it is done, and what it calls on the way are methods. Where a lock is meant nevertheless, there
//! is `rendez::sync::Reentrant`.
//!
//! Run: `cargo run --example c02_05_rlock`
//!
//! ```text
//!  packer ---> Crate <--- inspector
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! 100 items, none ever missing
//! ```

use rendez::prelude::*;

const ITEMS: usize = 100;

/// What several processes put items into.
#[derive(Default)]
pub struct Crate {
    items: Vec<usize>,
}

#[actor]
impl Crate {
    /// Puts an item in.
    pub async fn add(&mut self, item: usize) {
        self.items.push(item);
    }

    /// Takes an item out.
    pub async fn remove(&mut self) -> Option<usize> {
        self.items.pop()
    }

    /// Takes an item out and puts another in; nobody sees the crate in between.
    pub async fn replace(&mut self, item: usize) -> Option<usize> {
        let old = self.remove().await;
        self.add(item).await;
        old
    }

    /// How many items there are.
    pub async fn count(&mut self) -> usize {
        self.items.len()
    }
}

#[process]
async fn packer(shared: CrateRef) -> Outcome {
    for item in 0..ITEMS {
        shared.add(item).await?;
        shared.replace(item + ITEMS).await?;
    }
    Ok(())
}

#[process]
async fn inspector(shared: CrateRef) -> Outcome<bool> {
    let mut before = 0;
    while before < ITEMS {
        let now = shared.count().await?;
        if now < before {
            return Ok(false);
        }
        before = now;
    }
    Ok(true)
}

#[rendez::main]
async fn main() -> Outcome {
    let shared: CrateRef = spawn_actor(Crate::default());
    let ((), complete) = par![packer(shared.clone()), inspector(shared.clone())].values().await?;
    println!("{} items, {} ever missing", shared.count().await?, if complete { "none" } else { "one" });
    Ok(())
}
