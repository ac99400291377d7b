//! Channels under loom, which runs every interleaving of two or three threads up to a bound on preemptions. Run by
//! `cargo xtask deep loom`; nothing is here without `--cfg loom`.
//!
//! Under loom the lock of a channel is loom's mutex, so that nothing here speaks of `lock.rs`.
#![cfg(loom)]

#[path = "loom/word.rs"]
mod word;

use loom::thread::{self, JoinHandle};
use rendez_channels::__private::{Guard, Order, choose};
use rendez_channels::{Alt, Barrier, CancellationToken, Receiver, Sender, broadcast, channel, channel_bounded};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// A waker that remembers whether it was woken. Not loom's: who was woken is asked when all threads have ended.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A future that is polled by hand, and again only when it was woken.
struct Task<F: Future> {
    future: Pin<Box<F>>,
    woken: Arc<Woken>,
    came: Option<F::Output>,
}

impl<F: Future> Task<F> {
    /// One that was polled once.
    fn started(future: F) -> Self {
        let mut task = Self { future: Box::pin(future), woken: Arc::default(), came: None };
        task.poll();
        task
    }

    fn poll(&mut self) {
        let waker = Waker::from(Arc::clone(&self.woken));
        if let Poll::Ready(came) = self.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            self.came = Some(came);
        }
    }
}

trait Drive {
    /// Polls if it was woken; says whether it was.
    fn drive(&mut self) -> bool;
}

impl<F: Future> Drive for Task<F> {
    fn drive(&mut self) -> bool {
        let is_to_poll = self.came.is_none() && self.woken.0.swap(false, Ordering::SeqCst);
        if is_to_poll {
            self.poll();
        }
        is_to_poll
    }
}

/// A thread that starts a future and drives it while it is woken.
fn spawn<F: Future + 'static>(future: F) -> JoinHandle<Task<F>> {
    thread::spawn(move || {
        let mut task = Task::started(future);
        while task.drive() {}
        task
    })
}

/// All threads have ended: whoever was woken goes on, until nobody is.
fn settle(tasks: &mut [&mut dyn Drive]) {
    while tasks.iter_mut().any(|task| task.drive()) {}
}

/// Pending once, and woken for that, but not after: who sleeps without cause must not be found awake.
async fn pause() {
    let mut is_over = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut is_over, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// What a future comes to at its first poll; it is dropped after that.
async fn poll_and_drop<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let polled = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
    match polled {
        Poll::Ready(came) => Some(came),
        Poll::Pending => None,
    }
}

/// A choice between a send and a receive: what it received, if that is what came.
async fn send_or_receive(tx: &Sender<u8>, value: u8, rx: &Receiver<u8>) -> Option<u8> {
    let (mut send, mut recv) = (pin!(tx.send(value)), pin!(rx.recv()));
    match choose(&mut [Some(send.as_mut()), Some(recv.as_mut())], Order::Listed, false).await {
        0 => send.output().map(|()| None).unwrap(),
        _ => recv.output().map(Some).unwrap(),
    }
}

/// A choice between two receives.
async fn receive_either(a: &Receiver<u8>, b: &Receiver<u8>) -> u8 {
    let (mut a, mut b) = (pin!(a.recv()), pin!(b.recv()));
    match choose(&mut [Some(a.as_mut()), Some(b.as_mut())], Order::Listed, false).await {
        0 => a.output().unwrap(),
        _ => b.output().unwrap(),
    }
}

#[test]
fn a_send_and_a_receive_meet() {
    loom::model(|| {
        let (tx, rx) = channel();
        let sender = spawn(async move { tx.send(1).await });
        let mut receive = Task::started(async move { rx.recv().await });
        let mut send = sender.join().unwrap();
        settle(&mut [&mut send, &mut receive]);
        assert_eq!((send.came, receive.came), (Some(Ok(())), Some(Ok(1))));
    });
}

#[test]
fn who_looks_while_it_is_served_sees_all_or_nothing() {
    loom::model(|| {
        let (tx, rx) = channel();
        let mut receive = Task::started(async move { rx.recv().await });
        let sender = spawn(async move { tx.send(1).await });
        // As if somebody else had woken it.
        receive.poll();
        let mut send = sender.join().unwrap();
        settle(&mut [&mut send, &mut receive]);
        assert_eq!((send.came, receive.came), (Some(Ok(())), Some(Ok(1))));
    });
}

#[test]
fn a_receive_that_is_dropped_hands_on_what_it_was_served() {
    loom::model(|| {
        let (tx, rx) = channel();
        let again = rx.clone();
        let dropped = Task::started(async move { rx.recv().await });
        let mut receive = Task::started(async move { again.recv().await });
        let sender = spawn(async move { tx.send(1).await });
        drop(dropped);
        let mut send = sender.join().unwrap();
        settle(&mut [&mut send, &mut receive]);
        assert_eq!((send.came, receive.came), (Some(Ok(())), Some(Ok(1))));
    });
}

