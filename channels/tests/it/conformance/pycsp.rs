//! The shapes of PyCSP's test suite: one and many writers and readers, plain and choosing, with and without buffers. Each
//! value arrives exactly once, and the writers' end ends the readers.

use super::net::{ends, pause};
use super::{Net, Transport};
use crate::support::{Either, arms, either, moment, scale};
use rendez::__private::{Guard, Order, choose};
use rendez::{Alt, Ended, Receiver, Sender, after};
use rendez_macros::alt;

rows! {
    one_to_one,
    any_to_one,
    one_to_any,
    any_to_any,
    any_to_one_that_chooses,
    one_that_chooses_to_any,
    any_that_choose_to_any_that_choose,
    plain_and_choosing_on_both_sides,
    a_writer_may_finish_before_there_is_a_reader,
    paces_change_nothing,
    poison_after_the_last_item_comes_after_all_items,
    poison_by_one_of_many_ends_all,
    poison_inside_choices_ends_all_of_them,
    iteration_ends_with_retirement_and_fails_with_poison,
    a_skip_is_taken_only_when_nobody_writes,
    timeouts_and_writers_share_a_choice,
    a_timer_against_one_late_send,
    priority_is_kept_among_writers,
}

const ITEMS: u64 = scale(40) as u64;
const CAPACITIES: [usize; 5] = [0, 1, 5, 10, 20];

/// How a party operates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// On one channel.
    Plain,
    /// A choice among all channels, made afresh each time.
    Choice(Order),
    /// A choice among all channels that is used again and again.
    Reusable,
}

const CHOOSING: [By; 3] = [By::Choice(Order::Fair), By::Choice(Order::Listed), By::Reusable];

/// autotest, commtest, buffertest: One2One.
async fn one_to_one<T: Transport>(net: Net<T>) {
    exchange_over_all_buffers(&net, 1, (1, By::Plain), (1, By::Plain)).await;
}

/// commtest, buffertest: Any2One; with 5 writers as the successors of PyCSP have it.
async fn any_to_one<T: Transport>(net: Net<T>) {
    for writers in [4, 5] {
        exchange_over_all_buffers(&net, 1, (writers, By::Plain), (1, By::Plain)).await;
    }
}

/// commtest, buffertest: One2Any.
async fn one_to_any<T: Transport>(net: Net<T>) {
    for readers in [4, 5] {
        exchange_over_all_buffers(&net, 1, (1, By::Plain), (readers, By::Plain)).await;
    }
}

/// autotest, commtest, buffertest: Any2Any.
async fn any_to_any<T: Transport>(net: Net<T>) {
    for count in [3, 4, 5] {
        exchange_over_all_buffers(&net, 1, (count, By::Plain), (count, By::Plain)).await;
    }
}

/// autotest: Any2One_Alting, _FairAlting, _PriAlting.
async fn any_to_one_that_chooses<T: Transport>(net: Net<T>) {
    for by in CHOOSING {
        exchange_over_all_buffers(&net, 4, (4, By::Plain), (1, by)).await;
    }
}

/// commtest: One_Alting2Any.
async fn one_that_chooses_to_any<T: Transport>(net: Net<T>) {
    for by in CHOOSING {
        exchange_over_all_buffers(&net, 4, (1, by), (4, By::Plain)).await;
    }
}

/// commtest, buffertest: Any_Alting2Any_Alting.
async fn any_that_choose_to_any_that_choose<T: Transport>(net: Net<T>) {
    for write in CHOOSING {
        for read in CHOOSING {
            exchange(&net, 4, 0, (4, write), (4, read)).await;
            exchange(&net, 4, 5, (4, write), (4, read)).await;
        }
    }
}

/// The successors of PyCSP mix them.
async fn plain_and_choosing_on_both_sides<T: Transport>(net: Net<T>) {
    for by in CHOOSING {
        exchange_over_all_buffers(&net, 4, (4, by), (8, By::Plain)).await;
        exchange_over_all_buffers(&net, 4, (8, By::Plain), (4, by)).await;
    }
}

