//! Extended: a value whose sender is held until its receiver has acted. The second half of an extended rendezvous.

use crate::hold::Hold;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A received value whose sender goes on when this is released or dropped; see
/// [`Receiver::recv_extended`](crate::Receiver::recv_extended).
///
/// The extended rendezvous of occam-pi and JCSP: the receiver acts while its sender waits, as if the act were a part of
/// the communication.
///
/// ```
/// use rendez_channels::{block_on, channel};
/// use std::sync::atomic::{AtomicBool, Ordering};
///
/// static STORED: AtomicBool = AtomicBool::new(false);
/// let (tx, rx) = channel();
/// let sender = std::thread::spawn(move || {
///     tx.send_blocking("record").unwrap();
///     assert!(STORED.load(Ordering::Relaxed), "the receiver has acted before the send was done");
/// });
/// let record = block_on(rx.recv_extended()).unwrap().unwrap();
/// assert_eq!(*record, "record");
/// STORED.store(true, Ordering::Relaxed);
/// record.release();
/// sender.join().unwrap();
/// ```
#[must_use = "the sender waits until this is released or dropped"]
pub struct Extended<T> {
    value: Option<T>,
    hold: Option<Arc<Hold>>,
}

impl<T> Extended<T> {
    pub(crate) const fn new(value: T, hold: Option<Arc<Hold>>) -> Self {
        Self { value: Some(value), hold }
    }

    /// Lets the sender go on, and gives the value.
    #[must_use = "the value is dropped otherwise"]
    #[expect(clippy::missing_panics_doc, reason = "only who is given the whole takes its value")]
    pub fn into_value(mut self) -> T {
        self.value.take().expect("the value is there until it is given away")
    }

    /// Lets the sender go on; the value is dropped before.
    pub fn release(self) {
        drop(self);
    }
}

impl<T> Deref for Extended<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("the value is there until it is given away")
    }
}

impl<T> DerefMut for Extended<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("the value is there until it is given away")
    }
}

impl<T> Drop for Extended<T> {
    fn drop(&mut self) {
        // Released by a guard, so that the sender goes on also when dropping the value panics.
        let _release = Release(self.hold.take());
        self.value = None;
    }
}

struct Release(Option<Arc<Hold>>);

impl Drop for Release {
    fn drop(&mut self) {
        if let Some(hold) = self.0.take() {
            hold.release();
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Extended<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Extended").field(&self.value).finish()
    }
}
