//! Deadlocks, and what only looks like one, through what is told by a handle: events, conditions, tokens; and re-entrant calls.

use super::asks::{LOOKS, waits_now};
use super::moving::WHILE;
use rendez_channels::sync::{Condition, Event, Exclusive};
use rendez_channels::{Alt, CancellationToken, Receiver, Sender, after, channel, channel_bounded, future};
use rendez_model::{ProcessId, Wait};
use rendez_runtime::{Context, Outcome, Process, actor, alt, par, process, run, spawn, spawn_actor};
use std::collections::BTreeSet;
use std::future::{Future as _, poll_fn};
use std::sync::{Arc, Mutex};
use std::task::{self, Wake, Waker};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;

fn start(process: Process) -> ProcessId {
    spawn(process).process().id()
}

#[process]
async fn wait_then_set(first: Event, then: Event) -> Outcome {
    first.wait().await;
    then.set();
    Ok(())
}

#[process]
async fn wait_then_send(event: Event, out: Sender<u8>) -> Outcome {
    event.wait().await;
    out.send(1).await?;
    Ok(())
}

#[process]
async fn receive_then_set(inp: Receiver<u8>, event: Event) -> Outcome {
    inp.recv().await?;
    event.set();
    Ok(())
}

pub(super) fn event() -> Vec<ProcessId> {
    let (event, (out, inp)) = (Event::named("ready"), channel());
    vec![start(wait_then_send(event.clone(), out)), start(receive_then_set(inp, event))]
}

pub(super) fn own_event() -> Vec<ProcessId> {
    vec![start(wait_then_send(Event::new(), channel().0))]
}

pub(super) fn two_events() -> Vec<ProcessId> {
    let (one, other) = (Event::new(), Event::new());
    vec![start(wait_then_set(one.clone(), other.clone())), start(wait_then_set(other, one))]
}

#[process]
async fn choose_event(one: Event, other: Receiver<u8>, out: Sender<u8>) -> Outcome {
    alt! {
        () = one.wait() => {},
        _ = other.recv() => {},
    }
    out.send(1).await?;
    Ok(())
}

#[process]
async fn receive_then_both(inp: Receiver<u8>, event: Event, out: Sender<u8>) -> Outcome {
    inp.recv().await?;
    event.set();
    out.send(1).await?;
    Ok(())
}

pub(super) fn event_in_choice() -> Vec<ProcessId> {
    let (event, (out, inp), (a, from_a)) = (Event::new(), channel(), channel());
    vec![start(choose_event(event.clone(), from_a, out)), start(receive_then_both(inp, event, a))]
}

/// As `receive_then_set`, but its handle is known only since it was used.
pub(super) fn undeclared_event() -> Vec<ProcessId> {
    let (event, (out, inp)) = (Event::new(), channel::<u8>());
    let setter = event.clone();
    let used = Process::new("used", async move {
        setter.clear();
        inp.recv().await?;
        setter.set();
        Outcome::Ok(())
    });
    vec![start(wait_then_send(event, out)), start(used)]
}

#[process]
async fn consume(stock: Exclusive<u8>, changed: Condition, out: Sender<u8>) -> Outcome {
    let guard = stock.lock().await?;
    drop(changed.wait_while(guard, |stock| *stock == 0).await?);
    out.send(1).await?;
    Ok(())
}

#[process]
async fn receive_then_produce(inp: Receiver<u8>, stock: Exclusive<u8>, changed: Condition) -> Outcome {
    inp.recv().await?;
    *stock.lock().await? += 1;
    changed.notify_one();
    Ok(())
}

pub(super) fn condition() -> Vec<ProcessId> {
    let (stock, changed, (out, inp)) = (Exclusive::new(0), Condition::new(), channel());
    let consumer = start(consume(stock.clone(), changed.clone(), out));
    vec![consumer, start(receive_then_produce(inp, stock, changed))]
}

