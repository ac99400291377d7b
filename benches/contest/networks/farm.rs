//! Farm: a master hands out jobs over one rendezvous to eight workers, who hand over what they computed by another. One operation is
//! a job.

use super::fork::compute;
use super::{Measured, Network, Run, expect};
use crate::family::{Capacity, Family};
use std::time::{Duration, Instant};

const WORKERS: usize = 8;

/// How long a job takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Farm(pub(crate) Duration);

impl<F: Family<Rx: Clone>> Network<F> for Farm {
    async fn run(self, ops: u64) -> Measured {
        let (jobs, job) = F::make(Capacity::Rendezvous);
        let (result, mut results) = F::make(Capacity::Rendezvous);
        let start = Instant::now();
        for _ in 0..WORKERS {
            F::spawn(work::<F>(self.0, job.clone(), result.clone()));
        }
        drop((job, result));
        F::spawn(async move {
            for number in 0..ops {
                F::send(&jobs, number).await?;
            }
            Some(())
        });
        let mut sum = 0;
        while let Some(number) = F::recv(&mut results).await {
            sum += number;
        }
        let time = start.elapsed();
        expect("the sum of all jobs", sum, ops * (ops - 1) / 2)?;
        Ok(Run::timed(ops, time))
    }
}

async fn work<F: Family>(time: Duration, mut job: F::Rx, result: F::Tx) -> Option<()> {
    loop {
        let number = F::recv(&mut job).await?;
        std::hint::black_box(compute(time));
        F::send(&result, number).await?;
    }
}
