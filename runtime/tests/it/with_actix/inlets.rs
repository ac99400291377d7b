//! An actor, or a channel, that is reached through addresses and recipients of actix.

use actix::dev::SendError;
use actix::{Addr, MailboxError, Message, Recipient};
use rendez_channels::{Overflow, Receiver, Sender, channel, channel_bounded, channel_unbounded};
use rendez_runtime::actix::{INLET, Inlet, Takes, inlet, recipient};
use rendez_runtime::testing::settled;
use rendez_runtime::{ActorOptions, Outcome, Reply, Supervisor, actor, par, run, spawn, spawn_actor};
use std::time::Duration;

/// Notes what it is told, once the gate is open.
struct Scribe {
    gate: Receiver<()>,
    noted: Sender<u32>,
    count: u32,
}

#[actor(crate = rendez_runtime)]
impl Scribe {
    /// How many it has noted.
    pub(crate) async fn note(&mut self, n: u32) -> u32 {
        // An end says that the gate stays open.
        let _ = self.gate.recv().await;
        let _ = self.noted.try_send(n);
        self.count += 1;
        assert_ne!(n, CRASH, "as asked");
        self.count
    }

    pub(crate) async fn half(&self, n: u32) -> Result<u32, String> {
        if n.is_multiple_of(2) { Ok(n / 2) } else { Err(format!("{n} is odd")) }
    }
}

/// The note that it does not survive.
const CRASH: u32 = u32::MAX;

#[derive(Debug)]
struct Note(u32);
impl Message for Note {
    type Result = u32;
}
impl Takes<Note> for Scribe {
    fn take(Note(n): Note, reply: Reply<u32>) -> ScribeMessage {
        ScribeMessage::note(n, reply)
    }
}

struct Half(u32);
impl Message for Half {
    type Result = Result<u32, String>;
}
impl Takes<Half> for Scribe {
    fn take(Half(n): Half, reply: Reply<Result<u32, String>>) -> ScribeMessage {
        ScribeMessage::half(n, reply)
    }
}

/// A scribe's state, what it has noted, and the gate: dropped, it is open.
fn scribe() -> (Scribe, Receiver<u32>, Sender<()>) {
    let ((noted, notes), (open, gate)) = (channel_unbounded(), channel());
    (Scribe { gate, noted, count: 0 }, notes, open)
}

fn open_scribe() -> (Scribe, Receiver<u32>) {
    let (scribe, notes, _open) = scribe();
    (scribe, notes)
}

fn all(notes: &Receiver<u32>) -> Vec<u32> {
    std::iter::from_fn(|| notes.try_recv().ok()).collect()
}

#[test]
fn an_address_asks_and_tells_in_order() {
    run(async {
        let (state, notes) = open_scribe();
        let address: Addr<Inlet<Scribe>> = inlet(spawn_actor(state).address());
        let recipient: Recipient<Note> = address.clone().recipient();
        address.do_send(Note(1));
        address.try_send(Note(2)).expect("there is room");
        assert_eq!(address.send(Note(3)).await, Ok(3));
        assert_eq!(recipient.send(Note(4)).await, Ok(4));
        assert_eq!(all(&notes), [1, 2, 3, 4]);
        assert_eq!(address.send(Half(5)).await, Ok(Err("5 is odd".into())), "an error of its own is an answer");
        Outcome::Ok(())
    })
    .unwrap();
}

/// Fills all that lies before an actor that does not get on.
async fn fill(address: &Addr<Inlet<Scribe>>) -> Outcome<u32> {
    let mut sent = 0;
    loop {
        settled().await?;
        match address.try_send(Note(sent)) {
            Ok(()) => sent += 1,
            Err(SendError::Full(_)) => return Ok(sent),
            Err(SendError::Closed(_)) => panic!("nobody has stopped it"),
        }
        assert!(sent < 1000, "nothing holds up who sends");
    }
}

#[rendez::test]
async fn who_is_slow_holds_up_who_sends() -> Outcome {
    const MAILBOX: u32 = 4;
    let (state, notes, open) = scribe();
    let address = inlet(ActorOptions::new().mailbox(MAILBOX as usize).spawn(state).address());
    let sent = fill(&address).await?;
    // One is with the actor, one with who carries, who waits for room.
    assert_eq!(sent, INLET as u32 + MAILBOX + 2);
    drop(open);
    assert_eq!(address.send(Note(sent)).await, Ok(sent + 1));
    assert_eq!(all(&notes), (0..=sent).collect::<Vec<_>>(), "none is lost, and all are in order");
    Ok(())
}

#[rendez::test]
async fn the_policy_of_the_mailbox_holds_and_who_asked_learns_of_it() -> Outcome {
    let (state, notes, open) = scribe();
    let address = inlet(ActorOptions::new().mailbox(1).overflow(Overflow::DropNewest).spawn(state).address());
    address.do_send(Note(1));
    settled().await?;
    address.do_send(Note(2));
    settled().await?;
    assert_eq!(address.send(Note(3)).await, Err(MailboxError::Closed), "there was no room for it");
    drop(open);
    settled().await?;
    assert_eq!(address.send(Note(4)).await, Ok(3));
    assert_eq!(all(&notes), [1, 2, 4]);
    Ok(())
}

