//! What crossbeam-channel's tests of its three kinds of channels show, each on all kinds that it makes sense for.

use super::net::{ends, pause};
use super::{Net, Transport, drain};
use crate::support::{Task, moment, scale};
use rendez::{ChannelKind, Receiver, Sender, TryRecvError, TrySendError, after};
use rendez_macros::alt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

rows! {
    smoke,
    capacity,
    len_empty_full,
    len_while_both_sides_work,
    try_recv,
    recv_timeout,
    try_send,
    send_timeout,
    send_after_disconnect,
    recv_after_disconnect,
    disconnect_wakes_sender,
    disconnect_wakes_receiver,
    spsc,
    mpmc,
    stress_oneshot,
    stress_iter,
    stress_timeout_two_processes,
    drops,
    drop_unreceived,
    linearizable,
    channel_through_channel,
    recv_in_send,
    same_channel,
    iteration,
    use_while_a_thread_exits,
}

/// No buffer, a small one, and one without limit.
fn kinds<V: Send + 'static, T: Transport>(net: &Net<T>) -> [(Sender<V>, Receiver<V>); 3] {
    [net.channel(), net.bounded(3), net.unbounded()]
}

/// Those that hold a value.
fn buffered<V: Send + 'static, T: Transport>(net: &Net<T>) -> [(Sender<V>, Receiver<V>); 2] {
    let [_, small, unlimited] = kinds(net);
    [small, unlimited]
}

/// array.rs, list.rs: smoke. zero.rs: smoke.
async fn smoke<T: Transport>(net: Net<T>) {
    for (tx, rx) in buffered(&net) {
        tx.try_send(7).unwrap();
        net.settle().await;
        assert_eq!(rx.try_recv(), Ok(7));
        tx.send(8).await.unwrap();
        assert_eq!(rx.recv().await, Ok(8));
        net.settle().await;
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    }
    let (tx, rx) = net.channel();
    assert!(matches!(tx.try_send(7), Err(TrySendError::Full(7))));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
}

/// array.rs, list.rs, zero.rs: capacity.
async fn capacity<T: Transport>(net: Net<T>) {
    let [zero, small, unlimited] = kinds::<u8, _>(&net).map(|(tx, rx)| (tx.inspect().kind, rx.inspect().kind));
    assert_eq!(zero, (ChannelKind::Rendezvous, ChannelKind::Rendezvous));
    assert_eq!(small, (ChannelKind::Bounded(3), ChannelKind::Bounded(3)));
    assert_eq!(unlimited, (ChannelKind::Unbounded, ChannelKind::Unbounded));
}

/// array.rs, list.rs, zero.rs: len_empty_full.
async fn len_empty_full<T: Transport>(net: Net<T>) {
    for (tx, rx) in buffered(&net) {
        for length in 1..=3 {
            tx.send(()).await.unwrap();
            net.settle().await;
            assert_eq!((tx.inspect().depth, rx.inspect().depth), (length, length));
        }
        rx.recv().await.unwrap();
        net.settle().await;
        assert_eq!((tx.inspect().depth, rx.inspect().depth), (2, 2));
    }
    let (tx, rx) = net.channel();
    let _send = Task::waiting(tx.send(()));
    net.settle().await;
    assert_eq!((tx.inspect().depth, rx.inspect().depth), (0, 0), "what is offered is not in the channel");
}

/// array.rs, list.rs, zero.rs: len.
async fn len_while_both_sides_work<T: Transport>(net: Net<T>) {
    for (most, (tx, rx)) in [0, 3].into_iter().zip(kinds(&net)) {
        let looking = rx.clone();
        let receiver = net.start(async move {
            for n in 0..scale(300) {
                assert_eq!(rx.recv().await, Ok(n));
                assert!(rx.inspect().depth <= most);
            }
        });
        for n in 0..scale(300) {
            tx.send(n).await.unwrap();
            assert!(tx.inspect().depth <= most);
        }
        receiver.end().await;
        assert_eq!(looking.inspect().depth, 0);
    }
}

