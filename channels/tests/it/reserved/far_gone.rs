//! What becomes of a claim when somebody goes away meanwhile: the choice that asks, its peer, or the channel.

use super::far::claims::{DEADLINE, poison};
use super::far::world::{Came, Step, World};
use super::far::{FarEnd, receive, receive_or_local, send, send_or_local};
use crate::support::{Either, Task, either};
use rendez::{Ended, TrySendError, channel};
use std::sync::Arc;

/// A sender on node 0 with value 7, and who waits for it on node 1. Who begins last is asked first, by the other.
fn pair(receiver_asks: bool) -> (World, Arc<FarEnd>, Arc<FarEnd>, usize, usize) {
    let mut world = World::new(2);
    let (tx, rx) = world.channel(0, 1);
    let sender = world.spawn(0, send(Arc::clone(&tx), 7));
    let receiver = world.spawn(1, receive(Arc::clone(&rx)));
    let (asks, other) = if receiver_asks { (receiver, sender) } else { (sender, receiver) };
    world.step(Step::Start(other));
    let (from, to) = if receiver_asks { (0, 1) } else { (1, 0) };
    world.step(Step::Deliver(from, to));
    world.step(Step::Start(asks));
    assert!(world.node(to).act(|claims| claims.is_asking()));
    (world, tx, rx, sender, receiver)
}

fn passed(came: Option<&Came>) -> Option<u64> {
    came.and_then(|came| came[0].1.clone().ok())
}

fn why(came: Option<&Came>) -> Option<Ended> {
    came.and_then(|came| came[0].1.clone().err())
}

#[test]
fn a_receive_that_is_dropped_and_then_agreed_to_leaves_its_value_to_the_next() {
    let (mut world, tx, rx, sender, receiver) = pair(true);
    world.step(Step::Drop(receiver));
    world.settle();
    assert_eq!(passed(world.came(sender)), Some(7));
    assert_eq!(world.returned(0), [7]);
    let another = world.spawn(0, send(tx, 8));
    let next = world.spawn(1, receive(Arc::clone(&rx)));
    let last = world.spawn(1, receive(rx));
    world.settle();
    assert_eq!(passed(world.came(next)), Some(7), "before everything that is not committed yet");
    assert_eq!((passed(world.came(last)), passed(world.came(another))), (Some(8), Some(8)));
}

#[test]
fn a_value_that_comes_for_a_dropped_receive_goes_to_who_waits_already() {
    let (mut world, _tx, rx, _, receiver) = pair(true);
    let next = world.spawn(1, receive(rx));
    world.step(Step::Start(next));
    world.step(Step::Drop(receiver));
    world.settle();
    assert_eq!(passed(world.came(next)), Some(7));
}

#[test]
fn a_send_that_is_dropped_and_then_agreed_to_counts_as_sent() {
    let (mut world, _tx, _rx, sender, receiver) = pair(false);
    world.step(Step::Drop(sender));
    assert_eq!(world.sent(0), 0);
    world.settle();
    assert_eq!(world.sent(0), 1);
    assert_eq!(passed(world.came(receiver)), Some(7));
}

#[test]
fn what_is_dropped_and_then_refused_has_not_been() {
    for receiver_asks in [false, true] {
        let (mut world, _tx, _rx, sender, receiver) = pair(receiver_asks);
        world.step(Step::Drop(sender));
        world.step(Step::Drop(receiver));
        world.settle();
        assert_eq!(world.sent(0), 0);
        assert_eq!(world.returned(0), []);
        assert!((0..2).all(|node| world.node(node).act(|claims| claims.is_quiet())));
    }
}

