//! Traces go with values, messages and makers from process to process, and never to the wrong one.

use rendez_channels::{
    Alt, BroadcastReceiver, BroadcastSender, CancellationToken, Receiver, Sender, WatchReceiver, WatchSender,
    broadcast, channel, channel_bounded, channel_unbounded, oneshot, watch,
};
use rendez_runtime::{
    ActorOptions, Context, Outcome, Process, Reply, actor, alt, blocking, par, record, run, spawn, spawn_actor, trace,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The name of what the current process follows; empty of nothing.
fn followed() -> String {
    trace::current().map(|trace| trace.name().to_owned()).unwrap_or_default()
}

/// What whoever receives with `receive` follows afterwards, once what `send` sends on behalf of "a" comes, and then a value of nobody's.
async fn both<S, R>(send: impl Fn() -> S, receive: impl Fn() -> R + Send + 'static) -> Outcome<[String; 2]>
where
    S: Future<Output = ()>,
    R: Future<Output = ()> + Send,
{
    let receiver = spawn(async move {
        receive().await;
        let first = followed();
        receive().await;
        Outcome::Ok([first, followed()])
    });
    trace::follow("a", send()).await;
    assert_eq!(followed(), "", "it was followed there alone");
    send().await;
    receiver.join().await
}

/// Sends that never fail, here.
async fn sent(sender: &Sender<u8>) {
    sender.send(1).await.unwrap();
}

fn received(receiver: Receiver<u8>) -> impl Fn() -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> + Send {
    let receiver = Arc::new(receiver);
    move || {
        let receiver = Arc::clone(&receiver);
        Box::pin(async move { drop(receiver.recv().await) })
    }
}

/// How often others are let run, or asked, until they have done what they can.
const PATIENCE: usize = 1_000;

const SEEN: [&str; 2] = ["a", ""];

#[test]
fn each_kind_of_channel_carries_it() {
    run(async {
        for open in [channel::<u8> as fn() -> _, || channel_bounded(1), || channel_bounded(4), channel_unbounded] {
            let (tx, rx) = open();
            assert_eq!(both(|| sent(&tx), received(rx)).await?, SEEN);
        }
        let (tx, rx): (BroadcastSender<u8>, BroadcastReceiver<u8>) = broadcast(2);
        let read = Arc::new(rx);
        let reads = move || {
            let read = Arc::clone(&read);
            async move { drop(read.recv().await) }
        };
        assert_eq!(both(|| async { tx.send(1).await.unwrap() }, reads).await?, SEEN);
        let (tx, rx) = oneshot();
        let asker = spawn(async move { Outcome::Ok((rx.recv().await?, followed())) });
        trace::follow("a", async { tx.send(1).unwrap() }).await;
        assert_eq!(asker.join().await?, (1, "a".to_owned()));
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_watch_tells_what_the_latest_value_belongs_to() {
    run(async {
        let (setting, watcher): (WatchSender<u8>, WatchReceiver<u8>) = watch(0);
        trace::follow("a", async { setting.send(1).unwrap() }).await;
        let look = trace::follow("other", async {
            watcher.recv().await?;
            let first = followed();
            setting.send(2).unwrap();
            trace::end();
            setting.send(3).unwrap();
            watcher.recv().await?;
            Outcome::Ok([first, followed()])
        });
        assert_eq!(look.await?, SEEN);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_choice_follows_what_it_has_received_and_not_what_it_has_not() {
    run(async {
        let ((a, from_a), (b, from_b)) = (channel_bounded(2), channel_bounded(2));
        trace::follow("a", sent(&a)).await;
        trace::follow("b", sent(&b)).await;
        let mut seen = vec![];
        for _ in 0..2 {
            let side = alt! {
                pri;
                _ = from_b.recv() => 'b',
                _ = from_a.recv() => 'a',
            };
            seen.push((side, followed()));
        }
        assert_eq!(seen, [('b', "b".to_owned()), ('a', "a".to_owned())]);
        // Registered before there is anything to receive.
        let mut inputs = Alt::new();
        inputs.receive(&from_a, |_| 'a');
        inputs.receive(&from_b, |_| 'b');
        assert_eq!(inputs.try_next(), None);
        trace::follow("later", sent(&b)).await;
        assert_eq!((inputs.next().await, followed()), (Some('b'), "later".to_owned()));
        sent(&a).await;
        assert_eq!((inputs.next().await, followed()), (Some('a'), "later".to_owned()), "its own value comes back");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_value_whose_receive_was_dropped_keeps_its_own() {
    run(async {
        let (tx, rx) = channel();
        let mut given_up = Box::pin(rx.recv());
        assert!(futures_now(&mut given_up).is_none());
        trace::follow("a", sent(&tx)).await;
        let other = trace::follow("b", async {
            // It has been served, and goes back.
            drop(given_up);
            followed()
        });
        assert_eq!(other.await, "b");
        assert_eq!((rx.recv().await?, followed()), (1, "a".to_owned()));
        Outcome::Ok(())
    })
    .unwrap();
}

/// What a future gives now, if anything.
fn futures_now<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::Pin::new(future).poll(&mut cx) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}

#[test]
fn who_receives_several_follows_the_last() {
    run(async {
        let (tx, rx) = channel_bounded(6);
        for names in [["", "a", ""], ["a", "", "b"]] {
            for name in names {
                match name {
                    "" => sent(&tx).await,
                    name => trace::follow(name, sent(&tx)).await,
                }
            }
            let mut several = vec![];
            assert_eq!(rx.recv_many(&mut several, 3).await?, 3);
            assert_eq!(followed(), names[2]);
            trace::end();
        }
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_lock_is_no_message() {
    run(async {
        let count = rendez_channels::sync::Exclusive::new(0);
        let _order = trace::begin("order");
        *count.lock().await? += 1;
        assert_eq!(followed(), "order");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn who_is_made_follows_what_its_maker_does_also_on_a_thread() {
    run(async {
        let made = trace::follow("a", async {
            let child = spawn(async { Outcome::Ok(followed()) }).join();
            let thread = spawn(blocking("thread", || Outcome::Ok(followed()))).join();
            Outcome::Ok([child.await?, thread.await?])
        });
        assert_eq!(made.await?, ["a", "a"]);
        let stage = |input: Receiver<u8>, output: Sender<u8>| {
            Process::new("stage", async move {
                while let Some(value) = input.next().await? {
                    output.send(value + 1).await?;
                }
                Outcome::Ok(())
            })
        };
        // Far from where it began: through processes that were there before.
        let ((first, a), (b, c), (d, last)) = (channel(), channel_bounded(3), channel());
        let order = async move {
            trace::follow("order", first.send(1)).await?;
            drop(first);
            Outcome::Ok((last.recv().await?, followed()))
        };
        let ((), (), seen) = par![stage(a, b), stage(c, d), Process::new("order", order)].values().await?;
        assert_eq!(seen, (3, "order".to_owned()));
        Outcome::Ok(())
    })
    .unwrap();
}

/// Says what it follows while it handles something.
#[derive(Default)]
struct Clerk {
    seen: Arc<Mutex<Vec<String>>>,
    late: Option<Reply<String>>,
    is_open: bool,
}

#[actor(crate = rendez_runtime)]
impl Clerk {
    pub(crate) async fn ask(&mut self) -> String {
        followed()
    }
    #[actor(one_way)]
    pub(crate) async fn note(&mut self) {
        self.seen.lock().unwrap().push(followed());
    }
    #[actor(one_way, when = self.is_open)]
    pub(crate) async fn note_when_open(&mut self) {
        self.seen.lock().unwrap().push(followed());
    }
    pub(crate) async fn open(&mut self) {
        self.is_open = true;
    }
    pub(crate) async fn later(&mut self, reply: Reply<String>) {
        self.late = Some(reply);
    }
    /// Asks itself, by way of the timers.
    pub(crate) async fn soon(&mut self, context: &mut Context<Self>) {
        context.notify(ClerkMessage::note());
    }
    pub(crate) async fn answer_late(&mut self) -> bool {
        let late = self.late.take();
        late.map(|reply| reply.answer(followed())).is_some()
    }
}

#[test]
fn an_actor_handles_each_message_on_behalf_of_who_has_sent_it() {
    run(async {
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let clerk: ClerkRef = spawn_actor(Clerk { seen: Arc::clone(&seen), ..Clerk::default() });
        assert_eq!(trace::follow("a", clerk.ask()).await?, "a");
        assert_eq!(clerk.ask().await?, "", "nobody's");
        trace::follow("told", clerk.note()).await?;
        let batch = [ClerkMessage::note(), ClerkMessage::note()];
        trace::follow("batch", clerk.address().batch(batch.into())).await?;
        trace::follow("urgent", clerk.address().urge(ClerkMessage::note())).await?;
        trace::follow("to itself", clerk.soon()).await?;
        trace::follow("delayed", async { clerk.address().tell_after(Duration::ZERO, ClerkMessage::note()) }).await?;
        // Behind all of these: a timer and the mailbox take turns.
        for _ in 0..PATIENCE {
            assert_eq!(trace::follow("b", clerk.ask()).await?, "b");
        }
        let mut seen = seen.lock().unwrap().clone();
        seen.sort();
        assert_eq!(seen, ["batch", "batch", "delayed", "to itself", "told", "urgent"]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn what_an_actor_sets_aside_is_not_mixed_up() {
    run(async {
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let clerk: ClerkRef = spawn_actor(Clerk { seen: Arc::clone(&seen), ..Clerk::default() });
        trace::follow("aside", clerk.note_when_open()).await?;
        assert_eq!(trace::follow("other", clerk.ask()).await?, "other");
        trace::follow("opens", clerk.open()).await?;
        clerk.ask().await?;
        assert_eq!(*seen.lock().unwrap(), ["aside"]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn an_answer_leaves_the_asker_what_it_follows() {
    run(async {
        let clerk: ClerkRef = spawn_actor(Clerk::default());
        let asked = clerk.clone();
        let late = spawn(async move {
            let _order = trace::begin("asks");
            Outcome::Ok((asked.later().await?, followed()))
        });
        for _ in 0..PATIENCE {
            if trace::follow("answers", clerk.answer_late()).await? {
                break;
            }
            tokio::task::yield_now().await;
        }
        assert_eq!(late.join().await?, ("answers".to_owned(), "asks".to_owned()));
        Outcome::Ok(())
    })
    .unwrap();
}

/// Handles messages beside each other.
struct Hall {
    doors: [Receiver<()>; 2],
    gong: CancellationToken,
}

#[actor(crate = rendez_runtime)]
impl Hall {
    #[actor(reentrant)]
    pub(crate) async fn wait(&self, door: usize) -> [String; 3] {
        let before = followed();
        // It brings nothing, and others begin meanwhile.
        self.gong.cancelled().await;
        let meanwhile = followed();
        let _ = self.doors[door].recv().await;
        [before, meanwhile, followed()]
    }
}

#[test]
fn messages_that_are_handled_beside_each_other_follow_each_their_own() {
    run(async {
        let ((open_a, a), (open_b, b)) = (channel(), channel());
        let gong = CancellationToken::new();
        let hall: HallRef = spawn_actor(Hall { doors: [a, b], gong: gong.clone() });
        let ask = |name: &'static str, door| {
            let hall = hall.clone();
            spawn(async move { Outcome::Ok(trace::follow(name, hall.wait(door)).await?) })
        };
        let (first, second) = (ask("first", 0), ask("second", 1));
        for _ in 0..PATIENCE {
            tokio::task::yield_now().await;
        }
        gong.cancel();
        open_b.send(()).await?;
        assert_eq!(second.join().await?, ["second", "second", ""]);
        trace::follow("door", open_a.send(())).await?;
        assert_eq!(first.join().await?, ["first", "first", "door"]);
        Outcome::Ok(())
    })
    .unwrap();
}

/// Begins something of its own where it is told to, and says what it followed before.
struct Desk(Sender<String>);

#[actor(crate = rendez_runtime)]
impl Desk {
    #[actor(one_way)]
    pub(crate) async fn wait(&mut self, gate: Receiver<()>) {
        let _ = gate.next().await;
    }

    #[actor(one_way)]
    pub(crate) async fn note(&mut self, begins: bool) {
        let _ = self.0.try_send(followed());
        if begins {
            drop(trace::begin("own"));
        }
    }
}

#[test]
fn a_message_that_was_taken_with_others_belongs_to_nothing_of_theirs() {
    run(async {
        let ((seen, sees), (go, gate)) = (channel_unbounded(), channel::<()>());
        let desk: DeskRef = ActorOptions::new().mailbox(usize::MAX).spawn(Desk(seen));
        desk.wait(gate).await?;
        for begins in [false, false, true, false] {
            desk.note(begins).await?;
        }
        drop(go);
        for _ in 0..4 {
            assert_eq!(sees.recv().await?, "");
        }
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_dead_letter_is_on_behalf_of_who_has_sent_it() {
    run(async {
        let (dead, letters) = channel_bounded(4);
        let clerk: ClerkRef = ActorOptions::new().dead_letters(dead).spawn(Clerk::default());
        trace::follow("aside", clerk.note_when_open()).await?;
        assert_eq!(trace::follow("other", clerk.ask()).await?, "other");
        clerk.address().stop();
        letters.recv().await?;
        assert_eq!(followed(), "aside");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_recording_and_the_dump_say_who_followed_what() {
    let (recording, dump) = run(async {
        let tape = record(Duration::from_millis(1));
        let (tx, rx) = channel::<u8>();
        let cook = spawn(Process::new("cook", async move {
            rx.recv().await?;
            Outcome::Ok(rx.next().await.map(drop)?)
        }));
        trace::follow("order 17", sent(&tx)).await;
        for _ in 0..PATIENCE {
            if cook.process().inspect().trace.is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        let dump = rendez_runtime::dump();
        let so_far = tape.so_far();
        drop(tx);
        cook.join().await?;
        Outcome::Ok((so_far, dump))
    })
    .unwrap();
    let network = recording.at(recording.ends_ms);
    let cook = network.nodes[0].processes.iter().find(|process| process.name == "cook").unwrap();
    assert!(cook.trace.as_ref().unwrap().ends_with(" `order 17`"), "{cook:?}");
    assert!(dump.lines().any(|line| line.contains("cook (p") && line.contains("`order 17`")), "{dump}");
}

#[test]
fn a_value_that_is_held_back_keeps_its_own() {
    run(async {
        let ((left, a), (right, b), (output, merged)) = (channel(), channel(), channel());
        let _merge = spawn(rendez_runtime::toolkit::merge(a, b, output));
        trace::follow("left", left.send(1)).await?;
        trace::follow("right", right.send(2)).await?;
        drop((left, right));
        assert_eq!((merged.recv().await?, followed()), (1, "left".to_owned()));
        assert_eq!((merged.recv().await?, followed()), (2, "right".to_owned()));
        Outcome::Ok(())
    })
    .unwrap();
}
