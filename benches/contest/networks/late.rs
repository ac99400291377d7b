//! Late: timers of 5 ms beside two rings that keep everything busy. Its cost is the 99th percentile of how late they fire, in ns.

use super::{Measured, Network, Run};
use crate::family::{Capacity, Family};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const TIMER: Duration = Duration::from_millis(5);
/// Processes that wait for one timer after the other.
const WAITERS: u64 = 50;
const RINGS: usize = 2;

/// As many timers as operations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Late;

impl<F: Family> Network<F> for Late {
    async fn run(self, ops: u64) -> Measured {
        let stop = Arc::new(AtomicBool::new(false));
        let rings: Vec<_> = (0..RINGS).flat_map(|_| ring::<F>(&stop)).collect();
        let waiters: Vec<_> = (0..WAITERS).map(|_| F::spawn(wait(ops.div_ceil(WAITERS)))).collect();
        let mut late = vec![];
        for waiter in waiters {
            late.extend(waiter.join().await?);
        }
        stop.store(true, Ordering::Relaxed);
        for process in rings {
            process.join().await?;
        }
        late.sort_unstable();
        let most = late[late.len() * 99 / 100];
        let ops = late.len() as u64;
        Ok(Run::timed(ops, most * u32::try_from(ops).unwrap_or(u32::MAX)))
    }
}

async fn wait(times: u64) -> Vec<Duration> {
    let mut late = Vec::with_capacity(times as usize);
    for _ in 0..times {
        let start = Instant::now();
        tokio::time::sleep(TIMER).await;
        late.push(start.elapsed().saturating_sub(TIMER));
    }
    late
}

/// Two processes that hand a number to and fro until it is time to stop.
fn ring<F: Family>(stop: &Arc<AtomicBool>) -> [crate::place::Process<Option<()>>; 2] {
    let ((there, mut here), (back, mut home)) = (F::make(Capacity::Rendezvous), F::make(Capacity::Rendezvous));
    let stop = Arc::clone(stop);
    let first = F::spawn(async move {
        while !stop.load(Ordering::Relaxed) {
            F::send(&there, 1).await?;
            F::recv(&mut home).await?;
        }
        Some(())
    });
    let second = F::spawn(async move {
        loop {
            F::send(&back, F::recv(&mut here).await?).await?;
        }
    });
    [first, second]
}
