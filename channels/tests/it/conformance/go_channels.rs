//! What Go's tests of channels show, as behaviours: waiting, buffers, the end of a channel, many at one channel.

use super::net::{ends, pause};
use super::{Net, On, Transport, drain};
use crate::support::{Either, Task, either, scale};
use rendez::{TryRecvError, TrySendError};
use rendez_macros::alt;

rows! {
    a_receive_from_an_empty_channel_waits,
    a_send_to_a_full_channel_waits,
    a_closed_channel_gives_what_is_in_it_and_then_its_end,
    a_close_wakes_who_receives,
    values_come_in_the_order_they_were_sent,
    four_senders_and_four_receivers,
    length_and_capacity,
    nonblock,
    fifo_through_a_chain_of_processes,
    goroutines,
    zerosize,
    closedchan,
    nonblock_recv_race,
    multi_consumer,
    many_counters_over_one_channel,
    chanlinear_many_choices_wait_at_two_channels,
}

const CAPACITIES: [usize; 6] = [0, 1, 2, 3, 10, 20];

/// runtime/chan_test.go, TestChan: receives from an empty channel.
async fn a_receive_from_an_empty_channel_waits<T: Transport>(net: Net<T>) {
    for capacity in CAPACITIES {
        let (tx, rx) = net.bounded(capacity);
        let mut receives = [Task::waiting(rx.recv()), Task::waiting(rx.recv())];
        net.settle().await;
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        for n in 0..2 {
            tx.send(n).await.unwrap();
        }
        net.settle().await;
        assert_eq!(receives.each_mut().map(Task::done), [Ok(0), Ok(1)], "who came first is served first");
    }
}

/// runtime/chan_test.go, TestChan: sends to a full channel.
async fn a_send_to_a_full_channel_waits<T: Transport>(net: Net<T>) {
    for capacity in CAPACITIES {
        let (tx, rx) = net.bounded(capacity);
        for n in 0..capacity {
            tx.send(n).await.unwrap();
        }
        let mut send = Task::waiting(tx.send(capacity));
        net.settle().await;
        assert!(matches!(tx.try_send(99), Err(TrySendError::Full(99))));
        assert_eq!(rx.recv().await, Ok(0));
        net.settle().await;
        assert_eq!(send.done(), Ok(()));
    }
}

/// runtime/chan_test.go, TestChan: receives from a closed channel.
async fn a_closed_channel_gives_what_is_in_it_and_then_its_end<T: Transport>(net: Net<T>) {
    for capacity in CAPACITIES {
        let (tx, rx) = net.bounded(capacity);
        for n in 0..capacity {
            tx.send(n).await.unwrap();
        }
        drop(tx);
        assert_eq!(drain(&rx).await, (0..capacity).collect::<Vec<_>>());
        for _ in 0..2 {
            assert_eq!(rx.next().await, Ok(None), "it stays so");
            assert!(rx.recv().await.unwrap_err().is_retired());
        }
    }
}

/// runtime/chan_test.go, TestChan: a close while somebody receives.
async fn a_close_wakes_who_receives<T: Transport>(net: Net<T>) {
    for capacity in CAPACITIES {
        let (tx, rx) = net.bounded::<u8>(capacity);
        let mut receive = Task::waiting(rx.next());
        net.settle().await;
        drop(tx);
        net.settle().await;
        assert!(receive.is_woken());
        assert_eq!(receive.done(), Ok(None));
    }
}

/// runtime/chan_test.go, TestChan: 100 values; fifo.go, the part with a buffer.
async fn values_come_in_the_order_they_were_sent<T: Transport>(net: Net<T>) {
    for capacity in CAPACITIES {
        let (tx, rx) = net.bounded(capacity);
        let sender = net.start(async move {
            for n in 0..scale(100) {
                tx.send(n).await.unwrap();
            }
        });
        assert_eq!(drain(&rx).await, (0..scale(100)).collect::<Vec<_>>());
        sender.end().await;
    }
}