#[process]
async fn choose_condition(stock: Exclusive<u8>, changed: Condition, other: Receiver<u8>, out: Sender<u8>) -> Outcome {
    let guard = stock.lock().await?;
    alt! {
        guard = changed.wait_while(guard, |stock| *stock == 0) => drop(guard?),
        _ = other.recv() => {},
    }
    out.send(1).await?;
    Ok(())
}

/// The same by a reusable choice.
#[process]
async fn use_condition(stock: Exclusive<u8>, changed: Condition, other: Receiver<u8>, out: Sender<u8>) -> Outcome {
    let guard = stock.lock().await?;
    let mut choice = Alt::new();
    choice.once(changed.wait_while(guard, |stock| *stock == 0), drop);
    choice.receive(&other, drop);
    choice.next().await;
    out.send(1).await?;
    Ok(())
}

#[process]
async fn receive_then_produce_or_send(
    inp: Receiver<u8>,
    stock: Exclusive<u8>,
    changed: Condition,
    out: Sender<u8>,
) -> Outcome {
    inp.recv().await?;
    *stock.lock().await? += 1;
    changed.notify_one();
    out.send(1).await?;
    Ok(())
}

type Chooser = fn(Exclusive<u8>, Condition, Receiver<u8>, Sender<u8>) -> Process;

/// The two of a condition in a choice.
fn conditional(chooser: Chooser) -> (Process, Process) {
    let (stock, changed, (out, inp), (a, from_a)) = (Exclusive::new(0), Condition::new(), channel(), channel());
    let chooser = chooser(stock.clone(), changed.clone(), from_a, out);
    (chooser, receive_then_produce_or_send(inp, stock, changed, a))
}

pub(super) fn condition_in_choice() -> Vec<ProcessId> {
    let (chooser, producer) = conditional(choose_condition);
    vec![start(chooser), start(producer)]
}

pub(super) fn condition_in_alt() -> Vec<ProcessId> {
    let (chooser, producer) = conditional(use_condition);
    vec![start(chooser), start(producer)]
}

/// A choice among what any future gives.
#[process]
async fn choose_future(event: Event, other: Receiver<u8>, out: Sender<u8>) -> Outcome {
    alt! {
        () = future(event.wait()) => {},
        _ = other.recv() => {},
    }
    out.send(1).await?;
    Ok(())
}

pub(super) fn future_in_choice() -> Vec<ProcessId> {
    let (event, (out, inp), (a, from_a)) = (Event::new(), channel(), channel());
    vec![start(choose_future(event.clone(), from_a, out)), start(receive_then_both(inp, event, a))]
}

#[process]
async fn cancelled_then_send(stop: CancellationToken, out: Sender<u8>) -> Outcome {
    stop.cancelled().await;
    out.send(1).await?;
    Ok(())
}

#[process]
async fn receive_then_cancel(inp: Receiver<u8>, stop: CancellationToken) -> Outcome {
    inp.recv().await?;
    stop.cancel();
    Ok(())
}

pub(super) fn token() -> Vec<ProcessId> {
    let (stop, (out, inp)) = (CancellationToken::new(), channel());
    vec![start(cancelled_then_send(stop.clone(), out)), start(receive_then_cancel(inp, stop))]
}

pub(super) fn child_token() -> Vec<ProcessId> {
    let (stop, (out, inp)) = (CancellationToken::new(), channel());
    vec![start(cancelled_then_send(stop.child().child(), out)), start(receive_then_cancel(inp, stop))]
}

/// Has a state of its own, and messages that share it.
#[derive(Default)]
pub(super) struct Front {
    back: Mutex<Option<BackRef>>,
    set: u32,
    tell: Mutex<Option<Sender<u8>>>,
}

#[actor]
impl Front {
    /// Needs the state for itself.
    pub(super) async fn set(&mut self, n: u32) {
        self.set = n;
    }

    #[actor(reentrant)]
    pub(super) async fn ask_back(&self, back: BackRef) {
        self.back.lock().unwrap().replace(back.clone());
        let _ = back.come_back().await;
    }

