//! An array that OS processes share: an actor owns it, children read and write ranges of it, and meet at a barrier in between.
//!
//! What `multiprocessing.Array`, `Manager` and `Barrier` do. An array in shared memory needs a lock that everybody takes, and a
//! process that dies with the lock held takes the others along; here one actor has the array, each call is one step, and what
//! is read and written goes as a range, so that a call costs little beside the work. Where the numbers themselves are the
//! bottleneck, let one process keep them and its threads share them: an `Arc` is shared memory without a copy.
//!
//! Run: `cargo run --example shared_array`
//!
//! ```text
//!  sweeper 0, 1, 2 --read, write--> ~~QUIC~~ --> array
//!  sweeper 0, 1, 2 ---- barrier `sweeps`: all have read before anybody writes, and written before anybody reads
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! before: 0 0 0 0 0 900 0 0 0 0 0 0
//! after sweep 1: 0 0 0 0 300 300 300 0 0 0 0 0
//! after sweep 2: 0 0 0 100 200 300 200 100 0 0 0 0
//! after sweep 3: 0 0 33 100 200 233 200 100 33 0 0 0
//! ```

use rendez::net::{ChildNode, ChildSpec, Config, Identity, Node, child_main};
use rendez::prelude::*;

const SWEEPERS: usize = 3;
const PART: usize = 4;
const SWEEPS: usize = 3;

/// What the children share.
pub struct Array {
    numbers: Vec<u64>,
}

#[actor(remote)]
impl Array {
    /// The numbers of a range, as far as they are there.
    pub async fn read(&self, from: usize, to: usize) -> Vec<u64> {
        let to = to.min(self.numbers.len());
        self.numbers[from.min(to)..to].to_vec()
    }

    /// Writes numbers from a place on, as far as there is room.
    pub async fn write(&mut self, from: usize, numbers: Vec<u64>) {
        let places = self.numbers.iter_mut().skip(from);
        places.zip(numbers).for_each(|(place, number)| *place = number);
    }
}

/// One child: evens out its part of the array with what is beside it, again and again.
async fn sweep(child: ChildNode) -> Outcome {
    let number: usize = child.name.trim_start_matches("sweeper ").parse()?;
    let (node, parent) = child.join().await?;
    let array: ArrayRef = parent.actor("array").await?;
    let mut barrier = parent.barrier("sweeps").await?;
    let (from, to) = (number * PART, (number + 1) * PART);
    for _ in 0..SWEEPS {
        let first = from.saturating_sub(1);
        let seen = array.read(first, to + 1).await?;
        barrier.sync().await?;
        let at = |place: usize| place.checked_sub(first).and_then(|place| seen.get(place)).copied().unwrap_or(0);
        let even = (from..to).map(|place| (place.checked_sub(1).map_or(0, at) + at(place) + at(place + 1)) / 3);
        array.write(from, even.collect()).await?;
        barrier.sync().await?;
    }
    drop(barrier);
    node.shutdown().await;
    Ok(())
}

async fn share() -> Outcome {
    let mut numbers = vec![0; SWEEPERS * PART];
    numbers[5] = 900;
    let array: ArrayRef = spawn_actor(Array { numbers });
    println!("before: {}", show(&array).await?);
    let node = Node::bind(Config::new("main", Identity::generate()?))?;
    let barrier = Barrier::new();
    let mut here = barrier.enrol();
    node.publish_actor("array", &array)?;
    node.publish_barrier("sweeps", barrier.enrol_many(SWEEPERS))?;
    let watch = Process::new("watch", async move {
        for sweep in 1..=SWEEPS {
            here.sync().await; // All have read.
            here.sync().await; // All have written, and none goes on to write before this one comes again.
            println!("after sweep {sweep}: {}", show(&array).await?);
        }
        Outcome::Ok(())
    });
    let sweeper = |number| Ok(node.child(ChildSpec::new(format!("sweeper {number}")))?.1);
    let sweepers: Outcome<Vec<_>> = (0..SWEEPERS).map(sweeper).collect();
    par![par(sweepers?), watch].await?;
    node.shutdown().await;
    Ok(())
}

async fn show(array: &ArrayRef) -> Outcome<String> {
    let numbers = array.read(0, SWEEPERS * PART).await?;
    Ok(numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(" "))
}

#[rendez::main]
async fn main() -> Outcome {
    match child_main()? {
        Some(child) => sweep(child).await,
        None => share().await,
    }
}
