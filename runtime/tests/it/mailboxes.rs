//! The mailbox of an actor: its lanes, its limits, and what becomes of messages that nobody handles.

use rendez_channels::{Overflow, Receiver, Sender, after, channel, channel_bounded, channel_unbounded};
use rendez_model::{Process, Side, State, Wait};
use rendez_runtime::{
    ActorOptions, CallError, ChildSpec, Context, Outcome, ProcessRef, RunOptions, Scheduler, Supervisor, actor,
    network, run, spawn, spawn_actor,
};
use std::time::Duration;

/// Notes what it is told, and waits where it is told to.
struct Scribe {
    notes: Sender<String>,
    gate: Receiver<()>,
    open: bool,
}

#[actor(crate = rendez_runtime)]
impl Scribe {
    #[actor(one_way)]
    pub(crate) async fn note(&mut self, text: String) {
        let _ = self.notes.send(text).await;
    }

    #[actor(urgent)]
    pub(crate) async fn hurry(&mut self, text: String) {
        let _ = self.notes.send(text).await;
    }

    /// Waits until the gate opens.
    pub(crate) async fn wait(&mut self) -> Outcome {
        self.gate.recv().await?;
        Ok(())
    }

    #[actor(when = self.open)]
    pub(crate) async fn only_when_open(&mut self, text: String) -> String {
        let _ = self.notes.send(text.clone()).await;
        text
    }

    #[actor(when = !text.is_empty() || self.open)]
    pub(crate) async fn nothing_only_when_open(&mut self, text: String) -> usize {
        text.len()
    }

    pub(crate) async fn set_open(&mut self, open: bool) {
        self.open = open;
    }

    #[actor(one_way)]
    pub(crate) async fn stop_now(&mut self, context: &mut Context<Self>) {
        context.stop();
    }
}

/// An actor's state with the other ends of its channels.
fn scribe() -> (Scribe, Receiver<String>, Sender<()>) {
    let ((notes, noted), (go, gate)) = (channel_unbounded(), channel());
    (Scribe { notes, gate, open: false }, noted, go)
}

fn all(noted: &Receiver<String>) -> Vec<String> {
    std::iter::from_fn(|| noted.try_recv().ok()).collect()
}

/// Until the actor waits at its gate.
async fn busy(scribe: &ScribeRef, gate: &Sender<()>) -> rendez_runtime::Spawned<()> {
    let asking = scribe.clone();
    let waiting = spawn(async move {
        let _ = asking.wait().await;
        Outcome::Ok(())
    });
    let wait = Wait::Channel { channel: gate.id(), side: Side::Receive };
    let stands = |process: &Process| matches!(&process.state, State::Blocked { on, .. } if on.contains(&wait));
    for _ in 0..10_000 {
        if network().nodes[0].processes.iter().any(stands) {
            return waiting;
        }
        after(Duration::from_millis(1)).await;
    }
    panic!("the actor does not come to its gate");
}

/// Until a process waits for what it has begun.
async fn until_it_waits(process: &ProcessRef) {
    for _ in 0..10_000 {
        if matches!(process.inspect().state, State::Blocked { .. } | State::Waiting) {
            return;
        }
        after(Duration::from_millis(1)).await;
    }
    panic!("it does not come to wait");
}