#[test]
fn a_send_that_was_left_while_it_asked_is_over_in_the_next_choice() {
    for arrives in [false, true] {
        let mut world = World::new(2);
        let (tx, rx) = world.channel(0, 1);
        let (_local, never) = channel::<()>();
        let receiver = world.spawn(1, receive(rx));
        world.step(Step::Start(receiver));
        world.step(Step::Deliver(1, 0));
        let mut send = Box::pin(tx.send(7));
        drop(Task::waiting(either(send.as_mut(), never.recv())));
        if arrives {
            world.settle();
        }
        let mut again = Task::new(either(send.as_mut(), never.recv()));
        assert_eq!(again.poll().is_ready(), arrives);
        world.settle();
        if !arrives {
            assert!(again.is_woken());
            assert_eq!(again.done(), Either::First(Ok(7)));
        }
        assert_eq!(world.sent(0), 1);
        assert_eq!(passed(world.came(receiver)), Some(7));
    }
}

#[test]
fn a_send_that_was_left_and_refused_offers_itself_again() {
    let mut world = World::new(2);
    let (tx, rx) = world.channel(0, 1);
    let (_local, never) = channel::<()>();
    let receiver = world.spawn(1, receive(Arc::clone(&rx)));
    world.step(Step::Start(receiver));
    world.step(Step::Deliver(1, 0));
    let mut send = Box::pin(tx.send(7));
    drop(Task::waiting(either(send.as_mut(), never.recv())));
    world.step(Step::Drop(receiver));
    let mut again = Task::waiting(either(send.as_mut(), never.recv()));
    world.settle();
    assert!(again.poll().is_pending());
    let next = world.spawn(1, receive(rx));
    world.settle();
    assert_eq!(again.done(), Either::First(Ok(7)));
    assert_eq!(passed(world.came(next)), Some(7));
}

#[test]
fn whoever_is_dropped_after_any_number_of_letters_nothing_is_lost_or_doubled() {
    for receiver_asks in [false, true] {
        for drops_sender in [false, true] {
            for letters in 0..8 {
                let (mut world, tx, rx, sender, receiver) = pair(receiver_asks);
                for _ in 0..letters {
                    let letter = world.steps().into_iter().find(|step| matches!(step, Step::Deliver(..)));
                    letter.into_iter().for_each(|letter| world.step(letter));
                }
                world.step(Step::Drop(if drops_sender { sender } else { receiver }));
                world.settle();
                let (more, next) = (world.spawn(0, send(tx, 9)), world.spawn(1, receive(rx)));
                world.settle();
                let got = [receiver, next].into_iter().filter(|task| passed(world.came(*task)).is_some()).count();
                assert_eq!(world.sent(0), got + world.returned(0).len(), "{receiver_asks} {drops_sender} {letters}");
                let any_waits = |tasks: [usize; 2]| tasks.iter().any(|task| world.waits(*task));
                assert!(!any_waits([sender, more]) || !any_waits([receiver, next]), "the channel goes on");
            }
        }
    }
}

#[test]
fn a_delayed_claim_of_a_choice_that_is_dropped_is_answered_at_once() {
    // Node 1 asks node 2, and is asked by node 0 meanwhile, whose choice is the older one.
    let mut world = World::new(3);
    let (tx, rx) = world.channel(0, 1);
    let (far_tx, far_rx) = world.channel(1, 2);
    let (local_tx, local_rx) = channel();
    let last = world.spawn(2, receive(far_rx));
    let first = world.spawn(0, send_or_local(tx, local_tx, 1));
    let middle = world.spawn(1, async move { super::far_ring::receive_or_send(rx, far_tx, 2).await });
    world.step(Step::Start(last));
    world.step(Step::Deliver(2, 1));
    world.step(Step::Start(first));
    world.step(Step::Start(middle));
    world.step(Step::Deliver(1, 0));
    world.poll_all();
    world.step(Step::Deliver(0, 1));
    world.step(Step::Deliver(0, 1));
    assert!(world.node(1).act(|claims| claims.is_delaying()));
    world.step(Step::Drop(first));
    world.step(Step::Deliver(0, 1));
    assert!(!world.node(1).act(|claims| claims.is_delaying()), "nobody waits for that answer");
    world.settle();
    assert_eq!(passed(world.came(middle)), Some(2));
    assert_eq!(world.sent(0), 0);
    drop(local_rx);
}

