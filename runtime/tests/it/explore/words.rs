//! That it is left open in which order others come to one that waits: since they come later than it, only its word, or that
//! it is woken, tells that their order matters.

use rendez_channels::{Alt, Receiver, Sender, after, channel, channel_unbounded};
use rendez_runtime::{Failure, Outcome, Process, alt, blocking, explore, par, spawn};
use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Where a network puts what it has come to.
type Comes = Arc<Mutex<BTreeSet<Vec<usize>>>>;

/// All that a network comes to, which is the same with and without the reduction.
#[track_caller]
fn comes_to<F: Future<Output = Outcome> + Send + 'static>(network: fn(Comes) -> F) -> BTreeSet<Vec<usize>> {
    let endings = |reduces: bool| {
        let comes = Comes::default();
        let into = Arc::clone(&comes);
        let network = explore(move || network(Arc::clone(&into))).may_lose_values();
        let explored = if reduces { network.exhaustively() } else { network.unreduced().exhaustively() };
        explored.assert_sound();
        assert!(explored.complete, "{explored}");
        std::mem::take(&mut *comes.lock().unwrap())
    };
    let (reduced, all) = (endings(true), endings(false));
    assert_eq!(reduced, all);
    reduced
}

/// Started in the step in which its maker begins to choose: it does not come before.
fn sends(number: usize, to: Sender<usize>) {
    drop(spawn(async move {
        let _ = to.send(number).await;
        Outcome::Ok(())
    }));
}

/// The same, by a choice of its own.
fn chooses(number: usize, to: Sender<usize>) {
    drop(spawn(async move {
        alt! { _ = to.send(number) => {} }
        Outcome::Ok(())
    }));
}

/// The same, by a reusable choice.
fn uses_a_choice(number: usize, to: Sender<usize>) {
    drop(spawn(async move {
        let mut choice = Alt::new();
        choice.send(&to, number, |_| ());
        let _ = choice.next().await;
        Outcome::Ok(())
    }));
}

async fn whoever_comes(comes: Comes, partner: fn(usize, Sender<usize>)) -> Outcome {
    let ((one, first), (other, second)) = (channel(), channel());
    partner(0, one);
    partner(1, other);
    let came = alt! {
        came = first.recv() => came?,
        came = second.recv() => came?,
    };
    comes.lock().unwrap().insert(vec![came]);
    Ok(())
}

#[test]
fn which_of_two_senders_a_choice_that_waits_meets_is_left_open() {
    assert_eq!(comes_to(|comes| whoever_comes(comes, sends)), BTreeSet::from([vec![0], vec![1]]));
}

#[test]
fn which_of_two_choices_a_choice_that_waits_meets_is_left_open() {
    assert_eq!(comes_to(|comes| whoever_comes(comes, chooses)), BTreeSet::from([vec![0], vec![1]]));
    assert_eq!(comes_to(|comes| whoever_comes(comes, uses_a_choice)), BTreeSet::from([vec![0], vec![1]]));
}

/// Receives by a reusable choice.
fn takes(from: Receiver<u8>) {
    drop(spawn(async move {
        let mut choice = Alt::new();
        choice.receive(&from, |_| ());
        choice.next().await;
        Outcome::Ok(())
    }));
}

async fn whoever_takes(comes: Comes) -> Outcome {
    let ((one, first), (other, second)) = (channel(), channel());
    takes(first);
    takes(second);
    let sent = alt! {
        sent = one.send(7) => sent.map(|()| 0)?,
        sent = other.send(7) => sent.map(|()| 1)?,
    };
    comes.lock().unwrap().insert(vec![sent]);
    Ok(())
}

#[test]
fn which_of_two_reusable_choices_a_choice_that_waits_meets_is_left_open() {
    assert_eq!(comes_to(whoever_takes), BTreeSet::from([vec![0], vec![1]]));
}

/// Polls both, each of which begins something, so that the second does in the second poll: then `waits` is called, in the same step.
/// Gives what the first gives, or the second if the first has nothing yet.
async fn either<T>(first: impl Future<Output = T>, second: impl Future<Output = T>, waits: impl FnOnce()) -> T {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut polls, mut waits) = (0, Some(waits));
    poll_fn(|cx| {
        polls += 1;
        let came = match first.as_mut().poll(cx) {
            Poll::Ready(came) => Poll::Ready(came),
            Poll::Pending => second.as_mut().poll(cx),
        };
        if polls == 2
            && let Some(waits) = waits.take()
        {
            waits();
        }
        came
    })
    .await
}

async fn whoever_has_come(comes: Comes, swapped: bool) -> Outcome {
    let ((one, first), (other, second)) = (channel(), channel());
    let came = either(second.recv(), first.recv(), || {
        if swapped {
            sends(1, other);
            sends(0, one);
        } else {
            sends(0, one);
            sends(1, other);
        }
    })
    .await?;
    comes.lock().unwrap().insert(vec![came]);
    Ok(())
}

