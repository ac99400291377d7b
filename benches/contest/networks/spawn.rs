//! Spawn: processes that do nothing are started, all handles kept, and then all joined. One operation is a process.

use super::{Measured, Network, Run, expect};
use crate::family::Family;
use std::time::Instant;

/// As many processes as operations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spawn;

impl<F: Family> Network<F> for Spawn {
    async fn run(self, ops: u64) -> Measured {
        let start = Instant::now();
        let all: Vec<_> = (0..ops).map(|number| F::spawn(async move { number })).collect();
        let mut sum = 0;
        for process in all {
            sum += process.join().await?;
        }
        let time = start.elapsed();
        expect("the sum of what they ended with", sum, ops * (ops - 1) / 2)?;
        Ok(Run::timed(ops, time))
    }
}
