//! Threads that operate on the same channels and drop their futures at random polls: at the end each value is accounted for.

use super::follower::Follower;
use super::ledger::{Ledger, Mark, Shelf, Token};
use super::operation::{By, Outcome, Owned, alone, chosen, extended, many, received, sent};
use crate::support::{Chance, Watchdog, Woken, scale};
use rendez::__private::Order;
use rendez::{Alt, ChannelOptions, Overflow, Receiver, Sender};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

const THREADS: usize = 4;
/// Rounds of each, unless `RENDEZ_CANCELLATIONS` says otherwise.
const ROUNDS: usize = scale(1_000);
/// Futures that a run drops, about, for one round more.
const OF_A_ROUND: usize = 100;

type Ends = [(Sender<Token>, Receiver<Token>); 2];

/// What a thread works with.
struct Worker {
    ends: Ends,
    ledger: Arc<Ledger>,
    values: Arc<AtomicU64>,
    chance: Chance,
    /// Who acts in this round.
    by: Follower,
}

#[test]
fn threads_that_drop_their_futures_lose_nothing() {
    all_ways(false, Worker::operate);
}

#[test]
fn threads_that_drop_uses_of_reusable_choices_lose_nothing() {
    all_ways(false, Worker::choose_again);
}

#[test]
fn threads_that_drop_their_futures_lose_nothing_to_poison() {
    all_ways(true, Worker::operate);
    all_ways(true, Worker::choose_again);
}

fn all_ways(poisoned: bool, work: fn(&mut Worker)) {
    let mut chance = Chance::seeded();
    let asked = std::env::var("RENDEZ_CANCELLATIONS").ok();
    let rounds = asked.map_or(ROUNDS, |text| text.parse::<usize>().expect("a number") / OF_A_ROUND);
    for (capacity, overflow) in [(0, Overflow::Wait), (1, Overflow::Wait), (2, Overflow::Fail)] {
        account(capacity, overflow, poisoned, work, rounds, &mut chance);
    }
    for overflow in [Overflow::DropNewest, Overflow::DropOldest] {
        account(1, overflow, poisoned, work, rounds, &mut chance);
    }
}

/// Has all threads work, and counts.
fn account(
    capacity: usize,
    overflow: Overflow,
    poisoned: bool,
    work: fn(&mut Worker),
    rounds: usize,
    chance: &mut Chance,
) {
    let open = |_| ChannelOptions::bounded(capacity).overflow(overflow).open();
    let (watchdog, ends): (_, Ends) = Watchdog::over(|| [0, 1].map(open));
    let (ledger, values) = (Arc::<Ledger>::default(), Arc::<AtomicU64>::default());
    thread::scope(|scope| {
        for number in 0..THREADS {
            let chance = Chance::of(chance.below(usize::MAX) as u64);
            let (ledger, values, by) = (Arc::clone(&ledger), Arc::clone(&values), Follower::of_nothing());
            let mut worker = Worker { ends: ends.clone(), ledger, values, chance, by };
            scope.spawn(move || {
                for round in 0..rounds {
                    worker.by = Follower::any(&mut worker.chance);
                    work(&mut worker);
                    if poisoned && number == 0 && round == rounds / 2 {
                        worker.ends[0].0.poison("the test says so");
                    }
                }
            });
        }
    });
    drop(watchdog);
    let [mut sent, mut received, mut dropped] = [0; 3];
    for (tx, rx) in ends {
        drop(rx);
        for token in tx.undelivered() {
            token.mark(Mark::Undelivered);
        }
        let seen = tx.inspect();
        (sent, received, dropped) = (sent + seen.sent, received + seen.received, dropped + seen.dropped);
    }
    let ended = ledger.take();
    let count = |mark| ended.iter().filter(|(_, m)| *m == mark).count() as u64;
    assert!(ended.iter().map(|(value, _)| *value).eq(0..values.load(Ordering::Relaxed)), "each value ends, and once");
    assert_eq!(received, count(Mark::Received), "what the channels call received somebody has received");
    assert_eq!(sent, received + count(Mark::Undelivered) + dropped, "what was sent is received, left, or dropped");
    assert!(count(Mark::None) >= dropped, "what nobody has had was dropped by policy, or with its future");
}

