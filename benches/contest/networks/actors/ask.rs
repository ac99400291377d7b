//! Ask: one request at a time to one actor, each answered. One operation is a request with its answer.

use super::GONE;
use crate::networks::{Measured, Network, Run, expect};
use crate::troupe::{Sum, Troupe};
use std::time::Instant;

/// As many requests as operations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask;

impl<T: Troupe> Network<T> for Ask {
    async fn run(self, ops: u64) -> Measured {
        let actor = T::start(Sum::default()).await.ok_or(GONE)?;
        T::ask(&actor, 0).await.ok_or(GONE)?;
        let (start, mut last) = (Instant::now(), 0);
        for _ in 0..ops {
            last = T::ask(&actor, 1).await.ok_or(GONE)?;
        }
        let time = start.elapsed();
        expect("the last answer", last, ops)?;
        Ok(Run::timed(ops, time))
    }
}