#[test]
fn two_that_choose_meet_once() {
    loom::model(|| {
        let ((a_tx, a_rx), (b_tx, b_rx)) = (channel(), channel());
        let there = spawn(async move { send_or_receive(&a_tx, 1, &b_rx).await });
        let mut here = Task::started(async move { send_or_receive(&b_tx, 2, &a_rx).await });
        let mut there = there.join().unwrap();
        settle(&mut [&mut here, &mut there]);
        let came = (there.came, here.came);
        assert!(matches!(came, (Some(None), Some(Some(1))) | (Some(Some(2)), Some(None))), "{came:?}");
    });
}

#[test]
fn a_send_of_a_choice_is_not_over_before_its_value_is_taken() {
    loom::model(|| {
        let (tx, rx) = channel();
        let (_quiet, other) = channel::<u8>();
        let mut choosing = Task::started(async move { send_or_receive(&tx, 1, &other).await });
        let receiver = spawn(async move { rx.recv().await });
        // As if somebody else had woken it.
        choosing.poll();
        let mut receive = receiver.join().unwrap();
        settle(&mut [&mut choosing, &mut receive]);
        assert_eq!((choosing.came, receive.came), (Some(None), Some(Ok(1))));
    });
}

#[test]
fn a_commit_beats_poison_or_is_refused_on_both_sides() {
    loom::model(|| {
        let (tx, rx) = channel();
        let poisoner = tx.clone();
        let sender = spawn(async move { tx.send(1).await });
        let receiver = spawn(async move { rx.recv().await });
        poisoner.poison("the test says so");
        let (mut send, mut receive) = (sender.join().unwrap(), receiver.join().unwrap());
        settle(&mut [&mut send, &mut receive]);
        match (send.came.expect("it does not sleep"), receive.came.expect("it does not sleep")) {
            (Ok(()), Ok(1)) => {}
            (Err(error), Err(_)) => assert_eq!(*error.value(), 1, "it has its value again"),
            came => panic!("{came:?}"),
        }
    });
}

#[test]
fn who_waits_hears_that_the_other_side_has_gone() {
    loom::model(|| {
        let (tx, rx) = channel::<u8>();
        let receiver = spawn(async move { rx.next().await });
        drop(tx);
        let mut receive = receiver.join().unwrap();
        settle(&mut [&mut receive]);
        assert_eq!(receive.came, Some(Ok(None)));
    });
}

#[test]
fn a_permit_and_a_send_share_one_place() {
    loom::model(|| {
        let (tx, rx) = channel_bounded(1);
        let also = tx.clone();
        let reserver = spawn(async move { tx.reserve().await.unwrap().send(1) });
        let mut send = Task::started(async move { also.send(2).await });
        let mut reserve = reserver.join().unwrap();
        let mut receive = Task::started(async move { [rx.recv().await.unwrap(), rx.recv().await.unwrap()] });
        settle(&mut [&mut reserve, &mut send, &mut receive]);
        assert_eq!((reserve.came, send.came), (Some(Ok(())), Some(Ok(()))));
        assert!(matches!(receive.came, Some([1, 2] | [2, 1])), "{:?}", receive.came);
    });
}

#[test]
fn an_extended_receive_keeps_its_sender_until_it_is_done() {
    loom::model(|| {
        let (tx, rx) = channel();
        let acted = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&acted);
        let sender = spawn(async move {
            tx.send(1).await.unwrap();
            seen.load(Ordering::SeqCst)
        });
        let mut receive = Task::started(async move {
            let extended = rx.recv_extended().await.unwrap();
            acted.store(true, Ordering::SeqCst);
            drop(extended);
        });
        let mut send = sender.join().unwrap();
        settle(&mut [&mut send, &mut receive]);
        assert_eq!((send.came, receive.came), (Some(true), Some(())));
    });
}

#[test]
fn a_sender_that_comes_while_a_use_begins_is_seen() {
    loom::model(|| {
        let (tx, rx) = channel();
        // An end that has waited twice gets ready to wait at once, so that it looks once only.
        (0..2).for_each(|_| assert!(Task::started(async { tx.send(0).await }).came.is_none()));
        let mut choosing = Task::started(async move {
            let mut alt = Alt::new();
            alt.receive(&rx, |received| received.unwrap());
            assert!(alt.try_next().is_none(), "it stands on its list, idle");
            pause().await;
            alt.next().await
        });
        let sender = spawn(async move { tx.send(1).await });
        choosing.drive();
        let mut send = sender.join().unwrap();
        settle(&mut [&mut choosing, &mut send]);
        assert_eq!((choosing.came, send.came), (Some(Some(1)), Some(Ok(()))));
    });
}

#[test]
fn a_party_that_arrives_while_a_use_begins_is_seen() {
    loom::model(|| {
        let mut parties = Barrier::new().enrol_many(2);
        let (mut last, mut party) = (parties.pop().unwrap(), parties.pop().unwrap());
        let mut choosing = Task::started(async move {
            let mut alt = Alt::new();
            alt.once(party.sync(), |phase| phase);
            assert!(alt.try_next().is_none(), "it stands on its list, idle");
            pause().await;
            alt.next().await
        });
        let arriver = spawn(async move { last.sync().await });
        choosing.drive();
        let mut sync = arriver.join().unwrap();
        settle(&mut [&mut choosing, &mut sync]);
        assert_eq!((choosing.came, sync.came), (Some(Some(0)), Some(0)));
    });
}

