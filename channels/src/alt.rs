//! Choice among guards, made afresh each time: exactly one commits. What `alt!` expands to. The words it is decided by are
//! in `choice`; a choice that is used again and again is in `set`.

use crate::choice::Choice;
use crate::guard::{Attempt, NO_MEMORY, Progress};
use std::future::poll_fn;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

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
pub async fn choose(guards: &mut [Arm<'_>], order: Order, or_else: bool) -> usize {
    let mut choosing = Choosing { guards, order, or_else, phase: Phase::Fresh };
    poll_fn(|cx| choosing.poll(cx)).await
}

struct Choosing<'a, 'g> {
    guards: &'a mut [Arm<'g>],
    order: Order,
    or_else: bool,
    phase: Phase,
}

impl Drop for Choosing<'_, '_> {
    /// A choice that is dropped before its guards are leaves nothing of itself behind in them.
    fn drop(&mut self) {
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

impl<'g> Choosing<'_, 'g> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        let committed = match &mut self.phase {
            Phase::Fresh => self.begin(cx),
            Phase::Waiting { .. } => self.look_again(cx),
            Phase::Committed(number) => Some(*number),
        };
        let Some(number) = committed else { return Poll::Pending };
        if number != ELSE {
            self.phase = Phase::Committed(number);
            ready!(self.guard(number).collect(cx));
            // What was given stays in the guard.
            self.phase = Phase::Fresh;
            self.stamp(number);
        }
        Poll::Ready(number)
    }

    /// Looks at all guards, and stands on their lists if none is ready.
    fn begin(&mut self, cx: &mut Context<'_>) -> Option<usize> {
        let sequence = self.sequence();
        let ready = |&&i: &&usize| self.guard(i).attempt(cx, None) == Progress::Committed;
        if let Some(&number) = sequence.iter().find(ready) {
            return Some(number);
        }
        if self.or_else {
            return Some(ELSE);
        }
        let choice = Arc::new(Choice::new(cx.waker().clone()));
        for &i in sequence.iter() {
            let progress = self.guard(i).enlist(cx, &choice, i);
            if progress == Progress::Committed || choice.committed().is_some() {
                break;
            }
        }
        self.settle(choice, None)
    }

    /// It was woken: a partner has committed, or a guard may be ready.
    fn look_again(&mut self, cx: &mut Context<'_>) -> Option<usize> {
        let Phase::Waiting { choice, reserved } = std::mem::replace(&mut self.phase, Phase::Fresh) else {
            unreachable!("only a choice that waits looks again");
        };
        choice.set_waker(cx.waker());
        if let Some(number) = reserved {
            match self.guard(number).attempt(cx, Some((&choice, number))) {
                Progress::Reserved => return self.settle(choice, Some(number)),
                Progress::Committed => return self.settle(choice, None),
                Progress::Nothing => {}
            }
        }
        let sequence = self.sequence();
        for &i in sequence.iter() {
            if choice.committed().is_some() {
                break;
            }
            match self.guard(i).attempt(cx, Some((&choice, i))) {
                Progress::Reserved => return self.settle(choice, Some(i)),
                Progress::Committed => break,
                Progress::Nothing => {}
            }
        }
        self.settle(choice, None)
    }

    /// The guard that the choice is committed to, with all others off their lists; or it goes on waiting.
    fn settle(&mut self, choice: Arc<Choice>, reserved: Option<usize>) -> Option<usize> {
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
        Some(number)
    }

    /// Numbers of the guards that take part, in the order they are to be looked at.
    ///
    /// Ends remember when they were served, timers and futures do not. So ends go first, the least recently served at the
    /// head, but each guard without memory has one turn in every n choices at which it is looked at before them.
    fn sequence(&self) -> Sequence {
        let mut sequence = Sequence::new(self.guards);
        let count = sequence.len();
        if self.order == Order::Fair && count > 1 {
            sequence.sort_by_key(|&i| self.guards[i].as_ref().map(|guard| guard.stamp()));
            let turn = (self.latest() % count as u64) as usize;
            if turn >= self.remembering().count() {
                sequence.rotate_left(turn);
            }
        }
        sequence
    }

    /// Stamps the served guard as the most recent of all that took part.
    ///
    /// One without memory cannot be stamped; the most recent of the others keeps count for it.
    fn stamp(&self, served: usize) {
        let latest = self.latest();
        let guard = self.guards[served].as_ref().filter(|guard| guard.stamp() != NO_MEMORY);
        if let Some(guard) = guard.or_else(|| self.remembering().find(|guard| guard.stamp() == latest)) {
            guard.set_stamp(latest + 1);
        }
    }

    fn latest(&self) -> u64 {
        self.remembering().map(|guard| guard.stamp()).max().unwrap_or(0)
    }

    fn remembering(&self) -> impl Iterator<Item = &Pin<&'g mut (dyn Attempt + 'g)>> {
        self.guards.iter().flatten().filter(|guard| guard.stamp() != NO_MEMORY)
    }

    fn guard(&mut self, number: usize) -> Pin<&mut (dyn Attempt + 'g)> {
        self.guards[number].as_mut().expect("the sequence names guards that take part").as_mut()
    }
}

/// Numbers of guards; on the stack where they are few.
struct Sequence {
    few: [usize; FEW],
    count: usize,
    many: Vec<usize>,
}

const FEW: usize = 8;

impl Sequence {
    /// Those that take part, as listed.
    fn new(guards: &[Arm<'_>]) -> Self {
        let part = (0..guards.len()).filter(|&i| guards[i].is_some());
        let mut sequence = Self { few: [0; FEW], count: 0, many: Vec::new() };
        if guards.len() > FEW {
            sequence.many.extend(part);
            return sequence;
        }
        for number in part {
            sequence.few[sequence.count] = number;
            sequence.count += 1;
        }
        sequence
    }
}

impl Deref for Sequence {
    type Target = [usize];

    fn deref(&self) -> &[usize] {
        if self.many.is_empty() { &self.few[..self.count] } else { &self.many }
    }
}

impl DerefMut for Sequence {
    fn deref_mut(&mut self) -> &mut [usize] {
        if self.many.is_empty() { &mut self.few[..self.count] } else { &mut self.many }
    }
}
