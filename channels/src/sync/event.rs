//! Event: a thing that has happened or has not. It is a channel that nobody sends on: setting it retires the channel, and
//! all who wait for its end go on.

use crate::{ChannelOptions, Ended, FutureGuard, Receiver, Sender, block_on, future};
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
pub struct Event(Arc<Happening>);

struct Happening {
    name: Option<Box<str>>,
    state: Mutex<State>,
}

struct State {
    /// None once it is set.
    unset: Option<Sender<Infallible>>,
    /// What who waits clones.
    wait: Receiver<Infallible>,
}

impl Event {
    /// An event that has not happened.
    #[must_use]
    pub fn new() -> Self {
        Self::open(None)
    }

    /// The same with a name, for the picture.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::open(Some(name.into()))
    }

    fn open(name: Option<Box<str>>) -> Self {
        let (unset, wait) = channel(name.as_deref());
        Self(Arc::new(Happening { name, state: Mutex::new(State { unset: Some(unset), wait }) }))
    }

    /// It has happened: all who wait go on, and nobody waits any more until it is cleared.
    pub fn set(&self) {
        // Dropped when the lock is free: it wakes.
        let unset = self.lock().unset.take();
        drop(unset);
    }

    /// It has not happened, or counts no longer. Who waited when it was set goes on nevertheless.
    pub fn clear(&self) {
        if !self.is_set() {
            return;
        }
        // Made before the lock is taken, and dropped after it is free: a party is told of a channel, and that is not our code.
        let (unset, wait) = channel(self.0.name.as_deref());
        let mut state = self.lock();
        if state.unset.is_some() {
            drop(state);
            return;
        }
        state.unset = Some(unset);
        let old = std::mem::replace(&mut state.wait, wait);
        drop(state);
        drop(old);
    }

    /// Whether it has happened.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.lock().unset.is_none()
    }

    /// Waits until it has happened. A guard of a choice, too.
    ///
    /// # Cancel safety
    /// Nothing is lost: a wait takes nothing.
    pub fn wait(&self) -> FutureGuard<impl Future<Output = ()> + Send + use<'_>> {
        future(async move {
            let wait = {
                let state = self.lock();
                state.unset.is_some().then(|| state.wait.clone())
            };
            if let Some(wait) = wait {
                // There are no values: it ends when the channel does.
                let _ = wait.recv().await;
            }
        })
    }

    /// Like [`wait`](Self::wait), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn wait_blocking(&self) -> Result<(), Ended> {
        block_on(self.wait())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A channel that ends only by being retired: who waits may be dropped by a panic, which is nothing to the others.
fn channel(name: Option<&str>) -> (Sender<Infallible>, Receiver<Infallible>) {
    let options = ChannelOptions::rendezvous().immune(u32::MAX);
    name.map_or(options.clone(), |name| options.name(name)).open()
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
