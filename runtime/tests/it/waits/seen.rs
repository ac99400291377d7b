//! What is seen of who waits, a task or a thread: for what, and since when.

use super::asks::{LOOKS, waits_now};
use rendez_channels::{Alt, channel};
use rendez_model::{Side, State, Wait};
use rendez_runtime::{Outcome, Process, ProcessRef, blocking, network, run, spawn};
use std::collections::BTreeSet;
use std::time::Duration;

/// For how long it has waited.
fn waited_ms(process: &ProcessRef) -> Option<u64> {
    match network().nodes[0].process(process.id())?.state {
        State::Blocked { for_ms, .. } => Some(for_ms),
        _ => None,
    }
}

/// Looks again and again until it is so.
async fn soon(is_so: impl Fn() -> bool) -> bool {
    for _ in 0..LOOKS {
        if is_so() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    false
}

#[test]
fn who_waits_is_seen_with_what_it_waits_for_and_since_when_on_a_thread_too() {
    run(async {
        let ((one, first), (two, second), (three, third), (_four, fourth)) =
            (channel::<u8>(), channel::<u8>(), channel::<u8>(), channel::<u8>());
        let at = |channel| Wait::Channel { channel, side: Side::Receive };
        let expected = [vec![first.id()], vec![second.id()], vec![third.id(), fourth.id()]];
        let task = spawn(Process::new("task", async move { Outcome::Ok(first.recv().await?) }));
        let thread = spawn(blocking("thread", move || Outcome::Ok(second.recv_blocking()?)));
        let chooser = spawn(blocking("chooser", move || {
            let mut choice = Alt::new();
            choice.receive(&third, |_| ());
            choice.receive(&fourth, |_| ());
            Outcome::Ok(choice.next_blocking()?)
        }));
        let all = [task.process(), thread.process(), chooser.process()];
        for (process, channels) in all.iter().zip(expected) {
            let waits: BTreeSet<_> = channels.into_iter().map(at).collect();
            assert!(soon(|| waits_now(process) == waits).await, "{:?}", waits_now(process));
            let before = waited_ms(process).unwrap();
            assert!(soon(|| waited_ms(process).is_some_and(|now| now > before)).await, "it waits on");
        }
        one.send(1).await?;
        two.send(1).await?;
        three.send(1).await?;
        task.join().await?;
        thread.join().await?;
        assert_eq!(chooser.join().await?, Some(()));
        Outcome::Ok(())
    })
    .unwrap();
}
