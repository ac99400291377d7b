//! Supervisors as `supervise!` declares them: what each word of a declaration does.

use super::*;
use rendez_runtime::supervise;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

fn child(name: &'static str, notes: Sender<String>) -> Child {
    Child { name, notes, messages: 0 }
}

/// What has to end, unless a word was not heard.
async fn soon<T>(ends: impl IntoFuture<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), ends.into_future()).await.expect("it goes on")
}

/// A process that notes its start, and waits for a word to end with.
async fn told(notes: Sender<String>, words: Receiver<&'static str>) -> Outcome {
    let _ = notes.try_send("told up".into());
    match words.recv().await? {
        "fail" => Err(Failure::new("as asked")),
        _ => Ok(()),
    }
}

#[test]
fn each_strategy_starts_again_whom_it_says() {
    let expected: [(_, &[&str], &[&str]); 4] = [
        ("one_for_one", &["b crashed"], &["b up"]),
        ("dynamic", &["b crashed"], &["b up"]),
        ("one_for_all", &["b crashed", "c down", "a down"], &["a up", "b up", "c up"]),
        ("rest_for_one", &["b crashed", "c down"], &["b up", "c up"]),
    ];
    for (strategy, ended, started) in expected {
        run(async move {
            let notes = Notes::new();
            let n = || notes.0.clone();
            let (_a, b, _c): (ChildRef, ChildRef, ChildRef);
            macro_rules! three {
                ($strategy:ident) => {
                    supervise!(crate = rendez_runtime; $strategy; _a = child("a", n()), b = child("b", n()), _c = child("c", n()))
                };
            }
            let supervisor = match strategy {
                "one_for_one" => three!(one_for_one),
                "dynamic" => three!(dynamic),
                "one_for_all" => three!(one_for_all),
                _ => three!(rest_for_one),
            }
            .start();
            notes.expect_all(&["a up", "b up", "c up"]).await;
            crash(&b).await;
            notes.expect(ended).await;
            notes.expect_all(started).await;
            assert_eq!(names(&supervisor).await, ["_a", "b", "_c"]);
            supervisor.stop();
            Outcome::Ok(())
        })
        .unwrap();
    }
}

