//! The rows of actix's API in `docs/COMPARE.md` that have a counterpart here, each under actix's name.

use rendez_channels::{Overflow, Receiver, Sender, channel, channel_unbounded};
use rendez_runtime::{
    Bus, CallError, Context, Failure, Outcome, Reply, Router, Scheduled, Supervisor, actor, blocking, run, spawn,
    spawn_actor,
};
use std::sync::Mutex;
use std::time::Duration;

/// Says what comes to it.
struct Echo {
    said: Sender<String>,
    scheduled: Vec<Scheduled>,
}

fn echo() -> (Echo, Receiver<String>) {
    let (said, heard) = channel_unbounded();
    (Echo { said, scheduled: vec![] }, heard)
}

#[actor(crate = rendez_runtime)]
impl Echo {
    #[actor(one_way)]
    pub(crate) async fn say(&mut self, text: String) {
        let _ = self.said.try_send(text);
    }

    pub(crate) async fn later(&mut self, delay: Duration, text: String, context: &mut Context<Self>) {
        self.scheduled.push(context.after(delay, EchoMessage::say(text)));
    }

    pub(crate) async fn every(&mut self, period: Duration, text: String, context: &mut Context<Self>) {
        self.scheduled.push(context.every(period, move || EchoMessage::say(text.clone())));
    }

    pub(crate) async fn cancel(&mut self, context: &mut Context<Self>) -> Vec<bool> {
        self.scheduled.drain(..).map(|scheduled| context.cancel(scheduled)).collect()
    }

    pub(crate) async fn notify(&mut self, text: String, context: &mut Context<Self>) {
        context.notify(EchoMessage::say(text));
        let _ = self.said.try_send("first".into());
    }

    /// Ends with a process below it, in whose answer it has no part.
    pub(crate) async fn think(&mut self, question: Receiver<u32>, reply: Reply<u32>) {
        spawn(async move {
            reply.answer(question.recv().await? + 1);
            Outcome::Ok(())
        });
    }

    pub(crate) async fn ready(&self) -> bool {
        true
    }
}

#[test]
fn run_later_and_notify_later() {
    run(async {
        let (state, heard) = echo();
        let echo = spawn_actor(state);
        echo.later(Duration::from_millis(2), "later".into()).await?;
        assert_eq!(heard.recv().await?, "later");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn run_interval_and_cancel_future() {
    run(async {
        let (state, heard) = echo();
        let echo = spawn_actor(state);
        echo.every(Duration::from_millis(1), "tick".into()).await?;
        for _ in 0..3 {
            assert_eq!(heard.recv().await?, "tick");
        }
        echo.later(Duration::from_secs(3600), "never".into()).await?;
        assert_eq!(echo.cancel().await?, [true, true]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn notify() {
    run(async {
        let (state, heard) = echo();
        let echo = spawn_actor(state);
        echo.notify("second".into()).await?;
        assert_eq!([heard.recv().await?, heard.recv().await?], ["first", "second"]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn add_stream_and_stream_handler() {
    run(async {
        let (state, heard) = echo();
        let echo = spawn_actor(state);
        let (lines, input) = channel::<String>();
        let to = echo.clone();
        // The stream is a channel, and what adds it to the actor a process: who is slow holds the other up.
        let adding = spawn(async move {
            while let Some(line) = input.next().await? {
                to.say(line).await?;
            }
            to.say("the stream has ended".into()).await?;
            Outcome::Ok(())
        });
        lines.send("one".into()).await?;
        drop(lines);
        adding.join().await?;
        assert_eq!([heard.recv().await?, heard.recv().await?], ["one", "the stream has ended"]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn send_and_do_send_and_try_send() {
    run(async {
        let (state, heard) = echo();
        let echo = spawn_actor(state);
        assert!(echo.ready().await?);
        echo.say("told".into()).await?;
        assert!(echo.address().try_tell(EchoMessage::say("tried".into())).is_ok());
        assert_eq!([heard.recv().await?, heard.recv().await?], ["told", "tried"]);
        echo.address().stop();
        echo.process().ended().await;
        let refused = echo.address().try_tell(EchoMessage::say("late".into())).unwrap_err();
        assert!(matches!(refused.messages.as_slice(), [EchoMessage::say(text)] if text == "late"));
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn response_future() {
    run(async {
        let (state, _heard) = echo();
        let echo = spawn_actor(state);
        let (ask, question) = channel();
        let asking = echo.clone();
        let thought = spawn(async move { Outcome::Ok(asking.think(question).await?) });
        assert!(echo.ready().await?, "the state is free meanwhile");
        ask.send(41).await?;
        assert_eq!(thought.join().await?, 42);
        Outcome::Ok(())
    })
    .unwrap();
}

/// Computes on a thread of its own, like an actor of a `SyncArbiter`.
struct Computer;

#[actor(crate = rendez_runtime)]
impl Computer {
    pub(crate) async fn sum(&mut self, to: u64) -> Result<(u64, bool), Failure> {
        let here = std::thread::current().id();
        blocking("sum", move || Outcome::Ok(((1..=to).sum::<u64>(), std::thread::current().id() != here))).await
    }
}

#[test]
fn sync_arbiter() {
    run(async {
        let computers = Router::start("computer", 3, |_| Computer);
        for to in 1..=6 {
            let (sum, elsewhere) = computers.least_loaded().sum(to).await.expect("it computes");
            assert_eq!((sum, elsewhere), (to * (to + 1) / 2, true));
        }
        Outcome::Ok(())
    })
    .unwrap();
}

struct Fragile(u32);

#[actor(crate = rendez_runtime)]
impl Fragile {
    pub(crate) async fn count(&mut self) -> u32 {
        self.0 += 1;
        self.0
    }

    pub(crate) async fn crash(&mut self) {
        panic!("as asked");
    }
}

#[test]
fn supervisor() {
    run(async {
        let fragile = Supervisor::one_for_one().start().actor("fragile", || Fragile(0));
        assert_eq!(fragile.count().await?, 1);
        assert!(matches!(fragile.crash().await, Err(CallError::Failed(_))), "who asked learns of the panic");
        assert_eq!(fragile.count().await?, 1, "a new state behind the same reference");
        Outcome::Ok(())
    })
    .unwrap();
}

/// One for the program, started by who needs it first.
static SERVICE: Mutex<Option<FragileRef>> = Mutex::new(None);

fn service() -> FragileRef {
    SERVICE.lock().unwrap().get_or_insert_with(|| spawn_actor(Fragile(0))).clone()
}

#[test]
fn system_service() {
    run(async {
        assert_eq!((service().count().await?, service().count().await?), (1, 2));
        // It is of the scope that has started it, which waits for it.
        *SERVICE.lock().unwrap() = None;
        Outcome::Ok(())
    })
    .unwrap();
}

#[derive(Clone)]
struct Said(String);

#[test]
fn broker() {
    run(async {
        let (state, heard) = echo();
        let echo = spawn_actor(state);
        let bus = Bus::new();
        bus.subscribe_actor(echo.address(), |Said(text)| EchoMessage::say(text));
        let beside = bus.subscribe::<Said>(4, Overflow::DropOldest);
        assert_eq!(bus.publish(Said("to all".into())).await, 2);
        assert_eq!((heard.recv().await?, beside.recv().await?.0), ("to all".into(), "to all".into()));
        Outcome::Ok(())
    })
    .unwrap();
}
