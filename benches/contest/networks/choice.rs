//! Choice: as many processes as inputs send 1 for ever, one receives from whichever is ready. One operation is a choice.

use super::{Measured, Network, Run, expect};
use crate::family::{Capacity, Choose, Family};
use std::time::Instant;

/// So many rendezvous and their senders, one receiver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice<const INPUTS: usize>;

impl<F: Choose<INPUTS>, const INPUTS: usize> Network<F> for Choice<INPUTS> {
    async fn run(self, ops: u64) -> Measured {
        let inputs = [(); INPUTS].map(|()| {
            let (output, input) = F::make(Capacity::Rendezvous);
            F::spawn(ones::<F>(output));
            input
        });
        let start = Instant::now();
        let sum = F::choose(inputs, ops).await;
        let time = start.elapsed();
        expect("the sum of what was chosen", sum, Some(ops))?;
        Ok(Run::timed(ops, time))
    }
}

async fn ones<F: Family>(output: F::Tx) {
    while F::send(&output, 1).await.is_some() {}
}
