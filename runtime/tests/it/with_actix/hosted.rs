//! An actor of actix that is run as one of rendez: its handlers, its context, its ends.

use actix::fut::{ActorFutureExt as _, WrapFuture as _};
use actix::{Actor, ActorContext, Addr, Handler, MailboxError, Message, Running};
use rendez_channels::{Receiver, Sender, after, channel, channel_unbounded};
use rendez_runtime::actix::{AtomicResponse, Context, Hosted, ResponseFuture};
use rendez_runtime::testing::settled;
use rendez_runtime::{ActorOptions, ChildSpec, Outcome, Scheduled, Supervisor, par, run, spawn_actor};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Says what happens to it.
struct Witness {
    said: Sender<String>,
    refuses_to_stop: bool,
    timers: Vec<Scheduled>,
    count: u32,
}

fn witness() -> (Witness, Receiver<String>) {
    let (said, heard) = channel_unbounded();
    (Witness { said, refuses_to_stop: false, timers: vec![], count: 0 }, heard)
}

fn all(heard: &Receiver<String>) -> Vec<String> {
    std::iter::from_fn(|| heard.try_recv().ok()).collect()
}

impl Witness {
    fn say(&self, what: impl Into<String>) {
        let _ = self.said.try_send(what.into());
    }
}

impl Actor for Witness {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        self.say("started");
    }

    fn stopping(&mut self, _: &mut Self::Context) -> Running {
        self.say("stopping");
        if std::mem::take(&mut self.refuses_to_stop) { Running::Continue } else { Running::Stop }
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        self.say("stopped");
    }
}

macro_rules! messages {
    ($($name:ident $fields:tt -> $answer:ty, $result:ty, |$this:ident, $message:pat_param, $context:ident| $handle:expr;)*) => { $(
        struct $name $fields;
        impl Message for $name {
            type Result = $answer;
        }
        impl Handler<$name> for Witness {
            type Result = $result;
            fn handle(&mut self, $message: $name, $context: &mut Self::Context) -> Self::Result {
                let $this = self;
                $handle
            }
        }
    )* };
}

