//! Big: 120 actors, each pings another one taken by chance and waits for its pong before the next. One operation is a ping with its pong.

use super::{FORGET, GONE};
use crate::networks::{Measured, Network, Run, expect};
use crate::troupe::{Cast, Part, Troupe};
use std::time::Instant;
use tokio::sync::mpsc;

const ACTORS: u64 = 120;
/// What begins a series of pings.
const BEGIN: u64 = FORGET - 1;
/// A pong; all else is a ping from the actor of that number.
const PONG: u64 = FORGET - 2;

/// About as many pings as operations, the same number for each actor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Big;

struct Pinger<T: Troupe> {
    others: Option<Cast<T::Address<Self>>>,
    number: u64,
    seed: u64,
    /// Pings that it still has to send.
    left: u64,
    /// Pings that it has answered.
    answered: u64,
    /// Who is told once it has its last pong.
    done: mpsc::UnboundedSender<()>,
}

impl<T: Troupe> Pinger<T> {
    fn new(number: u64, left: u64, others: Cast<T::Address<Self>>, done: mpsc::UnboundedSender<()>) -> Self {
        Self { others: Some(others), number, seed: number + 1, left, answered: 0, done }
    }

    async fn tell(&self, place: u64, number: u64) {
        if let Some(actor) = self.others.as_ref().and_then(|others| others.get(place as usize)) {
            T::tell(actor, number).await;
        }
    }

    async fn ping(&mut self) {
        if self.left == 0 {
            // Where nobody waits for it any more, the run has failed already.
            let _ = self.done.send(());
            return;
        }
        self.left -= 1;
        let other = self.another();
        self.tell(other, self.number).await;
    }

    /// Any but itself.
    fn another(&mut self) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = (self.seed >> 33) % (ACTORS - 1);
        other + u64::from(other >= self.number)
    }
}

impl<T: Troupe> Part for Pinger<T> {
    async fn hear(&mut self, number: u64) -> u64 {
        match number {
            FORGET => self.others = None,
            BEGIN | PONG => self.ping().await,
            from => {
                self.answered += 1;
                self.tell(from, PONG).await;
            }
        }
        self.answered
    }
}

impl<T: Troupe> Network<T> for Big {
    async fn run(self, ops: u64) -> Measured {
        let each = ops.div_ceil(ACTORS);
        let (done, mut is_done) = mpsc::unbounded_channel();
        let (cast, mut all) = (Cast::unknown(), vec![]);
        for number in 0..ACTORS {
            all.push(T::start(Pinger::<T>::new(number, each, cast.clone(), done.clone())).await.ok_or(GONE)?);
        }
        cast.are(all.clone())?;
        let start = Instant::now();
        for actor in &all {
            T::tell(actor, BEGIN).await.ok_or(GONE)?;
        }
        for _ in 0..ACTORS {
            is_done.recv().await.ok_or(GONE)?;
        }
        let time = start.elapsed();
        let mut answered = 0;
        for actor in &all {
            answered += T::ask(actor, FORGET).await.ok_or(GONE)?;
        }
        expect("how many pings were answered", answered, each * ACTORS)?;
        Ok(Run::timed(each * ACTORS, time))
    }
}
