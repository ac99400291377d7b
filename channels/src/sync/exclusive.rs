//! Exclusive: a value that one party has at a time. It is a channel of one place; who has received the value has the lock.

use super::AcquireError;
use super::calm::Calm;
use super::wraps::wraps;
use crate::{ChannelOptions, Ended, Poison, Receiver, Recv, Sender, block_on};
use pin_project_lite::pin_project;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A value that one party has at a time.
///
/// Not for what is only read, which an `Arc` shares, and not for a value that a process could own. Who locks it again
/// while it has the lock waits for itself; see [`Reentrant`](super::Reentrant).
///
/// A holder that panics poisons it: from then on [`lock`](Self::lock) is an error, until somebody has looked after the
/// value with [`lock_anyway`](Self::lock_anyway).
///
/// ```
/// use rendez_channels::block_on;
/// use rendez_channels::sync::Exclusive;
///
/// let stock = Exclusive::new(vec!["apple"]);
/// let other = stock.clone();
/// std::thread::spawn(move || other.lock_blocking().unwrap().push("pear")).join().unwrap();
/// block_on(async { assert_eq!(*stock.lock().await.unwrap(), ["apple", "pear"]) }).unwrap();
/// ```
pub struct Exclusive<T: Send + 'static> {
    place: Arc<Place<T>>,
}

struct Place<T: Send + 'static> {
    /// Keeps the channel open.
    _back: Sender<Stored<T>>,
    out: Receiver<Stored<T>>,
}

/// What the channel carries: by a box, so that a large value stays where it is.
type Stored<T> = Box<Resource<T>>;

struct Resource<T> {
    value: T,
    poison: Option<Arc<Poison>>,
}

impl<T: Send + 'static> Exclusive<T> {
    /// A value that nobody has yet.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self::open(ChannelOptions::bounded(1), value)
    }

    /// The same with a name, for errors and the picture.
    #[must_use]
    pub fn named(name: &str, value: T) -> Self {
        Self::open(ChannelOptions::bounded(1).name(name), value)
    }

    fn open(options: ChannelOptions, value: T) -> Self {
        let (back, out) = options.open();
        out.core().lend(1);
        let exclusive = Self { place: Arc::new(Place { _back: back, out }) };
        exclusive.give_back(Box::new(Resource { value, poison: None }));
        exclusive
    }

    /// Waits for its turn, in order of arrival, and has the value until the guard is dropped.
    ///
    /// # Errors
    /// [`Ended::Poisoned`] when a holder has panicked.
    ///
    /// # Cancel safety
    /// Nothing is lost: what was handed to a dropped lock goes to who waits next.
    pub fn lock(&self) -> Locking<'_, T> {
        Locking { of: self, inner: self.place.out.recv() }
    }

    /// As [`lock`](Self::lock), but also when a holder has panicked: for who knows how to put the value right.
    ///
    /// ```
    /// use rendez_channels::block_on;
    /// use rendez_channels::sync::{Exclusive, ExclusiveGuard};
    ///
    /// let half = Exclusive::new(0);
    /// let other = half.clone();
    /// let clumsy = std::thread::spawn(move || {
    ///     let _guard = other.lock_blocking().unwrap();
    ///     panic!("dropped it");
    /// });
    /// assert!(clumsy.join().is_err());
    /// assert!(half.lock_blocking().is_err());
    ///
    /// let mut guard = block_on(half.lock_anyway()).unwrap().unwrap();
    /// *guard = 1;
    /// ExclusiveGuard::heal(&mut guard);
    /// drop(guard);
    /// assert_eq!(*half.lock_blocking().unwrap(), 1);
    /// ```
    ///
    /// # Errors
    /// Its channel was brought down from outside.
    ///
    /// # Cancel safety
    /// As `lock`.
    pub fn lock_anyway(&self) -> LockingAnyway<'_, T> {
        LockingAnyway { of: self, inner: self.place.out.recv() }
    }

    /// Has the value if that can be done at once.
    ///
    /// # Errors
    /// Somebody has it (`Busy`), or it is poisoned.
    pub fn try_lock(&self) -> Result<ExclusiveGuard<'_, T>, AcquireError> {
        match self.place.out.try_recv() {
            Ok(held) => Ok(self.healthy(Ok(held))?),
            Err(error) => Err(AcquireError::from_receive(error, || self.name())),
        }
    }

    /// Like [`lock`](Self::lock), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// As `lock`, and [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn lock_blocking(&self) -> Result<ExclusiveGuard<'_, T>, Ended> {
        block_on(self.lock())?
    }

    /// Its name, or its channel's id where it has none.
    #[must_use]
    pub fn name(&self) -> String {
        self.place.out.name()
    }

    fn guard(&self, received: Result<Stored<T>, Ended>) -> Result<ExclusiveGuard<'_, T>, Ended> {
        let held = received?;
        // Who waits from now on waits for this process: so a snapshot knows, and names a deadlock.
        self.place.out.core().note_borrower();
        Ok(ExclusiveGuard { of: self, held: Some(held), calm: Calm::now() })
    }

    fn healthy(&self, received: Result<Stored<T>, Ended>) -> Result<ExclusiveGuard<'_, T>, Ended> {
        let guard = self.guard(received)?;
        match guard.resource().poison.clone() {
            None => Ok(guard),
            Some(poison) => Err(Ended::Poisoned(poison)),
        }
    }

    fn give_back(&self, held: Stored<T>) {
        self.place.out.core().bring_back(held);
    }
}