messages! {
    Say(&'static str) -> (), (), |this, Say(text), _context| this.say(text);
    Count() -> u32, u32, |this, Count(), _context| { this.count += 1; this.count };
    Stop() -> (), (), |_this, Stop(), context| context.stop();
    Terminate() -> (), (), |_this, Terminate(), context| context.terminate();
    Panic() -> (), (), |_this, Panic(), _context| panic!("as asked");
    Notify() -> (), (), |this, Notify(), context| { context.notify(Say("notified")); this.say("first"); };
    Later() -> (), (), |this, Later(), context| {
        context.run_later(SECOND, |this, _| this.say("later"));
        let late = context.notify_later(Say("latest"), 2 * SECOND);
        let never = context.run_later(SECOND / 2, |this, _| this.say("never"));
        assert!(context.cancel_future(never) && !context.cancel_future(never));
        this.timers.push(late);
    };
    Every() -> (), (), |_this, Every(), context| {
        let mut left = 3;
        let timer = context.run_interval(SECOND, move |this, context| {
            left -= 1;
            this.say(format!("{left} left"));
            if left == 0 {
                let timer = this.timers.pop().expect("it was noted");
                assert!(context.cancel_future(timer));
            }
        });
        _this.timers.push(timer);
    };
    Beside(Receiver<u32>) -> u32, ResponseFuture<u32>, |_this, Beside(question), _context|
        ResponseFuture::new(async move { question.recv().await.map_or(0, |n| n + 1) });
    Exclusive(Duration) -> u32, AtomicResponse<Witness, u32>, |this, Exclusive(time), _context| {
        this.count += 1;
        AtomicResponse::new(after(time).into_actor(this).map(|(), this, _| { this.count += 1; this.count }))
    };
    Arbiters() -> u32, actix::ResponseFuture<u32>, |_this, Arbiters(), _context| Box::pin(async { 1 });
    Own() -> Addr<Witness>, Addr<Witness>, |_this, Own(), context| context.address();
}

#[rendez::test]
async fn hooks_run_around_all_messages() -> Outcome {
    let (state, heard) = witness();
    let witness = spawn_actor(Hosted::new(state));
    let (process, address) = (witness.address().process(), witness.addr());
    drop(witness);
    address.send(Say("message")).await?;
    drop(address);
    process.ended().await;
    assert_eq!(all(&heard), ["started", "message", "stopping", "stopped"]);
    Ok(())
}

#[rendez::test]
async fn it_stops_itself_unless_it_refuses() -> Outcome {
    let (mut state, heard) = witness();
    state.refuses_to_stop = true;
    let address = spawn_actor(Hosted::new(state)).addr();
    address.send(Stop()).await?;
    address.send(Say("goes on")).await?;
    address.send(Stop()).await?;
    assert_eq!(address.send(Say("too late")).await, Err(MailboxError::Closed));
    settled().await?;
    assert_eq!(all(&heard), ["started", "stopping", "goes on", "stopping", "stopped"]);

    let (mut state, heard) = witness();
    state.refuses_to_stop = true;
    spawn_actor(Hosted::new(state)).addr().send(Terminate()).await?;
    settled().await?;
    assert_eq!(all(&heard), ["started", "stopped"], "to terminate does not ask");
    Ok(())
}

#[rendez::test]
async fn a_stop_from_outside_cannot_be_refused() -> Outcome {
    let (mut state, heard) = witness();
    state.refuses_to_stop = true;
    let witness = spawn_actor(Hosted::new(state));
    witness.address().stop();
    witness.address().process().ended().await;
    assert_eq!(all(&heard), ["started", "stopping", "stopped"]);
    Ok(())
}

#[rendez::test]
async fn timers_are_exact_and_are_taken_back() -> Outcome {
    let (state, heard) = witness();
    let address = spawn_actor(Hosted::new(state)).addr();
    address.send(Notify()).await?;
    address.send(Later()).await?;
    after(3 * SECOND).await;
    address.send(Every()).await?;
    after(10 * SECOND).await;
    assert_eq!(all(&heard), ["started", "first", "notified", "later", "latest", "2 left", "1 left", "0 left"]);
    Ok(())
}

#[rendez::test]
async fn an_answer_from_a_future_leaves_the_actor_free() -> Outcome {
    let (state, _heard) = witness();
    let address = spawn_actor(Hosted::new(state)).addr();
    let (ask, question) = channel();
    let thought = address.send(Beside(question));
    assert_eq!(address.send(Count()).await?, 1, "it handles others meanwhile");
    ask.send(41).await?;
    assert_eq!(thought.await?, 42);
    Ok(())
}

#[rendez::test]
async fn an_atomic_answer_has_the_actor_to_itself() -> Outcome {
    let (state, _heard) = witness();
    let address = spawn_actor(Hosted::new(state)).addr();
    let (slow, quick) = (address.send(Exclusive(SECOND)), address.send(Count()));
    assert_eq!((slow.await?, quick.await?), (2, 3));
    Ok(())
}

#[rendez::test]
async fn it_has_an_address_of_its_own() -> Outcome {
    let (state, _heard) = witness();
    let witness = spawn_actor(Hosted::new(state));
    let process = witness.address().process();
    let own = witness.addr().send(Own()).await?;
    drop(witness);
    assert_eq!(own.send(Count()).await?, 1);
    drop(own);
    process.ended().await;
    Ok(())
}

#[test]
fn a_panic_restarts_it_and_its_address_stays() {
    run(async {
        let (said, heard) = channel_unbounded();
        let make =
            move || Hosted::new(Witness { said: said.clone(), refuses_to_stop: false, timers: vec![], count: 0 });
        let (spec, witness) = ChildSpec::actor_with(ActorOptions::new().named("witness"), make);
        let supervisor = Supervisor::one_for_one().start();
        supervisor.child(spec);
        let address = witness.addr();
        assert_eq!((address.send(Count()).await?, address.send(Count()).await?), (1, 2));
        assert_eq!(address.send(Panic()).await, Err(MailboxError::Closed));
        assert_eq!(address.send(Count()).await?, 1, "a new state behind the same address");
        assert_eq!(all(&heard), ["started", "stopped", "started"]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn what_needs_an_arbiter_fails_and_says_where_it_would_work() {
    let failure = run(async {
        let (state, _heard) = witness();
        let address = spawn_actor(Hosted::new(state)).addr();
        assert_eq!(address.send(Arbiters()).await, Err(MailboxError::Closed));
        Outcome::Ok(())
    })
    .unwrap_err()
    .to_string();
    assert!(failure.contains("has called what needs an arbiter of actix"), "{failure}");
    assert!(failure.ends_with("run it as a guest, with `guest_actor`"), "{failure}");
}

#[test]
fn it_is_asked_from_many_tasks_at_once() {
    let last = run(async {
        let (state, _heard) = witness();
        let address = spawn_actor(Hosted::new(state)).addr();
        let asking = (0..20).map(|_| {
            let address = address.clone();
            async move {
                for _ in 0..50 {
                    address.send(Count()).await?;
                }
                Outcome::Ok(())
            }
        });
        par(asking).await?;
        Outcome::Ok(address.send(Count()).await?)
    });
    assert_eq!(last.unwrap(), 1001);
}
