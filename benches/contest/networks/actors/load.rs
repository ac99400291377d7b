//! Half load: fifty clients ask one actor now and then, so that it computes half of the time. Its cost is how long an answer takes that
//! so many of a thousand answers do not outlast, from when the request was due, in ns.

use super::GONE;
use crate::networks::fork::compute;
use crate::networks::{Measured, Network, Run, expect};
use crate::place::Carrier;
use crate::troupe::{Part, Troupe};
use std::time::{Duration, Instant};

const CLIENTS: u64 = 50;
/// How long a request is computed, about.
const WORK: Duration = Duration::from_micros(100);
/// What a client waits between two requests is less than twice this, by chance: with so many clients one request comes in twice the
/// time that it takes.
const PAUSE_US: u64 = 10_000;

/// As many requests as operations, and which part of a thousand counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HalfLoad(pub(crate) usize);

struct Busy;

impl Part for Busy {
    async fn hear(&mut self, number: u64) -> u64 {
        std::hint::black_box(compute(WORK));
        number
    }
}

impl<T: Troupe> Network<T> for HalfLoad {
    async fn run(self, ops: u64) -> Measured {
        let actor = T::start(Busy).await.ok_or(GONE)?;
        let each = ops.div_ceil(CLIENTS);
        let clients: Vec<_> =
            (0..CLIENTS).map(|number| T::Carrier::spawn(client::<T>(number, each, actor.clone()))).collect();
        let mut took = vec![];
        for client in clients {
            took.extend(client.join().await?.ok_or(GONE)?);
        }
        let ops = took.len() as u64;
        expect("how many were answered", ops, each * CLIENTS)?;
        took.sort_unstable();
        let counts = took[(took.len() - 1) * self.0 / 1_000];
        Ok(Run::timed(ops, counts * u32::try_from(ops).unwrap_or(u32::MAX)))
    }
}

async fn client<T: Troupe>(number: u64, requests: u64, actor: T::Address<Busy>) -> Option<Vec<Duration>> {
    let (mut took, mut seed) = (Vec::with_capacity(requests as usize), number + 1);
    for request in 0..requests {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // From when it was due: who is asked late, because another one is answered, has waited.
        let due = Instant::now() + Duration::from_micros((seed >> 33) % (2 * PAUSE_US));
        tokio::time::sleep_until(due.into()).await;
        if T::ask(&actor, request).await? != request {
            return None;
        }
        took.push(due.elapsed());
    }
    Some(took)
}
