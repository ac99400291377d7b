//! Beside: commstime beside processes that wait all the time. What the looks for deadlocks cost who goes on; the waits are not measured.

use super::{Commstime, Measured, Network};
use crate::family::{Capacity, Family};

/// So many of them, each at a rendezvous of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beside(pub(crate) usize);

impl<F: Family> Network<F> for Beside {
    async fn run(self, ops: u64) -> Measured {
        let (outputs, inputs): (Vec<_>, Vec<_>) = (0..self.0).map(|_| F::make(Capacity::Rendezvous)).unzip();
        let waiters: Vec<_> = inputs.into_iter().map(|input| F::spawn(wait::<F>(input))).collect();
        let measured = Network::<F>::run(Commstime, ops).await;
        drop(outputs);
        for waiter in waiters {
            waiter.join().await?;
        }
        measured
    }
}

async fn wait<F: Family>(mut input: F::Rx) {
    F::recv(&mut input).await;
}
