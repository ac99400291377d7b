//! Reentrant: an exclusive resource that its holder may lock again. A channel of one token, and a note of who has it.

use super::AcquireError;
use super::calm::Calm;
use crate::{ChannelOptions, Ended, FutureGuard, Poison, Receiver, Sender, block_on, future, party};
use rendez_model::ProcessId;
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

/// A resource that one party has at a time, which may lock it again: by a function that it calls while it has the lock.
///
/// Not for new code that can be arranged otherwise: with an [`Exclusive`](super::Exclusive) the outer function locks, and
/// hands `&mut T` on. Since several guards of one party live side by side, a guard gives `&T` only; what changes is an
/// atomic, or has a lock of its own.
///
/// The party is the running process, however many threads carry it; where there is none, it is the OS thread, for the
/// blocking form only: a task that no process runs in cannot be told from others.
///
/// ```
/// use rendez_channels::sync::Reentrant;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// fn add(sum: &Reentrant<AtomicU32>, n: u32) {
///     sum.lock_blocking().unwrap().fetch_add(n, Ordering::Relaxed);
/// }
///
/// let sum = Reentrant::new(AtomicU32::new(0));
/// let guard = sum.lock_blocking().unwrap();
/// add(&sum, 1);
/// add(&sum, 2);
/// assert_eq!(guard.load(Ordering::Relaxed), 3);
/// ```
pub struct Reentrant<T: Send + Sync + 'static> {
    place: Arc<Place<T>>,
}

struct Place<T> {
    value: T,
    /// Keeps the channel open.
    _back: Sender<()>,
    out: Receiver<()>,
    /// Who has the token, and for how many guards.
    holder: Mutex<Holder>,
}

#[derive(Default)]
struct Holder {
    who: Option<Who>,
    guards: usize,
    poison: Option<Arc<Poison>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Process(ProcessId),
    Thread(ThreadId),
}

impl<T: Send + Sync + 'static> Reentrant<T> {
    /// A resource that nobody has yet.
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
        let place = Place { value, _back: back, out, holder: Mutex::default() };
        place.give_back();
        Self { place: Arc::new(place) }
    }

    /// Has the resource at once if its process has it already; else waits for its turn, in order of arrival.
    ///
    /// # Errors
    /// `Nobody` outside of any process; [`Ended::Poisoned`] when a holder has panicked.
    ///
    /// # Cancel safety
    /// Nothing is lost: what was handed to a dropped lock goes to who waits next.
    pub fn lock(
        &self,
    ) -> FutureGuard<impl Future<Output = Result<ReentrantGuard<'_, T>, AcquireError>> + Send + use<'_, T>> {
        future(async move {
            let who = process().ok_or_else(|| AcquireError::Nobody { of: self.name() })?;
            self.lock_as(who).await
        })
    }

    /// Like [`lock`](Self::lock), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// As `lock`, and [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn lock_blocking(&self) -> Result<ReentrantGuard<'_, T>, AcquireError> {
        block_on(self.lock_as(here()))?
    }

    /// Has the resource if that can be done at once; for a process, or an OS thread outside of any.
    ///
    /// # Errors
    /// Somebody else has it (`Busy`), or it is poisoned.
    pub fn try_lock(&self) -> Result<ReentrantGuard<'_, T>, AcquireError> {
        let who = here();
        if self.place.enter_again(who) {
            return Ok(ReentrantGuard::new(self));
        }
        self.place.out.try_recv().map_err(|error| AcquireError::from_receive(error, || self.name()))?;
        Ok(self.enter(who)?)
    }

    /// Says that the resource is as it should be, though a holder has panicked: it is no longer poisoned.
    pub fn heal(&self) {
        let poison = self.place.holder().poison.take();
        drop(poison);
    }

    /// Its name, or its channel's id where it has none.
    #[must_use]
    pub fn name(&self) -> String {
        self.place.out.name()
    }

    async fn lock_as(&self, who: Who) -> Result<ReentrantGuard<'_, T>, AcquireError> {
        if self.place.enter_again(who) {
            return Ok(ReentrantGuard::new(self));
        }
        self.place.out.recv().await?;
        Ok(self.enter(who)?)
    }

    /// The token is here: this party has the resource now.
    fn enter(&self, who: Who) -> Result<ReentrantGuard<'_, T>, Ended> {
        // Who waits from now on waits for this process: so a snapshot knows, and names a deadlock.
        self.place.out.core().note_borrower();
        let poison = {
            let mut holder = self.place.holder();
            (holder.who, holder.guards) = (Some(who), 1);
            holder.poison.clone()
        };
        let guard = ReentrantGuard::new(self);
        poison.map_or(Ok(guard), |poison| Err(Ended::Poisoned(poison)))
    }
}

impl<T> Place<T> {
    /// One more guard, if this party has the resource already.
    fn enter_again(&self, who: Who) -> bool {
        let mut holder = self.holder();
        let again = holder.who == Some(who);
        holder.guards += usize::from(again);
        again
    }

    fn give_back(&self) {
        self.out.core().bring_back(());
    }

    fn holder(&self) -> MutexGuard<'_, Holder> {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The running process.
fn process() -> Option<Who> {
    let id = party::current_id();
    (id != ProcessId(0)).then_some(Who::Process(id))
}

/// The running process, or the thread where there is none.
fn here() -> Who {
    process().unwrap_or_else(|| Who::Thread(thread::current().id()))
}

impl<T: Send + Sync + 'static> Clone for Reentrant<T> {
    fn clone(&self) -> Self {
        Self { place: Arc::clone(&self.place) }
    }
}

impl<T: Send + Sync + 'static> fmt::Debug for Reentrant<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reentrant(`{}`)", self.name())
    }
}

/// The resource of a [`Reentrant`], for as long as this or another guard of the same party lives.
#[must_use = "the lock is given up when this is dropped"]
pub struct ReentrantGuard<'a, T: Send + Sync + 'static> {
    of: &'a Reentrant<T>,
    calm: Calm,
}

impl<'a, T: Send + Sync + 'static> ReentrantGuard<'a, T> {
    fn new(of: &'a Reentrant<T>) -> Self {
        Self { of, calm: Calm::now() }
    }
}

impl<T: Send + Sync + 'static> Deref for ReentrantGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.of.place.value
    }
}

impl<T: Send + Sync + 'static> Drop for ReentrantGuard<'_, T> {
    fn drop(&mut self) {
        let place = &self.of.place;
        let poison = self.calm.poison(|| self.of.name());
        let mut holder = place.holder();
        if let Some(poison) = poison {
            holder.poison.get_or_insert(poison);
        }
        holder.guards -= 1;
        if holder.guards == 0 {
            holder.who = None;
            drop(holder);
            place.give_back();
        }
    }
}

impl<T: Send + Sync + fmt::Debug + 'static> fmt::Debug for ReentrantGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReentrantGuard").field(&**self).finish()
    }
}