/// buffertest: Buffer.
async fn a_writer_may_finish_before_there_is_a_reader<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.bounded(ITEMS as usize);
    for item in 0..ITEMS {
        tx.send(item).await.unwrap();
    }
    drop(tx);
    let reader = net.start(async move { super::drain(&rx).await });
    assert_eq!(reader.end().await, (0..ITEMS).collect::<Vec<_>>());
}

/// All of commtest is run with fast and slow writers and readers.
async fn paces_change_nothing<T: Transport>(net: Net<T>) {
    for (write_pace, read_pace) in [(0, 0), (0, 3), (3, 0), (2, 3)] {
        let (tx, rx) = net.channel();
        let writer = net.start(async move {
            for item in 0..ITEMS {
                for _ in 0..write_pace {
                    pause().await;
                }
                tx.send(item).await.unwrap();
            }
        });
        let mut seen = Vec::new();
        while let Some(item) = rx.next().await.unwrap() {
            seen.push(item);
            for _ in 0..read_pace {
                pause().await;
            }
        }
        writer.end().await;
        assert_eq!(seen, (0..ITEMS).collect::<Vec<_>>());
    }
}

/// poisontest: One2One, 10 of 10.
async fn poison_after_the_last_item_comes_after_all_items<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.channel();
    let writer = net.start(async move {
        for item in 0..10 {
            tx.send(item).await.unwrap();
        }
        tx.poison("done");
    });
    for item in 0..10 {
        assert_eq!(rx.recv().await, Ok(item));
    }
    assert!(matches!(rx.recv().await, Err(Ended::Poisoned(poison)) if poison.cause == "done"));
    writer.end().await;
}

/// poisontest: Any2Any, at least what the first poisoner had sent.
async fn poison_by_one_of_many_ends_all<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.channel();
    let writers = (0..4).map(|writer| {
        let tx = tx.clone();
        net.start(async move {
            for item in 0..10 {
                if tx.send(writer * 10 + item).await.is_err() {
                    return item;
                }
            }
            tx.poison("enough");
            10
        })
    });
    let writers: Vec<_> = writers.collect();
    let readers = (0..4).map(|_| {
        let rx = rx.clone();
        net.start(async move {
            let mut received = 0;
            while rx.recv().await.is_ok() {
                received += 1;
            }
            received
        })
    });
    let received: u64 = ends(readers.collect::<Vec<_>>()).await.into_iter().sum();
    let sent = ends(writers).await;
    assert!(sent.contains(&10), "one of the writers got through");
    assert_eq!(received, sent.into_iter().sum::<u64>(), "what was committed arrived");
}

/// poisontest: Any2One_Alting and Any_Alting2Any_Alting.
async fn poison_inside_choices_ends_all_of_them<T: Transport>(net: Net<T>) {
    for by in CHOOSING {
        let (txs, rxs) = net.many(4, 0);
        let readers: Vec<_> = (0..4).map(|reader| net.start(read(by, rxs.clone(), reader))).collect();
        let writers = (0..4).map(|writer| {
            let txs = txs.clone();
            net.start(async move {
                let sent = write(by, txs.clone(), writer).await;
                txs.iter().for_each(|tx| tx.poison("enough"));
                sent
            })
        });
        let sent: u64 = ends(writers.collect::<Vec<_>>()).await.into_iter().sum();
        assert!(sent >= ITEMS, "one of the writers got through");
        let received: usize = ends(readers).await.iter().map(Vec::len).sum();
        assert_eq!(received as u64, sent, "what was committed arrived");
    }
}