/// array.rs, list.rs, zero.rs: try_recv.
async fn try_recv<T: Transport>(net: Net<T>) {
    for (tx, rx) in kinds(&net) {
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        let mut send = Task::new(tx.send(7));
        let _ = send.poll();
        net.settle().await;
        assert_eq!(rx.try_recv(), Ok(7));
        drop(send);
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        drop(tx);
        net.settle().await;
        assert!(matches!(rx.try_recv(), Err(TryRecvError::Ended(_))));
    }
}

/// array.rs, list.rs, zero.rs: recv_timeout; list.rs: recv_timeout_nonempty_expired.
async fn recv_timeout<T: Transport>(net: Net<T>) {
    for (tx, rx) in kinds(&net) {
        let soon = Instant::now() + Duration::from_millis(2);
        assert_eq!(rx.recv_by(soon).await, Err(TryRecvError::Empty));
        assert!(Instant::now() >= soon, "not before its time");
        let sender = net.start(async move {
            tx.send(7).await.unwrap();
            tx
        });
        assert_eq!(rx.recv_by(far()).await, Ok(7));
        let tx = sender.end().await;
        let mut send = Task::new(tx.send(8));
        let _ = send.poll();
        net.settle().await;
        assert_eq!(rx.recv_by(soon).await, Ok(8), "it was there, though the time has passed");
        drop(send);
        drop(tx);
        assert!(matches!(rx.recv_by(far()).await, Err(TryRecvError::Ended(_))));
    }
}

/// array.rs, list.rs, zero.rs: try_send.
async fn try_send<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.bounded(1);
    tx.try_send(1).unwrap();
    assert!(matches!(tx.try_send(2), Err(TrySendError::Full(2))));
    assert_eq!(rx.recv().await, Ok(1));
    net.settle().await;
    tx.try_send(3).unwrap();
    drop(rx);
    net.settle().await;
    assert!(matches!(tx.try_send(4), Err(TrySendError::Ended(error)) if *error.value() == 4));
    let (tx, rx) = net.channel();
    let mut receive = Task::waiting(rx.recv());
    net.settle().await;
    tx.try_send(5).unwrap();
    net.settle().await;
    assert_eq!(receive.done(), Ok(5));
}

/// array.rs, list.rs, zero.rs: send_timeout.
async fn send_timeout<T: Transport>(net: Net<T>) {
    let [(zero_tx, zero), (tx, rx), (unlimited, _held)] = kinds(&net);
    let soon = || Instant::now() + Duration::from_millis(2);
    assert_eq!(zero_tx.send_by(1, soon()).await, Err(TrySendError::Full(1)));
    for n in 0..3 {
        assert_eq!(tx.send_by(n, soon()).await, Ok(()));
        assert_eq!(unlimited.send_by(n, soon()).await, Ok(()));
    }
    assert_eq!(tx.send_by(3, soon()).await, Err(TrySendError::Full(3)));
    let receiver = net.start(async move { (zero.recv().await, rx.recv().await, rx) });
    assert_eq!(zero_tx.send_by(4, far()).await, Ok(()));
    assert_eq!(tx.send_by(5, far()).await, Ok(()));
    let (four, zero, rx) = receiver.end().await;
    assert_eq!((four, zero), (Ok(4), Ok(0)));
    drop(rx);
    net.settle().await;
    assert!(matches!(tx.send_by(6, far()).await, Err(TrySendError::Ended(error)) if *error.value() == 6));
}

/// array.rs, list.rs: send_after_disconnect.
async fn send_after_disconnect<T: Transport>(net: Net<T>) {
    for (tx, rx) in kinds(&net) {
        drop(rx);
        net.settle().await;
        assert_eq!(tx.send(1).await.unwrap_err().into_value(), 1);
        assert!(matches!(tx.try_send(2), Err(TrySendError::Ended(_))));
        assert!(matches!(tx.send_by(3, far()).await, Err(TrySendError::Ended(_))));
    }
}

