//! Choice among guards: exactly one commits. What `alt!` expands to; the words it is decided by are in `choice`.

use crate::choice::Choice;
use crate::guard::{Attempt, NO_MEMORY};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The number that [`choose`] answers when no guard was ready and there is an `else`.
pub const ELSE: usize = usize::MAX;

/// In which order ready guards are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The least recently served first: of n guards that stay ready each is served within n choices.
    Fair,
    /// As listed.
    Listed,
}

/// Waits until one guard commits, and says which; `None` is a guard whose precondition does not hold.
///
/// With `or_else` it does not wait: [`ELSE`] is the answer when no guard is ready. A choice without any guard waits for
/// ever, like a process that stops.
///
/// # Cancel safety
/// Nothing is lost: until a guard has committed no value has moved, and a value that a partner has handed over to a
/// choice that is dropped before it was polled goes to the channel's next receive.
pub async fn choose(guards: &mut [Option<&mut dyn Attempt>], order: Order, or_else: bool) -> usize {
    let mut waiting = None;
    poll_fn(|cx| poll(guards, order, or_else, &mut waiting, cx)).await
}

fn poll(
    guards: &mut [Option<&mut dyn Attempt>],
    order: Order,
    or_else: bool,
    waiting: &mut Option<Arc<Choice>>,
    cx: &mut Context<'_>,
) -> Poll<usize> {
    let sequence = sequence(guards, order);
    let Some(choice) = waiting else {
        if let Some(&number) = sequence.iter().find(|&&i| live(guards, i).attempt(cx, None)) {
            mark(guards, number);
            return Poll::Ready(number);
        }
        if or_else {
            return Poll::Ready(ELSE);
        }
        let choice = waiting.insert(Arc::new(Choice::new(cx.waker().clone())));
        for &i in &sequence {
            if live(guards, i).enlist(cx, choice, i) || choice.committed().is_some() {
                break;
            }
        }
        return settle(guards, choice);
    };
    choice.set_waker(cx.waker());
    for &i in &sequence {
        if choice.committed().is_some() || live(guards, i).attempt(cx, Some((choice, i))) {
            break;
        }
    }
    settle(guards, choice)
}

/// Pending, or, once the choice is committed, the guard it is committed to, with all others off their lists.
fn settle(guards: &mut [Option<&mut dyn Attempt>], choice: &Arc<Choice>) -> Poll<usize> {
    let Some(number) = choice.committed() else { return Poll::Pending };
    for (i, guard) in guards.iter_mut().enumerate() {
        match guard {
            Some(guard) if i == number => guard.collect(),
            Some(guard) => guard.leave(),
            None => {}
        }
    }
    mark(guards, number);
    Poll::Ready(number)
}

/// Numbers of the guards that take part, in the order they are to be looked at.
///
/// Ends remember when they were served, timers and futures do not. So ends go first, the least recently served at the
/// head, but each guard without memory has one turn in every n choices at which it is looked at before them.
fn sequence(guards: &[Option<&mut dyn Attempt>], order: Order) -> Vec<usize> {
    let mut sequence: Vec<_> = (0..guards.len()).filter(|&i| guards[i].is_some()).collect();
    if order == Order::Fair && sequence.len() > 1 {
        sequence.sort_by_key(|&i| guards[i].as_ref().map(|g| g.stamp()));
        let ends = remembering(guards).count();
        let turn = (latest(guards) % sequence.len() as u64) as usize;
        if turn >= ends {
            sequence.rotate_left(turn);
        }
    }
    sequence
}

/// Stamps the served guard as the most recent of all that took part.
///
/// One without memory cannot be stamped; the most recent of the others keeps count for it.
fn mark(guards: &[Option<&mut dyn Attempt>], served: usize) {
    let latest = latest(guards);
    let guard = guards[served].as_ref().filter(|guard| guard.stamp() != NO_MEMORY);
    if let Some(guard) = guard.or_else(|| remembering(guards).find(|guard| guard.stamp() == latest)) {
        guard.set_stamp(latest + 1);
    }
}

fn latest(guards: &[Option<&mut dyn Attempt>]) -> u64 {
    remembering(guards).map(|guard| guard.stamp()).max().unwrap_or(0)
}

fn remembering<'a, 'g>(guards: &'a [Option<&'g mut dyn Attempt>]) -> impl Iterator<Item = &'a &'g mut dyn Attempt> {
    guards.iter().flatten().filter(|guard| guard.stamp() != NO_MEMORY)
}

fn live<'a, 'g>(guards: &'a mut [Option<&'g mut dyn Attempt>], number: usize) -> &'a mut (dyn Attempt + 'g) {
    guards[number].as_deref_mut().expect("the sequence names guards that take part")
}
