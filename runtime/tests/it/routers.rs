//! Routers: who gets which message, under a seeded load; a member that fails keeps its place.

use rendez_channels::{Receiver, channel};
use rendez_runtime::testing::settled;
use rendez_runtime::{CallError, Outcome, Reply, Router, actor, run, spawn};
use std::collections::BTreeMap;

/// Counts its jobs; a job may wait at a gate.
struct Worker {
    place: usize,
    jobs: u32,
}

#[actor(crate = rendez_runtime)]
impl Worker {
    pub(crate) async fn job(&mut self) -> (usize, u32) {
        self.jobs += 1;
        (self.place, self.jobs)
    }

    /// How many jobs it has done.
    pub(crate) async fn done(&self) -> u32 {
        self.jobs
    }

    pub(crate) async fn wait(&mut self, gate: Receiver<()>) -> usize {
        let _ = gate.next().await;
        self.place
    }

    pub(crate) async fn crash(&mut self) {
        panic!("as asked");
    }
}

fn workers(size: usize) -> Router<Worker> {
    Router::start("worker", size, |place| Worker { place, jobs: 0 })
}

/// Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014).
fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[test]
fn round_robin_takes_one_after_the_other() {
    run(async {
        let workers = workers(3);
        for round in 1..=4 {
            for place in 0..3 {
                assert_eq!(workers.round_robin().job().await?, (place, round));
            }
        }
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn the_least_loaded_is_never_one_that_is_busier_than_another() {
    run(async {
        let workers = workers(4);
        let mut seed = 5;
        let mut gates = Vec::new();
        // A load by chance: some have a job under way and more waiting, one has none.
        for place in [0, 1, 3] {
            for _ in 0..=random(&mut seed) % 5 {
                let (open, gate) = channel::<()>();
                let worker = workers.members()[place].clone();
                gates.push((open, spawn(async move { Outcome::Ok(worker.wait(gate).await?) })));
            }
        }
        while [0, 1, 3].iter().any(|&place| workers.members()[place].address().load() == 0) {
            tokio::task::yield_now().await;
        }
        assert_eq!(workers.members()[2].address().load(), 0);
        for job in 1..=20 {
            assert_eq!(workers.least_loaded().job().await?, (2, job), "the only one that is free");
            // It has answered, and is about to look for more.
            while workers.members()[2].address().load() > 0 {
                tokio::task::yield_now().await;
            }
        }
        let (open, gate) = channel::<()>();
        let worker = workers.members()[2].clone();
        gates.push((open, spawn(async move { Outcome::Ok(worker.wait(gate).await?) })));
        let loads = || workers.members().iter().map(|member| member.address().load()).collect::<Vec<_>>();
        while loads()[2] == 0 {
            tokio::task::yield_now().await;
        }
        for _ in 0..8 {
            let before = loads();
            let name = workers.least_loaded().process().name();
            let chosen = before[name.rsplit(' ').next().unwrap().parse::<usize>().unwrap()];
            assert_eq!(chosen, before.iter().copied().min().unwrap(), "{before:?}");
        }
        let (gates, waiting): (Vec<_>, Vec<_>) = gates.into_iter().unzip();
        drop(gates);
        for waiting in waiting {
            waiting.join().await?;
        }
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn equal_loads_have_their_turns() {
    run(async {
        let workers = workers(3);
        let mut jobs = BTreeMap::<_, u32>::new();
        for _ in 0..300 {
            *jobs.entry(workers.least_loaded().job().await?.0).or_default() += 1;
            while workers.members().iter().any(|member| member.address().load() > 0) {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(jobs.into_values().collect::<Vec<_>>(), [100, 100, 100]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_key_comes_to_the_same_member_each_time_and_keys_are_spread() {
    run(async {
        let workers = workers(5);
        let mut seed = 11;
        let keys: Vec<_> = (0..500).map(|_| format!("key {}", random(&mut seed))).collect();
        let mut places = BTreeMap::<_, u32>::new();
        for key in &keys {
            let (place, _) = workers.by_key(key).job().await?;
            assert_eq!(workers.by_key(key).job().await?.0, place);
            *places.entry(place).or_default() += 1;
        }
        assert!(places.len() == 5 && places.values().all(|&keys| (50..150).contains(&keys)), "{places:?}");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn with_one_member_more_keys_move_to_that_one_only() {
    run(async {
        let (five, six) = (workers(5), workers(6));
        let mut moved = 0;
        for key in 0..500 {
            let (before, after) = (five.by_key(&key).process().name(), six.by_key(&key).process().name());
            assert!(after == before || after == "worker 5", "{key}: from {before} to {after}");
            moved += u32::from(after != before);
        }
        assert!((40..150).contains(&moved), "{moved} of 500 have moved");
        Outcome::Ok(())
    })
    .unwrap();
}

#[rendez::test]
async fn a_broadcast_comes_to_all_also_where_there_is_no_room() -> Outcome {
    let workers = workers(2);
    let (open, gate) = channel::<()>();
    let busy = workers.members()[0].clone();
    let waiting = spawn(async move { Outcome::Ok(busy.wait(gate).await?) });
    settled().await?;
    let first = workers.members()[0].address();
    let mut filled = 0;
    while first.try_tell(WorkerMessage::job(Reply::none())).is_ok() {
        filled += 1;
        settled().await?;
    }
    let telling = workers.clone();
    let told = spawn(async move { Outcome::Ok(telling.broadcast(|_| WorkerMessage::job(Reply::none())).await) });
    settled().await?;
    assert_eq!(workers.members()[1].done().await?, 1, "who has room has it, though the first has none");
    drop(open);
    assert_eq!(told.join().await?, [Ok(()), Ok(())]);
    waiting.join().await?;
    assert_eq!(workers.members()[0].done().await?, filled + 1, "those that filled it, and the broadcast");
    Ok(())
}

#[test]
fn a_member_that_fails_is_started_again_in_its_place() {
    run(async {
        let workers = workers(3);
        let key = (0..).find(|key| workers.by_key(key).process().name() == "worker 1").unwrap_or(0);
        assert_eq!(workers.by_key(&key).job().await?, (1, 1));
        let crashed = workers.by_key(&key).crash().await;
        assert!(matches!(crashed, Err(CallError::Failed(_))), "{crashed:?}");
        assert_eq!(workers.by_key(&key).job().await?, (1, 1), "a new state in the same place");
        assert_eq!(workers.members()[1].process().inspect().restarts, 1);
        assert_eq!(workers.members()[0].process().inspect().restarts, 0);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
#[should_panic(expected = "one actor or more")]
fn a_router_of_none_is_refused() {
    let failed = run(async {
        workers(0);
    });
    panic!("{}", failed.unwrap_err());
}