/// array.rs, list.rs: recv_after_disconnect.
async fn recv_after_disconnect<T: Transport>(net: Net<T>) {
    for (tx, rx) in buffered(&net) {
        for n in 0..3 {
            tx.send(n).await.unwrap();
        }
        drop(tx);
        for n in 0..3 {
            assert_eq!(rx.recv().await, Ok(n));
        }
        assert!(rx.recv().await.unwrap_err().is_retired());
    }
}

/// array.rs, zero.rs, select_macro.rs: disconnect_wakes_sender.
async fn disconnect_wakes_sender<T: Transport>(net: Net<T>) {
    for capacity in [0, 1] {
        let (tx, rx) = net.bounded(capacity);
        for n in 0..capacity {
            tx.send(n).await.unwrap();
        }
        let in_a_choice = tx.clone();
        let senders = [
            net.start(async move { tx.send(8).await.map_err(|error| error.into_value()) }),
            net.start(async move {
                alt! { sent = in_a_choice.send(9) => sent.map_err(|error| error.into_value()) }
            }),
        ];
        pause().await;
        drop(rx);
        assert_eq!(ends(senders).await, [Err(8), Err(9)]);
    }
}

/// array.rs, list.rs, zero.rs, select_macro.rs: disconnect_wakes_receiver.
async fn disconnect_wakes_receiver<T: Transport>(net: Net<T>) {
    for (tx, rx) in kinds::<u8, _>(&net) {
        let in_a_choice = rx.clone();
        let receivers = [
            net.start(async move { rx.next().await }),
            net.start(async move {
                alt! { received = in_a_choice.next() => received }
            }),
        ];
        pause().await;
        drop(tx);
        assert_eq!(ends(receivers).await, [Ok(None), Ok(None)]);
    }
}

/// array.rs, list.rs, zero.rs: spsc.
async fn spsc<T: Transport>(net: Net<T>) {
    for (tx, rx) in kinds(&net) {
        let receiver = net.start(async move { drain(&rx).await });
        for n in 0..scale(1_000) {
            tx.send(n).await.unwrap();
        }
        drop(tx);
        assert_eq!(receiver.end().await, (0..scale(1_000)).collect::<Vec<_>>());
    }
}

/// array.rs, list.rs, zero.rs: mpmc. Of each sender, each receiver sees values in their order.
async fn mpmc<T: Transport>(net: Net<T>) {
    const EACH: usize = scale(300);
    for (tx, rx) in kinds(&net) {
        let senders = (0..4).map(|sender| {
            let tx = tx.clone();
            net.start(async move {
                for n in 0..EACH {
                    tx.send((sender, n)).await.unwrap();
                }
            })
        });
        let senders: Vec<_> = senders.collect();
        let receivers = (0..4).map(|_| {
            let rx = rx.clone();
            net.start(async move { drain(&rx).await })
        });
        let receivers: Vec<_> = receivers.collect();
        drop((tx, rx));
        ends(senders).await;
        let seen = ends(receivers).await;
        for seen in &seen {
            assert!((0..4).all(|sender| seen.iter().filter(|(from, _)| *from == sender).is_sorted()));
        }
        let mut all = seen.concat();
        all.sort_unstable();
        assert!(all.into_iter().eq((0..4).flat_map(|sender| (0..EACH).map(move |n| (sender, n)))));
    }
}

/// array.rs, list.rs, zero.rs: stress_oneshot.
async fn stress_oneshot<T: Transport>(net: Net<T>) {
    for _ in 0..scale(50) {
        for (tx, rx) in kinds(&net) {
            let receiver = net.start(async move { rx.recv().await });
            let sender = net.start(async move { tx.send(0).await });
            assert_eq!((receiver.end().await, sender.end().await), (Ok(0), Ok(())));
        }
    }
}