/// A successor of PyCSP iterates over a channel until it is poisoned.
async fn iteration_ends_with_retirement_and_fails_with_poison<T: Transport>(net: Net<T>) {
    for poisons in [false, true] {
        let (tx, rx) = net.channel();
        let writer = net.start(async move {
            for item in 0..5 {
                tx.send(item).await.unwrap();
            }
            if poisons {
                tx.poison("broken");
            }
        });
        let mut seen = Vec::new();
        let end = loop {
            match rx.next().await {
                Ok(Some(item)) => seen.push(item),
                Ok(None) => break None,
                Err(ended) => break Some(ended),
            }
        };
        writer.end().await;
        assert_eq!(seen, [0, 1, 2, 3, 4]);
        assert_eq!(matches!(end, Some(Ended::Poisoned(_))), poisons);
        assert_eq!(end.is_none(), !poisons);
    }
}

/// guardtest: Skip beside 4 and 16 writers; it printed, here the outcome is told.
async fn a_skip_is_taken_only_when_nobody_writes<T: Transport>(net: Net<T>) {
    for count in [4, 16] {
        let (txs, rxs) = net.many(count, 1);
        let mut alt = receives(&rxs);
        assert_eq!(alt.try_next(), None, "nobody has written");
        for (number, tx) in txs.iter().enumerate() {
            tx.send(number).await.unwrap();
        }
        net.settle().await;
        let mut got: Vec<_> = (0..count).map(|_| alt.try_next().expect("there is more").1.unwrap()).collect();
        got.sort_unstable();
        assert_eq!(got, (0..count).collect::<Vec<_>>());
        net.settle().await;
        assert_eq!(alt.try_next(), None, "each is received once");
    }
}

/// guardtest: Timeout beside 4 and 16 writers.
async fn timeouts_and_writers_share_a_choice<T: Transport>(net: Net<T>) {
    for count in [4, 16] {
        let (txs, rxs) = net.many(count, 0);
        let writers = txs.into_iter().enumerate().map(|(number, tx)| net.start(async move { tx.send(number).await }));
        let writers: Vec<_> = writers.collect();
        let (mut got, mut timeouts) = (Vec::new(), 0);
        while timeouts == 0 || got.len() < count {
            let mut choice: Vec<_> = rxs.iter().map(|rx| Box::pin(rx.recv())).collect();
            let mut timeout = Box::pin(after(moment(5_000)));
            let mut guards = arms(&mut choice);
            guards.push(Some(timeout.as_mut()));
            let chosen = choose(&mut guards, Order::Fair, false).await;
            match choice.get_mut(chosen) {
                None => timeouts += 1,
                Some(receive) => got.extend(receive.as_mut().output().ok()),
            }
            if got.len() == count {
                break;
            }
        }
        got.sort_unstable();
        assert_eq!(got, (0..count).collect::<Vec<_>>());
        assert!(ends(writers).await.iter().all(Result::is_ok));
    }
}

/// A successor of PyCSP: the timer wins until the writer comes.
async fn a_timer_against_one_late_send<T: Transport>(net: Net<T>) {
    let (tx, rx) = net.channel();
    let (go, gone) = net.channel::<()>();
    let writer = net.start(async move {
        gone.recv().await.unwrap();
        tx.send(1).await
    });
    let mut timeouts = 0;
    let got = loop {
        match either(rx.recv(), after(moment(2_000))).await {
            Either::First(got) => break got,
            Either::Second(()) => timeouts += 1,
        }
        if timeouts == 2 {
            go.send(()).await.unwrap();
        }
    };
    assert_eq!(got, Ok(1));
    assert!(timeouts >= 2);
    writer.end().await.unwrap();
}

/// selecttest: PriSelect over 4 writers; it printed, here the order is told.
async fn priority_is_kept_among_writers<T: Transport>(net: Net<T>) {
    let (txs, rxs) = net.many(4, 10);
    for (number, tx) in txs.iter().enumerate() {
        for _ in 0..10 {
            tx.send(number).await.unwrap();
        }
    }
    net.settle().await;
    let [a, b, c, d] = &rxs[..] else { unreachable!("there are four") };
    let mut order = Vec::new();
    for _ in 0..40 {
        order.push(alt! { pri;
            got = a.recv() => got.unwrap(),
            got = b.recv() => got.unwrap(),
            got = c.recv() => got.unwrap(),
            got = d.recv() => got.unwrap(),
        });
    }
    assert!(order.is_sorted(), "{order:?}");
}