    #[actor(reentrant)]
    pub(super) async fn ask_itself(&self, context: &mut Context<Self>) {
        if let Some(own) = context.address() {
            let _ = FrontRef::from(own).set(1).await;
        }
    }

    #[actor(one_way)]
    pub(super) async fn remind(&mut self) {
        self.set += 1;
    }

    /// Messages will come by a timer, long after this.
    pub(super) async fn set_timer(&mut self, context: &mut Context<Self>) {
        context.every(Duration::from_secs(86_400), FrontMessage::remind);
    }

    /// A message that shares the state will come by a timer.
    pub(super) async fn tell_later(&mut self, context: &mut Context<Self>) {
        context.after(WHILE, FrontMessage::tell_by_timer());
    }

    /// Asks one that calls back, but not for longer than a while.
    #[actor(reentrant)]
    pub(super) async fn ask_back_for_a_while(&self, back: BackRef) {
        let _ = timeout(WHILE, back.come_back()).await;
    }

    /// Waits for a value that another message may send.
    #[actor(reentrant)]
    pub(super) async fn wait_for_another(&self) {
        let (out, inp) = channel();
        // Neither leaves the actor.
        let own = rendez_channels::party::current_id();
        inp.keep(own);
        out.keep(own);
        self.tell.lock().unwrap().replace(out);
        let _ = inp.recv().await;
    }

    #[actor(reentrant)]
    pub(super) async fn tell(&self) {
        self.tell_who_waits().await;
    }

    /// The same, as a message of a timer.
    #[actor(reentrant, one_way)]
    pub(super) async fn tell_by_timer(&self) {
        self.tell_who_waits().await;
    }
}

impl Front {
    async fn tell_who_waits(&self) {
        let out = self.tell.lock().unwrap().take();
        if let Some(out) = out {
            let _ = out.send(1).await;
        }
    }
}

/// Calls back what calls it.
pub(super) struct Back(FrontRef);

#[actor]
impl Back {
    pub(super) async fn come_back(&mut self) {
        let _ = self.0.set(7).await;
    }
}

pub(super) fn reentrant_back() -> Vec<ProcessId> {
    let front = spawn_actor(Front::default());
    let back = spawn_actor(Back(front.clone()));
    let ids = vec![front.process().id(), back.process().id()];
    spawn(async move { front.ask_back(back).await });
    ids
}

pub(super) fn reentrant_itself() -> Vec<ProcessId> {
    let front = spawn_actor(Front::default());
    let ids = vec![front.process().id()];
    spawn(async move { front.ask_itself().await });
    ids
}

/// The same, with messages that a timer will bring: what comes of them does not end the call.
pub(super) fn reentrant_back_beside_a_timer() -> Vec<ProcessId> {
    let front = spawn_actor(Front::default());
    let back = spawn_actor(Back(front.clone()));
    let ids = vec![front.process().id(), back.process().id()];
    spawn(async move {
        front.set_timer().await?;
        front.ask_back(back).await
    });
    ids
}

/// As `reentrant_back_beside_a_timer`, but the call has a timer, too, which ends it.
pub(super) fn reentrant_with_a_timer() -> Process {
    Process::new("case", async {
        let front = spawn_actor(Front::default());
        let back = spawn_actor(Back(front.clone()));
        front.set_timer().await?;
        front.ask_back_for_a_while(back.clone()).await?;
        // They refer to each other.
        back.address().stop();
        Outcome::Ok(())
    })
}

/// A message that is under way waits for what a timer's message sends, while another wants the state for itself.
pub(super) fn reentrant_helped_by_a_timer() -> Process {
    Process::new("case", async {
        let front = spawn_actor(Front::default());
        let (waiter, setter) = (front.clone(), front.clone());
        front.tell_later().await?;
        let waits = spawn(async move { waiter.wait_for_another().await });
        let sets = spawn(async move { setter.set(1).await });
        waits.join().await?;
        sets.join().await?;
        Outcome::Ok(())
    })
}

