//! Oneshot: a channel for one value, whose sender is used up by its send. A bounded channel of one place behind it.

use crate::{ChannelOptions, Ended, Guard, Receiver, SendError, Sender, TrySendError};
use rendez_model::{Channel, ChannelId, ProcessId};
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
    pub fn send(mut self, value: T) -> Result<(), SendError<T>> {
        // Its work is done with that: a panic or a failure under way, or one in a waker, must not poison what it has sent.
        self.0.leave_calmly();
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

    /// Brings the channel down; as [`Sender::poison`].
    pub fn poison(&self, cause: impl fmt::Display) {
        self.0.poison(cause);
    }

    /// The channel's id.
    #[must_use]
    pub fn id(&self) -> ChannelId {
        self.0.id()
    }

    /// The channel's name, or its id where it has none.
    #[must_use]
    pub fn name(&self) -> String {
        self.0.name()
    }

    /// Names the channel, for errors and the picture.
    pub fn set_name(&self, name: &str) {
        self.0.set_name(name);
    }

    /// The channel as data: kind, depth, counters, ends.
    #[must_use]
    pub fn inspect(&self) -> Channel {
        self.0.inspect()
    }

    /// Says which process holds this end; a runtime does so at spawn. 0 is nobody.
    pub fn declare(&self, holder: ProcessId) {
        self.0.declare(holder);
    }
}

impl<T: marker::Send + 'static> fmt::Debug for OneshotSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OneshotSender(`{}`)", self.name())
    }
}