async fn exchange_over_all_buffers<T: Transport>(
    net: &Net<T>,
    channels: usize,
    writers: (u64, By),
    readers: (u64, By),
) {
    for capacity in CAPACITIES {
        exchange(net, channels, capacity, writers, readers).await;
    }
}

/// Every writer sends its items over the channels, every reader reads until all are retired.
async fn exchange<T: Transport>(
    net: &Net<T>,
    channels: usize,
    capacity: usize,
    (writers, write_by): (u64, By),
    (readers, read_by): (u64, By),
) {
    let (txs, rxs) = net.many(channels, capacity);
    let writing: Vec<_> = (0..writers).map(|writer| net.start(write(write_by, txs.clone(), writer))).collect();
    let reading: Vec<_> = (0..readers).map(|reader| net.start(read(read_by, rxs.clone(), reader))).collect();
    drop((txs, rxs));
    assert!(ends(writing).await.iter().all(|sent| *sent == ITEMS));
    let mut seen = ends(reading).await.concat();
    seen.sort_unstable();
    let all: Vec<_> = (0..writers * ITEMS).collect();
    assert_eq!(seen, all, "{channels} channels of {capacity}: {writers} {write_by:?} to {readers} {read_by:?}");
}

/// Sends the writer's items until the channels end; how many were sent.
async fn write(by: By, txs: Vec<Sender<u64>>, writer: u64) -> u64 {
    let own = &txs[writer as usize % txs.len()];
    let mut sent = 0;
    for item in writer * ITEMS..(writer + 1) * ITEMS {
        let outcome = match by {
            By::Plain => own.send(item).await.is_ok(),
            By::Choice(order) => {
                let mut sends: Vec<_> = txs.iter().map(|tx| Box::pin(tx.send(item))).collect();
                let number = choose(&mut arms(&mut sends), order, false).await;
                sends[number].as_mut().output().is_ok()
            }
            By::Reusable => {
                let mut alt = Alt::new();
                for tx in &txs {
                    alt.send(tx, item, |sent| sent.is_ok());
                }
                alt.next().await.expect("there are channels")
            }
        };
        if !outcome {
            return sent;
        }
        sent += 1;
    }
    sent
}

/// Reads until all its channels have ended.
async fn read(by: By, mut rxs: Vec<Receiver<u64>>, reader: u64) -> Vec<u64> {
    let mut seen = Vec::new();
    match by {
        By::Plain => {
            let own = &rxs[reader as usize % rxs.len()];
            while let Ok(item) = own.recv().await {
                seen.push(item);
            }
        }
        By::Reusable => {
            let mut alt = receives(&rxs);
            while let Some((_, received)) = alt.next().await {
                seen.extend(received.ok());
            }
        }
        By::Choice(order) => {
            while !rxs.is_empty() {
                let mut receives: Vec<_> = rxs.iter().map(|rx| Box::pin(rx.recv())).collect();
                let number = choose(&mut arms(&mut receives), order, false).await;
                let received = receives[number].as_mut().output();
                drop(receives);
                match received {
                    Ok(item) => seen.push(item),
                    Err(_) => drop(rxs.remove(number)),
                }
            }
        }
    }
    seen
}

/// A reusable choice among receives, which tells the number of the input with what it gave.
fn receives<V: super::Value>(rxs: &[Receiver<V>]) -> Alt<'_, (usize, Result<V, Ended>)> {
    let mut alt = Alt::new();
    for (number, rx) in rxs.iter().enumerate() {
        alt.receive(rx, move |received| (number, received));
    }
    alt
}
