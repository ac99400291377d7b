//! A deadlock is named within a second while the rest runs; look-alikes are not.

use rendez_channels::sync::{Event, Exclusive};
use rendez_channels::{Receiver, Sender, after, channel};
use rendez_runtime::__private::process;
use rendez_runtime::{Deadlock, Outcome, Process, deadlocks, run, spawn};
use std::time::Duration;

/// Sends first and receives then: two of these, crossed, wait for each other. Written as `#[process]` expands.
fn stubborn(name: &'static str, output: Sender<u32>, input: Receiver<u32>) -> Process {
    process(name, move |id| {
        output.keep(id);
        input.keep(id);
        async move {
            output.send(1).await?;
            input.recv().await?;
            Outcome::Ok(())
        }
    })
}

/// Waits for a report; other tests of this binary have deadlocks, too.
async fn told(reports: &Receiver<Deadlock>, expected: &str) {
    while reports.recv().await.unwrap().cycle.sentence != expected {}
}

#[test]
fn two_that_wait_for_each_other_are_named_while_the_rest_runs() {
    run(async {
        let reports = deadlocks();
        let ((a_tx, a_rx), (b_tx, b_rx)) = (channel(), channel());
        a_tx.set_name("to-bob");
        b_tx.set_name("to-alice");
        let alice = stubborn("alice", a_tx, b_rx);
        let bob = stubborn("bob", b_tx, a_rx);
        let (alice, bob) = (spawn(alice).process(), spawn(bob).process());
        let (a, b) = (alice.id(), bob.id());
        let expected = format!(
            "deadlock: `alice` ({a}) waits to send on `to-bob`, where only `bob` ({b}) can receive there; \
             `bob` ({b}) waits to send on `to-alice`, where only `alice` ({a}) can receive there"
        );
        let named = tokio::time::timeout(Duration::from_secs(1), told(&reports, &expected));
        named.await.expect("within a second");
        alice.stop();
        bob.stop();
    })
    .unwrap();
}

/// Takes one lock, and the other when both have one.
fn diner(name: &'static str, locks: [Exclusive<()>; 2], ready: Event, other: Event) -> Process {
    Process::new(name, async move {
        let _first = locks[0].lock().await?;
        ready.set();
        other.wait().await;
        let _second = locks[1].lock().await?;
        Outcome::Ok(())
    })
}

#[test]
fn two_that_hold_what_the_other_wants_are_named_too() {
    run(async {
        let reports = deadlocks();
        let (fork, spoon) = (Exclusive::named("fork", ()), Exclusive::named("spoon", ()));
        let (one, two) = (Event::new(), Event::new());
        let carol = spawn(diner("carol", [fork.clone(), spoon.clone()], one.clone(), two.clone())).process();
        let dave = spawn(diner("dave", [spoon, fork], two, one)).process();
        let (c, d) = (carol.id(), dave.id());
        let expected = format!(
            "suspected deadlock: `carol` ({c}) waits for `spoon`, which `dave` ({d}) has; \
             `dave` ({d}) waits for `fork`, which `carol` ({c}) has"
        );
        tokio::time::timeout(Duration::from_secs(10), told(&reports, &expected)).await.expect("it is named");
        carol.stop();
        dave.stop();
    })
    .unwrap();
}

#[test]
fn a_ring_that_moves_is_no_deadlock() {
    run(async {
        let reports = deadlocks();
        let ((a_tx, a_rx), (b_tx, b_rx)) = (channel::<u64>(), channel());
        let there = spawn(async move {
            while let Some(n) = a_rx.next().await? {
                b_tx.send(n + 1).await?;
            }
            Outcome::Ok(())
        });
        let back = spawn(async move {
            a_tx.send(0).await?;
            while let Some(n) = b_rx.next().await? {
                a_tx.send(n).await?;
            }
            Outcome::Ok(())
        });
        after(Duration::from_millis(1500)).await;
        let ours = [there.process().id(), back.process().id()];
        while let Ok(Deadlock { cycle, .. }) = reports.try_recv() {
            // Other tests of this binary do have deadlocks.
            assert!(cycle.steps.iter().all(|step| !ours.contains(&step.process)), "{}", cycle.sentence);
        }
        there.stop();
        back.stop();
    })
    .unwrap();
}
