//! What OTP's tests do not ask: backoff, mailboxes that outlive a restart, plain processes as children.

use super::*;
use rendez_runtime::{RunOptions, Scheduler};

#[test]
fn a_restart_loop_ends_by_its_intensity() {
    run(async {
        let mut starts = 0;
        let (count, counted) = ChannelOptions::unbounded().immune(u32::MAX).open();
        let loops = ChildSpec::actor("loops", move || -> Child {
            starts += 1;
            let _ = count.try_send(starts);
            panic!("as asked")
        });
        let failure = watched(Supervisor::one_for_one().intensity(7, Duration::from_secs(3600)).child(loops.0));
        let failure = failure.join().await?.unwrap_err();
        assert!(failure.contains("after 7 restarts within 3600s"), "{failure}");
        assert_eq!(std::iter::from_fn(|| counted.try_recv().ok()).last(), Some(8));
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_restart_keeps_the_mailbox_in_its_order() {
    run(async {
        let notes = Notes::new();
        let (spec, child) = notes.spec("child");
        let _supervisor = Supervisor::one_for_one().child(spec).start();
        let crashing = crash(&child);
        let (one, two) = (child.count(), child.count());
        let ((), one, two) = tokio::join!(crashing, one, two);
        assert_eq!((one, two), (Ok(1), Ok(2)), "both were in the mailbox when it crashed");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_process_is_a_child_too_and_its_channels_outlive_its_failures() {
    run(async {
        let (output, input) = channel_bounded(1);
        let mut incarnation = 0;
        let supervisor = Supervisor::one_for_one().start();
        supervisor.process_child("reader", move || {
            incarnation += 1;
            reader(incarnation, output.clone())
        });
        for expected in [1, 2, 3] {
            assert_eq!(input.recv().await?, expected);
        }
        assert_eq!(input.next().await?, None, "the third has ended in order, and the channel with it");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn who_gives_a_busy_supervisor_too_many_orders_is_told_and_who_waits_gets_its_turn() {
    let quick = || ChildSpec::process("quick", || async { Outcome::Ok(()) });
    run(async move {
        let (says, said) = channel();
        let (go, may_go) = channel::<()>();
        let mut ends = Some((says, may_go));
        let slow = ChildSpec::process("slow", move || {
            let (says, may_go) = ends.take().expect("it is started once");
            Process::new("slow", async move {
                let requested = stop_requested();
                says.send("up").await?;
                requested.await;
                says.send("asked to stop").await?;
                Outcome::Ok(may_go.recv().await?)
            })
        });
        let shop = Supervisor::dynamic().start();
        let (slow, _) = shop.start_child(slow.shutdown(Shutdown::Wait)).await.unwrap();
        assert_eq!(said.recv().await?, "up");
        let (removes, waits) = (shop.clone(), shop.clone());
        let removing = spawn(async move { Outcome::Ok(removes.remove(slow).await) });
        assert_eq!(said.recv().await?, "asked to stop", "from now on it takes no order");
        let started = std::iter::from_fn(|| shop.try_child(quick()).ok()).count();
        assert_eq!(started, ORDERS_MAX);
        assert_eq!(shop.try_child(quick()), Err(ChildError::NoRoom));
        let late = ChildSpec::process("late", || async { Outcome::Ok(()) });
        let waiting = spawn(async move { Outcome::Ok(waits.start_child(late).await) });
        go.send(()).await?;
        assert_eq!(removing.join().await?, Ok(()));
        assert!(waiting.join().await?.is_ok(), "there was room for it then");
        shop.stop();
        Outcome::Ok(())
    })
    .unwrap();
}

fn reader(incarnation: u32, output: Sender<u32>) -> Process {
    Process::new("reads", async move {
        output.send(incarnation).await?;
        match incarnation {
            1 => panic!("as asked"),
            2 => Err(Failure::new("as asked")),
            _ => Ok(()),
        }
    })
}

#[test]
fn a_process_that_listens_to_requests_is_asked_to_stop_and_has_its_grace() {
    let said = run(async {
        let (output, input) = channel_bounded(2);
        let make = move || {
            let output = output.clone();
            Process::new("listens", async move {
                let requested = stop_requested();
                output.send("listens").await?;
                requested.await;
                Outcome::Ok(output.send("saved").await?)
            })
        };
        let supervisor = Supervisor::one_for_one().start();
        supervisor.process_child("listens", make);
        assert_eq!(input.recv().await?, "listens");
        supervisor.stop();
        supervisor.process().ended().await;
        Outcome::Ok(input.next().await?)
    });
    assert_eq!(said.unwrap(), Some("saved"));
}

#[test]
fn when_a_supervisor_gives_up_the_channels_of_its_children_are_poisoned() {
    run(async {
        let (output, input) = channel_bounded::<u32>(1);
        let fails = ChildSpec::process("fails", move || {
            let output = output.clone();
            async move {
                let _held = output;
                Err::<(), _>(Failure::new("as asked"))
            }
        });
        let supervisor = watched(Supervisor::one_for_one().intensity(1, Duration::from_secs(3600)).child(fails));
        let failure = supervisor.join().await?.unwrap_err();
        assert!(failure.contains("as asked"));
        let ended = input.recv().await.unwrap_err();
        assert!(matches!(ended, rendez_channels::Ended::Poisoned(_)), "nobody takes this for the end of work: {ended}");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn messages_wait_out_a_backoff() {
    run(async {
        let notes = Notes::new();
        let (spec, child) = notes.spec("child");
        let backoff = Backoff::exponential(Duration::from_millis(20), Duration::from_secs(1)).seeded(1);
        let _supervisor = Supervisor::one_for_one().backoff(backoff).child(spec).start();
        child.count().await?;
        crash(&child).await;
        notes.expect(&["child up", "child crashed"]).await;
        notes.none();
        assert_eq!(child.count().await?, 1, "asked before it is up again");
        notes.expect(&["child up"]).await;
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_child_that_waits_for_its_restart_can_be_removed() {
    run(async {
        let notes = Notes::new();
        let (spec, child) = notes.spec("child");
        let long = Duration::from_secs(3600);
        let supervisor = Supervisor::one_for_one().backoff(Backoff::exponential(long, long)).start();
        let id = supervisor.child(spec);
        child.count().await?;
        crash(&child).await;
        supervisor.remove(id).await?;
        assert!(is_over(&child.count().await));
        supervisor.stop();
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn significant_children_take_the_supervisor_along() {
    run(async {
        for (auto, after_one) in [(AutoShutdown::AnySignificant, true), (AutoShutdown::AllSignificant, false)] {
            let notes = Notes::new();
            let ((a, first), (b, second), (c, other)) = (notes.spec("a"), notes.spec("b"), notes.spec("c"));
            let supervisor = Supervisor::one_for_one().auto_shutdown(auto);
            let supervisor = supervisor.child(a.significant()).child(b.significant()).child(c).start();
            first.stop().await?;
            let _ = first.process().ended().await;
            if !after_one {
                assert_eq!(second.count().await?, 1);
                second.stop().await?;
            }
            assert_eq!(supervisor.process().ended().await, End::Normal);
            assert!(is_over(&other.count().await));
        }
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_supervisor_that_is_run_is_structured() {
    run(async {
        let notes = Notes::new();
        let (spec, child) = notes.spec("child");
        let supervised = spawn(Supervisor::one_for_one().child(spec).run());
        child.count().await?;
        let process = child.process();
        supervised.stop();
        supervised.process().ended().await;
        assert_eq!(process.ended().await, End::Cancelled, "nothing of it is left");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn failures_of_what_an_actor_has_spawned_restart_it() {
    run(async {
        let parent = Supervisor::one_for_one().start().actor("parent", || Parent);
        parent.spawn_failing().await?;
        while parent.process().inspect().restarts == 0 {
            after(Duration::from_millis(1)).await;
        }
        assert_eq!(parent.living().await?, "living");
        Outcome::Ok(())
    })
    .unwrap();
}

/// Has processes of its own.
struct Parent;

#[actor(crate = rendez_runtime)]
impl Parent {
    pub(crate) async fn spawn_failing(&mut self) {
        spawn(async { Err::<(), _>(Failure::new("as asked")) });
    }

    pub(crate) async fn living(&self) -> &'static str {
        "living"
    }
}

#[test]
fn however_many_children_are_added_at_once_none_is_left_out() {
    const MANY: usize = 10_000;
    // One thread: the supervisor takes no order before all are given.
    run_alone(async {
        let supervisor = Supervisor::one_for_one().start();
        let (tell, told) = ChannelOptions::unbounded().open();
        for n in 0..MANY {
            let tell = tell.clone();
            supervisor.process_child("child", move || {
                let tell = tell.clone();
                Process::new("child", async move {
                    tell.send(n).await?;
                    Outcome::Ok(())
                })
            });
        }
        drop(tell);
        let mut started = vec![];
        while started.len() < MANY {
            started.push(told.recv().await?);
        }
        started.sort_unstable();
        assert!(started.into_iter().eq(0..MANY));
        Outcome::Ok(())
    });
}

fn run_alone(program: impl Future<Output = Outcome> + Send + 'static) {
    RunOptions::new().workers(1).scheduler(Scheduler::TokioTasks).run(program).unwrap();
}
