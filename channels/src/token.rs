//! Cancellation token: a word to stop that many can wait for, and that can be a guard. It stops nobody itself.

use crate::happening::Happening;
use crate::tellers::{Handle, told_by_handle};
use crate::{Ended, Guard, block_on};
use rendez_model::Occasion;
use std::fmt;
use std::sync::Arc;

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
pub struct CancellationToken {
    word: Arc<Happening>,
    handle: Handle,
}

told_by_handle!(CancellationToken);

impl CancellationToken {
    /// A token that nobody has cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::of(Happening::new(Occasion::Token, None))
    }

    /// The same with a name, for the picture and for what is said of deadlocks.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::of(Happening::new(Occasion::Token, Some(name)))
    }

    /// One that a runtime cancels, for reasons of its own: who waits for it waits for something outside.
    #[doc(hidden)]
    #[must_use]
    pub fn from_outside() -> Self {
        Self::of(Happening::unseen(Occasion::Token))
    }

    fn of(word: Arc<Happening>) -> Self {
        Self { handle: Handle::new(word.tellers()), word }
    }

    /// A token that is cancelled with this one, and may be cancelled before.
    #[must_use]
    pub fn child(&self) -> Self {
        Self::of(self.word.below())
    }

    /// Says that work is to stop, once and for all.
    pub fn cancel(&self) {
        self.handle.note_holder();
        self.word.come_about();
    }

    /// Whether somebody has said so.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.word.has_come()
    }

    /// Waits until somebody says so.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Guard<Output = ()> {
        self.word.wait(&self.handle)
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
