//! Oneshot: a channel for one value, whose sender is used up by its send. A bounded channel of one place behind it.

use crate::{ChannelOptions, Ended, Guard, Receiver, SendError, Sender, TrySendError};
use std::fmt;
use std::marker;

/// A channel for one value: for an answer, say. A sender that is dropped unused retires it.
///
/// ```
/// use rendez_channels::oneshot;
///
/// let (answer, question) = oneshot();
/// let thread = std::thread::spawn(move || answer.send(6 * 7));
/// assert_eq!(question.recv_blocking(), Ok(42));
/// thread.join().unwrap().unwrap();
/// ```
#[must_use]
pub fn oneshot<T: marker::Send + 'static>() -> (OneshotSender<T>, Receiver<T>) {
    let (sender, receiver) = ChannelOptions::bounded(1).open();
    (OneshotSender(sender), receiver)
}

/// The end of a [oneshot] channel that its value goes into.
pub struct OneshotSender<T: marker::Send + 'static>(Sender<T>);

impl<T: marker::Send + 'static> OneshotSender<T> {
    /// Sends the value, at once.
    ///
    /// # Errors
    /// The value comes back, with the way the channel has ended.
    pub fn send(self, value: T) -> Result<(), SendError<T>> {
        self.0.try_send(value).map_err(|error| match error {
            TrySendError::Ended(error) => error,
            TrySendError::Full(_) => unreachable!("nobody else has sent"),
        })
    }

    /// Waits until a value is of no more use: the receiver is gone, or the channel was poisoned or lost.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub fn closed(&self) -> impl Future<Output = Ended> + Guard<Output = Ended> {
        self.0.closed()
    }

    /// The end as one of an ordinary channel: to name it, to poison it, to say who holds it.
    pub const fn as_sender(&self) -> &Sender<T> {
        &self.0
    }
}

impl<T: marker::Send + 'static> fmt::Debug for OneshotSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OneshotSender(`{}`)", self.0.name())
    }
}
