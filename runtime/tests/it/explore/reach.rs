//! What exploration reaches, and what it says of what it does not: tokio, threads, endless networks, other ways to use rendez.

use rendez_channels::{after, channel, channel_bounded};
use rendez_runtime::{Outcome, Process, What, blocking, explore, par, spawn};
use std::sync::Arc;
use std::time::Duration;

#[track_caller]
fn uncontrolled(what: &What) -> &str {
    let What::Uncontrolled { what, .. } = what else { panic!("it is said to be {what:?}") };
    what
}

#[test]
fn what_is_tokios_ends_it_and_is_named() {
    let sleeps = explore(|| async { tokio::time::sleep(Duration::from_secs(1)).await }).exhaustively();
    assert!(uncontrolled(&sleeps.fault.unwrap().what).contains("tokio"));
    let spawns = explore(|| async {
        tokio::spawn(async {});
    })
    .exhaustively();
    assert!(uncontrolled(&spawns.fault.unwrap().what).contains("tokio"));
}

#[test]
fn tokios_sync_works_inside() {
    let explored = explore(|| async {
        let lock = Arc::new(tokio::sync::Mutex::new(0));
        let adder = |lock: Arc<tokio::sync::Mutex<u32>>| {
            Process::new("adder", async move {
                *lock.lock().await += 1;
                Outcome::Ok(())
            })
        };
        let (one, other) = (adder(Arc::clone(&lock)), adder(Arc::clone(&lock)));
        par![one, other].await?;
        assert_eq!(*lock.lock().await, 2);
        Outcome::Ok(())
    })
    .exhaustively();
    explored.assert_sound();
}

#[test]
fn a_blocking_body_is_named() {
    let explored = explore(|| async { par![blocking("reads a file", || Outcome::Ok(()))].await }).exhaustively();
    let fault = explored.fault.unwrap();
    let What::Uncontrolled { process, what } = &fault.what else { panic!("{}", fault.what) };
    assert_eq!((process.as_str(), what.as_str()), ("reads a file", "has a body that blocks a thread"));
}

#[test]
fn time_passes_at_once_when_nobody_is_ready() {
    let began = std::time::Instant::now();
    explore(|| async {
        let before = rendez_channels::clock::now();
        after(Duration::from_secs(3600)).await;
        assert_eq!(rendez_channels::clock::now() - before, Duration::from_secs(3600));
        Outcome::Ok(())
    })
    .exhaustively()
    .assert_sound();
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[test]
fn an_endless_network_is_cut_off_and_not_called_complete() {
    let explored = explore(|| async {
        let (tx, rx) = channel::<u8>();
        let talks = Process::new("talks", async move {
            loop {
                tx.send(1).await?;
            }
            #[allow(unreachable_code)]
            Outcome::Ok(())
        });
        let listens = Process::new("listens", async move {
            loop {
                rx.recv().await?;
            }
            #[allow(unreachable_code)]
            Outcome::Ok(())
        });
        par![talks, listens].await
    })
    .depth(100)
    .at_most(20)
    .exhaustively();
    assert!(explored.fault.is_none() && !explored.complete && explored.cut > 0, "{explored}");
    assert!(explored.to_string().contains("cut off"), "{explored}");
}

#[test]
fn independent_pairs_need_few_schedules() {
    let pairs = |reduces: bool| {
        let explore = explore(|| async {
            let pair = |_| {
                let (tx, rx) = channel_bounded(1);
                let sends = spawn(async move { Outcome::Ok(tx.send(1).await?) });
                let receives = spawn(async move { Outcome::Ok(rx.recv().await?) });
                (sends, receives)
            };
            for (sends, receives) in (0..2).map(pair).collect::<Vec<_>>() {
                sends.join().await?;
                receives.join().await?;
            }
            Outcome::Ok(())
        })
        .at_most(20_000);
        let explored = if reduces { explore.exhaustively() } else { explore.unreduced().exhaustively() };
        explored.assert_sound();
        explored
    };
    let (reduced, all) = (pairs(true), pairs(false));
    println!("reduced: {reduced}\nall: {all}");
    assert!(reduced.complete && all.complete && reduced.schedules * 4 < all.schedules, "{reduced} / {all}");
}

#[test]
fn actors_and_their_callers_are_explored() {
    #[derive(Default)]
    struct Counter(u32);

    #[rendez_runtime::actor]
    impl Counter {
        pub(crate) async fn add(&mut self, n: u32) -> u32 {
            self.0 += n;
            self.0
        }
    }

    let explored = explore(|| async {
        let counter = rendez_runtime::spawn_actor(Counter::default());
        let (one, other) = (counter.clone(), counter.clone());
        let one = Process::new("one", async move { Outcome::Ok(one.add(1).await?) });
        let other = Process::new("other", async move { Outcome::Ok(other.add(10).await?) });
        let (one, other) = par![one, other].values().await?;
        assert!(matches!((one, other), (1, 11) | (11, 10)), "{one} {other}");
        Outcome::Ok(())
    })
    .at_most(5_000)
    .exhaustively();
    println!("{explored}");
    explored.assert_sound();
}
