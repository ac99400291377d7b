//! Tell: one sender that never waits, and one actor that counts, until it has counted the last. One operation is a message.

use super::GONE;
use crate::networks::{Measured, Network, Run, expect};
use crate::troupe::{Part, Troupe};
use std::time::Instant;
use tokio::sync::oneshot;

/// As many messages as operations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tell;

/// Counts down. It is not asked for its count: the mailboxes of xtra have no order, so that the question overtook what it is about.
struct Countdown {
    left: u64,
    sum: u64,
    done: Option<oneshot::Sender<u64>>,
}

impl Part for Countdown {
    async fn hear(&mut self, number: u64) -> u64 {
        self.sum = self.sum.wrapping_add(number);
        self.left = self.left.saturating_sub(1);
        if self.left == 0
            && let Some(done) = self.done.take()
        {
            // Where nobody waits for it any more, the run has failed already.
            let _ = done.send(self.sum);
        }
        self.left
    }
}

impl<T: Troupe> Network<T> for Tell {
    async fn run(self, ops: u64) -> Measured {
        let (done, is_done) = oneshot::channel();
        let actor = T::start(Countdown { left: ops, sum: 0, done: Some(done) }).await.ok_or(GONE)?;
        let start = Instant::now();
        for number in 0..ops {
            T::tell(&actor, number).await.ok_or(GONE)?;
        }
        let sum = is_done.await.map_err(|_| GONE)?;
        let time = start.elapsed();
        expect("the sum", sum, ops * (ops - 1) / 2)?;
        Ok(Run::timed(ops, time))
    }
}
