//! A choice of one use that one of its guards reserves.

use super::question::{Ask, Question};
use crate::support::{Either, Task, either, poll_once};
use rendez::__private::{ELSE, Order, choose};
use rendez::{Barrier, TrySendError, after, channel, channel_bounded, future};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

/// A choice between a guard that asks and `else`.
async fn ask_or_else(ask: Ask) -> usize {
    let mut ask = pin!(ask);
    choose(&mut [Some(ask.as_mut())], Order::Fair, true).await
}

#[test]
fn its_other_guards_wait_and_get_their_turn_when_the_claim_is_refused() {
    let (tx, rx) = channel();
    let (question, ask) = Question::with(1);
    let mut choice = Task::waiting(either(ask, rx.recv()));
    assert_eq!(tx.try_send(1), Err(TrySendError::Full(1)), "it is reserved");
    let mut send = Task::waiting(tx.send(2));
    assert!(choice.poll().is_pending(), "it goes on waiting for the answer");
    question.refuse();
    assert!(choice.is_woken());
    assert_eq!(choice.done(), Either::Second(Ok(2)));
    assert_eq!(send.done(), Ok(()));
}

#[test]
fn it_commits_when_the_claim_is_agreed_to_and_a_partner_that_met_it_stays() {
    let (tx, rx) = channel();
    let (question, ask) = Question::with(1);
    let mut choice = Task::waiting(either(ask, rx.recv()));
    let mut send = Task::waiting(tx.send(2));
    question.agree();
    assert!(choice.is_woken());
    assert_eq!(choice.done(), Either::First("agreed"));
    assert!(send.poll().is_pending());
    drop(choice);
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn a_choice_with_a_local_partner_is_reserved_by_one_guard_and_met_by_another_after_it() {
    let (tx, rx) = channel();
    let (question, ask) = Question::with(1);
    let mut reserved = Task::waiting(either(ask, rx.recv()));
    let mut other = Task::waiting(either(tx.send(3), after(Duration::MAX)));
    question.refuse();
    assert_eq!(reserved.done(), Either::Second(Ok(3)));
    assert_eq!(other.done(), Either::First(Ok(())));
}

#[test]
fn a_guard_that_nobody_marks_is_asked_again_after_a_refusal() {
    let ready = Arc::new(AtomicBool::new(false));
    let waker = Arc::new(Mutex::new(None::<Waker>));
    let (is_ready, kept) = (Arc::clone(&ready), Arc::clone(&waker));
    let other = future(poll_fn(move |cx| {
        *kept.lock().unwrap() = Some(cx.waker().clone());
        if is_ready.load(Ordering::Relaxed) { Poll::Ready(5) } else { Poll::Pending }
    }));
    let (question, ask) = Question::with(0);
    let mut choice = Task::waiting(either(ask, other));
    question.offer();
    assert!(choice.poll().is_pending() && question.is_asked());
    ready.store(true, Ordering::Relaxed);
    waker.lock().unwrap().take().expect("it was polled").wake();
    assert!(choice.poll().is_pending(), "it waits for the answer, and has not met anybody");
    question.refuse();
    assert!(choice.is_woken(), "nobody else would tell it");
    assert_eq!(choice.done(), Either::Second(5));
}

#[test]
fn a_refused_guard_has_no_more_than_its_turn() {
    let (tx, rx) = channel();
    let (question, ask) = Question::with(3);
    let choice = async {
        let (mut recv, mut ask) = (pin!(rx.recv()), pin!(ask));
        choose(&mut [Some(recv.as_mut()), Some(ask.as_mut())], Order::Listed, false).await
    };
    let mut choice = Task::waiting(choice);
    let _send = Task::waiting(tx.send(1));
    question.refuse();
    assert_eq!(choice.done(), 0, "a prioritised choice takes the first that is ready");
}

#[test]
fn it_may_be_refused_again_and_again() {
    let (question, ask) = Question::with(3);
    let (_tx, rx) = channel::<()>();
    let mut choice = Task::waiting(either(ask, rx.recv()));
    for _ in 0..2 {
        question.refuse();
        assert!(choice.is_woken());
        assert!(choice.poll().is_pending() && question.is_asked());
    }
    question.agree();
    assert_eq!(choice.done(), Either::First("agreed"));
}

#[test]
fn else_waits_for_the_answer() {
    let (question, ask) = Question::with(1);
    let mut choice = Task::waiting(ask_or_else(ask));
    question.refuse();
    assert_eq!(choice.done(), ELSE);

    let (question, ask) = Question::with(1);
    let mut choice = Task::waiting(ask_or_else(ask));
    question.agree();
    assert_eq!(choice.done(), 0, "`else` never beats a ready guard");

    assert_eq!(poll_once(&mut pin!(ask_or_else(Question::with(0).1))), Poll::Ready(ELSE));
}

#[test]
fn a_dropped_one_gives_its_claim_up_at_once() {
    for agreed in [false, true] {
        let (tx, rx) = channel();
        let (question, ask) = Question::with(1);
        drop(Task::waiting(either(ask, rx.recv())));
        assert_eq!(tx.try_send(1), Err(TrySendError::Full(1)), "nobody waits");
        if agreed {
            question.agree()
        } else {
            question.refuse()
        }
        assert_eq!(question.kept(), usize::from(agreed));
    }
}

#[test]
fn nobody_commits_with_a_choice_that_is_being_dropped() {
    let (tx, rx) = channel();
    let (_question, ask) = Question::with(1);
    let seen = Arc::new(Mutex::new(None));
    let tried = Arc::clone(&seen);
    let ask = ask.on_leave(move || *tried.lock().unwrap() = Some(tx.try_send(1)));
    drop(Task::waiting(async {
        let (mut ask, mut recv) = (pin!(ask), pin!(rx.recv()));
        choose(&mut [Some(ask.as_mut()), Some(recv.as_mut())], Order::Listed, false).await
    }));
    assert_eq!(seen.lock().unwrap().take(), Some(Err(TrySendError::Full(1))));
}

#[test]
fn a_guard_that_was_left_may_ask_in_the_next_choice() {
    let (question, ask) = Question::with(2);
    let (_tx, rx) = channel::<()>();
    let mut ask = Box::pin(ask);
    drop(Task::waiting(either(ask.as_mut(), rx.recv())));
    question.agree();
    assert_eq!(question.kept(), 1);
    let mut choice = Task::waiting(either(ask.as_mut(), rx.recv()));
    question.agree();
    assert_eq!(choice.done(), Either::First("agreed"));
}

#[test]
fn a_barrier_is_met_only_when_the_claim_is_refused() {
    let barrier = Barrier::new();
    let (mut one, mut other) = (barrier.enrol(), barrier.enrol());
    let (question, ask) = Question::with(1);
    let mut choice = Task::waiting(either(ask, one.sync()));
    let mut waits = Task::waiting(other.sync());
    question.refuse();
    assert_eq!(choice.done(), Either::Second(0));
    assert_eq!(waits.done(), 0);
}

#[test]
fn what_moves_up_into_a_place_goes_to_who_came_while_it_could_not_be_had() {
    let (tx, rx) = channel_bounded(1);
    let permit = tx.try_reserve().unwrap();
    let (question, ask) = Question::with(1);
    let mut choice = Task::waiting(either(ask, tx.send(7)));
    let mut receive = Task::waiting(rx.recv());
    question.refuse();
    // The choice is free and has been told to look, but the place is there before it does.
    drop(permit);
    assert!(receive.is_woken(), "nothing stays in a channel that somebody waits at");
    assert_eq!(receive.done(), Ok(7));
    assert_eq!(choice.done(), Either::Second(Ok(())));
}
