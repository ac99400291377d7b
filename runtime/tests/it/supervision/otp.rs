//! The behaviours of OTP's tests of its supervisor that apply, by their names there.

use super::*;

#[test]
fn sup_start_normal() {
    run(async {
        let supervisor = Supervisor::one_for_one().intensity(2, Duration::from_secs(3600)).start();
        assert!(supervisor.children().await?.is_empty());
        supervisor.stop();
        assert_eq!(supervisor.process().ended().await, End::Normal);
        assert!(matches!(supervisor.children().await, Err(ChildError::Ended(_))));
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn sup_start_fail() {
    let failure = run(async {
        let fails = ChildSpec::actor("fails", || -> Child { panic!("as asked") }).0;
        Supervisor::one_for_one().intensity(0, Duration::from_secs(1)).child(fails).run().await
    });
    assert!(failure.unwrap_err().to_string().contains("as asked"));
}

#[test]
fn sup_stop_infinity() {
    run(async {
        let notes = Notes::new();
        let (spec, child) = notes.spec("child");
        let supervisor = Supervisor::one_for_one().child(spec.shutdown(Shutdown::Wait)).start();
        child.count().await?;
        supervisor.stop();
        assert_eq!(supervisor.process().ended().await, End::Normal);
        notes.expect(&["child up", "child down"]).await;
        assert!(is_over(&child.count().await));
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn sup_stop_timeout() {
    run(async {
        let notes = Notes::new();
        let ((first, _one), (second, other)) = (notes.spec("first"), notes.spec("second"));
        let grace = Shutdown::Grace(Duration::from_millis(10));
        let supervisor = Supervisor::one_for_one().child(first.shutdown(grace)).child(second.shutdown(grace)).start();
        other.tell_hang().await?;
        notes.expect_all(&["first up", "second hangs", "second up"]).await;
        let process = other.process();
        supervisor.stop();
        assert_eq!(process.ended().await, End::Cancelled, "it did not stop in time, and was killed");
        supervisor.process().ended().await;
        notes.expect(&["first down"]).await;
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn sup_stop_brutal_kill() {
    run(async {
        let notes = Notes::new();
        let (spec, child) = notes.spec("child");
        let supervisor = Supervisor::one_for_one().child(spec.shutdown(Shutdown::Kill)).start();
        child.count().await?;
        let process = child.process();
        supervisor.stop();
        assert_eq!(process.ended().await, End::Cancelled);
        supervisor.process().ended().await;
        notes.expect(&["child up"]).await;
        notes.none();
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn child_adm() {
    run(async {
        let notes = Notes::new();
        let supervisor = Supervisor::one_for_one().start();
        let (spec, child) = notes.spec("child");
        let (id, process) = supervisor.start_child(spec).await?;
        assert_eq!(child.count().await?, 1);
        assert_eq!(process.id(), child.process().id());
        let (again, refused) = notes.spec("child");
        let taken = supervisor.start_child(again).await.unwrap_err();
        assert_eq!(taken, ChildError::NameTaken("child".into()));
        assert!(is_over(&refused.count().await), "a child that was not added takes no messages");
        supervisor.restart(id).await?;
        assert_eq!(child.count().await?, 1, "another incarnation behind the same reference");
        assert_eq!(child.process().inspect().restarts, 1);
        supervisor.remove(id).await?;
        assert!(is_over(&child.count().await));
        assert_eq!(supervisor.remove(id).await, Err(ChildError::NoSuchChild));
        assert_eq!(supervisor.restart(id).await, Err(ChildError::NoSuchChild));
        notes.expect(&["child up", "child down", "child up", "child down"]).await;
        let (spec, child) = notes.spec("child");
        supervisor.start_child(spec).await?;
        assert_eq!(child.count().await?, 1, "the name is free again");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn child_adm_simple() {
    run(async {
        let notes = Notes::new();
        let supervisor = Supervisor::dynamic().start();
        let mut children = Vec::new();
        for name in ["a", "b", "c"] {
            let (spec, child) = notes.spec(name);
            children.push((supervisor.child(spec), child));
        }
        assert_eq!(names(&supervisor).await, ["a", "b", "c"]);
        supervisor.remove(children[1].0).await?;
        assert_eq!(names(&supervisor).await, ["a", "c"]);
        Outcome::Ok(())
    })
    .unwrap();
}

/// What becomes of a child of each restart type after one end.
async fn after_end(restart: Restart, end: &str) -> (SupervisorRef, ChildRef, Vec<String>) {
    let notes = Notes::new();
    let supervisor = Supervisor::one_for_one().start();
    let (spec, child) = notes.spec("child");
    supervisor.child(spec.restart(restart));
    assert_eq!(child.count().await, Ok(1));
    let process = child.process();
    match end {
        "normal" => child.stop().await.unwrap(),
        "shutdown" => process.stop(),
        _ => crash(&child).await,
    }
    process.ended().await;
    let names = names(&supervisor).await;
    (supervisor, child, names)
}

/// Children that end and are started again answer; others do not, and are forgotten.
fn restarts(restart: Restart, end: &'static str, again: bool) {
    run(async move {
        let (supervisor, child, names) = after_end(restart, end).await;
        if again {
            assert_eq!((child.count().await, names), (Ok(1), vec!["child".to_owned()]));
            assert_eq!(child.process().inspect().restarts, 1);
        } else {
            assert!(is_over(&child.count().await), "{restart:?} {end}");
            assert!(names.is_empty());
        }
        supervisor.stop();
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn permanent_normal() {
    restarts(Restart::Permanent, "normal", true);
}

#[test]
fn transient_normal() {
    restarts(Restart::Transient, "normal", false);
}

#[test]
fn temporary_normal() {
    restarts(Restart::Temporary, "normal", false);
}

#[test]
fn permanent_shutdown() {
    restarts(Restart::Permanent, "shutdown", true);
}

#[test]
fn transient_shutdown() {
    restarts(Restart::Transient, "shutdown", false);
}

#[test]
fn temporary_shutdown() {
    restarts(Restart::Temporary, "shutdown", false);
}

#[test]
fn permanent_abnormal() {
    restarts(Restart::Permanent, "abnormal", true);
}

#[test]
fn transient_abnormal() {
    restarts(Restart::Transient, "abnormal", true);
}

#[test]
fn temporary_abnormal() {
    restarts(Restart::Temporary, "abnormal", false);
}

#[test]
fn temporary_bystander() {
    run(async {
        for supervisor in [Supervisor::one_for_all(), Supervisor::rest_for_one()] {
            let notes = Notes::new();
            let ((fails, child), (bystander, temporary)) = (notes.spec("fails"), notes.spec("bystander"));
            let supervisor = supervisor.child(fails).child(bystander.restart(Restart::Temporary)).start();
            assert_eq!((child.count().await?, temporary.count().await?), (1, 1));
            notes.expect_all(&["bystander up", "fails up"]).await;
            crash(&child).await;
            notes.expect(&["fails crashed", "bystander down", "fails up"]).await;
            assert_eq!(child.count().await?, 1);
            assert!(is_over(&temporary.count().await), "ended with the other, and not started again");
            assert_eq!(names(&supervisor).await, ["fails"]);
        }
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn multiple_restarts() {
    run(async {
        let notes = Notes::new();
        let (spec, child) = notes.spec("child");
        let _supervisor = Supervisor::one_for_one().intensity(3, Duration::from_secs(3600)).child(spec).start();
        for restarts in 0..3 {
            assert_eq!((child.count().await?, child.process().inspect().restarts), (1, restarts));
            crash(&child).await;
        }
        assert_eq!(child.count().await?, 1);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn one_for_one() {
    run(async {
        let notes = Notes::new();
        let ((first, one), (second, other)) = (notes.spec("one"), notes.spec("other"));
        let _supervisor = Supervisor::one_for_one().child(first).child(second).start();
        assert_eq!((one.count().await?, other.count().await?), (1, 1));
        notes.expect_all(&["one up", "other up"]).await;
        crash(&one).await;
        notes.expect(&["one crashed", "one up"]).await;
        assert_eq!((one.count().await?, other.count().await?), (1, 2), "the other goes on");
        notes.none();
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn one_for_all() {
    run(async {
        let notes = Notes::new();
        let ((a, _a), (b, second), (c, third)) = (notes.spec("a"), notes.spec("b"), notes.spec("c"));
        let _supervisor = Supervisor::one_for_all().child(a).child(b).child(c).start();
        assert_eq!(third.count().await?, 1);
        notes.expect_all(&["a up", "b up", "c up"]).await;
        crash(&second).await;
        notes.expect(&["b crashed", "c down", "a down"]).await;
        notes.expect_all(&["a up", "b up", "c up"]).await;
        assert_eq!(third.count().await?, 1, "another incarnation");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn rest_for_one() {
    run(async {
        let notes = Notes::new();
        let ((a, first), (b, second), (c, third)) = (notes.spec("a"), notes.spec("b"), notes.spec("c"));
        let _supervisor = Supervisor::rest_for_one().child(a).child(b).child(c).start();
        assert_eq!((first.count().await?, third.count().await?), (1, 1));
        notes.expect_all(&["a up", "b up", "c up"]).await;
        crash(&second).await;
        notes.expect(&["b crashed", "c down"]).await;
        notes.expect_all(&["b up", "c up"]).await;
        assert_eq!((first.count().await?, third.count().await?), (2, 1));
        notes.none();
        Outcome::Ok(())
    })
    .unwrap();
}

/// One failure more than the intensity ends all children, the last first, and the supervisor fails.
async fn escalates(supervisor: Supervisor, ended: &[&str]) -> Outcome {
    let notes = Notes::new();
    let ((a, first), (b, second)) = (notes.spec("a"), notes.spec("b"));
    let supervisor = watched(supervisor.intensity(0, Duration::from_secs(3600)).child(a).child(b));
    assert_eq!((first.count().await?, second.count().await?), (1, 1));
    notes.expect_all(&["a up", "b up"]).await;
    crash(&first).await;
    let failure = supervisor.join().await?.unwrap_err();
    assert!(failure.contains("gave `a` up") && failure.contains("as asked"), "{failure}");
    assert!(failure.contains("supervision/mod.rs"), "names the spawn line: {failure}");
    notes.expect(ended).await;
    assert!(is_over(&first.count().await) && is_over(&second.count().await));
    Ok(())
}

#[test]
fn one_for_one_escalation() {
    run(escalates(Supervisor::one_for_one(), &["a crashed", "b down"])).unwrap();
}

#[test]
fn one_for_all_escalation() {
    run(escalates(Supervisor::one_for_all(), &["a crashed", "b down"])).unwrap();
}

#[test]
fn rest_for_one_escalation() {
    run(escalates(Supervisor::rest_for_one(), &["a crashed", "b down"])).unwrap();
}

#[test]
fn simple_one_for_one_escalation() {
    run(escalates(Supervisor::dynamic(), &["a crashed", "b down"])).unwrap();
}

/// While the others are started again one of them fails: it is tried again.
async fn other_child_fails_restart(supervisor: Supervisor) -> Outcome {
    let notes = Notes::new();
    let (a, first) = notes.spec("a");
    let mut incarnations = 0;
    let (b, second) = ChildSpec::actor("b", {
        let notes = notes.0.clone();
        move || {
            incarnations += 1;
            assert!(incarnations != 2, "not at its second start");
            Child { name: "b", notes: notes.clone(), messages: 0 }
        }
    });
    let _supervisor = supervisor.child(a).child(b).start();
    assert_eq!(second.count().await?, 1);
    crash(&first).await;
    while second.process().inspect().restarts < 2 {
        after(Duration::from_millis(1)).await;
    }
    assert_eq!((first.count().await?, second.count().await?), (1, 1));
    Ok(())
}

#[test]
fn one_for_all_other_child_fails_restart() {
    run(other_child_fails_restart(Supervisor::one_for_all())).unwrap();
}

#[test]
fn rest_for_one_other_child_fails_restart() {
    run(other_child_fails_restart(Supervisor::rest_for_one())).unwrap();
}

#[test]
fn simple_one_for_one() {
    run(async {
        let notes = Notes::new();
        let supervisor = Supervisor::dynamic().start();
        let (one, other) = (notes.spec("one"), notes.spec("other"));
        supervisor.child(one.0);
        supervisor.child(other.0);
        crash(&one.1).await;
        assert_eq!((one.1.count().await?, other.1.count().await?), (1, 1));
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn simple_one_for_one_extra() {
    run(async {
        let supervisor = Supervisor::dynamic().start();
        let (results, heard) = channel_unbounded();
        for n in 0..3 {
            let results = results.clone();
            supervisor.process_child("square", move || {
                let results = results.clone();
                async move {
                    results.send(n * n).await?;
                    Outcome::Ok(())
                }
            });
        }
        let mut squares = [heard.recv().await?, heard.recv().await?, heard.recv().await?];
        squares.sort_unstable();
        assert_eq!(squares, [0, 1, 4]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn simple_one_for_one_shutdown() {
    run(async {
        let supervisor = Supervisor::dynamic().start();
        let children: Vec<_> = (0..100)
            .map(|_| {
                let (spec, child) = ChildSpec::actor("slow", || Slow);
                supervisor.child(spec);
                child
            })
            .collect();
        for child in &children {
            child.ready().await?;
        }
        let start = std::time::Instant::now();
        supervisor.stop();
        supervisor.process().ended().await;
        let (took, one_by_one) = (start.elapsed(), Duration::from_millis(20) * 100);
        assert!(took < one_by_one, "they end side by side: {took:?}");
        Outcome::Ok(())
    })
    .unwrap();
}

/// Takes its time to end.
struct Slow;

#[actor(crate = rendez_runtime)]
impl Slow {
    pub(crate) async fn ready(&self) {}

    #[actor(stopping)]
    async fn stopping(&mut self) {
        after(Duration::from_millis(20)).await;
    }
}

#[test]
fn child_unlink() {
    run(async {
        // A child's end is seen by its supervisor, whatever the child does with its own links.
        let notes = Notes::new();
        let (spec, child) = notes.spec("child");
        let supervisor = Supervisor::one_for_one().child(spec.restart(Restart::Permanent)).start();
        child.count().await?;
        let process = child.process();
        process.stop();
        process.ended().await;
        assert_eq!(child.count().await?, 1);
        supervisor.stop();
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn tree() {
    run(async {
        let notes = Notes::new();
        let ((a, _a), (b, second), (c, third)) = (notes.spec("a"), notes.spec("b"), notes.spec("c"));
        let lower = Supervisor::one_for_one().named("lower").intensity(0, Duration::from_secs(3600)).child(b).child(c);
        let (lower, lower_ref) = lower.into_child();
        let upper = Supervisor::one_for_one().named("upper").child(a).child(lower).start();
        assert_eq!((second.count().await?, third.count().await?), (1, 1));
        notes.expect_all(&["a up", "b up", "c up"]).await;
        assert_eq!(names(&upper).await, ["a", "lower"]);
        assert_eq!(names(&lower_ref).await, ["b", "c"]);
        crash(&second).await;
        // The lower supervisor gives up, and is started again with all it began with.
        notes.expect(&["b crashed", "c down"]).await;
        notes.expect_all(&["b up", "c up"]).await;
        assert_eq!(
            (second.count().await?, third.count().await?),
            (1, 1),
            "references outlive their supervisor's restart"
        );
        assert_eq!(lower_ref.process().inspect().restarts, 1);
        upper.stop();
        upper.process().ended().await;
        notes.expect(&["c down", "b down", "a down"]).await;
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn count_children() {
    run(async {
        let notes = Notes::new();
        let supervisor = Supervisor::one_for_one().start();
        let (spec, child) = notes.spec("child");
        supervisor.child(spec);
        let lower = supervisor.supervisor(Supervisor::one_for_one());
        child.count().await?;
        let children = supervisor.children().await?;
        let count = |what: fn(&rendez_runtime::ChildInfo) -> bool| children.iter().filter(|child| what(child)).count();
        assert_eq!(count(|child| child.process.is_some()), 2);
        assert_eq!(count(|child| child.is_supervisor), 1);
        lower.stop();
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn simple_one_for_one_scale_many_temporary_children() {
    run(async {
        let supervisor = Supervisor::dynamic().start();
        let (ended, ends) = channel_bounded(1);
        for _ in 0..10_000 {
            let ended = ended.clone();
            let spec = ChildSpec::process("one of many", move || {
                let ended = ended.clone();
                async move {
                    ended.send(()).await?;
                    Outcome::Ok(())
                }
            });
            supervisor.child(spec.restart(Restart::Temporary));
        }
        for _ in 0..10_000 {
            ends.recv().await?;
        }
        while !supervisor.children().await?.is_empty() {
            after(Duration::from_millis(1)).await;
        }
        Outcome::Ok(())
    })
    .unwrap();
}
