//! Clock: the seam through which time reaches channels. A thread of our own serves timers where no runtime does.

use std::collections::BinaryHeap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
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
#[must_use]
pub fn sleep_until(deadline: Instant) -> Sleep {
    CLOCK.get().map_or_else(|| thread_sleep(deadline), |clock| clock.sleep_until(deadline))
}

/// Milliseconds by the coarse clock, which stands still unless somebody advances it.
#[must_use]
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
#[must_use]
pub fn thread_sleep(deadline: Instant) -> Sleep {
    Box::pin(ThreadSleep { deadline, entry: None })
}

struct ThreadSleep {
    deadline: Instant,
    entry: Option<Arc<Entry>>,
}

struct Entry {
    deadline: Instant,
    dropped: AtomicBool,
    waker: Mutex<Waker>,
}

impl Future for ThreadSleep {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.deadline {
            return Poll::Ready(());
        }
        if let Some(entry) = &self.entry {
            let fresh = cx.waker().clone();
            let old = std::mem::replace(&mut *entry.waker.lock().unwrap_or_else(PoisonError::into_inner), fresh);
            drop(old);
        } else {
            let waker = Mutex::new(cx.waker().clone());
            let entry = Arc::new(Entry { deadline: self.deadline, dropped: AtomicBool::new(false), waker });
            self.entry = Some(Arc::clone(&entry));
            Timers::get().add(entry);
        }
        Poll::Pending
    }
}

impl Drop for ThreadSleep {
    fn drop(&mut self) {
        if let Some(entry) = &self.entry {
            // Release: pairs with the Acquire in `Timers::serve`; a dropped timer wakes nobody.
            entry.dropped.store(true, Ordering::Release);
        }
    }
}

#[derive(Default)]
struct Timers {
    heap: Mutex<(BinaryHeap<Earliest>, bool)>,
    changed: Condvar,
}

struct Earliest(Arc<Entry>);

impl Timers {
    fn get() -> &'static Self {
        static TIMERS: OnceLock<Timers> = OnceLock::new();
        TIMERS.get_or_init(Self::default)
    }

    fn add(&'static self, entry: Arc<Entry>) {
        let mut guard = self.heap.lock().unwrap_or_else(PoisonError::into_inner);
        guard.0.push(Earliest(entry));
        if !guard.1 {
            guard.1 = true;
            std::thread::spawn(|| self.serve());
        }
        drop(guard);
        self.changed.notify_one();
    }

    fn serve(&self) {
        let mut guard = self.heap.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let Some(Earliest(first)) = guard.0.peek() else {
                guard.1 = false;
                return;
            };
            // Acquire: pairs with the Release in `drop`.
            let dropped = first.dropped.load(Ordering::Acquire);
            let left = first.deadline.saturating_duration_since(Instant::now());
            if dropped || left == Duration::ZERO {
                let Earliest(entry) = guard.0.pop().expect("it was just looked at");
                drop(guard);
                if !dropped {
                    let waker = entry.waker.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    waker.wake();
                }
                guard = self.heap.lock().unwrap_or_else(PoisonError::into_inner);
            } else {
                guard = self.changed.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }
}

impl PartialEq for Earliest {
    fn eq(&self, other: &Self) -> bool {
        self.0.deadline == other.0.deadline
    }
}
impl Eq for Earliest {}
impl PartialOrd for Earliest {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Earliest {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.0.deadline.cmp(&self.0.deadline)
    }
}
