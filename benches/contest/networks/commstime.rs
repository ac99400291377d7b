//! commstime: four processes in a ring that counts, the classical measure of a communication.
//!
//! ```text
//!  prefix --a--> delta --d--> consume
//!    ^             |
//!    c             b
//!    |             v
//!    +-- successor-+
//! ```
//!
//! One operation is a communication, four a loop. The consumer checks that the values count up, and takes the time from
//! after its first value.

use super::{Measured, Network, Run, expect};
use crate::family::{Capacity, Family};
use std::time::{Duration, Instant};

const COMMUNICATIONS_A_LOOP: u64 = 4;

/// Prefix, delta, successor, consumer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Commstime;

impl<F: Family> Network<F> for Commstime {
    async fn run(self, ops: u64) -> Measured {
        let loops = ops.div_ceil(COMMUNICATIONS_A_LOOP);
        let [a, b, c, d] = [(); 4].map(|()| F::make(Capacity::Rendezvous));
        F::spawn(prefix::<F>(c.1, a.0));
        F::spawn(delta::<F>(a.1, b.0, d.0));
        F::spawn(successor::<F>(b.1, c.0));
        let time = consume::<F>(loops, d.1).await?;
        Ok(Run::timed(loops * COMMUNICATIONS_A_LOOP, time))
    }
}

async fn prefix<F: Family>(mut input: F::Rx, output: F::Tx) -> Option<()> {
    F::send(&output, 0).await?;
    loop {
        F::send(&output, F::recv(&mut input).await?).await?;
    }
}

async fn delta<F: Family>(mut input: F::Rx, first: F::Tx, second: F::Tx) -> Option<()> {
    loop {
        let value = F::recv(&mut input).await?;
        F::send(&first, value).await?;
        F::send(&second, value).await?;
    }
}

async fn successor<F: Family>(mut input: F::Rx, output: F::Tx) -> Option<()> {
    loop {
        F::send(&output, F::recv(&mut input).await? + 1).await?;
    }
}

async fn consume<F: Family>(loops: u64, mut input: F::Rx) -> Result<Duration, String> {
    expect("the consumer's first value", F::recv(&mut input).await, Some(0))?;
    let start = Instant::now();
    for number in 1..=loops {
        expect("the consumer's value", F::recv(&mut input).await, Some(number))?;
    }
    Ok(start.elapsed())
}