/// A message that is under way waits for one that comes later, while another wants the state for itself.
pub(super) fn reentrant_helped() -> Process {
    Process::new("case", async {
        let front = spawn_actor(Front::default());
        let (waiter, setter) = (front.clone(), front.clone());
        let waits = spawn(async move { waiter.wait_for_another().await });
        let sets = spawn(async move { setter.set(1).await });
        after(WHILE).await;
        front.tell().await?;
        waits.join().await?;
        sets.join().await?;
        Outcome::Ok(())
    })
}

/// The pair of `event`, and somebody else who has the event, too.
fn beside(helper: impl FnOnce(Event)) -> Process {
    let (event, (out, inp)) = (Event::new(), channel());
    helper(event.clone());
    let (waiter, setter) = (wait_then_send(event.clone(), out), receive_then_set(inp, event));
    Process::new("case", async move { par![waiter, setter].await })
}

pub(super) fn event_of_task() -> Process {
    beside(|event| {
        tokio::spawn(async move {
            tokio::time::sleep(WHILE).await;
            event.set();
        });
    })
}

pub(super) fn event_of_thread() -> Process {
    beside(|event| {
        std::thread::spawn(move || {
            std::thread::sleep(WHILE);
            event.set();
        });
    })
}

#[process]
async fn sets_late(event: Event) -> Outcome {
    after(WHILE).await;
    event.set();
    Ok(())
}

pub(super) fn event_of_timer() -> Process {
    beside(|event| drop(spawn(sets_late(event))))
}

/// Gives its handle away and waits for what comes of that.
#[process]
async fn gives_event(event: Event, to: Sender<Event>, inp: Receiver<u8>) -> Outcome {
    to.send(event).await?;
    inp.recv().await?;
    Ok(())
}

pub(super) fn event_given_away() -> Process {
    let (event, (out, inp), (to, from)) = (Event::new(), channel(), channel_bounded(1));
    let taker = async move {
        let event: Event = from.recv().await?;
        after(WHILE).await;
        event.set();
        Outcome::Ok(())
    };
    let (waiter, giver) = (wait_then_send(event.clone(), out), gives_event(event, to, inp));
    Process::new("case", async move { par![waiter, giver, taker].await })
}

pub(super) fn condition_of_thread() -> Process {
    let (stock, changed, (out, inp)) = (Exclusive::new(0), Condition::new(), channel());
    let (other, told) = (stock.clone(), changed.clone());
    std::thread::spawn(move || {
        std::thread::sleep(WHILE);
        *other.lock_blocking().unwrap() += 1;
        told.notify_one();
    });
    let (consumer, producer) =
        (consume(stock.clone(), changed.clone(), out), receive_then_produce(inp, stock, changed));
    Process::new("case", async move { par![consumer, producer].await })
}

/// The same in a choice.
pub(super) fn condition_in_choice_of_thread() -> Process {
    let (stock, changed, (out, inp), (a, from_a)) = (Exclusive::new(0), Condition::new(), channel(), channel());
    let (other, told) = (stock.clone(), changed.clone());
    std::thread::spawn(move || {
        std::thread::sleep(WHILE);
        *other.lock_blocking().unwrap() += 1;
        told.notify_one();
    });
    let chooser = choose_condition(stock.clone(), changed.clone(), from_a, out);
    let producer = receive_once_then_produce(inp, stock, changed, a);
    Process::new("case", async move { par![chooser, producer].await })
}

/// As `receive_then_produce_or_send`, but it waits for nobody afterwards.
#[process]
async fn receive_once_then_produce(
    inp: Receiver<u8>,
    stock: Exclusive<u8>,
    changed: Condition,
    out: Sender<u8>,
) -> Outcome {
    inp.recv().await?;
    *stock.lock().await? += 1;
    changed.notify_one();
    let _ = out.try_send(1);
    Ok(())
}

#[process]
async fn choose_condition_or_timer(stock: Exclusive<u8>, changed: Condition, out: Sender<u8>) -> Outcome {
    let guard = stock.lock().await?;
    alt! {
        guard = changed.wait_while(guard, |stock| *stock == 0) => drop(guard?),
        () = after(WHILE) => {},
    }
    out.send(1).await?;
    Ok(())
}

