//! Scopes that end early: failure policies, deadlines, tokens, graces, races, shields; and what is left of them: nothing.

use rendez_channels::{CancellationToken, Ended, Receiver, Sender, after, channel, channel_bounded};
use rendez_model::End;
use rendez_runtime::{
    Failure, OnFailure, Outcome, Process, ProcessRef, alt, blocking, detached, is_stop_requested, par, run, scope,
    shield, spawn, stop_requested,
};
use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(10);
const LONG: Duration = Duration::from_secs(60);

/// Counts what is dropped.
#[derive(Clone, Default)]
struct Tally(Arc<AtomicUsize>);

impl Tally {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn add(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn ticket(&self) -> Ticket {
        Ticket(self.clone())
    }
}

struct Ticket(Tally);

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.add();
    }
}

/// Waits for what does not come, and holds a ticket meanwhile.
fn forever<T: Send + 'static>(tally: &Tally) -> Process<T> {
    let ticket = tally.ticket();
    Process::new("forever", async move {
        let _ticket = ticket;
        std::future::pending::<Outcome<T>>().await
    })
}

fn fails<T: Send + 'static>(cause: &'static str) -> Process<T> {
    Process::new("fails", async move { Outcome::<T>::Err(Failure::new(cause)) })
}

fn gives<T: Send + 'static>(value: T, delay: Duration) -> Process<T> {
    Process::new("gives", async move {
        after(delay).await;
        Outcome::Ok(value)
    })
}

/// Ends by itself when it is requested to.
fn tidies(tally: &Tally) -> Process<&'static str> {
    let tally = tally.clone();
    Process::new("tidies", async move {
        stop_requested().await;
        after(SHORT).await;
        tally.add();
        Outcome::Ok("tidied")
    })
}

#[test]
fn iterators_of_processes_run_side_by_side() {
    let values = run(async { par((0..5).map(|n| gives(n * n, SHORT))).values().await });
    assert_eq!(values.unwrap(), [0, 1, 4, 9, 16]);
    let none = run(async { par(Vec::<Process<u8>>::new()).values().await });
    assert_eq!(none.unwrap(), [0; 0], "no process, no values");
}

#[test]
fn a_failure_ends_the_others_or_lets_them_finish_as_the_policy_says() {
    let dropped = Tally::default();
    let ended = par![fails::<()>("no ink"), forever::<()>(&dropped)];
    assert!(run(ended.into_future()).unwrap_err().to_string().ends_with("failed: no ink"));
    assert_eq!(dropped.count(), 1);

    let finished = Tally::default();
    let tally = finished.clone();
    let slow = Process::new("slow", async move {
        after(SHORT).await;
        tally.add();
        Outcome::Ok(())
    });
    let waited = par![fails::<()>("no ink"), slow].on_failure(OnFailure::Wait);
    assert!(run(waited.into_future()).unwrap_err().to_string().ends_with("failed: no ink"));
    assert_eq!(finished.count(), 1, "it went on to its own end");
}

#[test]
fn a_scope_that_fails_retires_or_poisons_what_its_other_children_hold() {
    let outside_sees = |policy| {
        run(async move {
            let (tx, rx) = channel::<u8>();
            let outside = spawn(async move { Outcome::Ok(rx.recv().await) });
            let holds = Process::new("holds", async move {
                let _held = tx;
                std::future::pending::<Outcome>().await
            });
            assert!(par![holds, fails::<()>("no ink")].on_failure(policy).await.is_err());
            outside.join().await
        })
        .unwrap()
    };
    assert!(matches!(outside_sees(OnFailure::End), Err(Ended::Retired { .. })));
    let Err(Ended::Poisoned(poison)) = outside_sees(OnFailure::Poison) else { panic!("it is to be poisoned") };
    assert_eq!(poison.cause, "no ink");
}

