//! Fairness, measured: the longest that a guard which stays ready is passed over, in numbers of choices.

use crate::support::{Chance, arms, choose_now, poll_once, scale};
use rendez::__private::{Arm, Order, choose};
use rendez::{Alt, Receiver, Sender, channel_unbounded, future};
use rendez_macros::alt;
use std::collections::{BTreeMap, BTreeSet};
use std::future::{poll_fn, ready};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

/// How many guards; few where each costs a hundredfold.
const SIZES: &[usize] = if cfg!(miri) { &[2, 4] } else { &[2, 4, 64] };

/// For each guard that waits, who was served before it; and the longest wait so far, in choices.
#[derive(Default)]
struct Waits {
    passed_by: BTreeMap<usize, BTreeSet<usize>>,
    longest: usize,
}

impl Waits {
    /// A choice in which all of `present` were ready, of at most `n` at once. No guard is served twice before another that
    /// is ready all the time is served once; and that is within `n` choices.
    fn choice(&mut self, present: &[usize], served: usize, n: usize) {
        assert!(present.contains(&served), "{served} took no part");
        for &guard in present {
            let passed_by = self.passed_by.entry(guard).or_default();
            self.longest = self.longest.max(passed_by.len() + 1);
            if guard != served {
                assert!(passed_by.insert(served), "{served} was served twice before {guard} was once");
                assert!(passed_by.len() < n, "{guard} is not served within {n} choices: {passed_by:?}");
            }
        }
        self.passed_by.remove(&served);
    }

    /// It is not ready any more.
    fn gone(&mut self, guard: usize) {
        self.passed_by.remove(&guard);
    }
}

/// Channels that always have something to receive.
struct Ready(Vec<(Sender<usize>, Receiver<usize>)>);

impl Ready {
    fn new(count: usize) -> Self {
        let ends: Vec<_> = (0..count).map(|_| channel_unbounded()).collect();
        ends.iter().for_each(|(tx, _)| tx.try_send(0).unwrap());
        Self(ends)
    }

    /// The input of a guard; one has several where there are more guards.
    fn input(&self, number: usize) -> &Receiver<usize> {
        &self.0[number % self.0.len()].1
    }

    /// Which of `present`, listed in this order, a choice made afresh serves.
    fn choose(&self, present: &[usize]) -> usize {
        let mut guards: Vec<_> = present.iter().map(|&number| Box::pin(self.input(number).recv())).collect();
        let Poll::Ready(served) = choose_now(&mut arms(&mut guards)) else { panic!("all are ready") };
        self.refill(present[served])
    }

    fn refill(&self, served: usize) -> usize {
        self.0[served % self.0.len()].0.try_send(0).unwrap();
        served
    }

    /// Adds one to a reusable choice, which tells its number.
    fn join<'a>(&'a self, alt: &mut Alt<'a, usize>, number: usize) -> rendez::GuardId {
        alt.receive(self.input(number), move |received| {
            received.unwrap();
            number
        })
    }

    fn next(&self, alt: &mut Alt<'_, usize>) -> usize {
        self.refill(alt.try_next().expect("all are ready"))
    }
}

#[test]
fn of_n_that_stay_ready_each_waits_for_n_choices() {
    for &n in SIZES {
        let (ready, mut waits) = (Ready::new(n), Waits::default());
        let all: Vec<_> = (0..n).collect();
        (0..10 * n).for_each(|_| waits.choice(&all, ready.choose(&all), all.len()));
        assert_eq!(waits.longest, n);
    }
}

#[test]
fn of_n_that_stay_ready_each_waits_for_n_choices_of_a_reusable_one() {
    for &n in SIZES {
        let (ready, mut waits) = (Ready::new(n), Waits::default());
        let all: Vec<_> = (0..n).collect();
        let mut alt = Alt::new();
        for &number in &all {
            ready.join(&mut alt, number);
        }
        (0..10 * n).for_each(|_| waits.choice(&all, ready.next(&mut alt), all.len()));
        assert_eq!(waits.longest, n);
    }
}

/// A choice by the macro, between two.
async fn alt_of_two(ready: &Ready) -> usize {
    alt! {
        _ = ready.input(0).recv() => ready.refill(0),
        _ = ready.input(1).recv() => ready.refill(1),
    }
}

/// A choice by the macro, among four.
async fn alt_of_four(ready: &Ready) -> usize {
    alt! {
        _ = ready.input(0).recv() => ready.refill(0),
        _ = ready.input(1).recv() => ready.refill(1),
        _ = ready.input(2).recv() => ready.refill(2),
        _ = ready.input(3).recv() => ready.refill(3),
    }
}

#[test]
fn the_macro_is_as_fair() {
    let (ready, mut two, mut four) = (Ready::new(4), Waits::default(), Waits::default());
    for _ in 0..40 {
        two.choice(&[0, 1], now(alt_of_two(&ready)), 2);
    }
    assert_eq!(two.longest, 2);
    for _ in 0..40 {
        four.choice(&[0, 1, 2, 3], now(alt_of_four(&ready)), 4);
    }
    assert_eq!(four.longest, 4);
}