#[test]
fn the_arguments_of_a_call_are_evaluated_once_and_other_expressions_at_each_start() {
    run(async {
        let (notes, evaluated) = (Notes::new(), Arc::new(AtomicU32::new(0)));
        let count = |of: &Arc<AtomicU32>, notes: &Notes| {
            of.fetch_add(1, Ordering::Relaxed);
            notes.0.clone()
        };
        let (once, each): (ChildRef, ChildRef);
        let (n, made) = (notes.0.clone(), Arc::new(AtomicU32::new(0)));
        let counted = Arc::clone(&made);
        let supervisor = supervise!(
            crate = rendez_runtime;
            one_for_one;
            once = child("once", count(&evaluated, &notes)),
            each = Child { name: "each", notes: n.clone(), messages: counted.fetch_add(1, Ordering::Relaxed) },
        )
        .start();
        notes.expect_all(&["each up", "once up"]).await;
        crash(&once).await;
        notes.expect(&["once crashed", "once up"]).await;
        crash(&each).await;
        notes.expect(&["each crashed", "each up"]).await;
        assert_eq!((evaluated.load(Ordering::Relaxed), made.load(Ordering::Relaxed)), (1, 2));
        supervisor.stop();
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn words_say_which_ends_have_a_child_started_again() {
    run(async {
        let notes = Notes::new();
        for (word, restarts) in
            [("permanent", [true, true]), ("transient", [false, true]), ("temporary", [false, false])]
        {
            for (how, restarts) in ["end", "fail"].into_iter().zip(restarts) {
                let ((say, words), n) = (channel_bounded(1), notes.0.clone());
                let supervisor = match word {
                    "permanent" => supervise!(crate = rendez_runtime; one_for_one; #[permanent] told(n, words)),
                    "transient" => supervise!(crate = rendez_runtime; one_for_one; #[transient] told(n, words)),
                    _ => supervise!(crate = rendez_runtime; one_for_one; #[temporary] told(n, words)),
                };
                let supervisor = supervisor.start();
                notes.expect(&["told up"]).await;
                let first = supervisor.children().await.unwrap()[0].process.clone().unwrap();
                say.send(how).await?;
                first.ended().await;
                if restarts {
                    soon(notes.expect(&["told up"])).await;
                }
                let still = supervisor.children().await.unwrap();
                assert_eq!(still.iter().any(|child| child.restarts == 1), restarts, "{word}, {how}: {still:?}");
                notes.none();
                supervisor.stop();
            }
        }
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn awaited_it_runs_until_it_gives_a_child_up() {
    let failure = run(async {
        let (say, words) = channel_unbounded();
        let notes = Notes::new();
        for word in ["fail", "fail"] {
            say.send(word).await?;
        }
        let shop = supervise!(
            crate = rendez_runtime;
            one_for_one, intensity = 1 per Duration::from_secs(3600), name = "shop",
            backoff = Backoff::exponential(Duration::from_millis(1), Duration::from_millis(2));
            told(notes.0.clone(), words),
        );
        soon(shop).await
    });
    let failure = failure.unwrap_err().to_string();
    for part in ["`shop`", "gave `told` up", "after 1 restarts within 3600s", "as asked"] {
        assert!(failure.contains(part), "{part}: {failure}");
    }
}

#[test]
fn a_significant_child_ends_it_where_that_was_said() {
    run(async {
        let (notes, (say, words)) = (Notes::new(), channel_bounded(1));
        say.send("end").await?;
        let _other: ChildRef;
        let shop = supervise!(
            crate = rendez_runtime;
            one_for_one, auto_shutdown = AutoShutdown::AnySignificant;
            _other = child("other", notes.0.clone()),
            #[significant] #[temporary] told(notes.0.clone(), words),
        );
        soon(shop).await
    })
    .unwrap();
}

#[test]
fn a_supervisor_may_be_a_child_with_its_own_reference() {
    run(async {
        let notes = Notes::new();
        let (below, leaf, apart): (SupervisorRef, ChildRef, SupervisorRef);
        let n = notes.0.clone();
        let top = supervise!(
            crate = rendez_runtime;
            one_for_one;
            below = supervise!(crate = rendez_runtime; one_for_all; leaf = child("leaf", n.clone())),
            #[name = "apart"] #[shutdown = Shutdown::Kill] apart = { Supervisor::dynamic() },
        )
        .start();
        notes.expect(&["leaf up"]).await;
        crash(&leaf).await;
        notes.expect(&["leaf crashed", "leaf up"]).await;
        assert_eq!(names(&top).await, ["below", "apart"]);
        assert_eq!((names(&below).await, names(&apart).await), (vec!["leaf".to_owned()], vec![]));
        top.stop();
        top.process().ended().await;
        assert!(is_over(&leaf.count().await));
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn children_are_named_and_stand_where_they_are_declared() {
    run(async {
        let (notes, (_say, words)) = (Notes::new(), channel_bounded(1));
        let first = line!() + 4;
        let supervisor = supervise!(
            crate = rendez_runtime;
            one_for_one;
            told(notes.0.clone(), words.clone()),
            #[name = format!("told {}", 2)] told(notes.0.clone(), words),
            Child { name: "c", notes: Notes::new().0, messages: 0 },
        )
        .start();
        let children = supervisor.children().await.unwrap();
        let at = |child: &rendez_runtime::ChildInfo| child.process.as_ref().unwrap().inspect().spawned_at;
        for (child, (name, line)) in children.iter().zip([("told", 0), ("told 2", 1), ("Child", 2)]) {
            assert_eq!(child.name, name);
            let file = at(child).rsplit('/').next().unwrap().to_owned();
            assert!(file.starts_with(&format!("declared.rs:{}:", first + line)), "{name}: {file}");
        }
        supervisor.stop();
        Outcome::Ok(())
    })
    .unwrap();
}
