//! Idle: what a process costs that waits, each for a receive on a rendezvous of its own. Its cost is memory, not time.

use super::{Measured, Network, Run, expect};
use crate::family::{Capacity, Family};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Processes that are started before the first of them run, so that it is not a queue of them that is measured.
const LOT: u64 = 1_000;

/// As many waiting processes as operations. The senders are kept in one vector.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Idle;

#[derive(Default)]
struct Counts {
    begun: AtomicU64,
    ended: AtomicU64,
}

impl<F: Family> Network<F> for Idle {
    async fn run(self, ops: u64) -> Measured {
        let counts = Arc::new(Counts::default());
        let mut outputs = Vec::with_capacity(ops as usize);
        let (start, before) = (Instant::now(), resident()?);
        for number in 1..=ops {
            let (output, input) = F::make(Capacity::Rendezvous);
            outputs.push(output);
            F::spawn(wait::<F>(input, Arc::clone(&counts)));
            while (number % LOT == 0 || number == ops) && counts.begun.load(Ordering::Relaxed) < number {
                tokio::task::yield_now().await;
            }
        }
        let (after, time) = (resident()?, start.elapsed());
        expect("the number of processes that do not wait", counts.ended.load(Ordering::Relaxed), 0)?;
        Ok(Run { ops, time, bytes: Some(after.saturating_sub(before)) })
    }
}

/// Relaxed: the counts are about nothing but themselves.
#[expect(clippy::manual_async_fn, reason = "an async function keeps its arguments twice")]
fn wait<F: Family>(mut input: F::Rx, counts: Arc<Counts>) -> impl Future<Output = ()> + Send {
    async move {
        counts.begun.fetch_add(1, Ordering::Relaxed);
        F::recv(&mut input).await;
        counts.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// The bytes of this process that are in memory.
pub(super) fn resident() -> Result<u64, String> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(|e| format!("no /proc/self/status here: {e}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kilobytes.map(|kilobytes| kilobytes * 1_024).ok_or_else(|| "/proc/self/status has no VmRSS".to_owned())
}
