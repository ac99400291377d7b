//! Stream: producers send, one consumer receives until it sees the end. One operation is a message. The time is from before
//! the channel and the processes are made.

use super::{Measured, Network, Run, expect};
use crate::family::{Capacity, Family};
use std::time::Instant;

/// Some producers and one consumer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream {
    /// How many producers.
    pub(crate) producers: u64,
    /// What the channel holds.
    pub(crate) capacity: Capacity,
}

impl<F: Family> Network<F> for Stream {
    async fn run(self, ops: u64) -> Measured {
        let each = ops.div_ceil(self.producers);
        let start = Instant::now();
        let (output, input) = F::make(self.capacity);
        for _ in 0..self.producers {
            F::spawn(produce::<F>(each, output.clone()));
        }
        drop(output);
        let seen = consume::<F>(input).await;
        let time = start.elapsed();
        expect("count and sum of what came", seen, right(self.producers, each))?;
        Ok(Run::timed(each * self.producers, time))
    }
}

/// Sends 1 to `each`.
pub(super) async fn produce<F: Family>(each: u64, output: F::Tx) -> Option<()> {
    for value in 1..=each {
        F::send(&output, value).await?;
    }
    Some(())
}

/// Receives all there is: how many, and their sum.
pub(super) async fn consume<F: Family>(mut input: F::Rx) -> (u64, u64) {
    let (mut count, mut sum) = (0, 0);
    while let Some(value) = F::recv(&mut input).await {
        count += 1;
        sum += value;
    }
    (count, sum)
}

/// Count and sum of what the producers send.
pub(super) fn right(producers: u64, each: u64) -> (u64, u64) {
    (producers * each, producers * (each * (each + 1) / 2))
}
