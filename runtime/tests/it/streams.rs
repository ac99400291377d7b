//! Answers that come item by item: as they are made, beside other messages, and how they end.

use rendez_channels::{Ended, Receiver, Sender, after, channel};
use rendez_runtime::{Context, Failure, Outcome, Supervisor, actor, alt, run, spawn_actor, stop_requested};
use std::time::Duration;

/// Counts for who asks; each step waits at a gate.
struct Counter {
    served: u32,
}

#[actor(crate = rendez_runtime)]
impl Counter {
    pub(crate) async fn count(&mut self, gate: Receiver<()>, context: &mut Context<Self>) -> Receiver<u32> {
        self.served += 1;
        context.stream(0, async move |numbers| {
            for n in 0_u32.. {
                if gate.next().await?.is_none() {
                    break;
                }
                numbers.send(n).await?;
            }
            Outcome::Ok(())
        })
    }

    pub(crate) async fn count_until_stopped(&mut self, context: &mut Context<Self>) -> Receiver<u32> {
        context.stream(1, async move |numbers: Sender<u32>| {
            numbers.send(0).await?;
            stop_requested().await;
            Outcome::Ok(())
        })
    }

    pub(crate) async fn fail_after_one(&mut self, context: &mut Context<Self>) -> Receiver<u32> {
        context.stream(0, async move |numbers: Sender<u32>| {
            numbers.send(0).await?;
            Err::<(), _>(Failure::new("no more numbers"))
        })
    }

    pub(crate) async fn served(&self) -> u32 {
        self.served
    }

    pub(crate) async fn crash(&mut self) {
        panic!("as asked");
    }

    pub(crate) async fn stop(&mut self, context: &mut Context<Self>) {
        context.stop();
    }
}

fn poisoned(end: &Result<Option<u32>, Ended>, words: &str) {
    assert!(matches!(end, Err(Ended::Poisoned { .. })), "{end:?}");
    assert!(end.as_ref().is_err_and(|end| end.to_string().contains(words)), "{end:?}");
}

#[test]
fn items_come_as_they_are_made_while_the_actor_goes_on() {
    run(async {
        let counter = spawn_actor(Counter { served: 0 });
        let (go, gate) = channel();
        let numbers = counter.count(gate).await?;
        assert_eq!(numbers.len(), 0, "nothing was let through yet");
        go.send(()).await?;
        assert_eq!(numbers.recv().await?, 0);
        assert_eq!(counter.served().await?, 1, "it answers others between two items");
        go.send(()).await?;
        assert_eq!(numbers.recv().await?, 1);
        drop(go);
        assert_eq!(numbers.next().await?, None, "the end of the stream is an end of the channel");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_stream_that_nobody_receives_ends_and_its_actor_does_not() {
    run(async {
        let counter = spawn_actor(Counter { served: 0 });
        let (go, gate) = channel();
        drop(counter.count(gate).await?);
        go.send(()).await?;
        let Ended::Retired { .. } = go.closed().await else { panic!("the stream has ended in order") };
        assert_eq!(counter.served().await?, 1);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_failed_stream_is_poisoned_with_its_cause_and_its_actor_goes_on() {
    run(async {
        let counter = spawn_actor(Counter { served: 7 });
        let numbers = counter.fail_after_one().await?;
        assert_eq!(numbers.next().await?, Some(0));
        let end = numbers.next().await;
        poisoned(&end, "no more numbers");
        poisoned(&end, &format!("channel `{}` is poisoned", numbers.name()));
        assert_eq!(counter.served().await?, 7);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_crash_of_the_actor_poisons_its_streams_though_it_is_started_again() {
    run(async {
        let counter = Supervisor::one_for_one().start().actor("counter", || Counter { served: 0 });
        let (go, gate) = channel();
        let numbers = counter.count(gate).await?;
        go.send(()).await?;
        assert_eq!(numbers.next().await?, Some(0));
        assert!(counter.crash().await.is_err());
        poisoned(&numbers.next().await, "`counter` ended before its stream did");
        assert_eq!(counter.served().await?, 0, "the next incarnation");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_kill_of_the_actor_poisons_its_streams() {
    run(async {
        let counter = spawn_actor(Counter { served: 0 });
        let (_go, gate) = channel();
        let numbers = counter.count(gate).await?;
        counter.address().kill();
        poisoned(&numbers.next().await, "ended before its stream did");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_stop_of_the_actor_cuts_its_streams_but_for_those_that_heed_it() {
    run(async {
        let counter = spawn_actor(Counter { served: 0 });
        let (_go, gate) = channel();
        let (numbers, heeds) = (counter.count(gate).await?, counter.count_until_stopped().await?);
        assert_eq!(heeds.next().await?, Some(0));
        let process = counter.process();
        counter.stop().await?;
        poisoned(&numbers.next().await, "ended before its stream did");
        assert_eq!(heeds.next().await?, None);
        alt! {
            _ = rendez_channels::future(Box::pin(process.ended())) => {}
            _ = after(Duration::from_secs(10)) => panic!("a stopped actor does not wait for endless streams"),
        }
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_stream_outlives_the_last_reference_to_its_actor() {
    run(async {
        let counter = spawn_actor(Counter { served: 0 });
        let (go, gate) = channel();
        let numbers = counter.count(gate).await?;
        let process = counter.process();
        drop(counter);
        for n in 0..3 {
            go.send(()).await?;
            assert_eq!(numbers.next().await?, Some(n));
        }
        assert!(!matches!(process.inspect().state, rendez_model::State::Done(_)), "it waits for its stream");
        drop(go);
        assert_eq!(numbers.next().await?, None);
        process.ended().await;
        Outcome::Ok(())
    })
    .unwrap();
}
