//! Choices that are reserved, answered and met by other threads at the same time: nothing is lost, doubled, or left asleep.

use super::question::Question;
use crate::support::{Chance, Either, Watchdog, either, scale};
use rendez::{Alt, Sender, block_on, channel};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const VALUES: usize = scale(2_000);

/// Sends all values, and answers by chance, while `receive` runs and gives how many claims were agreed to. It is told what
/// to look at.
fn among_threads(sender: Sender<usize>, question: &Question, receive: impl FnOnce() -> usize) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| (0..VALUES).try_for_each(|value| sender.send_blocking(value)).unwrap());
        let answers = scope.spawn(|| {
            let mut chance = Chance::seeded();
            let mut agreed = 0;
            while !done.load(Ordering::Acquire) {
                if !question.is_asked() {
                    thread::yield_now();
                } else if chance.below(4) == 0 {
                    question.agree();
                    agreed += 1;
                } else {
                    question.refuse();
                }
            }
            agreed
        });
        let given = receive();
        // Release: pairs with the Acquire above, and orders nothing else.
        done.store(true, Ordering::Release);
        let agreed = answers.join().unwrap();
        assert_eq!(given + question.kept(), agreed, "each that was agreed to is given once, or kept");
    });
}

#[test]
fn a_choice_of_one_use_gets_all_from_a_local_sender_and_what_is_agreed_to() {
    let (_watchdog, (tx, rx)) = Watchdog::over(channel);
    let (question, _) = Question::with(usize::MAX);
    among_threads(tx, &question, || {
        let (mut next, mut agreed) = (0, 0);
        while next < VALUES {
            match block_on(either(question.ask(), rx.recv())).unwrap() {
                Either::First(_) => agreed += 1,
                Either::Second(value) => {
                    assert_eq!(value, Ok(next));
                    next += 1;
                }
            }
        }
        agreed
    });
}

#[test]
fn a_reusable_choice_gets_all_from_a_local_sender_and_what_is_agreed_to() {
    let (_watchdog, (tx, rx)) = Watchdog::over(channel);
    let (question, _) = Question::with(usize::MAX);
    among_threads(tx, &question, || {
        let mut alt = Alt::new();
        alt.receive(&rx, |received| Some(received.unwrap()));
        let mut asks = alt.once(question.ask(), |_| None);
        let (mut next, mut agreed) = (0, 0);
        for turn in 0.. {
            if next == VALUES {
                break;
            }
            // Now and then a use is given up, and now and then the guard that may be asking.
            let given = if turn % 3 == 0 { alt.try_next() } else { block_on(alt.next()).unwrap() };
            match given {
                Some(Some(value)) => {
                    assert_eq!(value, next);
                    next += 1;
                }
                Some(None) => {
                    agreed += 1;
                    asks = alt.once(question.ask(), |_| None);
                }
                None if turn % 5 == 0 && alt.remove(asks) => asks = alt.once(question.ask(), |_| None),
                None => {}
            }
        }
        agreed
    });
}
