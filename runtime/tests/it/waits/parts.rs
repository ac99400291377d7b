//! What the programs are put together from: small processes that each do a few things in order, and an actor that calls others.

use rendez_channels::sync::{Event, Exclusive, Semaphore};
use rendez_channels::{Enrolment, Receiver, Sender};
use rendez_runtime::{Outcome, actor, alt, process};

#[process]
pub(super) async fn send_receive(out: Sender<u8>, inp: Receiver<u8>) -> Outcome {
    out.send(1).await?;
    inp.recv().await?;
    Ok(())
}

#[process]
pub(super) async fn receive_send(inp: Receiver<u8>, out: Sender<u8>) -> Outcome {
    inp.recv().await?;
    out.send(1).await?;
    Ok(())
}

#[process]
pub(super) async fn send_to(out: Sender<u8>, then: Receiver<u8>, times: u8) -> Outcome {
    for n in 0..times {
        out.send(n).await?;
    }
    then.recv().await?;
    Ok(())
}

#[process]
pub(super) async fn choose(a: Receiver<u8>, b: Receiver<u8>, out: Sender<u8>) -> Outcome {
    alt! {
        n = a.recv() => out.send(n?).await?,
        n = b.recv() => out.send(n?).await?,
    }
    Ok(())
}

#[process]
pub(super) async fn offer(a: Sender<u8>, b: Sender<u8>, out: Sender<u8>) -> Outcome {
    alt! {
        sent = a.send(1) => sent?,
        sent = b.send(2) => sent?,
    }
    out.send(1).await?;
    Ok(())
}

#[process]
pub(super) async fn meet_receive(mut party: Enrolment, inp: Receiver<u8>, out: Sender<u8>) -> Outcome {
    party.sync().await;
    inp.recv().await?;
    out.send(1).await?;
    Ok(())
}

#[process]
pub(super) async fn receive_meet(inp: Receiver<u8>, mut party: Enrolment) -> Outcome {
    inp.recv().await?;
    party.sync().await;
    Ok(())
}

#[process]
pub(super) async fn meet_send(mut party: Enrolment, out: Sender<u8>) -> Outcome {
    party.sync().await;
    out.send(1).await?;
    Ok(())
}

/// Takes one lock, and the other when both have one.
#[process]
pub(super) async fn diner(first: Exclusive<()>, second: Exclusive<()>, ready: Event, other: Event) -> Outcome {
    let _first = first.lock().await?;
    ready.set();
    other.wait().await;
    let _second = second.lock().await?;
    Ok(())
}

/// As a diner, with semaphores.
#[process]
pub(super) async fn taker(first: Semaphore, second: Semaphore, ready: Event, other: Event) -> Outcome {
    let _first = first.acquire().await?;
    ready.set();
    other.wait().await;
    let _second = second.acquire().await?;
    Ok(())
}

/// Calls the next of a ring when it is told to.
pub(super) struct Link {
    pub(super) next: Option<LinkRef>,
}

#[actor]
impl Link {
    pub(super) async fn join(&mut self, next: LinkRef) {
        self.next = Some(next);
    }

    /// Goes on along the ring, so many times.
    pub(super) async fn pass(&mut self, hops: u8) -> u8 {
        match &self.next {
            Some(next) if hops > 0 => next.pass(hops - 1).await.unwrap_or(0),
            _ => hops,
        }
    }

    /// Waits for two values.
    pub(super) async fn wait_twice(&mut self, inp: Receiver<u8>) -> u8 {
        let _ = inp.recv().await;
        inp.recv().await.unwrap_or(0)
    }

    /// Waits for a value.
    pub(super) async fn wait(&mut self, inp: Receiver<u8>) -> u8 {
        inp.recv().await.unwrap_or(0)
    }
}

#[process]
pub(super) async fn receive_send_both(inp: Receiver<u8>, out: Sender<u8>, other: Sender<u8>) -> Outcome {
    inp.recv().await?;
    out.send(1).await?;
    other.send(1).await?;
    Ok(())
}

#[process]
pub(super) async fn receive_three(first: Receiver<u8>, second: Receiver<u8>, third: Receiver<u8>) -> Outcome {
    first.recv().await?;
    second.recv().await?;
    third.recv().await?;
    Ok(())
}

