//! Who takes part in `bench runtime`: what one would write with tokio, rendez on both of its schedulers. It runs nothing.

use crate::bench::{Bench, Contender, Size, contenders};
use crate::families::{InProcesses, Rendez, Tokio, TokioShared};
use crate::family::Capacity;
use crate::networks::{
    ActorRing, Ask, Beside, Big, Chameneos, Choice, Commstime, Dining, Explore, Farm, Fork, HalfLoad, Idle, IdleActors,
    Late, Network, PingPong, Ring, Skynet, Spawn, Stream, Tell,
};
use crate::place::Place::{self, Arbiter, OneWorker, Processes, TwoWorkers, Unwatched};
use crate::troupes::{Actix, Kameo, Ractor, RendezActors, TokioActors, Xtra};
use rendez_runtime::Scheduler::{Carriers, TokioTasks};
use std::time::Duration;

/// Tasks of tokio.
const TASKS: &[Place] = &[TwoWorkers, OneWorker];
/// What has no counterpart elsewhere.
const ALONE: &[Place] = &[OneWorker];
/// Actors of actix.
const ARBITER: &[Place] = &[Arbiter];
/// Processes of rendez.
const PROCESSES: &[Place] =
    &[Processes(Carriers, 2), Processes(Carriers, 1), Processes(TokioTasks, 2), Processes(TokioTasks, 1)];

/// Where deadlocks are looked for, and where they are not.
const WATCHED: &[Place] = &[Processes(Carriers, 2), Unwatched(2), Processes(Carriers, 1), Unwatched(1)];

/// Processes that are alive at once at most.
const MANY: u64 = 1_000_000;
/// Timers of which the 99th percentile is taken.
const TIMERS: u64 = 10_000;
/// Messages that may lie in a mailbox.
const MAIL: u64 = 4_000_000;
/// Requests of which the median and one in a thousand is taken.
const REQUESTS: u64 = 10_000;
/// How long a job takes, and what that is called.
const JOBS: [(&str, Duration); 4] = [
    ("5ms", Duration::from_millis(5)),
    ("500us", Duration::from_micros(500)),
    ("50us", Duration::from_micros(50)),
    ("10us", Duration::from_micros(10)),
];
/// What the jobs of a run take together.
const WORK: Duration = Duration::from_millis(200);

/// All benchmarks, in the order in which they are measured.
pub(crate) fn benches() -> Vec<Bench> {
    let mut benches = vec![
        Bench::new("commstime", Size::Timed, all(Commstime)),
        Bench::new("ring", Size::Timed, all(Ring)),
        Bench::new("pingpong", Size::Timed, all(PingPong)),
        Bench::new("spsc_0", Size::Timed, all(Stream { producers: 1, capacity: Capacity::Rendezvous })),
        Bench::new("select4", Size::Timed, all(Choice::<4>)),
        Bench::new("chameneos", Size::Timed, all(Chameneos)),
        Bench::new("skynet", Size::Fixed(MANY), all(Skynet)),
        Bench::new("spawn", Size::Fixed(MANY), all(Spawn)),
        Bench::new("rss", Size::Fixed(MANY), all(Idle)),
        Bench::new("late", Size::Fixed(TIMERS), all(Late)),
    ];
    for (name, time) in JOBS {
        let size = Size::AtMost(WORK.div_duration_f64(time) as u64);
        benches.push(Bench::new(&format!("fork_{name}"), size, all(Fork(time))));
        benches.push(Bench::new(&format!("farm_{name}"), size, several_receivers(Farm(time))));
    }
    for (name, waiting) in [("watched_1", 1), ("watched_1k", 1_000), ("watched_10k", 10_000)] {
        benches.push(Bench::new(
            name,
            Size::Timed,
            contenders! { Beside(waiting); "rendez": InProcesses<Rendez>, WATCHED; },
        ));
    }
    benches.extend(actors());
    for (name, how) in [("explore_all", Explore::All), ("explore_chance", Explore::Chance)] {
        benches.push(Bench::new(name, Size::Timed, contenders! { how; "rendez": Rendez, ALONE; }));
    }
    benches
}

/// Those of actors.
fn actors() -> [Bench; 8] {
    [
        Bench::new("ask", Size::Timed, troupes(Ask)),
        Bench::new("tell", Size::AtMost(MAIL), troupes(Tell)),
        Bench::new("actor_ring", Size::Timed, troupes(ActorRing)),
        Bench::new("actor_big", Size::Timed, troupes(Big)),
        Bench::new("actor_dining", Size::Timed, troupes(Dining)),
        Bench::new("actor_rss", Size::Fixed(MANY), troupes(IdleActors)),
        Bench::new("ask_half_median", Size::Fixed(REQUESTS), troupes(HalfLoad(500))),
        Bench::new("ask_half_999", Size::Fixed(REQUESTS), troupes(HalfLoad(999))),
    ]
}

fn all<N>(network: N) -> Vec<Contender>
where
    N: Network<InProcesses<Rendez>> + Network<Rendez> + Network<Tokio>,
{
    contenders! { network;
        "rendez": InProcesses<Rendez>, PROCESSES;
        "rendez": Rendez, TASKS;
        "tokio": Tokio, TASKS;
    }
}

fn several_receivers<N>(network: N) -> Vec<Contender>
where
    N: Network<InProcesses<Rendez>> + Network<Rendez> + Network<TokioShared>,
{
    contenders! { network;
        "rendez": InProcesses<Rendez>, PROCESSES;
        "rendez": Rendez, TASKS;
        "tokio": TokioShared, TASKS;
    }
}

fn troupes<N>(network: N) -> Vec<Contender>
where
    N: Network<RendezActors> + Network<TokioActors> + Network<Actix> + Network<Ractor> + Network<Kameo> + Network<Xtra>,
{
    contenders! { network;
        "rendez": RendezActors, PROCESSES;
        "tokio": TokioActors, TASKS;
        "actix": Actix, ARBITER;
        "ractor": Ractor, TASKS;
        "kameo": Kameo, TASKS;
        "xtra": Xtra, TASKS;
    }
}
