//! Ring: a thousand processes hand one token round, which counts down. Whoever gets 0 reports. One operation is a hop.

use super::{Measured, Network, Run, expect};
use crate::family::{Capacity, Family};
use std::time::Instant;
use tokio::sync::mpsc;

/// The processes of a ring.
const PROCESSES: u64 = 1_000;

/// A ring for tasks. Its one report goes through tokio for all families.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ring;

/// Who got the 0, and when.
type Report = (u64, Instant);

impl<F: Family> Network<F> for Ring {
    async fn run(self, ops: u64) -> Measured {
        let (report, mut reported) = mpsc::channel(1);
        let (first, mut input) = F::make(Capacity::Rendezvous);
        for number in 0..PROCESSES - 1 {
            let (output, next) = F::make(Capacity::Rendezvous);
            F::spawn(pass::<F>(number, input, output, report.clone()));
            input = next;
        }
        F::spawn(pass::<F>(PROCESSES - 1, input, first.clone(), report));
        let start = Instant::now();
        F::send(&first, ops).await.ok_or("the ring broke before its start")?;
        let (who, end): Report = reported.recv().await.ok_or("the ring broke")?;
        expect("the one who got 0", who, ops % PROCESSES)?;
        Ok(Run::timed(ops, end - start))
    }
}

async fn pass<F: Family>(number: u64, mut input: F::Rx, output: F::Tx, report: mpsc::Sender<Report>) -> Option<()> {
    loop {
        match F::recv(&mut input).await? {
            0 => return report.send((number, Instant::now())).await.ok(),
            left => F::send(&output, left - 1).await?,
        }
    }
}
