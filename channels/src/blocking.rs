//! Blocking forms: an OS thread waits for a future. The thread is parked in the channel's own list like a task.

use crate::{Ended, party};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// Rounds that a thread looks for its wake before it parks: waking a parked thread costs tens of microseconds.
const SPIN_ROUNDS: u32 = 200;

/// Runs a future on this thread until it is ready; needs no runtime.
///
/// # Errors
/// [`Ended::Cancelled`] when this thread runs a process whose scope is ending it.
///
/// # Panics
/// When the future does. Inside of an async task it blocks the task's worker: await there instead.
pub fn block_on<F: Future>(future: F) -> Result<F::Output, Ended> {
    let mut future = pin!(future);
    let parker = Arc::new(Parker { thread: thread::current(), woken: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&parker));
    let mut cx = Context::from_waker(&waker);
    let party = party::current();
    if let Some(party) = &party {
        party.wake_on_cancel(&waker);
    }
    loop {
        if party.as_ref().is_some_and(|party| party.cancelled()) {
            return Err(Ended::Cancelled);
        }
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Ok(output);
        }
        parker.wait();
    }
}

struct Parker {
    thread: Thread,
    woken: AtomicBool,
}

impl Parker {
    fn wait(&self) {
        for _ in 0..SPIN_ROUNDS {
            if self.take() {
                return;
            }
            std::hint::spin_loop();
        }
        while !self.take() {
            thread::park();
        }
    }

    fn take(&self) -> bool {
        // Acquire: pairs with the Release in `wake`; what the waker's thread wrote before is seen by the next poll.
        self.woken.swap(false, Ordering::Acquire)
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Release: pairs with the Acquire in `take`.
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}
