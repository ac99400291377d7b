//! What tests of devices need: a device that fails, one that stages, a way to run a future without an executor.
//! No part of the interface that programs rely on.

pub use crate::fake::Fake;

use crate::{
    Gpu, OpenError,
    vulkan::{self, Staging},
};
use std::{
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

/// Opens the best Vulkan device such that it moves data as a card with memory of its own does.
///
/// # Errors
/// As [`Gpu::open`].
pub fn open_staging() -> Result<Gpu, OpenError> {
    Gpu::open_vulkan(vulkan::candidates()?, "it stages, for a test", Staging::Always)
}

/// Runs a future on this thread, which sleeps while the future waits.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Polls a future once, with nobody to wake.
pub fn poll_once<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