fn now<F: Future>(choice: F) -> F::Output {
    let Poll::Ready(output) = poll_once(&mut pin!(choice)) else { panic!("all are ready") };
    output
}

#[test]
fn sends_and_receives_share_alike() {
    let (ready, mut waits) = (Ready::new(2), Waits::default());
    for _ in 0..40 {
        let mut sends: Vec<_> = (0..2).map(|number| Box::pin(ready.0[number].0.send(0))).collect();
        let mut receives: Vec<_> = (0..2).map(|number| Box::pin(ready.input(number).recv())).collect();
        let mut guards = arms(&mut sends);
        guards.extend(arms(&mut receives));
        let Poll::Ready(served) = choose_now(&mut guards) else { panic!("all are ready") };
        waits.choice(&[0, 1, 2, 3], served, 4);
    }
    assert_eq!(waits.longest, 4);
}

#[test]
fn two_call_sites_in_turn_share_the_memory_of_their_ends() {
    let (ready, mut waits) = (Ready::new(4), Waits::default());
    for _ in 0..40 {
        waits.choice(&[0, 1, 2, 3], ready.choose(&[0, 1, 2, 3]), 4);
        waits.choice(&[0, 1, 2, 3], ready.choose(&[3, 1, 2, 0]), 4);
    }
    assert_eq!(waits.longest, 4);
}

#[test]
fn two_call_sites_that_have_some_guards_in_common_starve_none() {
    let (ready, mut waits) = (Ready::new(6), Waits::default());
    for _ in 0..60 {
        for site in [[0, 1, 2, 3], [2, 3, 4, 5]] {
            let served = ready.choose(&site);
            waits.choice(&site, served, 6);
        }
    }
}

#[test]
fn who_joins_one_by_one_is_served_within_n_and_so_are_the_others() {
    for &n in SIZES {
        let (ready, mut waits) = (Ready::new(2 * n), Waits::default());
        for present in n..=2 * n {
            let present: Vec<_> = (0..present).collect();
            waits.choice(&present, ready.choose(&present), present.len());
        }
        let all: Vec<_> = (0..2 * n).collect();
        (0..4 * n).for_each(|_| waits.choice(&all, ready.choose(&all), all.len()));
        let (ready, mut waits) = (Ready::new(2 * n), Waits::default());
        let mut alt = Alt::new();
        for number in 0..n {
            ready.join(&mut alt, number);
        }
        for newest in n..2 * n {
            ready.join(&mut alt, newest);
            waits.choice(&all[..=newest], ready.next(&mut alt), newest + 1);
        }
        (0..4 * n).for_each(|_| waits.choice(&all, ready.next(&mut alt), all.len()));
    }
}

#[test]
fn whoever_joins_and_leaves_each_is_served_within_n() {
    let mut chance = Chance::seeded();
    for &n in SIZES {
        let (ready, mut waits) = (Ready::new(2 * n), Waits::default());
        let mut present: Vec<_> = (0..n).collect();
        for _ in 0..40 * n {
            for number in (0..chance.below(3)).map(|_| chance.below(2 * n)).collect::<Vec<_>>() {
                match present.iter().position(|&guard| guard == number) {
                    // The first two stay.
                    Some(at) if number > 1 => waits.gone(present.remove(at)),
                    Some(_) => {}
                    None => present.insert(chance.below(present.len() + 1), number),
                }
            }
            waits.choice(&present, ready.choose(&present), 2 * n);
        }
    }
}

#[test]
fn whoever_joins_and_leaves_a_reusable_choice_each_is_served_within_n() {
    let mut chance = Chance::seeded();
    for &n in SIZES {
        let (ready, mut waits) = (Ready::new(n), Waits::default());
        let mut alt = Alt::new();
        let mut guards: Vec<_> = (0..n).map(|number| (number, ready.join(&mut alt, number))).collect();
        let mut most = n;
        for number in n..40 * n {
            if chance.below(2) == 0 {
                guards.push((number, ready.join(&mut alt, number)));
            } else if guards.len() > 2 {
                // The first two stay.
                let (number, id) = guards.remove(2 + chance.below(guards.len() - 2));
                assert!(alt.remove(id));
                waits.gone(number);
            }
            most = most.max(guards.len());
            let present: Vec<_> = guards.iter().map(|(number, _)| *number).collect();
            waits.choice(&present, ready.next(&mut alt), most);
        }
    }
}

#[test]
fn fresh_guards_of_a_reusable_choice_do_not_starve_those_that_stay() {
    let (ready, mut waits) = (Ready::new(2), Waits::default());
    let mut alt = Alt::new();
    for number in 0..2 {
        ready.join(&mut alt, number);
    }
    for fresh in 2..40 {
        let id = alt.once(future(ready_now()), move |()| fresh);
        let served = alt.try_next().unwrap();
        waits.choice(&[0, 1, fresh], served, 3);
        if served < 2 {
            ready.refill(served);
        }
        alt.remove(id);
    }
}

async fn ready_now() {}

