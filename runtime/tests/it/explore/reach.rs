//! What exploration reaches, and what it says of what it does not: tokio, threads, endless networks, other ways to use rendez.

use rendez_channels::{Receiver, Sender, after, channel, channel_bounded};
use rendez_runtime::{ActorOptions, Failure, Outcome, Process, What, actor, blocking, explore, par, run, spawn};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
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
fn what_was_made_inside_cannot_be_started_outside() {
    let place: Arc<Mutex<Option<Process<()>>>> = Arc::default();
    let leaves = Arc::clone(&place);
    let explored = explore(move || {
        let leaves = Arc::clone(&leaves);
        async move {
            *leaves.lock().unwrap() = Some(Process::new("strays", async { Outcome::Ok(()) }));
        }
    });
    explored.exhaustively().assert_sound();
    let strays = place.lock().unwrap().take().unwrap();
    let failure = run(async move { par![strays].await }).unwrap_err().to_string();
    assert!(
        failure.contains("process `strays` (spawned at ") && failure.contains("make it where it is started"),
        "{failure}"
    );
}

#[test]
fn what_was_made_outside_runs_inside() {
    let place = Mutex::new(Some(Process::new("guest", async { Outcome::Ok(7) })));
    let made = move || {
        let guest = place.lock().unwrap().take();
        async move {
            // Of many schedules only the first has it.
            if let Some(guest) = guest {
                assert_eq!(spawn(guest).join().await?, 7);
            }
            Outcome::Ok(())
        }
    };
    explore(made).exhaustively().assert_sound();
}

/// Notes in which order it is told what.
struct Notes(Vec<u8>);

#[actor(crate = rendez_runtime)]
impl Notes {
    #[actor(one_way)]
    pub(crate) async fn note(&mut self, number: u8) {
        self.0.push(number);
    }

    pub(crate) async fn all(&mut self) -> Vec<u8> {
        self.0.clone()
    }
}

#[test]
fn of_messages_to_an_actor_all_orders_are_covered() {
    for room in [4, usize::MAX] {
        let orders = Arc::<Mutex<BTreeSet<Vec<u8>>>>::default();
        let seen = Arc::clone(&orders);
        let made = move || {
            let seen = Arc::clone(&seen);
            async move {
                let notes: NotesRef = ActorOptions::new().mailbox(room).spawn(Notes(vec![]));
                let tells = |numbers: [u8; 2]| {
                    let notes = notes.clone();
                    Process::new("tells", async move {
                        for number in numbers {
                            notes.note(number).await?;
                        }
                        Outcome::Ok(())
                    })
                };
                let (one, other) = (tells([1, 2]), tells([3, 4]));
                par![one, other].await?;
                let all = notes.all().await?;
                seen.lock().unwrap().insert(all);
                Outcome::Ok(())
            }
        };
        explore(made).exhaustively().assert_sound();
        assert_eq!(orders.lock().unwrap().len(), 6, "where there is room for {room}");
    }
}

/// Two of these, crossed: both send before they receive, or the second receives first.
fn blocks(name: &'static str, sends_first: bool, to: Sender<u8>, from: Receiver<u8>) -> Process<()> {
    blocking(name, move || {
        if sends_first {
            to.send_blocking(1)?;
            from.recv_blocking()?;
        } else {
            from.recv_blocking()?;
            to.send_blocking(2)?;
        }
        Outcome::Ok(())
    })
}

#[test]
fn bodies_that_block_their_threads_take_turns() {
    let crossed = |mended: bool| {
        explore(move || async move {
            let ((to_a, a), (to_b, b)) = (channel(), channel());
            par![blocks("a", true, to_b, a), blocks("b", !mended, to_a, b)].await
        })
        .exhaustively()
    };
    let fault = crossed(false).fault.expect("they wait for each other");
    assert!(matches!(fault.what, What::Deadlock(_)), "{fault}");
    assert!(fault.sequence.to_string().contains("a on its thread sends on `c2`, and waits"), "{fault}");
    let mended = crossed(true);
    println!("{mended}");
    mended.assert_sound();
    assert!(mended.complete && mended.schedules > 1);
}

#[test]
fn a_race_of_bodies_that_block_their_threads_is_found_and_found_again() {
    let network = || async {
        let (tx, rx) = channel_bounded::<u8>(2);
        let teller = |number, tx: Sender<u8>| blocking("teller", move || Outcome::Ok(tx.send_blocking(number)?));
        let hears = Process::new("hears", async move {
            let first = rx.recv().await?;
            rx.recv().await?;
            if first == 1 { Outcome::Ok(()) } else { Err(Failure::new("2 came first")) }
        });
        par![teller(1, tx.clone()), teller(2, tx), hears].await
    };
    let fault = explore(network).exhaustively().fault.expect("2 may come first");
    let again = explore(network).replay(&fault.schedule).fault.expect("it is found again");
    assert_eq!((again.what, again.sequence), (fault.what, fault.sequence));
    assert!(explore(network).randomly(1, 1000).fault.is_some());
}

#[test]
fn a_thread_waits_in_the_networks_own_time_and_is_ended_with_its_scope() {
    let explored = explore(|| async {
        let (_keeps, never) = channel::<u8>();
        let waits = blocking("waits", move || Outcome::Ok(never.recv_blocking()?));
        let ended = par![waits].within(Duration::from_secs(3600)).await;
        assert!(ended.unwrap_err().is_deadline());
    })
    .exhaustively();
    explored.assert_sound();
}

#[test]
fn an_async_body_that_blocks_its_thread_is_named() {
    let explored = explore(|| async {
        let (_tx, rx) = channel::<u8>();
        let blocks = Process::new("blocks", async move { Outcome::Ok(rx.recv_blocking()?) });
        par![blocks].await
    })
    .exhaustively();
    let fault = explored.fault.unwrap();
    let What::Uncontrolled { process, what } = &fault.what else { panic!("{}", fault.what) };
    assert_eq!((process.as_str(), what.as_str()), ("blocks", "blocks its thread, and is no blocking(..) process"));
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