#[rendez::test]
async fn an_actor_that_has_stopped_is_a_closed_mailbox() -> Outcome {
    let (state, notes, open) = scribe();
    let scribe = spawn_actor(state);
    let address = inlet(scribe.address());
    let asking = (0..3).map(|n| address.send(Note(n))).collect::<Vec<_>>();
    settled().await?;
    scribe.address().stop();
    drop(open);
    let answers = par(asking.into_iter().map(|asking| async move { Outcome::Ok(asking.await) })).values().await?;
    assert_eq!(answers, [Ok(1), Err(MailboxError::Closed), Err(MailboxError::Closed)]);
    assert_eq!(all(&notes), [0]);
    settled().await?;
    assert!(!address.connected());
    assert_eq!(address.send(Note(9)).await, Err(MailboxError::Closed));
    assert!(matches!(address.try_send(Note(9)), Err(SendError::Closed(Note(9)))), "the message comes back");
    Ok(())
}

#[rendez::test]
async fn a_request_that_is_dropped_in_time_is_withdrawn() -> Outcome {
    let (state, notes, open) = scribe();
    let address = inlet(ActorOptions::new().mailbox(0).spawn(state).address());
    address.do_send(Note(1));
    settled().await?;
    address.do_send(Note(2)); // This is with who carries, and so the next stays in the inlet.
    let asking = address.send(Note(3));
    settled().await?;
    drop(asking);
    address.do_send(Note(4));
    drop(open);
    settled().await?;
    assert_eq!(all(&notes), [1, 2, 4]);
    Ok(())
}

#[test]
fn a_timeout_is_actixs_own() {
    run(async {
        let (state, _notes, open) = scribe();
        let address = inlet(spawn_actor(state).address());
        let late = address.send(Note(1)).timeout(Duration::from_millis(1)).await;
        assert_eq!(late, Err(MailboxError::Timeout));
        drop(open);
        Outcome::Ok(())
    })
    .unwrap();
}

#[rendez::test]
async fn an_address_keeps_the_actor_and_the_last_one_ends_it() -> Outcome {
    let (state, notes) = open_scribe();
    let scribe = spawn_actor(state);
    let (process, address) = (scribe.process(), inlet(scribe.address()));
    drop(scribe);
    settled().await?;
    assert_eq!(address.send(Note(1)).await, Ok(1));
    let clone = address.clone();
    drop(address);
    settled().await?;
    assert_eq!(clone.send(Note(2)).await, Ok(2));
    drop(clone);
    process.ended().await;
    assert_eq!(all(&notes), [1, 2]);
    Ok(())
}

#[rendez::test]
async fn a_weak_address_keeps_nobody() -> Outcome {
    let (state, _notes) = open_scribe();
    let scribe = spawn_actor(state);
    let (process, address) = (scribe.process(), inlet(scribe.address()));
    drop(scribe);
    let weak = address.downgrade();
    assert_eq!(weak.upgrade().expect("there is an address").send(Note(1)).await, Ok(1));
    drop(address);
    process.ended().await;
    assert!(weak.upgrade().is_none());
    Ok(())
}

#[test]
fn an_address_stays_when_its_actor_is_started_again() {
    run(async {
        let (noted, notes) = channel_unbounded();
        let supervisor = Supervisor::one_for_one().start();
        let scribe = supervisor.actor("scribe", move || {
            let (_, gate) = channel();
            Scribe { gate, noted: noted.clone(), count: 0 }
        });
        let address = inlet(scribe.address());
        assert_eq!(address.send(Note(1)).await, Ok(1));
        assert_eq!(address.send(Note(CRASH)).await, Err(MailboxError::Closed));
        assert_eq!(address.send(Note(2)).await, Ok(1), "a new state behind the same address");
        assert_eq!(all(&notes), [1, CRASH, 2]);
        Outcome::Ok(())
    })
    .unwrap();
}

#[test]
fn each_task_with_an_address_of_its_own_gets_its_answers() {
    const TASKS: u32 = 50;
    const ASKS: u32 = 40;
    let answered = run(async {
        let (state, _notes) = open_scribe();
        let address = inlet(ActorOptions::new().mailbox(1).spawn(state).address());
        let tasks = (0..TASKS).map(|_| {
            let address = address.clone();
            async move {
                for n in 0..ASKS {
                    address.send(Note(n)).await?;
                }
                Outcome::Ok(())
            }
        });
        par(tasks).await?;
        Outcome::Ok(address.send(Note(0)).await?)
    });
    assert_eq!(answered.unwrap(), TASKS * ASKS + 1);
}

struct Event(u32);
impl Message for Event {
    type Result = ();
}

#[rendez::test]
async fn a_recipient_sends_on_a_channel_and_waits_for_room() -> Outcome {
    let (output, input) = channel_bounded(1);
    let listener = recipient(output);
    listener.send(Event(1)).await?;
    let second = spawn({
        let listener = listener.clone();
        async move { Outcome::Ok(listener.send(Event(2)).await?) }
    });
    settled().await?;
    assert!(second.process().inspect().state != rendez_model::State::Done(rendez_model::End::Normal), "no room");
    assert_eq!(input.recv().await?.0, 1);
    second.join().await?;
    assert_eq!(input.recv().await?.0, 2);
    drop(input);
    assert_eq!(listener.send(Event(3)).await, Err(MailboxError::Closed), "nobody receives any more");
    settled().await?;
    assert!(!listener.connected());
    Ok(())
}

#[rendez::test]
async fn a_channel_retires_with_the_last_recipient() -> Outcome {
    let (output, input) = channel_bounded(1);
    let listener = recipient(output);
    listener.do_send(Event(1));
    drop(listener);
    assert_eq!(input.next().await?.map(|Event(n)| n), Some(1));
    assert!(input.next().await?.is_none());
    Ok(())
}
