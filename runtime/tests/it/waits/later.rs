//! More programs that go on after a while: helped by threads, by ends of processes, by who comes late, by being ended, or slow.

use super::moving::{WHILE, sends_late, waits};
use rendez_channels::{Receiver, Sender, after, channel, channel_bounded};
use rendez_runtime::{Outcome, Process, blocking, par, process, spawn};
use std::time::Duration;

pub(super) fn computes() -> Process {
    let (out, inp) = channel::<u8>();
    let computer = blocking("computer", move || {
        let end = std::time::Instant::now() + WHILE;
        while std::time::Instant::now() < end {
            std::hint::spin_loop();
        }
        out.send_blocking(1)?;
        Outcome::Ok(())
    });
    Process::new("case", async move { par![computer, waits(inp)].await })
}

#[process(blocking)]
fn sleeps(out: Sender<u8>) -> Outcome {
    std::thread::sleep(WHILE);
    out.send_blocking(1)?;
    Ok(())
}

pub(super) fn sleeper() -> Process {
    let (out, inp) = channel();
    Process::new("case", async move { par![sleeps(out), waits(inp)].await })
}

#[process(blocking)]
fn lends(out: Sender<u8>, inp: Receiver<u8>) -> Outcome {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(WHILE);
            out.send_blocking(1)
        });
        inp.recv_blocking()
    })?;
    Ok(())
}

pub(super) fn scoped_thread() -> Process {
    let (out, inp) = channel();
    lends(out, inp)
}

pub(super) fn late() -> Process {
    let (out, inp) = channel();
    let later = sends_late(out);
    Process::new("case", async move {
        let waiter = spawn(waits(inp));
        after(WHILE).await;
        spawn(later);
        waiter.join().await
    })
}

pub(super) fn retires() -> Process {
    let (out, inp) = channel::<u8>();
    #[process]
    async fn ends(out: Sender<u8>) -> Outcome {
        after(WHILE).await;
        let _ = out.id();
        Ok(())
    }
    Process::new("case", async move { par![ends(out), waits(inp)].await })
}

pub(super) fn poisoned() -> Process {
    let ((a, from_a), (b, from_b)) = (channel(), channel());
    let another = a.clone();
    let poisoner = async move {
        after(WHILE).await;
        another.poison("in time");
        Outcome::Ok(())
    };
    let (one, two) = (super::parts::send_receive(a, from_b), super::parts::send_receive(b, from_a));
    Process::new("case", async move {
        spawn(poisoner);
        let _ = par![one, two].await;
        Outcome::Ok(())
    })
}

pub(super) fn stopped() -> Process {
    Process::new("case", async {
        let (out, inp) = channel::<u8>();
        let waiter = spawn(async move {
            let _out = out;
            inp.recv().await?;
            Outcome::Ok(())
        });
        after(WHILE).await;
        waiter.stop();
        waiter.process().ended().await;
        Outcome::Ok(())
    })
}

pub(super) fn deadline() -> Process {
    Process::new("case", async {
        let (out, inp) = channel::<u8>();
        let waiter = async move {
            let _out = out;
            inp.recv().await?;
            Outcome::Ok(())
        };
        let _ = par![waiter].within(WHILE).await;
        Outcome::Ok(())
    })
}

#[process]
async fn turns(inp: Receiver<u32>, out: Sender<u32>, pause: Duration) -> Outcome {
    while let Some(n) = inp.next().await? {
        if pause > Duration::ZERO {
            after(pause).await;
        }
        if n == 0 || out.send(n - 1).await.is_err() {
            break;
        }
    }
    Ok(())
}

pub(super) fn turning(first: u32, pause: Duration) -> Process {
    let ((a, from_a), (b, from_b)) = (channel(), channel());
    let start = a.clone();
    let starter = async move {
        start.send(first).await?;
        Outcome::Ok(())
    };
    Process::new("case", async move { par![starter, turns(from_a, b, pause), turns(from_b, a, pause)].await })
}

pub(super) fn moves() -> Process {
    turning(20_000, Duration::ZERO)
}

pub(super) fn slow_ring() -> Process {
    turning(6, WHILE / 3)
}

pub(super) fn drained() -> Process {
    let (out, inp) = channel_bounded(1);
    let drainer = async move {
        after(WHILE).await;
        while inp.next().await?.is_some() {}
        Outcome::Ok(())
    };
    let filler = async move {
        for n in 0..4_u8 {
            out.send(n).await?;
        }
        Outcome::Ok(())
    };
    Process::new("case", async move { par![drainer, filler].await })
}

pub(super) fn permit() -> Process {
    let (out, inp) = channel_bounded::<u8>(1);
    let other = out.clone();
    let (tell, told) = channel();
    let keeper = async move {
        let permit = out.reserve().await?;
        // If the other were first there would be no place for good: nobody receives.
        tell.send(()).await?;
        after(WHILE).await;
        drop(permit);
        Outcome::Ok(())
    };
    let sender = async move {
        told.recv().await?;
        other.send(1).await?;
        Outcome::Ok(())
    };
    Process::new("case", async move {
        par![keeper, sender].await?;
        drop(inp);
        Outcome::Ok(())
    })
}

/// A value that was handed to a receive that is then dropped goes to the other receiver.
pub(super) fn served() -> Process {
    let (out, inp) = channel::<u8>();
    let other = inp.clone();
    let parker = async move {
        {
            let mut parked = std::pin::pin!(inp.recv());
            let _ = std::future::poll_fn(|cx| std::task::Poll::Ready(parked.as_mut().poll(cx).is_ready())).await;
            after(WHILE).await;
        }
        Outcome::Ok(())
    };
    let sender = async move {
        tokio::task::yield_now().await;
        out.send(1).await?;
        after(2 * WHILE).await;
        Outcome::Ok(())
    };
    let receiver = async move {
        tokio::task::yield_now().await;
        let _ = other.recv().await;
        Outcome::Ok(())
    };
    Process::new("case", async move { par![parker, sender, receiver].await })
}

pub(super) fn slow_actor() -> Process {
    Process::new("case", async {
        let (out, inp) = channel();
        let link = rendez_runtime::spawn_actor(super::parts::Link { next: None });
        let waiter = spawn(async move { link.wait(inp).await });
        after(WHILE).await;
        out.send(1).await?;
        waiter.join().await?;
        Outcome::Ok(())
    })
}
