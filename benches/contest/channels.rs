//! Who takes part in `bench channels`. It runs nothing.

use crate::bench::{Bench, Contender, Size, contenders};
use crate::families::{
    AsyncChannel, Blocked, Crossbeam, Crossed, Crossfire, CrossfireBlocked, CrossfireCrossed, CrossfireShared,
    CrossfireUnbounded, Flume, Kanal, Rendez, RendezAlt, Tokio, TokioShared, TokioUnbounded,
};
use crate::family::{Capacity, Choose};
use crate::networks::{Choice, Commstime, Cross, Idle, Many, Network, PingPong, Ring, Stream};
use crate::place::Place::{self, CurrentThread, OneWorker, Threads, TwoWorkers};

/// Messages after which a run over a channel without a bound is long enough: they may all be in memory at once.
const MOST_UNBOUNDED: u64 = 4_000_000;
/// Processes whose memory is measured.
const IDLE: u64 = 1_000_000;

/// The capacity that is `1k` in a name.
const ONE_K: Capacity = Capacity::Bounded(1_024);
/// The places of those contenders that matter most.
const TASKS: &[Place] = &[TwoWorkers, OneWorker, CurrentThread];

/// All benchmarks, in the order in which they are measured.
pub(crate) fn benches() -> Vec<Bench> {
    let mut benches = vec![
        Bench::new("commstime", Size::Timed, with_threads(Commstime)),
        Bench::new("ring", Size::Timed, tasks(Ring)),
        Bench::new("pingpong", Size::Timed, with_threads(PingPong)),
    ];
    for (suffix, capacity) in [("0", Capacity::Rendezvous), ("1k", ONE_K), ("unb", Capacity::Unbounded)] {
        for (name, producers) in [("spsc", 1), ("mpsc2", 2), ("mpsc8", 8)] {
            benches.push(stream(&format!("{name}_{suffix}"), Stream { producers, capacity }));
        }
    }
    for (suffix, capacity) in [("0", Capacity::Rendezvous), ("1k", ONE_K)] {
        let network = Many { pairs: 4, capacity };
        benches.push(Bench::new(&format!("mpmc4_{suffix}"), Size::Timed, several_receivers(network)));
    }
    benches.extend([
        Bench::new("select4", Size::Timed, choices::<4>()),
        Bench::new("select64", Size::Timed, choices::<64>()),
        Bench::new("alt4", Size::Timed, alts::<4>()),
        Bench::new("alt64", Size::Timed, alts::<64>()),
    ]);
    for (suffix, capacity) in [("0", Capacity::Rendezvous), ("1k", ONE_K)] {
        benches.push(Bench::new(&format!("threads_{suffix}"), Size::Timed, threads(capacity)));
    }
    benches.push(Bench::new("cross_1k", Size::Timed, crossed(ONE_K)));
    benches.push(Bench::new("rss", Size::Fixed(IDLE), idle()));
    benches
}

fn stream(name: &str, network: Stream) -> Bench {
    match network.capacity {
        Capacity::Unbounded => Bench::new(name, Size::AtMost(MOST_UNBOUNDED), unbounded(network)),
        _ => Bench::new(name, Size::Timed, with_threads(network)),
    }
}

/// Those who run a network of tasks over channels with a bound.
fn tasks<N>(network: N) -> Vec<Contender>
where
    N: Network<Rendez> + Network<Tokio> + Network<Kanal>,
    N: Network<Crossfire> + Network<Flume> + Network<AsyncChannel>,
{
    contenders! { network;
        "rendez": Rendez, TASKS;
        "tokio": Tokio, TASKS;
        "kanal": Kanal, TASKS;
        "crossfire": Crossfire, [TwoWorkers];
        "flume": Flume, [TwoWorkers];
        "async-channel": AsyncChannel, [TwoWorkers];
    }
}

