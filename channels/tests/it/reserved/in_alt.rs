//! A reusable choice that one of its guards reserves.

use super::question::Question;
use crate::support::{Woken, poll_once};
use rendez::{Alt, TrySendError, channel};
use std::future::ready;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

#[test]
fn its_other_guards_wait_and_get_their_turn_when_the_claim_is_refused() {
    let (tx, rx) = channel();
    let (question, ask) = Question::with(1);
    let mut alt = Alt::new();
    alt.once(ask, str::to_owned);
    alt.receive(&rx, |received: Result<&str, _>| received.unwrap().to_owned());
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut next = pin!(alt.next());
    assert!(next.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!(tx.try_send("local"), Err(TrySendError::Full("local")), "it is reserved");
    question.refuse();
    assert!(woken.is_woken());
    assert_eq!(tx.try_send("local"), Ok(()), "it is free, and stands on all its lists though it has not looked again");
    assert_eq!(poll_once(&mut next), Poll::Ready(Some("local".to_owned())));
}

#[test]
fn an_agreed_claim_commits_it_once() {
    let (tx, rx) = channel();
    let (question, ask) = Question::with(1);
    let mut alt = Alt::new();
    alt.once(ask, |_| 0);
    alt.receive(&rx, |received: Result<i32, _>| received.unwrap());
    let mut send = pin!(tx.send(1));
    {
        let mut next = pin!(alt.next());
        assert!(poll_once(&mut next).is_pending());
        assert!(poll_once(&mut send).is_pending());
        question.agree();
        assert_eq!(poll_once(&mut next), Poll::Ready(Some(0)));
    }
    assert_eq!(poll_once(&mut pin!(alt.next())), Poll::Ready(Some(1)), "the other guard was not served before");
}

#[test]
fn a_use_that_is_dropped_while_it_is_reserved_goes_on_in_the_next() {
    for agreed in [false, true] {
        let (tx, rx) = channel();
        let (question, ask) = Question::with(1);
        let mut alt = Alt::new();
        alt.once(ask, |_| "agreed");
        alt.receive(&rx, |received: Result<&str, _>| received.unwrap());
        assert!(poll_once(&mut pin!(alt.next())).is_pending());
        if agreed {
            question.agree()
        } else {
            question.refuse()
        }
        assert_eq!(tx.try_send("local"), Err(TrySendError::Full("local")), "between its uses it is not chosen");
        let mut send = pin!(tx.send("local"));
        assert!(poll_once(&mut send).is_pending());
        let expected = if agreed { ["agreed", "local"].as_slice() } else { &["local"] };
        for given in expected {
            assert_eq!(poll_once(&mut pin!(alt.next())), Poll::Ready(Some(*given)));
        }
    }
}

#[test]
fn a_use_begun_while_it_is_reserved_waits_for_the_same_answer() {
    let (question, ask) = Question::with(1);
    let mut alt = Alt::new();
    alt.once(ask, |_| "agreed");
    assert!(poll_once(&mut pin!(alt.next())).is_pending());
    let mut next = pin!(alt.next());
    assert!(poll_once(&mut next).is_pending());
    question.agree();
    assert_eq!(poll_once(&mut next), Poll::Ready(Some("agreed")));
}

#[test]
fn a_reserved_guard_that_is_removed_frees_the_choice() {
    let (tx, rx) = channel();
    let (question, ask) = Question::with(1);
    let mut alt = Alt::new();
    let id = alt.once(ask, |_| "agreed");
    assert!(poll_once(&mut pin!(alt.next())).is_pending());
    assert!(alt.remove(id));
    alt.receive(&rx, |received: Result<&str, _>| received.unwrap());
    let mut next = pin!(alt.next());
    assert!(poll_once(&mut next).is_pending());
    question.agree();
    assert_eq!(question.kept(), 1, "the guard that has its place now is another");
    assert!(poll_once(&mut next).is_pending());
    assert_eq!(tx.try_send("local"), Ok(()));
    assert_eq!(poll_once(&mut next), Poll::Ready(Some("local")));
}

#[test]
fn a_guard_that_is_removed_after_the_claim_was_agreed_to_takes_the_commit_with_it() {
    let (question, ask) = Question::with(1);
    let mut alt = Alt::new();
    let id = alt.once(ask, |_| "agreed");
    assert!(poll_once(&mut pin!(alt.next())).is_pending());
    question.agree();
    assert!(alt.remove(id));
    alt.once(rendez::future(ready("ready")), |given| given);
    assert_eq!(alt.try_next(), Some("ready"));
}

#[test]
fn one_that_is_dropped_while_it_is_reserved_gives_its_claim_up() {
    let (question, ask) = Question::with(1);
    let mut alt = Alt::new();
    alt.once(ask, |_| ());
    assert!(poll_once(&mut pin!(alt.next())).is_pending());
    drop(alt);
    question.agree();
    assert_eq!(question.kept(), 1);
}

#[test]
fn a_refused_guard_has_no_more_than_its_turn() {
    let (tx, rx) = channel();
    let (question, ask) = Question::with(3);
    let mut alt = Alt::prioritised();
    alt.receive(&rx, |received: Result<&str, _>| received.unwrap());
    alt.once(ask, |_| "agreed");
    let mut next = pin!(alt.next());
    assert!(poll_once(&mut next).is_pending());
    let mut send = pin!(tx.send("local"));
    assert!(poll_once(&mut send).is_pending());
    question.refuse();
    assert_eq!(poll_once(&mut next), Poll::Ready(Some("local")), "it takes the first that is ready");
}

#[test]
fn who_cannot_wait_asks_and_is_given_it_by_a_later_call() {
    let (question, ask) = Question::with(1);
    let mut alt = Alt::new();
    alt.once(ask, |_| "agreed");
    assert_eq!(alt.try_next(), None);
    assert!(question.is_asked());
    assert_eq!(alt.try_next(), None);
    question.agree();
    assert_eq!(alt.try_next(), Some("agreed"));
    assert!(alt.is_empty());
}

#[test]
fn two_guards_that_ask_reserve_it_one_after_the_other() {
    let (first, ask_first) = Question::with(1);
    let (second, ask_second) = Question::with(1);
    let mut alt = Alt::new();
    alt.once(ask_first, |_| 1);
    alt.once(ask_second, |_| 2);
    let mut next = pin!(alt.next());
    assert!(poll_once(&mut next).is_pending());
    assert!(first.is_asked() && !second.is_asked(), "one claim at a time");
    first.refuse();
    assert!(poll_once(&mut next).is_pending());
    assert!(second.is_asked());
    second.agree();
    assert_eq!(poll_once(&mut next), Poll::Ready(Some(2)));
}

#[test]
fn an_answer_that_comes_while_its_guard_is_removed_is_not_the_next_guards() {
    let (question, ask) = Question::with(1);
    let answer = question.clone();
    let mut alt = Alt::new();
    let asks = alt.once(ask.before_leave(move || answer.agree()), |_| "asked");
    assert_eq!(alt.try_next(), None, "it is asked, and answers later");
    assert!(alt.remove(asks));
    assert_eq!(question.kept(), 1, "what was agreed to is told to be nobody's");
    alt.once(question.ask(), |_| "asked again");
    assert_eq!(alt.try_next(), None);
    alt.once(rendez::future(ready(())), |()| "ready");
    assert_eq!(poll_once(&mut pin!(alt.next())), Poll::Ready(Some("ready")));
}
