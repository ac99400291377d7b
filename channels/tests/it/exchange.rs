//! One and many writers and readers, plain and choosing, with and without buffers, on threads and tasks.
//!
//! The shapes are those of PyCSP's own test suite: each value arrives exactly once, and the writers' end ends the readers.

use crate::support::{Watchdog, arms, either};
use rendez::__private::{Guard, Order, choose};
use rendez::{Ended, Receiver, Sender, after, block_on, channel_bounded};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ITEMS: u64 = 40;
const CAPACITIES: [usize; 5] = [0, 1, 5, 10, 20];

/// How a party comes by its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// Awaits the operation on one channel.
    Task,
    /// Blocks a thread in it.
    Thread,
    /// Chooses among all channels.
    Choice,
    /// Chooses among all channels, on a thread.
    ChoiceOnThread,
}

const PLAIN: [By; 2] = [By::Task, By::Thread];
const CHOOSING: [By; 2] = [By::Choice, By::ChoiceOnThread];

#[test]
fn one_to_one_many_to_one_one_to_many_and_many_to_many() {
    for (writers, readers) in [(1, 1), (4, 1), (1, 4), (4, 4), (5, 5), (3, 3)] {
        for capacity in CAPACITIES {
            for (write, read) in pairs(&PLAIN, &PLAIN) {
                exchange(1, capacity, (writers, write), (readers, read));
            }
        }
    }
}

#[test]
fn many_writers_to_one_reader_that_chooses() {
    for capacity in CAPACITIES {
        for (write, read) in pairs(&PLAIN, &CHOOSING) {
            exchange(4, capacity, (4, write), (1, read));
        }
    }
}

#[test]
fn one_writer_that_chooses_to_many_readers() {
    for capacity in CAPACITIES {
        for (write, read) in pairs(&CHOOSING, &PLAIN) {
            exchange(4, capacity, (1, write), (4, read));
        }
    }
}

#[test]
fn many_that_choose_on_both_sides() {
    for capacity in CAPACITIES {
        for (write, read) in pairs(&CHOOSING, &CHOOSING) {
            exchange(4, capacity, (4, write), (4, read));
        }
    }
}

#[test]
fn choices_and_plain_operations_on_both_sides() {
    for capacity in CAPACITIES {
        exchange(4, capacity, (8, By::Choice), (8, By::Task));
        exchange(4, capacity, (8, By::Thread), (4, By::Choice));
    }
}

#[test]
fn a_writer_may_finish_before_there_is_a_reader() {
    let (tx, rx) = channel_bounded(40);
    (0..ITEMS).try_for_each(|n| tx.send_blocking(n)).unwrap();
    drop(tx);
    let seen: Vec<_> = std::iter::from_fn(|| rx.next_blocking().unwrap()).collect();
    assert_eq!(seen, (0..ITEMS).collect::<Vec<_>>());
}

#[test]
fn poison_after_the_last_item_of_a_rendezvous_comes_after_all_items() {
    let (tx, rx) = channel_bounded(0);
    let writer = std::thread::spawn(move || {
        (0..10).try_for_each(|n| tx.send_blocking(n)).unwrap();
        tx.poison("done");
    });
    let mut seen = Vec::new();
    let ended = loop {
        match rx.recv_blocking() {
            Ok(n) => seen.push(n),
            Err(ended) => break ended,
        }
    };
    writer.join().unwrap();
    assert_eq!(seen, (0..10).collect::<Vec<_>>());
    assert!(matches!(ended, Ended::Poisoned(poison) if poison.cause == "done"));
}

#[test]
fn poison_inside_choices_ends_all_of_them() {
    let (_watchdog, (txs, rxs)) = Watchdog::over(|| channels(4, 0));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let runtime = runtime();
    let readers: Vec<_> = (0..4).map(|_| runtime.spawn(read(By::Choice, rxs.clone(), 0, Arc::clone(&seen)))).collect();
    let writers = (0..4).map(|writer| {
        let txs = txs.clone();
        runtime.spawn(async move {
            let sent = write(By::Choice, txs.clone(), writer).await;
            txs.iter().for_each(|tx| tx.poison("enough"));
            sent
        })
    });
    let sent: u64 = writers.collect::<Vec<_>>().into_iter().map(|writer| runtime.block_on(writer).unwrap()).sum();
    readers.into_iter().for_each(|reader| runtime.block_on(reader).unwrap());
    assert!(sent >= ITEMS, "one of the writers got through");
    assert_eq!(seen.lock().unwrap().len() as u64, sent, "what was committed arrived");
}

