//! Semaphore: n permits, taken and given back. It is a channel of n tokens; who has received one has a permit.

use super::AcquireError;
use super::wraps::wraps;
use crate::state::NotNow;
use crate::{ChannelOptions, Ended, FutureGuard, Receiver, Recv, Sender, block_on, future};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

/// A number of permits: so many parties may do something at a time.
///
/// Permits are given in the order in which they were asked for, one or several at once alike. A permit belongs to
/// nobody: it may move into another process, and is given back where it is dropped.
///
/// ```
/// use rendez_channels::sync::Semaphore;
///
/// let seats = Semaphore::new(2);
/// let (mine, yours) = (seats.try_acquire().unwrap(), seats.try_acquire().unwrap());
/// assert!(seats.try_acquire().is_err());
/// drop(mine);
/// assert!(seats.try_acquire().is_ok());
/// # drop(yours);
/// ```
#[derive(Clone)]
pub struct Semaphore {
    counter: Arc<Counter>,
}

struct Counter {
    /// Keeps the channel open.
    _back: Sender<()>,
    out: Receiver<()>,
    /// Relaxed: a number to compare with; who adds some gives them out through the channel.
    permits: AtomicUsize,
    closed: AtomicBool,
}

impl Semaphore {
    /// A semaphore with so many permits, all free. One of none is for signals: who [adds](Self::add) a permit lets one go.
    #[must_use]
    pub fn new(permits: usize) -> Self {
        Self::open(ChannelOptions::unbounded(), permits)
    }

    /// The same with a name, for errors and the picture.
    #[must_use]
    pub fn named(name: &str, permits: usize) -> Self {
        Self::open(ChannelOptions::unbounded().name(name), permits)
    }

    fn open(options: ChannelOptions, permits: usize) -> Self {
        let (back, out) = options.open();
        out.core().lend(permits.cast_signed());
        let counter = Counter { _back: back, out, permits: AtomicUsize::new(permits), closed: AtomicBool::new(false) };
        counter.give_back(permits);
        Self { counter: Arc::new(counter) }
    }

    /// Adds permits to those there are: who waits first gets them first. For a semaphore that signals, and for a limit that is
    /// raised; [`SemaphorePermit::forget`] takes some away.
    ///
    /// ```
    /// use rendez_channels::block_on;
    /// use rendez_channels::sync::Semaphore;
    ///
    /// let ready = Semaphore::new(0);
    /// let signal = ready.clone();
    /// let signaller = std::thread::spawn(move || signal.add(1));
    /// block_on(ready.acquire()).unwrap().unwrap().forget();
    /// assert_eq!(ready.available(), 0);
    /// # signaller.join().unwrap();
    /// ```
    pub fn add(&self, count: usize) {
        self.counter.permits.fetch_add(count, Ordering::Relaxed);
        self.counter.out.core().lend(count.cast_signed());
        self.counter.give_back(count);
    }