/// runtime/chan_test.go, TestChan: four of each side.
async fn four_senders_and_four_receivers<T: Transport>(net: Net<T>) {
    const EACH: usize = scale(200);
    for capacity in CAPACITIES {
        let (tx, rx) = net.bounded(capacity);
        let senders = (0..4).map(|_| {
            let tx = tx.clone();
            net.start(async move {
                for n in 0..EACH {
                    tx.send(n).await.unwrap();
                }
            })
        });
        let senders: Vec<_> = senders.collect();
        let receivers = (0..4).map(|_| {
            let rx = rx.clone();
            net.start(async move {
                let mut counts = vec![0; EACH];
                for _ in 0..EACH {
                    counts[rx.recv().await.unwrap()] += 1;
                }
                counts
            })
        });
        let counts = ends(receivers.collect::<Vec<_>>()).await;
        assert!((0..EACH).all(|n| counts.iter().map(|counts| counts[n]).sum::<usize>() == 4));
        ends(senders).await;
    }
}

/// runtime/chan_test.go, TestChan, and chancap.go: how much is in a channel, and how much may be.
async fn length_and_capacity<T: Transport>(net: Net<T>) {
    for capacity in CAPACITIES {
        let (tx, rx) = net.bounded(capacity);
        assert_eq!(rx.inspect().depth, 0);
        for n in 0..capacity {
            tx.try_send(n).unwrap();
        }
        net.settle().await;
        assert!(tx.try_send(99).is_err());
        assert_eq!((rx.inspect().depth, rx.inspect().high_water), (capacity as u64, capacity as u64));
    }
}

/// nonblock.go: attempts while a peer comes, with a buffer and without.
async fn nonblock<T: Transport>(net: Net<T>) {
    for capacity in 0..2 {
        let (tx, rx) = net.bounded(capacity);
        let attempt = alt! { _ = rx.recv() => true, else => false };
        assert!(!attempt, "nobody sends");
        let its_own = rx.clone();
        let receiver = net.start(async move { its_own.recv().await });
        while alt! { sent = tx.send("there") => sent.is_err(), else => true } {
            pause().await;
        }
        assert_eq!(receiver.end().await, Ok("there"));
        let sender = net.start(async move { tx.send("back").await });
        let received = loop {
            match rx.try_recv() {
                Err(TryRecvError::Empty) => pause().await,
                received => break received,
            }
        };
        assert_eq!(received, Ok("back"));
        sender.end().await.unwrap();
    }
}

/// fifo.go, the part without a buffer: each process hands a value on only after the one before it did.
async fn fifo_through_a_chain_of_processes<T: Transport>(net: Net<T>) {
    const CHAIN: usize = 10;
    let (values_tx, values) = net.channel();
    let (first, mut token) = net.channel();
    let mut members = Vec::new();
    for member in 0..CHAIN {
        let (next, its_token) = net.channel();
        let (values, token) = (values.clone(), std::mem::replace(&mut token, its_token));
        members.push(net.start(async move {
            token.recv().await.unwrap();
            assert_eq!(values.recv().await, Ok(member));
            next.send(()).await
        }));
    }
    first.send(()).await.unwrap();
    for value in 0..CHAIN {
        values_tx.send(value).await.unwrap();
    }
    token.recv().await.unwrap();
    assert!(ends(members).await.iter().all(Result::is_ok));
}

/// goroutines.go: a value goes through a long chain, and is one more at each process.
async fn goroutines<T: Transport>(net: Net<T>) {
    let length = if matches!(net.on(), On::OneThread | On::TwoWorkers) { scale(2_000) } else { scale(50) };
    let (leftmost_tx, leftmost) = net.channel();
    let mut left = leftmost_tx;
    let mut chain = Vec::new();
    for _ in 0..length {
        let (right, from_right) = net.channel();
        let to_left = std::mem::replace(&mut left, right);
        chain.push(net.start(async move { to_left.send(1 + from_right.recv().await.unwrap()).await }));
    }
    left.send(0).await.unwrap();
    assert_eq!(leftmost.recv().await, Ok(length));
    assert!(ends(chain).await.iter().all(Result::is_ok));
}

/// zerosize.go: values of no size, and of a large one.
async fn zerosize<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.bounded(3);
    for _ in 0..3 {
        tx.send(()).await.unwrap();
    }
    drop(tx);
    assert_eq!(drain(&rx).await.len(), 3);
    let (tx, rx) = net.bounded(1);
    tx.send([7_u8; 32_768]).await.unwrap();
    assert!(rx.recv().await.unwrap().iter().all(|byte| *byte == 7));
}