#[test]
fn poison_reaches_what_a_blocking_child_holds() {
    let seen = run(async {
        let ((tx, rx), (_quiet, input)) = (channel::<u8>(), channel::<u8>());
        let outside = spawn(async move { Outcome::Ok(rx.recv().await) });
        let holds = blocking("holds", move || {
            let _held = tx;
            input.recv_blocking()?;
            Outcome::Ok(())
        });
        assert!(par![holds, fails::<()>("no ink")].on_failure(OnFailure::Poison).await.is_err());
        outside.join().await
    });
    assert!(matches!(seen.unwrap(), Err(Ended::Poisoned(poison)) if poison.cause == "no ink"));
}

#[test]
fn a_process_whose_child_has_failed_poisons_its_own_ends() {
    let (tx, rx) = channel::<u8>();
    let outside = std::thread::spawn(move || rx.recv_blocking());
    let failure = run(async move {
        par![Process::new("parent", async move {
            let _held = tx;
            spawn(fails::<()>("no ink"));
            std::future::pending::<Outcome>().await
        })]
        .await
    });
    assert!(failure.unwrap_err().to_string().ends_with("failed: no ink"));
    assert!(matches!(outside.join().unwrap(), Err(Ended::Poisoned(poison)) if poison.cause == "no ink"));
}

#[test]
fn a_deadline_ends_what_is_not_done_and_names_it() {
    let dropped = Tally::default();
    let late = par![gives(1, Duration::ZERO), forever::<u8>(&dropped)].within(SHORT).values();
    let failure = run(late).unwrap_err();
    assert!(failure.is_deadline());
    let text = failure.to_string();
    assert!(text.starts_with("the scope at runtime/tests/it/limits.rs:"), "{text}");
    assert!(text.ends_with("was not done within 10ms: still running `forever`"), "{text}");
    assert_eq!(dropped.count(), 1);

    let in_time = run(async { par![gives(1, SHORT)].deadline(std::time::Instant::now() + LONG).values().await });
    assert_eq!(in_time.unwrap(), (1,));
}

#[test]
fn a_time_too_far_for_the_clock_is_no_deadline_and_such_a_grace_has_no_end() {
    let done = run(async { par![gives(1, SHORT)].within(Duration::MAX).values().await });
    assert_eq!(done.unwrap(), (1,));
    let sooner = par![forever::<u8>(&Tally::default())].within(Duration::MAX).deadline(std::time::Instant::now());
    assert!(run(sooner.into_future()).unwrap_err().is_deadline(), "the other deadline holds");

    let (token, tidied) = (CancellationToken::new(), Tally::default());
    token.cancel();
    let values = run(par![tidies(&tidied)].stop_on(&token).grace(Duration::MAX).values());
    assert_eq!(values.unwrap(), ("tidied",));
    let end = run(async move {
        let tidies = spawn(tidies(&tidied));
        Outcome::Ok(tidies.process().stop_within(Duration::MAX).await)
    });
    assert_eq!(end.unwrap(), End::Normal);
}

#[test]
fn a_token_ends_a_scope_as_cancelled() {
    let (token, dropped) = (CancellationToken::new(), Tally::default());
    let scope = par![forever::<()>(&dropped)].stop_on(&token);
    let cancels = {
        let token = token.clone();
        async move {
            after(SHORT).await;
            token.cancel();
            Outcome::Ok(())
        }
    };
    let failure = run(async move {
        spawn(cancels);
        scope.await
    });
    assert!(failure.unwrap_err().is_cancelled());
    assert_eq!(dropped.count(), 1);
    let late = par![forever::<()>(&dropped)].stop_on(&token);
    assert!(run(late.into_future()).unwrap_err().is_cancelled(), "the token was cancelled before");
}

#[test]
fn in_the_grace_who_listens_ends_by_itself_and_counts_as_done() {
    let (token, tidied) = (CancellationToken::new(), Tally::default());
    token.cancel();
    let values = run(par![tidies(&tidied), tidies(&tidied)].stop_on(&token).grace(LONG).values());
    assert_eq!(values.unwrap(), ("tidied", "tidied"));
    assert_eq!(tidied.count(), 2);
}

