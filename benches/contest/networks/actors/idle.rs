//! Idle actors: what an actor costs that has answered one request and waits for another. Its cost is memory, not time.

use super::GONE;
use crate::networks::idle::resident;
use crate::networks::{Measured, Network, Run, expect};
use crate::troupe::{Sum, Troupe};
use std::time::Instant;

/// As many actors as operations. Their addresses are kept in one vector.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdleActors;

impl<T: Troupe> Network<T> for IdleActors {
    async fn run(self, ops: u64) -> Measured {
        let mut actors = Vec::with_capacity(ops as usize);
        let (start, before, mut answered) = (Instant::now(), resident()?, 0);
        for _ in 0..ops {
            let actor = T::start(Sum::default()).await.ok_or(GONE)?;
            answered += T::ask(&actor, 1).await.ok_or(GONE)?;
            actors.push(actor);
        }
        let (after, time) = (resident()?, start.elapsed());
        expect("the number of actors that have answered", answered, ops)?;
        Ok(Run { ops, time, bytes: Some(after.saturating_sub(before)) })
    }
}
