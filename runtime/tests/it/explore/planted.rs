//! Networks with a fault that few schedules show, and the same ones mended: the first are found, by trying all schedules and by
//! chance, the second are proven.

use rendez_channels::sync::{Exclusive, Semaphore};
use rendez_channels::{channel, channel_bounded, channel_unbounded};
use rendez_runtime::{Explored, Failure, Outcome, Process, What, alt, detached, explore, par};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// The seed of what is left to chance; a failing test prints it.
const SEED: u64 = 1;

/// Philosophers who take the fork to their left, then the one to their right; mended, the last begins at the right.
async fn dining(mended: bool, seats: usize) -> Outcome {
    let forks: Vec<_> = (0..seats).map(|_| Arc::new(Exclusive::new(()))).collect();
    let philosopher = |seat: usize| {
        let (mut first, mut second) = (Arc::clone(&forks[seat]), Arc::clone(&forks[(seat + 1) % seats]));
        if mended && seat + 1 == seats {
            std::mem::swap(&mut first, &mut second);
        }
        Process::new(format!("philosopher {seat}"), async move {
            let _one = first.lock().await?;
            let _other = second.lock().await?;
            Outcome::Ok(())
        })
    };
    par((0..seats).map(philosopher)).await
}

async fn three_dine(mended: bool) -> Outcome {
    dining(mended, 3).await
}

/// Both send before they receive; mended, one receives first.
async fn both_send_first(mended: bool) -> Outcome {
    let (to_left, left) = channel();
    let (to_right, right) = channel();
    let a = Process::new("a", async move {
        to_right.send(1).await?;
        Outcome::Ok(left.recv().await?)
    });
    let b = Process::new("b", async move {
        if mended {
            let got = right.recv().await?;
            to_left.send(2).await?;
            return Outcome::Ok(got);
        }
        to_left.send(2).await?;
        Ok(right.recv().await?)
    });
    par![a, b].await
}

/// Two add one to a number that a third keeps, by asking and telling; mended, they hold a lock meanwhile.
async fn lost_update(mended: bool) -> Outcome<u32> {
    let (put, get) = channel_bounded(1);
    let number = Arc::new(Exclusive::new(0));
    let lock = Arc::new(Exclusive::new(()));
    let adder = |put: rendez_channels::Sender<()>| {
        let (number, lock) = (Arc::clone(&number), Arc::clone(&lock));
        Process::new("adder", async move {
            let _held = if mended { Some(lock.lock().await?) } else { None };
            let before = *number.lock().await?;
            *number.lock().await? = before + 1;
            put.send(()).await?;
            Outcome::Ok(())
        })
    };
    let counts = Process::new("counts", async move {
        get.recv().await?;
        get.recv().await?;
        Outcome::Ok(())
    });
    let (one, other) = (adder(put.clone()), adder(put));
    par![one, other, counts].await?;
    let sum = *number.lock().await?;
    assert_eq!(sum, 2, "one of the two was lost");
    Ok(sum)
}

/// The receiver takes for granted who comes first; mended, it does not.
async fn assumed_order(mended: bool) -> Outcome {
    let (tx, rx) = channel_bounded(2);
    let teller = |name: &'static str, tx: rendez_channels::Sender<_>| {
        Process::new(name, async move { Outcome::Ok(tx.send(name).await?) })
    };
    let (one, other) = (teller("one", tx.clone()), teller("other", tx));
    let hears = Process::new("hears", async move {
        let first = rx.recv().await?;
        let second = rx.recv().await?;
        if !mended && (first, second) != ("one", "other") {
            return Err(Failure::new("the other came first"));
        }
        Outcome::Ok(())
    });
    par![one, other, hears].await
}

