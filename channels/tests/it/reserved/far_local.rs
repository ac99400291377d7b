//! Two choosers on other nodes and a local one compete for one choice, of one use and reusable: exactly one gets it.

use super::far::world::{Came, Step, World, explore};
use super::far::{FarEnd, send_or_local};
use crate::support::{Chance, Either, either, poll_once};
use rendez::__private::{Arm, Guard, Order, choose};
use rendez::{Alt, Receiver, Sender, channel};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

/// The middle of a star, with its three inputs.
struct Star {
    world: World,
    inputs: Option<([Arc<FarEnd>; 2], Receiver<u64>)>,
}

/// Tasks 0 and 1 choose on nodes of their own, task 2 beside the middle: each sends its number to it, or to nobody.
fn star() -> Star {
    let mut world = World::new(3);
    let (to_first, first) = world.channel(1, 0);
    let (to_second, second) = world.channel(2, 0);
    let (to_local, local) = channel();
    let others: Vec<(Sender<u64>, Receiver<u64>)> = (0..3).map(|_| channel()).collect();
    world.spawn(1, send_or_local(to_first, others[0].0.clone(), 0));
    world.spawn(2, send_or_local(to_second, others[1].0.clone(), 1));
    world.spawn(0, send_locally(to_local.clone(), others[2].0.clone()));
    world.keeps.push(Box::new((others, to_local, local.clone())));
    Star { world, inputs: Some(([first, second], local)) }
}

async fn send_locally(to: Sender<u64>, other: Sender<u64>) -> Came {
    match either(to.send(2), other.send(2)).await {
        Either::First(sent) => vec![(0, sent.map(|()| 2).map_err(|error| error.into_cause()))],
        Either::Second(sent) => vec![(1, sent.map(|()| 2).map_err(|error| error.into_cause()))],
    }
}

/// Receives one value, in a choice of one use.
async fn receive_one(ends: [Arc<FarEnd>; 2], local: Receiver<u64>) -> Came {
    let (mut first, mut second, mut third) = (pin!(ends[0].recv()), pin!(ends[1].recv()), pin!(local.recv()));
    let mut arms: [Arm<'_>; 3] = [Some(third.as_mut()), Some(first.as_mut()), Some(second.as_mut())];
    let came = match choose(&mut arms, Order::Listed, false).await {
        0 => (2, third.output()),
        1 => (0, first.output()),
        _ => (1, second.output()),
    };
    vec![came]
}

/// A reusable choice over the three.
fn reusable<'a>(ends: &'a [Arc<FarEnd>; 2], local: &'a Receiver<u64>) -> Alt<'a, u64> {
    let mut alt = Alt::new();
    for end in ends {
        alt.once(end.recv(), |received| received.unwrap());
    }
    alt.receive(local, |received| received.unwrap());
    alt
}

/// Receives three values, by a reusable choice.
async fn receive_all(ends: [Arc<FarEnd>; 2], local: Receiver<u64>) -> Came {
    let mut alt = reusable(&ends, &local);
    let mut came = Vec::new();
    for _ in 0..3 {
        came.extend(alt.next().await.map(|value| (0, Ok(value))));
    }
    came
}

/// All ways of a star whose choices have begun in that order; the middle is task 3.
fn all_ways(middle: fn(&mut Star), order: [usize; 4], judge: &dyn Fn(&World)) -> usize {
    let make = || {
        let mut star = star();
        middle(&mut star);
        star.world.eager = true;
        order.iter().for_each(|task| star.world.step(Step::Start(*task)));
        std::mem::take(&mut star.world)
    };
    explore(&make, judge)
}

/// The middle begins first, in between, or last.
const ORDERS: [[usize; 4]; 3] = [[3, 0, 1, 2], [0, 3, 1, 2], [1, 2, 0, 3]];

#[test]
fn exactly_one_of_three_commits_with_a_choice() {
    let middle = |star: &mut Star| {
        let (ends, local) = star.inputs.take().expect("it is used once");
        star.world.spawn(0, receive_one(ends, local));
    };
    for order in ORDERS {
        all_ways(middle, order, &|world| {
            let (number, value) = &world.came(3).expect("one of three is there")[0];
            assert_eq!(value.as_ref().ok(), Some(&(*number as u64)));
            let sent = [0, 1, 2].map(|task| world.came(task).is_some());
            let expected = [0, 1, 2].map(|task| task == *number);
            assert_eq!(sent, expected, "the others wait");
            assert_eq!([0, 1].map(|channel| world.sent(channel) == 1), [expected[0], expected[1]]);
        });
    }
}

#[test]
fn a_reusable_choice_is_given_each_of_three_once() {
    let middle = |star: &mut Star| {
        let (ends, local) = star.inputs.take().expect("it is used once");
        star.world.spawn(0, receive_all(ends, local));
    };
    for order in ORDERS {
        all_ways(middle, order, &|world| {
            let came = world.came(3).expect("all three are there");
            let mut values: Vec<_> = came.iter().filter_map(|(_, value)| value.as_ref().ok()).collect();
            values.sort_unstable();
            assert_eq!(values, [&0, &1, &2]);
            assert!([0, 1, 2].iter().all(|task| world.came(*task).is_some()));
        });
    }
}

#[test]
fn a_reusable_choice_whose_uses_are_dropped_is_given_each_of_three_once() {
    let mut chance = Chance::seeded();
    for _ in 0..300 {
        let mut star = star();
        let (ends, local) = star.inputs.take().expect("it is used once");
        let mut alt = reusable(&ends, &local);
        let mut values = Vec::new();
        for turn in 0.. {
            assert!(turn < 10_000, "nothing comes of it");
            let steps = star.world.steps();
            if !steps.is_empty() && chance.below(4) > 0 {
                star.world.step(chance.pick(&steps));
            } else if let Poll::Ready(Some(value)) = poll_once(&mut pin!(alt.next())) {
                values.push(value);
            }
            if values.len() == 3 {
                break;
            }
        }
        values.sort_unstable();
        assert_eq!(values, [0, 1, 2]);
        star.world.settle();
        assert!([0, 1, 2].iter().all(|task| star.world.came(*task).is_some()));
    }
}

#[test]
fn a_guard_that_is_removed_while_it_asks_leaves_its_value_to_the_next() {
    for letters_first in [false, true] {
        let mut star = star();
        let (ends, local) = star.inputs.take().expect("it is used once");
        star.world.step(Step::Start(0));
        star.world.step(Step::Deliver(1, 0));
        let mut alt = Alt::new();
        let id = alt.once(ends[0].recv(), |received| received.unwrap());
        alt.receive(&local, |received| received.unwrap());
        assert!(poll_once(&mut pin!(alt.next())).is_pending());
        if letters_first {
            star.world.settle();
        }
        assert!(alt.remove(id));
        star.world.settle();
        star.world.step(Step::Start(2));
        assert_eq!(poll_once(&mut pin!(alt.next())), Poll::Ready(Some(2)), "the choice is free for the local one");
        assert_eq!(star.world.returned(0), [0]);
        alt.once(ends[0].recv(), |received| received.unwrap());
        assert_eq!(alt.try_next(), Some(0));
    }
}
