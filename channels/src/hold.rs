//! Hold: what keeps a sender that has committed from going on until its receiver has acted. For extended rendezvous.

use crate::prim::Lock;
use crate::waiters::Waking;
use std::task::{Context, Poll};

/// Shared by the two parties of one extended rendezvous.
pub(crate) struct Hold(Lock<State>);

enum State {
    /// The receiver acts; the sender, if it waits, is to be woken.
    Held(Waking),
    Released,
}

impl Hold {
    pub(crate) fn new() -> Self {
        Self(Lock::new(State::Held(Waking::Nobody)))
    }

    /// Notes whom to wake; at commit, under the channel's lock, where the sender is on a list.
    pub(crate) fn keep(&self, waking: Waking) {
        // What is replaced is nobody: a hold has one sender.
        *self.lock() = State::Held(waking);
    }

    /// Lets the sender go on.
    pub(crate) fn release(&self) {
        let before = std::mem::replace(&mut *self.lock(), State::Released);
        match before {
            State::Held(Waking::Plain(waker)) => waker.wake(),
            State::Held(Waking::Guard(choice, _)) => choice.wake(),
            State::Held(Waking::Nobody) | State::Released => {}
        }
    }

    /// Ready once the sender may go on.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        // Cloned and dropped outside of the lock: both are user code.
        let fresh = Waking::Plain(cx.waker().clone());
        let mut state = self.lock();
        let old = match &mut *state {
            State::Held(waking) => std::mem::replace(waking, fresh),
            State::Released => {
                drop(state);
                drop(fresh);
                return Poll::Ready(());
            }
        };
        drop(state);
        drop(old);
        Poll::Pending
    }

    fn lock(&self) -> crate::prim::Held<'_, State> {
        self.0.lock()
    }
}
