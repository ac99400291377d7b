//! That the reduction leaves nothing out: random networks come to the same with and without it.

use rendez_channels::{Receiver, Sender, channel_bounded};
use rendez_runtime::{Explored, Outcome, Process, alt, explore, par};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What one process does, one after the other.
#[derive(Clone, Copy, Debug)]
enum Act {
    Send(usize),
    Receive(usize),
    /// Whichever of two comes first.
    Choose(usize, usize),
    /// Gives its sending end of a channel up.
    Leave(usize),
}

/// A network: the places of its channels, and what its processes do.
#[derive(Clone, Debug)]
struct Plan {
    places: Vec<usize>,
    acts: Vec<Vec<Act>>,
}

struct Lots(u64);

impl Lots {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % count as u64).unwrap()
    }

    fn plan(&mut self) -> Plan {
        let places: Vec<_> = (0..1 + self.below(3)).map(|_| self.below(3)).collect();
        let mut act = || match (self.below(8), self.below(places.len()), self.below(places.len())) {
            (0..3, channel, _) => Act::Send(channel),
            (3..6, channel, _) => Act::Receive(channel),
            (6, one, other) => Act::Choose(one, other),
            (_, channel, _) => Act::Leave(channel),
        };
        let mut acts = vec![vec![act(), act()], vec![act(), act()], vec![act()]];
        acts.truncate(2 + self.below(2));
        Plan { places, acts }
    }
}

/// What the processes have seen so far.
type Seen = Vec<Vec<Result<u64, ()>>>;

async fn acts(
    number: usize,
    acts: Vec<Act>,
    mut to: Vec<Option<Sender<u64>>>,
    from: Vec<Receiver<u64>>,
    seen: Arc<Mutex<Seen>>,
) {
    let see = |what| seen.lock().unwrap()[number].push(what);
    for (step, act) in (0..).zip(acts) {
        match act {
            Act::Send(channel) => {
                let Some(to) = &to[channel] else { continue };
                see(to.send(10 * number as u64 + step).await.map(|()| 99).map_err(drop));
            }
            Act::Receive(channel) => see(from[channel].recv().await.map_err(drop)),
            Act::Choose(one, other) => see(alt! {
                got = from[one].recv() => got.map_err(drop),
                got = from[other].recv() => got.map_err(drop),
            }),
            Act::Leave(channel) => drop(to[channel].take()),
        }
    }
}

/// Runs a network until it ends, or nobody can go on: then the deadline comes.
async fn network(plan: Plan, endings: Arc<Mutex<BTreeSet<Seen>>>) {
    let ends: Vec<_> = plan.places.iter().map(|&places| channel_bounded(places)).collect();
    let seen = Arc::new(Mutex::new(vec![vec![]; plan.acts.len()]));
    let process = |(number, list): (usize, Vec<Act>)| {
        let to = ends.iter().map(|(to, _)| Some(to.clone())).collect();
        let from = ends.iter().map(|(_, from)| from.clone()).collect();
        let acts = acts(number, list, to, from, Arc::clone(&seen));
        Process::new(format!("p{number}"), async move {
            acts.await;
            Outcome::Ok(())
        })
    };
    let processes: Vec<_> = (0..).zip(plan.acts).map(process).collect();
    drop(ends);
    let _ = par(processes).within(Duration::from_secs(1)).await;
    endings.lock().unwrap().insert(seen.lock().unwrap().clone());
}

/// All that a network may come to.
fn endings(plan: &Plan, reduces: bool) -> (BTreeSet<Seen>, Explored) {
    let endings: Arc<Mutex<BTreeSet<_>>> = Arc::default();
    let (plan, into) = (plan.clone(), Arc::clone(&endings));
    let explore = explore(move || network(plan.clone(), Arc::clone(&into))).may_lose_values().at_most(100_000);
    let explored = if reduces { explore.exhaustively() } else { explore.unreduced().exhaustively() };
    explored.assert_sound();
    let seen = std::mem::take(&mut *endings.lock().unwrap());
    (seen, explored)
}

#[test]
fn random_networks_come_to_the_same_with_and_without_reduction() {
    const SEED: u64 = 42;
    let mut lots = Lots(SEED);
    let (mut reduced, mut all, mut compared, mut open) = (0, 0, 0, 0);
    for number in 0..100 {
        let plan = lots.plan();
        let (with, without) = (endings(&plan, true), endings(&plan, false));
        assert!(with.1.complete, "seed {SEED}, network {number}: {} {plan:?}", with.1);
        assert!(with.0.is_superset(&without.0), "seed {SEED}, network {number} {plan:?}: {:?} {:?}", with.0, without.0);
        if without.1.complete {
            assert_eq!(with.0, without.0, "seed {SEED}, network {number}: {plan:?}");
            compared += 1;
            open += usize::from(with.0.len() > 1);
            reduced += with.1.schedules;
            all += without.1.schedules;
        }
    }
    println!("{compared} networks, {open} of them with several endings: {reduced} schedules stand for {all}");
    assert!(compared > 50 && open > 15 && reduced * 2 < all, "{compared} {open} {reduced} {all}");
}