#[test]
fn a_timer_against_one_late_send() {
    let (tx, rx) = channel_bounded(0);
    let writer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        tx.send_blocking(1)
    });
    let mut timeouts = 0;
    let got = loop {
        match block_on(either(rx.recv(), after(Duration::from_millis(5)))).unwrap() {
            crate::support::Either::First(got) => break got,
            crate::support::Either::Second(()) => timeouts += 1,
        }
    };
    assert_eq!(got, Ok(1));
    assert!(timeouts >= 1);
    writer.join().unwrap().unwrap();
}

fn pairs(a: &[By], b: &[By]) -> Vec<(By, By)> {
    a.iter().flat_map(|a| b.iter().map(move |b| (*a, *b))).collect()
}

fn channels(count: usize, capacity: usize) -> (Vec<Sender<u64>>, Vec<Receiver<u64>>) {
    (0..count).map(|_| channel_bounded(capacity)).unzip()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap()
}

/// Every writer sends its items over `count` channels, every reader reads until all are retired.
fn exchange(count: usize, capacity: usize, (writers, write_by): (u64, By), (readers, read_by): (u64, By)) {
    let (_watchdog, (txs, rxs)) = Watchdog::over(|| channels(count, capacity));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let runtime = runtime();
    let mut parties: Vec<Pin<Box<dyn Future<Output = ()> + Send>>> = Vec::new();
    let (mut threads, mut tasks) = (Vec::new(), Vec::new());
    for writer in 0..writers {
        let txs = txs.clone();
        parties.push(Box::pin(async move { assert_eq!(write(write_by, txs, writer).await, ITEMS) }));
    }
    for reader in 0..readers {
        parties.push(Box::pin(read(read_by, rxs.clone(), reader, Arc::clone(&seen))));
    }
    drop((txs, rxs));
    for (number, party) in parties.into_iter().enumerate() {
        let by = if number as u64 >= writers { read_by } else { write_by };
        if matches!(by, By::Thread | By::ChoiceOnThread) {
            threads.push(std::thread::spawn(move || block_on(party).unwrap()));
        } else {
            tasks.push(runtime.spawn(party));
        }
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    tasks.into_iter().for_each(|task| runtime.block_on(task).unwrap());
    let mut seen = std::mem::take(&mut *seen.lock().unwrap());
    seen.sort_unstable();
    let all: Vec<_> = (0..writers * ITEMS).collect();
    assert_eq!(seen, all, "{count} channels of {capacity}: {writers} {write_by:?} to {readers} {read_by:?}");
}

/// Sends the writer's items until the channels end; how many were sent.
async fn write(by: By, txs: Vec<Sender<u64>>, writer: u64) -> u64 {
    let own = &txs[writer as usize % txs.len()];
    let mut sent = 0;
    for item in writer * ITEMS..(writer + 1) * ITEMS {
        let outcome = match by {
            By::Task => own.send(item).await,
            By::Thread => own.send_blocking(item),
            By::Choice | By::ChoiceOnThread => {
                let mut sends: Vec<_> = txs.iter().map(|tx| Box::pin(tx.send(item))).collect();
                let number = choose(&mut arms(&mut sends), Order::Fair, false).await;
                sends[number].as_mut().output()
            }
        };
        if outcome.is_err() {
            return sent;
        }
        sent += 1;
    }
    sent
}

/// Reads until all channels have ended.
async fn read(by: By, mut rxs: Vec<Receiver<u64>>, reader: u64, seen: Arc<Mutex<Vec<u64>>>) {
    let own = rxs[reader as usize % rxs.len()].clone();
    loop {
        let received = match by {
            By::Task => own.recv().await,
            By::Thread => own.recv_blocking(),
            By::Choice | By::ChoiceOnThread => {
                let mut receives: Vec<_> = rxs.iter().map(|rx| Box::pin(rx.recv())).collect();
                let number = choose(&mut arms(&mut receives), Order::Fair, false).await;
                let received = receives[number].as_mut().output();
                if received.is_err() {
                    drop(receives);
                    rxs.remove(number);
                }
                received
            }
        };
        match received {
            Ok(item) => seen.lock().unwrap().push(item),
            Err(_) if matches!(by, By::Choice | By::ChoiceOnThread) && !rxs.is_empty() => {}
            Err(_) => return,
        }
    }
}
