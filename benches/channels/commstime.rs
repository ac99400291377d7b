//! commstime: four processes in a ring that counts, the classical measure of a communication.
//!
//! ```text
//!  prefix --a--> delta --d--> consume
//!    ^             |
//!    c             b
//!    |             v
//!    +-- successor-+
//! ```
//!
//! One operation is a communication, four a loop. The consumer checks that the values count up, and takes the time from
//! after its first value.

use crate::contender::{Kanal, Rendez, Rendezvous, TokioMpsc, runtime};
use crate::measure::{Bench, Contender, Measured, Run};
use rendez::{Outcome, Process};
use std::time::{Duration, Instant};

const COMMUNICATIONS_A_LOOP: u64 = 4;

/// The benchmark and who takes part.
pub(crate) fn bench() -> Bench {
    let contenders = vec![
        Contender { name: "rendez", run: processes },
        Contender { name: "rendez-in-tasks", run: tasks::<Rendez> },
        Contender { name: "tokio-mpsc-1", run: tasks::<TokioMpsc> },
        Contender { name: "kanal-0", run: tasks::<Kanal> },
    ];
    Bench { name: "commstime", contenders }
}

/// The network as processes of rendez, watched for deadlocks as under `#[rendez::main]`.
fn processes(ops: u64) -> Measured {
    let loops = ops / COMMUNICATIONS_A_LOOP;
    let outcome = runtime()?.block_on(async move {
        let _watched = rendez::observe();
        let Ends { a, b, c, d } = Ends::<Rendez>::new();
        let prefix = Process::new("prefix", async move { ended(prefix::<Rendez>(c.1, a.0).await) });
        let delta = Process::new("delta", async move { ended(delta::<Rendez>(a.1, b.0, d.0).await) });
        let successor = Process::new("successor", async move { ended(successor::<Rendez>(b.1, c.0).await) });
        let consume = Process::new("consume", async move { Outcome::Ok(consume::<Rendez>(loops, d.1).await) });
        rendez::par![prefix, delta, successor, consume].values().await
    });
    let (_, _, _, time) = outcome.map_err(|failure| failure.to_string())?;
    Ok(Run { ops: loops * COMMUNICATIONS_A_LOOP, time: time? })
}

/// A ring that winds down is the normal end of all but the consumer.
fn ended(_: Option<()>) -> Outcome {
    Ok(())
}

/// The same network, a plain tokio task each.
fn tasks<C: Rendezvous>(ops: u64) -> Measured {
    let loops = ops / COMMUNICATIONS_A_LOOP;
    let time = runtime()?.block_on(async move {
        let Ends { a, b, c, d } = Ends::<C>::new();
        tokio::spawn(prefix::<C>(c.1, a.0));
        tokio::spawn(delta::<C>(a.1, b.0, d.0));
        tokio::spawn(successor::<C>(b.1, c.0));
        tokio::spawn(consume::<C>(loops, d.1)).await
    });
    let time = time.map_err(|e| e.to_string())?;
    Ok(Run { ops: loops * COMMUNICATIONS_A_LOOP, time: time? })
}

struct Ends<C: Rendezvous> {
    a: (C::Tx, C::Rx),
    b: (C::Tx, C::Rx),
    c: (C::Tx, C::Rx),
    d: (C::Tx, C::Rx),
}

impl<C: Rendezvous> Ends<C> {
    fn new() -> Self {
        Self { a: C::channel(), b: C::channel(), c: C::channel(), d: C::channel() }
    }
}

async fn prefix<C: Rendezvous>(mut input: C::Rx, output: C::Tx) -> Option<()> {
    C::send(&output, 0).await?;
    loop {
        C::send(&output, C::recv(&mut input).await?).await?;
    }
}

async fn delta<C: Rendezvous>(mut input: C::Rx, first: C::Tx, second: C::Tx) -> Option<()> {
    loop {
        let value = C::recv(&mut input).await?;
        C::send(&first, value).await?;
        C::send(&second, value).await?;
    }
}

async fn successor<C: Rendezvous>(mut input: C::Rx, output: C::Tx) -> Option<()> {
    loop {
        C::send(&output, C::recv(&mut input).await? + 1).await?;
    }
}

async fn consume<C: Rendezvous>(loops: u64, mut input: C::Rx) -> Result<Duration, String> {
    expect::<C>(0, &mut input).await?;
    let start = Instant::now();
    for number in 1..=loops {
        expect::<C>(number, &mut input).await?;
    }
    Ok(start.elapsed())
}

async fn expect<C: Rendezvous>(number: u64, input: &mut C::Rx) -> Result<(), String> {
    match C::recv(input).await {
        Some(value) if value == number => Ok(()),
        other => Err(format!("the consumer should have seen {number}, not {other:?}")),
    }
}
