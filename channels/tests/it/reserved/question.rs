//! A guard whose claim is answered by the test, some polls later. No partner and no messages; for those see `far`.

use rendez::__private::{Attempt, Choice, Claim, Guard, Progress, Seat};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

/// What the test holds of a guard.
#[derive(Clone, Default)]
pub(crate) struct Question(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// How many offers may still be claimed.
    offers: usize,
    seat: Option<(Arc<Choice>, usize)>,
    claim: Option<Claim>,
    /// Whether an answer is due.
    asked: bool,
    committed: bool,
    /// Answers that found the guard gone.
    kept: usize,
}

/// The guard.
pub(crate) struct Ask {
    question: Question,
    /// Done when it is about to leave a choice, and when it has left it.
    before_leave: Option<Box<dyn FnOnce() + Send>>,
    on_leave: Option<Box<dyn FnOnce() + Send>>,
}

impl Question {
    /// A guard that finds that many offers.
    pub(crate) fn with(offers: usize) -> (Self, Ask) {
        let question = Self::default();
        question.lock().offers = offers;
        let ask = question.ask();
        (question, ask)
    }

    /// One more guard; only one at a time is in a choice.
    pub(crate) fn ask(&self) -> Ask {
        Ask { question: self.clone(), before_leave: None, on_leave: None }
    }

    /// One more offer; whoever waits for one looks again.
    pub(crate) fn offer(&self) {
        self.lock().offers += 1;
        self.wake();
    }

    /// Whether an answer is due.
    pub(crate) fn is_asked(&self) -> bool {
        self.lock().asked
    }

    /// How many were agreed to when the guard had gone.
    pub(crate) fn kept(&self) -> usize {
        self.lock().kept
    }

    pub(crate) fn agree(&self) {
        let mut state = self.lock();
        assert!(std::mem::take(&mut state.asked), "nobody asks");
        match (state.claim.take(), state.seat.as_ref().map(|seat| seat.1)) {
            (Some(claim), Some(number)) => {
                claim.commit(number);
                state.committed = true;
            }
            _ => state.kept += 1,
        }
        drop(state);
        self.wake();
    }

    pub(crate) fn refuse(&self) {
        let mut state = self.lock();
        assert!(std::mem::take(&mut state.asked), "nobody asks");
        let claim = state.claim.take();
        drop(state);
        match claim {
            Some(claim) => drop(claim),
            // Another guard may be there by now, for the offers that are left.
            None => self.wake(),
        }
    }

    fn wake(&self) {
        let choice = self.lock().seat.as_ref().map(|seat| Arc::clone(&seat.0));
        choice.inspect(|choice| choice.wake());
    }

    fn give_up(&self) {
        let mut state = self.lock();
        let left = (state.claim.take(), state.seat.take());
        state.kept += usize::from(std::mem::take(&mut state.committed));
        drop(state);
        drop(left);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl Ask {
    pub(crate) fn before_leave(mut self, act: impl FnOnce() + Send + 'static) -> Self {
        self.before_leave = Some(Box::new(act));
        self
    }

    pub(crate) fn on_leave(mut self, act: impl FnOnce() + Send + 'static) -> Self {
        self.on_leave = Some(Box::new(act));
        self
    }
}

impl Attempt for Ask {
    fn attempt(self: Pin<&mut Self>, _: &mut Context<'_>, seat: Seat<'_>) -> Progress {
        let mut state = self.question.lock();
        if state.committed {
            return Progress::Committed;
        }
        let Some((choice, number)) = seat else { return Progress::Nothing };
        state.seat = Some((Arc::clone(choice), number));
        if state.claim.is_none() && state.offers > 0 && !state.asked {
            state.claim = Claim::new(choice);
            if state.claim.is_some() {
                state.offers -= 1;
                state.asked = true;
            }
        }
        if state.claim.is_some() { Progress::Reserved } else { Progress::Nothing }
    }

    fn enlist(self: Pin<&mut Self>, cx: &mut Context<'_>, choice: &Arc<Choice>, number: usize) -> Progress {
        choice.stands_unseen();
        self.attempt(cx, Some((choice, number)))
    }

    fn collect(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn leave(mut self: Pin<&mut Self>) {
        self.before_leave.take().into_iter().for_each(|act| act());
        self.question.give_up();
        self.on_leave.take().into_iter().for_each(|act| act());
    }

    fn is_asked(&self) -> bool {
        true
    }
}

impl Guard for Ask {
    type Output = &'static str;

    fn output(self: Pin<&mut Self>) -> &'static str {
        assert!(std::mem::take(&mut self.question.lock().committed), "the choice has committed to this guard");
        "agreed"
    }
}

impl Drop for Ask {
    fn drop(&mut self) {
        self.question.give_up();
    }
}