/// The same, and crossbeam's channels between threads.
fn with_threads<N>(network: N) -> Vec<Contender>
where
    N: Network<Rendez> + Network<Tokio> + Network<Kanal> + Network<Crossbeam>,
    N: Network<Crossfire> + Network<Flume> + Network<AsyncChannel>,
{
    let mut contenders = tasks(network);
    contenders.extend(contenders! { network; "crossbeam": Crossbeam, [Threads]; });
    contenders
}

fn unbounded(network: Stream) -> Vec<Contender> {
    contenders! { network;
        "rendez": Rendez, TASKS;
        "tokio": TokioUnbounded, TASKS;
        "kanal": Kanal, TASKS;
        "crossfire": CrossfireUnbounded, [TwoWorkers];
        "flume": Flume, [TwoWorkers];
        "async-channel": AsyncChannel, [TwoWorkers];
        "crossbeam": Crossbeam, [Threads];
    }
}

fn several_receivers(network: Many) -> Vec<Contender> {
    contenders! { network;
        "rendez": Rendez, TASKS;
        "tokio": TokioShared, TASKS;
        "kanal": Kanal, TASKS;
        "crossfire": CrossfireShared, [TwoWorkers];
        "flume": Flume, [TwoWorkers];
        "async-channel": AsyncChannel, [TwoWorkers];
        "crossbeam": Crossbeam, [Threads];
    }
}

/// Those who choose with guards that are made afresh each time.
fn choices<const INPUTS: usize>() -> Vec<Contender>
where
    Rendez: Choose<INPUTS>,
    Tokio: Choose<INPUTS>,
    Crossfire: Choose<INPUTS>,
    Flume: Choose<INPUTS>,
    AsyncChannel: Choose<INPUTS>,
{
    contenders! { Choice::<INPUTS>;
        "rendez": Rendez, TASKS;
        "tokio": Tokio, TASKS;
        "crossfire": Crossfire, [TwoWorkers];
        "flume": Flume, [TwoWorkers];
        "flume": Blocked<Flume>, [Threads];
        "async-channel": AsyncChannel, [TwoWorkers];
        "crossbeam": Crossbeam, [Threads];
    }
}

/// A choice that keeps its guards, beside tokio's that does not.
fn alts<const INPUTS: usize>() -> Vec<Contender>
where
    Tokio: Choose<INPUTS>,
{
    contenders! { Choice::<INPUTS>;
        "rendez": RendezAlt, TASKS;
        "tokio": Tokio, TASKS;
    }
}

/// Threads that block at both ends.
fn threads(capacity: Capacity) -> Vec<Contender> {
    contenders! { Stream { producers: 1, capacity };
        "rendez": Blocked<Rendez>, [Threads];
        "crossbeam": Crossbeam, [Threads];
        "kanal": Blocked<Kanal>, [Threads];
        "flume": Blocked<Flume>, [Threads];
        "crossfire": CrossfireBlocked, [Threads];
    }
}

/// From a thread that blocks to a task.
fn crossed(capacity: Capacity) -> Vec<Contender> {
    contenders! { Cross { capacity };
        "rendez": Crossed<Rendez>, TASKS;
        "tokio": Crossed<Tokio>, TASKS;
        "kanal": Crossed<Kanal>, TASKS;
        "crossfire": CrossfireCrossed, [TwoWorkers];
        "flume": Crossed<Flume>, [TwoWorkers];
        "async-channel": Crossed<AsyncChannel>, [TwoWorkers];
    }
}

/// Those whose waiting processes are weighed.
fn idle() -> Vec<Contender> {
    contenders! { Idle;
        "rendez": Rendez, [TwoWorkers];
        "tokio": Tokio, [TwoWorkers];
        "kanal": Kanal, [TwoWorkers];
        "crossfire": Crossfire, [TwoWorkers];
        "flume": Flume, [TwoWorkers];
        "async-channel": AsyncChannel, [TwoWorkers];
    }
}
