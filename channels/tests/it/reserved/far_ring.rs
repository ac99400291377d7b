//! Choices that compete in a ring, each with both neighbours: whatever the order of letters, partners agree and nobody waits
//! for ever.

use super::far::FarEnd;
use super::far::world::{Came, Step, World, explore};
use crate::support::Chance;
use rendez::__private::{Guard, Order, choose};
use std::pin::pin;
use std::sync::Arc;

/// Receives from the left or sends to the right, whichever is agreed to first.
pub(crate) async fn receive_or_send(left: Arc<FarEnd>, right: Arc<FarEnd>, value: u64) -> Came {
    let (mut recv, mut send) = (pin!(left.recv()), pin!(right.send(value)));
    let number = choose(&mut [Some(recv.as_mut()), Some(send.as_mut())], Order::Listed, false).await;
    vec![(number, if number == 0 { recv.output() } else { send.output() })]
}

/// A choice on each node, with a channel to the next.
fn ring(size: usize) -> World {
    let mut world = World::new(size);
    let (mut rights, mut lefts): (Vec<_>, Vec<_>) =
        (0..size).map(|from| world.channel(from, (from + 1) % size)).unzip();
    lefts.rotate_right(1);
    for (number, (left, right)) in lefts.drain(..).zip(rights.drain(..)).enumerate() {
        world.spawn(number, receive_or_send(left, right, number as u64));
    }
    world
}

/// At the end of it all partners agree, each has passed one value at most, nobody is asking any more, and no two neighbours
/// both wait.
fn judge(world: &World, size: usize) {
    let received = |number: usize| match world.came(number).map(|came| &came[0]) {
        Some((0, Ok(value))) => {
            assert_eq!(*value, left(number, size) as u64, "it is the left neighbour's");
            1
        }
        _ => 0,
    };
    for number in (0..size).filter(|number| !world.is_dead(*number)) {
        let next = (number + 1) % size;
        assert!(world.node(number).act(|claims| claims.is_quiet()), "{number} is reserved for ever");
        assert!(!(world.waits(number) && world.waits(next)), "{number} and {next} both wait");
        let kept = |number: usize| world.returned(left(number, size)).len();
        let sent = world.sent(number);
        let passed = sent + received(number) + kept(number);
        assert!(passed <= 1, "{number} has committed to {passed} guards");
        let came = world.came(number).map(|came| &came[0]);
        let committed = came.is_some_and(|(_, came)| came.is_ok());
        assert!(!committed || passed == 1, "{number} has said that it passed a value, and has passed {passed}");
        assert!(came.is_none() || kept(number) == 0, "only who is gone leaves a value to others");
        if !world.is_dead(next) {
            assert_eq!(sent, received(next) + kept(next), "{number} and {next} agree");
        }
    }
    // Over each channel an offer, a claim, an answer and a farewell of each of the two; and who is asked by one that he has
    // not heard to be gone asks it back.
    let most = 8 * size + 2 * usize::from(world.impatient.is_some());
    assert!(world.letters <= most, "{} letters for {size} choices", world.letters);
}

const fn left(number: usize, size: usize) -> usize {
    (number + size - 1) % size
}

/// A ring whose choices have begun in that order, which is the order of claims.
fn begun(order: &[usize]) -> World {
    let mut world = ring(order.len());
    order.iter().for_each(|task| world.step(Step::Start(*task)));
    world
}

/// All ways of a ring of two, which is two channels between the same two.
fn two(change: fn(&mut World)) {
    let make = || {
        let mut world = ring(2);
        change(&mut world);
        world
    };
    let ways = explore(&make, &|world| judge(world, 2));
    assert!(ways > 100, "there are {ways} ways only");
}

/// With the ring and against it: by symmetry there is no other order of claims.
const ORDERS: [[usize; 3]; 2] = [[0, 1, 2], [0, 2, 1]];

/// All ways of a ring of three in which who is woken looks at once.
fn three(order: [usize; 3], change: fn(&mut World)) {
    let make = || {
        let mut world = begun(&order);
        world.eager = true;
        change(&mut world);
        world
    };
    let ways = explore(&make, &|world| judge(world, 3));
    assert!(ways > 1_000, "there are {ways} ways only");
}

#[test]
fn two_choices_meet_whatever_comes_first() {
    two(|_| ());
}

#[test]
fn two_choices_agree_whenever_one_of_them_is_dropped() {
    two(|world| world.impatient = Some(0));
}

#[test]
fn of_two_choices_none_is_reserved_for_one_whose_node_has_died() {
    two(|world| world.mortal = Some(1));
}

#[test]
fn three_choices_in_a_ring_meet_whatever_comes_first() {
    ORDERS.into_iter().for_each(|order| three(order, |_| ()));
}

#[test]
fn three_choices_in_a_ring_agree_whenever_one_of_them_is_dropped() {
    three(ORDERS[0], |world| world.impatient = Some(0));
}

#[test]
fn in_a_ring_of_three_none_is_reserved_for_one_whose_node_has_died() {
    three(ORDERS[1], |world| world.mortal = Some(1));
}

#[test]
fn larger_rings_end_well_by_chance() {
    let mut chance = Chance::seeded();
    for _ in 0..500 {
        let size = 2 + chance.below(7);
        let mut world = ring(size);
        world.impatient = (chance.below(3) == 0).then(|| chance.below(size));
        world.mortal = (chance.below(3) == 0).then(|| chance.below(size));
        world.eager = chance.below(2) == 0;
        loop {
            let steps = world.steps();
            let rare = |step: &Step| matches!(step, Step::Drop(_) | Step::Die(_));
            if steps.iter().all(rare) {
                break;
            }
            let step = chance.pick(&steps);
            if !rare(&step) || chance.below(4) == 0 {
                world.step(step);
            }
        }
        judge(&world, size);
    }
}