#[process]
pub(super) async fn take(inp: Receiver<u8>, out: Sender<u8>, times: u8) -> Outcome {
    for _ in 0..times {
        inp.recv().await?;
    }
    out.send(1).await?;
    Ok(())
}

#[process]
pub(super) async fn choose_send_both(a: Receiver<u8>, b: Receiver<u8>, out: Sender<u8>, other: Sender<u8>) -> Outcome {
    alt! {
        n = a.recv() => { n?; },
        n = b.recv() => { n?; },
    }
    out.send(1).await?;
    other.send(1).await?;
    Ok(())
}

#[process]
pub(super) async fn select_foreign(a: Receiver<u8>, b: Receiver<u8>, out: Sender<u8>, other: Sender<u8>) -> Outcome {
    tokio::select! {
        n = a.recv() => { n?; },
        n = b.recv() => { n?; },
    }
    out.send(1).await?;
    other.send(1).await?;
    Ok(())
}

#[process]
pub(super) async fn feed(jobs: Sender<u8>, end: Sender<u8>) -> Outcome {
    for n in 0..100 {
        jobs.send(n).await?;
    }
    end.send(1).await?;
    Ok(())
}

#[process]
pub(super) async fn work(jobs: Receiver<u8>, results: Sender<u8>) -> Outcome {
    while let Some(n) = jobs.next().await? {
        results.send(n).await?;
    }
    Ok(())
}

#[process]
pub(super) async fn collect(end: Receiver<u8>, results: Receiver<u8>) -> Outcome {
    end.recv().await?;
    while results.next().await?.is_some() {}
    Ok(())
}

#[process]
pub(super) async fn to_all(outs: Vec<Sender<u8>>, inp: Receiver<u8>) -> Outcome {
    for out in &outs {
        out.send(1).await?;
    }
    inp.recv().await?;
    Ok(())
}

#[process]
pub(super) async fn wants_last(ins: Vec<Receiver<u8>>, back: Sender<u8>) -> Outcome {
    for inp in ins.iter().rev() {
        inp.recv().await?;
    }
    back.send(1).await?;
    Ok(())
}

async fn send_one(out: &Sender<u8>) -> Outcome {
    out.send(1).await?;
    Ok(())
}

#[process]
pub(super) async fn send_by_helper(out: Sender<u8>, inp: Receiver<u8>) -> Outcome {
    send_one(&out).await?;
    inp.recv().await?;
    Ok(())
}

#[process]
pub(super) async fn send_meet(out: Sender<u8>, mut party: Enrolment, inp: Receiver<u8>) -> Outcome {
    out.send(1).await?;
    party.sync().await;
    inp.recv().await?;
    Ok(())
}

#[process]
pub(super) async fn meet_both(mut first: Enrolment, mut second: Enrolment) -> Outcome {
    first.sync().await;
    second.sync().await;
    Ok(())
}

#[process]
pub(super) async fn call_then_send(link: LinkRef, inp: Receiver<u8>, out: Sender<u8>) -> Outcome {
    link.wait(inp).await?;
    out.send(1).await?;
    Ok(())
}

#[process]
pub(super) async fn fill_then_send(link: LinkRef, inp: Receiver<u8>, out: Sender<u8>) -> Outcome {
    let waiting = link.clone();
    let waits = rendez_runtime::spawn(async move { waiting.wait_twice(inp).await });
    // Its handler has begun.
    out.send(0).await?;
    for _ in 0..100 {
        let link = link.clone();
        rendez_runtime::spawn(async move { link.pass(0).await });
    }
    tokio::task::yield_now().await;
    link.pass(0).await?;
    out.send(1).await?;
    drop(waits.join().await);
    Ok(())
}

#[process]
pub(super) async fn lock_receive(lock: Exclusive<()>, ready: Event, inp: Receiver<u8>) -> Outcome {
    let _held = lock.lock().await?;
    ready.set();
    inp.recv().await?;
    Ok(())
}

#[process]
pub(super) async fn lock_send(lock: Exclusive<()>, ready: Event, out: Sender<u8>) -> Outcome {
    ready.wait().await;
    let _held = lock.lock().await?;
    out.send(1).await?;
    Ok(())
}

#[process]
pub(super) async fn join_then_send(other: rendez_runtime::ProcessRef, out: Sender<u8>, inp: Receiver<u8>) -> Outcome {
    other.ended().await;
    out.send(1).await?;
    inp.recv().await?;
    Ok(())
}