impl Worker {
    fn token(&self) -> Token {
        // Relaxed: the number has to be unique.
        Token::new(self.values.fetch_add(1, Ordering::Relaxed), &self.ledger, &self.by)
    }

    fn owned(&mut self) -> Owned {
        let kind = self.chance.below(7);
        let channel = self.chance.below(2);
        let token = (kind < 3).then(|| self.token());
        let (tx, rx) = &self.ends[channel];
        match kind {
            0 | 1 => Owned::Send(tx.clone(), token),
            2 => Owned::SendFrom(tx.clone(), Shelf(token)),
            3 | 4 => Owned::Receive(rx.clone()),
            5 => Owned::Next(rx.clone()),
            _ => Owned::Extended(rx.clone()),
        }
    }

    /// One operation, or a choice of some.
    fn operate(&mut self) {
        let count = self.chance.pick(&[1, 1, 2, 3]);
        let (channel, most) = (self.chance.below(2), 1 + self.chance.below(3));
        match self.chance.below(10) {
            0 => self.give_up_some_time(many(self.ends[channel].1.clone(), most)),
            1 => self.use_place(channel),
            _ if count == 1 => {
                let owned = self.owned();
                self.give_up_some_time(alone(owned));
            }
            _ => {
                let owned = (0..count).map(|_| self.owned()).collect();
                let by = self.chance.pick(&[By::Choose(Order::Fair), By::Choose(Order::Listed), By::Alt, By::AltPri]);
                let or_else = self.chance.below(4) == 0;
                self.give_up_some_time(chosen(owned, by, or_else));
            }
        }
    }

    /// A place that is kept, and used or not.
    fn use_place(&mut self, channel: usize) {
        let (token, sender, polls) = (self.token(), self.ends[channel].0.clone(), self.polls());
        let unused = self.chance.below(3) == 0;
        let place = give_up_after(polls, &self.by, pin!(sender.reserve()));
        if let Some(Ok(permit)) = place
            && !unused
        {
            drop(sent(self.by.act(|| permit.send(token))));
        }
    }

    /// A reusable choice: some uses, guards that come and go between them.
    fn choose_again(&mut self) {
        let ends = self.ends.clone();
        let mut alt: Alt<'_, Outcome<'static>> =
            if self.chance.below(3) == 0 { Alt::prioritised() } else { Alt::new() };
        let mut guards = vec![];
        for _ in 0..8 {
            let (tx, rx) = &ends[self.chance.below(2)];
            match self.chance.below(8) {
                0 | 1 => guards.push(alt.receive(rx, received)),
                2 | 3 => guards.push(alt.send(tx, self.token(), sent)),
                4 => guards.push(alt.once(rx.recv_extended(), extended)),
                5 if !guards.is_empty() => {
                    let guard = guards.swap_remove(self.chance.below(guards.len()));
                    self.by.act(|| alt.remove(guard));
                }
                6 => drop(self.by.act(|| alt.try_next())),
                _ => drop(give_up_after(self.polls(), &self.by, pin!(alt.next()))),
            }
        }
    }

    /// How often a future is polled before it is given up.
    fn polls(&mut self) -> usize {
        self.chance.pick(&[0, 1, 1, 2, 3, 20])
    }

    fn give_up_some_time(&mut self, future: impl Future<Output = Outcome<'static>>) {
        let polls = self.polls();
        // An extended receive lets its sender go on when its outcome is dropped.
        drop(give_up_after(polls, &self.by, pin!(future)));
    }
}

/// Polls so often, with others in between, and gives up then.
fn give_up_after<F: Future>(polls: usize, by: &Follower, mut future: Pin<&mut F>) -> Option<F::Output> {
    let waker = Waker::from(Arc::<Woken>::default());
    for _ in 0..polls {
        if let Poll::Ready(output) = by.act(|| future.as_mut().poll(&mut Context::from_waker(&waker))) {
            return Some(output);
        }
        thread::yield_now();
    }
    None
}