pub(super) fn condition_or_timer() -> Process {
    let (stock, changed, (out, inp)) = (Exclusive::new(0), Condition::new(), channel());
    let chooser = choose_condition_or_timer(stock.clone(), changed.clone(), out);
    let producer = receive_then_produce(inp, stock, changed);
    Process::new("case", async move { par![chooser, producer].await })
}

/// Waits in a choice for what a task of tokio notifies of.
#[process]
async fn choose_notified(notify: Arc<Notify>, other: Receiver<u8>, out: Sender<u8>) -> Outcome {
    alt! {
        () = future(notify.notified()) => {},
        _ = other.recv() => {},
    }
    out.send(1).await?;
    Ok(())
}

#[process]
async fn receive_alone(inp: Receiver<u8>, _never: Sender<u8>) -> Outcome {
    inp.recv().await?;
    Ok(())
}

pub(super) fn future_of_task() -> Process {
    let (notify, (out, inp), (a, from_a)) = (Arc::new(Notify::new()), channel(), channel());
    let notifies = Arc::clone(&notify);
    tokio::spawn(async move {
        tokio::time::sleep(WHILE).await;
        notifies.notify_one();
    });
    let (chooser, receiver) = (choose_notified(notify, from_a, out), receive_alone(inp, a));
    Process::new("case", async move { par![chooser, receiver].await })
}

/// Waits in a choice for what polls a timer by a waker of its own.
#[process]
async fn choose_part(other: Receiver<u8>, out: Sender<u8>) -> Outcome {
    let part = async {
        let mut timer = Box::pin(tokio::time::sleep(WHILE));
        poll_fn(|cx| {
            let waker = Waker::from(Arc::new(Part(cx.waker().clone())));
            timer.as_mut().poll(&mut task::Context::from_waker(&waker))
        })
        .await;
    };
    alt! {
        () = future(part) => {},
        _ = other.recv() => {},
    }
    out.send(1).await?;
    Ok(())
}

struct Part(Waker);

impl Wake for Part {
    fn wake(self: Arc<Self>) {
        self.0.wake_by_ref();
    }
}

pub(super) fn future_with_a_waker() -> Process {
    let ((out, inp), (a, from_a)) = (channel(), channel());
    let (chooser, receiver) = (choose_part(from_a, out), receive_alone(inp, a));
    Process::new("case", async move { par![chooser, receiver].await })
}

/// Those who could cancel the token itself wait for each other; its parent is a task's.
pub(super) fn parent_token_of_task() -> Process {
    let (stop, (out, inp)) = (CancellationToken::new(), channel());
    let child = stop.child();
    let (waiter, canceller) = (cancelled_then_send(child.clone(), out), receive_then_cancel(inp, child));
    tokio::spawn(async move {
        tokio::time::sleep(WHILE).await;
        stop.cancel();
    });
    Process::new("case", async move { par![waiter, canceller].await })
}

#[test]
fn who_waits_for_a_request_to_stop_waits_for_something_outside() {
    run(async {
        let listens = spawn(async {
            rendez_runtime::stop_requested().await;
            Outcome::Ok(())
        });
        let stop = CancellationToken::new();
        let own = stop.clone();
        let told = spawn(async move {
            own.cancelled().await;
            Outcome::Ok(())
        });
        // Once the one is seen to wait, the other is looked at.
        let mut seen = BTreeSet::new();
        for _ in 0..LOOKS {
            seen = waits_now(&told.process());
            if !seen.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(matches!(seen.first(), Some(Wait::Channel { .. })), "a token of one's own is seen: {seen:?}");
        while listens.process().inspect().polls == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(waits_now(&listens.process()), BTreeSet::new());
        stop.cancel();
        listens.process().request_stop();
        told.join().await?;
        listens.join().await
    })
    .unwrap();
}