#[test]
fn after_the_grace_what_is_left_is_ended() {
    let (tidied, dropped) = (Tally::default(), Tally::default());
    let stubborn = {
        let ticket = dropped.ticket();
        Process::new("stubborn", async move {
            let _ticket = ticket;
            stop_requested().await;
            std::future::pending::<Outcome>().await
        })
    };
    let outcome = run(par![tidies(&tidied), stubborn, fails::<()>("no ink")].grace(5 * SHORT).into_future());
    assert!(outcome.unwrap_err().to_string().ends_with("failed: no ink"));
    assert_eq!((tidied.count(), dropped.count()), (1, 1), "one tidied up, the other was ended");
}

#[test]
fn nobody_waits_for_a_grace_that_nobody_can_use() {
    let (token, dropped) = (CancellationToken::new(), Tally::default());
    token.cancel();
    // With a grace of a minute the test would not end.
    let outcome = run(par![forever::<()>(&dropped)].stop_on(&token).grace(LONG).into_future());
    assert!(outcome.unwrap_err().is_cancelled());
}

#[test]
fn a_request_to_stop_reaches_all_below_and_those_that_come_later() {
    let tidied = Tally::default();
    let tally = tidied.clone();
    let end = run(async move {
        let parent = spawn(async move {
            spawn(tidies(&tally));
            par![tidies(&tally)].await?;
            // Spawned after the request.
            par![tidies(&tally)].await
        });
        after(SHORT).await;
        Outcome::Ok(parent.process().stop_within(LONG).await)
    });
    assert_eq!(end.unwrap(), End::Normal);
    assert_eq!(tidied.count(), 3);
}

#[test]
fn a_thread_that_computes_hears_of_the_request() {
    let end = run(async {
        let counts = spawn(blocking("counts", || {
            while !is_stop_requested() {
                std::thread::yield_now();
            }
            Outcome::Ok(())
        }));
        let process = counts.process();
        let (asked, started) = channel_bounded::<()>(1);
        spawn(async move {
            after(SHORT).await;
            Ok::<_, Failure>(asked.send(()).await?)
        });
        started.recv().await?;
        Outcome::Ok(process.stop_within(LONG).await)
    });
    assert_eq!(end.unwrap(), End::Normal);
}

#[test]
fn the_first_to_end_ends_the_others() {
    let dropped = Tally::default();
    let (a, b) = (forever::<u8>(&dropped), forever::<u8>(&dropped));
    let first = run(async move { par![a, gives(7, SHORT), b].first().await });
    assert_eq!(first.unwrap(), 7);
    assert_eq!(dropped.count(), 2);
    let failed = run(par![forever::<u8>(&dropped), fails("no ink")].first());
    assert!(failed.unwrap_err().to_string().ends_with("failed: no ink"), "a failure is an end too");
    assert_eq!(dropped.count(), 3);
}

#[test]
fn any_success_will_do_and_failures_before_it_are_let_pass() {
    let dropped = Tally::default();
    let racers = vec![fails("no ink"), gives(7, SHORT), forever(&dropped)];
    assert_eq!(run(async move { par(racers).any().await }).unwrap(), 7);
    assert_eq!(dropped.count(), 1);
    let failure = run(par![fails::<u8>("no ink"), fails::<u8>("no paper")].any()).unwrap_err();
    assert!(failure.to_string().contains("failed: no "), "{failure}");
    let nobody = run(par(Vec::<Process<u8>>::new()).any()).unwrap_err();
    assert!(nobody.to_string().contains("the set is empty"), "{nobody}");
    let late = run(par![forever::<u8>(&dropped)].within(SHORT).any()).unwrap_err();
    assert!(late.is_deadline());
}

#[test]
fn outcomes_come_one_by_one_and_a_failure_ends_nobody() {
    let dropped = Tally::default();
    let set = par![gives(1, SHORT), fails::<u8>("no ink"), forever::<u8>(&dropped)].within(5 * SHORT).outcomes();
    let (one, no_ink, late) = run(set).unwrap();
    assert_eq!(one.unwrap(), 1);
    assert!(no_ink.unwrap_err().to_string().ends_with("no ink"));
    assert!(late.unwrap_err().is_deadline());
}

