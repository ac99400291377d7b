//! Programs that look like a deadlock for a while and then go on, each by another kind of help.

use super::{later, told};
use rendez_channels::sync::{Event, Exclusive, Semaphore};
use rendez_channels::{Barrier, CancellationToken, Enrolment, Receiver, Sender, after, channel};
use rendez_runtime::{Outcome, Process, alt, par, process, spawn};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Longer than the monitor takes to be sure.
pub(super) const WHILE: Duration = Duration::from_millis(900);

/// Name and program.
pub(super) type Case = (&'static str, fn() -> Process);

pub(super) const PROGRAMS: &[Case] = &[
    ("an end handed over in a struct", parcel),
    ("an end handed over in a struct, by a channel of lists", parcels),
    ("an end lent to a task of tokio", task),
    ("an end lent to a thread", thread),
    ("an end left in a place that is shared", shared),
    ("an end that goes to a child", child),
    ("an end that goes into a closure", closure),
    ("an end that is returned", returned),
    ("an end that is dropped in time", dropped),
    ("an end that another has cloned", cloned),
    ("a choice with a timer", choice_timer),
    ("a timer of tokio in a selection", tokio_timer),
    ("a timeout around a receive", timeout),
    ("a timer beside a receive, both joined", joined_timer),
    ("a task of tokio that holds a waker", foreign_waker),
    ("a lock of tokio", tokio_lock),
    ("a notification of tokio", tokio_notify),
    ("a channel of tokio", tokio_channel),
    ("a socket", socket),
    ("a token that is cancelled", token),
    ("an event that is set", event),
    ("a lock that is given back", lock),
    ("a lock whose guard moves", guard_moves),
    ("a semaphore that gets permits", semaphore),
    ("a barrier to which the last comes late", barrier),
    ("a barrier that one leaves", resigns),
    ("a process that computes", later::computes),
    ("a blocking process that sleeps", later::sleeper),
    ("a blocking process with a thread of its own", later::scoped_thread),
    ("a process that is spawned late", later::late),
    ("a process that ends and retires", later::retires),
    ("a poisoned ring", later::poisoned),
    ("a child that is stopped", later::stopped),
    ("a scope with a deadline", later::deadline),
    ("a ring that moves", later::moves),
    ("a slow ring", later::slow_ring),
    ("a full buffer that is drained", later::drained),
    ("a permit that is given up", later::permit),
    ("a served receive that is dropped", later::served),
    ("a call to an actor that is slow", later::slow_actor),
    ("an event that a task has, too", told::event_of_task),
    ("an event that a thread has, too", told::event_of_thread),
    ("an event that one with a timer has, too", told::event_of_timer),
    ("an event that is given away", told::event_given_away),
    ("a condition that a thread has, too", told::condition_of_thread),
    ("a condition in a choice that a thread has, too", told::condition_in_choice_of_thread),
    ("a condition in a choice with a timer", told::condition_or_timer),
    ("a future in a choice that waits for a task", told::future_of_task),
    ("a future in a choice with a waker of its own", told::future_with_a_waker),
    ("a token whose parent a task has", told::parent_token_of_task),
    ("a re-entrant call that a later one helps", told::reentrant_helped),
    ("a re-entrant call that a timer's message helps", told::reentrant_helped_by_a_timer),
    ("a re-entrant call that comes back, with a timer of its own", told::reentrant_with_a_timer),
];

/// Receives, and has its sender nearby for the sake of the graph.
#[process]
pub(super) async fn waits(inp: Receiver<u8>) -> Outcome {
    inp.recv().await?;
    Ok(())
}

struct Parcel {
    end: Sender<u8>,
}

/// Gives its end away and waits for what comes by it.
#[process]
async fn gives(out: Sender<u8>, to: Sender<Parcel>, inp: Receiver<u8>) -> Outcome {
    to.send(Parcel { end: out }).await?;
    inp.recv().await?;
    Ok(())
}

#[process]
async fn uses(from: Receiver<Parcel>) -> Outcome {
    let Parcel { end } = from.recv().await?;
    after(WHILE).await;
    end.send(1).await?;
    Ok(())
}

fn parcel() -> Process {
    let ((out, inp), (to, from)) = (channel(), channel());
    Process::new("case", async move { par![gives(out, to, inp), uses(from)].await })
}

#[process]
async fn gives_list(outs: Vec<Sender<u8>>, to: Sender<Vec<Sender<u8>>>, inp: Receiver<u8>) -> Outcome {
    to.send(outs).await?;
    inp.recv().await?;
    Ok(())
}

fn parcels() -> Process {
    let ((out, inp), (to, from)) = (channel(), channel::<Vec<Sender<u8>>>());
    let user = async move {
        let outs = from.recv().await?;
        after(WHILE).await;
        outs[0].send(1).await?;
        Outcome::Ok(())
    };
    Process::new("case", async move { par![gives_list(vec![out], to, inp), user].await })
}

#[process]
async fn gives_task(out: Sender<u8>, inp: Receiver<u8>) -> Outcome {
    tokio::spawn(async move {
        tokio::time::sleep(WHILE).await;
        out.send(1).await
    });
    inp.recv().await?;
    Ok(())
}

fn task() -> Process {
    let (out, inp) = channel();
    gives_task(out, inp)
}

#[process]
async fn gives_thread(out: Sender<u8>, inp: Receiver<u8>) -> Outcome {
    std::thread::spawn(move || {
        std::thread::sleep(WHILE);
        out.send_blocking(1)
    });
    inp.recv().await?;
    Ok(())
}

fn thread() -> Process {
    let (out, inp) = channel();
    gives_thread(out, inp)
}

type Shelf = Arc<Mutex<Option<Sender<u8>>>>;

#[process]
async fn leaves(out: Sender<u8>, shelf: Shelf, inp: Receiver<u8>) -> Outcome {
    *shelf.lock().unwrap() = Some(out);
    inp.recv().await?;
    Ok(())
}

fn shared() -> Process {
    let (out, inp) = channel();
    let shelf = Shelf::default();
    let finds = Arc::clone(&shelf);
    let finder = async move {
        after(WHILE).await;
        let end = finds.lock().unwrap().take();
        end.unwrap().send(1).await?;
        Outcome::Ok(())
    };
    Process::new("case", async move { par![leaves(out, shelf, inp), finder].await })
}

#[process]
pub(super) async fn sends_late(out: Sender<u8>) -> Outcome {
    after(WHILE).await;
    out.send(1).await?;
    Ok(())
}

#[process]
async fn has_child(out: Sender<u8>, inp: Receiver<u8>) -> Outcome {
    spawn(sends_late(out));
    inp.recv().await?;
    Ok(())
}

fn child() -> Process {
    let (out, inp) = channel();
    has_child(out, inp)
}

#[process]
async fn has_closure(out: Sender<u8>, inp: Receiver<u8>) -> Outcome {
    let later = || async { sends_late(out).await };
    spawn(later());
    inp.recv().await?;
    Ok(())
}

fn closure() -> Process {
    let (out, inp) = channel();
    has_closure(out, inp)
}

#[process]
async fn returns(out: Sender<u8>) -> Outcome<Sender<u8>> {
    Ok(out)
}

fn returned() -> Process {
    let (out, inp) = channel();
    let user = async move {
        let out = returns(out).await?;
        sends_late(out).await
    };
    Process::new("case", async move { par![user, waits(inp)].await })
}

fn dropped() -> Process {
    let (out, inp) = channel::<u8>();
    let holder = async move {
        after(WHILE).await;
        drop(out);
        Outcome::Ok(())
    };
    Process::new("case", async move { par![holder, waits(inp)].await })
}

#[process]
async fn clones(out: Sender<u8>, inp: Receiver<u8>) -> Outcome {
    let another = out.clone();
    spawn(sends_late(another));
    inp.recv().await?;
    Ok(())
}

fn cloned() -> Process {
    let (out, inp) = channel();
    clones(out, inp)
}

#[process]
async fn with_timer(out: Sender<u8>, inp: Receiver<u8>) -> Outcome {
    alt! {
        _ = inp.recv() => {},
        _ = after(WHILE) => { let _ = out.try_send(1); },
    }
    Ok(())
}

fn choice_timer() -> Process {
    let (out, inp) = channel();
    with_timer(out, inp)
}

#[process]
async fn with_tokio_timer(out: Sender<u8>, inp: Receiver<u8>) -> Outcome {
    tokio::select! {
        _ = inp.recv() => {},
        () = tokio::time::sleep(WHILE) => { let _ = out.try_send(1); },
    }
    Ok(())
}

fn tokio_timer() -> Process {
    let (out, inp) = channel();
    with_tokio_timer(out, inp)
}

#[process]
async fn with_timeout(out: Sender<u8>, inp: Receiver<u8>) -> Outcome {
    let _ = tokio::time::timeout(WHILE, inp.recv()).await;
    let _ = out.try_send(1);
    Ok(())
}

fn timeout() -> Process {
    let (out, inp) = channel();
    with_timeout(out, inp)
}

#[process]
async fn with_joined_timer(out: Sender<u8>, inp: Receiver<u8>) -> Outcome {
    let later = async {
        tokio::time::sleep(WHILE).await;
        out.send(1).await
    };
    let (sent, got) = tokio::join!(later, inp.recv());
    sent?;
    got?;
    Ok(())
}

fn joined_timer() -> Process {
    let (out, inp) = channel();
    with_joined_timer(out, inp)
}

/// Waits for a receive and for something foreign that then sends.
#[process]
async fn with_foreign(out: Sender<u8>, inp: Receiver<u8>, done: tokio::sync::oneshot::Receiver<()>) -> Outcome {
    let helped = async {
        let _ = done.await;
        out.send(1).await
    };
    let (sent, got) = tokio::join!(helped, inp.recv());
    sent?;
    got?;
    Ok(())
}

fn foreign_waker() -> Process {
    let (out, inp) = channel();
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(|| {
        std::thread::sleep(WHILE);
        tell.send(())
    });
    with_foreign(out, inp, told)
}

fn tokio_lock() -> Process {
    let lock = Arc::new(tokio::sync::Mutex::new(()));
    let other = Arc::clone(&lock);
    let (out, inp) = channel::<u8>();
    let holder = async move {
        let _held = lock.lock().await;
        after(WHILE).await;
        Outcome::Ok(())
    };
    let wanter = async move {
        tokio::task::yield_now().await;
        drop(other.lock().await);
        out.send(1).await?;
        Outcome::Ok(())
    };
    Process::new("case", async move { par![holder, wanter, waits(inp)].await })
}

fn tokio_notify() -> Process {
    let notify = Arc::new(tokio::sync::Notify::new());
    let told = Arc::clone(&notify);
    let (out, inp) = channel::<u8>();
    std::thread::spawn(move || {
        std::thread::sleep(WHILE);
        notify.notify_one();
    });
    let sender = async move {
        told.notified().await;
        out.send(1).await?;
        Outcome::Ok(())
    };
    Process::new("case", async move { par![sender, waits(inp)].await })
}

fn tokio_channel() -> Process {
    let (tell, mut told) = tokio::sync::mpsc::channel::<u8>(1);
    let (out, inp) = channel::<u8>();
    let teller = async move {
        tokio::time::sleep(WHILE).await;
        let _ = tell.send(1).await;
        Outcome::Ok(())
    };
    let sender = async move {
        told.recv().await;
        out.send(1).await?;
        Outcome::Ok(())
    };
    Process::new("case", async move { par![teller, sender, waits(inp)].await })
}

fn socket() -> Process {
    let (out, inp) = channel::<u8>();
    let sender = async move {
        let (read, mut write) = tokio::io::duplex(8);
        spawn(async move {
            tokio::time::sleep(WHILE).await;
            tokio::io::AsyncWriteExt::write_all(&mut write, b"x").await?;
            Outcome::Ok(())
        });
        let mut read = read;
        tokio::io::AsyncReadExt::read_u8(&mut read).await?;
        out.send(1).await?;
        Outcome::Ok(())
    };
    Process::new("case", async move { par![sender, waits(inp)].await })
}

#[process]
async fn with_token(stop: CancellationToken, out: Sender<u8>, inp: Receiver<u8>) -> Outcome {
    alt! {
        _ = inp.recv() => {},
        _ = stop.cancelled() => { let _ = out.try_send(1); },
    }
    Ok(())
}

fn token() -> Process {
    let (out, inp) = channel();
    let stop = CancellationToken::new();
    let own = stop.clone();
    let canceller = async move {
        after(WHILE).await;
        stop.cancel();
        Outcome::Ok(())
    };
    Process::new("case", async move { par![with_token(own, out, inp), canceller].await })
}

fn event() -> Process {
    let (set, own) = {
        let event = Event::new();
        (event.clone(), event)
    };
    let setter = async move {
        after(WHILE).await;
        set.set();
        Outcome::Ok(())
    };
    let waiter = async move {
        own.wait().await;
        Outcome::Ok(())
    };
    Process::new("case", async move { par![setter, waiter].await })
}

fn lock() -> Process {
    let lock = Exclusive::new(());
    let other = lock.clone();
    let holder = async move {
        let _held = lock.lock().await?;
        after(WHILE).await;
        Outcome::Ok(())
    };
    let wanter = async move {
        tokio::task::yield_now().await;
        drop(other.lock().await?);
        Outcome::Ok(())
    };
    Process::new("case", async move { par![holder, wanter].await })
}

/// One has the lock, so it is noted, and gives the guard away; then it waits for the lock itself.
fn guard_moves() -> Process {
    let lock: &'static Exclusive<()> = Box::leak(Box::new(Exclusive::new(())));
    let (give, given) = channel();
    let giver = async move {
        let held = lock.lock().await?;
        give.send(held).await?;
        drop(lock.lock().await?);
        Outcome::Ok(())
    };
    let taker = async move {
        let held = given.recv().await?;
        after(WHILE).await;
        drop(held);
        Outcome::Ok(())
    };
    Process::new("case", async move { par![giver, taker].await })
}

fn semaphore() -> Process {
    let seats = Semaphore::new(1);
    let other = seats.clone();
    let holder = async move {
        let _one = seats.acquire().await?;
        after(WHILE).await;
        seats.add(1);
        drop(seats.acquire().await?);
        Outcome::Ok(())
    };
    let wanter = async move {
        tokio::task::yield_now().await;
        drop(other.acquire().await?);
        Outcome::Ok(())
    };
    Process::new("case", async move { par![holder, wanter].await })
}

#[process]
async fn comes(mut party: Enrolment, delay: Duration) -> Outcome {
    after(delay).await;
    party.sync().await;
    Ok(())
}

fn barrier() -> Process {
    let barrier = Barrier::new();
    let (one, two) = (comes(barrier.enrol(), Duration::ZERO), comes(barrier.enrol(), WHILE));
    Process::new("case", async move { par![one, two].await })
}

fn resigns() -> Process {
    let barrier = Barrier::new();
    let (one, other) = (comes(barrier.enrol(), Duration::ZERO), barrier.enrol());
    let leaver = async move {
        after(WHILE).await;
        other.resign();
        Outcome::Ok(())
    };
    Process::new("case", async move { par![one, leaver].await })
}