#[test]
fn a_peer_that_owes_its_answer_for_too_long_frees_the_choice() {
    let mut world = World::new(2);
    let (tx, rx) = world.channel(0, 1);
    let (local_tx, local_rx) = channel();
    let sender = world.spawn(0, send(tx, 7));
    let receiver = world.spawn(1, receive_or_local(rx, local_rx));
    world.step(Step::Start(sender));
    world.step(Step::Deliver(0, 1));
    world.step(Step::Start(receiver));
    world.pass(DEADLINE - 1);
    assert_eq!(local_tx.try_send(8), Err(TrySendError::Full(8)), "it is reserved");
    world.pass(1);
    assert_eq!(local_tx.try_send(8), Ok(()), "it is free, without being polled");
    world.settle();
    assert_eq!(passed(world.came(receiver)), Some(8));
    assert!(matches!(why(world.came(sender)), Some(Ended::Lost(_))), "both sides know");
}

#[test]
fn who_dies_frees_those_that_asked_it() {
    let (mut world, _tx, _rx, _, receiver) = pair(true);
    world.step(Step::Die(0));
    world.settle();
    assert!(matches!(why(world.came(receiver)), Some(Ended::Lost(_))));
    assert!(world.node(1).act(|claims| claims.is_quiet()));
}

#[test]
fn poison_at_the_peer_comes_before_or_after_the_commit() {
    for is_first in [false, true] {
        let (mut world, tx, _rx, sender, receiver) = pair(true);
        if is_first {
            tx.poison();
        }
        // The receiver's offer, and its claim.
        world.step(Step::Deliver(1, 0));
        world.step(Step::Deliver(1, 0));
        if !is_first {
            tx.poison();
        }
        world.settle();
        let (expected, ended) = if is_first { (None, Some(poison(0))) } else { (Some(7), None) };
        for task in [sender, receiver] {
            assert_eq!((passed(world.came(task)), why(world.came(task))), (expected, ended.clone()));
        }
    }
}

#[test]
fn poison_from_here_waits_for_the_answer_that_is_due() {
    for agreed in [false, true] {
        let (mut world, _tx, rx, sender, receiver) = pair(true);
        if !agreed {
            world.step(Step::Drop(sender));
        }
        rx.poison();
        world.poll_all();
        assert!(world.waits(receiver), "a match that is committed beats it, and may be");
        world.settle();
        let expected = if agreed { (Some(7), None) } else { (None, Some(poison(0))) };
        assert_eq!((passed(world.came(receiver)), why(world.came(receiver))), expected);
        assert_eq!(world.sent(0), usize::from(agreed));
    }
}

#[test]
fn an_end_that_retires_while_it_is_asked_refuses() {
    let mut world = World::new(2);
    let (tx, rx) = world.mortal_channel(0, 1);
    let sender = world.spawn(0, send(Arc::new(tx), 7));
    let receiver = world.spawn(1, receive(Arc::new(rx)));
    world.step(Step::Start(sender));
    world.step(Step::Deliver(0, 1));
    world.step(Step::Start(receiver));
    world.step(Step::Drop(sender));
    world.poll_all();
    world.settle();
    assert!(why(world.came(receiver)).is_some_and(|ended| ended.is_retired()));
}

#[test]
fn an_end_that_retires_after_it_has_asked_has_sent_what_is_agreed_to() {
    let mut world = World::new(2);
    let (tx, rx) = world.mortal_channel(0, 1);
    let sender = world.spawn(0, send(Arc::new(tx), 7));
    let receiver = world.spawn(1, receive(Arc::new(rx)));
    world.step(Step::Start(receiver));
    world.step(Step::Deliver(1, 0));
    world.step(Step::Start(sender));
    world.step(Step::Drop(sender));
    world.settle();
    assert_eq!(passed(world.came(receiver)), Some(7));
}