    /// Waits for a permit, in order of arrival.
    ///
    /// # Errors
    /// [`Ended::Retired`] once it is closed.
    ///
    /// # Cancel safety
    /// Nothing is lost: a permit that was given to a dropped wait goes to who waits next.
    pub fn acquire(&self) -> Acquire<'_> {
        Acquire { of: self, inner: self.counter.out.recv() }
    }

    /// Waits for several permits, which one [`SemaphorePermit`] stands for. It stands in line once for each of them, all
    /// together, so that it is neither overtaken nor waits in a circle with another that asks for several.
    ///
    /// # Errors
    /// There are not so many permits at all (`TooMany`), or it is closed.
    ///
    /// # Cancel safety
    /// As [`acquire`](Self::acquire).
    pub fn acquire_many(
        &self,
        count: usize,
    ) -> FutureGuard<impl Future<Output = Result<SemaphorePermit, AcquireError>> + Send + use<'_>> {
        future(async move {
            self.check(count)?;
            let mut line = Line { of: self, permit: self.permit(0), waiting: Vec::new() };
            line.waiting.extend((0..count).map(|_| Box::pin(self.counter.out.recv())));
            let mut is_new = true;
            poll_fn(|cx| line.look(std::mem::take(&mut is_new), cx)).await?;
            Ok(line.permit)
        })
    }

    /// Takes a permit if that can be done at once.
    ///
    /// # Errors
    /// All are taken or spoken for (`Busy`), or it is closed.
    pub fn try_acquire(&self) -> Result<SemaphorePermit, AcquireError> {
        self.try_acquire_many(1)
    }

    /// Takes several permits if that can be done at once; else none.
    ///
    /// # Errors
    /// As [`try_acquire`](Self::try_acquire), and `TooMany`.
    pub fn try_acquire_many(&self, count: usize) -> Result<SemaphorePermit, AcquireError> {
        self.check(count)?;
        let core = self.counter.out.core();
        match core.take_exactly(count, &mut Vec::new()) {
            Ok(Ok(())) => Ok(self.taken(count)),
            Ok(Err(stop)) => Err(AcquireError::Ended(self.closed_is_retired(core.why(stop)))),
            Err(NotNow) => Err(AcquireError::Busy { of: self.name() }),
        }
    }

    /// Like [`acquire`](Self::acquire), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// As `acquire`, and [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn acquire_blocking(&self) -> Result<SemaphorePermit, Ended> {
        block_on(self.acquire())?
    }

    /// Like [`acquire_many`](Self::acquire_many), for OS threads; needs no runtime.
    ///
    /// # Errors
    /// As `acquire_many`, and [`Ended::Cancelled`] when the scope of the thread's process ends it.
    pub fn acquire_many_blocking(&self, count: usize) -> Result<SemaphorePermit, AcquireError> {
        block_on(self.acquire_many(count))?
    }

    /// Gives no more permits, to those either who wait now. Permits that were given stand.
    pub fn close(&self) {
        // Release: pairs with the Acquire in `closed_is_retired`; who sees the poison sees why it is there.
        self.counter.closed.store(true, Ordering::Release);
        self.counter.out.poison("it is closed");
    }

    /// Whether it was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        // Acquire: pairs with the Release in `close`.
        self.counter.closed.load(Ordering::Acquire)
    }

    /// How many permits are free at this moment.
    #[must_use]
    pub fn available(&self) -> usize {
        if self.is_closed() { 0 } else { self.counter.out.len() }
    }

    /// Its name, or its channel's id where it has none.
    #[must_use]
    pub fn name(&self) -> String {
        self.counter.out.name()
    }

    fn check(&self, wanted: usize) -> Result<(), AcquireError> {
        let permits = self.counter.permits.load(Ordering::Relaxed);
        // One may be waited for where there is none yet.
        if wanted <= permits.max(1) { Ok(()) } else { Err(AcquireError::TooMany { of: self.name(), wanted, permits }) }
    }

    /// So many tokens were received by the acting party.
    fn taken(&self, count: usize) -> SemaphorePermit {
        (0..count).for_each(|_| self.counter.out.core().note_borrower());
        self.permit(count)
    }

    fn permit(&self, count: usize) -> SemaphorePermit {
        SemaphorePermit { of: Arc::clone(&self.counter), count }
    }

    fn one(&self, received: Result<(), Ended>) -> Result<SemaphorePermit, Ended> {
        received.map(|()| self.taken(1)).map_err(|ended| self.closed_is_retired(ended))
    }

    /// Closing ends the channel at once, as poison does, but is no failure.
    fn closed_is_retired(&self, ended: Ended) -> Ended {
        match ended {
            Ended::Poisoned(_) if self.is_closed() => Ended::Retired { channel: Arc::new(self.name()) },
            ended => ended,
        }
    }
}

impl Counter {
    fn give_back(&self, count: usize) {
        (0..count).for_each(|_| self.out.core().bring_back(()));
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Semaphore(`{}`, {} of {} free)",
            self.name(),
            self.available(),
            self.counter.permits.load(Ordering::Relaxed)
        )
    }
}

pin_project! {
    /// A wait for a permit; see [`Semaphore::acquire`]. Also a guard of a choice.
    #[must_use = "a wait does nothing unless it is awaited or is a guard"]
    pub struct Acquire<'a> {
        of: &'a Semaphore,
        #[pin]
        inner: Recv<'a, ()>,
    }
}

wraps!(['a] Acquire<'a>, Result<SemaphorePermit, Ended>, Semaphore::one);

/// One permit of a [`Semaphore`], or several; given back when this is dropped.
#[must_use = "the permit is given back when this is dropped"]
pub struct SemaphorePermit {
    of: Arc<Counter>,
    count: usize,
}

impl SemaphorePermit {
    /// How many permits it stands for.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Takes its permits out of the semaphore: they are not given back.
    pub fn forget(mut self) {
        let count = std::mem::take(&mut self.count);
        self.of.permits.fetch_sub(count, Ordering::Relaxed);
        self.of.out.core().lend(-count.cast_signed());
    }
}

impl Drop for SemaphorePermit {
    fn drop(&mut self) {
        self.of.give_back(self.count);
    }
}

impl fmt::Debug for SemaphorePermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SemaphorePermit({} of `{}`)", self.count, self.of.out.name())
    }
}

/// One party's receives, that stand in line together.
struct Line<'a> {
    of: &'a Semaphore,
    permit: SemaphorePermit,
    waiting: Vec<Pin<Box<Recv<'a, ()>>>>,
}

impl Line<'_> {
    /// Looks what has come; at first all of them go onto the list, with nobody else's several in between: each would wait for
    /// the other.
    fn look(&mut self, is_new: bool, cx: &mut Context<'_>) -> Poll<Result<(), Ended>> {
        if is_new {
            Recv::enter_all(&mut self.waiting, cx);
        }
        let mut ended = None;
        let (permit, of) = (&mut self.permit, self.of);
        self.waiting.retain_mut(|receive| match receive.as_mut().poll(cx) {
            Poll::Ready(Ok(())) => {
                of.counter.out.core().note_borrower();
                permit.count += 1;
                false
            }
            Poll::Ready(Err(why)) => {
                ended = Some(why);
                false
            }
            Poll::Pending => true,
        });
        match ended {
            Some(ended) => Poll::Ready(Err(of.closed_is_retired(ended))),
            None if self.waiting.is_empty() => Poll::Ready(Ok(())),
            None => Poll::Pending,
        }
    }
}
