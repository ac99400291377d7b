//! How channels end and what a failed operation gives back. All public errors of the crate.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Why a channel was brought down.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Poison {
    /// The channel it was first put into.
    pub channel: String,
    /// What went wrong, in the words of whoever poisoned it.
    pub cause: String,
    /// The process that did; empty when it was none.
    pub origin: String,
    /// How strong it is: a channel that is immune up to this level or beyond is left alone. 1 unless said otherwise.
    pub level: u32,
}

impl Poison {
    /// Poison for a channel.
    #[must_use]
    pub fn new(channel: impl Into<String>, cause: impl fmt::Display, origin: impl Into<String>) -> Self {
        Self { channel: channel.into(), cause: cause.to_string(), origin: origin.into(), level: 1 }
    }
}

impl fmt::Display for Poison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "channel `{}` is poisoned", self.channel)?;
        if !self.origin.is_empty() {
            write!(f, " by `{}`", self.origin)?;
        }
        write!(f, ": {}", self.cause)
    }
}

/// What is known of a channel whose other side was lost with its node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// The channel.
    pub channel: String,
    /// The lost node.
    pub peer: String,
    /// What is known about the loss.
    pub reason: String,
}

impl Loss {
    /// The loss of a channel.
    #[must_use]
    pub fn new(channel: impl Into<String>, peer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { channel: channel.into(), peer: peer.into(), reason: reason.into() }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "channel `{}` is lost with node `{}`: {}", self.channel, self.peer, self.reason)
    }
}

/// How a channel has ended for this end of it.
///
/// `Retired` is the ordinary end of work; the others are failures. It is two words, so that what an operation gives is found in
/// registers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// All ends of the other side were given up and nothing is left to receive.
    Retired {
        /// The channel; behind a pointer, so that it is one word.
        channel: Arc<String>,
    },
    /// Somebody brought the channel down.
    Poisoned(Arc<Poison>),
    /// The other side lives on a node that was lost.
    Lost(Arc<Loss>),
    /// The channel has no room, and its policy is to say so ([`Overflow::Fail`](crate::Overflow::Fail)). It goes on.
    Overflow {
        /// The channel.
        channel: Arc<String>,
    },
    /// The process that asked is being ended by its scope.
    Cancelled,
}

// A word that says which, and one for the rest: larger outcomes go through memory, at every operation.
#[cfg(target_pointer_width = "64")]
const _: () = {
    use std::task::Poll;
    assert!(size_of::<Poll<Result<u64, Ended>>>() == 16, "what a receive gives takes more than two words");
    assert!(size_of::<Poll<Result<(), SendError<u64>>>>() <= 16, "what a send gives takes more than two words");
};

impl Ended {
    /// Whether this is the ordinary end of work.
    #[must_use]
    pub const fn is_retired(&self) -> bool {
        matches!(self, Self::Retired { .. })
    }

    /// The ordinary end of work as an answer, where there is nothing more: `next` instead of `recv`.
    pub(crate) fn unless_retired<T>(outcome: Result<T, Self>) -> Result<Option<T>, Self> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(ended) if ended.is_retired() => Ok(None),
            Err(ended) => Err(ended),
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retired { channel } => write!(f, "channel `{channel}` is retired"),
            Self::Poisoned(poison) => poison.fmt(f),
            Self::Lost(loss) => loss.fmt(f),
            Self::Overflow { channel } => write!(f, "channel `{channel}` is full"),
            Self::Cancelled => f.write_str("the process is being cancelled by its scope"),
        }
    }
}

impl Error for Ended {}

/// A send that failed, with the value it did not send.
///
/// It is one word: what an operation gives is looked at each time, and a failure once.
///
/// ```
/// use rendez_channels::channel;
///
/// let (output, input) = channel();
/// drop(input);
/// let error = output.send_blocking("letter").unwrap_err();
/// assert!(error.cause().is_retired());
/// assert_eq!(error.into_value(), "letter");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SendError<T>(Box<Unsent<T>>);

#[derive(Clone, PartialEq, Eq)]
struct Unsent<T> {
    value: T,
    cause: Ended,
}

impl<T> SendError<T> {
    /// The error of a value that was not sent.
    pub fn new(value: T, cause: Ended) -> Self {
        Self(Box::new(Unsent { value, cause }))
    }

    /// The value that was not sent.
    #[must_use]
    pub const fn value(&self) -> &T {
        &self.0.value
    }

    /// Why it was not sent.
    #[must_use]
    pub const fn cause(&self) -> &Ended {
        &self.0.cause
    }

    /// Gives the value.
    #[must_use]
    pub fn into_value(self) -> T {
        self.0.value
    }

    /// Gives the cause; the value is dropped.
    #[must_use]
    pub fn into_cause(self) -> Ended {
        self.0.cause
    }

    /// Gives both.
    #[must_use]
    pub fn into_parts(self) -> (T, Ended) {
        let Unsent { value, cause } = *self.0;
        (value, cause)
    }
}

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendError").field("cause", self.cause()).finish_non_exhaustive()
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not sent: {}", self.cause())
    }
}

impl<T> Error for SendError<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.cause())
    }
}

/// A send that could not be done at once, with its value.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrySendError<T> {
    /// Nobody receives now and there is no room; a channel of the policy [`Overflow::Fail`](crate::Overflow::Fail) says so too.
    Full(T),
    /// The channel has ended.
    Ended(SendError<T>),
}

impl<T> TrySendError<T> {
    /// The value that was not sent.
    pub fn into_value(self) -> T {
        match self {
            Self::Full(value) => value,
            Self::Ended(error) => error.into_value(),
        }
    }
}

impl<T> fmt::Debug for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("Full(..)"),
            Self::Ended(e) => f.debug_tuple("Ended").field(e).finish(),
        }
    }
}

impl<T> fmt::Display for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("not sent: nobody receives now and the channel has no room"),
            Self::Ended(e) => e.fmt(f),
        }
    }
}

impl<T> Error for TrySendError<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Full(_) => None,
            Self::Ended(e) => e.source(),
        }
    }
}

/// A receive that could not be done at once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TryRecvError {
    /// There is nothing to receive now.
    Empty,
    /// The channel has ended.
    Ended(Ended),
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there is nothing to receive now"),
            Self::Ended(ended) => ended.fmt(f),
        }
    }
}

impl Error for TryRecvError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Empty => None,
            Self::Ended(ended) => Some(ended),
        }
    }
}
