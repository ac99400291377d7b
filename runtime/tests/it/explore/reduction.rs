//! That the reduction leaves nothing out: random networks come to the same with and without it.

use super::random::{Act, Lots, Plan, Seen, acts};
use rendez_channels::{Overflow, after, channel_bounded, channel_unbounded};
use rendez_runtime::{Bus, Explored, Outcome, Process, explore, par, register};
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

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
    let mut lots = Lots::new(SEED);
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

/// Whether the loser of a race for the end of a scope has told of itself before it was ended.
async fn race(told: Arc<Mutex<BTreeSet<usize>>>) -> Outcome {
    let (tell, hear) = channel_unbounded();
    let wins = Process::new("wins", async { Outcome::Ok(()) });
    let loses = Process::new("loses", async move {
        tell.send(1).await?;
        tell.send(2).await?;
        std::future::pending::<Outcome>().await
    });
    par![wins, loses].first().await?;
    told.lock().unwrap().insert(hear.len());
    Ok(())
}

#[test]
fn whether_a_process_acts_before_it_is_ended_is_left_open() {
    let told: Arc<Mutex<BTreeSet<_>>> = Arc::default();
    let into = Arc::clone(&told);
    let explored = explore(move || race(Arc::clone(&into))).may_lose_values().exhaustively();
    explored.assert_sound();
    assert!(explored.complete);
    assert_eq!(*told.lock().unwrap(), BTreeSet::from([0, 1, 2]));
}

/// All that two processes may come to who each do something with what they share, and tell of it.
fn comes_to<S, F>(reduces: bool, share: fn() -> S, act: fn(&'static str, S) -> F) -> BTreeSet<Vec<usize>>
where
    S: Clone + Send + 'static,
    F: Future<Output = Outcome<usize>> + Send + 'static,
{
    let endings: Arc<Mutex<BTreeSet<_>>> = Arc::default();
    let into = Arc::clone(&endings);
    let explore = explore(move || {
        let (shared, into) = (share(), Arc::clone(&into));
        async move {
            let acts = ["a", "b"].map(|name| Process::new(name, act(name, shared.clone())));
            let ending = par(acts).values().await?;
            into.lock().unwrap().insert(ending);
            Outcome::Ok(())
        }
    })
    .may_lose_values();
    let explored = if reduces { explore.exhaustively() } else { explore.unreduced().exhaustively() };
    explored.assert_sound();
    assert!(explored.complete, "{explored}");
    std::mem::take(&mut *endings.lock().unwrap())
}

#[track_caller]
fn left_open<S, F>(share: fn() -> S, act: fn(&'static str, S) -> F)
where
    S: Clone + Send + 'static,
    F: Future<Output = Outcome<usize>> + Send + 'static,
{
    let (reduced, all) = (comes_to(true, share, act), comes_to(false, share, act));
    assert_eq!(reduced, all);
    assert!(all.len() > 1, "{all:?}");
}

/// Until both have done what they do.
async fn both_have_acted() {
    after(Duration::from_secs(1)).await;
}

#[test]
fn who_takes_a_name_is_left_open() {
    left_open(
        || (),
        |_, ()| async {
            let leads = register("leader").is_ok();
            both_have_acted().await;
            Ok(usize::from(leads))
        },
    );
}

#[test]
fn who_hears_of_whom_on_a_bus_is_left_open() {
    left_open(Bus::new, |name, bus| async move {
        let heard = bus.subscribe::<&'static str>(2, Overflow::DropNewest);
        bus.publish(name).await;
        both_have_acted().await;
        Ok(heard.try_iter().count())
    });
}
