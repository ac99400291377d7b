//! Recycled workers: a pool of child OS processes, each replaced by a new one after three jobs.
//!
//! What `multiprocessing.Pool(maxtasksperchild=3)` does: whatever a job has leaked or kept goes with its OS process. The pool is
//! a process between two channels; a worker that dies with a job is a failure that names it, where Python's pool waits for ever.
//!
//! Run: `cargo run --example recycled_workers`
//!
//! ```text
//!  give --jobs--> workers --results--> collect
//!                 workers: one OS process after another --job, result--> ~~QUIC~~
//! ```
//!
//! Ends by itself.
//!
//! It prints:
//!
//! ```text
//! jobs done: 8
//! their sum: 140
//! OS processes used: 3
//! ```

use rendez::net::{ChildSpec, Config, Identity, Node, child_main};
use rendez::prelude::*;
use rendez::toolkit::{collect, source};
use std::collections::BTreeSet;

/// A job of the worker: the square, and which OS process has made it.
async fn square(n: u64) -> (u64, u32) {
    (n * n, std::process::id())
}

#[rendez::main]
async fn main() -> Outcome {
    if let Some(child) = child_main()? {
        return Ok(child.serve(square).await?);
    }
    let node = Node::bind(Config::new("main", Identity::generate()?))?;
    let ((jobs, todo), (results, all)) = (channel(), channel());
    let workers = node.workers(ChildSpec::new("worker"), 1).renewed_after(3).run(todo, results);
    let done: Vec<(u64, u32)> = par![source(0..8_u64, jobs), workers, collect(all)].values().await?.2;
    node.shutdown().await;
    println!("jobs done: {}", done.len());
    println!("their sum: {}", done.iter().map(|(square, _)| square).sum::<u64>());
    println!("OS processes used: {}", done.iter().map(|(_, pid)| pid).collect::<BTreeSet<_>>().len());
    Ok(())
}