#[test]
fn a_scope_takes_children_as_it_goes_and_its_body_may_borrow() {
    let sum = run(async {
        let (names, total) = (vec!["a", "bb", "ccc"], AtomicUsize::new(0));
        scope(async |scope| {
            for length in names.iter().map(|name| name.len()) {
                let spawned = scope.spawn(gives(length, SHORT));
                total.fetch_add(spawned.join().await?, Ordering::SeqCst);
            }
            Outcome::Ok(())
        })
        .await?;
        Outcome::Ok(total.into_inner())
    });
    assert_eq!(sum.unwrap(), 6);
}

#[test]
fn a_scope_ends_only_when_its_children_have_and_its_children_may_spawn_in_it() {
    let done = Tally::default();
    let tally = done.clone();
    run(async move {
        scope(|scope| async move {
            let (inner, tally) = (scope.clone(), tally.clone());
            scope.spawn(async move {
                after(SHORT).await;
                inner.spawn(async move {
                    after(SHORT).await;
                    tally.add();
                    Outcome::Ok(())
                });
                Outcome::Ok(())
            });
        })
        .await
    })
    .unwrap();
    assert_eq!(done.count(), 1);
}

#[test]
fn in_a_scope_body_and_children_end_each_other() {
    let dropped = Tally::default();
    let tally = dropped.clone();
    let failure = run(async move {
        scope(|scope| async move {
            let _body = tally.ticket();
            scope.spawn(fails::<()>("no ink"));
            std::future::pending::<Outcome>().await
        })
        .await
    });
    assert!(failure.unwrap_err().to_string().ends_with("failed: no ink"));
    assert_eq!(dropped.count(), 1, "the child has ended the body");

    let tally = dropped.clone();
    let failure = run(async move {
        scope(|scope| async move {
            scope.spawn(forever::<()>(&tally));
            Outcome::<()>::Err(Failure::new("no paper"))
        })
        .await
    });
    assert_eq!(failure.unwrap_err().cause(), "no paper");
    assert_eq!(dropped.count(), 2, "the body has ended the child");
}

#[test]
fn who_is_spawned_into_a_scope_that_has_ended_never_runs() {
    let (ran, dropped) = (Tally::default(), Tally::default());
    let (tally, ticket) = (ran.clone(), dropped.ticket());
    let outcome = run(async move {
        let kept = scope(|scope| async move { Outcome::Ok(scope) }).await?;
        let late = kept.spawn(blocking("late", move || {
            let _ticket = ticket;
            tally.add();
            Outcome::Ok(())
        }));
        late.join().await
    });
    assert!(outcome.unwrap_err().is_cancelled());
    assert_eq!((ran.count(), dropped.count()), (0, 1));
}