/// A worker that stops when it is told to, whatever is still in its queue; mended, it is told by the queue's end.
async fn stopped_too_soon(mended: bool) -> Outcome {
    let (jobs, queue) = channel_bounded::<u32>(2);
    let (stop, stopped) = channel_bounded::<()>(1);
    let boss = Process::new("boss", async move {
        jobs.send(1).await?;
        jobs.send(2).await?;
        stop.send(()).await?;
        Outcome::Ok(())
    });
    let worker = Process::new("worker", async move {
        loop {
            if mended {
                let Some(_) = queue.next().await? else { break };
            } else {
                alt! {
                    _ = stopped.recv() => break,
                    job = queue.next() => if job?.is_none() { break },
                }
            }
        }
        if mended {
            stopped.recv().await?;
        }
        Outcome::Ok(())
    });
    par![boss, worker].await
}

/// Two take two permits, one by one; mended, both at once.
async fn one_by_one(mended: bool) -> Outcome {
    let permits = Arc::new(Semaphore::new(2));
    let taker = || {
        let permits = Arc::clone(&permits);
        Process::new("taker", async move {
            if mended {
                let _both = permits.acquire_many(2).await?;
            } else {
                let _one = permits.acquire().await?;
                let _other = permits.acquire().await?;
            }
            Outcome::Ok(())
        })
    };
    let (one, other) = (taker(), taker());
    par![one, other].await
}

/// Looks whether there is news and only then waits for a hint, which may have come before; mended, hints are kept.
async fn missed_hint(mended: bool) -> Outcome {
    let hints = usize::from(mended);
    let (news, heard) = channel_unbounded::<u32>();
    let (hint, hinted) = channel_bounded::<()>(hints);
    let teller = Process::new("teller", async move {
        news.send(7).await?;
        // Nobody has to be there: who is not will look.
        let _ = hint.try_send(());
        Outcome::Ok(hint)
    });
    let listener = Process::new("listener", async move {
        // An operation of its own, so that the look has a step of its own.
        let seen = alt! {
            news = heard.recv() => Some(news?),
            else => None,
        };
        if seen.is_none() || mended {
            hinted.recv().await?;
        }
        if seen.is_none() {
            heard.recv().await?;
        }
        Outcome::Ok(())
    });
    par![teller, listener].values().await.map(drop)
}

/// A ring of buffers with one place each, into which two put two each before they take; mended, one place more.
async fn full_ring(mended: bool) -> Outcome {
    let places = if mended { 2 } else { 1 };
    let (to_b, from_a) = channel_bounded(places);
    let (to_a, from_b) = channel_bounded(places);
    let side = |name, tx: rendez_channels::Sender<u32>, rx: rendez_channels::Receiver<u32>| {
        Process::new(name, async move {
            tx.send(1).await?;
            tx.send(2).await?;
            rx.recv().await?;
            rx.recv().await?;
            Outcome::Ok(())
        })
    };
    let (a, b) = (side("a", to_b, from_b), side("b", to_a, from_a));
    par![a, b].await
}

/// A helper that nobody ends if its last request was answered by another; mended, it ends when its inlet does.
async fn left_alone(mended: bool) -> Outcome {
    let (ask, asked) = channel::<u32>();
    let (keep, kept) = channel::<u32>();
    for _ in 0..2 {
        let (asked, kept) = (asked.clone(), kept.clone());
        detached(async move {
            if asked.next().await?.is_none() && !mended {
                // It believes that there will be more.
                kept.recv().await?;
            }
            Outcome::Ok(())
        });
    }
    drop((asked, kept));
    ask.send(1).await?;
    drop(ask);
    if !mended {
        // Somebody keeps the other inlet for good.
        std::mem::forget(keep);
    }
    Ok(())
}

/// A deadline and an answer that need the same time; the answer is taken for granted. Mended, it is not.
async fn close_call(mended: bool) -> Outcome {
    let (answer, answered) = channel();
    let works = Process::new("works", async move {
        rendez_channels::after(Duration::from_secs(1)).await;
        // Nobody waits for it any more.
        let _ = answer.send(1).await;
        Outcome::Ok(())
    });
    let waits = Process::new("waits", async move {
        let got = alt! {
            got = answered.recv() => Some(got?),
            () = rendez_channels::after(Duration::from_secs(1)) => None,
        };
        if mended || got.is_some() { Outcome::Ok(()) } else { Err(Failure::new("it was too late")) }
    });
    par![works, waits].await
}

