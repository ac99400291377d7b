//! Scopes: how processes end, and what that does to those around them.

use rendez_channels::{Ended, Receiver, Sender, channel};
use rendez_model::End;
use rendez_runtime::{Failure, Outcome, Process, blocking, par, run, seq, spawn};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn forward(input: Receiver<u32>, output: Sender<u32>) -> Process {
    Process::new("forward", async move {
        while let Some(n) = input.next().await? {
            output.send(n).await?;
        }
        Outcome::Ok(())
    })
}

#[test]
fn values_come_in_order() {
    let values = run(async { par![async { Outcome::Ok(1) }, async { Outcome::Ok("two") }].values().await });
    assert_eq!(values.unwrap(), (1, "two"));
    let many = run(async {
        let squares = (0..20u32).map(|n| Process::new("square", async move { Outcome::Ok(n * n) })).collect::<Vec<_>>();
        par(squares).values().await
    });
    assert_eq!(many.unwrap(), (0..20).map(|n| n * n).collect::<Vec<_>>());
}

#[test]
fn a_ring_winds_down_when_one_of_its_processes_ends() {
    let outcome = run(async {
        let ((a_tx, a_rx), (b_tx, b_rx)) = (channel(), channel());
        let source = async move {
            for n in 0..10 {
                a_tx.send(n).await?;
            }
            Outcome::Ok(())
        };
        let take_three = async move {
            for expected in 0..3 {
                assert_eq!(b_rx.recv().await?, expected);
            }
            Outcome::Ok(())
        };
        par![source, forward(a_rx, b_tx), take_three].await
    });
    assert!(outcome.is_ok(), "retirement is a normal end: {outcome:?}");
}

#[test]
fn a_failure_ends_its_siblings_and_names_process_cause_and_line() {
    let failure = run(async {
        let (_tx, rx) = channel::<u32>();
        let waits = async move {
            rx.recv().await?;
            Outcome::Ok(())
        };
        let fails = Process::new("parser", async { Outcome::<()>::Err("7x".parse::<u32>().unwrap_err().into()) });
        par![waits, fails].await
    })
    .unwrap_err()
    .to_string();
    assert!(failure.starts_with("process `parser` (spawned at runtime/tests/it/scopes.rs:"), "{failure}");
    assert!(failure.ends_with("failed: invalid digit found in string"), "{failure}");
}

#[test]
fn a_panic_is_a_failure_of_its_scope_only() {
    let outcome = run(async {
        let inner = par![Process::new("clumsy", async {
            assert_eq!(1 + 1, 3, "dropped a plate");
            Outcome::Ok(())
        })]
        .await;
        let text = inner.unwrap_err().to_string();
        assert!(text.contains("`clumsy`") && text.contains("panicked") && text.contains("dropped a plate"), "{text}");
        Outcome::Ok("goes on")
    });
    assert_eq!(outcome.unwrap(), "goes on");
}

#[test]
fn a_failing_process_poisons_its_ends_so_that_nobody_takes_its_end_for_the_end_of_work() {
    run(async {
        let (tx, rx) = channel::<u32>();
        let broken = spawn_detached(async move {
            let _held = tx;
            Outcome::<()>::Err(Failure::new("disk full"))
        });
        let ended = rx.recv().await.unwrap_err();
        let Ended::Poisoned(poison) = ended else { panic!("poisoned, not {ended}") };
        assert_eq!(poison.cause, "disk full");
        assert!(matches!(broken.join().unwrap(), Err(f) if f.to_string().contains("disk full")));
    })
    .unwrap();
}

/// Runs a process in a runtime of its own, so that its failure does not end the test's.
fn spawn_detached<T: Send + 'static>(
    body: impl Future<Output = Outcome<T>> + Send + 'static,
) -> std::thread::JoinHandle<Outcome<T>> {
    std::thread::spawn(move || run(body))
}

