//! Skynet: a tree of processes, ten children each down to a million leaves, whose numbers are summed on the way back. One operation
//! is a process.

use super::{Measured, Network, Run, expect};
use crate::family::Family;
use std::future::Future;
use std::pin::Pin;
use std::time::Instant;

const CHILDREN: u64 = 10;

/// With about as many processes as operations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Skynet;

impl<F: Family> Network<F> for Skynet {
    async fn run(self, ops: u64) -> Measured {
        let mut leaves = CHILDREN;
        while leaves + leaves / CHILDREN < ops {
            leaves *= CHILDREN;
        }
        let start = Instant::now();
        let (sum, processes) = F::spawn(node::<F>(0, leaves)).join().await?;
        let time = start.elapsed();
        expect("the sum of all leaves", sum, leaves * (leaves - 1) / 2)?;
        Ok(Run::timed(processes, time))
    }
}

/// The sum of the leaves from this one on, and how many processes it took.
fn node<F: Family>(first: u64, leaves: u64) -> Pin<Box<dyn Future<Output = (u64, u64)> + Send>> {
    Box::pin(async move {
        if leaves == 1 {
            return (first, 1);
        }
        let each = leaves / CHILDREN;
        let children = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(|child| F::spawn(node::<F>(first + child * each, each)));
        let (mut sum, mut processes) = (0, 1);
        for child in children {
            let (leaves, below) = child.join().await.unwrap_or_default();
            (sum, processes) = (sum + leaves, processes + below);
        }
        (sum, processes)
    })
}
