//! Actors and supervision, with the messages written by hand that `#[actor]` would write.

use rendez_runtime::{Actor, ActorRef, CallError, Context, Reply, Supervisor, run, spawn_actor};
use std::time::Duration;

struct Counter(u64);

enum Message {
    Add(u64, Reply<u64>),
    AddSlowly(u64, Reply<u64>),
    Crash(Reply<()>),
}

#[derive(Clone)]
struct CounterRef(ActorRef<Counter>);

impl From<ActorRef<Counter>> for CounterRef {
    fn from(actor: ActorRef<Counter>) -> Self {
        Self(actor)
    }
}

impl CounterRef {
    async fn add(&self, n: u64) -> Result<u64, CallError> {
        self.0.ask(|reply| Message::Add(n, reply)).await
    }
}

impl Actor for Counter {
    type Message = Message;
    type Ref = CounterRef;
    const NAME: &'static str = "Counter";
    const METHODS: &'static [&'static str] = &["add", "add_slowly", "crash"];

    async fn handle(&mut self, message: Message, _: &mut Context<Self>) {
        match message {
            Message::Add(n, reply) => {
                self.0 += n;
                reply.answer(self.0);
            }
            Message::AddSlowly(n, reply) => {
                let before = self.0;
                rendez_channels::after(Duration::from_millis(20)).await;
                self.0 = before + n;
                reply.answer(self.0);
            }
            Message::Crash(reply) => {
                let _reply = reply;
                panic!("as asked");
            }
        }
    }

    fn method(message: &Message) -> u16 {
        match message {
            Message::Add(..) => 0,
            Message::AddSlowly(..) => 1,
            Message::Crash(..) => 2,
        }
    }

    fn begin(message: &Message) -> bool {
        match message {
            Message::Add(_, reply) | Message::AddSlowly(_, reply) => reply.begin(),
            Message::Crash(reply) => reply.begin(),
        }
    }
}

#[test]
fn the_state_is_exclusive_across_await() {
    run(async {
        let counter = spawn_actor(Counter(1));
        let slow = counter.0.ask(|reply| Message::AddSlowly(10, reply));
        let fast = counter.add(100);
        assert_eq!(tokio::join!(slow, fast), (Ok(11), Ok(111)));
    })
    .unwrap();
}

#[test]
fn a_panic_restarts_a_supervised_actor_and_its_reference_and_mailbox_stay() {
    run(async {
        let counter = Supervisor::one_for_one().start().actor("counter", || Counter(0));
        assert_eq!(counter.add(5).await, Ok(5));
        let crashed = counter.0.ask(Message::Crash);
        let waiting = counter.add(1);
        let (crashed, waiting) = tokio::join!(crashed, waiting);
        assert_eq!(crashed, Err(CallError::Failed("`Counter` panicked while it handled this call".into())));
        assert_eq!(waiting, Ok(1), "the next message finds a fresh state");
        assert_eq!(counter.0.process().inspect().restarts, 1);
    })
    .unwrap();
}

#[test]
fn too_many_failures_within_the_period_fail_the_supervisors_scope() {
    let failure = run(async {
        let shop = Supervisor::one_for_one().intensity(2, Duration::from_secs(60)).start();
        let counter = shop.actor("counter", || Counter(0));
        for _ in 0..3 {
            let _ = counter.0.ask(Message::Crash).await;
        }
        std::future::pending::<()>().await;
    })
    .unwrap_err()
    .to_string();
    assert!(failure.contains("`Counter::crash`") && failure.contains("as asked"), "{failure}");
}

#[test]
fn a_call_to_a_stopped_actor_is_not_sent() {
    run(async {
        let counter = spawn_actor(Counter(0));
        let process = counter.0.process();
        process.stop();
        process.ended().await;
        let Err(CallError::NotSent(why)) = counter.add(1).await else { panic!("not sent") };
        assert_eq!(why, "`Counter` has stopped and takes no `add`");
    })
    .unwrap();
}

#[test]
fn messages_that_no_handler_saw_come_back_as_not_sent_and_the_one_under_way_as_unknown() {
    run(async {
        let counter = spawn_actor(Counter(0));
        let process = counter.0.process();
        let under_way = counter.0.ask(|reply| Message::AddSlowly(1, reply));
        let queued = counter.add(1);
        let stop = async {
            rendez_channels::after(Duration::from_millis(5)).await;
            process.stop();
        };
        let (under_way, queued, ()) = tokio::join!(under_way, queued, stop);
        assert!(matches!(under_way, Err(CallError::Unknown(_))), "{under_way:?}");
        assert!(matches!(queued, Err(CallError::NotSent(_))), "{queued:?}");
    })
    .unwrap();
}

#[test]
fn an_actor_ends_with_its_last_reference() {
    run(async {
        let counter = spawn_actor(Counter(0));
        assert_eq!(counter.add(1).await, Ok(1));
        // The scope waits for the actor: this test ends because dropping the reference ends it.
    })
    .unwrap();
}