#[test]
fn which_of_two_has_come_when_one_who_waits_for_both_looks_is_left_open() {
    for network in [|comes| whoever_has_come(comes, false), |comes| whoever_has_come(comes, true)] {
        assert_eq!(comes_to(network), BTreeSet::from([vec![0], vec![1]]));
    }
}

/// A use of a reusable choice is given up, and a sender comes before that or after.
async fn gives_up(comes: Comes, swapped: bool) -> Outcome {
    let ((to, from), (tell, told)) = (channel(), channel_unbounded());
    let served = Arc::new(AtomicBool::new(false));
    let mut choice = Alt::new();
    choice.receive(&from, |_| ());
    let is_served = Arc::clone(&served);
    let sender = async move {
        let _ = to.send(7).await;
        is_served.store(true, Ordering::Relaxed);
        Outcome::Ok(())
    };
    let teller = async move { Outcome::Ok(tell.send(()).await?) };
    let told = async { drop(told.recv().await) };
    let used = async {
        choice.next().await;
    };
    either(told, used, || {
        if swapped {
            drop(spawn(teller));
            drop(spawn(sender));
        } else {
            drop(spawn(sender));
            drop(spawn(teller));
        }
    })
    .await;
    // The choice stays on its list, and serves nobody.
    after(Duration::from_secs(1)).await;
    comes.lock().unwrap().insert(vec![usize::from(served.load(Ordering::Relaxed))]);
    Ok(())
}

#[test]
fn whether_a_sender_comes_before_a_use_of_a_choice_is_given_up_is_left_open() {
    for network in [|comes| gives_up(comes, false), |comes| gives_up(comes, true)] {
        assert_eq!(comes_to(network), BTreeSet::from([vec![0], vec![1]]));
    }
}

/// A waker of a part of a process: it wakes the process unless another part has.
struct Part {
    is_woken: AtomicBool,
    whole: Arc<Mutex<Option<Waker>>>,
}

impl Wake for Part {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::Relaxed);
        let whole = self.whole.lock().unwrap().take();
        whole.into_iter().for_each(Waker::wake);
    }
}

async fn whoever_has_woken(comes: Comes, swapped: bool) -> Outcome {
    let ((one, first), (other, second)) = (channel(), channel());
    let whole: Arc<Mutex<Option<Waker>>> = Arc::default();
    let mut parts = [second, first].map(|from| {
        let part = Arc::new(Part { is_woken: AtomicBool::new(true), whole: Arc::clone(&whole) });
        (part, Box::pin(async move { from.recv().await }))
    });
    let mut senders = Some([(0, one), (1, other)]);
    let came = poll_fn(|cx| {
        *whole.lock().unwrap() = Some(cx.waker().clone());
        for (part, wait) in &mut parts {
            if part.is_woken.swap(false, Ordering::Relaxed)
                && let Poll::Ready(came) = wait.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(part))))
            {
                return Poll::Ready(came);
            }
        }
        if let Some(mut senders) = senders.take() {
            if swapped {
                senders.reverse();
            }
            senders.into_iter().for_each(|(number, to)| sends(number, to));
        }
        Poll::Pending
    })
    .await?;
    comes.lock().unwrap().insert(vec![came]);
    Ok(())
}

#[test]
fn which_part_of_a_process_is_served_when_it_looks_is_left_open() {
    for network in [|comes| whoever_has_woken(comes, false), |comes| whoever_has_woken(comes, true)] {
        assert_eq!(comes_to(network), BTreeSet::from([vec![0], vec![1]]));
    }
}

/// A body on its thread is served and ended, once it waits.
async fn served_or_ended(comes: Comes, swapped: bool) -> Outcome {
    let (to, from) = channel();
    let ((go_send, may_send), (go_fail, may_fail)) = (channel_unbounded::<()>(), channel_unbounded::<()>());
    let waits = blocking("waits", move || {
        go_send.try_send(())?;
        go_fail.try_send(())?;
        let is_served = from.recv_blocking().is_ok();
        comes.lock().unwrap().insert(vec![usize::from(is_served)]);
        Outcome::Ok(())
    });
    let fails = Process::new("fails", async move {
        may_fail.recv().await?;
        Err::<(), _>(Failure::new("it ends the others"))
    });
    let sends = move || {
        drop(spawn(async move {
            may_send.recv().await?;
            let _ = to.send(7).await;
            Outcome::Ok(())
        }));
    };
    let scope = async move { drop(par![waits, fails].await) };
    if swapped {
        let scope = spawn(Process::new("scope", async move {
            scope.await;
            Outcome::Ok(())
        }));
        sends();
        scope.join().await
    } else {
        sends();
        scope.await;
        Ok(())
    }
}

#[test]
fn whether_a_thread_that_waits_is_served_before_it_is_ended_is_left_open() {
    for network in [|comes| served_or_ended(comes, false), |comes| served_or_ended(comes, true)] {
        assert_eq!(comes_to(network), BTreeSet::from([vec![0], vec![1]]));
    }
}
