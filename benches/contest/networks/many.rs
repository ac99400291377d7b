//! Many: producers and consumers share one channel. One operation is a message; the time is until all consumers have seen
//! the end.

use super::{Measured, Network, Run, expect, stream};
use crate::family::{Capacity, Family};
use std::time::Instant;

/// As many consumers as producers, for families whose receiving end can be cloned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Many {
    /// How many of each.
    pub(crate) pairs: u64,
    /// What the channel holds.
    pub(crate) capacity: Capacity,
}

impl<F: Family<Rx: Clone>> Network<F> for Many {
    async fn run(self, ops: u64) -> Measured {
        let each = ops.div_ceil(self.pairs);
        let start = Instant::now();
        let (output, input) = F::make(self.capacity);
        let consumers: Vec<_> = (0..self.pairs).map(|_| F::spawn(stream::consume::<F>(input.clone()))).collect();
        drop(input);
        for _ in 0..self.pairs {
            F::spawn(stream::produce::<F>(each, output.clone()));
        }
        drop(output);
        let (mut count, mut sum) = (0, 0);
        for consumer in consumers {
            let seen = consumer.join().await?;
            count += seen.0;
            sum += seen.1;
        }
        let time = start.elapsed();
        expect("count and sum of what came", (count, sum), stream::right(self.pairs, each))?;
        Ok(Run::timed(each * self.pairs, time))
    }
}
