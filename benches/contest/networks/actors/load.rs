//! Half load: one actor is asked so that it computes half of the time. Its cost is how long an answer takes that so many of a
//! thousand answers do not outlast, from when the request was issued, in ns.
//!
//! A thread of its own issues the requests, at times that chance has set before: it waits for no answer, and for no timer of the runtime
//! that is measured. A request whose client is still busy with the one before has waited since it was issued.

use super::GONE;
use crate::networks::fork::compute;
use crate::networks::{Measured, Network, Run, expect};
use crate::place::Carrier;
use crate::troupe::{Part, Troupe};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const CLIENTS: usize = 50;
/// How long a request is computed, about.
const WORK: Duration = Duration::from_micros(100);
/// Between two requests there is less than twice this, by chance: one comes in twice the time that it takes.
const PAUSE_NS: u64 = 200_000;

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
        let (mut issue, mut clients) = (vec![], vec![]);
        for _ in 0..CLIENTS {
            let (sender, requests) = mpsc::unbounded_channel();
            issue.push(sender);
            clients.push(T::Carrier::spawn(client::<T>(requests, actor.clone())));
        }
        let pacing = thread::spawn(move || pace(&issue, ops));
        let mut took = vec![];
        for client in clients {
            took.extend(client.join().await?.ok_or(GONE)?);
        }
        // It had ended before the clients learned that no request comes any more.
        pacing.join().map_err(|_| "who issues requests has failed")?;
        expect("how many were answered", took.len() as u64, ops)?;
        took.sort_unstable();
        let counts = took[(took.len() - 1) * self.0 / 1_000];
        Ok(Run::timed(ops, counts * u32::try_from(ops).unwrap_or(u32::MAX)))
    }
}

/// Issues requests, each at its time, to one client after the other.
fn pace(clients: &[mpsc::UnboundedSender<Instant>], requests: u64) {
    let (mut due, mut seed) = (Instant::now(), 1_u64);
    for (client, _) in clients.iter().cycle().zip(0..requests) {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        due += Duration::from_nanos((seed >> 33) % (2 * PAUSE_NS));
        thread::sleep(due.saturating_duration_since(Instant::now()));
        // Where the client is gone, the run has failed already.
        let _ = client.send(Instant::now());
    }
}

/// Asks for each request; how long each answer took.
async fn client<T: Troupe>(
    mut requests: mpsc::UnboundedReceiver<Instant>,
    actor: T::Address<Busy>,
) -> Option<Vec<Duration>> {
    let mut took = vec![];
    while let Some(issued) = requests.recv().await {
        let number = took.len() as u64;
        if T::ask(&actor, number).await? != number {
            return None;
        }
        took.push(issued.elapsed());
    }
    Some(took)
}
