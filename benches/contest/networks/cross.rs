//! Cross: a stream from an OS thread that blocks to a task. One operation is a message.

use super::stream::{consume, produce, right};
use super::{Measured, Network, Run, expect};
use crate::family::{Capacity, Family};
use crate::place::{Carrier, Threads};
use std::time::Instant;

/// One producer in a thread and one consumer elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cross {
    /// What the channel holds.
    pub(crate) capacity: Capacity,
}

impl<F: Family> Network<F> for Cross {
    async fn run(self, ops: u64) -> Measured {
        let start = Instant::now();
        let (output, input) = F::make(self.capacity);
        Threads::spawn(produce::<F>(ops, output));
        let seen = consume::<F>(input).await;
        let time = start.elapsed();
        expect("count and sum of what came", seen, right(1, ops))?;
        Ok(Run::timed(ops, time))
    }
}
