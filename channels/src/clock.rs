//! Clock: the seam through which time reaches channels. A thread of our own serves timers where no runtime does.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// A timer on its way.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A source of time. Implemented by the runtime.
pub trait Clock: Send + Sync {
    /// The present.
    fn now(&self) -> Instant;
    /// A future that is ready once `deadline` has come.
    fn sleep_until(&self, deadline: Instant) -> Sleep;
}

static CLOCK: OnceLock<Box<dyn Clock>> = OnceLock::new();
static COARSE_MS: AtomicU64 = AtomicU64::new(0);

/// Installs the clock of this OS process; the first one stays.
pub fn install(clock: Box<dyn Clock>) {
    let _ = CLOCK.set(clock);
}

/// The present, by the installed clock.
#[must_use]
pub fn now() -> Instant {
    CLOCK.get().map_or_else(Instant::now, |clock| clock.now())
}

/// A future that is ready once `deadline` has come, by the installed clock.
///
/// # Cancel safety
/// Dropping it frees the timer.
#[must_use]
pub fn sleep_until(deadline: Instant) -> Sleep {
    CLOCK.get().map_or_else(|| thread_sleep(deadline), |clock| clock.sleep_until(deadline))
}

/// Milliseconds by the coarse clock, which stands still unless somebody advances it.
#[must_use]
#[inline]
pub fn coarse_ms() -> u64 {
    // Relaxed: a time stamp for people; it orders nothing.
    COARSE_MS.load(Ordering::Relaxed)
}

/// Sets the coarse clock; a monitor does so now and then.
pub fn advance_coarse(ms: u64) {
    // Relaxed: as in `coarse_ms`.
    COARSE_MS.fetch_max(ms, Ordering::Relaxed);
}

/// A timer that needs no runtime: one thread serves all of them and ends when none is left.
///
/// # Cancel safety
/// Dropping it frees the timer at once.
#[must_use]
pub fn thread_sleep(deadline: Instant) -> Sleep {
    Box::pin(ThreadSleep { deadline, entry: None })
}

struct ThreadSleep {
    deadline: Instant,
    entry: Option<u64>,
}

impl Future for ThreadSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.deadline {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        let Some(number) = self.entry else {
            self.entry = Some(TIMERS.add(self.deadline, waker));
            return Poll::Pending;
        };
        if TIMERS.renew((self.deadline, number), waker) { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl Drop for ThreadSleep {
    fn drop(&mut self) {
        if let Some(number) = self.entry {
            TIMERS.remove((self.deadline, number));
        }
    }
}

/// All timers that the thread serves. Wakers are cloned, run and dropped outside of its lock.
struct Timers {
    pending: Mutex<Pending>,
    changed: Condvar,
}

struct Pending {
    wakers: BTreeMap<(Instant, u64), Waker>,
    next: u64,
    /// Whether the thread lives.
    served: bool,
}

static TIMERS: Timers = Timers {
    pending: Mutex::new(Pending { wakers: BTreeMap::new(), next: 0, served: false }),
    changed: Condvar::new(),
};

impl Timers {
    fn add(&'static self, deadline: Instant, waker: Waker) -> u64 {
        let mut pending = self.lock();
        let is_served = std::mem::replace(&mut pending.served, true);
        let number = pending.next;
        pending.next += 1;
        pending.wakers.insert((deadline, number), waker);
        let is_first = pending.wakers.first_key_value().is_some_and(|(first, _)| *first == (deadline, number));
        drop(pending);
        if !is_served {
            self.start((deadline, number));
        } else if is_first {
            self.changed.notify_one();
        }
        number
    }

    /// Starts the thread; where that fails, the timer that needs it is given up, and the next one tries again.
    fn start(&'static self, key: (Instant, u64)) {
        if let Err(error) = std::thread::Builder::new().spawn(|| self.serve()) {
            self.lock().served = false;
            self.remove(key);
            panic!("no thread to serve timers: {error}");
        }
    }

    /// Has another waker woken; false when the time has come meanwhile.
    fn renew(&self, key: (Instant, u64), mut waker: Waker) -> bool {
        let mut pending = self.lock();
        let current = pending.wakers.get_mut(&key);
        let is_pending = current.is_some();
        if let Some(current) = current {
            std::mem::swap(current, &mut waker);
        }
        drop(pending);
        drop(waker);
        is_pending
    }

    fn remove(&self, key: (Instant, u64)) {
        let mut pending = self.lock();
        let waker = pending.wakers.remove(&key);
        let is_idle = pending.wakers.is_empty();
        drop(pending);
        drop(waker);
        if is_idle {
            self.changed.notify_one();
        }
    }

    fn serve(&self) {
        let mut pending = self.lock();
        loop {
            let Some(first) = pending.wakers.first_entry() else {
                pending.served = false;
                return;
            };
            let left = first.key().0.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                let waker = first.remove();
                drop(pending);
                // The panic is its owner's loss; the timers of all others go on.
                let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
                pending = self.lock();
            } else {
                pending = self.changed.wait_timeout(pending, left).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        // No user code runs under this lock, so that a panic cannot leave it half-changed.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
