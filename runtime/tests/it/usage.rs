//! What a process says about itself, and what is seen of it: who it is, its names, its polls, its time and its operations.

use rendez_channels::{Receiver, Sender, after, channel, channel_bounded, oneshot};
use rendez_model::{Process as Seen, State};
use rendez_runtime::{
    CallError, Context, NameError, Outcome, Process, RunOptions, Scheduler, actor, blocking, current, dump, network,
    observe, register, run, spawn, spawn_actor,
};
use std::time::{Duration, Instant};

/// A process as the network shows it.
fn seen(name: &str) -> Seen {
    let network = network();
    let found = network.nodes[0].processes.iter().rfind(|process| process.name == name);
    found.unwrap_or_else(|| panic!("{name} is not seen")).clone()
}

/// Computes in many polls until it has done so for a while; for how long it has in all, without what others had in between.
async fn computes(time: Duration) -> Duration {
    let mut computed = Duration::ZERO;
    while computed < time {
        let turn = Instant::now();
        while turn.elapsed() < Duration::from_micros(200) {
            std::hint::spin_loop();
        }
        computed += turn.elapsed();
        tokio::task::yield_now().await;
    }
    computed
}

struct Narcissus;

#[actor(crate = rendez_runtime)]
impl Narcissus {
    pub(crate) async fn name(&self) -> String {
        current().expect("a handler runs in a process").name()
    }
    pub(crate) async fn id(&self, context: &mut Context<Self>) -> bool {
        current().map(|process| process.id()) == Some(context.process().id())
    }
    pub(crate) async fn register(&self, context: &mut Context<Self>, name: String) -> Result<(), NameError> {
        context.register(name)
    }
    /// Sends its address to who calls, and says whether it had one.
    #[actor(one_way)]
    pub(crate) async fn introduce(&self, context: &mut Context<Self>, to: Sender<Option<NarcissusRef>>) {
        let _ = to.send(context.address().map(Into::into)).await;
    }
}

