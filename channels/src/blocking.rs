//! Blocking forms: an OS thread waits for a future. The thread is parked in the channel's own list like a task.

use crate::{Ended, party, steps};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// Rounds that a thread looks for its wake before it lets others run: waking a parked thread costs tens of microseconds.
const SPINS: u32 = 200;
/// How often it lets others run before it parks.
const YIELDS: u32 = 8;

/// Runs a future on this thread until it is ready; needs no runtime.
///
/// # Errors
/// [`Ended::Cancelled`] when this thread runs a process whose scope is ending it.
///
/// # Panics
/// When the future does. Inside of an async task it blocks the task's worker: await there instead.
pub fn block_on<F: Future>(future: F) -> Result<F::Output, Ended> {
    let mut future = pin!(future);
    let own = ThreadWaker::take();
    let mut cx = Context::from_waker(&own.waker);
    party::look(|party| party.wake_on_cancel(&own.waker));
    loop {
        if party::look(|party| party.cancelled()) == Some(true) {
            return Err(Ended::Cancelled);
        }
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            own.keep();
            return Ok(output);
        }
        own.parker.wait();
    }
}

/// A parker and its waker.
struct ThreadWaker {
    parker: Arc<Parker>,
    waker: Waker,
}

thread_local! {
    /// This thread's, while no call of [`block_on`] has it.
    static KEPT: Cell<Option<ThreadWaker>> = const { Cell::new(None) };
}

impl ThreadWaker {
    /// The one that is kept, or a new one: for a call within a call, and on a thread that is ending.
    fn take() -> Self {
        KEPT.try_with(Cell::take).ok().flatten().unwrap_or_else(|| {
            let parker = Arc::new(Parker { thread: thread::current(), woken: AtomicBool::new(false) });
            Self { waker: Waker::from(Arc::clone(&parker)), parker }
        })
    }

    /// Keeps it for the next call, which may be woken once too often by what this one waited for.
    fn keep(self) {
        let _ = KEPT.try_with(|kept| kept.set(Some(self)));
    }
}

struct Parker {
    thread: Thread,
    woken: AtomicBool,
}

impl Parker {
    fn wait(&self) {
        if self.take() || (steps::parks(self) && self.take()) {
            return;
        }
        for round in 0..SPINS + YIELDS {
            if self.take() {
                return;
            }
            if round < SPINS { std::hint::spin_loop() } else { thread::yield_now() }
        }
        while !self.take() {
            thread::park();
        }
    }

    fn take(&self) -> bool {
        // Relaxed: a look, so that the line stays shared while nobody wakes.
        // Acquire: pairs with the Release in `wake`; what the waker's thread wrote before is seen by the next poll.
        self.woken.load(Ordering::Relaxed) && self.woken.swap(false, Ordering::Acquire)
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Release: pairs with the Acquire in `take`. A swap, not a store: of several wakers each goes on with the release
        // sequence of the one before, so that the next poll sees what all of their threads wrote.
        self.woken.swap(true, Ordering::Release);
        steps::unparks(Arc::as_ptr(self));
        self.thread.unpark();
    }
}