/// `Y` claims itself for `X`, which somebody else gets; who met `Y` meanwhile must not be forgotten.
#[test]
fn who_is_met_while_it_is_claimed_looks_again() {
    loom::model(|| {
        let ((a_tx, a_rx), (b_tx, b_rx), (c_tx, c_rx)) = (channel(), channel(), channel());
        let mut y = Task::started(async move {
            let mut alt = Alt::new();
            alt.send(&c_tx, 3, |sent| sent.map(|()| 'c').unwrap());
            alt.send(&b_tx, 2, |sent| sent.map(|()| 'b').unwrap());
            assert!(alt.try_next().is_none(), "it stands on its lists, idle");
            pause().await;
            let came = alt.next().await.unwrap();
            drop(alt);
            (came, b_tx, c_tx)
        });
        let mut x = Task::started(async move { (receive_either(&a_rx, &b_rx).await, a_rx, b_rx) });
        let z = spawn(async move { a_tx.send(1).await });
        let w = spawn(async move { c_rx.recv().await });
        y.drive();
        let (mut z, mut w) = (z.join().unwrap(), w.join().unwrap());
        settle(&mut [&mut x, &mut y, &mut z, &mut w]);
        let (x, y) = (x.came.map(|came| came.0), y.came.map(|came| came.0));
        match (x, y) {
            (Some(1), Some('c')) => assert_eq!((z.came, w.came), (Some(Ok(())), Some(Ok(3)))),
            (Some(2), Some('b')) => assert_eq!((z.came, w.came), (None, None)),
            came => panic!("{came:?}"),
        }
    });
}

#[test]
fn a_reusable_choice_commits_to_a_sender_or_to_the_meeting_of_a_barrier() {
    loom::model(|| {
        let (tx, rx) = channel();
        let mut parties = Barrier::new().enrol_many(2);
        let (mut last, mut party) = (parties.pop().unwrap(), parties.pop().unwrap());
        let mut choosing = Task::started(async move {
            let mut alt = Alt::new();
            alt.receive(&rx, |received| Some(received.unwrap()));
            alt.once(party.sync(), |_| None);
            assert!(alt.try_next().is_none(), "it stands on both lists, idle");
            pause().await;
            let came = alt.next().await.unwrap();
            drop(alt);
            // Its ends stay, or the others would hear that they are gone.
            (came, rx, party)
        });
        let sender = spawn(async move { tx.send(1).await });
        let arriver = spawn(async move { last.sync().await });
        choosing.drive();
        let (mut send, mut sync) = (sender.join().unwrap(), arriver.join().unwrap());
        settle(&mut [&mut choosing, &mut send, &mut sync]);
        match choosing.came.expect("it does not sleep").0 {
            Some(1) => assert_eq!((send.came, sync.came), (Some(Ok(())), None)),
            None => assert_eq!((send.came, sync.came), (None, Some(0))),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_use_that_begins_while_the_last_one_is_claimed_is_met() {
    loom::model(|| {
        let ((a_tx, a_rx), (b_tx, b_rx)) = (channel(), channel());
        let mut alt_side = Task::started(async move {
            let mut alt = Alt::new();
            alt.receive(&a_rx, |received| Some(received.unwrap()));
            alt.send(&b_tx, 2, |sent| sent.map(|()| None).unwrap());
            assert!(alt.try_next().is_none());
            pause().await;
            // A use that is dropped, and the next at once.
            if let Some(came) = poll_and_drop(alt.next()).await {
                return came.unwrap();
            }
            alt.next().await.unwrap()
        });
        let there = spawn(async move { send_or_receive(&a_tx, 1, &b_rx).await });
        alt_side.drive();
        let mut there = there.join().unwrap();
        settle(&mut [&mut alt_side, &mut there]);
        let came = (there.came, alt_side.came);
        assert!(matches!(came, (Some(None), Some(Some(1))) | (Some(Some(2)), Some(None))), "{came:?}");
    });
}

#[test]
fn a_broadcast_wakes_who_waits_on_either_side() {
    loom::model(|| {
        let (tx, rx) = broadcast(1);
        let sender = spawn(async move {
            tx.send(1).await.unwrap();
            tx.send(2).await.unwrap();
        });
        let mut receive = Task::started(async move { [*rx.recv().await.unwrap(), *rx.recv().await.unwrap()] });
        let mut send = sender.join().unwrap();
        settle(&mut [&mut send, &mut receive]);
        assert_eq!((send.came, receive.came), (Some(()), Some([1, 2])));
    });
}

#[test]
fn a_cancelled_token_wakes_who_waits_for_it() {
    loom::model(|| {
        let token = CancellationToken::new();
        let child = token.child();
        let waiter = spawn(async move { child.cancelled().await });
        token.cancel();
        let mut wait = waiter.join().unwrap();
        settle(&mut [&mut wait]);
        assert_eq!(wait.came, Some(()));
    });
}
