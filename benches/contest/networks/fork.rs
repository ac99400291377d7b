//! Fork-join: sixteen processes compute for a while and are joined, again and again. One operation is a process.

use super::{Measured, Network, Run};
use crate::family::Family;
use std::time::{Duration, Instant};

const PROCESSES: u64 = 16;

/// How long each computes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fork(pub(crate) Duration);

impl<F: Family> Network<F> for Fork {
    async fn run(self, ops: u64) -> Measured {
        let rounds = ops.div_ceil(PROCESSES);
        let start = Instant::now();
        for _ in 0..rounds {
            let all = [(); PROCESSES as usize].map(|()| F::spawn(async move { compute(self.0) }));
            for process in all {
                process.join().await?;
            }
        }
        Ok(Run::timed(rounds * PROCESSES, start.elapsed()))
    }
}

/// Steps of [`compute`] in a microsecond, about; all contenders do the same work, whatever else the machine does.
const STEPS: u64 = 750;

/// Computes for about so long.
pub(super) fn compute(time: Duration) -> u64 {
    let steps = time.as_micros() as u64 * STEPS;
    (0..steps)
        .fold(1_u64, |number, _| std::hint::black_box(number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1)))
}
