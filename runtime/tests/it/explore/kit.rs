//! The test kit: what `#[rendez::test]` gives a test, and that its failures say what they should.

use rendez_channels::{after, channel, clock};
use rendez_runtime::testing::{PROBE_MAX, Probe, assert_blocked, settled};
use rendez_runtime::{Backoff, Outcome, Process, explore, par, spawn};
use std::time::Duration;

#[rendez::test]
async fn a_test_runs_in_a_time_of_its_own() {
    let before = clock::now();
    after(Duration::from_secs(86_400)).await;
    assert_eq!(clock::now() - before, Duration::from_secs(86_400));
}

#[rendez::test(exhaustive)]
async fn a_process_that_waits_for_another_is_blocked() -> Outcome {
    let (tx, rx) = channel::<u8>();
    let waits = spawn(async move { Outcome::Ok(rx.recv().await?) });
    assert_blocked(&waits.process()).await?;
    tx.send(1).await?;
    assert_eq!(waits.join().await?, 1);
    Ok(())
}

#[rendez::test(schedules = 50)]
async fn a_probe_says_what_it_expects() -> Outcome {
    let probe = Probe::new("events");
    let tells = |number: u8| {
        let events = probe.sender();
        Process::new("tells", async move { Outcome::Ok(events.send(number).await?) })
    };
    let (one, same) = (tells(1), tells(1));
    par![one, same].await?;
    probe.expect(1).await;
    probe.expect(1).await;
    probe.expect_nothing(Duration::from_secs(3600)).await;
    Ok(())
}

#[rendez::test]
async fn others_have_gone_as_far_as_they_can_when_a_network_has_settled() -> Outcome {
    let (tx, rx) = channel::<u8>();
    let relay = spawn(async move {
        let mut seen = vec![];
        while let Some(value) = rx.next().await? {
            seen.push(value);
        }
        Outcome::Ok(seen)
    });
    let sends = spawn(async move {
        tx.send(1).await?;
        tx.send(2).await?;
        Outcome::Ok(tx)
    });
    settled().await?;
    let tx = sends.join().await?;
    assert_blocked(&relay.process()).await?;
    drop(tx);
    assert_eq!(relay.join().await?, [1, 2]);
    Ok(())
}

/// What a test says that fails.
fn said(test: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let panic = std::panic::catch_unwind(test).unwrap_err();
    panic.downcast_ref::<String>().cloned().expect("it says why")
}

mod failing {
    //! Tests that fail, without being tests.

    use super::*;
    use rendez_runtime::__private::{How, run_test};

    pub(super) fn leaks() {
        run_test(How { schedules: 2, exhaustive: false }, || async {
            let (tx, rx) = channel::<u8>();
            rendez_runtime::detached(async move {
                let _tx = tx;
                rx.recv().await
            });
        });
    }

    pub(super) fn is_not_blocked() {
        run_test(How { schedules: 0, exhaustive: true }, || async {
            let sleeps = spawn(async { after(Duration::from_secs(1)).await });
            assert_blocked(&sleeps.process()).await?;
            Outcome::Ok(())
        });
    }

    pub(super) fn expects_something() {
        run_test(How { schedules: 0, exhaustive: false }, || async {
            Probe::<u8>::new("answers").next().await;
        });
    }

    /// The probe was given one more than it holds, and what it holds is asked for.
    pub(super) fn asks_too_late() {
        run_test(How { schedules: 0, exhaustive: false }, || async {
            let probe = Probe::new("answers");
            let answers = probe.sender();
            for number in 0..=PROBE_MAX {
                answers.send(number).await?;
            }
            probe.expect(0).await;
            Outcome::Ok(())
        });
    }

    pub(super) fn fails_by_chance() {
        run_test(How { schedules: 100, exhaustive: false }, || async {
            let (tx, rx) = channel::<u8>();
            let teller = |number, tx: rendez_channels::Sender<u8>| {
                Process::new("teller", async move { Outcome::Ok(tx.send(number).await?) })
            };
            let (one, two) = (teller(1, tx.clone()), teller(2, tx));
            let hears = Process::new("hears", async move {
                let first = rx.recv().await?;
                rx.recv().await?;
                if first == 1 { Outcome::Ok(()) } else { Err(rendez_runtime::Failure::new("2 came first")) }
            });
            par![one, two, hears].await
        });
    }
}

#[test]
fn a_test_that_leaves_a_process_behind_fails_and_names_it() {
    let said = said(failing::leaks);
    assert!(said.contains("still alive after the end: process `async block`"), "{said}");
}

#[test]
fn a_process_that_sleeps_is_not_blocked() {
    let said = said(failing::is_not_blocked);
    assert!(said.contains("`async block` is not blocked at") && said.contains("it is Waiting"), "{said}");
}

#[test]
fn a_probe_that_nothing_comes_to_says_so() {
    let said = said(failing::expects_something);
    assert!(said.contains("nothing has come to the probe `answers` within 60s"), "{said}");
}

#[test]
fn a_probe_that_is_asked_too_late_says_how_many_values_it_has_not_kept() {
    let said = said(failing::asks_too_late);
    assert!(said.contains("the probe `answers` holds 1024 values, and 1 more have come: ask it sooner"), "{said}");
}

#[rendez::test]
async fn a_probe_keeps_as_many_values_as_it_says() -> Outcome {
    let probe = Probe::new("answers");
    let answers = probe.sender();
    for number in 0..PROBE_MAX {
        answers.send(number).await?;
    }
    for number in 0..PROBE_MAX {
        probe.expect(number).await;
    }
    Ok(())
}

#[test]
fn a_test_that_fails_by_chance_prints_its_seed_and_what_happened() {
    let said = said(failing::fails_by_chance);
    assert!(said.contains("again by its seed: RENDEZ_SEED=") && said.contains("teller sends on"), "{said}");
}

#[test]
fn outside_of_an_exploration_nothing_settles() {
    let said = rendez_runtime::run(settled()).unwrap_err().to_string();
    assert!(said.contains("#[rendez::test]"), "{said}");
}

#[test]
fn chance_is_the_seeds_too() {
    let delays = |seed| {
        let (tx, rx) = std::sync::mpsc::channel();
        let explored = explore(move || {
            let tx = tx.clone();
            async move {
                let backoff = format!("{:?}", Backoff::exponential(Duration::from_secs(1), Duration::from_secs(60)));
                let _ = tx.send(backoff);
            }
        })
        .randomly(seed, 1);
        explored.assert_sound();
        rx.iter().collect::<Vec<_>>()
    };
    assert_eq!(delays(3), delays(3));
    assert_ne!(delays(3), delays(4));
}
