//! Ring of actors: a thousand of them, each tells the next one less than what it was told. One operation is a hop.

use super::{FORGET, GONE};
use crate::networks::{Measured, Network, Run};
use crate::troupe::{Cast, Part, Troupe};
use std::time::Instant;
use tokio::sync::oneshot;

const ACTORS: usize = 1_000;

/// As many hops as operations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ActorRing;

struct Link<T: Troupe> {
    next: Option<Cast<T::Address<Self>>>,
    place: usize,
    /// For the first, who is told when the number has come to 0.
    done: Option<oneshot::Sender<()>>,
}

impl<T: Troupe> Part for Link<T> {
    async fn hear(&mut self, number: u64) -> u64 {
        match (number, &self.next) {
            (FORGET, _) => self.next = None,
            // The number of hops is one that brings it to 0 at the first.
            (0, _) => drop(self.done.take().map(|done| done.send(()))),
            (number, Some(next)) => {
                if let Some(next) = next.get((self.place + 1) % ACTORS) {
                    T::tell(next, number - 1).await;
                }
            }
            _ => {}
        }
        0
    }
}

impl<T: Troupe> Network<T> for ActorRing {
    async fn run(self, ops: u64) -> Measured {
        let hops = ops.next_multiple_of(ACTORS as u64);
        let (done, is_done) = oneshot::channel();
        let (cast, mut all, mut done) = (Cast::unknown(), Vec::with_capacity(ACTORS), Some(done));
        for place in 0..ACTORS {
            let link = Link::<T> { next: Some(cast.clone()), place, done: done.take() };
            all.push(T::start(link).await.ok_or(GONE)?);
        }
        cast.are(all.clone())?;
        let start = Instant::now();
        T::tell(&all[0], hops).await.ok_or(GONE)?;
        is_done.await.map_err(|_| "the number was lost")?;
        let time = start.elapsed();
        for actor in &all {
            T::ask(actor, FORGET).await.ok_or(GONE)?;
        }
        Ok(Run::timed(hops, time))
    }
}