/// array.rs, list.rs, zero.rs: stress_iter; iter.rs: recv_try_iter.
async fn stress_iter<T: Transport>(net: Net<T>) {
    for (requests, answers) in kinds(&net).into_iter().zip(kinds(&net)) {
        let ((ask, asked), (answer, answered)) = (requests, answers);
        let asking = net.start(async move {
            let mut count = 0;
            loop {
                while let Ok(one) = answered.try_recv() {
                    count += one;
                    if count == scale(100) {
                        return;
                    }
                }
                let _ = ask.try_send(());
                pause().await;
            }
        });
        while let Some(()) = asked.next().await.unwrap() {
            if answer.send(1).await.is_err() {
                break;
            }
        }
        asking.end().await;
    }
}

/// array.rs, list.rs, zero.rs: stress_timeout_two_threads. Who is late tries again, and nothing is lost or doubled.
async fn stress_timeout_two_processes<T: Transport>(net: Net<T>) {
    for (tx, rx) in kinds(&net) {
        let sender = net.start(async move {
            for n in 0..scale(30) {
                let mut slot = Some(n);
                while slot.is_some() {
                    let late = alt! {
                        sent = tx.send_from(&mut slot) => { sent.unwrap(); false },
                        _ = after(moment(50)) => true,
                    };
                    if late {
                        pause().await;
                    }
                }
            }
        });
        for n in 0..scale(30) {
            let received = loop {
                match rx.recv_by(Instant::now() + moment(70)).await {
                    Err(TryRecvError::Empty) => pause().await,
                    received => break received,
                }
            };
            assert_eq!(received, Ok(n));
        }
        sender.end().await;
    }
}

/// A value that is counted.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        // Relaxed: read after the processes that drop have been waited for.
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// array.rs, list.rs, zero.rs: drops. Each value is dropped once, by who received it or with the channel.
async fn drops<T: Transport>(net: Net<T>) {
    const SENT: usize = scale(100);
    for (tx, rx) in kinds(&net) {
        let dropped = Arc::new(AtomicUsize::new(0));
        let receiving = rx.clone();
        let receiver = net.start(async move {
            for _ in 0..SENT {
                assert!(receiving.recv().await.is_ok());
            }
        });
        for _ in 0..SENT {
            assert!(tx.send(Counted(Arc::clone(&dropped))).await.is_ok());
        }
        receiver.end().await;
        assert_eq!(dropped.load(Ordering::Relaxed), SENT);
        let left = (0..3).filter(|_| tx.try_send(Counted(Arc::clone(&dropped))).is_ok()).count();
        let refused = 3 - left;
        assert_eq!(dropped.load(Ordering::Relaxed), SENT + refused);
        drop((tx, rx));
        net.settle().await;
        assert_eq!(dropped.load(Ordering::Relaxed), SENT + 3);
    }
}

/// array.rs: drop_unreceived. What was not received is dropped with the last end; until then the sender may take it back.
async fn drop_unreceived<T: Transport>(net: Net<T>) {
    for (tx, rx) in buffered(&net) {
        let dropped = Arc::new(AtomicUsize::new(0));
        assert!(tx.send(Counted(Arc::clone(&dropped))).await.is_ok());
        net.settle().await;
        drop(rx);
        net.settle().await;
        assert_eq!((dropped.load(Ordering::Relaxed), tx.inspect().depth), (0, 1));
        drop(tx);
        net.settle().await;
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    }
}

/// array.rs, list.rs: linearizable. Who has put a value in finds one.
async fn linearizable<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.bounded(4);
    for (tx, rx) in [(tx, rx), net.unbounded()] {
        let processes = (0..4).map(|_| {
            let (net, tx, rx) = (net.clone(), tx.clone(), rx.clone());
            net.clone().start(async move {
                for n in 0..scale(200) {
                    tx.send(n).await.unwrap();
                    net.settle().await;
                    assert!(rx.try_recv().is_ok());
                }
            })
        });
        ends(processes.collect::<Vec<_>>()).await;
    }
}

/// A channel whose values are the next channel.
struct Next(Receiver<Self>);

