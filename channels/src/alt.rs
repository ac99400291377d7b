//! Choice among guards, made afresh each time: exactly one commits. What `alt!` expands to. The words it is decided by are
//! in `choice`; a choice that is used again and again is in `set`.

use crate::choice::Choice;
use crate::guard::{Attempt, Progress};
use crate::steps::{self, Operation};
use crate::turns::Turns;
use std::future::Future;
use std::pin::Pin;
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

/// A guard of a choice; none is one whose precondition does not hold.
pub type Arm<'g> = Option<Pin<&'g mut dyn Attempt>>;

/// Waits until one guard commits, and says which.
///
/// With `or_else` it does not wait: [`ELSE`] is the answer when no guard is ready. A choice without any guard waits for
/// ever, like a process that stops.
///
/// # Cancel safety
/// Nothing is lost: until a guard has committed no value has moved, and a value that a partner has handed over to a
/// choice that is dropped before it was polled goes to the channel's next receive.
pub const fn choose<'a, 'g>(guards: &'a mut [Arm<'g>], order: Order, or_else: bool) -> Choosing<'a, 'g> {
    Choosing { guards, order, or_else, phase: Phase::Fresh }
}

/// A choice under way; see [`choose`].
#[must_use = "a choice does nothing unless it is awaited"]
pub struct Choosing<'a, 'g> {
    guards: &'a mut [Arm<'g>],
    order: Order,
    or_else: bool,
    phase: Phase,
}

impl Drop for Choosing<'_, '_> {
    /// A choice that is dropped before its guards are leaves nothing of itself behind in them.
    fn drop(&mut self) {
        if let Phase::Waiting { choice, .. } = &self.phase {
            // First, so that nobody commits with it while its guards leave one by one, nor when a claim on it ends.
            choice.exit();
        }
        if !matches!(self.phase, Phase::Fresh) {
            self.guards.iter_mut().flatten().for_each(|guard| guard.as_mut().leave());
        }
    }
}

enum Phase {
    /// It stands on no list.
    Fresh,
    /// It stands on all lists. `reserved` is the guard that has claimed it and waits for an answer.
    Waiting { choice: Arc<Choice>, reserved: Option<usize> },
    /// It is committed to this guard and has left all other lists.
    Committed(usize),
}

impl Future for Choosing<'_, '_> {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        if matches!(self.phase, Phase::Fresh) && steps::waits_its_turn(cx.waker(), || Operation::Choice) {
            return Poll::Pending;
        }
        let turns = Turns::look(self.guards, self.order);
        let committed = match &mut self.phase {
            Phase::Fresh => self.begin(&turns, cx),
            Phase::Waiting { .. } => self.look_again(&turns, cx),
            Phase::Committed(number) => Some(*number),
        };
        let Some(number) = committed else { return Poll::Pending };
        if number != ELSE {
            if self.guard(number).collect(cx).is_pending() {
                self.phase = Phase::Committed(number);
                return Poll::Pending;
            }
            // What was given stays in the guard.
            self.phase = Phase::Fresh;
            turns.served(self.guards, number);
        }
        Poll::Ready(number)
    }
}

impl<'g> Choosing<'_, 'g> {
    /// Looks at all guards, and stands on their lists if none is ready.
    fn begin(&mut self, turns: &Turns, cx: &mut Context<'_>) -> Option<usize> {
        let first = turns.first();
        if let Some(first) = first
            && self.guard(first).attempt(cx, None) == Progress::Committed
        {
            return Some(first);
        }
        let order = turns.arrange(self.guards);
        for i in order.numbers().skip(usize::from(first.is_some())) {
            if self.guard(i).attempt(cx, None) == Progress::Committed {
                return Some(i);
            }
        }
        let choice = Arc::new(Choice::new(cx.waker().clone()));
        let mut reserved = None;
        for i in order.numbers() {
            let progress = self.guard(i).enlist(cx, &choice, i);
            if progress == Progress::Committed || choice.committed().is_some() {
                break;
            }
            // The others have to stand on their lists, too: the claim may be refused.
            if progress == Progress::Reserved {
                reserved = Some(i);
            }
        }
        self.settle(choice, reserved)
    }

    /// It was woken: a partner has committed, or a guard may be ready.
    fn look_again(&mut self, turns: &Turns, cx: &mut Context<'_>) -> Option<usize> {
        let Phase::Waiting { choice, mut reserved } = std::mem::replace(&mut self.phase, Phase::Fresh) else {
            unreachable!("only a choice that waits looks again");
        };
        if choice.committed().is_some() {
            return self.settle(choice, None);
        }
        choice.set_waker(cx.waker());
        // One that is free again looks at its guards in their turns.
        if let Some(number) = reserved
            && choice.is_claimed()
            && self.guard(number).attempt(cx, Some((&choice, number))) == Progress::Reserved
        {
            return self.settle(choice, reserved);
        }
        reserved = None;
        for i in turns.arrange(self.guards).numbers() {
            if choice.committed().is_some() {
                break;
            }
            let progress = self.guard(i).attempt(cx, Some((&choice, i)));
            reserved = (progress == Progress::Reserved).then_some(i);
            if progress != Progress::Nothing {
                break;
            }
        }
        self.settle(choice, reserved)
    }

    /// The guard that the choice is committed to, with all others off their lists; or it goes on waiting.
    ///
    /// `else` is committed to like a guard, when the choice stands on all lists: then there was a moment at which nothing
    /// was ready. While somebody claims the choice that moment has not come; who frees it has us look again.
    fn settle(&mut self, choice: Arc<Choice>, reserved: Option<usize>) -> Option<usize> {
        let otherwise = self.guards.len();
        if self.or_else && reserved.is_none() && choice.committed().is_none() {
            choice.commit_free(otherwise);
        }
        let Some(number) = choice.committed() else {
            self.phase = Phase::Waiting { choice, reserved };
            return None;
        };
        for (i, guard) in self.guards.iter_mut().enumerate() {
            if let Some(guard) = guard
                && i != number
            {
                guard.as_mut().leave();
            }
        }
        Some(if number == otherwise { ELSE } else { number })
    }

    fn guard(&mut self, number: usize) -> Pin<&mut (dyn Attempt + 'g)> {
        self.guards[number].as_mut().expect("only guards that take part have a turn").as_mut()
    }
}
