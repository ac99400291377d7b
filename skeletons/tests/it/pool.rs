//! Pools: order, the limit on threads, and failures that say which item it was.

use crate::support::{Gauge, run};
use rendez_channels::after;
use rendez_runtime::{Outcome, par, spawn};
use rendez_skeletons::Pool;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

#[test]
fn three_lines() {
    let outcome = run(async {
        let pool = Pool::new(4);
        let squares = pool.map(|n| n * n, 0..100).await?;
        Outcome::Ok(squares)
    });
    assert_eq!(outcome.unwrap(), (0..100).map(|n| n * n).collect::<Vec<_>>());
}

#[test]
fn results_are_in_the_order_of_the_items_whichever_is_done_first() {
    let slow_first = |n: u64| {
        sleep(Duration::from_millis(20 - n));
        n
    };
    let outcome = run(async move { Pool::new(5).map(slow_first, 0..20).await });
    assert_eq!(outcome.unwrap(), (0..20).collect::<Vec<_>>());
}

#[test]
fn nothing_in_nothing_out() {
    let outcome = run(async { Pool::new(0).map(|n: u32| n, []).await });
    assert_eq!(outcome.unwrap(), []);
}

#[test]
fn a_panic_names_its_item_and_the_pool_can_be_used_again() {
    run(async {
        let pool = Pool::new(2);
        let outcome = pool.map(|n: u32| if n == 17 { panic!("{n} is right out") } else { n }, 0..1000).await;
        let failure = outcome.unwrap_err();
        assert_eq!(failure.cause(), "item 17 panicked: 17 is right out");
        assert!(failure.process().unwrap().contains("tests/it/pool.rs"), "{failure}");
        assert_eq!(pool.map(|n: u32| n + 1, 0..3).await?, [1, 2, 3]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_map_that_is_given_up_stops_and_gives_its_turns_back() {
    run(async {
        let pool = Pool::new(2);
        let endless = spawn(pool.map(|_| sleep(Duration::from_millis(1)), 0u64..));
        after(Duration::from_millis(20)).await;
        endless.stop();
        endless.process().ended().await;
        assert_eq!(pool.map(|n: u32| n, 0..10).await?.len(), 10);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn two_maps_share_the_threads_of_their_pool() {
    let gauge = Arc::new(Gauge::default());
    let seen = Arc::clone(&gauge);
    let both = run(async move {
        let pool = Pool::new(3);
        let work = move |n: u32| {
            gauge.enter();
            sleep(Duration::from_millis(2));
            gauge.leave();
            n
        };
        par![pool.map(work.clone(), 0..30), pool.map(work, 30..60)].values().await
    });
    assert_eq!(both.unwrap(), ((0..30).collect(), (30..60).collect()));
    assert_eq!(seen.most(), 3);
}

#[test]
fn the_async_workers_stay_free_and_items_are_taken_as_they_are_needed() {
    let taken = Arc::new(Gauge::default());
    let count = Arc::clone(&taken);
    run(async move {
        let items = (0..10_000).inspect(move |_| count.enter());
        let slow = spawn(Pool::new(2).map(|_| sleep(Duration::from_millis(500)), items));
        after(Duration::from_millis(100)).await;
        slow.stop();
        assert!(taken.total() < 100, "{} items taken ahead", taken.total());
        Outcome::Ok(())
    })
    .unwrap();
}
