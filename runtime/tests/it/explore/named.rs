//! Deadlocks of random networks: where exploration shows that nobody can go on, the wait-for graph names who waits for whom.

use super::random::{Lots, Plan, acts};
use rendez_channels::{Receiver, Sender, channel_bounded};
use rendez_runtime::{Outcome, What, explore, par, process};
use std::sync::{Arc, Mutex};

/// As `acts`, with ends that are declared.
#[process]
async fn actor(number: usize, plan: Plan, to: Vec<Sender<u64>>, from: Vec<Receiver<u64>>) -> Outcome {
    let list = plan.acts[number].clone();
    let seen = Arc::new(Mutex::new(vec![vec![]; plan.acts.len()]));
    acts(number, list, to.into_iter().map(Some).collect(), from, seen).await;
    Ok(())
}

async fn network(plan: Plan) -> Outcome {
    let ends: Vec<_> = plan.places.iter().map(|&places| channel_bounded(places)).collect();
    let process = |number| {
        let to = ends.iter().map(|(to, _)| to.clone()).collect();
        let from = ends.iter().map(|(_, from)| from.clone()).collect();
        actor(number, plan.clone(), to, from)
    };
    let processes: Vec<_> = (0..plan.acts.len()).map(process).collect();
    drop(ends);
    par(processes).await
}

#[test]
fn where_nobody_can_go_on_the_graph_names_who_waits_for_whom() {
    const SEED: u64 = 7;
    let (mut lots, mut named, mut sound) = (Lots::new(SEED), 0, 0);
    for number in 0..300 {
        let plan = lots.plan();
        let again = plan.clone();
        let explored = explore(move || network(again.clone())).may_lose_values().exhaustively();
        match explored.fault.map(|fault| fault.what) {
            None => {
                assert!(explored.complete, "seed {SEED}, network {number}: {plan:?}");
                sound += 1;
            }
            Some(What::Deadlock(sentences)) => {
                let names = sentences.iter().all(|sentence| sentence.starts_with("deadlock: "));
                assert!(names, "seed {SEED}, network {number}: {plan:?}\n{sentences:?}");
                named += 1;
            }
            Some(other) => panic!("seed {SEED}, network {number}: {plan:?}\n{other}"),
        }
    }
    println!("{named} deadlocks named, {sound} networks without");
    assert!(named > 50 && sound > 20, "{named} {sound}");
}
