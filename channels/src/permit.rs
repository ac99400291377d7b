//! Permit: a place in a buffered channel, kept for one send. How one waits for it is in `send`.

use crate::{Ended, SendError, Sender};
use std::fmt;
use std::marker;

/// A place in a buffered channel that is kept for one send; see [`Sender::reserve`].
///
/// Dropped unused, it gives the place to who waits for one. One that is leaked keeps its place for as long as the channel is.
///
/// ```
/// use rendez_channels::{block_on, channel_bounded};
///
/// let (tx, rx) = channel_bounded(1);
/// let permit = tx.try_reserve().unwrap();
/// assert!(tx.try_send(1).is_err(), "the only place is kept");
/// permit.send(2).unwrap();
/// assert_eq!(rx.try_recv(), Ok(2));
/// ```
#[must_use = "a permit keeps its place until it is used or dropped"]
pub struct Permit<'a, T: marker::Send + 'static> {
    end: &'a Sender<T>,
    used: bool,
}

impl<'a, T: marker::Send + 'static> Permit<'a, T> {
    pub(crate) const fn new(end: &'a Sender<T>) -> Self {
        Self { end, used: false }
    }

    /// Sends a value, at once; a receiver that [holds](crate::Receiver::recv_extended) its senders does not hold this one.
    ///
    /// # Errors
    /// The value comes back: the channel has ended since.
    pub fn send(mut self, value: T) -> Result<(), SendError<T>> {
        self.used = true;
        let mut value = Some(value);
        match (self.end.core().redeem(&mut value), value) {
            (Err(stop), Some(value)) => Err(SendError::new(value, self.end.core().why(stop))),
            _ => Ok(()),
        }
    }
}

impl<T: marker::Send + 'static> Permit<'_, T> {
    /// Leaves the place to an owned permit.
    pub(crate) const fn keep(mut self) {
        self.used = true;
        std::mem::forget(self);
    }
}

/// A place in a buffered channel together with the end that it is kept for, to be moved elsewhere; see
/// [`Sender::reserve_owned`].
///
/// ```
/// use rendez_channels::{block_on, channel_bounded};
///
/// let (tx, rx) = channel_bounded(1);
/// let permit = block_on(tx.reserve_owned()).unwrap().unwrap();
/// let tx = std::thread::spawn(move || permit.send(1)).join().unwrap().unwrap();
/// assert_eq!(rx.try_recv(), Ok(1));
/// # drop(tx);
/// ```
#[must_use = "a permit keeps its place until it is used or dropped"]
pub struct OwnedPermit<T: marker::Send + 'static> {
    /// None once it is used.
    end: Option<Sender<T>>,
}

impl<T: marker::Send + 'static> OwnedPermit<T> {
    pub(crate) const fn new(end: Sender<T>) -> Self {
        Self { end: Some(end) }
    }

    /// Sends a value, at once, and gives the end back; as [`Permit::send`].
    ///
    /// # Errors
    /// The value comes back: the channel has ended since. The end is given up then.
    ///
    /// # Panics
    /// Never: a permit is used once, and has its end until then.
    pub fn send(mut self, value: T) -> Result<Sender<T>, SendError<T>> {
        let end = self.end.take().expect("it is used once");
        Permit::new(&end).send(value)?;
        Ok(end)
    }

    /// Gives the place up, and the end back.
    ///
    /// # Panics
    /// Never: as [`send`](Self::send).
    #[must_use]
    pub fn release(mut self) -> Sender<T> {
        let end = self.end.take().expect("it is used once");
        drop(Permit::new(&end));
        end
    }
}

impl<T: marker::Send + 'static> Drop for OwnedPermit<T> {
    fn drop(&mut self) {
        if let Some(end) = &self.end {
            drop(Permit::new(end));
        }
    }
}

impl<T: marker::Send + 'static> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnedPermit({:?})", self.end)
    }
}

impl<T: marker::Send + 'static> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        if !self.used {
            self.end.core().unreserve();
        }
    }
}

impl<T: marker::Send + 'static> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permit(`{}`)", self.end.name())
    }
}

/// Why there is no permit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReserveError {
    /// A rendezvous has no places: a send there waits for a receiver, not for room.
    Rendezvous {
        /// The channel.
        channel: String,
    },
    /// There is no place now.
    Full,
    /// The channel has ended.
    Ended(Ended),
}

impl From<Ended> for ReserveError {
    fn from(ended: Ended) -> Self {
        Self::Ended(ended)
    }
}

impl fmt::Display for ReserveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rendezvous { channel } => write!(
                f,
                "channel `{channel}` is a rendezvous and has no places to reserve: use `send_from` to keep the value of a send, or a bounded channel"
            ),
            Self::Full => f.write_str("the channel has no place now"),
            Self::Ended(ended) => ended.fmt(f),
        }
    }
}

impl std::error::Error for ReserveError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Ended(ended) => Some(ended),
            Self::Rendezvous { .. } | Self::Full => None,
        }
    }
}
