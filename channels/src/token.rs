//! Cancellation token: a word to stop that many can wait for, and that can be a guard. It stops nobody itself.

use crate::after_lock::After;
use crate::guard::Seat;
use crate::prim::{Held, Lock};
use crate::state::{commit_alone, unmark};
use crate::waiters::List;
use crate::waiting::{Place, Source, Waiting};
use crate::{Ended, Guard, block_on};
use std::fmt;
use std::sync::{Arc, Weak};

/// Says to everybody who holds a clone of it, or a child, that work is to stop.
///
/// ```
/// use rendez_channels::{Alt, CancellationToken, channel};
///
/// let (_tx, rx) = channel::<u8>();
/// let stop = CancellationToken::new();
/// let mine = stop.child();
/// stop.cancel();
/// let mut alt = Alt::new();
/// alt.receive(&rx, |_| "a value");
/// alt.once(mine.cancelled(), |()| "stopped");
/// assert_eq!(alt.next_blocking(), Ok(Some("stopped")));
/// ```
#[derive(Clone)]
pub struct CancellationToken(Arc<Token>);

struct Token(Lock<State>);

struct State {
    is_cancelled: bool,
    waiting: List<()>,
    children: Vec<Weak<Token>>,
}

impl CancellationToken {
    /// A token that nobody has cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Token(Lock::new(State { is_cancelled: false, waiting: List::new(), children: Vec::new() }))))
    }

    /// A token that is cancelled with this one, and may be cancelled before.
    #[must_use]
    pub fn child(&self) -> Self {
        let child = Self::new();
        let mut state = self.0.lock();
        if state.is_cancelled {
            drop(state);
            child.cancel();
            return child;
        }
        if state.children.len() == state.children.capacity() {
            state.children.retain(|known| known.strong_count() > 0);
        }
        state.children.push(Arc::downgrade(&child.0));
        child
    }

    /// Says that work is to stop, once and for all.
    pub fn cancel(&self) {
        // All are told before anybody is woken: a waker that panics keeps nobody from hearing of it.
        let mut after = After::<()>::new();
        let mut to_tell = vec![Arc::clone(&self.0)];
        while let Some(token) = to_tell.pop() {
            let mut state = token.lock();
            if !std::mem::replace(&mut state.is_cancelled, true) {
                after.ring(&mut state.waiting);
                to_tell.extend(std::mem::take(&mut state.children).iter().filter_map(Weak::upgrade));
            }
        }
    }

    /// Whether somebody has said so.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.lock().is_cancelled
    }

    /// Waits until somebody says so.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Guard<Output = ()> {
        Waiting::new(&*self.0, Cancelled)
    }

    /// Like [`cancelled`](Self::cancelled), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn cancelled_blocking(&self) -> Result<(), Ended> {
        block_on(self.cancelled())
    }
}

impl Default for CancellationToken {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CancellationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancellationToken").field("is_cancelled", &self.is_cancelled()).finish_non_exhaustive()
    }
}

impl Place for Token {
    type State = State;
    const SEEN: bool = false;

    fn lock(&self) -> Held<'_, State> {
        self.0.lock()
    }
}

/// What one waits for.
struct Cancelled;

impl Source<Token> for Cancelled {
    type Output = ();
    type Scrap = ();

    fn bell(state: &mut State) -> &mut List<()> {
        &mut state.waiting
    }

    fn take(&mut self, state: &mut State, us: Seat<'_>, _: &mut After<()>) -> Option<()> {
        if state.is_cancelled {
            return commit_alone(us).ok();
        }
        unmark(us);
        None
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn children_that_are_gone_take_no_room() {
        let token = CancellationToken::new();
        let kept = token.child();
        (0..10_000).for_each(|_| drop(token.child()));
        assert!(token.0.lock().children.len() < 10);
        token.cancel();
        assert!(kept.is_cancelled());
    }
}