/// Which of some ends and futures, all ready, a choice serves; the futures' numbers come after those of the ends.
fn ends_and_futures(ends: &Ready, present: &[usize], futures: usize) -> usize {
    let mut receives: Vec<_> = present.iter().map(|&number| Box::pin(ends.input(number).recv())).collect();
    let mut others: Vec<_> = (0..futures).map(|_| Box::pin(future(ready(())))).collect();
    let mut guards: Vec<Arm<'_>> = arms(&mut receives);
    guards.extend(arms(&mut others));
    let Poll::Ready(served) = poll_once(&mut pin!(choose(&mut guards, Order::Fair, false))) else {
        panic!("all are ready")
    };
    if served < present.len() { ends.refill(present[served]) } else { ends.0.len() + served - present.len() }
}

#[test]
fn futures_among_ends_are_served_within_n_too() {
    let mixes = SIZES.iter().map(|n| (n / 2, n / 2)).chain([(3, 1), (1, 3)]);
    for (count, futures) in mixes {
        let (ends, mut waits) = (Ready::new(count), Waits::default());
        let (present, all): (Vec<_>, Vec<_>) = ((0..count).collect(), (0..count + futures).collect());
        for _ in 0..10 * all.len() {
            waits.choice(&all, ends_and_futures(&ends, &present, futures), all.len());
        }
        assert_eq!(waits.longest, all.len());
    }
}

#[test]
fn fresh_ends_at_each_choice_do_not_starve_those_that_stay() {
    let (ready, mut waits) = (Ready::new(2), Waits::default());
    for fresh in 2..100 {
        let (tx, rx) = channel_unbounded();
        tx.try_send(0).unwrap();
        let mut guards = [Box::pin(ready.input(0).recv()), Box::pin(ready.input(1).recv()), Box::pin(rx.recv())];
        let Poll::Ready(served) = choose_now(&mut arms(&mut guards)) else { panic!("all are ready") };
        let served = [0, 1, fresh][served];
        waits.choice(&[0, 1, fresh], served, 3);
        if served < 2 {
            ready.refill(served);
        }
    }
}

#[test]
fn a_future_is_served_though_its_call_site_takes_turns_with_another() {
    let (ends, mut waits) = (Ready::new(1), Waits::default());
    for _ in 0..40 {
        waits.choice(&[0, 1], ends_and_futures(&ends, &[0], 1), 2);
        assert_eq!(ends.choose(&[0]), 0);
        waits.passed_by.remove(&0);
    }
}

/// As in Go's TestPseudoRandomSend and crossbeam's fairness_duplicates.
#[test]
fn two_guards_of_one_end_take_turns() {
    let (tx, rx) = channel_unbounded();
    let mut sent = [0; 2];
    for _ in 0..10 {
        let mut guards = [Box::pin(tx.send(0)), Box::pin(tx.send(1))];
        let Poll::Ready(served) = choose_now(&mut arms(&mut guards)) else { panic!("both are ready") };
        sent[served] += 1;
    }
    drop(rx);
    assert_eq!(sent, [5, 5]);
}

#[test]
fn a_future_beside_an_end_that_is_new_each_time_is_served_within_n() {
    for futures in 1..3 {
        let mut waits = Waits::default();
        let all: Vec<_> = (0..=futures).collect();
        for _ in 0..40 {
            waits.choice(&all, ends_and_futures(&Ready::new(1), &[0], futures), all.len());
        }
        assert_eq!(waits.longest, all.len());
    }
}

#[test]
fn futures_that_are_always_waited_for_take_turns() {
    let mut waits = Waits::default();
    for _ in 0..40 {
        let gate = &AtomicBool::new(false);
        let opens =
            || future(poll_fn(move |_| if gate.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending }));
        let mut others = [opens(), opens()].map(Box::pin);
        let mut guards = arms(&mut others);
        let mut choice = pin!(choose(&mut guards, Order::Fair, false));
        assert!(poll_once(&mut choice).is_pending());
        gate.store(true, Ordering::Relaxed);
        let Poll::Ready(served) = poll_once(&mut choice) else { panic!("both are ready") };
        waits.choice(&[0, 1], served, 2);
    }
    assert_eq!(waits.longest, 2);
}

/// More choices than what an end counts them in holds.
const LONG: usize = scale(70_000);

#[test]
fn three_guards_of_one_end_take_turns_for_ever() {
    let (tx, rx) = channel_unbounded();
    let mut waits = Waits::default();
    for _ in 0..LONG {
        let mut guards = [Box::pin(tx.send(())), Box::pin(tx.send(())), Box::pin(tx.send(()))];
        let Poll::Ready(served) = choose_now(&mut arms(&mut guards)) else { panic!("all are ready") };
        waits.choice(&[0, 1, 2], served, 3);
        rx.try_recv().unwrap();
    }
    assert_eq!(waits.longest, 3);
}

#[test]
fn futures_among_ends_and_alone_take_turns_for_ever() {
    for present in [&[0][..], &[]] {
        let (ends, mut waits) = (Ready::new(1), Waits::default());
        let all: Vec<_> = (1 - present.len()..3).collect();
        for _ in 0..LONG {
            waits.choice(&all, ends_and_futures(&ends, present, 2), all.len());
        }
        assert_eq!(waits.longest, all.len());
    }
}