#[test]
fn an_urgent_message_overtakes_all_that_wait() {
    run(async {
        let (state, noted, go) = scribe();
        let scribe = spawn_actor(state);
        let waiting = busy(&scribe, &go).await;
        for n in 0..50 {
            scribe.note(n.to_string()).await?;
        }
        scribe.tell_hurry("first".into()).await?;
        scribe.tell_hurry("second".into()).await?;
        go.send(()).await?;
        waiting.join().await?;
        scribe.set_open(true).await?;
        let notes = all(&noted);
        assert_eq!(notes[..3], ["first", "second", "0"]);
        assert_eq!(notes.len(), 52);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_stop_overtakes_all_messages_and_they_come_back() {
    run(async {
        let (state, noted, go) = scribe();
        let (dead, letters) = channel_unbounded();
        let scribe = ActorOptions::new().dead_letters(dead).spawn(state);
        let waiting = busy(&scribe, &go).await;
        scribe.note("one".into()).await?;
        let asking = scribe.clone();
        let asked = spawn(async move { Outcome::Ok(asking.set_open(true).await) });
        until_it_waits(&asked.process()).await;
        scribe.note("two".into()).await?;
        scribe.tell_hurry("urgent".into()).await?;
        let address = scribe.address().clone();
        address.stop();
        go.send(()).await?;
        waiting.join().await?;
        address.process().ended().await;
        assert!(all(&noted).is_empty(), "nothing was handled after the stop");
        assert_eq!(address.undelivered(), 4);
        let mut kept: Vec<_> = std::iter::from_fn(|| letters.try_recv().ok()).collect();
        assert_eq!(kept.len(), 4);
        assert!(matches!(&kept[0], ScribeMessage::note(text) if text == "one"), "in their order");
        kept.clear();
        assert!(matches!(asked.join().await?, Err(CallError::NotSent(_))), "who asked is told");
        let late = address.try_tell(ScribeMessage::note("late".into())).unwrap_err();
        assert!(matches!(late.messages.as_slice(), [ScribeMessage::note(text)] if text == "late"));
        assert!(matches!(scribe.note("later".into()).await, Err(CallError::NotSent(_))));
        assert!(matches!(scribe.hurry("later".into()).await, Err(CallError::NotSent(_))));
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_full_mailbox_does_what_it_was_made_to() {
    run(async {
        for (overflow, expected, told) in [
            (Overflow::DropNewest, ["1", "2"], true),
            (Overflow::DropOldest, ["2", "3"], true),
            (Overflow::Fail, ["1", "2"], false),
        ] {
            let (state, noted, go) = scribe();
            let scribe = ActorOptions::new().mailbox(2).overflow(overflow).spawn(state);
            let waiting = busy(&scribe, &go).await;
            scribe.note("1".into()).await?;
            scribe.note("2".into()).await?;
            let third = scribe.note("3".into()).await;
            assert_eq!(third.is_ok(), told, "{overflow:?}: {third:?}");
            go.send(()).await?;
            waiting.join().await?;
            // Once both are taken there is room for one more message, also where a full mailbox refuses it.
            assert_eq!([noted.recv().await?, noted.recv().await?], expected, "{overflow:?}");
            scribe.set_open(true).await?;
            assert!(all(&noted).is_empty(), "{overflow:?}");
        }
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn with_no_place_in_the_mailbox_a_tell_waits_until_the_message_is_taken() {
    run(async {
        let (state, noted, go) = scribe();
        let scribe = ActorOptions::new().mailbox(0).spawn(state);
        let waiting = busy(&scribe, &go).await;
        let telling = scribe.clone();
        let told = spawn(async move { Outcome::Ok(telling.note("1".into()).await?) });
        until_it_waits(&told.process()).await;
        go.send(()).await?;
        waiting.join().await?;
        told.join().await?;
        scribe.set_open(true).await?;
        assert_eq!(all(&noted), ["1"]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn what_the_state_does_not_accept_waits_for_one_that_does() {
    run(async {
        let (state, noted, _go) = scribe();
        let scribe = spawn_actor(state);
        let asking = scribe.clone();
        let first = spawn(async move { Outcome::Ok(asking.only_when_open("first".into()).await?) });
        until_it_waits(&first.process()).await;
        scribe.note("meanwhile".into()).await?;
        assert_eq!(scribe.nothing_only_when_open("argument".into()).await?, 8, "conditions see the arguments");
        assert!(all(&noted).contains(&"meanwhile".to_owned()));
        scribe.set_open(true).await?;
        assert_eq!(first.join().await?, "first");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn what_there_is_no_room_to_set_aside_is_refused() {
    run(async {
        let (state, _noted, _go) = scribe();
        let scribe = ActorOptions::new().aside(1).spawn(state);
        scribe.tell_only_when_open("kept".into()).await?;
        assert!(matches!(scribe.only_when_open("one too many".into()).await, Err(CallError::NotSent(_))));
        assert_eq!(scribe.address().undelivered(), 1);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn an_actor_whose_last_message_is_never_acceptable_ends() {
    run(async {
        let (state, _noted, _go) = scribe();
        let scribe = spawn_actor(state);
        scribe.tell_only_when_open("never".into()).await?;
        // The scope waits for the actor.
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_batch_is_handled_in_one_piece() {
    run(async {
        let (state, noted, go) = scribe();
        let scribe = spawn_actor(state);
        let waiting = busy(&scribe, &go).await;
        let batch = ["a", "b", "c"].map(|text| ScribeMessage::note(text.into()));
        scribe.address().batch(batch.into()).await?;
        scribe.note("d".into()).await?;
        go.send(()).await?;
        waiting.join().await?;
        scribe.set_open(true).await?;
        assert_eq!(all(&noted), ["a", "b", "c", "d"]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn an_ask_that_is_not_begun_by_its_deadline_is_withdrawn_and_one_that_is_goes_on() {
    run(async {
        let (state, noted, go) = scribe();
        let scribe = spawn_actor(state);
        let soon = scribe.within(Duration::from_millis(10));
        let Err(CallError::Unknown(_)) = soon.wait().await else { panic!("it had begun") };
        let Err(CallError::NotSent(why)) = soon.hurry("withdrawn".into()).await else { panic!("it had not") };
        assert!(why.contains("withdrawn"), "{why}");
        go.send(()).await?;
        assert_eq!(scribe.within(Duration::MAX).nothing_only_when_open("x".into()).await?, 1);
        assert!(all(&noted).is_empty(), "a withdrawn message is not handled");
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn an_ask_that_finds_no_room_by_its_deadline_was_not_sent() {
    run(async {
        let (state, noted, go) = scribe();
        let scribe = ActorOptions::new().mailbox(1).spawn(state);
        let waiting = busy(&scribe, &go).await;
        scribe.note("fills it".into()).await?;
        let asked = scribe.within(Duration::from_millis(5)).set_open(true).await;
        assert!(matches!(&asked, Err(CallError::NotSent(why)) if why.contains("no room")), "{asked:?}");
        go.send(()).await?;
        waiting.join().await?;
        scribe.set_open(true).await?;
        assert_eq!(all(&noted), ["fills it"]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_dropped_ask_does_not_stop_a_handler_that_began() {
    run(async {
        let (state, noted, go) = scribe();
        let scribe = spawn_actor(state);
        let waiting = busy(&scribe, &go).await;
        waiting.stop();
        waiting.process().ended().await;
        go.send(()).await?;
        scribe.set_open(true).await?;
        scribe.only_when_open("the handler went on to its end".into()).await?;
        assert_eq!(all(&noted).len(), 1);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn a_client_that_fails_does_not_take_the_actor_down() {
    run(async {
        let (state, noted, _go) = scribe();
        let scribe = spawn_actor(state);
        let client = scribe.clone();
        let failed = rendez_runtime::par![async move {
            client.note("told".into()).await?;
            Err::<(), _>(rendez_runtime::Failure::new("the client's own fault"))
        }];
        assert!(failed.await.is_err());
        scribe.set_open(true).await?;
        assert_eq!(all(&noted), ["told"]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn an_actor_that_is_never_out_of_messages_lets_others_run() {
    const MESSAGES: usize = 1_000;
    // One thread, of which nobody takes anything over: on carriers another one may run the actor at the same time.
    let alone = RunOptions::new().workers(1).scheduler(Scheduler::TokioTasks);
    let left = alone.run(async {
        let ((notes, noted), (go, gate)) = (channel_bounded(1), channel());
        drop(noted);
        let scribe = ActorOptions::new().mailbox(usize::MAX).spawn(Scribe { notes, gate, open: false });
        scribe.tell_wait().await?;
        for n in 0..MESSAGES {
            scribe.note(n.to_string()).await?;
        }
        go.send(()).await?;
        let mailbox = scribe.address().clone();
        let left = spawn(async move { Outcome::Ok(mailbox.load()) }).join().await?;
        scribe.address().stop();
        Outcome::Ok(left)
    });
    let left = left.unwrap();
    assert!(left >= MESSAGES / 2, "another process had its turn when {left} of {MESSAGES} messages were left");
}

/// Counts what comes, as far as it can.
#[derive(Clone)]
struct Register {
    heard: Sender<usize>,
    loads: Sender<usize>,
}

/// The number that it cannot hear.
const UNHEARD: usize = 4;
/// More than are taken out of a mailbox at once.
const MANY: usize = 100;

#[actor(crate = rendez_runtime)]
impl Register {
    /// Waits until the gate opens.
    #[actor(one_way)]
    pub(crate) async fn wait(&mut self, gate: Receiver<()>) {
        let _ = gate.next().await;
    }

    #[actor(one_way)]
    pub(crate) async fn hear(&mut self, number: usize, context: &mut Context<Self>) {
        let _ = context.address().map(|address| self.loads.try_send(address.load()));
        assert!(number != UNHEARD, "as asked");
        let _ = self.heard.try_send(number);
    }

    #[actor(one_way)]
    pub(crate) async fn stop_now(&mut self, context: &mut Context<Self>) {
        context.stop();
    }

    /// It has heard all that was sent before.
    pub(crate) async fn hears(&mut self) {}
}

/// One that will find all it is sent until it is let go in its mailbox at once.
async fn waiting(register: RegisterRef) -> Outcome<(RegisterRef, Sender<()>)> {
    let (go, gate) = channel();
    register.wait(gate).await?;
    Ok((register, go))
}

#[test]
fn what_is_taken_at_once_counts_as_load_and_comes_back_in_its_order_when_the_actor_stops() {
    run(async {
        let ((heard, hears), (loads, load), (dead, letters)) =
            (channel_unbounded(), channel_unbounded(), channel_unbounded());
        let options = ActorOptions::new().mailbox(usize::MAX).dead_letters(dead);
        let (register, go) = waiting(options.spawn(Register { heard, loads })).await?;
        for number in [0, 1, 2] {
            register.hear(number).await?;
        }
        register.stop_now().await?;
        for number in 0..MANY {
            register.hear(number).await?;
        }
        drop(go);
        register.address().process().ended().await;
        assert_eq!(hears.try_iter().collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(load.try_iter().collect::<Vec<_>>(), [MANY + 4, MANY + 3, MANY + 2], "the one under way counts");
        assert_eq!(register.address().undelivered(), MANY as u64);
        let numbers = letters.try_iter().map(|letter| match letter {
            RegisterMessage::hear(number) => number,
            _ => panic!("only numbers were left"),
        });
        assert_eq!(numbers.collect::<Vec<_>>(), (0..MANY).collect::<Vec<_>>());
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn who_puts_a_message_together_may_look_at_the_mailbox() {
    run(async {
        let (heard, loads) = (channel_unbounded().0, channel_unbounded().0);
        let register: RegisterRef = ActorOptions::new().spawn(Register { heard, loads });
        let address = register.address().clone();
        // At one of these the actor waits already, so that there is nothing between the message and the place where it stays.
        for _ in 0..100 {
            let looking = address.clone();
            let looked = address.ask(move |reply| {
                assert_eq!(looking.load(), 0);
                RegisterMessage::hears(reply)
            });
            looked.await?;
            until_it_waits(&address.process()).await;
        }
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn what_was_taken_at_once_is_the_next_incarnations_when_one_fails() {
    run(async {
        let ((heard, hears), (loads, _load)) = (channel_unbounded(), channel_unbounded());
        let state = Register { heard, loads };
        let options = ActorOptions::new().mailbox(usize::MAX);
        let (spec, register) = ChildSpec::actor_with(options, move || state.clone());
        let supervisor = Supervisor::one_for_one().child(spec).start();
        let (register, go) = waiting(register).await?;
        for number in 0..MANY {
            register.hear(number).await?;
        }
        drop(go);
        register.hears().await?;
        let all = (0..MANY).filter(|&number| number != UNHEARD).collect::<Vec<_>>();
        assert_eq!(hears.try_iter().collect::<Vec<_>>(), all);
        supervisor.stop();
        Outcome::Ok(())
    })
    .unwrap();
}
