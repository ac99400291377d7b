//! Names: found while their holders live, free before anybody hears of an end, kept across restarts, keeping nobody.
//!
//! All tests of this binary share one table: each has names of its own.

use rendez_channels::{channel, future, oneshot};
use rendez_model::End;
use rendez_runtime::{
    Failure, NAME_MAX, NameError, Outcome, Process, Supervisor, actor, alt, blocking, current, par, register,
    registered, run, spawn, spawn_actor, stop_requested, unregister, whereis, whereis_actor,
};
use std::pin::pin;
use std::time::Duration;

struct Counter(u64);

#[actor(crate = rendez_runtime)]
impl Counter {
    pub(crate) async fn add(&mut self, n: u64) -> u64 {
        self.0 += n;
        self.0
    }
    pub(crate) async fn fail(&mut self) {
        panic!("as told");
    }
}

struct Other;

#[actor(crate = rendez_runtime)]
impl Other {
    pub(crate) async fn nothing(&self) {}
}

/// Has a name until it is requested to stop; says when it has it.
fn holds(name: &'static str, ready: rendez_channels::OneshotSender<()>) -> Process {
    Process::new("holds", async move {
        register(name)?;
        ready.send(())?;
        stop_requested().await;
        Outcome::Ok(())
    })
}

#[test]
fn a_name_finds_its_holder_and_is_free_before_the_end_is_heard_of() {
    run(async {
        for _ in 0..50 {
            let (ready, is_ready) = oneshot();
            let held = spawn(holds("found", ready));
            is_ready.recv().await?;
            let found = whereis("found").unwrap();
            assert_eq!(found.id(), held.process().id());
            found.request_stop();
            assert_eq!(found.ended().await, End::Normal);
            assert!(whereis("found").is_none());
            assert_eq!(found.register("found"), Err(NameError::Ended { name: "found".into() }));
        }
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn it_is_free_too_when_its_holder_fails_or_is_ended_and_when_it_is_on_a_thread() {
    let fails = Process::new("fails", async {
        register("fails")?;
        Outcome::<()>::Err(Failure::new("no ink"))
    });
    assert!(run(async { fails.await }).is_err());
    assert!(whereis("fails").is_none());
    run(async {
        let (ready, is_ready) = oneshot();
        let held = spawn(holds("stopped", ready));
        is_ready.recv().await?;
        held.stop();
        held.process().ended().await;
        assert!(whereis("stopped").is_none());
        let (tx, rx) = channel::<()>();
        let thread = spawn(blocking("thread", move || {
            register("thread")?;
            rx.recv_blocking()?;
            Outcome::Ok(())
        }));
        tx.send(()).await?;
        thread.join().await?;
        assert!(whereis("thread").is_none());
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_name_that_is_taken_says_by_whom_and_can_be_taken_away() {
    run(async {
        let (ready, is_ready) = oneshot();
        let held = spawn(holds("taken", ready));
        is_ready.recv().await?;
        let error = register("taken").unwrap_err();
        let NameError::Taken { name, holder } = &error else { panic!("{error}") };
        let id = held.process().id();
        assert!(name == "taken" && holder.starts_with(&format!("{id} process `holds` (spawned at runtime/tests/it/")));
        assert_eq!(Failure::from(error.clone()).to_string(), error.to_string());
        assert!(unregister("taken") && !unregister("taken"));
        register("taken")?;
        held.process().request_stop();
        held.join().await?;
        assert!(whereis("taken").is_some(), "the one who had it before does not take it along");
        Outcome::Ok(())
    })
    .unwrap();
    assert!(whereis("taken").is_none());
}

#[test]
fn what_is_no_name_or_has_no_process_is_refused() {
    assert_eq!(register("orphan"), Err(NameError::NoProcess { name: "orphan".into() }));
    run(async {
        assert_eq!(register(""), Err(NameError::NotAName { bytes: 0 }));
        assert_eq!(register("x".repeat(NAME_MAX + 1)), Err(NameError::NotAName { bytes: NAME_MAX + 1 }));
        register("x".repeat(NAME_MAX))?;
        register("a second name")?;
        let names: Vec<_> = registered().into_iter().map(|(name, _)| name).collect();
        assert!(names.is_sorted() && names.contains(&"a second name".to_owned()));
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn an_actor_is_found_by_its_type_and_another_type_is_told_what_it_is() {
    run(async {
        let counter = spawn_actor(Counter(0));
        counter.address().register("counter")?;
        assert_eq!(whereis_actor::<Counter>("counter")?.add(2).await?, 2);
        assert_eq!(whereis("counter").unwrap().id(), counter.process().id());
        let error = whereis_actor::<Other>("counter").unwrap_err();
        let NameError::OfAnother { holder, wanted, .. } = &error else { panic!("{error}") };
        assert!(holder.contains("`Counter`") && wanted.ends_with("names::Other"), "{error}");
        assert_eq!(whereis_actor::<Counter>("nobody").unwrap_err(), NameError::Unknown { name: "nobody".into() });
        let (ready, is_ready) = oneshot();
        let process = spawn(holds("no actor", ready));
        is_ready.recv().await?;
        assert!(matches!(whereis_actor::<Counter>("no actor"), Err(NameError::OfAnother { .. })));
        process.process().request_stop();
        Outcome::Ok(())
    })
    .unwrap();
    assert!(whereis_actor::<Counter>("counter").is_err());
}

#[test]
fn a_name_does_not_keep_an_actor() {
    run(async {
        let counter = spawn_actor(Counter(0));
        counter.address().register("unkept")?;
        let process = counter.process();
        drop(counter);
        assert_eq!(process.ended().await, End::Normal);
        assert!(whereis("unkept").is_none() && whereis_actor::<Counter>("unkept").is_err());
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn an_actor_that_is_started_again_keeps_its_name_until_it_ends_for_good() {
    run(async {
        let mut shop = Supervisor::one_for_one();
        let counter = shop.add_actor("counter", || Counter(0));
        counter.address().register("restarted")?;
        let shop = shop.start();
        let first = whereis("restarted").unwrap();
        assert!(counter.fail().await.is_err());
        assert_eq!(whereis_actor::<Counter>("restarted")?.add(1).await?, 1);
        let second = whereis("restarted").unwrap();
        assert_ne!(second.id(), first.id());
        assert_eq!((first.inspect().names, second.inspect().names), (vec![], vec!["restarted".to_owned()]));
        let process = shop.process();
        shop.stop();
        drop(counter);
        process.ended().await;
        assert!(whereis("restarted").is_none());
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_process_shows_its_own_names_in_their_order_and_nobody_elses() {
    run(async {
        let (counter, other) = (spawn_actor(Counter(0)), spawn_actor(Counter(0)));
        for name in ["own.b", "own.a"] {
            counter.address().register(name)?;
        }
        other.address().register("own.other")?;
        // One that only this incarnation has.
        counter.process().register("own.aa")?;
        register("own.main")?;
        assert_eq!(counter.process().inspect().names, ["own.a", "own.aa", "own.b"]);
        assert_eq!(other.process().inspect().names, ["own.other"]);
        assert_eq!(current().unwrap().inspect().names, ["own.main"]);
        assert!(unregister("own.a"));
        assert_eq!(counter.process().inspect().names, ["own.aa", "own.b"]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn many_who_want_one_name_and_end_soon_have_it_one_after_the_other_and_leave_none() {
    const WANT: u64 = 200;
    let counts = run(async {
        par((0..WANT).map(|_| {
            Process::new("wants", async {
                let mut tries = 0_u64;
                loop {
                    tries += 1;
                    match register("wanted") {
                        Ok(()) => return Outcome::Ok(tries),
                        Err(NameError::Taken { .. }) => tokio::task::yield_now().await,
                        Err(error) => return Err(error.into()),
                    }
                }
            })
        }))
        .within(Duration::from_secs(30))
        .values()
        .await
    });
    assert_eq!(counts.unwrap().len() as u64, WANT, "each has had it");
    assert!(whereis("wanted").is_none());
}

#[test]
fn one_that_looks_up_a_name_while_its_holder_ends_finds_it_or_nobody() {
    run(async {
        for _ in 0..200 {
            let counter = spawn_actor(Counter(0));
            counter.address().register("fleeting")?;
            let process = counter.process();
            let looks = spawn(async {
                while let Ok(found) = whereis_actor::<Counter>("fleeting") {
                    let _ = found.add(1).await;
                    tokio::task::yield_now().await;
                }
                Outcome::Ok(())
            });
            counter.add(1).await?;
            counter.address().stop();
            drop(counter);
            let mut ended = pin!(process.ended());
            alt! { _ = future(ended.as_mut()) => {} }
            looks.join().await?;
        }
        Outcome::Ok(())
    })
    .unwrap();
}
