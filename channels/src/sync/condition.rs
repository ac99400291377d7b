//! Condition: waits for what others may change under a lock. It is a rendezvous that is sent to only when somebody waits.

use super::{Exclusive, ExclusiveGuard};
use crate::shell::Body as _;
use crate::tellers::{Handle, told_by_handle};
use crate::{ChannelOptions, Ended, FutureGuard, Receiver, Sender, block_on, future};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

/// A place to wait until something under an [`Exclusive`] may have changed.
///
/// Not for handing values on: that is a channel, which waits for both sides by itself.
///
/// Who waits gives the lock up and gets it back; a notification that comes after it gave the lock up is not missed.
/// Notifications go to those who wait, in order of arrival; where nobody waits they go nowhere.
///
/// ```
/// use rendez_channels::sync::{Condition, Exclusive};
///
/// let (stock, changed) = (Exclusive::new(0), Condition::new());
/// let (theirs, told) = (stock.clone(), changed.clone());
/// let customer = std::thread::spawn(move || {
///     let guard = theirs.lock_blocking().unwrap();
///     let mut guard = told.wait_while_blocking(guard, |stock| *stock == 0).unwrap();
///     *guard -= 1;
/// });
/// *stock.lock_blocking().unwrap() += 3;
/// changed.notify_one();
/// customer.join().unwrap();
/// assert_eq!(*stock.lock_blocking().unwrap(), 2);
/// ```
#[derive(Clone)]
pub struct Condition {
    bell: Arc<Bell>,
    handle: Handle,
}

told_by_handle!(Condition);

struct Bell {
    ring: Sender<()>,
    wait: Receiver<()>,
    /// How many wait, or have just been told. Relaxed: it only bounds how often `notify_all` rings.
    waiting: AtomicUsize,
}

impl Condition {
    /// A condition that nobody waits for.
    #[must_use]
    pub fn new() -> Self {
        Self::open(ChannelOptions::rendezvous())
    }

    /// The same with a name, for the picture.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::open(ChannelOptions::rendezvous().name(name))
    }

    fn open(options: ChannelOptions) -> Self {
        let (ring, wait) = options.open();
        let tellers = Arc::default();
        ring.core().lock().register().told_by(&tellers);
        Self { bell: Arc::new(Bell { ring, wait, waiting: AtomicUsize::new(0) }), handle: Handle::new(&tellers) }
    }

    /// Gives the lock up, waits to be notified, and waits for the lock again. A guard of a choice, too.
    ///
    /// It may go on without having been notified: look at the value again, or use [`wait_while`](Self::wait_while).
    ///
    /// # Errors
    /// [`Ended::Poisoned`] when a holder of the lock has panicked.
    ///
    /// # Cancel safety
    /// The lock is given up. A notification that a dropped wait had got goes to who waits next.
    pub fn wait<'a, T: Send + 'static>(
        &'a self,
        guard: ExclusiveGuard<'a, T>,
    ) -> FutureGuard<impl Future<Output = Result<ExclusiveGuard<'a, T>, Ended>> + Send + use<'a, T>> {
        future(self.told(guard))
    }

    /// Waits, as [`wait`](Self::wait), while `condition` holds.
    ///
    /// # Errors
    /// As `wait`.
    ///
    /// # Cancel safety
    /// As `wait`.
    pub fn wait_while<'a, T: Send + 'static, C: FnMut(&mut T) -> bool + Send>(
        &'a self,
        mut guard: ExclusiveGuard<'a, T>,
        mut condition: C,
    ) -> FutureGuard<impl Future<Output = Result<ExclusiveGuard<'a, T>, Ended>> + Send + use<'a, T, C>> {
        future(async move {
            while condition(&mut guard) {
                guard = self.told(guard).await?;
            }
            Ok(guard)
        })
    }

    /// Like [`wait`](Self::wait), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// As `wait`, and [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn wait_blocking<'a, T: Send + 'static>(
        &'a self,
        guard: ExclusiveGuard<'a, T>,
    ) -> Result<ExclusiveGuard<'a, T>, Ended> {
        block_on(self.wait(guard))?
    }

    /// Like [`wait_while`](Self::wait_while), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// As `wait_while`, and [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn wait_while_blocking<'a, T: Send + 'static>(
        &'a self,
        guard: ExclusiveGuard<'a, T>,
        condition: impl FnMut(&mut T) -> bool + Send,
    ) -> Result<ExclusiveGuard<'a, T>, Ended> {
        block_on(self.wait_while(guard, condition))?
    }

    /// Has the first of those who wait go on.
    pub fn notify_one(&self) {
        self.handle.note_holder();
        self.bell.ring();
    }

    /// Has all go on who wait now.
    pub fn notify_all(&self) {
        self.handle.note_holder();
        // Who waits again meanwhile stands behind those who wait now, and is not told twice for ever.
        let now = self.bell.waiting.load(Ordering::Relaxed);
        (0..now).take_while(|_| self.bell.ring()).count();
    }

    async fn told<'a, T: Send + 'static>(&self, guard: ExclusiveGuard<'a, T>) -> Result<ExclusiveGuard<'a, T>, Ended> {
        self.handle.note_holder();
        let exclusive: &'a Exclusive<T> = ExclusiveGuard::exclusive(&guard);
        let wait = &self.bell.wait;
        let counted = Counted::new(&self.bell);
        let mut told = pin!(wait.recv());
        // It stands on the list before the lock is free: whoever changes something then finds it there.
        poll_fn(|cx| {
            loop {
                match told.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Ready(Ok(())),
                    // Left over from a wait that was dropped when nobody else waited: not meant for who comes later.
                    Poll::Ready(Ok(())) => told.set(wait.recv()),
                    Poll::Ready(Err(ended)) => return Poll::Ready(Err(ended)),
                }
            }
        })
        .await?;
        drop(guard);
        told.await?;
        drop(counted);
        let pass_on = PassOn(&self.bell);
        let guard = exclusive.lock().await?;
        std::mem::forget(pass_on);
        Ok(guard)
    }
}

impl Bell {
    /// Tells the first who waits; false when nobody does.
    fn ring(&self) -> bool {
        self.ring.try_send(()).is_ok()
    }
}

/// Counts one who waits.
struct Counted<'a>(&'a Bell);

impl<'a> Counted<'a> {
    fn new(bell: &'a Bell) -> Self {
        bell.waiting.fetch_add(1, Ordering::Relaxed);
        Self(bell)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Hands on a notification whose receiver does not get the lock.
struct PassOn<'a>(&'a Bell);

impl Drop for PassOn<'_> {
    fn drop(&mut self) {
        self.0.ring();
    }
}

impl Default for Condition {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Condition(`{}`)", self.bell.wait.name())
    }
}
