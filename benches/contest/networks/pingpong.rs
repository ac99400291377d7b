//! Ping-pong: a value goes to another process and comes back. One operation is a round trip; the first one is not timed.

use super::{Measured, Network, Run, expect};
use crate::family::{Capacity, Family};
use std::time::Instant;

/// Two processes, two rendezvous.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PingPong;

impl<F: Family> Network<F> for PingPong {
    async fn run(self, ops: u64) -> Measured {
        let (there, echo_input) = F::make(Capacity::Rendezvous);
        let (echo_output, mut back) = F::make(Capacity::Rendezvous);
        let echo = F::spawn(echo::<F>(echo_input, echo_output));
        let mut start = Instant::now();
        for trip in 0..=ops {
            if trip == 1 {
                start = Instant::now();
            }
            F::send(&there, trip).await;
            expect("the value that came back", F::recv(&mut back).await, Some(trip))?;
        }
        let time = start.elapsed();
        drop(there);
        expect("the number of echoes", echo.join().await?, ops + 1)?;
        Ok(Run::timed(ops, time))
    }
}

async fn echo<F: Family>(mut input: F::Rx, output: F::Tx) -> u64 {
    let mut echoes = 0;
    while let Some(value) = F::recv(&mut input).await {
        if F::send(&output, value).await.is_none() {
            break;
        }
        echoes += 1;
    }
    echoes
}