#[test]
fn poison_passes_through_with_its_origin() {
    let failure = run(async {
        let ((a_tx, a_rx), (b_tx, b_rx)) = (channel(), channel());
        let head = Process::new("head", async move {
            a_tx.send(1).await?;
            a_tx.poison("no paper");
            Outcome::Ok(())
        });
        let tail = Process::new("tail", async move {
            while b_rx.next().await?.is_some() {}
            Outcome::Ok(())
        });
        par![head, forward(a_rx, b_tx), tail].await
    })
    .unwrap_err();
    assert!(failure.is_poisoned());
    assert!(failure.to_string().contains("by `head`: no paper"), "{failure}");
}

#[test]
fn a_scope_does_not_end_before_what_was_spawned_in_it() {
    let done = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&done);
    run(async move {
        for _ in 0..5 {
            let count = Arc::clone(&count);
            spawn(async move {
                rendez_channels::after(Duration::from_millis(20)).await;
                count.fetch_add(1, Ordering::SeqCst);
                Outcome::Ok(())
            });
        }
    })
    .unwrap();
    assert_eq!(done.load(Ordering::SeqCst), 5);
}

#[test]
fn a_dropped_scope_ends_its_children_before_the_enclosing_one_ends() {
    struct Dropped(Arc<AtomicUsize>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&dropped);
    run(async move {
        let child = move || {
            let held = Dropped(Arc::clone(&count));
            Process::new("forever", async move {
                let _held = held;
                std::future::pending::<()>().await;
                Outcome::Ok(())
            })
        };
        let scope = par![child(), child()].into_future();
        let unfinished = tokio::time::timeout(Duration::from_millis(20), scope).await;
        assert!(unfinished.is_err());
    })
    .unwrap();
    assert_eq!(dropped.load(Ordering::SeqCst), 2);
}

#[test]
fn a_blocking_process_sees_its_scopes_end_at_its_next_operation() {
    let failure = run(async {
        let (tx, rx) = channel::<u32>();
        let waits = blocking("reader", move || {
            let ended = rx.recv_blocking();
            assert_eq!(ended, Err(Ended::Cancelled));
            Outcome::Ok(())
        });
        let fails = Process::new("fails", async move {
            let _held = tx;
            rendez_channels::after(Duration::from_millis(30)).await;
            // The sender is not dropped before the scope ends the reader.
            std::mem::forget(_held);
            Outcome::<()>::Err(Failure::new("enough"))
        });
        par![waits, fails].await
    });
    assert!(failure.unwrap_err().to_string().ends_with("failed: enough"));
}

#[test]
fn a_sequence_stops_at_its_first_failure() {
    let ran = Arc::new(AtomicUsize::new(0));
    let step = |fail: bool| {
        let ran = Arc::clone(&ran);
        async move {
            ran.fetch_add(1, Ordering::SeqCst);
            if fail { Outcome::<()>::Err(Failure::new("stop")) } else { Outcome::Ok(()) }
        }
    };
    let (a, b, c) = (step(false), step(true), step(false));
    assert!(run(seq![a, b, c]).is_err());
    assert_eq!(ran.load(Ordering::SeqCst), 2);
}

#[test]
fn a_monitor_learns_how_a_process_ended() {
    run(async {
        let process = spawn(async {
            rendez_channels::after(Duration::from_secs(60)).await;
            Outcome::Ok(())
        })
        .process();
        process.stop();
        assert_eq!(process.ended().await, End::Cancelled);
    })
    .unwrap();
}

#[tokio::test]
async fn processes_work_in_an_existing_current_thread_runtime() {
    let (tx, rx) = channel();
    let send = async move {
        tx.send(9).await?;
        Outcome::Ok(())
    };
    let recv = async move { Outcome::Ok(rx.recv().await?) };
    assert_eq!(par![send, recv].values().await.unwrap(), ((), 9));
}

#[test]
fn without_a_runtime_the_message_says_what_to_do() {
    let panic = std::panic::catch_unwind(|| spawn(async { Outcome::Ok(()) })).unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(text.contains("start the program with #[rendez::main]"), "{text}");
}
