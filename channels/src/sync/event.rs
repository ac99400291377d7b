//! Event: a thing that has happened or has not. It carries no value, and needs nobody who waits.

use crate::happening::Happening;
use crate::tellers::{Handle, told_by_handle};
use crate::{Ended, Guard, block_on};
use rendez_model::Occasion;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

/// A thing that has happened or has not; any number of parties may wait for it.
///
/// It carries no value: where there is one, send it.
///
/// ```
/// use rendez_channels::sync::Event;
///
/// let opened = Event::new();
/// let other = opened.clone();
/// let visitor = std::thread::spawn(move || other.wait_blocking());
/// opened.set();
/// visitor.join().unwrap().unwrap();
/// assert!(opened.is_set());
/// ```
#[derive(Clone)]
pub struct Event {
    happening: Arc<Happening>,
    handle: Handle,
}

told_by_handle!(Event);

impl Event {
    /// An event that has not happened.
    #[must_use]
    pub fn new() -> Self {
        Self::of(Happening::new(Occasion::Event, None))
    }

    /// The same with a name, for the picture.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::of(Happening::new(Occasion::Event, Some(name)))
    }

    fn of(happening: Arc<Happening>) -> Self {
        Self { handle: Handle::new(happening.tellers()), happening }
    }

    /// It has happened: all who wait go on, and nobody waits any more until it is cleared.
    pub fn set(&self) {
        self.handle.note_holder();
        self.happening.come_about();
    }

    /// It has not happened, or counts no longer. Who waited when it was set goes on nevertheless.
    pub fn clear(&self) {
        self.handle.note_holder();
        self.happening.clear();
    }

    /// Whether it has happened.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.happening.has_come()
    }

    /// Waits until it has happened. A guard of a choice, too.
    ///
    /// # Cancel safety
    /// Nothing is lost: a wait takes nothing.
    pub fn wait(&self) -> impl Future<Output = ()> + Guard<Output = ()> {
        self.happening.wait(&self.handle)
    }

    /// Like [`wait`](Self::wait), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn wait_blocking(&self) -> Result<(), Ended> {
        block_on(self.wait())
    }
}

impl Default for Event {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({})", if self.is_set() { "set" } else { "not set" })
    }
}