/// A party of a barrier that leaves while another comes back for a second meeting; mended, it stays for it.
async fn left_meeting(mended: bool) -> Outcome {
    let (token, taken) = channel_bounded(1);
    token.send(()).await?;
    let side = |name: &'static str, token: rendez_channels::Sender<()>, taken: rendez_channels::Receiver<()>| {
        Process::new(name, async move {
            // Two turns with the token; who forgets to put it back after the second turn leaves the other without.
            for turn in 0..2 {
                taken.recv().await?;
                if mended || turn == 0 {
                    token.send(()).await?;
                }
            }
            Outcome::Ok((token, taken))
        })
    };
    let (a, b) = (side("a", token.clone(), taken.clone()), side("b", token, taken));
    let ((token, taken), others) = par![a, b].values().await?;
    drop(others);
    match taken.try_recv() {
        Ok(()) => drop(token),
        Err(error) => assert!(!mended, "the token is there at the end: {error:?}"),
    }
    Ok(())
}

type Kind = fn(&What) -> bool;

const DEADLOCK: Kind = |what| matches!(what, What::Deadlock(_));
const FAILED: Kind = |what| matches!(what, What::Failed(_));
const LEAKED: Kind = |what| matches!(what, What::Leaked(_));
const LOST: Kind = |what| matches!(what, What::Lost(_));

/// By trying all schedules, and by chance; then it is proven that the mended one has no such fault.
#[track_caller]
fn check<N>(network: fn(bool) -> N, kind: Kind)
where
    N: Future<Output: rendez_runtime::IntoOutcome> + Send + 'static,
{
    let fault = |explored: Explored| {
        let fault = explored.fault.clone().unwrap_or_else(|| panic!("it was not found: {explored}"));
        assert!(kind(&fault.what), "it is another: {}\n{fault}", fault.what);
        (explored.schedules, fault)
    };
    let (tried, by_all) = fault(explore(move || network(false)).exhaustively());
    let (drawn, by_chance) = fault(explore(move || network(false)).randomly(SEED, 10_000));
    println!("found after {tried} schedules, and by chance from seed {SEED} on after {drawn}\n{by_all}");
    for found in [by_all, by_chance] {
        let again = explore(move || network(false)).replay(&found.schedule).fault.expect("it is found again");
        assert_eq!((&again.what, &again.sequence), (&found.what, &found.sequence));
    }
    let mended = explore(move || network(true)).exhaustively();
    println!("{mended}");
    mended.assert_sound();
    assert!(mended.complete, "{mended}");
}

#[test]
fn dining_philosophers() {
    check(three_dine, DEADLOCK);
}

#[test]
fn two_that_send_before_they_receive() {
    check(both_send_first, DEADLOCK);
}

#[test]
fn an_update_that_is_lost() {
    check(lost_update, FAILED);
}

#[test]
fn an_order_that_is_taken_for_granted() {
    check(assumed_order, FAILED);
}

#[test]
fn a_worker_that_stops_with_work_in_its_queue() {
    check(stopped_too_soon, LOST);
}

#[test]
fn permits_taken_one_by_one() {
    check(one_by_one, DEADLOCK);
}

#[test]
fn a_hint_that_comes_between_a_look_and_a_wait() {
    check(missed_hint, DEADLOCK);
}

#[test]
fn a_ring_of_buffers_that_are_too_small() {
    check(full_ring, DEADLOCK);
}

#[test]
fn a_helper_that_is_left_alone() {
    check(left_alone, LEAKED);
}

#[test]
fn an_answer_at_its_deadline() {
    check(close_call, FAILED);
}

#[test]
fn a_token_that_is_not_put_back() {
    check(left_meeting, DEADLOCK);
}

#[test]
fn what_is_lost_is_told_by_its_channel() {
    let explored = explore(|| async {
        let (tx, rx) = channel_bounded(3);
        tx.set_name("orders");
        tx.send(1).await?;
        tx.send(2).await?;
        drop(rx);
        Outcome::Ok(())
    })
    .exhaustively();
    assert_eq!(explored.fault.unwrap().what, What::Lost(vec![("orders".into(), 2)]));
}