#[test]
fn a_scope_within_a_scope_hands_its_children_over_when_it_is_dropped() {
    let ended = Tally::default();
    let (child, around) = (ended.clone(), ended.clone());
    run(async move {
        let slow_to_end = blocking("slow to end", move || {
            while !is_stop_requested() {
                std::thread::yield_now();
            }
            std::thread::sleep(5 * SHORT);
            child.add();
        });
        scope(|_| async move {
            let inner = par![slow_to_end].into_future();
            assert!(tokio::time::timeout(SHORT, inner).await.is_err());
            Outcome::Ok(())
        })
        .await?;
        assert_eq!(around.count(), 1, "the child of the dropped scope has ended before the scope around it");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_scope_left_while_its_parent_is_cancelled_still_ends_before_it() {
    let (dropped, inner_dropped) = (Tally::default(), Tally::default());
    let (tally, inner) = (dropped.clone(), inner_dropped.clone());
    let outcome = run(async move {
        let parent = Process::new("parent", async move {
            let _ticket = tally.ticket();
            par![Process::new("child", async move { par![forever::<()>(&inner), forever::<()>(&inner)].await })].await
        });
        par![parent].within(SHORT).await
    });
    assert!(outcome.unwrap_err().is_deadline());
    assert_eq!((dropped.count(), inner_dropped.count()), (1, 2));
}

#[test]
fn what_is_shielded_goes_on_and_is_waited_for() {
    let saved = Tally::default();
    let tally = saved.clone();
    let outcome = run(async move {
        let saves = async move {
            shield(async move {
                after(5 * SHORT).await;
                tally.add();
                Outcome::Ok(())
            })
            .await
        };
        par![saves].within(SHORT).await
    });
    assert!(outcome.unwrap_err().is_deadline());
    assert_eq!(saved.count(), 1);
}

#[test]
fn the_failure_of_what_is_shielded_comes_out_where_it_is_waited_for_or_else_in_its_scope() {
    let caught = run(async { Outcome::Ok(shield(fails::<()>("no ink")).await.is_err()) });
    assert!(caught.unwrap(), "who waits may go on");
    let failure = run(async {
        let wait = shield(async {
            after(2 * SHORT).await;
            Outcome::<()>::Err(Failure::new("no ink"))
        });
        drop(wait);
        Outcome::Ok(())
    });
    assert_eq!(failure.unwrap_err().cause(), "no ink");
}

#[test]
fn a_shielded_process_with_a_limit_is_ended_by_it() {
    let dropped = Tally::default();
    let tally = dropped.clone();
    let outcome = run(async move {
        let saves = async move { shield(par![forever::<()>(&tally)].within(3 * SHORT)).await };
        par![saves].within(SHORT).await
    });
    assert!(outcome.is_err());
    assert_eq!(dropped.count(), 1);
}

#[test]
fn a_panic_in_a_drop_is_the_failure_of_the_process_that_was_ended() {
    struct Clumsy;
    impl Drop for Clumsy {
        fn drop(&mut self) {
            panic!("dropped a plate");
        }
    }
    let clumsy = Process::new("clumsy", async move {
        let _plate = Clumsy;
        std::future::pending::<Outcome>().await
    });
    let failure = run(async move { par![clumsy].within(SHORT).await }).unwrap_err();
    assert!(failure.is_panic(), "{failure}");
    assert!(failure.to_string().contains("`clumsy`") && failure.to_string().ends_with("dropped a plate"), "{failure}");
}

#[test]
fn a_detached_process_belongs_to_nobody_and_is_ended_by_its_reference() {
    let dropped = Tally::default();
    let tally = dropped.clone();
    let (address, addresses) = channel_bounded::<ProcessRef>(1);
    run(async move {
        let parent = spawn(async move {
            address.send(detached(forever::<()>(&tally)).process()).await?;
            Outcome::Ok(())
        });
        parent.join().await?;
        let background = addresses.recv().await?;
        assert_eq!(background.inspect().parent, None);
        background.stop();
        assert_eq!(background.ended().await, End::Cancelled);
        Outcome::Ok(())
    })
    .unwrap();
    assert_eq!(dropped.count(), 1);
}

#[test]
fn scopes_nest_in_scopes_with_policies_of_their_own() {
    let values = run(async {
        let tolerant = par![fails::<()>("no ink"), gives((), SHORT)].on_failure(OnFailure::Wait);
        par![async {
            tolerant.await.map_or_else(|failure| Outcome::Ok(failure.cause()), |()| Outcome::Ok(String::new()))
        }]
        .values()
        .await
    });
    assert_eq!(values.unwrap().0, "no ink");
    let outer = run(async { par![par![gives(1, SHORT)], scope(|_| async { Outcome::Ok(2) })].values().await });
    assert_eq!(outer.unwrap(), ((), 2));
}

#[test]
fn a_server_drains_its_work_in_the_grace_and_gives_what_it_has_done() {
    fn server(jobs: Receiver<u32>) -> Process<u32> {
        Process::new("server", async move {
            let mut done = 0;
            loop {
                alt! {
                    crate = rendez_runtime; pri;
                    job = jobs.next() => match job? {
                        Some(job) => done += job,
                        None => return Outcome::Ok(done),
                    },
                    _ = stop_requested() => return Ok(done),
                }
            }
        })
    }
    fn feed(output: Sender<u32>) -> Process {
        Process::new("feed", async move {
            for job in 1..=4 {
                output.send(job).await?;
            }
            stop_requested().await;
            Outcome::Ok(())
        })
    }
    let (tx, rx) = channel_bounded(4);
    let values = run(async move { par![server(rx), feed(tx)].within(2 * SHORT).grace(LONG).values().await });
    assert_eq!(values.unwrap(), (10, ()));
}
