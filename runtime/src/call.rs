//! What a call to an actor can end with other than its answer. The same for local and remote actors.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;

/// Why a call gave no value.
///
/// `Answer` is what the actor's method itself said; the others say what happened to the call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallError<E = Infallible> {
    /// The method ran and answered with its own error.
    Answer(E),
    /// The message did not reach the actor: it has stopped, or its node is gone. Calling again is safe.
    NotSent(String),
    /// The other side would not take it: not allowed, a name or type that does not fit, too many calls under way.
    Refused(String),
    /// The handler began and failed, for this cause.
    Failed(String),
    /// Nobody knows whether the handler ran: the connection or the actor was lost in between.
    Unknown(String),
}

impl CallError {
    /// The same for a method with an error of its own.
    #[must_use]
    pub fn widen<E>(self) -> CallError<E> {
        match self {
            Self::Answer(never) => match never {},
            Self::NotSent(why) => CallError::NotSent(why),
            Self::Refused(why) => CallError::Refused(why),
            Self::Failed(why) => CallError::Failed(why),
            Self::Unknown(why) => CallError::Unknown(why),
        }
    }
}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(error) => error.fmt(f),
            Self::NotSent(why) => write!(f, "call not sent: {why}"),
            Self::Refused(why) => write!(f, "call refused: {why}"),
            Self::Failed(why) => write!(f, "call failed: {why}"),
            Self::Unknown(why) => write!(f, "outcome of the call unknown: {why}"),
        }
    }
}

impl<E: Error + 'static> Error for CallError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Answer(error) => Some(error),
            _ => None,
        }
    }
}

/// Joins a method's own error with what can happen to its call.
#[doc(hidden)]
pub fn flatten<T, E>(called: Result<Result<T, E>, CallError>) -> Result<T, CallError<E>> {
    match called {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(CallError::Answer(error)),
        Err(error) => Err(error.widen()),
    }
}