/// closedchan.go: all operations on a channel that has ended, of either side; a send is an error, not a panic.
async fn closedchan<T: Transport>(net: Net<T>) {
    for capacity in [0, 2] {
        let (tx, rx) = net.bounded::<u8>(capacity);
        drop(tx);
        net.settle().await;
        for _ in 0..2 {
            assert_eq!(rx.next().await, Ok(None));
            assert!(matches!(rx.try_recv(), Err(TryRecvError::Ended(ended)) if ended.is_retired()));
            let in_a_choice = alt! { received = rx.next() => received, else => panic!("an end is an event") };
            assert_eq!(in_a_choice, Ok(None));
        }
        let (tx, rx) = net.bounded::<u8>(capacity);
        drop(rx);
        net.settle().await;
        for value in 0..2 {
            assert_eq!(tx.send(value).await.unwrap_err().into_value(), value);
            assert!(matches!(tx.try_send(value), Err(TrySendError::Ended(_))));
            let in_a_choice = alt! { sent = tx.send(value) => sent, else => panic!("an end is an event") };
            assert_eq!(in_a_choice.unwrap_err().into_value(), value);
        }
    }
}

/// runtime/chan_test.go, TestNonblockRecvRace: a channel with a value or an end in it is always ready.
async fn nonblock_recv_race<T: Transport>(net: Net<T>) {
    for _ in 0..scale(200) {
        let (tx, rx) = net.bounded(1);
        tx.send(1).await.unwrap();
        net.settle().await;
        let other = rx.clone();
        let receiver = net.start(async move {
            alt! { _ = other.next() => true, else => false }
        });
        drop(tx);
        rx.next().await.unwrap();
        assert!(receiver.end().await, "there was a value, or the end");
    }
}

/// runtime/chan_test.go, TestMultiConsumer: workers between two channels, a feeder that closes the first; the last worker's
/// end closes the second.
async fn multi_consumer<T: Transport>(net: Net<T>) {
    const WORKERS: usize = 8;
    const ITEMS: u64 = scale(2_000) as u64;
    const PRIMES: [u64; 10] = [2, 3, 7, 11, 13, 17, 19, 23, 27, 31];
    let (feed, work) = net.bounded(3 * WORKERS);
    let (done, results) = net.bounded(3 * WORKERS);
    let workers = (0..WORKERS).map(|worker| {
        let (work, done) = (work.clone(), done.clone());
        net.start(async move {
            while let Some(value) = work.next().await.unwrap() {
                if PRIMES[worker] == value {
                    pause().await;
                }
                done.send(value).await.unwrap();
            }
        })
    });
    let workers: Vec<_> = workers.collect();
    drop((work, done));
    let feeder = net.start(async move {
        let mut sum = 0;
        for value in PRIMES.into_iter().cycle().take(ITEMS as usize) {
            sum += value;
            feed.send(value).await.unwrap();
        }
        sum
    });
    let seen = drain(&results).await;
    ends(workers).await;
    assert_eq!((seen.len() as u64, seen.iter().sum::<u64>()), (ITEMS, feeder.end().await));
}

/// ken/chan1.go: each number arrives once at one of many receivers.
async fn many_counters_over_one_channel<T: Transport>(net: Net<T>) {
    const NUMBERS: usize = scale(1_000);
    let (tx, rx) = net.channel();
    let receivers = (0..8).map(|_| {
        let rx = rx.clone();
        net.start(async move { drain(&rx).await })
    });
    let receivers: Vec<_> = receivers.collect();
    for number in 0..NUMBERS {
        tx.send(number).await.unwrap();
    }
    drop(tx);
    let mut seen = ends(receivers).await.concat();
    seen.sort_unstable();
    assert_eq!(seen, (0..NUMBERS).collect::<Vec<_>>());
}

/// chanlinear.go: many choices wait at two channels, and each leaves the one where it was not served. (How long that takes
/// is for the benchmarks.)
async fn chanlinear_many_choices_wait_at_two_channels<T: Transport>(net: Net<T>) {
    const MANY: usize = scale(2_000);
    let ((tx, rx), (_idle_tx, idle)) = (net.channel(), net.channel::<usize>());
    let mut choices: Vec<_> = (0..MANY).map(|_| Task::waiting(either(rx.recv(), idle.recv()))).collect();
    for value in 0..MANY {
        tx.send(value).await.unwrap();
    }
    net.settle().await;
    for (value, choice) in choices.iter_mut().enumerate() {
        assert_eq!(choice.done(), Either::First(Ok(value)));
    }
}