/// array.rs, list.rs, zero.rs, select.rs: channel_through_channel.
async fn channel_through_channel<T: Transport>(net: Net<T>) {
    const LINKS: usize = scale(100);
    for capacity in 0..3 {
        let (mut tx, mut rx) = net.bounded(capacity);
        let makers = net.clone();
        let sender = net.start(async move {
            for link in 0..LINKS {
                let (next_tx, next) = makers.bounded(capacity);
                let sent = if link % 2 == 0 {
                    tx.send(Next(next)).await
                } else {
                    alt! { sent = tx.send(Next(next)) => sent }
                };
                assert!(sent.is_ok());
                tx = next_tx;
            }
        });
        for link in 0..LINKS {
            let received = if link % 3 == 0 {
                alt! { received = rx.recv() => received }
            } else {
                rx.recv().await
            };
            let Ok(Next(next)) = received else { panic!("link {link}") };
            rx = next;
        }
        sender.end().await;
        assert!(rx.recv().await.is_err());
    }
}

/// array.rs, list.rs, zero.rs: recv_in_send. What a guard sends may come from the same channel.
async fn recv_in_send<T: Transport>(net: Net<T>) {
    for (tx, rx) in buffered(&net) {
        tx.send(1).await.unwrap();
        net.settle().await;
        alt! { sent = tx.send(rx.try_recv().unwrap() + 1) => sent.unwrap() }
        assert_eq!(rx.recv().await, Ok(2));
    }
}

/// same_channel.rs: whether two ends are of one channel, its ids tell.
async fn same_channel<T: Transport>(net: Net<T>) {
    let [(tx, rx), (other_tx, other), _] = kinds::<u8, _>(&net);
    assert_eq!((tx.id(), rx.id()), (tx.clone().id(), rx.clone().id()));
    assert_ne!((tx.id(), rx.id()), (other_tx.id(), other.id()));
}

/// iter.rs: a receiver in a loop, until its senders are gone or it has enough.
async fn iteration<T: Transport>(net: Net<T>) {
    for (tx, rx) in kinds(&net) {
        let (total_tx, total) = net.channel();
        let adder = net.start(async move {
            let mut sum = 0;
            while let Some(n) = rx.next().await.unwrap() {
                sum += n;
                if sum >= 1_000 {
                    break;
                }
            }
            drop(rx);
            total_tx.send(sum).await.unwrap();
        });
        for n in [3, 1, 2] {
            tx.send(n).await.unwrap();
        }
        drop(tx);
        assert_eq!(total.recv().await, Ok(6));
        adder.end().await;
    }
    let (tx, rx) = net.channel();
    let enough = net.start(async move {
        while let Some(n) = rx.next().await.unwrap() {
            if n == 2 {
                break;
            }
        }
    });
    let mut n = 0;
    while tx.send(n).await.is_ok() {
        n += 1;
    }
    assert_eq!(n, 3, "who has enough is not sent to any more");
    enough.end().await;
}

/// thread_locals.rs: a channel is used by a thread that has already given up its thread-locals.
async fn use_while_a_thread_exits<T: Transport>(_: Net<T>) {
    struct Last;
    impl Drop for Last {
        fn drop(&mut self) {
            let (tx, rx) = rendez::channel_bounded(1);
            tx.send_blocking(1).unwrap();
            assert_eq!(rx.recv_blocking(), Ok(1));
            let late = rendez::block_on(crate::support::either(rx.recv(), after(Duration::from_millis(1))));
            assert_eq!(late, Ok(crate::support::Either::Second(())));
        }
    }
    thread_local!(static LAST: Last = const { Last });
    let thread = std::thread::spawn(|| {
        LAST.with(|_| ());
        let (tx, rx) = rendez::channel_bounded(1);
        tx.send_blocking(1).unwrap();
        rx.recv_blocking().unwrap()
    });
    assert_eq!(thread.join().unwrap(), 1);
}

fn far() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}