#[test]
fn a_process_knows_who_it_is_in_all_bodies_and_what_is_none_knows_that() {
    assert!(current().is_none());
    run(async {
        let name = || current().map(|process| process.name());
        assert_eq!(name().as_deref(), Some("main"));
        let task = Process::new("on a worker", async move { Outcome::Ok((name(), current().map(|p| p.id()))) });
        let id = task.id();
        assert_eq!(task.await?, (Some("on a worker".to_owned()), Some(id)));
        let thread = spawn(blocking("on a thread", move || Outcome::Ok(name())));
        assert_eq!(thread.join().await?.as_deref(), Some("on a thread"));
        let narcissus = spawn_actor(Narcissus);
        assert_eq!(narcissus.name().await?, narcissus.address().process().name());
        assert!(narcissus.id().await?);
        assert_eq!(tokio::spawn(async move { name() }).await?, None, "a task of tokio's is no process");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn names_are_seen_at_who_has_them() {
    run(async {
        let narcissus = spawn_actor(Narcissus);
        for name in ["seen.pool", "seen.mirror"] {
            narcissus.register(name.to_owned()).await?;
        }
        let taken = narcissus.register("seen.pool".to_owned()).await.unwrap_err();
        assert!(matches!(taken, CallError::Answer(NameError::Taken { .. })), "{taken}");
        let ((tx, rx), (ready, is_ready)) = (channel::<()>(), oneshot());
        let named = spawn(Process::new("seen server", async move {
            register("seen.server")?;
            ready.send(())?;
            rx.next().await?;
            Outcome::Ok(())
        }));
        is_ready.recv().await?;
        assert_eq!(seen("seen server").names, ["seen.server"]);
        let process = narcissus.address().process();
        assert_eq!(process.inspect().names, ["seen.mirror", "seen.pool"], "in the order of the names");
        let table = dump();
        assert!(table.contains(&format!("seen server ({}) = seen.server", named.process().id())), "{table}");
        assert!(table.contains("= seen.mirror, seen.pool"), "{table}");
        drop(tx);
        named.join().await?;
        assert!(seen("seen server").names.is_empty(), "it has ended");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn an_actor_that_nobody_can_reach_has_no_address_and_no_name() {
    run(async {
        let (tx, rx) = channel();
        let (narcissus, ours) = (spawn_actor(Narcissus), tx.clone());
        narcissus.introduce(ours).await?;
        let address = rx.recv().await?.expect("we have one");
        assert_eq!(address.address().process().id(), narcissus.address().process().id());
        drop(address);
        let process = narcissus.address().process();
        narcissus.introduce(tx).await?;
        drop(narcissus);
        // It may have begun before the last address went, and then keeps it: it ends none the less, once it is dropped.
        drop(rx.recv().await?);
        process.ended().await;
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn who_computes_on_carriers_is_seen_to_by_samples() {
    let time = Duration::from_millis(200);
    let options = RunOptions::new().scheduler(Scheduler::Carriers);
    options
        .run(async move {
            let (tx, rx) = channel_bounded::<()>(1);
            let idle = spawn(Process::new("idles", waits(rx)));
            let begun = Instant::now();
            let busy = spawn(Process::new("computes", async move { Outcome::Ok(computes(time).await) }));
            let process = busy.process();
            let mut most = 0;
            while !matches!(process.inspect().state, State::Done(_)) {
                most = most.max(process.inspect().busy_us);
                after(Duration::from_millis(2)).await;
            }
            // A tenth will do: the machine may have other work.
            assert!(most >= 20_000, "{most} us of {time:?}");
            busy.join().await?;
            let lived = begun.elapsed();
            assert!(most <= lived.as_micros() as u64 + 10_000, "{most} us of {lived:?}");
            assert!(idle.process().inspect().busy_us < most / 2);
            drop(tx);
            idle.join().await
        })
        .unwrap();
}

async fn waits(input: Receiver<()>) -> Outcome {
    input.next().await?;
    Ok(())
}

#[test]
fn time_and_operations_are_measured_on_either_executor() {
    for scheduler in [Scheduler::Carriers, Scheduler::TokioTasks] {
        let time = Duration::from_millis(30);
        let outcome = RunOptions::new().scheduler(scheduler).run(async move {
            let _observed = observe().measured();
            let (tx, rx) = channel();
            let begun = Instant::now();
            let busy = spawn(Process::new("measured", async move {
                let computed = computes(time).await;
                for n in 0..25_u32 {
                    tx.send(n).await?;
                }
                Outcome::Ok(computed)
            }));
            let process = busy.process();
            let mut got = vec![];
            while let Some(n) = rx.next().await? {
                got.push(n);
            }
            let computed = busy.join().await?;
            let lived = begun.elapsed();
            let seen = process.inspect();
            // Each poll is rounded down to whole microseconds, and lies within its life.
            let busy = seen.busy_us..=seen.busy_us + seen.polls;
            assert!(computed.as_micros() <= u128::from(*busy.end()), "{busy:?} us, and computed for {computed:?}");
            assert!(u128::from(*busy.start()) <= lived.as_micros(), "{busy:?} us of {lived:?}");
            assert_eq!((got.len(), seen.operations), (25, 25));
            Outcome::Ok(())
        });
        outcome.unwrap();
    }
}

#[test]
fn the_operations_of_a_thread_are_known_when_it_has_ended() {
    run(async {
        let _observed = observe().measured();
        let (tx, rx) = channel();
        let thread = spawn(blocking("thread that sends", move || {
            for n in 0..7_u32 {
                tx.send_blocking(n)?;
            }
            Outcome::Ok(())
        }));
        while rx.next().await?.is_some() {}
        let process = thread.process();
        thread.join().await?;
        assert_eq!(process.inspect().operations, 7);
        Outcome::Ok(())
    })
    .unwrap();
}
