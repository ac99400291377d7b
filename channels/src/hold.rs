//! Hold: what keeps a sender that has committed from going on until its receiver has acted. For extended rendezvous. One that
//! is packed keeps nobody: it is how a value that is followed stands in a waiter's slot.

use crate::prim::Lock;
use crate::trace::Parcel;
use crate::waiters::Waking;
use std::any::Any;
use std::task::{Context, Poll};

/// Shared by the two parties of one extended rendezvous.
pub(crate) struct Hold(Lock<State>);

enum State {
    /// The receiver acts; the sender, if it waits, is to be woken.
    Held(Waking),
    Released,
    /// A value with what it belongs to, of the type that its slot knows; none once it was taken out.
    Packed(Option<Box<dyn Any + Send>>),
}

impl Hold {
    pub(crate) fn new() -> Self {
        Self(Lock::new(State::Held(Waking::Nobody)))
    }

    /// Not a hold, but a value that is followed.
    #[cold]
    pub(crate) fn packed<T: Send + 'static>(parcel: Parcel<T>) -> Self {
        Self(Lock::new(State::Packed(Some(Box::new(parcel)))))
    }

    /// What is packed in it, once.
    pub(crate) fn unpack<T: 'static>(&self) -> Option<Parcel<T>> {
        let State::Packed(parcel) = &mut *self.lock() else { return None };
        parcel.take()?.downcast().ok().map(|parcel| *parcel)
    }

    pub(crate) fn is_packed(&self) -> bool {
        matches!(&*self.lock(), State::Packed(Some(_)))
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
            State::Held(Waking::Nobody) | State::Released | State::Packed(_) => {}
        }
    }

    /// Ready once the sender may go on.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        // Cloned and dropped outside of the lock: both are user code.
        let fresh = Waking::Plain(cx.waker().clone());
        let mut state = self.lock();
        let old = match &mut *state {
            State::Held(waking) => std::mem::replace(waking, fresh),
            State::Released | State::Packed(_) => {
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