impl<T: Send + 'static> Clone for Exclusive<T> {
    fn clone(&self) -> Self {
        Self { place: Arc::clone(&self.place) }
    }
}

impl<T: Send + Default + 'static> Default for Exclusive<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: Send + 'static> fmt::Debug for Exclusive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exclusive(`{}`)", self.name())
    }
}

pin_project! {
    /// A lock under way; see [`Exclusive::lock`]. Also a guard of a choice.
    #[must_use = "a lock does nothing unless it is awaited or is a guard"]
    pub struct Locking<'a, T> where T: Send, T: 'static {
        of: &'a Exclusive<T>,
        #[pin]
        inner: Recv<'a, Stored<T>>,
    }
}

pin_project! {
    /// A lock under way that does not mind poison; see [`Exclusive::lock_anyway`]. Also a guard of a choice.
    #[must_use = "a lock does nothing unless it is awaited or is a guard"]
    pub struct LockingAnyway<'a, T> where T: Send, T: 'static {
        of: &'a Exclusive<T>,
        #[pin]
        inner: Recv<'a, Stored<T>>,
    }
}

wraps!(['a, T: Send + 'static] Locking<'a, T>, Result<ExclusiveGuard<'a, T>, Ended>, Exclusive::healthy);
wraps!(['a, T: Send + 'static] LockingAnyway<'a, T>, Result<ExclusiveGuard<'a, T>, Ended>, Exclusive::guard);

/// The value of an [`Exclusive`], for as long as this lives.
#[must_use = "the lock is given up when this is dropped"]
pub struct ExclusiveGuard<'a, T: Send + 'static> {
    of: &'a Exclusive<T>,
    held: Option<Stored<T>>,
    calm: Calm,
}

impl<'a, T: Send + 'static> ExclusiveGuard<'a, T> {
    /// What it is the guard of.
    #[must_use]
    pub const fn exclusive(guard: &Self) -> &'a Exclusive<T> {
        guard.of
    }

    /// The poison that an earlier holder left behind.
    #[must_use]
    pub fn poison(guard: &Self) -> Option<&Poison> {
        guard.resource().poison.as_deref()
    }

    /// Says that the value is as it should be: it is no longer poisoned.
    pub fn heal(guard: &mut Self) {
        guard.resource_mut().poison = None;
    }

    const fn resource(&self) -> &Resource<T> {
        self.held.as_ref().expect(HELD)
    }

    const fn resource_mut(&mut self) -> &mut Resource<T> {
        self.held.as_mut().expect(HELD)
    }
}

const HELD: &str = "a guard has its value until it is dropped";

impl<T: Send + 'static> Deref for ExclusiveGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.resource().value
    }
}

impl<T: Send + 'static> DerefMut for ExclusiveGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.resource_mut().value
    }
}

impl<T: Send + 'static> Drop for ExclusiveGuard<'_, T> {
    fn drop(&mut self) {
        let Some(mut held) = self.held.take() else { return };
        if let Some(poison) = self.calm.poison(|| self.of.name()) {
            held.poison.get_or_insert(poison);
        }
        self.of.give_back(held);
    }
}

impl<T: Send + fmt::Debug + 'static> fmt::Debug for ExclusiveGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExclusiveGuard").field(&self.resource().value).finish()
    }
}
